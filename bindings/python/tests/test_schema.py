"""The option ``schema``: a backup of a newer version of the application is not restored."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import respaldo
from terminal import run


@pytest.fixture
def backup(database: Path) -> respaldo.Backup:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 7")
        connection.executescript(
            "CREATE TABLE alembic_version(version_num); INSERT INTO alembic_version VALUES('9f2c')"
        )
    with respaldo.Store(database) as store:
        return store.create().backup


@pytest.mark.parametrize(
    ("schema", "warnings"),
    [
        ({"newest_user_version": 7}, []),
        ({"newest_user_version": 8}, ["SCHEMA_OLDER"]),
        ({"alembic_heads": ["9f2c"]}, []),
        ({"alembic_heads": ["b7d1"], "alembic_revisions": ["9f2c", "b7d1"]}, ["SCHEMA_OLDER"]),
    ],
)
def test_what_the_application_understands_is_restored(
    database: Path, backup: respaldo.Backup, schema: respaldo.Schema, warnings: list[str]
) -> None:
    with respaldo.Store(database, schema=schema) as store:
        assert [w.name for w in store.restore(backup).warnings] == warnings


@pytest.mark.parametrize("schema", [{"newest_user_version": 6}, {"alembic_heads": ["a"], "alembic_revisions": ["a"]}])
def test_what_it_does_not_understand_is_refused(
    database: Path, backup: respaldo.Backup, schema: respaldo.Schema
) -> None:
    with respaldo.Store(database, schema=schema) as store, pytest.raises(respaldo.SchemaTooNewError) as caught:
        store.restore(backup)
    assert (caught.value.status, caught.value.path) == (46, backup.path)
    assert list(database.parent.glob("*.before_restore_*")) == []


def test_the_command_takes_it_as_json(database: Path, backup: respaldo.Backup) -> None:
    schema = json.dumps({"newest_user_version": 6})
    done = run("restore", backup.name, "--yes", "--schema", schema, "--database", database)
    assert done.returncode == 46
    assert "versión más nueva" in done.stderr
