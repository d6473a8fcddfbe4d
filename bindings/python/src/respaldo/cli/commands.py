"""One function a command: asks the library and returns its JSON, or raises what went wrong."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import _call
from .._library import load
from ..errors import DatabaseNotFoundError
from . import exit_status
from .exit_status import made_here
from .interruption import Interruption
from .progress import reported
from .question import confirm, require_person
from .screen import Screen
from .texts import Texts

Body = dict[str, Any]


class Session:
    """An open store, with the terminal, the texts and the Ctrl-C state of one run. A context manager."""

    def __init__(self, options: Body, screen: Screen, texts: Texts, interruption: Interruption) -> None:
        self.screen, self.texts, self.interruption = screen, texts, interruption
        self._options = options
        self._handle = _call.open_store(options)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception: object) -> None:
        load().respaldo_close(self._handle)

    def last_backup(self) -> _call.Answer:
        """When the last backup was made."""
        return _call.last_backup(self._handle)

    def request(self, function: str, body: Body) -> _call.Answer:
        """Calls a function that answers at once."""
        return _call.request(function, self._handle, body)

    def request_in_one_step(self, function: str, body: Body) -> _call.Answer:
        """Calls a function that takes a callback and answers at once."""
        return _call.request_in_steps(function, self._handle, body, None)

    def long_request(self, function: str, body: Body, doing: str) -> _call.Answer:
        """Calls a function that shows a progress bar and can be cancelled."""
        texts = self.texts
        with reported(self.screen.terminal, doing, texts.verifying, texts.waiting, self.interruption) as progress:
            return _call.request_in_steps(function, self._handle, body, progress)

    def require_something_there(self) -> None:
        """Called when there are no backups: where not even a database or a backup folder is, the path is mistyped.

        Raises:
            DatabaseNotFoundError: neither of the two is there.
        """
        database = os.path.abspath(self._options["database"])
        folder = os.path.abspath(self._options.get("backup_dir") or os.path.join(os.path.dirname(database), "backups"))
        if not os.path.exists(database) and not os.path.exists(folder):
            message, hint = self.texts.nothing_there
            message = message.format(database=database, folder=folder)
            error = made_here(exit_status.DATABASE_NOT_FOUND, "DATABASE_NOT_FOUND", message, hint)
            raise DatabaseNotFoundError({**error, "path": database})

    def with_backup_dir(self, folder: str) -> Session:
        """The same store, looking at another folder of backups."""
        return Session({**self._options, "backup_dir": folder}, self.screen, self.texts, self.interruption)


def create(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo create``"""
    return session.long_request("respaldo_create", _said(arguments), session.texts.creating)


