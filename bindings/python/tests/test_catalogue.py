"""What is known of each backup: whose it is, whether it is still what it was, what is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

import respaldo
import scene
from terminal import run


@pytest.fixture
def inventory(folder: Path) -> Path:
    """Another database beside the studio's: both use the folder ``backups`` by default."""
    path = folder / "inventario.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE needles (id INTEGER PRIMARY KEY, stock INTEGER)")
        connection.execute("INSERT INTO needles (stock) VALUES (40)")
        connection.execute("PRAGMA user_version = 7")
    return path


@pytest.fixture
def others(inventory: Path) -> Iterator[respaldo.Store]:
    with respaldo.Store(inventory, language="en") as store:
        yield store


class TestWhatIsKnown:
    def test_a_new_backup_is_known_whole_and_what_is_in_it(self, others: respaldo.Store) -> None:
        backup = others.create().backup
        assert isinstance(backup.verified_at, datetime)
        assert backup.verified_at.utcoffset() == backup.created_at.utcoffset()
        assert backup.content == respaldo.Content({"needles": 1}, user_version=7, alembic=None)
        assert (backup.database, backup.made, backup.pinned) == ("inventario.db", "manual", False)
        assert (backup.label, backup.note, backup.rehearsed_at) == (None, None, None)
        assert others.list()[0] == backup
        assert len({backup, others.list()[0]}) == 1

    def test_the_daily_backup_is_automatic(self, others: respaldo.Store) -> None:
        result = others.create_if_due()
        assert result.backup is not None and result.backup.made == "automatic"

    def test_a_file_that_was_changed_since_is_known_no_longer(self, others: respaldo.Store) -> None:
        path = others.create().backup.path
        with path.open("ab") as file:
            file.write(bytes(4096))
        (backup,) = others.list()
        assert (backup.verified_at, backup.content) == (None, None)

    def test_a_lost_catalogue_is_told_and_nothing_fails(self, others: respaldo.Store) -> None:
        path = others.create().backup.path
        path.with_name("catalog.json").write_text("{torn")
        result = others.create()
        assert result.created
        assert any(warning.name.startswith("CATALOGUE_") for warning in result.warnings)


class TestWhose:
    def test_each_database_has_its_own_backup_of_the_day(self, store: respaldo.Store, others: respaldo.Store) -> None:
        assert store.create_if_due().created
        assert others.create_if_due().created
        assert [b.database for b in store.list()] == ["tattoostudio.db"]

    def test_others_are_listed_when_asked_for(self, store: respaldo.Store, others: respaldo.Store) -> None:
        theirs = others.create().backup
        own = store.create().backup
        assert {b.path: b.kind for b in store.list(include_others=True)} == {own.path: "backup", theirs.path: "other"}

    def test_anothers_backup_is_restored_only_by_who_insists(
        self, store: respaldo.Store, others: respaldo.Store, database: Path
    ) -> None:
        theirs = others.create().backup
        before = database.read_bytes()
        with pytest.raises(respaldo.DifferentDatabaseError, match="inventario") as caught:
            store.restore(theirs)
        assert (caught.value.status, caught.value.path) == (45, theirs.path)
        assert database.read_bytes() == before
        store.restore(theirs, allow_different=True)
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("SELECT stock FROM needles").fetchall() == [(40,)]


class TestTheCommand:
    def test_list_shows_others_when_asked_for(
        self, store: respaldo.Store, others: respaldo.Store, database: Path
    ) -> None:
        theirs = others.create().backup
        assert run("list", "--database", database).stdout == ""
        (line,) = run("list", "--include-others", "--database", database).stdout.splitlines()
        assert line.split("\t")[::3] == [theirs.name, "other"]

    def test_restore_of_anothers_backup_exits_with_45(self, others: respaldo.Store, database: Path) -> None:
        path = others.create().backup.path
        done = run("restore", path, "--yes", "--database", database)
        assert (done.returncode, done.stdout) == (45, "")
        assert "otra base de datos: inventario.db" in done.stderr
        assert scene.count_clients(database) == 200
        done = run("restore", path, "--yes", "--allow-different", "--database", database)
        assert done.returncode == 0
