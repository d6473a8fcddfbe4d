"""The store: an application's database and its folder of backups.

Its methods stand in files of their own: :mod:`._store_backups` and :mod:`._store_rows`; those of the archive in
:mod:`.archive`.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from . import _call
from ._library import load
from ._store_backups import StoreBackups
from ._store_calls import AnyPath, Made, Progress
from ._store_rows import StoreRows
from .archive import Archive, ArchiveOptions
from .differences import TableWords
from .health import HealthOptions, SecondPlace
from .models import Retention, Schema

__all__ = ["AnyPath", "Made", "Progress", "Store"]


class _Default(Enum):
    """Says that the caller left ``settings`` out, which is not the same as None."""

    DEFAULT = "settings.json beside the database"


class Store(StoreBackups, StoreRows):
    """An application's SQLite database and its backups.

    Threads may share a store, and other threads run during its calls. It is a context manager.
    Opening checks the options only: the database need not exist yet.

    Args:
        database: the live database. A relative path is taken from the current folder, now.
        settings: the application's settings file, where ``last_backup_at`` is kept; by default
            ``settings.json`` beside the database. None means that there is no such file.
        backup_dir: the folder of the backups; by default ``backups`` beside the database.
        max_backups: how many backups to keep; by default 20.
        retention: which backups to keep, by days, weeks, months and years too; see
            :class:`Retention`. By default the newest ``max_backups``.
        schema: the schemas that the application understands, see :class:`Schema`; by default all.
        health: what :meth:`health` watches for, see :class:`HealthOptions`.
        second_place: another folder, on another disk, to which every finished backup is copied; see
            :class:`SecondPlace`.
        archive: an encrypted archive of the backups, in a folder or on a server; see :class:`ArchiveOptions`
            and :attr:`archive`.
        names: what people call the rows of each table, see :class:`TableWords`.
        timezone: the time zone of names, times and of "today", as an IANA name or a ZoneInfo; by
            default America/Hermosillo.
        busy_timeout_ms: how many milliseconds to wait for a locked database or for another backup;
            by default 5000.
        verify: ``"full"`` (structure, and every index against its table; the default) or ``"quick"`` (structure only).
        language: the language of messages and hints, ``"es"`` (the default) or ``"en"``.

    Every operation raises :class:`RespaldoError`, or ValueError once the store is closed.

    Raises:
        InvalidArgumentError: an option has a value that the library does not take.
        UnknownTimezoneError: ``timezone`` is not an IANA name.
        LibraryLoadError: the library could not be loaded.
        UnicodeEncodeError: a path is not valid Unicode.
    """

    def __init__(
        self,
        database: AnyPath,
        *,
        settings: AnyPath | _Default | None = _Default.DEFAULT,
        backup_dir: AnyPath | None = None,
        max_backups: int | None = None,
        retention: Retention | None = None,
        schema: Schema | None = None,
        health: HealthOptions | None = None,
        second_place: SecondPlace | None = None,
        archive: ArchiveOptions | None = None,
        names: Mapping[str, TableWords] | None = None,
        timezone: str | ZoneInfo | None = None,
        busy_timeout_ms: int | None = None,
        verify: Literal["full", "quick"] | None = None,
        language: Literal["es", "en"] | None = None,
    ) -> None:
        # The defaults live in the library alone: only what the caller gave is sent.
        given: dict[str, Any] = {
            "backup_dir": None if backup_dir is None else os.fsdecode(backup_dir),
            "max_backups": max_backups,
            "retention": retention,
            "schema": schema,
            "health": health,
            "second_place": second_place,
            "archive": archive,
            "names": None if names is None else dict(names),
            "timezone": None if timezone is None else str(timezone),
            "busy_timeout_ms": busy_timeout_ms,
            "verify": verify,
            "language": language,
        }
        options = {key: value for key, value in given.items() if value is not None}
        options["database"] = os.fsdecode(database)
        if not isinstance(settings, _Default):
            options["settings"] = None if settings is None else os.fsdecode(settings)
        handle = _call.open_store(options)
        self._database: str = options["database"]
        self._options = options | {
            key: _from_here(options[key]) for key in ("database", "backup_dir", "settings") if options.get(key)
        }
        self._backup_dir = Path(
            os.path.abspath(self._options.get("backup_dir") or Path(self._options["database"]).with_name("backups"))
        )
        self._names: dict[str, TableWords] = options.get("names", {})
        self._open_handle: int = handle
        self._close = weakref.finalize(self, load().respaldo_close, handle)

    def close(self) -> None:
        """Closes the store. Closing it again does nothing; using it afterwards is a ValueError."""
        self._close()

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` has been called."""
        return not self._close.alive

    def use_second_place(self, place: SecondPlace | None) -> None:
        """Goes on with another second place, or with none: for all who share this store, from their next call on.

        A call that is running ends as it began. The application keeps the choice for its next start.

        Raises:
            InvalidArgumentError: the library does not take it; the store goes on as it was.
        """
        self._reopen("second_place", place)

    def use_archive(self, archive: ArchiveOptions | None) -> None:
        """Goes on with another archive, or with none, as :meth:`use_second_place` does with a second place."""
        self._reopen("archive", archive)

    @property
    def database(self) -> Path:
        """The live database, which need not exist yet."""
        return Path(self._options["database"])

    @property
    def second_place(self) -> SecondPlace | None:
        """The second place that the store was given."""
        place: SecondPlace | None = self._options.get("second_place")
        return place

    @property
    def backup_dir(self) -> Path:
        """The folder of the backups, which need not exist yet."""
        return self._backup_dir

    @property
    def names(self) -> Mapping[str, TableWords]:
        """What people call the rows of each table, as given to the store; empty if nothing was."""
        return self._names

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<respaldo.Store {self._database!r}{', closed' if self.closed else ''}>"

    @property
    def archive(self) -> Archive:
        """What is done with the archive that the store was opened with."""
        return Archive(self._in_steps, self._options.get("archive"))

    def _with_archive(self, archive: ArchiveOptions) -> Store:
        """Another store for the same backups, to try an archive with."""
        kept = ("backup_dir", "timezone", "busy_timeout_ms", "language")
        options = {key: self._options[key] for key in kept if key in self._options}
        return Store(self.database, settings=None, archive=archive, **options)

    def _reopen(self, option: str, value: object) -> None:
        self._handle()
        options = {key: known for key, known in self._options.items() if key != option}
        if value is not None:
            options[option] = value
        handle, close = _call.open_store(options), self._close
        self._options, self._open_handle = options, handle
        self._close = weakref.finalize(self, load().respaldo_close, handle)
        close()

    def _handle(self) -> int:
        if self.closed:
            raise ValueError("the store is closed")
        return self._open_handle


def _from_here(path: str) -> str:
    """A relative path, joined to the current folder, which may be another one later."""
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
