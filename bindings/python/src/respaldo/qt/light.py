"""The light beside a sentence: good, attention, danger."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QLabel, QWidget

from .icons import light
from .texts import Texts


class Light(QLabel):
    """An icon whose shape says as much as its colour."""

    def __init__(self, texts: Texts, parent: QWidget, *, lines: float = 1.6) -> None:
        super().__init__(parent)
        self._texts = texts
        self._severity = "note"
        side = int(self.fontMetrics().height() * lines)
        self._size = QSize(side, side)
        self.setFixedWidth(side)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.show_severity("note")

    def show_severity(self, severity: str) -> None:
        """``ok``, ``note``, ``attention`` or ``danger``."""
        self._severity = severity
        words = self._texts.severities.get(severity, severity)
        self.setAccessibleName(words)
        self.setToolTip(words)
        self._draw()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        drawn = light(self._severity, self.palette(), QPalette.ColorRole.Window)
        pixmap = drawn.pixmap(self._size * self.devicePixelRatioF())
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self.setPixmap(pixmap)
