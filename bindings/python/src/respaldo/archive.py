"""The archive: backups elsewhere, encrypted, years of them in little room, in the format of the program restic."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Required, Self, TypedDict, overload

from . import _call
from ._library import load
from .differences import Comparison
from .errors import InvalidArgumentError, IoError, UnsupportedError
from .models import Content, Json, Notice, RestoreResult, Retention
from .rows import BringBackResult, RowKey

ByteProgress = Callable[[int, int], bool | None]
"""Called on the calling thread, every 50 ms, with the bytes done and the bytes in total. Answer ``False`` to cancel."""


class ArchiveOptions(TypedDict, total=False):
    """Where the archive is and what opens it. ``repository`` and one of the passwords are required."""

    repository: Required[str]
    """A folder, or ``"opendal:s3"`` or ``"opendal:webdav"``."""
    options: Mapping[str, str]
    """How a server is reached: for S3 ``endpoint``, ``bucket``, ``root``, ``access_key_id``, ``secret_access_key`` and
    ``region``; for WebDAV ``endpoint``, ``root``, ``username`` and ``password``."""
    password: str
    password_file: str
    """A file whose first line it is, and which only its owner may read."""
    password_command: str
    """A command of the system's shell that writes it."""
    retention: Retention
    """Which snapshots :meth:`Archive.prune` keeps; by default all."""
    push: Literal["when_asked", "after_create"]
    """Whether each new backup goes there by itself, in the background; by default only when asked."""
    wait_ms: int
    """How long a backup waits for that, by default not at all: for programs that end after it."""


def has_archive() -> bool:
    """Whether the library was built with the archive."""
    # Nothing is read or made there: opening checks the options only, and without an archive there is nothing to list.
    nowhere = os.path.join(tempfile.gettempdir(), "respaldo-none.db")
    handle = _call.open_store({"database": nowhere, "settings": None})
    try:
        _call.request_in_steps("respaldo_archive_list", handle, {}, None)
    except UnsupportedError:
        return False
    except InvalidArgumentError:
        return True
    finally:
        load().respaldo_close(handle)
    raise AssertionError("a store without an archive lists one")


def password_from_keyring(service: str, user: str) -> str:
    """The password that the system's keyring holds, by the package ``keyring`` (``pip install respaldo[keyring]``).

    Raises:
        ImportError: ``keyring`` is not installed.
        IoError: the keyring has no such password.
    """
    import keyring  # optional, and slow to import

    password = keyring.get_password(service, user)
    if password is None:
        message = f"The keyring has no password of {user} for {service}."
        hint = f"Put it there: keyring set {service} {user}"
        raise IoError({"status": 24, "name": "IO_ERROR", "message": message, "hint": hint, "path": None})
    return str(password)


@dataclass(frozen=True, slots=True)
class ArchiveInitResult:
    """A new archive."""

    repository: str
    key_note: str
    """What the owner has to know of the password, in the store's language. Show it."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(answer["repository"], answer["key_note"])


@dataclass(frozen=True, slots=True)
class PushResult:
    """A backup that is in the archive."""

    snapshot: str
    name: str
    added_bytes: int
    """What the archive grew by; 0 where the backup was there already."""
    total_bytes: int
    warnings: tuple[Notice, ...]

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        warnings = tuple(map(Notice.from_json, answer["warnings"]))
        return cls(answer["snapshot"], answer["name"], answer["added_bytes"], answer["total_bytes"], warnings)


@dataclass(frozen=True, slots=True)
class ArchivedBackup:
    """A backup in the archive."""

    snapshot: str
    """What :meth:`Archive.fetch` and :meth:`Archive.restore` take."""
    display: str
    created_at: datetime
    name: str
    database: str | None
    """The file name of its database; None where another program made the snapshot."""
    label: str | None
    note: str | None
    pinned: bool | None
    size: int
    """Bytes of the backup."""
    origin: str
    """Tells the backup folders of several computers apart."""
    content: Content | None

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        content = answer["content"]
        return cls(
            snapshot=answer["snapshot"],
            display=answer["display"],
            created_at=datetime.fromisoformat(answer["created_at"]),
            name=answer["name"],
            database=answer["database"],
            label=answer["label"],
            note=answer["note"],
            pinned=answer["pinned"],
            size=answer["size"],
            origin=answer["origin"],
            content=None if content is None else Content.from_json(content),
        )


class ArchiveListing(Sequence[ArchivedBackup]):
    """The snapshots, newest first."""

    def __init__(self, snapshots: Sequence[ArchivedBackup], stored_bytes: int, warnings: Sequence[Notice]) -> None:
        self._snapshots = tuple(snapshots)
        self.stored_bytes = stored_bytes
        """What the whole archive takes."""
        self.warnings = tuple(warnings)

    @overload
    def __getitem__(self, place: int) -> ArchivedBackup: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ArchivedBackup]: ...
    def __getitem__(self, place: int | slice) -> ArchivedBackup | Sequence[ArchivedBackup]:
        return self._snapshots[place]

    def __len__(self) -> int:
        return len(self._snapshots)

    def __iter__(self) -> Iterator[ArchivedBackup]:
        return iter(self._snapshots)

    def __repr__(self) -> str:
        return f"ArchiveListing({list(self._snapshots)!r}, stored_bytes={self.stored_bytes})"

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        snapshots = [ArchivedBackup.from_json(snapshot) for snapshot in answer["snapshots"]]
        return cls(snapshots, answer["stored_bytes"], [Notice.from_json(warning) for warning in answer["warnings"]])


@dataclass(frozen=True, slots=True)
class FetchResult:
    """A backup that was fetched from the archive."""

    path: Path
    snapshot: str
    size: int
    warnings: tuple[Notice, ...]
    duration_ms: int
    """Milliseconds."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        warnings = tuple(map(Notice.from_json, answer["warnings"]))
        return cls(Path(answer["path"]), answer["snapshot"], answer["size"], warnings, answer["duration_ms"])


