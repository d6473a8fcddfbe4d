"""The exit status of the command ``respaldo``, and what it says of a failure, in two languages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import respaldo
import scene
import terminal
from terminal import answer, create, run


class TestExitStatus:
    def test_the_exit_status_is_the_librarys_status(self, database: Path, folder: Path) -> None:
        name = create(database).name
        scene.damage(folder / "backups" / name)
        (folder / "notas.txt").write_text("no es una base de datos" * 50)
        for status, arguments in {
            1: ("list", "--max-backups", 0),
            3: ("list", "--timezone", "Marte/Olympus"),
            20: ("create", "--database", folder / "no.db"),
            21: ("verify", "no.db"),
            42: ("create", "--database", folder / "notas.txt"),
            43: ("verify", name),
            44: ("restore", database, "--yes"),
        }.items():
            done = run("--database", database, *arguments)
            assert (done.returncode, done.stdout) == (status, ""), done.stderr
            assert done.stderr.startswith(f"Error {status}: ")
            assert len(done.stderr.splitlines()) >= 2  # what to do about it

    def test_a_locked_database_exits_with_40(self, database: Path) -> None:
        with scene.held_by_another_process(database):
            done = run("create", "--busy-timeout", 0.2, "--database", database)
        assert done.returncode == 40
        assert "Cierre la aplicación" in done.stderr

    def test_all_that_is_wrong_with_a_backup_is_said(self, database: Path, folder: Path) -> None:
        path = create(database)
        scene.damage(path)
        with respaldo.Store(database) as store, pytest.raises(respaldo.BackupCorruptError) as caught:
            store.verify(path)
        stderr = run("verify", path, "--database", database).stderr
        assert caught.value.problems
        assert all(stderr.count(f"  · {problem}\n") == 1 for problem in caught.value.problems[:10])

    @pytest.mark.parametrize(
        ("language", "lost", "remedy"),
        [
            ("es", "No se perdió ningún registro.", "No hace falta restaurar nada."),
            ("en", "No row is lost.", "Nothing needs to be restored."),
        ],
    )
    def test_of_an_index_alone_the_remedy_is_said(self, database: Path, language: str, lost: str, remedy: str) -> None:
        scene.spoil_index(database)
        done = run("create", "--language", language, "--database", database)
        message, hint, *problems, more = done.stderr.splitlines()
        assert done.returncode == 41
        assert message.startswith("Error 41: ") and message.endswith(lost)
        assert hint.startswith(remedy) and "REINDEX" in hint
        assert len(problems) == 10 and all("clients_name" in problem for problem in problems)
        assert "--json" in more
        error = answer("create", "--database", database, status=41)["error"]
        assert isinstance(error, dict) and error["repairable"] is True

    def test_what_is_no_damage_is_a_warning_beside_the_backup(self, database: Path) -> None:
        scene.break_constraint(database)
        done = run("create", "--language", "en", "--database", database)
        assert done.returncode == 0
        assert done.stdout.startswith("Backup made: ")
        assert done.stderr.startswith("Warning: ") and "clients.phone" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "spanish", "english"),
        [
            (["list"], "Falta decir cuál es la base de datos.", "Which database is not said."),
            (["--json=x"], "no lleva valor", "ignored explicit argument"),
            (["bailar"], "no existe 'bailar'", "invalid choice: 'bailar'"),
            (["restore"], "falta: RESPALDO", "required: BACKUP"),
            (["list", "--database"], "--database: falta su valor", "expected one argument"),
            (["list", "--nada"], "no se entiende: --nada", "unrecognized arguments: --nada"),
            (["list", "--max-backups", "x"], "debe ser un número: 'x'", "not a number: 'x'"),
            (["list", "--busy-timeout", "inf"], "debe ser un número: 'inf'", "not a number: 'inf'"),
            (["list", "--verify", "x"], "elija entre 'full', 'quick'", "choose from 'full', 'quick'"),
            (["--database", "x.db"], "Falta la orden.", "No command was given."),
            (["list", "--data", "x.db"], "no se entiende: --data x.db", "unrecognized arguments: --data x.db"),
        ],
    )
    def test_a_usage_error_exits_with_100(self, arguments: list[str], spanish: str, english: str) -> None:
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (100, "")
        assert spanish in done.stderr
        done = run("--language", "en", *arguments)
        assert (done.returncode, done.stdout) == (100, "")
        assert english in done.stderr

    def test_an_unknown_language_is_a_usage_error(self) -> None:
        assert "--language: no existe 'fr'; elija entre 'es', 'en'" in run("list", "--language", "fr").stderr
        assert "--language: falta su valor" in run("list", "--language").stderr

    def test_restore_without_a_terminal_needs_yes(self, database: Path) -> None:
        name = create(database).name
        scene.delete_clients(database)
        before = scene.folder_contents(database.parent)
        done = run("restore", name, "--database", database)
        assert (done.returncode, done.stdout) == (100, "")
        assert "--yes" in done.stderr
        assert scene.folder_contents(database.parent) == before

    def test_a_missing_library_exits_with_101(self, database: Path, folder: Path) -> None:
        missing = str(folder / "librespaldo.so")
        done = run("list", "--database", database, env={"RESPALDO_LIBRARY": missing})
        assert (done.returncode, done.stdout) == (101, "")
        assert missing in done.stderr

    @pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
    def test_a_path_that_is_not_unicode_is_a_usage_error(self, folder: Path) -> None:
        done = subprocess.run(
            [*map(os.fsencode, terminal.RESPALDO), b"list", b"--database", b"estudi\xf3.db"],
            env=terminal.ENVIRONMENT,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 100
        assert "no son Unicode" in done.stderr
