"""``respaldo doctor``: what a bug report needs, and nobody's name."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import pytest

import respaldo
import scene
from respaldo.cli.privacy import without_people
from terminal import answer, create, run


def test_it_has_what_a_bug_report_needs(database: Path) -> None:
    create(database)
    report = answer("doctor", "--max-backups", 7, "--database", database)
    assert list(report) == ["versions", "machine", "options", "paths", "locks", "health"]
    versions, options, health = report["versions"], report["options"], report["health"]
    assert isinstance(versions, dict) and isinstance(options, dict) and isinstance(health, dict)
    assert versions["library"] == respaldo.version()
    assert options["max_backups"] == "7 (--max-backups)"
    assert (health["overall"], health["backups"]) == ("ok", "backup 1")

    done = run("doctor", "--database", database)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"biblioteca: {respaldo.version()}" in done.stdout


def test_it_changes_nothing(database: Path) -> None:
    create(database)
    before = scene.folder_contents(database.parent)
    run("doctor", "--database", database)
    assert scene.folder_contents(database.parent) == before


def test_it_works_without_a_database() -> None:
    assert list(answer("doctor")) == ["versions", "machine", "options"]


@pytest.mark.parametrize("language", ["es", "en"])
def test_it_goes_on_where_everything_is_broken(language: str, database: Path, folder: Path) -> None:
    scene.damage(database)
    (folder / "backups").write_text("no es una carpeta")
    done = run("doctor", "--language", language, "--database", database)
    assert (done.returncode, done.stderr) == (0, "")
    assert run("doctor", "--language", language, "--database", folder / "no" / "such.db").returncode == 0
    missing = run("doctor", "--database", database, env={"RESPALDO_LIBRARY": str(folder / "librespaldo.so")})
    assert (missing.returncode, missing.stderr) == (0, "")
    assert "librespaldo.so" in missing.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds locks, and types of file systems")
def test_who_holds_the_database(database: Path) -> None:
    with scene.held_by_another_process(database):
        report = answer("doctor", "--database", database)
    locks, paths = report["locks"], report["paths"]
    assert isinstance(locks, dict) and isinstance(paths, dict)
    assert "POSIX WRITE" in locks["database_lock"]
    assert locks["backup_lock"] == "no"
    assert ", ?, " not in paths["database"]


def test_nobody_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home" / "ana.garcia"
    (home / "estudio").mkdir(parents=True)
    database = scene.make_database(home / "estudio" / "tattoostudio.db")
    backup = create(database)
    run("annotate", backup.name, "--label", "la de Luisa", "--note", "Luisa llamó", "--database", database)
    backup.rename(backup.with_name("para Luisa.db"))
    scene.damage(backup.with_name("para Luisa.db"))
    done = run("doctor", "--database", database, env={"HOME": str(home), "USERPROFILE": str(home)})
    assert done.returncode == 0
    assert "ana.garcia" not in done.stdout and "Luisa" not in done.stdout
    assert str(Path("~", "estudio", "tattoostudio.db")) in done.stdout


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ana/estudio/x.db", "~/estudio/x.db"),
        ("/home/ana", "~"),
        ("no: /Users/ana maría/x.db", "no: ~/x.db"),
        (r"C:\Users\Ana María\AppData\x.db", r"~\AppData\x.db"),
        (r"\\?\C:\Users\Ana\x.db", r"\\?\~\x.db"),
        ("/srv/estudio/x.db", "/srv/estudio/x.db"),
    ],
)
def test_home_folders(text: str, shown: str) -> None:
    assert without_people(text) == shown


def test_the_users_name_in_other_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ana")
    assert without_people("/media/ana/USB/x.db") == "/media/USER/USB/x.db"
    assert without_people("/media/anabel/USB/x.db") == "/media/anabel/USB/x.db"
