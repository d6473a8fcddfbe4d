"""Rows found in all backups, and the history of one, through Store and through the command."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import respaldo
from terminal import Terminal, run


@pytest.fixture
def names(store: respaldo.Store, database: Path) -> list[str]:
    """Three backups, oldest first: with a client 7000, with her phone changed, and without her."""
    changes = (
        "INSERT INTO clients(id, name) VALUES(7000, 'Ana López')",
        "UPDATE clients SET name = 'Ana López Muñoz' WHERE id = 7000",
        "DELETE FROM clients WHERE id = 7000",
    )
    made = []
    for change in changes:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(change)
        made.append(store.create().backup.name)
    return made


class TestFind:
    def test_each_version_once_the_newest_first(self, store: respaldo.Store, names: list[str]) -> None:
        found = store.find("LOPEZ ana")
        assert [row.backup for row in found] == [names[1], names[0]]
        assert (len(found), found.complete, found.backups, found.warnings) == (2, True, 3, ())
        newest = found[0]
        assert (newest.table, newest.title, newest.first_seen) == ("clients", "Ana López Muñoz", names[1])
        assert (newest.key, newest.values["name"]) == ({"id": 7000}, "Ana López Muñoz")
        assert found[1:] == (found[1],)

    def test_what_is_found_can_be_brought_back(self, store: respaldo.Store, names: list[str]) -> None:
        found = store.find(table="clients", key={"id": 7000}, rows=1)[0]
        assert found.row is not None
        assert store.bring_back(found.backup, [found.row]).applied
        live = store.history("clients", {"id": 7000}).live
        assert live is not None
        assert (live.values["name"], live.changed) == ("Ana López Muñoz", ())

    def test_it_reports_progress_and_mistakes(self, store: respaldo.Store, names: list[str]) -> None:
        seen: list[tuple[int, int]] = []
        store.find("ana", progress=lambda done, total: seen.append((done, total)))
        assert seen
        assert all(done <= total for done, total in seen)
        with pytest.raises(respaldo.CancelledError):
            store.find("ana", progress=lambda _done, _total: False)
        with pytest.raises(respaldo.InvalidArgumentError, match=r"client_.*clients"):
            store.find("ana", table="client_")
        with pytest.raises(respaldo.InvalidArgumentError, match="text"):
            store.find(" ")


class TestHistory:
    def test_versions_and_when_it_went(self, store: respaldo.Store, names: list[str]) -> None:
        history = store.history("clients", {"id": 7000})
        told = [(v.first_seen.name, v.last_seen.name, v.changed) for v in history]
        assert told == [(names[1], names[1], ("name",)), (names[0], names[0], ())]
        assert history.gone_since is not None
        assert (history.gone_since.name, history.live, history.title) == (names[2], None, "Ana López Muñoz")
        assert store.history("clients", 7000) == history
        assert len(store.find(table="clients", key="7000")) == 2

    def test_a_file_that_cannot_be_read_is_a_warning(
        self, store: respaldo.Store, names: list[str], database: Path
    ) -> None:
        (database.parent / "backups" / names[1]).write_bytes(b"no database")
        history = store.history("clients", {"id": 7000})
        assert len(history.versions) == 1
        assert [notice.name for notice in history.warnings] == ["BACKUP_NOT_SEARCHED"]


class TestCommand:
    def test_a_pipe_gets_lines_and_json(self, names: list[str], database: Path) -> None:
        said = run("find", "ana lopez", "--database", database)
        assert [line.split("\t")[:4] for line in said.stdout.splitlines()] == [
            [names[1], "clients", "id=7000", "1"],
            [names[0], "clients", "id=7000", "1"],
        ]
        answer = json.loads(
            run("find", "--table", "clients", "--key", "id=7000", "--database", database, "--json").stdout
        )
        assert len(answer["found"]) == 2
        said = run("history", "clients", "id=7000", "--database", database)
        assert said.stdout.splitlines()[0].split("\t")[:3] == [names[1], names[1], "name"]
        assert run("history", "clients", "name=Ana", "--database", database).returncode == 1

    @pytest.mark.parametrize(
        "words",
        [
            ["clients", "ana lopez"],
            ["CLIENTS", "lopez", "ana"],
            ["ana", "lopez"],
            ["clientas", "ana lopez"],
            ["client", "ana lopez"],
            ["clients", "id=7000"],
            ["clients", "--database", "here", "ana", "lopez"],
            ["ana", "--table", "clients", "lopez"],
        ],
    )
    def test_a_table_may_be_the_first_word(self, names: list[str], database: Path, words: list[str]) -> None:
        called = json.dumps({"clients": {"one": "clienta", "many": "clientas"}})
        said = run("find", *words, "--database", database, "--names", called)
        assert (said.returncode, said.stderr) == (0, "")
        told = [line.split("\t")[:2] for line in said.stdout.splitlines()]
        assert told == [[names[1], "clients"], [names[0], "clients"]]

    @pytest.mark.parametrize(
        "words", [["clients", "7000"], ["client", "id=7000"], ["clienta", "7000"], ["clients", "--json", "7000"]]
    )
    def test_a_row_as_people_write_it(self, names: list[str], database: Path, words: list[str]) -> None:
        called = json.dumps({"clients": {"one": "clienta", "many": "clientas"}})
        said = run("history", *words, "--database", database, "--names", called)
        assert (said.returncode, said.stderr) == (0, "")
        if "--json" in words:
            assert len(json.loads(said.stdout)["versions"]) == 2
        else:
            assert [line.split("\t")[0] for line in said.stdout.splitlines()] == [names[1], names[0]]

    def test_what_is_not_understood_says_what_there_is(self, names: list[str], database: Path) -> None:
        done = run("history", "visits", "7", "--database", database)
        assert done.returncode == 1
        assert "clients" in done.stderr
        for words in (["find"], ["history"], ["history", "clients"], ["history", "clients", "7", "8"]):
            done = run(*words, "--database", database)
            assert (done.returncode, done.stdout) == (100, "")
            assert f"respaldo {words[0]} --help" in done.stderr
        done = run("find", "clients", "--nothing", "--database", database)
        assert (done.returncode, done.stdout) == (100, "")
        assert "--nothing" in done.stderr

    def test_a_terminal_gets_tables_and_the_next_step(self, names: list[str], database: Path) -> None:
        with Terminal("find", "ana lopez", "--database", database) as there:
            status, said = there.finish()
        assert status == 0
        assert f"respaldo bring-back {names[1]} clients id=7000" in said.replace("\r\n", " ").replace("\n", "")
        with Terminal("history", "clients", "id=7000", "--database", database) as there:
            status, said = there.finish()
        assert status == 0
        assert "Ya no está en la base de datos." in said
        assert "name: Ana López" in said

    def test_nothing_found_is_no_error_but_a_mistyped_database_is(self, names: list[str], database: Path) -> None:
        done = run("find", "xyzzy", "--database", database)
        assert (done.returncode, done.stdout) == (0, "")
        assert run("find", "xyzzy", "--database", database.parent / "no" / "such.db").returncode == 20
