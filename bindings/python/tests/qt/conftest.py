from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import respaldo
import scene
from hands import Hands
from respaldo.qt.job import running

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # real windows, on a screen in memory


class GatedStore(respaldo.Store):
    """A real store whose work stops at its first step, until it is let go."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reached, self.gate = threading.Event(), threading.Event()

    def _in_steps(self, function: str, body: dict[str, Any], progress: Any) -> Any:
        def gated(done: int, total: int) -> bool | None:
            self.reached.set()
            assert self.gate.wait(60)
            return progress(done, total) if progress else None

        return super()._in_steps(function, body, gated)


@pytest.fixture
def database(folder: Path) -> Path:
    return scene.make_database(folder / "tattoostudio.db", mebibytes=3)


@pytest.fixture
def gated(database: Path) -> Iterator[GatedStore]:
    with GatedStore(database) as store:
        yield store
        store.gate.set()


@pytest.fixture
def hands(qtbot: Any) -> Iterator[Hands]:
    """A person at the mouse and the keyboard."""
    yield Hands(qtbot)
    qtbot.waitUntil(lambda: not running(), timeout=30_000)
