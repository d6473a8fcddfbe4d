"""What :meth:`Store.salvage <respaldo.Store.salvage>` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from .models import Backup, Json, Notice


@dataclass(frozen=True, slots=True)
class MissingSince:
    """Rows that a backup has and the salvaged file lacks, by their number."""

    backup: str
    """The name of the backup."""
    rows: int


@dataclass(frozen=True, slots=True)
class SalvagedTable:
    """What was saved of a table."""

    table: str
    rows: int
    cut: int
    """Rows with a value whose end cannot be read: it is NULL, its beginning is in the table ``lost_and_found_cut``."""
    missing_since: MissingSince | None
    """Rows of the newest whole backup that are not here, by key; None where there are none, or no such backup."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        missing = answer["missing_since"]
        since = None if missing is None else MissingSince(missing["backup"], missing["rows"])
        return cls(answer["table"], answer["rows"], answer["cut"], since)


@dataclass(frozen=True, slots=True)
class SalvageResult:
    """What was saved of a damaged database or backup."""

    recovered: Backup | None
    """The new file; None for a dry run."""
    method: Literal["reindex", "rows"]
    """``"reindex"`` where all rows are there, ``"rows"`` where a new file was made of those that can be read."""
    tables: tuple[SalvagedTable, ...]
    lost_and_found: int
    """Rows of which nobody knows the table, in the table ``lost_and_found``."""
    deleted: int
    """Deleted rows, if they were asked for, in the table ``lost_and_found_deleted``."""
    warnings: tuple[Notice, ...]
    duration_ms: int
    """Milliseconds."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        recovered = answer["recovered"]
        return cls(
            recovered=None if recovered is None else Backup.from_json(recovered),
            method=answer["method"],
            tables=tuple(map(SalvagedTable.from_json, answer["tables"])),
            lost_and_found=answer["lost_and_found"],
            deleted=answer["deleted"],
            warnings=tuple(map(Notice.from_json, answer["warnings"])),
            duration_ms=answer["duration_ms"],
        )
