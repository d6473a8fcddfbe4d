from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import respaldo
import scene


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An application's folder, with a space and an accent in its name."""
    folder = tmp_path / "estudio de María"
    folder.mkdir()
    return folder


@pytest.fixture
def database(folder: Path) -> Path:
    return scene.make_database(folder / "tattoostudio.db")


@pytest.fixture
def store(database: Path) -> Iterator[respaldo.Store]:
    with respaldo.Store(database, busy_timeout_ms=2000) as store:
        yield store


@pytest.fixture
def application_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the studio's application, with the current folder there, as after its installation."""
    root = folder / "app"
    unwanted = shutil.ignore_patterns("__pycache__", "dev.db*", "backups", "settings.json", "archive.json")
    shutil.copytree(scene.STUDIO, root, ignore=unwanted)
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(root)
    monkeypatch.setenv("TATTOO_STUDIO_DB", "./dev.db")
    scene.forget_the_application()
    yield root
    scene.forget_the_application()


@pytest.fixture
def application(application_folder: Path) -> Path:
    """The same, with its database ``./dev.db``."""
    from make_database import make_database

    make_database("./dev.db")
    return application_folder
