"""What the documentation shows is run: the quick starts and the demo. What it promises of types is checked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scene


def first_python_block(markdown: Path, heading: str | None) -> str:
    text = markdown.read_text(encoding="utf-8")
    if heading is not None:
        text = text.partition(f"\n{heading}\n")[2]
    found = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found, f"{markdown} has no Python quick start"
    return found[1]


@pytest.mark.parametrize(
    ("readme", "heading"),
    [(scene.CHECKOUT / "README.md", "## Python"), (scene.PACKAGE_ROOT / "README.md", None)],
    ids=["project", "package"],
)
def test_the_quick_start_runs(readme: Path, heading: str | None, folder: Path) -> None:
    if not readme.exists():
        pytest.skip(f"there is no {readme.name} here")
    scene.make_database(folder / "tattoostudio.db")
    done = scene.run_python(first_python_block(readme, heading), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert list((folder / "backups").glob("backup_*.db"))
    assert scene.count_clients(folder / "tattoostudio.db") == 200


def run_demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, scene.EXAMPLES / "demo.py", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8", timeout=120)


def test_the_demo(folder: Path) -> None:
    done = run_demo(folder / "demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert "DATABASE_LOCKED (40)" in done.stdout
    assert "2400 clientes" in done.stdout
    assert "1200 clientes" in done.stdout
    assert done.stdout.endswith("Todo en orden. (All is as it should be.)\n")
    assert scene.count_clients(folder / "demo" / "tattoostudio.db") == 2400

    again = run_demo(folder / "demo")
    assert again.returncode == 1
    assert "already there" in again.stderr


def test_the_types() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull],
        cwd=scene.PACKAGE_ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_a_callers_types_are_checked(tmp_path: Path) -> None:
    caller = tmp_path / "caller.py"
    caller.write_text(
        "import respaldo\n"
        "with respaldo.Store('x.db', settings=None, max_backups=3) as store:\n"
        "    reveal_type(store.create().backup.created_at)\n"
        "    reveal_type(store.list()[0])\n"
        "    store.restore(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(caller)], cwd=tmp_path, capture_output=True, text=True
    )
    assert '"datetime.datetime"' in done.stdout
    assert '"respaldo.models.Backup"' in done.stdout
    assert 'Argument 1 to "restore"' in done.stdout
    assert "Found 1 error" in done.stdout
