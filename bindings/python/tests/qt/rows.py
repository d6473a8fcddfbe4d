"""The rows of a small studio's database, and what its tables are called."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import respaldo

NAMES = {
    "clients": respaldo.TableWords(one="cliente", many="clientes"),
    "sessions": respaldo.TableWords(one="sesión", many="sesiones"),
}


def run(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=ON")
        for statement in statements:
            connection.execute(statement)


def all_of(database: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()
