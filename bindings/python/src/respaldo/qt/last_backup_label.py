"""The status bar's words about the last backup."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QLabel, QWidget

from ..models import LastBackup
from ..store import Store
from .palette import warning_colour
from .reading import Reading
from .texts import Language, texts_in

OLD = timedelta(days=2)
"""The age that the library, too, calls old."""

_REFRESH_INTERVAL_MS = 10 * 60 * 1000  # the application may stay open for days


class LastBackupLabel(QLabel):
    """``Último respaldo: 04/03/2026 09:30``, or ``—`` if there is none.

    When there is none, or the last is older than two days, it looks worried: a sign, bold, and a
    colour, with a tool tip that says what to do.

    Args:
        store: stays open while the label is there.
        parent: the window or its status bar.
        language: of the texts.
    """

    def __init__(self, store: Store, parent: QWidget | None = None, *, language: Language = "es") -> None:
        super().__init__(parent)
        self._texts = texts_in(language)
        self._reading = Reading(store.last_backup, self._texts.listing, self)
        self._reading.done.connect(self._read)
        self._colouring = False
        self.worried = False
        """Whether it shows that there is reason to worry."""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.timeout.connect(self.refresh)
        self._refresh_timer.start(_REFRESH_INTERVAL_MS)
        self.refresh()

    def refresh(self) -> None:
        """Reads when the last backup was, in the background."""
        self._reading.start()

    def _read(self) -> None:
        if self._reading.error is not None:
            self._show("—", trouble=str(self._reading.error))
        else:
            last = cast(LastBackup, self._reading.result)
            self._show(last.display, trouble=self._trouble(last.last_backup_at))

    def _trouble(self, last: datetime | None) -> str:
        if last is None:
            return self._texts.last_backup_never
        return self._texts.last_backup_old if datetime.now(last.tzinfo) - last > OLD else ""

    def _show(self, date: str, *, trouble: str) -> None:
        text = self._texts.last_backup.format(date=date)
        self.worried = bool(trouble)
        self.setText(f"⚠ {text}" if trouble else text)
        self.setToolTip(trouble)
        self.setAccessibleName(text)
        self.setAccessibleDescription(trouble)
        font = self.font()
        font.setBold(self.worried)
        self.setFont(font)
        self._colour()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and not self._colouring:
            self._colour()

    def _colour(self) -> None:
        self._colouring = True
        self.setPalette(QPalette())  # the window's own again
        if self.worried:
            palette = self.palette()
            colour = warning_colour(palette, QPalette.ColorRole.Window)
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)
        self._colouring = False
