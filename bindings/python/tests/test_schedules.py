"""The recipes of docs/scripts.md: what cron runs, the units of systemd, and the task of Windows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import scene
from pages import snippets
from terminal import ENVIRONMENT, run

PAGE = scene.CHECKOUT / "docs" / "scripts.md"
INSTALLED = Path(sys.executable).with_name("respaldo")

pytestmark = [
    pytest.mark.skipif(not PAGE.exists(), reason="this is not a checkout"),
    pytest.mark.skipif(sys.platform == "win32", reason="the recipes' paths are replaced as on Linux"),
]


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    """The folder of the recipes, with its database and configuration file."""
    studio = tmp_path / "estudio"
    studio.mkdir()
    scene.make_database(studio / "tattoostudio.db")
    (toml,) = snippets(PAGE, "toml")
    (studio / "respaldo.toml").write_text(toml, encoding="utf-8")
    return studio


def here(recipe: str, studio: Path) -> str:
    """The recipe with the paths of this computer."""
    recipe = recipe.replace("/home/ana/.local/bin/respaldo", str(INSTALLED))
    return recipe.replace("/home/ana/estudio", str(studio)).replace("/tmp/respaldo-health", str(studio / "health"))


def backups(studio: Path) -> int:
    return len(list((studio / "backups").glob("backup_*.db")))


def test_what_cron_runs(studio: Path) -> None:
    (crontab,) = snippets(PAGE, "crontab")
    lines = here(crontab, studio).splitlines()
    library = {name: value for name, value in os.environ.items() if name in ("RESPALDO_LIBRARY", "PYTHONPATH")}

    def as_cron_does(line: str) -> subprocess.CompletedProcess[str]:
        *when, command = line.split(maxsplit=5)
        assert len(when) == 5 and "%" not in command  # which cron would take for the end of the line
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(studio), "SHELL": "/bin/sh", **library}
        return subprocess.run(["/bin/sh", "-c", command], env=environment, cwd=studio, capture_output=True, text=True)

    backup, health = lines
    for _ in range(2):
        done = as_cron_does(backup)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")  # no mail
    assert backups(studio) == 1
    assert as_cron_does(health).stdout == ""
    scene.damage(next((studio / "backups").glob("backup_*.db")))
    (studio / "tattoostudio.db").unlink()
    assert as_cron_does(backup).stderr.startswith("Error 20: ")
    assert as_cron_does(health).stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_the_units_of_systemd(studio: Path) -> None:
    units = []
    for unit in snippets(PAGE, "ini"):
        name = unit.splitlines()[0].removeprefix("# ")
        (studio / name).write_text(here(unit, studio), encoding="utf-8")
        units.append(studio / name)
    assert [unit.suffix for unit in units] == [".service", ".timer"]

    def verify() -> subprocess.CompletedProcess[str]:
        command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, units)]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)

    done = verify()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    calendar = units[1].read_text().split("OnCalendar=")[1].splitlines()[0]
    assert subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True).returncode == 0

    (start,) = (line for line in units[0].read_text().splitlines() if line.startswith("ExecStart="))
    program, *arguments = start.removeprefix("ExecStart=").split()
    assert (program, run(*arguments).returncode, backups(studio)) == (str(INSTALLED), 0, 1)

    units[0].write_text(units[0].read_text().replace(str(INSTALLED), "/no/respaldo"), encoding="utf-8")
    assert verify().returncode != 0  # so it does look


def test_the_task_of_windows(studio: Path) -> None:
    (task,) = snippets(PAGE, "xml")
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    root = ElementTree.fromstring(task)
    # The order that the schema of the task scheduler demands.
    assert [part.tag.removeprefix(space) for part in root] == ["RegistrationInfo", "Triggers", "Settings", "Actions"]
    arguments = root.findtext(f"{space}Actions/{space}Exec/{space}Arguments")
    assert arguments is not None
    done = run(*arguments.replace("C:\\Estudio\\", f"{studio}/").split())
    assert (done.returncode, backups(studio)) == (0, 1)
