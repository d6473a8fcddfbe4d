"""What a person does with windows: looks, clicks, types. Every wait has a bound, and no time is asserted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QMessageBox, QWidget

from respaldo.qt import BackupDialog
from respaldo.qt.backup_model import Column

SHOWN = (Column.WHEN, Column.LABEL, Column.HOLDS, Column.VERIFIED, Column.KIND, Column.SIZE)
_Window = TypeVar("_Window", bound=QWidget)
PATIENCE = 30_000


class Hands:
    def __init__(self, qtbot: Any) -> None:
        self.qtbot = qtbot

    def show(self, window: _Window) -> _Window:
        """Shows a window, and closes it after the test."""
        if window.parent() is None:  # else it goes with its parent
            self.qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        self.wait(lambda: window.isActiveWindow() or QApplication.activeModalWidget() is not None)
        return window

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE)

    def click(self, button: QAbstractButton) -> None:
        """Clicks once the button can be clicked."""
        self.wait(lambda: button.isVisible() and button.isEnabled())
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def key(self, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Presses a key in the window in front, wherever the focus is in it."""
        front = QApplication.activeModalWidget() or QApplication.activeWindow()
        assert front is not None
        front.activateWindow()  # the screen in memory has no window manager that would do it
        self.wait(front.isActiveWindow)
        self.qtbot.keyClick(front.focusWidget() or front, key, modifier)

    def box(self, text: str = "") -> QMessageBox:
        """The message box in front, once it is there, with this in its text."""

        def shown() -> bool:
            front = QApplication.activeModalWidget()
            return isinstance(front, QMessageBox) and front.isVisible() and text in words(front)

        try:
            self.wait(shown)
        except Exception as error:
            front = QApplication.activeModalWidget()
            raise AssertionError(f"no box with {text!r}, but {words(front) if front else None!r}") from error
        front = QApplication.activeModalWidget()
        assert isinstance(front, QMessageBox)
        return front

    def answer(self, box: QMessageBox, label: str) -> None:
        """Clicks the button with this label, which has the mnemonic marked or not."""
        (button,) = [b for b in box.buttons() if b.text().replace("&", "") == label]
        self.click(button)

    def restore(self, dialog: BackupDialog) -> None:
        """Restores the selected backup, and says yes to the question."""
        self.click(dialog.restore_button)
        self.answer(self.box("¿Está seguro"), "Restaurar")

    def close_box(self, text: str) -> str:
        """Waits for a message with one button, clicks it, and returns the message's words."""
        box = self.box(text)
        said = words(box)
        (button,) = box.buttons()
        self.click(button)
        return said


def words(window: QWidget | None) -> str:
    """What a message box says."""
    return f"{window.text()}\n{window.informativeText()}" if isinstance(window, QMessageBox) else ""


def rows(dialog: BackupDialog) -> list[list[str]]:
    """What the table of backups shows, but for the place."""
    return [[dialog.table.text(row, column) for column in SHOWN] for row in range(dialog.table.rowCount())]


def states(dialog: BackupDialog) -> list[str]:
    """What the table says of each backup: when it was verified, or what is the matter with it."""
    return [dialog.table.text(row, Column.VERIFIED) for row in range(dialog.table.rowCount())]


def row_of(dialog: BackupDialog, name: str) -> int:
    """Where the table shows the backup with this file name."""
    table = dialog.table
    shown = [table.filter.mapToSource(table.filter.index(row, 0)).row() for row in range(table.rowCount())]
    return [table.backups.entry(row).backup.name for row in shown].index(name)
