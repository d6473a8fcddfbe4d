"""What a backup holds, in the application's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..differences import TableWords
from ..models import Content
from .dates import number
from .texts import Texts


def counted(table: str, count: int, names: Mapping[str, TableWords], texts: Texts) -> str:
    """``1,200 clientes``, or ``1,200 filas de clients`` where the application has no name for them."""
    words = names.get(table)
    if words is None:
        return texts.rows.of(count).format(count=number(count, texts), table=table)
    return f"{number(count, texts)} {words['one'] if count == 1 else words['many']}"


def table_name(table: str, names: Mapping[str, TableWords]) -> str:
    """``cliente``, or the table's name."""
    words = names.get(table)
    return words["one"] if words else table


def main_rows(content: Content | None, names: Mapping[str, TableWords], texts: Texts) -> str:
    """The rows of the application's first table: the first that it names, else the one with the most."""
    tables = tables_of(content, names)
    return counted(*tables[0], names, texts) if tables else ""


def every_row(content: Content | None, names: Mapping[str, TableWords], texts: Texts) -> list[str]:
    """The rows of all tables that have some; those that the application names come first."""
    return [counted(table, count, names, texts) for table, count in tables_of(content, names) if count]


def tables_of(content: Content | None, names: Mapping[str, TableWords]) -> list[tuple[str, int]]:
    """The tables with their rows: the named ones in the order of the names, then the largest first."""
    tables = dict(content.tables or {}) if content else {}
    named = [table for table in names if table in tables]
    others = sorted((table for table in tables if table not in names), key=lambda table: -tables[table])
    return [(table, tables[table]) for table in [*named, *others]]


def listed(parts: Iterable[str], texts: Texts) -> str:
    """``a, b y c``."""
    several = list(parts)
    if len(several) < 2:
        return "".join(several)
    return f"{', '.join(several[:-1])} {texts.and_} {several[-1]}"
