"""What :meth:`Store.compare <respaldo.Store.compare>` answers: rows, and how two databases differ in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypedDict

from .models import Json


class _TableWords(TypedDict):
    one: str
    """One row: ``cliente``."""
    many: str
    """Several: ``clientes``."""


class TableWords(_TableWords, total=False):
    """What people call the rows of a table."""

    title: str | None
    """The column that people know a row by; by default the first column for text that has one."""


@dataclass(frozen=True, slots=True)
class LongValue:
    """A text or BLOB of more than 65536 bytes, of which only the length is told."""

    type: Literal["text", "blob"]
    bytes: int


Value = int | float | str | bytes | LongValue | None
"""A value of a row. Bytes of a text that are not UTF-8 are lone surrogates in the str, as with ``surrogateescape``."""

Values = Mapping[str, Value]
"""Columns with their values, in the order of the table."""


def value_from_json(value: Any) -> Value:
    """A value as the library writes it."""
    if not isinstance(value, Mapping):
        plain: int | float | str | None = value
        return plain
    if "bytes" in value:
        return LongValue("blob" if "blob" in value else "text", value["bytes"])
    if "blob" in value:
        return bytes.fromhex(value["blob"])
    if "text" in value:
        return bytes.fromhex(value["text"]).decode("utf-8", "surrogateescape")
    return float(value["real"])


def value_to_json(value: Value) -> object:
    """A value of a key, as the library takes it."""
    if isinstance(value, bytes):
        return {"blob": value.hex()}
    if isinstance(value, str) and not value.isprintable():
        return {"text": value.encode("utf-8", "surrogateescape").hex()}
    return value


def values_from_json(values: Json) -> dict[str, Value]:
    """Columns with their values."""
    return {column: value_from_json(value) for column, value in values.items()}


@dataclass(frozen=True, slots=True)
class DifferentRow:
    """A row that is not alike on both sides."""

    key: Values | None = field(hash=False)
    """The columns that tell it from other rows; None in a table without such columns."""
    what: Literal["only_here", "only_there", "changed"]
    """A restore would lose what is only here, and bring back what is only there."""
    title: str | None
    """What people know it by."""
    values: Values = field(hash=False)
    """Its values; of a changed row those of the live database, or the other backup."""
    there: Values | None = field(default=None, hash=False)
    """The values of a changed row in the backup."""
    columns: tuple[str, ...] = ()
    """The columns of a changed row whose values differ."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        key, there = answer["key"], answer.get("there")
        return cls(
            key=None if key is None else values_from_json(key),
            what=answer["what"],
            title=answer["title"],
            values=values_from_json(answer["values"]),
            there=None if there is None else values_from_json(there),
            columns=tuple(answer.get("columns", ())),
        )


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What differs in a table."""

    table: str
    only_here: int
    """Rows that only the live database has, or the other backup: a restore would lose them."""
    only_there: int
    """Rows that only the backup has: a restore would bring them back."""
    changed: int
    same: int
    rows: tuple[DifferentRow, ...]
    """Some of the rows that differ, at most as many as were asked for; those that a restore would lose come first."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            table=answer["table"],
            only_here=answer["only_here"],
            only_there=answer["only_there"],
            changed=answer["changed"],
            same=answer["same"],
            rows=tuple(map(DifferentRow.from_json, answer["rows"])),
        )


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """Something of the schema that is not alike on both sides."""

    kind: str
    """``"table"``, ``"column"``, ``"index"``, ``"trigger"`` or ``"view"``."""
    table: str | None
    """The table that it belongs to; None of tables and views."""
    name: str
    what: Literal["only_here", "only_there", "differs"]

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(answer["kind"], answer["table"], answer["name"], answer["what"])


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a backup ("there") and the live database or another backup ("here") differ."""

    identical: bool
    summary: str
    """One sentence for the owner, in the store's language."""
    tables: tuple[TableDifference, ...]
    """Every table; those that a restore would lose most of come first."""
    schema: tuple[SchemaDifference, ...]

    def rows(self) -> Iterator[tuple[str, DifferentRow]]:
        """The rows of all tables that are told, each with its table's name."""
        return ((table.table, row) for table in self.tables for row in table.rows)

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            identical=answer["identical"],
            summary=answer["summary"],
            tables=tuple(map(TableDifference.from_json, answer["tables"])),
            schema=tuple(map(SchemaDifference.from_json, answer["schema"])),
        )
