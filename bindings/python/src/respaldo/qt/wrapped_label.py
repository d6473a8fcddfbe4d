"""A text of several lines that is never cut off."""

from __future__ import annotations

from qtpy.QtGui import QResizeEvent, QShowEvent
from qtpy.QtWidgets import QLabel, QWidget


class WrappedLabel(QLabel):
    """A label that keeps the height that its text takes at its width; a layout short of room takes from others."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)

    def setText(self, text: str | None) -> None:
        super().setText(text)
        self._keep_height()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._keep_height()

    def _keep_height(self) -> None:
        if self.isVisible():  # before that it has no width yet
            self.setMinimumHeight(self.heightForWidth(self.width()))