def due(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo due``"""
    return session.long_request("respaldo_create_if_due", _said(arguments), session.texts.creating)


def _said(arguments: Namespace) -> Body:
    """What is said of a backup that is to be made: what was given."""
    given = {key: getattr(arguments, key) for key in ("label", "note", "made", "pinned", "skip_unchanged")}
    return {key: value for key, value in given.items() if value}


def list_backups(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo list``"""
    body = {
        "include_safety": arguments.safety,
        "include_others": arguments.include_others,
        "second_place": arguments.in_second_place,
    }
    answer = session.request("respaldo_list", body)
    if not answer["backups"]:
        session.require_something_there()
    return answer


def last(session: Session, _arguments: Namespace) -> _call.Answer:
    """``respaldo last``"""
    answer = session.last_backup()
    if answer["last_backup_at"] is None:
        session.require_something_there()
    return answer


def verify(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo verify``"""
    return session.long_request("respaldo_verify", {"backup": arguments.backup}, session.texts.verifying)


def restore(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo restore``, which asks first, unless it writes a new file with ``--target``"""
    body: Body = {"backup": arguments.backup}
    if arguments.allow_different:
        body["allow_different"] = True
    if arguments.reason is not None:
        body["reason"] = arguments.reason
    if arguments.target is not None:
        body["target"] = arguments.target
    elif not arguments.yes:
        body["backup"] = _confirmed(session, arguments)
    return session.long_request("respaldo_restore", body, session.texts.restoring)


def _confirmed(session: Session, arguments: Namespace) -> str:
    """The path of the backup that the person agreed to.

    It is verified before the question, so that nobody agrees to a backup that turns out damaged.
    """
    require_person()
    path = Path(verify(session, arguments)["path"])
    confirm(path.name, _display(session, path), session.texts, session.interruption)
    return str(path)


def _display(session: Session, backup: Path) -> str:
    """A backup's date as the library tells it, wherever the file lies; empty if it does not list such a file."""
    with session.with_backup_dir(str(backup.parent)) as there:
        listed = there.request("respaldo_list", {"include_safety": True, "include_others": True})["backups"]
    return next((str(entry["display"]) for entry in listed if entry["name"] == backup.name), "")


def prune(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo prune``"""
    answer = session.request("respaldo_prune", {"dry_run": arguments.dry_run})
    if not answer["kept"] and not answer["removed"]:
        session.require_something_there()
    return answer


def annotate(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo annotate``"""
    given = {key: getattr(arguments, key) for key in ("backup", "label", "note", "pinned", "confirmed")}
    body = {key: value for key, value in given.items() if value is not None}
    return session.request_in_one_step("respaldo_annotate", body)


def bring_back(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo bring-back``"""
    body: Body = {
        "backup": arguments.backup,
        "rows": [_row(table, key) for table, key in arguments.row],
        "with_dependents": not arguments.alone,
        "on_conflict": arguments.on_conflict,
        "triggers": arguments.triggers,
        "dry_run": arguments.dry_run,
    }
    if arguments.reason is not None:
        body["reason"] = arguments.reason
    return session.long_request("respaldo_bring_back", body, session.texts.bringing_back)


def _row(table: str, key: str) -> Body:
    """``clients`` and ``id=7``, or ``artist=1,day=2026-03-04``, as the library takes a row."""
    return {"table": table, "key": _key(key)}


def _key(key: str) -> Body:
    parts = (part.partition("=") for part in key.split(","))
    return {column: int(text) if _is_whole(text) else text for column, _, text in parts}


def _is_whole(text: str) -> bool:
    """Whether it is a whole number; SQLite makes text of it where the column is for text."""
    return text.isascii() and text.removeprefix("-").isdigit() and len(text) < 19


def salvage(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo salvage``"""
    body: Body = {"dry_run": arguments.dry_run, "deleted": arguments.deleted}
    if arguments.backup is not None:
        body["source"] = arguments.backup
    return session.long_request("respaldo_salvage", body, session.texts.salvaging)


def health(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo health``"""
    if arguments.deep:
        return session.long_request("respaldo_health", {"deep": True}, session.texts.verifying)
    return session.request_in_one_step("respaldo_health", {})


def rehearse(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo rehearse``"""
    body: Body = {"checks": arguments.check}
    if arguments.backup is not None:
        body["backup"] = arguments.backup
    return session.long_request("respaldo_rehearse", body, session.texts.rehearsing)


def compare(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo compare``"""
    body: Body = {"backup": arguments.backup, "rows": arguments.rows}
    if arguments.other is not None:
        body["with"] = arguments.other
    return session.long_request("respaldo_compare", body, session.texts.comparing)


def find(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo find``"""
    body: Body = {"table": arguments.table, "rows": arguments.rows}
    if arguments.text is not None:
        body["text"] = arguments.text
    if arguments.key is not None:
        body["key"] = _key(arguments.key)
    return _something_there(session, session.long_request("respaldo_find", body, session.texts.searching), "found")


def history(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo history``"""
    body: Body = {"table": arguments.table, "key": _key(arguments.key)}
    answer = session.long_request("respaldo_history", body, session.texts.searching)
    return _something_there(session, answer, "versions")


def _something_there(session: Session, answer: _call.Answer, key: str) -> _call.Answer:
    """A mistyped database has no backups, and nothing would be found in them."""
    if not answer[key]:
        session.require_something_there()
    return answer


COMMANDS: dict[str, Callable[[Session, Namespace], _call.Answer]] = {
    "create": create,
    "due": due,
    "list": list_backups,
    "last": last,
    "verify": verify,
    "restore": restore,
    "prune": prune,
    "annotate": annotate,
    "bring-back": bring_back,
    "salvage": salvage,
    "health": health,
    "rehearse": rehearse,
    "compare": compare,
    "find": find,
    "history": history,
}
