"""The store: an application's database and its folder of backups."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, overload
from zoneinfo import ZoneInfo

from . import _call
from ._library import load
from .archive import Archive, ArchiveOptions
from .differences import Comparison, TableWords, value_to_json
from .health import Health, HealthOptions, RehearseResult, SecondPlace
from .models import (
    Backup,
    CreateResult,
    DueResult,
    LastBackup,
    Listing,
    PruneResult,
    RestoreResult,
    Retention,
    Schema,
    VerifyResult,
)
from .rows import BringBackResult, RowKey
from .salvage import SalvageResult
from .search import FindResult, History

AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

Key = Mapping[str, Any] | int | float | str | bytes
"""What tells a row from others: columns with their values, or the value of the only one."""

Progress = Callable[[int, int], bool | None]
"""Called on the calling thread with the pages done and the pages in total: once a mebibyte, or 256 times for a large
database.

Answer ``False`` to cancel; ``None`` and ``True`` go on. During verification it is called with both
numbers equal, and can still cancel. While another program holds a lock it is called every 50 ms with
what it was called with before, at first 0 and 0. An exception cancels too, and comes out of the operation.
"""


Made = Literal["automatic", "manual", "before_upgrade"]
"""What makes a backup: the application by itself, a person, or the application before it changes the schema."""


class _Default(Enum):
    """Says that the caller left ``settings`` out, which is not the same as None."""

    DEFAULT = "settings.json beside the database"


class Store:
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
        self._handle()
        options = {key: value for key, value in self._options.items() if key != "second_place"}
        if place is not None:
            options["second_place"] = place
        handle, close = _call.open_store(options), self._close
        self._options, self._open_handle = options, handle
        self._close = weakref.finalize(self, load().respaldo_close, handle)
        close()

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

    def create(
        self,
        *,
        label: str | None = None,
        note: str | None = None,
        made: Made | None = None,
        pinned: bool = False,
        skip_unchanged: bool = False,
        progress: Progress | None = None,
    ) -> CreateResult:
        """Takes a backup of the live database, which can be in use meanwhile.

        It is a plain SQLite file, verified and on the disk when this returns. The oldest backups
        beyond ``max_backups`` are deleted afterwards.

        Args:
            label: a name for people, such as "before the update to 2.0".
            note: what else a person has to say about it.
            made: what makes it; by default ``"manual"``.
            pinned: never delete it; :meth:`annotate` takes that back.
            skip_unchanged: make none if every page of the newest backup is as in the database; then
                ``created`` is False and ``backup`` the newest.
            progress: see :data:`Progress`.

        Raises:
            DatabaseNotFoundError: there is no database.
            NotADatabaseError: the file is not an SQLite database.
            DatabaseCorruptError: the database is damaged; no backup is made, none is deleted.
            DatabaseLockedError: another connection held it exclusively beyond the timeout.
            BusyError: another backup or restore was running beyond the timeout.
            DiskFullError, PermissionDeniedError, IoError: the backup folder cannot be written.
            CancelledError: ``progress`` answered False.
        """
        body = _said(label, note, made, pinned, skip_unchanged)
        return CreateResult.from_json(self._in_steps("respaldo_create", body, progress))

    def create_if_due(
        self,
        *,
        label: str | None = None,
        note: str | None = None,
        made: Made | None = None,
        pinned: bool = False,
        skip_unchanged: bool = False,
        progress: Progress | None = None,
    ) -> DueResult:
        """Takes a backup unless there already is one of today, in the store's time zone.

        Meant for the application's start; :class:`Daily` goes on while it is open. ``created`` of the result says
        whether it did. When several processes ask at once, one of them makes the backup. Raises what :meth:`create`
        does, and takes the same arguments; ``made`` is ``"automatic"`` by default. With ``rehearse_every_days`` of
        ``health`` it also rehearses by itself when it is time.
        """
        body = _said(label, note, made, pinned, skip_unchanged)
        return DueResult.from_json(self._in_steps("respaldo_create_if_due", body, progress))

    def _create_if_due_unless(self, stop: _call.StopFlag) -> DueResult:
        """The same for a daemon thread."""
        return DueResult.from_json(_call.request_with_flag("respaldo_create_if_due", self._handle(), {}, stop))

    def list(
        self, *, include_safety: bool = False, include_others: bool = False, second_place: bool = False
    ) -> Listing:
        """The database's backups in the folder, newest first; renamed ones too. Empty if there is no folder.

        Args:
            include_safety: list the copies made before each restore too.
            include_others: list the backups of other databases that use the same folder too, as kind ``"other"``.
            second_place: list the backups in the second place instead; their paths can be restored.

        Raises:
            PermissionDeniedError, IoError: the backup folder cannot be read.
        """
        body = {
            "include_safety": include_safety,
            "include_others": include_others,
            "second_place": second_place,
        }
        return Listing.from_json(self._request("respaldo_list", body))

    def last_backup(self) -> LastBackup:
        """When the last backup was made: from the settings file, else from the newest in the folder."""
        return LastBackup.from_json(_call.last_backup(self._handle()))

    def restore(
        self,
        backup: AnyPath,
        *,
        reason: str | None = None,
        target: AnyPath | None = None,
        allow_different: bool = False,
        progress: Progress | None = None,
    ) -> RestoreResult:
        """Puts a backup in the place of the live database, in one transaction.

        Connections of the application stay valid and see the restored contents at their next
        read. What was there before is first saved as ``<database>.before_restore_<time>``.
        Once the new contents are committed nothing can cancel: then ``progress`` answering False is
        ignored, and an exception from it, Ctrl-C too, comes out of a restore that is done.

        Args:
            backup: a :class:`Backup`, a path, or a name, which is looked up in the backup folder,
                then among the safety copies.
            reason: why, for the log of restores.
            target: write the backup to this new file instead, and leave the database alone.
            allow_different: restore it also if it is a backup of another database.
            progress: see :data:`Progress`.

        Raises:
            BackupNotFoundError: there is no such backup.
            NotADatabaseError, BackupCorruptError: the backup is no use; nothing was changed.
            DifferentDatabaseError: it is of another database; nothing was changed.
            SchemaTooNewError: the backup is of a newer version of the application than ``schema`` allows.
            SameFileError: the backup is the live database itself.
            TargetExistsError: ``target`` is already there.
            DatabaseLockedError: another connection held the database beyond the timeout.
            BusyError: another backup or restore was running beyond the timeout.
            DiskFullError, PermissionDeniedError, IoError: no safety copy could be made, or the
                file could not be written.
            RestoreFailedError: it broke off; the database is as it was.
            CancelledError: ``progress`` answered False; the database is as it was.
        """
        body: dict[str, Any] = {"backup": os.fsdecode(backup), "allow_different": allow_different}
        if reason is not None:
            body["reason"] = reason
        if target is not None:
            body["target"] = os.fsdecode(target)
        return RestoreResult.from_json(self._in_steps("respaldo_restore", body, progress))

    def verify(self, backup: AnyPath, *, progress: Progress | None = None) -> VerifyResult:
        """Reads a whole backup and checks it. ``backup`` as in :meth:`restore`.

        Raises:
            BackupNotFoundError: there is no such backup.
            NotADatabaseError: the file is not an SQLite database.
            BackupCorruptError: it is damaged; ``problems`` says how.
            PermissionDeniedError, IoError: it cannot be read.
            CancelledError: ``progress`` answered False.
        """
        body = {"backup": os.fsdecode(backup)}
        return VerifyResult.from_json(self._in_steps("respaldo_verify", body, progress))

    def prune(self, *, dry_run: bool = False) -> PruneResult:
        """Deletes the backups that ``retention`` does not want; never a renamed one or a safety copy.

        :meth:`create` does this already. ``dry_run`` says what would be deleted, and deletes nothing.

        Raises:
            PermissionDeniedError, IoError: the backup folder cannot be read.
        """
        return PruneResult.from_json(self._request("respaldo_prune", {"dry_run": dry_run}))

    def annotate(
        self,
        backup: AnyPath,
        *,
        label: str | None = None,
        note: str | None = None,
        pinned: bool | None = None,
        confirmed: bool | None = None,
    ) -> Backup:
        """Notes what people say of a backup in the backup folder; what is left out stays as it is.

        Args:
            backup: a :class:`Backup`, a name in the backup folder, or its path.
            label: a name for people; an empty one takes it away.
            note: what else a person has to say about it; an empty one takes it away.
            pinned: whether it is never to be deleted.
            confirmed: True says that the rows which the warning SHRUNK names are meant to be gone.

        Raises:
            BackupNotFoundError: the backup folder has no such backup.
            BusyError: another backup or restore was running beyond the timeout.
            PermissionDeniedError, IoError: the catalogue cannot be written.
        """
        given = {"label": label, "note": note, "pinned": pinned, "confirmed": confirmed}
        body = {key: value for key, value in given.items() if value is not None}
        body["backup"] = os.fsdecode(backup)
        return Backup.from_json(self._in_steps("respaldo_annotate", body, None)["backup"])

    def bring_back(
        self,
        backup: AnyPath,
        rows: Sequence[RowKey],
        *,
        with_dependents: bool = True,
        on_conflict: Literal["refuse", "skip", "overwrite"] = "refuse",
        triggers: bool = False,
        dry_run: bool = False,
        reason: str | None = None,
        progress: Progress | None = None,
    ) -> BringBackResult:
        """Brings rows of a backup back into the live database, with what belongs to them, in one transaction.

        Rows that they refer to come too where they are missing. What was there before is first saved as
        ``<database>.before_restore_<time>``.

        Args:
            backup: as in :meth:`restore`.
            rows: the rows, each by its table and key.
            with_dependents: also the rows that refer to them and are missing.
            on_conflict: what to do with a row that clashes with one that is there: change nothing at all, leave
                what is there, or write the row of the backup over it.
            triggers: let the triggers of the live database fire; otherwise the rows come as they were in the backup.
            dry_run: only say what would happen, which is exact.
            reason: why, for the log of restores.
            progress: see :data:`Progress`.

        Raises:
            InvalidArgumentError: the backup has no such row, or the key is of other columns.
            RowsInConflictError: ``conflicts`` has both versions; nothing was changed.
            BackupNotFoundError, NotADatabaseError, BackupCorruptError: the backup is no use; nothing was changed.
            DifferentDatabaseError, SameFileError: it is of another database, or is the live database itself.
            DatabaseNotFoundError, DatabaseCorruptError: there is no sound database to bring rows into.
            DatabaseLockedError: another connection held the database beyond the timeout.
            BusyError: another backup or restore was running beyond the timeout.
            DiskFullError, PermissionDeniedError, IoError: no safety copy could be made, or nothing be written.
            RestoreFailedError: it broke off while it was committed.
            CancelledError: ``progress`` answered False; the database is as it was.
        """
        body: dict[str, Any] = {
            "backup": os.fsdecode(backup),
            "rows": [row.to_json() for row in rows],
            "with_dependents": with_dependents,
            "on_conflict": on_conflict,
            "triggers": triggers,
            "dry_run": dry_run,
        }
        if reason is not None:
            body["reason"] = reason
        return BringBackResult.from_json(self._in_steps("respaldo_bring_back", body, progress))

    def salvage(
        self,
        source: AnyPath | None = None,
        *,
        dry_run: bool = False,
        deleted: bool = False,
        progress: Progress | None = None,
    ) -> SalvageResult:
        """Makes a new, verified file of what can be read of a damaged database or backup, which is not touched.

        :meth:`restore` puts the new file in place.

        Args:
            source: a backup, as in :meth:`restore`; by default the live database.
            dry_run: only say what could be saved.
            deleted: keep deleted rows too, as far as their pages are still free, in a table of their own.
            progress: see :data:`Progress`.

        Raises:
            DatabaseNotFoundError, BackupNotFoundError: there is no such file.
            NotADatabaseError: nothing was found in it.
            DatabaseLockedError: another program keeps writing.
            BusyError: another backup or restore was running beyond the timeout.
            DiskFullError, PermissionDeniedError, IoError: the new file could not be written.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {"dry_run": dry_run, "deleted": deleted}
        if source is not None:
            body["source"] = os.fsdecode(source)
        return SalvageResult.from_json(self._in_steps("respaldo_salvage", body, progress))

    def health(self, *, deep: bool = False, progress: Progress | None = None) -> Health:
        """Whether the data are safe, from what is in the backup folder now.

        Args:
            deep: read every backup, and compare it with what it was when it was made.
            progress: see :data:`Progress`; called between the backups that are read.

        Raises:
            PermissionDeniedError, IoError: the backup folder cannot be read.
            CancelledError: ``progress`` answered False.
        """
        return Health.from_json(self._in_steps("respaldo_health", {"deep": deep}, progress))

    def rehearse(
        self,
        backup: AnyPath | None = None,
        *,
        checks: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> RehearseResult:
        """Restores a backup into a temporary file, verifies it, asks the checks, and removes it.

        Args:
            backup: as in :meth:`restore`; by default the newest that is whole.
            checks: the application's own questions, such as ``SELECT count(*) > 0 FROM clients``: one
                statement each that only reads, whose first value is true where all is well.
            progress: see :data:`Progress`.

        Raises:
            BackupNotFoundError: there is no such backup.
            NotADatabaseError, BackupCorruptError: it is damaged; :meth:`health` remembers it.
            BusyError: another backup or restore was running beyond the timeout.
            DiskFullError, PermissionDeniedError, IoError: the copy could not be made.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {"checks": checks if isinstance(checks, str) else [*checks]}
        if backup is not None:
            body["backup"] = os.fsdecode(backup)
        return RehearseResult.from_json(self._in_steps("respaldo_rehearse", body, progress))

    def compare(
        self,
        backup: AnyPath,
        *,
        other: AnyPath | None = None,
        rows: int = 20,
        progress: Progress | None = None,
    ) -> Comparison:
        """What differs between a backup and the live database, row by row: what a restore would lose, and bring back.

        Neither is changed. "There" is ``backup``, "here" what it is compared with.

        Args:
            backup: as in :meth:`restore`.
            other: another backup to compare it with; by default the live database.
            rows: how many of the rows that differ are told, of each table; all are counted.
            progress: see :data:`Progress`.

        Raises:
            BackupNotFoundError: there is no such backup.
            DatabaseNotFoundError: there is no live database.
            NotADatabaseError, BackupCorruptError, DatabaseCorruptError: damage was met; :meth:`verify` looks for it.
            DatabaseLockedError: another connection held the database beyond the timeout.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {"backup": os.fsdecode(backup), "rows": rows}
        if other is not None:
            body["with"] = os.fsdecode(other)
        return Comparison.from_json(self._in_steps("respaldo_compare", body, progress))

    @overload
    def find(
        self, text: str, *, table: str | None = None, rows: int = 100, progress: Progress | None = None
    ) -> FindResult: ...
    @overload
    def find(self, *, table: str, key: Key, rows: int = 100, progress: Progress | None = None) -> FindResult: ...
    def find(
        self,
        text: str | None = None,
        *,
        table: str | None = None,
        key: Key | None = None,
        rows: int = 100,
        progress: Progress | None = None,
    ) -> FindResult:
        """Finds rows in every backup, by a text or by their key: each version once, the newest first.

        Safety copies are searched too, and backups that only the second place has. A backup that cannot be read to its
        end is a warning. Nothing is changed.

        Args:
            text: words that a row has to have, in whatever order and column, also as parts of words. Case and accents
                do not matter; an n finds an ñ too, an ñ only itself.
            table: only in this table.
            key: instead of a text: the columns of the primary key with their values, or ``rowid`` where the table
                has none. Of a key of one column the value alone will do.
            rows: how many versions are told.
            progress: see :data:`Progress`.

        Raises:
            InvalidArgumentError: no backup has such a table, or its key has other columns.
            PermissionDeniedError, IoError: the backup folder cannot be read.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {"rows": rows, "table": table}
        if text is not None:
            body["text"] = text
        if key is not None:
            body["key"] = _key_to_json(key)
        return FindResult.from_json(self._in_steps("respaldo_find", body, progress))

    def history(self, table: str, key: Key, *, progress: Progress | None = None) -> History:
        """What one row was in every backup, newest first, and what it is now.

        Safety copies are read too, and backups that only the second place has. A file that cannot be read is a warning.

        Args:
            table: the table.
            key: the columns of its primary key with their values, or ``rowid`` where it has none. Of a key of one
                column the value alone will do: ``history("clients", 7)``.
            progress: called with backups instead of pages; see :data:`Progress`.

        Raises:
            InvalidArgumentError: no backup has such a table, or its key has other columns.
            PermissionDeniedError, IoError: the backup folder cannot be read.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {"table": table, "key": _key_to_json(key)}
        return History.from_json(self._in_steps("respaldo_history", body, progress))

    @property
    def archive(self) -> Archive:
        """What is done with the archive that the store was opened with."""
        return Archive(self._in_steps)

    def _handle(self) -> int:
        if self.closed:
            raise ValueError("the store is closed")
        return self._open_handle

    def _request(self, function: str, body: dict[str, Any]) -> _call.Answer:
        return _call.request(function, self._handle(), body)

    def _in_steps(self, function: str, body: dict[str, Any], progress: Progress | None) -> _call.Answer:
        return _call.request_in_steps(function, self._handle(), body, progress)


def _from_here(path: str) -> str:
    """A relative path, joined to the current folder, which may be another one later."""
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def _said(label: str | None, note: str | None, made: str | None, pinned: bool, skip_unchanged: bool) -> dict[str, Any]:
    """The request of a backup that is to be made: what the caller gave."""
    given = {
        "label": label,
        "note": note,
        "made": made,
        "pinned": pinned or None,
        "skip_unchanged": skip_unchanged or None,
    }
    return {key: value for key, value in given.items() if value is not None}


def _key_to_json(key: Key) -> dict[str, object]:
    if not isinstance(key, Mapping):
        return {"": value_to_json(key)}
    return {column: value_to_json(value) for column, value in key.items()}
