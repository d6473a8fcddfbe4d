"""``--dry-run``: what a command would do is said, and nothing is changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import scene
from terminal import Terminal, answer, create, run


def unchanged(database: Path, *arguments: object, status: int = 0) -> str:
    """What the command says; the folder is as it was, but that the catalogue knows when a backup was verified."""
    before = scene.folder_contents(database.parent, catalogue=False)
    done = run(*arguments, "--dry-run", "--database", database)
    assert done.returncode == status, done.stderr
    assert scene.folder_contents(database.parent, catalogue=False) == before
    return done.stdout if status == 0 else done.stderr


def test_a_restore_says_what_would_be_lost(database: Path) -> None:
    name = create(database).name
    scene.delete_clients(database)
    said = unchanged(database, "restore", name)
    assert f"{name} está bien y se restauraría en {database}" in said
    assert said.endswith("\nRecuperaría 200 filas de clients.\n")
    found = answer("restore", name, "--dry-run", "--database", database)
    comparison = found["comparison"]
    assert isinstance(comparison, dict)
    assert comparison["tables"][0]["only_there"] == 200
    assert scene.count_clients(database) == 0


def test_a_restore_of_a_lost_database_has_nothing_to_compare(database: Path) -> None:
    name = create(database).name
    database.unlink()
    assert "No se pudo ver qué se perdería: No se encontró la base de datos" in unchanged(database, "restore", name)


def test_a_restore_that_would_fail_fails(database: Path) -> None:
    backup = create(database)
    other = scene.make_database(database.with_name("otra.db"))
    assert "--allow-different" in unchanged(other, "restore", backup.name, status=45)
    unchanged(other, "restore", backup.name, "--allow-different")
    unchanged(database, "restore", "no.db", status=21)
    scene.damage(backup)
    unchanged(database, "restore", backup.name, status=43)
    unchanged(database, "restore", backup.name, "--target", "x.db", status=100)


def test_a_restore_of_a_newer_schema_fails_before_anybody_is_asked(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA user_version = 7")
    name = create(database).name
    schema = ("--schema", '{"newest_user_version": 6}')
    assert "versión más nueva" in unchanged(database, "restore", name, *schema, status=46)
    with Terminal("restore", name, "--database", database, *schema) as terminal:
        status, said = terminal.finish()
    assert status == 46 and "¿Está seguro" not in said
    older = ("--schema", '{"newest_user_version": 8}')
    found = answer("restore", name, "--dry-run", "--database", database, *older)
    assert [warning["name"] for warning in found["warnings"]] == ["SCHEMA_OLDER"]  # type: ignore[attr-defined]


def test_an_annotation_is_told_and_not_made(database: Path) -> None:
    name = create(database).name
    before = scene.folder_contents(database.parent)
    said = unchanged(database, "annotate", name, "--label", "cierre de mes", "--pin")
    assert said.startswith(f"Nada se cambió. Quedaría anotado: {name} (") and "cierre de mes" in said
    assert scene.folder_contents(database.parent) == before
    unchanged(database, "annotate", "no.db", "--pin", status=21)


def test_what_could_be_salvaged_is_told(database: Path) -> None:
    with Terminal("salvage", "--dry-run", "--database", database) as terminal:
        status, said = terminal.finish()
    assert status == 0 and "Nada se cambió. Se podría rescatar:\n  clients: 200 registros" in said
    assert not list((database.parent / "backups").glob("*.db"))


@pytest.mark.parametrize("command", ["create", "due"])
def test_a_backup_that_would_be_made(command: str, database: Path) -> None:
    said = unchanged(database, command)
    assert f"Se crearía un respaldo de {database} (" in said
    assert str(database.parent / "backups") in said
    assert answer(command, "--dry-run", "--database", database)["would_create"] is True
    assert not (database.parent / "backups").exists()


def test_due_says_that_there_is_one_of_today(database: Path) -> None:
    name = create(database).name
    assert name in unchanged(database, "due")
    assert "Se crearía" in unchanged(database, "create")
    (database.parent / "backups" / name).write_bytes(b"SQLite format 3\0 and no more")
    assert "Se crearía" in unchanged(database, "due")


def test_without_a_database(database: Path) -> None:
    create(database)
    database.unlink()
    for command in ("create", "due"):
        assert "Error 20" in run(command, "--dry-run", "--database", database).stderr
    first = database.parent / "nueva" / "x.db"
    first.parent.mkdir()
    assert run("due", "--dry-run", "--database", first).returncode == 0
    assert run("create", "--dry-run", "--database", first).returncode == 20
