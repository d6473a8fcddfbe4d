"""What the operations answer: frozen dataclasses, made from the library's JSON.

Keys that this package does not know, from a newer library, are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypedDict, overload

Json = Mapping[str, Any]


class Retention(TypedDict, total=False):
    """Which backups stay: those that any of these numbers wants. A period counts only if it has a backup."""

    last: int
    """The newest so many; by default ``max_backups``."""
    days: int
    """The last of each of so many days."""
    weeks: int
    """The last of each of so many weeks, from Monday on."""
    months: int
    """The last of each of so many months."""
    years: int
    """The last of each of so many years."""
    bytes: int | None
    """Bytes that all of them may take together; then the oldest go, whatever wants them."""


class Schema(TypedDict, total=False):
    """The schemas that the application understands.

    A backup of a newer one is not restored; one of an older one is, with a warning.
    """

    newest_user_version: int
    """The highest ``PRAGMA user_version``."""
    alembic_heads: Sequence[str]
    """The revisions that Alembic's migrations lead to: ``ScriptDirectory.from_config(config).get_heads()``."""
    alembic_revisions: Sequence[str]
    """Every revision that the migrations know: ``[s.revision for s in scripts.walk_revisions()]``.

    Without them, a revision that is no head counts as older.
    """


@dataclass(frozen=True, slots=True)
class Content:
    """What a backup holds."""

    tables: Mapping[str, int] | None = field(hash=False)
    """The rows of each table."""
    user_version: int | None
    """SQLite's ``PRAGMA user_version``."""
    alembic: str | None
    """Alembic's revision; several are separated by a comma and a space."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(answer.get("tables"), answer.get("user_version"), answer.get("alembic"))


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup in the folder. It is an ``os.PathLike``, so it can be given to ``open`` or ``shutil.copy``."""

    name: str
    """The file's name, such as ``backup_20260304_142305.db``."""
    display: str
    """The time for people to read, day first: ``04/03/2026 14:23``."""
    size: int
    """Bytes."""
    path: Path
    """Absolute."""
    created_at: datetime
    """Aware, in the store's time zone: the time in the name, or for a renamed file its modification time."""
    kind: str
    """``"backup"``, ``"preserved"`` (renamed by hand), ``"safety"`` (made before a restore), ``"recovered"`` (saved out
    of a damaged database), ``"other"`` (of another database) or ``"snapshot"`` (in the archive)."""
    intact: bool | None
    """Whether the file has a database's header and at least the size that it states; False also once verification has
    found it damaged. ``verified_at`` says whether all of it was read.

    None of a file that is not on this computer (OneDrive's "online-only" on Windows): opening it would download it.
    """
    label: str | None = None
    """A name for people. This, and what follows, comes from the catalogue, and is None where that knows nothing."""
    note: str | None = None
    """What a person wrote about it."""
    pinned: bool | None = None
    """Whether it is never deleted."""
    made: str | None = None
    """What made it: ``"automatic"``, ``"manual"`` or ``"before_upgrade"``."""
    verified_at: datetime | None = None
    """When all of it was last read and found whole; aware. None if it was changed since."""
    rehearsed_at: datetime | None = None
    """When it was last restored elsewhere to try it; aware. None if it was changed since."""
    database: str | None = None
    """The file name of the database that it was made of."""
    content: Content | None = None
    """What is in it. None if it was changed since."""
    repairable: bool | None = None
    """Of one that the last verification found damaged: whether no row is lost, and :meth:`Store.salvage` heals it."""
    snapshot: str | None = None
    """Of one that only the archive has: its snapshot. There is no file at ``path`` then; :meth:`Store.compare` and
    :meth:`Store.bring_back` take it all the same."""

    def __fspath__(self) -> str:
        return str(self.path)

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        content = answer.get("content")
        return cls(
            name=answer["name"],
            display=answer["display"],
            size=answer["size"],
            path=Path(answer["path"]),
            created_at=datetime.fromisoformat(answer["created_at"]),
            kind=answer["kind"],
            intact=answer["intact"],
            label=answer.get("label"),
            note=answer.get("note"),
            pinned=answer.get("pinned"),
            made=answer.get("made"),
            verified_at=_moment(answer.get("verified_at")),
            rehearsed_at=_moment(answer.get("rehearsed_at")),
            database=answer.get("database"),
            content=None if content is None else Content.from_json(content),
            repairable=answer.get("repairable"),
            snapshot=answer.get("snapshot"),
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """The work succeeded, and something is worth knowing: settings not writable, rows that break a constraint."""

    name: str
    """Such as ``"SETTINGS_NOT_UPDATED"``."""
    message: str
    """What did not work, in the store's language."""
    hint: str
    """What to do about it, in the store's language."""
    columns: tuple[str, ...] = ()
    """Of ``"ROWS_BREAK_CONSTRAINTS"``: the columns, such as ``"clients.name"``."""
    tables: tuple[str, ...] = ()
    """Of ``"SEARCH_INDEX_DIFFERS"`` and ``"CHECKED_WITHOUT_INDEXES"``: the tables."""

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            name=answer["name"],
            message=answer["message"],
            hint=answer.get("hint") or "",
            columns=tuple(answer.get("columns", ())),
            tables=tuple(answer.get("tables", ())),
        )


