from __future__ import annotations

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
