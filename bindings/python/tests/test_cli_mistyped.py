"""The command ``respaldo`` where the database is not there: a path that is mistyped, or a very first start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from terminal import answer, create, run


@pytest.mark.parametrize("command", ["last", "list", "prune"])
class TestNothingIsThere:
    def test_not_even_the_folder(self, command: str, folder: Path) -> None:
        mistyped = folder / "no" / "such.db"
        done = run(command, "--database", mistyped)
        assert (done.returncode, done.stdout) == (20, "")
        assert str(mistyped) in done.stderr and str(folder / "no" / "backups") in done.stderr
        error = answer(command, "--database", mistyped, status=20)["error"]
        assert isinstance(error, dict)
        assert (error["name"], error["path"]) == ("DATABASE_NOT_FOUND", str(mistyped))

    def test_an_empty_backup_folder_is_nothing(self, command: str, folder: Path) -> None:
        (folder / "backups").mkdir()
        assert run(command, "--database", folder / "such.db").returncode == 20

    def test_the_backups_beside_it_are_of_another_database(self, command: str, database: Path) -> None:
        create(database)
        mistyped = database.with_name("tatoostudio.db")
        done = run(command, "--database", mistyped)
        assert (done.returncode, done.stdout) == (20, "")
        assert f"¿Será {database}?" in done.stderr
        assert f"Is it {database}?" in run(command, "--language", "en", "--database", mistyped).stderr

    def test_a_lost_database_with_backups_is_answered(self, command: str, database: Path) -> None:
        create(database)
        database.unlink()
        assert run(command, "--database", database).returncode == 0

    def test_a_database_without_backups_is_answered(self, command: str, database: Path) -> None:
        assert run(command, "--database", database).returncode == 0
        database.write_bytes(b"")
        assert run(command, "--database", database).returncode == 0


@pytest.mark.parametrize("command", ["due", "health"])
class TestAVeryFirstStart:
    def test_it_succeeds_without_a_warning(self, command: str, folder: Path) -> None:
        done = run(command, "--database", folder / "tattoostudio.db")
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_mistyped_path_is_warned_of(self, command: str, database: Path) -> None:
        done = run(command, "--database", database.with_name("tatoostudio.db"))
        assert done.returncode == 0
        assert done.stderr.startswith("Advertencia: No se encontró la base de datos ")
        assert f"¿Será {database}?" in done.stderr
        assert "Advertencia" in run(command, "--database", database.parent / "no" / "such.db").stderr

    def test_it_is_a_warning_in_json(self, command: str, database: Path) -> None:
        mistyped = answer(command, "--database", database.with_name("tatoostudio.db"))
        warnings = mistyped["warnings"]
        assert isinstance(warnings, list)
        assert [warning["name"] for warning in warnings] == ["DATABASE_NOT_THERE"]


def test_due_names_the_path_that_it_found_nothing_at(folder: Path) -> None:
    done = run("due", "--database", folder / "tattoostudio.db")
    assert f"Todavía no hay base de datos en {folder / 'tattoostudio.db'}" in done.stdout


def test_another_database_beside_it_makes_no_difference_once_it_is_there(database: Path) -> None:
    shutil.copy(database, database.with_name("tatoostudio.db"))
    for command in ("due", "health", "last"):
        assert run(command, "--database", database.with_name("tatoostudio.db")).stderr == ""
