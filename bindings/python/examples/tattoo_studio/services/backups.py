"""The application's backups: what its windows and its start call.

None of these functions raises into the window that called it. What failed is logged with its
message and hint, and :func:`last_error` has it for a dialog: ``str()`` of it is in Spanish and
says what to do.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import respaldo
from data.db.session import DB_PATH as _DB_PATH

MAX_BACKUPS = 20
TZ = ZoneInfo("America/Hermosillo")
# What the owner calls the rows: "Perdería 2 clientes y 5 sesiones".
NAMES = {
    "clients": respaldo.TableWords(one="cliente", many="clientes", title="name"),
    "sessions": respaldo.TableWords(one="sesión", many="sesiones", title="start"),
    "transactions": respaldo.TableWords(one="pago", many="pagos", title="date"),
    "portfolio_items": respaldo.TableWords(one="foto", many="fotos", title="path"),
    "artists": respaldo.TableWords(one="artista", many="artistas", title="name"),
    "products": respaldo.TableWords(one="producto", many="productos", title="name"),
    "users": respaldo.TableWords(one="usuario", many="usuarios", title="username"),
    "settings": respaldo.TableWords(one="ajuste", many="ajustes", title="key"),
}
# Made absolute now, as SQLAlchemy does, because a file dialog may change the current folder.
DB_PATH = Path(_DB_PATH).absolute()
# Beside the application, or beside the program that it was frozen into.
_FROZEN = getattr(sys, "frozen", False)
SETTINGS_PATH = (Path(sys.executable) if _FROZEN else Path(__file__).parent).resolve().parent / "settings.json"
ARCHIVE_PATH = SETTINGS_PATH.with_name("archive.json")

_log = logging.getLogger(__name__)
_last_error: Exception | None = None
_Result = TypeVar("_Result")


def create_backup_now() -> Path | None:
    """Makes a backup and returns its path; None if that failed."""
    result = _attempt("create a backup", respaldo.Store.create)
    return result.backup.path if result else None


def create_backup_if_needed() -> Path | None:
    """Makes a backup unless there is one of today; call it on start.

    Returns the new backup's path; None if there was no need or if it failed (see :func:`last_error`).
    """
    result = _attempt("create the daily backup", respaldo.Store.create_if_due)
    return result.backup.path if result and result.created else None


def list_backups() -> list[dict[str, Any]]:
    """The backups, newest first: dicts with ``path`` (Path), ``name``, ``display`` and ``size`` (bytes)."""
    listing = _attempt("list the backups", respaldo.Store.list)
    return [{"path": b.path, "name": b.name, "display": b.display, "size": b.size} for b in listing or ()]


def restore_backup(path: str | os.PathLike[str]) -> bool:
    """Puts a backup in the place of the database; asking first is the window's duty.

    The engine and its pool stay valid. Objects that a session has already read are old:
    close the session, or call its ``expire_all()``.
    """
    return _attempt("restore a backup", lambda store: store.restore(path)) is not None


def get_last_backup_display() -> str:
    """When the last backup was made, such as ``04/03/2026 09:30``; ``—`` if there is none."""
    last = _attempt("read the last backup", respaldo.Store.last_backup)
    return last.display if last else "—"


def open_store(
    second_place: respaldo.SecondPlace | None = None, archive: respaldo.ArchiveOptions | None = None
) -> respaldo.Store:
    """The application's store, for the windows that keep one open; close it."""
    return respaldo.Store(
        DB_PATH,
        settings=SETTINGS_PATH,
        max_backups=MAX_BACKUPS,
        timezone=TZ,
        names=NAMES,
        second_place=second_place,
        archive=archive,
    )


def last_error() -> Exception | None:
    """What went wrong in the last call of this module; None if nothing did."""
    return _last_error


def _attempt(what: str, work: Callable[[respaldo.Store], _Result]) -> _Result | None:
    global _last_error
    _last_error = None
    try:
        with open_store() as store:
            result = work(store)
    except respaldo.RespaldoError as error:
        _log.error("Could not %s: %s: %s Hint: %s", what, error.name, error.message, error.hint)
        _last_error = error
        return None
    except Exception as error:
        _log.exception("Could not %s", what)
        _last_error = error
        return None
    for warning in getattr(result, "warnings", ()):
        _log.warning("%s: %s Hint: %s", warning.name, warning.message, warning.hint)
    return result
