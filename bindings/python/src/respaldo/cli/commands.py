"""One function a command: asks the library and returns its JSON, or raises what went wrong."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from .. import _call
from ..errors import BackupNotFoundError
from . import archive as archive_command
from . import exit_status, preview, selection, written_rows
from .exit_status import made_here
from .parser import UsageError
from .session import Body, Session
from .written_rows import Tables


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
        body["backup"] = preview.confirmed(session, arguments.backup, allow_different=arguments.allow_different)
    return session.long_request("respaldo_restore", body, session.texts.restoring)


def prune(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo prune``"""
    answer = session.request_in_turns("respaldo_prune", {"dry_run": arguments.dry_run})
    own = [decision for decision in answer["kept"] if decision["reason"] != "other_database"]
    if not own and not answer["removed"]:
        session.require_database()
    return answer


def annotate(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo annotate``"""
    given = {key: getattr(arguments, key) for key in ("backup", "label", "note", "pinned", "confirmed", "dry_run")}
    body = {key: value for key, value in given.items() if value is not None}
    if arguments.dry_run:
        arguments.shown_as = "annotate --dry-run"
    return session.long_request("respaldo_annotate", body, session.texts.annotating)


def bring_back(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo bring-back``, of the newest backup that has the row unless one is named"""
    rows = [_row(session, table, key) for table, key in arguments.row]
    snapshot: str | None = arguments.snapshot
    backup = snapshot or ""
    match arguments.words:
        case [table, key] if snapshot is not None:
            rows.insert(0, _row(session, table, key))
        case [] if snapshot is not None and rows:
            pass
        case _ if snapshot is not None:
            raise UsageError(session.texts.which_row, "respaldo bring-back")
        case [backup, table, key]:
            rows.insert(0, _row(session, table, key))
        case [table, key] if not rows:
            rows = [_row(session, table, key)]
            backup = _newest_with(session, rows[0])
        case [backup] if rows:
            pass
        case _:
            raise UsageError(session.texts.which_row, "respaldo bring-back")
    body: Body = {
        "backup" if snapshot is None else "snapshot": backup,
        "rows": rows,
        "with_dependents": not arguments.alone,
        "on_conflict": arguments.on_conflict,
        "triggers": arguments.triggers,
        "dry_run": arguments.dry_run,
    }
    if arguments.reason is not None:
        body["reason"] = arguments.reason
    answer = session.long_request("respaldo_bring_back", body, session.texts.bringing_back)
    return {**answer, "backup": backup}


def _row(session: Session, table: str, key: str) -> Body:
    """``clients`` and ``7``, ``id=7`` or ``artist=1,day=2026-03-04``, as the library takes a row."""
    return {"table": Tables.of(session).meant(table), "key": written_rows.key(key)}


def _newest_with(session: Session, row: Body) -> str:
    """The newest backup that has the row.

    Raises:
        BackupNotFoundError: none has it.
    """
    answer = session.long_request("respaldo_find", {**row, "rows": 1}, session.texts.searching)
    if found := _something_there(session, answer, "found")["found"]:
        name: str = found[0]["backup"]
        return name
    raise _no_backup(session.texts.never_there)


def _no_backup(message: str) -> BackupNotFoundError:
    return BackupNotFoundError(made_here(exit_status.BACKUP_NOT_FOUND, "BACKUP_NOT_FOUND", message, ""))


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
    """``respaldo compare``, with the newest backup unless one is named"""
    backup = arguments.snapshot or arguments.backup or _newest(session)
    body: Body = {"backup" if arguments.snapshot is None else "snapshot": backup, "rows": arguments.rows}
    if arguments.other is not None:
        body["with"] = arguments.other
    if arguments.other_snapshot is not None:
        body["with_snapshot"] = arguments.other_snapshot
    return {**session.long_request("respaldo_compare", body, session.texts.comparing), "backup": backup}


def _newest(session: Session) -> str:
    """The newest backup that looks whole; not one that was made of a damaged database.

    Raises:
        BackupNotFoundError: there is none yet.
    """
    listed = session.request("respaldo_list", {})["backups"]
    if not listed:
        session.require_database()
        raise _no_backup(session.texts.no_backups)
    whole = (backup for backup in listed if backup["intact"] and backup["kind"] != "recovered")
    name: str = next(whole, listed[0])["name"]
    return name


def find(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo find``"""
    if not arguments.words and arguments.key is None:
        raise UsageError(session.texts.which_words, "respaldo find")
    asked = written_rows.readings(Tables.of(session), arguments.table, arguments.words, arguments.key)
    answer: _call.Answer = {}
    for body in asked:
        asked_for = {**body, "rows": arguments.rows, "snapshots": arguments.snapshots}
        answer = session.long_request("respaldo_find", asked_for, session.texts.searching)
        if answer["found"]:
            break
    return _something_there(session, answer, "found")


def history(session: Session, arguments: Namespace) -> _call.Answer:
    """``respaldo history``"""
    if len(arguments.words) != 2:
        raise UsageError(session.texts.which_row, "respaldo history")
    body = {**_row(session, *arguments.words), "snapshots": arguments.snapshots}
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
