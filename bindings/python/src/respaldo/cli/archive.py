"""``respaldo archive``: what is done with the archive, and how it is shown."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from .. import _call
from .._archive_place import for_people, for_restic, for_the_command
from ..archive import ArchiveListing, ArchiveOptions, ArchivePruneResult, FetchResult, PushResult
from ..models import RestoreResult
from . import preview
from .screen import Screen, printable
from .texts import Texts

if TYPE_CHECKING:
    from .session import Session

Body = dict[str, Any]

ACTIONS = ("init", "push", "list", "fetch", "restore", "check", "prune", "key")
_FUNCTIONS = {"restore": "respaldo_restore"}


def run(session: Session, arguments: Namespace) -> _call.Answer:
    """Does what was asked; the answer says which action it is of, for :func:`show`."""
    action: str = arguments.action
    body = _BODIES[action](arguments)
    if action == "restore" and arguments.dry_run:
        arguments.shown_as = "restore --dry-run"
        return preview.restore_snapshot(session, body["snapshot"])
    if action == "restore" and not arguments.yes:
        body["snapshot"] = preview.confirmed_snapshot(session, body["snapshot"])
    function = _FUNCTIONS.get(action, f"respaldo_archive_{action}")
    return session.long_request(function, body, session.texts.archive.doing[action])


def _restore_body(arguments: Namespace) -> Body:
    given = {"snapshot": arguments.what or "latest", "reason": arguments.reason}
    return {key: value for key, value in given.items() if value is not None}


def _key_body(arguments: Namespace) -> Body:
    given = {"password_file": arguments.new_password_file, "password_command": arguments.new_password_command}
    return {key: value for key, value in given.items() if value is not None}


def _fetch_body(arguments: Namespace) -> Body:
    body = {"snapshot": arguments.what or "latest"}
    return body if arguments.target is None else {**body, "target": arguments.target}


_BODIES: dict[str, Callable[[Namespace], Body]] = {
    "init": lambda _arguments: {},
    "push": lambda arguments: {} if arguments.what is None else {"backup": arguments.what},
    "list": lambda arguments: {"include_others": arguments.include_others},
    "fetch": _fetch_body,
    "restore": _restore_body,
    "check": lambda arguments: {"read_data": arguments.read_data},
    "prune": lambda arguments: {"dry_run": arguments.dry_run},
    "key": _key_body,
}


def _sheet(archive: ArchiveOptions, database: str, texts: Texts) -> str:
    words, address = texts.archive, for_restic(archive)
    restic = words.sheet_copied if address is None else words.sheet_restic.format(address=printable(address))
    place, option = printable(for_people(archive)), printable(for_the_command(archive))
    name = printable(shlex.quote(os.path.basename(database)))
    return words.sheet.format(place=place, database=name, archive=option, restic=restic)


def show(action: str, answer: _call.Answer, options: dict[str, Any], screen: Screen, texts: Texts) -> None:
    """The answer, for people; in a pipe with tabs between what would be columns."""
    words = texts.archive
    match action:
        case "init":
            screen.say(words.made.format(repository=printable(answer["repository"])), style="green")
            screen.say(answer["key_note"])
            screen.say(_sheet(options["archive"], options["database"], texts))
        case "key":
            screen.say(words.key_changed, style="green")
            screen.say(answer["key_note"])
        case "push":
            pushed = PushResult.from_json(answer)
            total, added = decimal(pushed.total_bytes), decimal(pushed.added_bytes)
            screen.say(words.pushed.format(name=printable(pushed.name), total=total, added=added), style="green")
            screen.say(pushed.snapshot)
        case "list":
            for one in ArchiveListing.from_json(answer):
                columns = (one.snapshot[:12], one.display, str(one.size), one.name, one.label or "")
                screen.say("\t".join(map(printable, columns)))
            screen.say(words.stored.format(size=decimal(answer["stored_bytes"])))
        case "fetch":
            fetched = FetchResult.from_json(answer)
            screen.say(words.fetched.format(path=printable(str(fetched.path))), style="green")
        case "restore":
            restored = RestoreResult.from_json(answer)
            screen.say(words.restored.format(database=printable(str(restored.database))), style="green")
            if restored.safety_backup:
                path = printable(str(restored.safety_backup))
                screen.say(texts.safety_copy.format(path=path, name=restored.safety_backup.name))
        case "check":
            screen.say(words.checked, style="green")
        case "prune":
            pruned = ArchivePruneResult.from_json(answer)
            for decision in (*pruned.kept, *pruned.removed):
                screen.say("\t".join(map(printable, (decision.snapshot[:12], decision.name, decision.text))))
            screen.say(words.freed.format(size=decimal(pruned.freed_bytes)))
