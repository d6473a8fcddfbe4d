"""What the documentation shows is run, and where it points something is. What it promises of types is checked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scene
from pages import PAGES, WEB_GUIDES, shows_windows, snippets

RUN_BY = {
    "python": "here, by qt/test_readme.py where windows are shown, guides/test_guides.py, or test_archive.py",
    "c": "tests/c/run",
    "console": "test_cli_terminal.py",
    "sh": ".ci/run, and test_packaging.py",
    "json": "a shape, which the conformance cases check",
    "toml": "test_cli_config.py",
    "crontab": "test_schedules.py",
    "ini": "test_schedules.py",
    "xml": "test_schedules.py",
    "mermaid": "a drawing",
    "": "a synopsis",
}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(scene.CHECKOUT)))

PYTHON_SNIPPETS = [
    pytest.param(snippet, id=f"{page.relative_to(scene.CHECKOUT)}-{number}")
    for page in PAGES
    for number, snippet in enumerate(snippets(page, "python"), 1)
    if not shows_windows(snippet) and page.stem not in {*WEB_GUIDES, "archive"}
]


@pytest.mark.parametrize("snippet", PYTHON_SNIPPETS)
def test_a_snippet_runs(snippet: str, folder: Path) -> None:
    scene.make_database(folder / "tattoostudio.db")
    done = scene.run_python(snippet, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert list((folder / "backups").glob("backup_*.db"))
    assert scene.count_clients(folder / "tattoostudio.db") == 200


@pytest.mark.skipif(not (scene.CHECKOUT / "examples").exists(), reason="this is not a checkout")
def test_the_example_runs(folder: Path) -> None:
    scene.make_database(folder / "studio.db")
    program = (scene.CHECKOUT / "examples" / "python" / "quickstart.py").read_text(encoding="utf-8")
    done = scene.run_python(program, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((folder / "backups").glob("backup_*.db"))) == 1
    assert len(list(folder.glob("studio.db.before_restore_*"))) == 1


@pytest.mark.parametrize("language", ["python", "c", "console"])
def test_the_readme_shows_one_of_each(language: str) -> None:
    readme = scene.CHECKOUT / "README.md"
    if readme not in PAGES:
        pytest.skip("there is no README here")
    assert len(snippets(readme, language)) == 1


@every_page
def test_every_snippet_is_of_a_kind_that_something_runs(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(fences[::2]) <= set(RUN_BY)
    assert set(fences[1::2]) <= {""}


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.skipif(not (scene.CHECKOUT / "Makefile").exists(), reason="this is not a checkout")
class TestWhatThePagesPointTo:
    @every_page
    def test_links_lead_to_files_and_headings(self, page: Path) -> None:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" in target:
                continue
            path, _, heading = target.partition("#")
            there = (page.parent / path).resolve() if path else page
            assert there.exists(), target
            assert not heading or heading in headings(there), target

    @every_page
    def test_the_files_that_it_names_are_there(self, page: Path) -> None:
        for path in re.findall(r"`((?:src|tests|fuzz|bench|bindings)/[\w./-]*)`", page.read_text(encoding="utf-8")):
            assert (scene.CHECKOUT / path).exists() or (page.parent / path).exists(), path

    @every_page
    def test_make_knows_its_targets(self, page: Path) -> None:
        makefile = (scene.CHECKOUT / "Makefile").read_text(encoding="utf-8")
        targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
        named = re.findall(r"(?:^|`)make ([a-z0-9-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= targets


def run_demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, scene.EXAMPLES / "demo.py", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8", timeout=120)


def test_the_demo_runs(folder: Path) -> None:
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


def test_the_package_passes_mypy() -> None:
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
