"""Where the options of the command ``respaldo`` come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terminal import answer, run


class TestOptions:
    def test_every_option_can_come_from_the_environment(self, database: Path, folder: Path) -> None:
        env = {
            "RESPALDO_DATABASE": str(database),
            "RESPALDO_SETTINGS": str(folder / "mis ajustes.json"),
            "RESPALDO_BACKUP_DIR": str(folder / "mis respaldos"),
            "RESPALDO_MAX_BACKUPS": "1",
            "RESPALDO_TIMEZONE": "Pacific/Kiritimati",
            "RESPALDO_BUSY_TIMEOUT": "0.5",
            "RESPALDO_VERIFY": "quick",
            "RESPALDO_LANGUAGE": "en",
        }
        assert run("create", env=env).stdout.startswith("Backup made: ")
        done = run("create", env=env)
        assert "Old backup deleted" in done.stdout
        assert len(list((folder / "mis respaldos").glob("*.db"))) == 1
        assert "+14:00" in (folder / "mis ajustes.json").read_text(encoding="utf-8")
        assert run("list", "--language", "es", "--backup-dir", folder / "backups", env=env).stdout == ""
        assert run("verify", "no.db", env=env).stderr.startswith("Error 21: The backup")

    @pytest.mark.parametrize("name", ["RESPALDO_MAX_BACKUPS", "RESPALDO_BUSY_TIMEOUT", "RESPALDO_VERIFY"])
    def test_a_bad_variable_is_named(self, name: str, database: Path) -> None:
        done = run("list", "--database", database, env={name: "mucho"})
        assert (done.returncode, done.stdout) == (100, "")
        assert f"El valor de la variable {name} no es válido." in done.stderr

    def test_an_empty_variable_counts_as_unset(self, database: Path) -> None:
        assert run("list", "--database", database, env={"RESPALDO_MAX_BACKUPS": ""}).returncode == 0

    def test_options_stand_before_the_command_or_after_it(self, database: Path) -> None:
        assert run("--database", database, "create").returncode == 0
        assert answer("--language", "en", "list", "--database", database)["backups"]
        done = run("--json", "--database", database, "list")
        assert json.loads(done.stdout)["backups"]
