"""The help of the command ``respaldo``, and the commands on the owner's page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import respaldo
import scene
import terminal
from terminal import run


class TestHelp:
    @pytest.mark.parametrize("language", ["es", "en"])
    def test_help_has_every_command_and_option(self, language: str) -> None:
        help = run("--help", "--language", language).stdout
        commands = re.findall(r"^    ([a-z-]+)  ", help, re.MULTILINE)
        judging = ["annotate", "bring-back", "salvage", "health", "rehearse", "compare", "find", "history", "archive"]
        about = ["config", "doctor", "man", "completion"]
        assert commands == ["create", "due", "list", "last", "verify", "restore", "prune", *judging, *about]
        for option in ("database", "settings", "backup-dir", "max-backups", "timezone", "busy-timeout", "verify"):
            assert f"--{option}" in help
            assert f"RESPALDO_{option.upper().replace('-', '_')}" in help
        for status in [status for status in respaldo.RespaldoError.by_status if status != 2] + [100, 101, 102, 130]:
            assert re.search(rf"\b{status}\b", help)
        for command in commands:
            own = run(command, "--help", "--language", language).stdout
            assert f"respaldo {command} " in own
            assert ("ejemplo" if language == "es" else "example") in own

    def test_spanish_help_has_no_english(self) -> None:
        for command in ([], ["restore"], ["completion"]):
            help = run(*command, "--help").stdout
            assert not re.search(r"\b(usage|options|positional|show this|the|and|exit|default)\b", help), help

    def test_the_bare_command_shows_help(self) -> None:
        done = run()
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == run("--help").stdout

    def test_version_is_the_librarys(self) -> None:
        assert run("--version").stdout == f"respaldo {respaldo.version()}\n"

    def test_the_installed_command_runs(self, database: Path) -> None:
        command = shutil.which("respaldo", path=str(Path(sys.executable).parent))
        assert command, "the package has no command"
        done = subprocess.run([command, "last", "--database", str(database)], env=terminal.ENVIRONMENT, check=True)
        assert done.returncode == 0


def test_the_owners_page_has_every_error_and_only_commands_that_exist() -> None:
    page = scene.CHECKOUT / "docs" / "respaldos.html"
    if not page.exists():
        pytest.skip("there is no docs/respaldos.html here")
    text = page.read_text(encoding="utf-8")
    told = {int(n) for cell in re.findall(r"<tr><td>([^<]*)</td>", text) for n in re.findall(r"\d+", cell)}
    assert told == set(respaldo.RespaldoError.by_status) | {100}
    commands = {command.split()[1] for command in re.findall(r"<code>(respaldo [^<]*)</code>", text)}
    assert commands == {"create", "list", "verify", "restore", "health", "rehearse", "annotate"}
    assert all(run(command, "--help").returncode == 0 for command in commands)
