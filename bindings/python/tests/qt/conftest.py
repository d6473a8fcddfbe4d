from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import respaldo
import scene
from gated_store import GatedStore
from hands import Hands
from respaldo.qt import BackupDialog
from respaldo.qt.job import running

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # real windows, on a screen in memory


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


@pytest.fixture
def opened(hands: Hands) -> Callable[..., BackupDialog]:
    """Opens a dialog and waits until it has read the folder."""

    def open_dialog(store: respaldo.Store, **options: object) -> BackupDialog:
        dialog = BackupDialog(store, **options)  # type: ignore[arg-type]
        hands.show(dialog)
        hands.wait(lambda: not running())
        return dialog

    return open_dialog