@dataclass(frozen=True, slots=True)
class DueResult:
    """What :meth:`Store.create_if_due` did."""

    created: bool
    """False if there already is a backup of today, nothing has changed, or there is nothing to back up yet; ``reason``
    says which."""
    backup: Backup | None
    """The new backup, or today's; None if there is no database yet."""
    removed: tuple[str, ...]
    """The names of the old backups that were deleted to keep to ``max_backups``."""
    warnings: tuple[Notice, ...]
    duration_ms: int | None
    """Milliseconds; None if nothing was created."""
    reason: str | None
    """Why nothing was created: ``"already_backed_up_today"``, ``"unchanged"`` if that was asked for, or
    ``"no_database_yet"`` at an application's very first start; else None."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        backup = answer["backup"]
        return cls(
            created=answer["created"],
            backup=None if backup is None else Backup.from_json(backup),
            removed=tuple(answer["removed"]),
            warnings=_notices(answer),
            duration_ms=answer.get("duration_ms"),
            reason=answer.get("reason"),
        )


@dataclass(frozen=True, slots=True)
class CreateResult(DueResult):
    """What :meth:`Store.create` did."""

    backup: Backup
    """The new backup, or the newest if nothing has changed since."""


@dataclass(frozen=True, slots=True)
class Listing(Sequence[Backup]):
    """The backups, newest first. It is a sequence of :class:`Backup`."""

    backups: tuple[Backup, ...]
    warnings: tuple[Notice, ...]

    def __len__(self) -> int:
        return len(self.backups)

    @overload
    def __getitem__(self, index: int) -> Backup: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Backup]: ...
    def __getitem__(self, index: int | slice) -> Backup | Sequence[Backup]:
        return self.backups[index]

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(tuple(map(Backup.from_json, answer["backups"])), _notices(answer))


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When the last backup was made."""

    last_backup_at: datetime | None
    """Aware; None if there has been none."""
    display: str
    """For people to read: ``04/03/2026 09:30``, or ``—`` if there has been none."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(_moment(answer["last_backup_at"]), answer["display"])


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What :meth:`Store.restore` did."""

    restored_from: Path
    """The backup, absolute."""
    database: Path
    """The file written: the live database, or the ``target``; absolute."""
    safety_backup: Path | None
    """The contents from before; None if there was no database, with a ``target``, and in a dry run."""
    warnings: tuple[Notice, ...]
    duration_ms: int
    """Milliseconds."""
    dry_run: bool = False
    """Whether this was a check only, and nothing was restored."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        safety_backup = answer["safety_backup"]
        return cls(
            restored_from=Path(answer["restored_from"]),
            database=Path(answer["database"]),
            safety_backup=None if safety_backup is None else Path(safety_backup),
            warnings=_notices(answer),
            duration_ms=answer["duration_ms"],
            dry_run=answer.get("dry_run", False),
        )


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """A backup that passed verification; one that does not is a :class:`BackupCorruptError`."""

    ok: bool
    path: Path
    """Absolute."""
    pages: int
    page_size: int
    """Bytes."""
    problems: tuple[str, ...]
    """Empty."""
    warnings: tuple[Notice, ...] = ()

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            ok=answer["ok"],
            path=Path(answer["path"]),
            pages=answer["pages"],
            page_size=answer["page_size"],
            problems=tuple(answer["problems"]),
            warnings=_notices(answer),
        )


@dataclass(frozen=True, slots=True)
class PruneDecision:
    """What happens to one file in the backup folder, and why."""

    name: str
    reason: str
    """A word for programs, such as ``"last_of_week"``."""
    text: str
    """A sentence for people, in the store's language: ``se conserva: último de la semana 37``."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(answer["name"], answer["reason"], answer["text"])


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What :meth:`Store.prune` kept and deleted; with ``dry_run``, what it would have."""

    kept: tuple[PruneDecision, ...]
    removed: tuple[PruneDecision, ...]
    dry_run: bool
    warnings: tuple[Notice, ...]

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            kept=tuple(map(PruneDecision.from_json, answer["kept"])),
            removed=tuple(map(PruneDecision.from_json, answer["removed"])),
            dry_run=answer["dry_run"],
            warnings=_notices(answer),
        )


def _moment(rfc3339: str | None) -> datetime | None:
    return None if rfc3339 is None else datetime.fromisoformat(rfc3339)


def _notices(answer: Json) -> tuple[Notice, ...]:
    return tuple(map(Notice.from_json, answer.get("warnings", ())))
