"""Where one types what to look for in a list."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeyEvent, QPalette
from qtpy.QtWidgets import QAction, QLineEdit, QWidget

from .icons import icon


class SearchField(QLineEdit):
    """Enter and the arrow downwards lead on to the list; Enter does not press the dialog's button."""

    entered = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._glass: QAction | None = None
        self.setClearButtonEnabled(True)
        self._draw()

    def ask_for(self, what: str) -> None:
        """Says what can be searched for."""
        self.setPlaceholderText(what)
        self.setAccessibleName(what)
        self.setToolTip(what)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.entered.emit()
            event.accept()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        drawn = icon("search", self.palette().color(QPalette.ColorRole.Text))
        if self._glass is None:
            self._glass = self.addAction(drawn, QLineEdit.ActionPosition.LeadingPosition)
        else:
            self._glass.setIcon(drawn)
