"""The configuration file ``respaldo.toml``, and what ``respaldo config`` says of it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import scene
from pages import PAGES, snippets
from terminal import Terminal, answer, create, run


def configured(database: Path, text: str) -> Path:
    file = database.with_name("respaldo.toml")
    file.write_text(text, encoding="utf-8")
    return file


def config(*arguments: object, env: dict[str, str] | None = None) -> dict[str, tuple[object, str, object]]:
    """By option: its value, the kind of its origin, and the origin's name."""
    options = answer("config", *arguments, env=env)["options"]
    assert isinstance(options, list)
    return {o["option"]: (o["value"], o["from"], o["name"]) for o in options}


class TestTheFile:
    def test_one_beside_the_database_holds(self, database: Path) -> None:
        configured(database, 'backup_dir = "mis respaldos"\nmax_backups = 1\nlanguage = "en"\nsettings = false\n')
        assert run("create", "--database", database).stdout.startswith("Backup made: ")
        assert "Old backup deleted" in run("create", "--database", database).stdout
        assert len(list((database.parent / "mis respaldos").glob("*.db"))) == 1
        assert not (database.parent / "settings.json").exists()

    def test_tables_are_the_librarys_objects(self, database: Path) -> None:
        configured(
            database, '[retention]\nlast = 1\nweeks = 4\n\n[names.clients]\none = "clienta"\nmany = "clientas"\n'
        )
        first, name = create(database).name, create(database).name
        assert [path.name for path in (database.parent / "backups").glob("*.db")] == [name] != [first]
        scene.delete_clients(database)
        found = answer("compare", name, "--database", database)
        assert found["summary"] == "Recuperaría 200 clientas."

    def test_a_named_one_says_where_the_database_is_from_its_own_folder(self, database: Path, tmp_path: Path) -> None:
        file = configured(database, f'database = "{database.name}"\n')
        (tmp_path / "otra").mkdir()
        assert run("create", "--config", file, cwd=tmp_path / "otra").returncode == 0
        assert run("last", env={"RESPALDO_CONFIG": str(file)}, cwd=tmp_path / "otra").stdout != "Último respaldo: —\n"
        assert list((database.parent / "backups").glob("*.db"))

    def test_a_file_as_notepad_writes_it(self, database: Path) -> None:
        file = configured(database, "")
        file.write_bytes(b'\xef\xbb\xbflanguage = "en"\r\n')
        assert run("last", "--database", database).stdout == "Last backup: —\n"

    def test_option_before_variable_before_file_before_default(self, database: Path) -> None:
        file = configured(database, "max_backups = 3\n")
        where = ("--database", database)
        assert config(*where)["max_backups"] == (3, "file", str(file))
        env = {"RESPALDO_MAX_BACKUPS": "4"}
        assert config(*where, env=env)["max_backups"] == (4, "variable", "RESPALDO_MAX_BACKUPS")
        assert config(*where, "--max-backups", 5, env=env)["max_backups"] == (5, "option", "--max-backups")
        file.unlink()
        assert config(*where)["max_backups"] == (20, "default", None)

    def test_a_named_file_goes_before_the_one_beside_the_database(self, database: Path) -> None:
        configured(database, "max_backups = 3\n")
        other = database.with_name("otro.toml")
        other.write_text("verify = 'quick'\n")
        found = config("--database", database, "--config", other)
        assert found["verify"] == ("quick", "file", str(other))
        assert found["max_backups"] == (20, "default", None)


@pytest.mark.parametrize("snippet", [s for page in PAGES for s in snippets(page, "toml")])
def test_the_documentations_file_holds(snippet: str, database: Path) -> None:
    file = configured(database, snippet)
    assert run("create", "--config", file).stdout.startswith("Backup made: ")


class TestABadFile:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("max_backups = ", "no es TOML"),
            ("max_respaldos = 3", "max_respaldos"),
            ("max_backups = 2026-03-04", "max_backups"),
            ("[health]\nmax_age_days = inf", "health"),
            ("a = " + "[" * 100_000, "no es TOML"),
            ("#" * 2_000_000, "No se pudo leer"),
        ],
    )
    def test_it_is_a_usage_error_that_names_the_file(self, text: str, words: str, database: Path) -> None:
        file = configured(database, text)
        done = run("list", "--database", database)
        assert (done.returncode, done.stdout) == (100, "")
        assert str(file) in done.stderr and words in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_value_that_the_library_refuses_is_named_by_it(self, database: Path) -> None:
        configured(database, 'max_backups = "muchos"\n')
        done = run("list", "--database", database)
        assert done.returncode == 1
        assert "max_backups" in done.stderr

    def test_a_named_one_that_is_missing(self, database: Path) -> None:
        done = run("list", "--database", database, "--config", "no.toml")
        assert done.returncode == 100
        assert "no.toml" in done.stderr

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
    def test_a_pipe_is_not_waited_for(self, database: Path) -> None:
        os.mkfifo(database.with_name("respaldo.toml"))
        assert run("list", "--database", database).returncode == 100

    def test_one_that_nobody_named_runs_no_program(self, database: Path) -> None:
        """It may lie on somebody else's drive."""
        file = configured(database, '[second_place]\nfolder = "x"\npassword_command = "touch x"\n')
        done = run("list", "--database", database)
        assert done.returncode == 100
        assert "second_place.password_command" in done.stderr and "--config" in done.stderr
        assert "password_command" in run("list", "--database", database, "--config", file).stderr  # now the library's


class TestConfig:
    def test_lines_with_tabs(self, database: Path) -> None:
        file = configured(database, "max_backups = 3\n[names.clients]\none = 'clienta'\nmany = 'clientas'\n")
        lines = dict(line.split("\t", 1) for line in run("config", "--database", database).stdout.splitlines())
        assert lines["database"] == f"{database}\t--database"
        assert lines["max_backups"] == f"3\t{file}" or lines["max_backups"].startswith("3\t")
        assert lines["timezone"] == "America/Hermosillo\tlo normal"
        assert lines["schema"] == "ninguno\tlo normal"
        assert json.loads(lines["names"].split("\t")[0]) == {"clients": {"one": "clienta", "many": "clientas"}}

    def test_it_works_without_a_database_and_with_a_bad_value(self) -> None:
        assert config()["database"] == (None, "default", None)
        assert config("--timezone", "Marte/Olympus")["timezone"][0] == "Marte/Olympus"

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals for tests")
    def test_a_table_on_a_terminal(self, database: Path) -> None:
        file = configured(database, "max_backups = 3\n")
        with Terminal("config", "--database", database, columns=200) as there:
            _, text = there.finish()
        assert f"Archivo de configuración: {file}" in text
        assert "Viene de" in text

    def test_its_defaults_are_the_librarys(self, database: Path) -> None:
        found = {
            name: value for name, (value, origin, _) in config("--database", database).items() if origin == "default"
        }
        (limit,) = [found["max_backups"]]
        assert isinstance(limit, int)
        for _ in range(limit):
            run("create", "--database", database)
        assert len(list((database.parent / "backups").glob("*.db"))) == limit
        assert "antiguo" in run("create", "--database", database).stdout  # in Spanish, and one too many
        assert found["language"] == "es"
        assert Path(str(found["settings"])).is_file()
        assert Path(str(found["backup_dir"])) == database.parent / "backups"
        last = answer("last", "--database", database)["last_backup_at"]
        same = answer("last", "--timezone", found["timezone"], "--database", database)["last_backup_at"]
        assert last == same and str(last).endswith("-07:00")
