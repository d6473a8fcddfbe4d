"""A backup compared with the live database, through Store and through the command."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import respaldo
from terminal import Terminal, run

NAMES: dict[str, respaldo.TableWords] = {"clients": {"one": "client", "many": "clients", "title": "name"}}


@pytest.fixture
def english(database: Path) -> Iterator[respaldo.Store]:
    with respaldo.Store(database, language="en", names=NAMES) as store:
        yield store


def execute(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(sql)


class TestCompare:
    def test_what_a_restore_would_lose(self, english: respaldo.Store, database: Path) -> None:
        backup = english.create().backup
        assert english.compare(backup).identical
        execute(database, "INSERT INTO clients(id, name) VALUES(9007199254740993, 'Ana López')")
        execute(database, "UPDATE clients SET name = x'00ff' WHERE id = 2")
        found = english.compare(backup)
        assert found.summary == "It would lose 1 client; change 1 client."
        (_, lost), (table, changed) = found.rows()
        assert (lost.what, lost.title, lost.key) == ("only_here", "Ana López", {"id": 9007199254740993})
        assert changed.there is not None
        assert changed.there["name"] != changed.values["name"]
        assert (table, changed.columns, changed.values["name"]) == ("clients", ("name",), b"\x00\xff")

    def test_another_backup_and_how_many_rows(self, english: respaldo.Store, database: Path) -> None:
        first = english.create().backup
        execute(database, "DELETE FROM clients")
        second = english.create().backup
        found = english.compare(first, other=second, rows=1)
        assert found.tables[0].only_there > 1
        assert len(list(found.rows())) == 1

    def test_it_can_be_cancelled(self, english: respaldo.Store) -> None:
        backup = english.create().backup
        with pytest.raises(respaldo.CancelledError):
            english.compare(backup, progress=lambda _done, _total: False)


class TestCommand:
    def test_a_pipe_gets_lines_and_json(self, english: respaldo.Store, database: Path) -> None:
        name = english.create().backup.name
        execute(database, "INSERT INTO clients(name) VALUES('Ana')")
        said = run("compare", name, "--database", database, "--language", "en")
        assert said.stdout.splitlines()[0].split("\t")[:4] == ["clients", "1", "0", "0"]
        answer = json.loads(run("compare", name, "--database", database, "--json").stdout)
        assert answer["summary"] == "Perdería 1 fila de clients."

    def test_it_is_the_newest_backup_unless_one_is_named(self, english: respaldo.Store, database: Path) -> None:
        assert run("compare", "--database", database).returncode == 21
        english.create()
        execute(database, "INSERT INTO clients(name) VALUES('Ana')")
        newest = english.create().backup
        answer = json.loads(run("compare", "--database", database, "--json").stdout)
        assert (answer["backup"], answer["identical"]) == (newest.name, True)
        (newest.path.parent / "recovered_29990304_142305.db").write_bytes(newest.path.read_bytes())
        answer = json.loads(run("compare", "--database", database, "--json").stdout)
        assert answer["backup"] == newest.name

    def test_a_terminal_gets_a_sentence_and_tables(self, english: respaldo.Store, database: Path) -> None:
        name = english.create().backup.name
        execute(database, "INSERT INTO clients(name) VALUES('Ana')")
        names = json.dumps({"clients": {"one": "cliente", "many": "clientes"}})
        with Terminal("compare", name, "--database", database, "--names", names) as there:
            status, said = there.finish()
        assert status == 0
        assert "Perdería 1 cliente." in said
        assert "no está en el respaldo" in said and "Ana" in said
