"""One function a command: asks the library and returns its JSON, or raises what went wrong."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from .. import _call
from . import archive as archive_command
from . import preview, selection
from .session import Body, Session


def create(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo create``"""
    if arguments.dry_run:
        arguments.shown_as = "create --dry-run"
        return preview.create(session, if_due=False)
    return session.long_request("respaldo_create", _said(arguments), session.texts.creating)


def due(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo due``"""
    if arguments.dry_run:
        arguments.shown_as = "create --dry-run"
        return preview.create(session, if_due=True)
    answer = session.long_request("respaldo_create_if_due", _said(arguments), session.texts.creating)
    if answer.get("reason") != "no_database_yet":
        return answer
    return session.warn_if_mistyped({**answer, "database": session.database})


def _said(arguments: Namespace) -> Body:
    """What is said of a backup that is to be made: what was given."""
    given = {key: getattr(arguments, key) for key in ("label", "note", "made", "pinned", "skip_unchanged")}
    return {key: value for key, value in given.items() if value}


def list_backups(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo list``"""
    answer = session.request("respaldo_list", selection.asked_for(arguments))
    if not answer["backups"]:
        session.require_database()
        return answer
    backups = selection.chosen(answer["backups"], arguments)
    if not backups:
        arguments.shown_as = "list, none chosen"
    return {**answer, "backups": backups}


def last(session: Session, _arguments: Namespace) -> _call.Answer:
    """``respaldo last``"""
    answer = session.last_backup()
    if answer["last_backup_at"] is None:
        session.require_database()
    return answer


def verify(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo verify``"""
    return session.long_request("respaldo_verify", {"backup": arguments.backup}, session.texts.verifying)


def restore(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo restore``, which asks first, unless it writes a new file with ``--target``"""
    if arguments.dry_run:
        arguments.shown_as = "restore --dry-run"
        return preview.restore(session, arguments.backup, allow_different=arguments.allow_different)
    body: Body = {"backup": arguments.backup}
    if arguments.allow_different:
        body["allow_different"] = True
    if arguments.reason is not None:
        body["reason"] = arguments.reason
    if arguments.target is not None:
        body["target"] = arguments.target
    elif not arguments.yes:
        body["backup"] = preview.confirmed(session, arguments.backup)
    return session.long_request("respaldo_restore", body, session.texts.restoring)


def prune(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo prune``"""
    answer = session.request("respaldo_prune", {"dry_run": arguments.dry_run})
    own = [decision for decision in answer["kept"] if decision["reason"] != "other_database"]
    if not own and not answer["removed"]:
        session.require_database()
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
    answer = session.request_in_one_step("respaldo_health", {})
    has_been = answer["newest_verified"] is not None or answer["damaged"]
    return answer if has_been else session.warn_if_mistyped(answer)


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
        session.require_database()
    return answer


def archive(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo archive``"""
    return archive_command.run(session, arguments)


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
    "archive": archive,
}
