"""What can go wrong: one exception class for each status of the library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from .rows import RowConflict

__all__ = [
    "ArchiveDamagedError",
    "ArchiveNotFoundError",
    "ArchiveUnreachableError",
    "ArchiveWrongPasswordError",
    "BackupCorruptError",
    "BackupNotFoundError",
    "BusyError",
    "CancelledError",
    "DatabaseCorruptError",
    "DatabaseLockedError",
    "DatabaseNotFoundError",
    "DifferentDatabaseError",
    "DiskFullError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidHandleError",
    "IoError",
    "NotADatabaseError",
    "PermissionDeniedError",
    "RespaldoError",
    "RestoreFailedError",
    "RowsInConflictError",
    "SameFileError",
    "SchemaTooNewError",
    "SecondPlaceAbsentError",
    "TargetExistsError",
    "UnknownTimezoneError",
    "UnsupportedError",
]


class RespaldoError(Exception):
    """An operation failed. ``str()`` of it is the message and the hint, fit to be shown to the user.

    A status that this package does not know, from a newer library, is a plain ``RespaldoError``.
    It can be pickled and copied.

    Args:
        error: the library's error object; keys that this package does not know stay in ``args[0]``.
    """

    by_status: ClassVar[dict[int, type[RespaldoError]]] = {}

    def __init_subclass__(cls, *, status: int | None = None) -> None:
        super().__init_subclass__()
        if status is not None:
            RespaldoError.by_status[status] = cls

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(dict(error))
        path, safety_backup = error.get("path"), error.get("safety_backup")
        self.status: int = error["status"]
        """The library's status number, such as 40; its meaning never changes."""
        self.name: str = error["name"]
        """The status's name, such as ``"DATABASE_LOCKED"``."""
        self.message: str = error["message"]
        """What failed, in the store's language."""
        self.hint: str = error.get("hint") or ""
        """What to do next, in the store's language; can be empty."""
        self.path: Path | None = None if path is None else Path(path)
        """The file or folder that the trouble is about, where there is one."""
        self.problems: tuple[str, ...] = tuple(error.get("problems") or ())
        """What verification found wrong with a database or backup, a precise line each, in English; empty for other
        troubles."""
        self.safety_backup: Path | None = None if safety_backup is None else Path(safety_backup)
        """Where the contents from before a failed restore are, if a safety copy was made."""
        self.undone: bool | None = error.get("undone")
        """Of a restore that broke off: True when the database is as it was, False when the safety copy has to be
        restored; None for other troubles."""

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class _DamageError(RespaldoError):
    """A database or a backup is damaged. ``message`` says what and whether rows are lost, ``problems`` how."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error)
        self.repairable: bool = error.get("repairable") or False
        """Whether only indexes differ from their tables: no row is lost, and SQLite's ``REINDEX`` heals it."""


class InvalidArgumentError(RespaldoError, status=1):
    """An argument has a value that the library does not take; the message names it."""


class InvalidHandleError(RespaldoError, status=2):
    """The store was closed by another thread while this call was on its way."""


class UnknownTimezoneError(RespaldoError, status=3):
    """``timezone`` is not a name of the IANA time zone database, such as America/Hermosillo."""


class CancelledError(RespaldoError, status=4):
    """``progress`` answered False. Nothing has changed."""


class DatabaseNotFoundError(RespaldoError, status=20):
    """There is no file where the database should be: moved, deleted, or the wrong folder."""


class BackupNotFoundError(RespaldoError, status=21):
    """There is no such backup: deleted by hand, moved, or misspelt."""


class PermissionDeniedError(RespaldoError, status=22):
    """The operating system does not let this user read or write ``path``."""


class DiskFullError(RespaldoError, status=23):
    """Not enough space; the message says how much is needed and how much is free."""


class IoError(RespaldoError, status=24):
    """Any other error of the operating system; the message has its text."""


class TargetExistsError(RespaldoError, status=25):
    """The file to be written is already there, and is never overwritten."""


class DatabaseLockedError(RespaldoError, status=40):
    """Another program, or another connection, held the database for longer than ``busy_timeout_ms``."""


class DatabaseCorruptError(_DamageError, status=41):
    """The live database is damaged. No backup of it was made, and none was deleted."""


class NotADatabaseError(RespaldoError, status=42):
    """The file is not an SQLite database: another format, encrypted, or empty."""


class BackupCorruptError(_DamageError, status=43):
    """The backup is damaged. Nothing was restored."""


class SameFileError(RespaldoError, status=44):
    """Source and destination are one file, under this name or through a link."""


class DifferentDatabaseError(RespaldoError, status=45):
    """The backup was made of another database, or shares no table with this one; ``allow_different`` insists."""


class SchemaTooNewError(RespaldoError, status=46):
    """The backup was made by a newer version of the application than ``schema`` allows. Nothing was restored."""


class RowsInConflictError(RespaldoError, status=47):
    """Rows to be brought back clash with rows that are there; ``conflicts`` has them. Nothing was changed."""

    @property
    def conflicts(self) -> tuple[RowConflict, ...]:
        """The rows that clash, with both versions."""
        return tuple(map(RowConflict.from_json, self.args[0].get("conflicts") or ()))


class BusyError(RespaldoError, status=60):
    """Another backup or restore of this database was still running after ``busy_timeout_ms``."""


class RestoreFailedError(RespaldoError, status=61):
    """A restore broke off; the database is as it was before. ``safety_backup`` has a copy of it."""


class SecondPlaceAbsentError(RespaldoError, status=70):
    """The second place for backups is not there, and was required."""


class ArchiveUnreachableError(RespaldoError, status=80):
    """No answer, or no way in, from the place that holds the archive."""


class ArchiveWrongPasswordError(RespaldoError, status=81):
    """The archive has another password."""


class ArchiveNotFoundError(RespaldoError, status=82):
    """There is nothing in the archive's place, or no archive."""


class ArchiveDamagedError(RespaldoError, status=83):
    """The archive's own check found something."""


class UnsupportedError(RespaldoError, status=90):
    """This build of the library was made without that part."""


class InternalError(RespaldoError, status=99):
    """A bug in the library, caught. Please report it with its message."""


def error_from_json(error: Mapping[str, Any]) -> RespaldoError:
    """The exception for the library's error object."""
    return RespaldoError.by_status.get(error["status"], RespaldoError)(error)
