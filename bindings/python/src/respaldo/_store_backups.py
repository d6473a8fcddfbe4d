"""What a store does with whole backups."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from . import _call
from ._store_calls import AnyPath, Made, Progress, StoreCalls
from .health import Health, RehearseResult
from .models import Backup, CreateResult, DueResult, LastBackup, Listing, PruneResult, RestoreResult, VerifyResult
from .salvage import SalvageResult


class StoreBackups(StoreCalls):
    """Making, listing, restoring, checking, thinning out and repairing backups."""

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
        dry_run: bool = False,
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
            dry_run: only check whether it could be restored; not for use with ``target``.
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
        body: dict[str, Any] = {"backup": os.fsdecode(backup), "allow_different": allow_different, "dry_run": dry_run}
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

        :meth:`create` does this already. ``dry_run`` says what would be deleted, and deletes nothing. It waits for
        another backup or restore, at most ``busy_timeout_ms``; nothing cancels that wait.

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
        dry_run: bool = False,
    ) -> Backup:
        """Notes what people say of a backup in the backup folder; what is left out stays as it is.

        Args:
            backup: a :class:`Backup`, a name in the backup folder, or its path.
            label: a name for people; an empty one takes it away.
            note: what else a person has to say about it; an empty one takes it away.
            pinned: whether it is never to be deleted.
            confirmed: True says that the rows which the warning SHRUNK names are meant to be gone.
            dry_run: change nothing, and return the backup as it would be listed.

        Raises:
            BackupNotFoundError: the backup folder has no such backup.
            BusyError: another backup or restore was running beyond the timeout.
            PermissionDeniedError, IoError: the catalogue cannot be written.
        """
        given = {"label": label, "note": note, "pinned": pinned, "confirmed": confirmed}
        body: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        body |= {"backup": os.fsdecode(backup), "dry_run": dry_run}
        return Backup.from_json(self._in_steps("respaldo_annotate", body, None)["backup"])

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
            deep: read the whole database and every backup, and compare the backups with what they were when they
                were made.
            progress: see :data:`Progress`; called between the backups that are read; with 0 and 0 while the
                database is.

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
