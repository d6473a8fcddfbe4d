"""What a store does with the rows in its backups."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from ._store_calls import AnyPath, Key, Progress, StoreCalls
from .archive import ArchivedBackup
from .differences import Comparison, value_to_json
from .models import Backup
from .rows import BringBackResult, RowKey
from .search import FindResult, History


class StoreRows(StoreCalls):
    """Comparing rows, finding them in every backup, and bringing them back."""

    def compare(
        self,
        backup: AnyPath | ArchivedBackup,
        *,
        other: AnyPath | ArchivedBackup | None = None,
        rows: int = 20,
        progress: Progress | None = None,
    ) -> Comparison:
        """What differs between a backup and the live database, row by row: what a restore would lose, and bring back.

        Neither is changed. "There" is ``backup``, "here" what it is compared with.

        Args:
            backup: as in :meth:`restore`; or a snapshot of the archive, of which only what is needed is read.
            other: another backup or snapshot to compare it with; by default the live database.
            rows: how many of the rows that differ are told, of each table; all are counted.
            progress: see :data:`Progress`.

        Raises:
            BackupNotFoundError: there is no such backup.
            DatabaseNotFoundError: there is no live database.
            NotADatabaseError, BackupCorruptError, DatabaseCorruptError: damage was met; :meth:`verify` looks for it.
            DatabaseLockedError: another connection held the database beyond the timeout.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {**_named(backup), "rows": rows}
        if other is not None:
            body |= _named(other, "with", "with_snapshot")
        return Comparison.from_json(self._in_steps("respaldo_compare", body, progress))

    @overload
    def find(
        self,
        text: str,
        *,
        table: str | None = None,
        rows: int = 100,
        snapshots: bool = False,
        progress: Progress | None = None,
    ) -> FindResult: ...
    @overload
    def find(
        self, *, table: str, key: Key, rows: int = 100, snapshots: bool = False, progress: Progress | None = None
    ) -> FindResult: ...
    def find(
        self,
        text: str | None = None,
        *,
        table: str | None = None,
        key: Key | None = None,
        rows: int = 100,
        snapshots: bool = False,
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
            snapshots: also in the archive, in the snapshots whose backups are not here any more.
            progress: see :data:`Progress`.

        Raises:
            InvalidArgumentError: no backup has such a table, or its key has other columns.
            PermissionDeniedError, IoError: the backup folder cannot be read.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {"rows": rows, "table": table, "snapshots": snapshots}
        if text is not None:
            body["text"] = text
        if key is not None:
            body["key"] = _key_to_json(key)
        return FindResult.from_json(self._in_steps("respaldo_find", body, progress))

    def history(self, table: str, key: Key, *, snapshots: bool = False, progress: Progress | None = None) -> History:
        """What one row was in every backup, newest first, and what it is now.

        Safety copies are read too, and backups that only the second place has. A file that cannot be read is a warning.

        Args:
            table: the table.
            key: the columns of its primary key with their values, or ``rowid`` where it has none. Of a key of one
                column the value alone will do: ``history("clients", 7)``.
            snapshots: also in the archive, as in :meth:`find`.
            progress: called with backups instead of pages; see :data:`Progress`.

        Raises:
            InvalidArgumentError: no backup has such a table, or its key has other columns.
            PermissionDeniedError, IoError: the backup folder cannot be read.
            CancelledError: ``progress`` answered False.
        """
        body: dict[str, Any] = {"table": table, "key": _key_to_json(key), "snapshots": snapshots}
        return History.from_json(self._in_steps("respaldo_history", body, progress))

    def bring_back(
        self,
        backup: AnyPath | ArchivedBackup,
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
            backup: as in :meth:`restore`; or a snapshot of the archive, of which only what is needed is read.
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
            **_named(backup),
            "rows": [row.to_json() for row in rows],
            "with_dependents": with_dependents,
            "on_conflict": on_conflict,
            "triggers": triggers,
            "dry_run": dry_run,
        }
        if reason is not None:
            body["reason"] = reason
        return BringBackResult.from_json(self._in_steps("respaldo_bring_back", body, progress))


def _named(backup: AnyPath | ArchivedBackup, file: str = "backup", snapshot: str = "snapshot") -> dict[str, Any]:
    """The key of a request that names a backup: that of a file, or that of a snapshot of the archive."""
    if isinstance(backup, ArchivedBackup):
        return {snapshot: backup.snapshot}
    if isinstance(backup, Backup) and backup.snapshot is not None:
        return {snapshot: backup.snapshot}
    return {file: os.fsdecode(backup)}


def _key_to_json(key: Key) -> dict[str, object]:
    if not isinstance(key, Mapping):
        return {"": value_to_json(key)}
    return {column: value_to_json(value) for column, value in key.items()}
