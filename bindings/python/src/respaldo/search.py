"""What :meth:`Store.find <respaldo.Store.find>` and :meth:`Store.history <respaldo.Store.history>` answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self, overload

from .differences import Values, values_from_json
from .models import Backup, Json, Notice
from .rows import RowKey


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A version of a row that backups have."""

    table: str
    backup: str
    """The name of the newest backup that has it, for :meth:`Store.restore` and :meth:`Store.bring_back`."""
    display: str
    """When that backup was made: ``04/03/2026 14:23``."""
    first_seen: str
    """The name of the oldest backup that has it."""
    backups: int
    """How many backups have it."""
    snapshot: str | None
    """The snapshot that is ``backup``, where only the archive has that; for :meth:`Archive.bring_back`."""
    key: Values | None = field(hash=False)
    """The columns that tell it from other rows; None in a table without such columns."""
    title: str | None
    """What people know it by."""
    values: Values = field(hash=False)

    @property
    def row(self) -> RowKey | None:
        """The row for :meth:`Store.bring_back`; None where its table has no key."""
        return None if self.key is None else RowKey(self.table, self.key)

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        key = answer["key"]
        return cls(
            table=answer["table"],
            backup=answer["backup"],
            display=answer["display"],
            first_seen=answer["first_seen"],
            backups=answer["backups"],
            snapshot=answer.get("snapshot"),
            key=None if key is None else values_from_json(key),
            title=answer["title"],
            values=values_from_json(answer["values"]),
        )


@dataclass(frozen=True, slots=True)
class FindResult(Sequence[FoundRow]):
    """The rows that were found: each version once, those in the newest backups first."""

    found: tuple[FoundRow, ...]
    complete: bool
    """Whether these are all; otherwise there are more than were asked for."""
    backups: int
    """How many backups there are."""
    warnings: tuple[Notice, ...]
    """The backups that could not be read to their end."""

    @overload
    def __getitem__(self, index: int) -> FoundRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[FoundRow, ...]: ...
    def __getitem__(self, index: int | slice) -> FoundRow | tuple[FoundRow, ...]:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            found=tuple(map(FoundRow.from_json, answer["found"])),
            complete=answer["complete"],
            backups=answer["backups"],
            warnings=tuple(map(Notice.from_json, answer["warnings"])),
        )


@dataclass(frozen=True, slots=True)
class Version:
    """What a row was in backups that follow each other."""

    values: Values = field(hash=False)
    first_seen: Backup
    """The oldest of these backups."""
    last_seen: Backup
    """The newest of these backups."""
    changed: tuple[str, ...]
    """The columns that differ from the version before; none in the oldest, and in one that came back as it was."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            values=values_from_json(answer["values"]),
            first_seen=Backup.from_json(answer["first_seen"]),
            last_seen=Backup.from_json(answer["last_seen"]),
            changed=tuple(answer["changed"]),
        )


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """What a row is now, in the live database."""

    values: Values = field(hash=False)
    changed: tuple[str, ...]
    """The columns that differ from the newest version in a backup."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(values_from_json(answer["values"]), tuple(answer["changed"]))


@dataclass(frozen=True, slots=True)
class History:
    """The versions of a row, newest first; iterating gives them."""

    title: str | None
    """What people know the row by."""
    versions: tuple[Version, ...]
    gone_since: Backup | None
    """The first backup that lacks the row after its newest version; None while the newest backup has it."""
    live: LiveVersion | None
    """The row in the live database; None if it is not there, or could not be read, which is a warning."""
    warnings: tuple[Notice, ...]
    """The files that could not be read."""

    def __iter__(self) -> Iterator[Version]:
        return iter(self.versions)

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        gone, live = answer["gone_since"], answer["live"]
        return cls(
            title=answer["title"],
            versions=tuple(map(Version.from_json, answer["versions"])),
            gone_since=None if gone is None else Backup.from_json(gone),
            live=None if live is None else LiveVersion.from_json(live),
            warnings=tuple(map(Notice.from_json, answer["warnings"])),
        )
