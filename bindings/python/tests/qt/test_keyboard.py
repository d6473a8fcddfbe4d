"""The dialog without a mouse."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QProgressBar, QTableView, QWidget

import respaldo
import scene
from gated_store import GatedStore
from hands import Hands
from respaldo.qt import BackupDialog
from respaldo.qt.job import running

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def dialog(store: respaldo.Store, hands: Hands) -> BackupDialog:
    store.create()
    dialog = hands.show(BackupDialog(store))
    hands.wait(lambda: not running())
    return dialog


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_button_has_a_letter_of_its_own(store: respaldo.Store, qtbot: object, language: str) -> None:
    dialog = BackupDialog(store, language=language)  # type: ignore[arg-type]
    buttons = [b for b in dialog.findChildren(QAbstractButton) if b.text()]
    assert len(buttons) == 11
    letters = Counter(b.text().partition("&")[2][:1].lower() for b in buttons)
    assert "" not in letters
    assert set(letters.values()) == {1}, letters


def test_tab_visits_every_part(dialog: BackupDialog, hands: Hands) -> None:
    expected: list[QWidget] = [
        dialog.table,
        dialog.details,
        dialog.restore_button,
        dialog.bring_back_button,
        dialog.verify_button,
        dialog.save_copy_button,
        dialog.open_folder_button,
        dialog.more_button,
        dialog.safety,
        dialog.close_button,
        dialog.health.unfold,
        dialog.create_button,
        dialog.search,
        dialog.kinds,
    ]
    assert QApplication.focusWidget() is dialog.table
    for widget in [*expected[1:], expected[0]]:
        hands.key(Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is widget


def test_a_restore_needs_no_mouse(dialog: BackupDialog, database: Path, hands: Hands) -> None:
    scene.delete_clients(database)
    hands.key(Qt.Key.Key_R, ALT)
    hands.box("¿Está seguro")
    hands.key(Qt.Key.Key_R, ALT)
    hands.box("Se restauró")
    hands.key(Qt.Key.Key_Return)
    hands.wait(lambda: QApplication.activeModalWidget() is None)
    assert scene.count_clients(database) == 200
    assert dialog.focusWidget() is dialog.table


def test_enter_presses_the_focused_button(dialog: BackupDialog, hands: Hands) -> None:
    dialog.verify_button.setFocus()
    hands.key(Qt.Key.Key_Return)
    hands.close_box("está íntegro")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_enter_and_escape_close(dialog: BackupDialog, hands: Hands, key: Qt.Key) -> None:
    assert dialog.close_button.isDefault()
    hands.key(key)
    assert not dialog.isVisible()


def test_enter_twice_does_not_cancel_what_the_first_began(gated: GatedStore, hands: Hands) -> None:
    dialog = hands.show(BackupDialog(gated))
    hands.wait(lambda: not running())
    dialog.create_button.setFocus()
    hands.key(Qt.Key.Key_Return)
    hands.wait(gated.reached.is_set)
    hands.key(Qt.Key.Key_Return)
    hands.box("Hay una operación en curso.")
    hands.key(Qt.Key.Key_Return)
    hands.wait(lambda: QApplication.activeModalWidget() is None)
    gated.gate.set()
    hands.close_box("Se creó")


def test_arrows_choose_a_backup(dialog: BackupDialog, store: respaldo.Store, hands: Hands) -> None:
    store.create()
    dialog.refresh()
    hands.wait(lambda: dialog.table.rowCount() == 2)
    assert dialog.table.selected() == store.list()[1]
    hands.key(Qt.Key.Key_Up)
    assert dialog.table.selected() == store.list()[0]


def test_a_screen_reader_has_words_for_every_part(dialog: BackupDialog) -> None:
    for kind in (QTableView, QProgressBar):
        (widget,) = dialog.findChildren(kind)
        assert widget.accessibleName()
    assert all(b.text() for b in (dialog.create_button, dialog.safety, dialog.progress.cancel))