@dataclass(frozen=True, slots=True)
class ArchiveDecision:
    """Why a snapshot stays or goes."""

    snapshot: str
    name: str
    reason: str
    text: str
    """The same as a sentence, in the store's language."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(answer["snapshot"], answer["name"], answer["reason"], answer["text"])


@dataclass(frozen=True, slots=True)
class ArchivePruneResult:
    """What the archive's retention kept and removed."""

    kept: tuple[ArchiveDecision, ...]
    removed: tuple[ArchiveDecision, ...]
    freed_bytes: int
    """What no snapshot needs any more; given back by the next prune that comes a day later."""
    dry_run: bool

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        kept, removed = (tuple(map(ArchiveDecision.from_json, answer[which])) for which in ("kept", "removed"))
        return cls(kept, removed, answer["freed_bytes"], answer["dry_run"])


Snapshot = ArchivedBackup | str
"""A snapshot of the list, its identifier, at least six of its first digits, or ``"latest"``."""

_Ask = Callable[[str, dict[str, Any], ByteProgress | None], Json]


class Archive:
    """The archive of a store: ``store.archive``.

    Every method raises :class:`RespaldoError`: UnsupportedError where the library was built without the archive,
    InvalidArgumentError where the store was opened without ``archive``, ArchiveUnreachableError,
    ArchiveNotFoundError, ArchiveWrongPasswordError, ArchiveDamagedError, DiskFullError, PermissionDeniedError,
    IoError, and CancelledError where ``progress`` answered False.
    """

    def __init__(self, ask: _Ask, options: ArchiveOptions | None = None) -> None:
        self._ask = ask
        self.options = options
        """What the store was given; None if it has no archive."""

    def init(self, *, chunk_bytes: int | None = None, progress: ByteProgress | None = None) -> ArchiveInitResult:
        """Makes a new archive. Without its password everything in it is lost: show ``key_note`` to the owner.

        Args:
            chunk_bytes: the size of the pieces in which backups are stored: 4096, by default 16384, 65536, 262144 or
                1048576. With larger ones a database of many gigabytes needs a smaller index, and a day adds more.
            progress: see :data:`ByteProgress`.

        Raises:
            TargetExistsError: there is one.
        """
        body = {} if chunk_bytes is None else {"chunk_bytes": chunk_bytes}
        return ArchiveInitResult.from_json(self._ask("respaldo_archive_init", body, progress))

    def push(self, backup: str | os.PathLike[str] | None = None, *, progress: ByteProgress | None = None) -> PushResult:
        """Stores a backup; only what the archive does not hold yet is written. Whatever breaks it off, repeat it.

        Args:
            backup: as in :meth:`Store.restore`; by default the newest that is whole. One that is
                not known to be is verified first.
            progress: see :data:`ByteProgress`.

        Raises:
            BackupNotFoundError: there is no such backup.
            BackupCorruptError, NotADatabaseError: it is damaged, or has changed since it was verified.
        """
        body = {} if backup is None else {"backup": os.fsdecode(backup)}
        return PushResult.from_json(self._ask("respaldo_archive_push", body, progress))

    def list(self, *, include_others: bool = False, progress: ByteProgress | None = None) -> ArchiveListing:
        """The snapshots of this database, newest first; with ``include_others`` those of others too."""
        body = {"include_others": include_others}
        return ArchiveListing.from_json(self._ask("respaldo_archive_list", body, progress))

    def fetch(
        self,
        snapshot: Snapshot = "latest",
        target: str | os.PathLike[str] | None = None,
        *,
        progress: ByteProgress | None = None,
    ) -> FetchResult:
        """Fetches a backup into a new file, compared with what was stored and verified.

        Args:
            snapshot: see :data:`Snapshot`.
            target: the new file; by default the backup's own name in the backup folder.
            progress: see :data:`ByteProgress`.

        Raises:
            BackupNotFoundError: there is no such snapshot.
            TargetExistsError: the file is already there.
            BackupCorruptError, NotADatabaseError: it is damaged, or no database.
        """
        body: dict[str, Any] = {"snapshot": _identifier(snapshot)}
        if target is not None:
            body["target"] = os.fsdecode(target)
        return FetchResult.from_json(self._ask("respaldo_archive_fetch", body, progress))

    def restore(
        self,
        snapshot: Snapshot = "latest",
        *,
        reason: str | None = None,
        allow_different: bool = False,
        progress: ByteProgress | None = None,
    ) -> RestoreResult:
        """Fetches a backup beside the live database and puts it in its place, as :meth:`Store.restore` does."""
        body: dict[str, Any] = {"snapshot": _identifier(snapshot), "allow_different": allow_different}
        if reason is not None:
            body["reason"] = reason
        return RestoreResult.from_json(self._ask("respaldo_restore", body, progress))

    def compare(
        self,
        snapshot: Snapshot = "latest",
        *,
        other: Snapshot | None = None,
        rows: int = 20,
        progress: ByteProgress | None = None,
    ) -> Comparison:
        """What differs between a snapshot and the live database, or another snapshot, as :meth:`Store.compare` says it.

        Only what is needed of a snapshot is read. To compare one with a backup, give it to :meth:`Store.compare`.
        ``progress`` is called with pages.
        """
        body: dict[str, Any] = {"snapshot": _identifier(snapshot), "rows": rows}
        if other is not None:
            body["with_snapshot"] = _identifier(other)
        return Comparison.from_json(self._ask("respaldo_compare", body, progress))

    def bring_back(
        self,
        snapshot: Snapshot,
        rows: Sequence[RowKey],
        *,
        with_dependents: bool = True,
        on_conflict: Literal["refuse", "skip", "overwrite"] = "refuse",
        triggers: bool = False,
        dry_run: bool = False,
        reason: str | None = None,
        progress: ByteProgress | None = None,
    ) -> BringBackResult:
        """Brings rows of a snapshot back into the live database, as :meth:`Store.bring_back` does those of a backup.

        Only what is needed of the snapshot is read; one that another program made is fetched and verified first.
        ``progress`` is called with pages.
        """
        body: dict[str, Any] = {
            "snapshot": _identifier(snapshot),
            "rows": [row.to_json() for row in rows],
            "with_dependents": with_dependents,
            "on_conflict": on_conflict,
            "triggers": triggers,
            "dry_run": dry_run,
        }
        if reason is not None:
            body["reason"] = reason
        return BringBackResult.from_json(self._ask("respaldo_bring_back", body, progress))

    def check(self, *, read_data: bool = False, progress: ByteProgress | None = None) -> None:
        """Checks that the archive holds all that its snapshots need; with ``read_data`` every byte.

        Raises:
            ArchiveDamagedError: ``problems`` says what is missing or changed. What does not need it can still be
                fetched.
        """
        self._ask("respaldo_archive_check", {"read_data": read_data}, progress)

    def prune(self, *, dry_run: bool = False, progress: ByteProgress | None = None) -> ArchivePruneResult:
        """Removes the snapshots that the archive's ``retention`` does not want; without one, none."""
        return ArchivePruneResult.from_json(self._ask("respaldo_archive_prune", {"dry_run": dry_run}, progress))

    def change_key(
        self,
        password: str | None = None,
        *,
        password_file: str | os.PathLike[str] | None = None,
        password_command: str | None = None,
        progress: ByteProgress | None = None,
    ) -> str:
        """Changes the password; give one of the three. The store keeps the old one: open it anew.

        Returns:
            what the owner has to know, in the store's language.
        """
        given = {
            "password": password,
            "password_file": None if password_file is None else os.fsdecode(password_file),
            "password_command": password_command,
        }
        body = {key: value for key, value in given.items() if value is not None}
        note: str = self._ask("respaldo_archive_key", body, progress)["key_note"]
        return note


def _identifier(snapshot: Snapshot) -> str:
    return snapshot if isinstance(snapshot, str) else snapshot.snapshot
