"""What a command would do: a restore before anybody is asked, and each with ``--dry-run``. Nothing is changed."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import _call
from ..errors import CancelledError, DifferentDatabaseError, RespaldoError
from .question import confirm, require_person
from .session import Session


def confirmed(session: Session, backup: str, *, allow_different: bool) -> str:
    """The path of the backup that the person agreed to restore.

    It is verified, checked and compared before the question, so that nobody agrees to a backup that turns out
    damaged or of no use, or without knowing what is lost.
    """
    require_person()
    path = _verified_path(session, backup)
    _checked(session, path, allow_different=allow_different)
    listed = _listed(session, path)
    lost, _ = _comparison(session, {"backup": str(path)})
    display = "" if listed is None else str(listed["display"])
    confirm(path.name, display, lost, session.texts, session.interruption)
    return str(path)


def restore(session: Session, backup: str, *, allow_different: bool) -> _call.Answer:
    """What restoring it would lose and bring back. Nothing is changed.

    Raises:
        RespaldoError: the backup is missing, damaged, of another database, or of a newer version of the application.
    """
    path = _verified_path(session, backup)
    checked = _checked(session, path, allow_different=allow_different)
    return _previewed(session, checked, {"backup": str(path)})


def confirmed_snapshot(session: Session, wanted: str) -> str:
    """The snapshot of the archive that the person agreed to restore. Before the question, "latest" has become one."""
    require_person()
    snapshot, _ = _checked_snapshot(session, wanted)
    lost, _ = _comparison(session, {"snapshot": snapshot})
    doing = session.texts.archive.doing["list"]
    listed = session.long_request("respaldo_archive_list", {"include_others": True}, doing)["snapshots"]
    found = next((one for one in listed if one["snapshot"] == snapshot), None)
    name, display = (snapshot, "") if found is None else (str(found["name"]), str(found["display"]))
    confirm(name, display, lost, session.texts, session.interruption)
    return snapshot


def restore_snapshot(session: Session, wanted: str) -> _call.Answer:
    """What restoring a snapshot of the archive would lose and bring back. Raises what :func:`restore` does."""
    snapshot, checked = _checked_snapshot(session, wanted)
    return _previewed(session, checked, {"snapshot": snapshot})


def _previewed(session: Session, checked: _call.Answer, given: dict[str, Any]) -> _call.Answer:
    summary, compared = _comparison(session, given)
    return {
        "dry_run": True,
        "restored_from": checked["restored_from"],
        "database": session.database,
        "summary": summary,
        "comparison": compared,
        "warnings": checked["warnings"],
    }


def create(session: Session, *, if_due: bool) -> _call.Answer:
    """Whether a backup would be made, of how many bytes, where, and how much room there is.

    Raises:
        DatabaseNotFoundError: there is no database; of ``due`` only where there have been backups, as in earnest.
    """
    listed = session.request("respaldo_list", {"include_safety": True})["backups"]
    answer = {"dry_run": True, "database": session.database, "backup_dir": session.backup_dir, "warnings": []}
    if not os.path.lexists(session.database):
        if not if_due or listed:
            session.require_database()
        return session.warn_if_mistyped({**answer, "would_create": False, "reason": "no_database_yet", "backup": None})
    of_today = next(filter(_is_of_today, listed), None)
    if if_due and of_today is not None:
        return {**answer, "would_create": False, "reason": "already_backed_up_today", "backup": of_today}
    health = session.request_in_one_step("respaldo_health", {})
    size = sum(os.path.getsize(path) for path in session.database_files if os.path.exists(path))
    return {**answer, "would_create": True, "reason": None, "bytes": size, "free_bytes": health["free_bytes"]}


def _is_of_today(backup: _call.Answer) -> bool:
    """As the library judges for ``due``, in the time zone of the backup's own time."""
    made = datetime.fromisoformat(backup["created_at"])
    now = datetime.now(made.tzinfo)
    return backup["kind"] == "backup" and backup["intact"] is not False and made <= now and made.date() == now.date()


def _verified_path(session: Session, backup: str) -> Path:
    return Path(session.long_request("respaldo_verify", {"backup": backup}, session.texts.verifying)["path"])


def _checked(session: Session, backup: Path, *, allow_different: bool) -> _call.Answer:
    """Asks the library for all that a restore checks."""
    body = {"backup": str(backup), "dry_run": True, "allow_different": allow_different}
    try:
        return session.long_request("respaldo_restore", body, session.texts.verifying)
    except DifferentDatabaseError as error:
        raise DifferentDatabaseError({**error.args[0], "hint": f"{error.hint} {session.texts.insist}"}) from None


def _checked_snapshot(session: Session, wanted: str) -> tuple[str, _call.Answer]:
    """The whole identifier of a snapshot, and what the library found: it was fetched, and is gone again."""
    body = {"snapshot": wanted, "dry_run": True}
    checked = session.long_request("respaldo_restore", body, session.texts.archive.doing["fetch"])
    return Path(checked["restored_from"]).name, checked


def _listed(session: Session, backup: Path) -> _call.Answer | None:
    """The backup as the library lists it, wherever the file lies; None if it does not list such a file."""
    with session.with_backup_dir(str(backup.parent)) as there:
        listed = there.request("respaldo_list", {"include_safety": True, "include_others": True})["backups"]
    return next((entry for entry in listed if entry["name"] == backup.name), None)


def _comparison(session: Session, given: dict[str, Any]) -> tuple[str, _call.Answer | None]:
    """What would be lost, in a sentence, and the comparison that says so.

    A database that is missing or damaged cannot be compared, and is why people restore: the sentence then says that.
    """
    try:
        compared = session.long_request("respaldo_compare", {**given, "rows": 0}, session.texts.comparing)
    except CancelledError:
        raise
    except RespaldoError as error:
        return session.texts.cannot_compare.format(message=error.message), None
    return str(compared["summary"]), compared
