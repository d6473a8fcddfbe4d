"""What :meth:`Store.bring_back <respaldo.Store.bring_back>` is asked and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from .models import Json, Notice


@dataclass(frozen=True, slots=True)
class RowKey:
    """One row of a table."""

    table: str
    key: Mapping[str, Any]
    """The columns of the primary key with their values, or ``rowid`` where the table has none; bytes for a BLOB."""

    def to_json(self) -> Json:
        """The row as the library takes it."""
        return {"table": self.table, "key": {column: _to_json(value) for column, value in self.key.items()}}


@dataclass(frozen=True, slots=True)
class RowConflict:
    """A row of a backup that clashes with the live database, with both versions."""

    table: str
    key: Mapping[str, Any]
    what: Literal["different", "unique", "constraint", "foreign_key"]
    """Why: the key is there with other contents, another row has what may be there only once, the schema does not take
    the row, or a row that is referred to would be missing."""
    detail: str | None
    backup: Mapping[str, Any]
    live: Mapping[str, Any] | None

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        live = answer["live"]
        return cls(
            table=answer["table"],
            key=_row(answer["key"]),
            what=answer["what"],
            detail=answer["detail"],
            backup=_row(answer["backup"]),
            live=None if live is None else _row(live),
        )


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What happens in one table."""

    table: str
    insert: int
    """Rows that are added."""
    update: int
    """Rows that are written over."""
    same: int
    """Rows that are there as they were."""
    conflicts: tuple[RowConflict, ...]

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        conflicts = tuple(map(RowConflict.from_json, answer["conflicts"]))
        return cls(answer["table"], answer["insert"], answer["update"], answer["same"], conflicts)


@dataclass(frozen=True, slots=True)
class BringBackResult:
    """What :meth:`Store.bring_back` did, or would do."""

    applied: bool
    """Whether the database was changed."""
    plan: tuple[TablePlan, ...]
    safety_backup: Path | None
    """The database as it was; None if it was not changed."""
    warnings: tuple[Notice, ...]
    duration_ms: int
    """Milliseconds."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        safety = answer["safety_backup"]
        return cls(
            applied=answer["applied"],
            plan=tuple(map(TablePlan.from_json, answer["plan"])),
            safety_backup=None if safety is None else Path(safety),
            warnings=tuple(map(Notice.from_json, answer["warnings"])),
            duration_ms=answer["duration_ms"],
        )


def _to_json(value: Any) -> Any:
    return {"blob": value.hex()} if isinstance(value, bytes | bytearray | memoryview) else value


def _from_json(value: Any) -> Any:
    return bytes.fromhex(value["blob"]) if isinstance(value, dict) else value


def _row(answer: Json) -> dict[str, Any]:
    return {column: _from_json(value) for column, value in answer.items()}
