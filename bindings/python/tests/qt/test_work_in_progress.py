"""While the library works: the window lives, shows how far it is, cancels, and closes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

import respaldo
import scene
from gated_store import GatedStore
from hands import Hands
from respaldo.qt import BackupDialog, work_dialog
from respaldo.qt.job import running

Opened = Callable[..., BackupDialog]


@pytest.fixture
def dialog(gated: GatedStore, opened: Opened, hands: Hands) -> BackupDialog:
    """A dialog in the middle of making a backup."""
    dialog = opened(gated)
    hands.click(dialog.create_button)
    hands.wait(gated.reached.is_set)
    return dialog


def test_the_window_handles_events_and_cancel_stops_the_work(
    dialog: BackupDialog, gated: GatedStore, hands: Hands
) -> None:
    ticks: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(1)
    hands.wait(lambda: len(ticks) > 20)  # the library is in the middle of its work, and events are handled
    timer.stop()
    assert dialog.progress.isVisible()
    assert dialog.progress.label.text() == "Creando el respaldo…"
    for idle in (dialog.create_button, dialog.restore_button, dialog.safety, dialog.table):
        assert not idle.isEnabled()
    hands.click(dialog.progress.cancel)
    assert dialog.progress.label.text() == "Cancelando…"
    assert not dialog.progress.cancel.isEnabled()
    gated.gate.set()
    hands.close_box("La operación se canceló; no se cambió nada.")
    assert len(gated.list()) == 0
    assert dialog.create_button.isEnabled()


def test_progress_moves(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    dialog = opened(store)
    seen: list[int] = []
    dialog.progress.bar.valueChanged.connect(seen.append)
    hands.click(dialog.create_button)
    hands.close_box("Se creó")
    steps = [value for value in seen if 0 < value < 1000]
    assert len(set(steps)) >= 2  # of three mebibytes
    assert steps == sorted(steps)


def test_closing_asks_and_waiting_continues(dialog: BackupDialog, gated: GatedStore, hands: Hands) -> None:
    dialog.close()
    box = hands.box("Hay una operación en curso.")
    assert box.defaultButton().text() == "&Esperar"
    hands.answer(box, "Esperar")
    hands.wait(lambda: QApplication.activeModalWidget() is None)
    assert dialog.isVisible()
    gated.gate.set()
    hands.close_box("Se creó")
    hands.click(dialog.close_button)
    assert not dialog.isVisible()


def test_cancel_and_close_waits_for_the_end(dialog: BackupDialog, gated: GatedStore, hands: Hands) -> None:
    hands.click(dialog.close_button)
    hands.answer(hands.box("Hay una operación en curso."), "Cancelar y cerrar")
    assert dialog.isVisible()  # until it has ended
    gated.gate.set()
    hands.wait(lambda: not dialog.isVisible())
    assert len(gated.list()) == 0


def test_the_question_goes_when_the_work_ends(dialog: BackupDialog, gated: GatedStore, hands: Hands) -> None:
    dialog.close()
    hands.box("Hay una operación en curso.")
    gated.gate.set()
    hands.close_box("Se creó")
    hands.wait(lambda: QApplication.activeModalWidget() is None)  # there is nothing left to ask
    assert dialog.isVisible()


def test_work_that_does_not_end_does_not_hold_the_window(
    gated: GatedStore, opened: Opened, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_dialog, "CANCEL_TIMEOUT_MS", 50)
    gated.gate.set()
    gated.create()
    gated.gate.clear()
    gated.reached.clear()
    called: list[str] = []
    dialog = opened(gated, reload=lambda: called.append("reload"))
    hands.click(dialog.restore_button)
    hands.answer(hands.box("¿Está seguro"), "Restaurar")
    hands.wait(gated.reached.is_set)
    hands.click(dialog.close_button)
    hands.answer(hands.box("Hay una operación en curso."), "Cancelar y cerrar")
    hands.wait(lambda: not dialog.isVisible())
    assert len([job for job in running() if job.keeps_open]) == 1 and called == []
    gated.gate.set()
    hands.wait(lambda: not running())
    assert called == ["reload"]


def test_deleting_the_dialog_leaves_the_work_alone(gated: GatedStore, database: Path, hands: Hands) -> None:
    gated.gate.set()
    gated.create()
    scene.delete_clients(database)
    gated.gate.clear()
    gated.reached.clear()
    called: list[str] = []
    dialog = BackupDialog(gated, reload=lambda: called.append("reload"))
    dialog.show()
    hands.click(dialog.restore_button)
    hands.answer(hands.box("¿Está seguro"), "Restaurar")
    hands.wait(gated.reached.is_set)
    gone: list[int] = []
    dialog.destroyed.connect(lambda: gone.append(1))
    dialog.deleteLater()
    hands.wait(lambda: bool(gone))
    assert running()
    gated.gate.set()
    hands.wait(lambda: called == ["reload"])
    assert scene.count_clients(database) == 200
