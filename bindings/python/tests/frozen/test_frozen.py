"""Programs frozen by PyInstaller, as one file and as a folder, and run: ``make test-frozen``."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import scene

pytest.importorskip("PyInstaller", reason="for make test-frozen, which has an environment of its own")

HERE = Path(__file__).resolve().parent
Freeze = Callable[[str, str], Path]
PROGRAMS = {"small": HERE / "small_program.py", "studio": scene.STUDIO / "main.py"}
SHAPES = ["one-file", "folder"]
RESTORED = "[('Ana',)] True\n"


@pytest.fixture(scope="module")
def freeze(tmp_path_factory: pytest.TempPathFactory) -> Freeze:
    """Freezes a program, once for both of its shapes, somewhere with a space and an accent in its path."""
    folder = tmp_path_factory.mktemp("programas de María")
    (folder / "one-file").mkdir()

    @functools.cache
    def freeze_both(name: str) -> None:
        places = ["--distpath", folder, "--workpath", folder / "work"]
        command = [sys.executable, "-m", "PyInstaller", "--log-level", "WARN", *places, HERE / "program.spec"]
        done = subprocess.run([*command, "--", name, PROGRAMS[name]], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def freeze(name: str, shape: str) -> Path:
        freeze_both(name)
        if shape == "one-file":  # each in a folder of its own: the studio keeps its data beside itself
            return Path(shutil.copy(folder / f"{name}-one-file", folder / "one-file" / name))
        return folder / f"{name}-folder" / name

    return freeze


def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of Python's, and no other library to be found."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RESPALDO"))}
    return own | {"TMPDIR": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}  # TMPDIR: where one file unpacks itself


def run(program: Path, *arguments: object, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    command = [program, *map(str, arguments)]
    return subprocess.run(command, env=environment(tmp_path), capture_output=True, encoding="utf-8", timeout=120)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_small_program_backs_up_and_restores(freeze: Freeze, shape: str, folder: Path, tmp_path: Path) -> None:
    done = run(freeze("small", shape), folder / "clients.db", tmp_path=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, RESTORED, "")
    assert len(list(folder.glob("backups/backup_*.db"))) == 1


def test_without_the_library_it_says_what_to_do(freeze: Freeze, folder: Path, tmp_path: Path) -> None:
    incomplete = Path(shutil.copytree(freeze("small", "folder").parent, folder / "small"))
    (library,) = incomplete.rglob("librespaldo.so")
    library.unlink()
    done = run(incomplete / "small", folder / "clients.db", tmp_path=tmp_path)
    assert done.returncode == 1
    assert f"{library}: " in done.stderr
    assert "pyinstaller --collect-binaries respaldo" in done.stderr


@pytest.mark.parametrize("shape", SHAPES)
def test_the_example_application_makes_its_backup_of_the_day(freeze: Freeze, shape: str, tmp_path: Path) -> None:
    program = freeze("studio", shape)
    with subprocess.Popen(
        [program], env=environment(tmp_path), stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stderr is not None
        # Beside the program, not where one file unpacks itself: that is deleted when it ends.
        scene.wait_for(lambda: process.poll() is not None or (program.parent / "settings.json").exists())
        os.killpg(process.pid, signal.SIGTERM)  # one file is two processes: the one that unpacked, and the program
        said = process.stderr.read()
    assert "Traceback" not in said, said
    (backup,) = program.parent.glob("backups/backup_*.db")
    assert scene.count_clients(backup) == scene.count_clients(program.parent / "dev.db") == 60
