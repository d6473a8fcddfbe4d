"""How the backups are, for the status bar and the tray: never a box that has to be closed."""

from __future__ import annotations

from typing import cast

from qtpy.QtCore import QEvent, Qt, QTimer, Signal
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QToolButton, QWidget

from ..health import Health
from ..store import Store
from .icons import light
from .reading import Reading
from .texts import Language, texts_in

_REFRESH_INTERVAL_MS = 30 * 60 * 1000  # the application may stay open for days


class HealthIndicator(QToolButton):
    """A light with a few words; the whole sentence is its tool tip. Connect ``clicked`` to what opens the dialog.

    Args:
        store: stays open while this is there.
        parent: the window or its status bar.
        language: of the texts.
    """

    attention = Signal(str, str)
    """Something needs attention that did not before: the sentence, and what to do. For a tray's message, say."""
    severity_changed = Signal(str)
    """:attr:`severity` is another: to take a tray's icon away again, say."""

    def __init__(self, store: Store, parent: QWidget | None = None, *, language: Language = "es") -> None:
        super().__init__(parent)
        self._texts = texts_in(language)
        self._reading = Reading(store.health, self._texts.looking, self)
        self._reading.done.connect(self._read)
        self._told: frozenset[str] = frozenset()
        self.health: Health | None = None
        """What was read last."""
        self.severity = "note"
        """``ok``, ``attention`` or ``danger``; ``note`` before anything was read."""
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._show("note", self._texts.health, self._texts.looking)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.timeout.connect(self.refresh)
        self._refresh_timer.start(_REFRESH_INTERVAL_MS)
        self.refresh()

    def refresh(self) -> None:
        """Looks again, in the background."""
        self._reading.start()

    def _read(self) -> None:
        if self._reading.error is not None:
            self._show("danger", self._texts.health_bad, str(self._reading.error))
            self._tell(frozenset((str(self._reading.error),)), str(self._reading.error), "")
            return
        health = self.health = cast(Health, self._reading.result)
        bad = [finding for finding in health.findings if finding.severity != "note"]
        if health.overall == "ok":
            self._show("ok", self._texts.health_ok, health.headline)
        else:
            self._show(health.overall, self._texts.health_bad, "\n\n".join([health.headline, *map(str, bad)]))
        self._tell(frozenset(finding.name for finding in bad), health.headline, bad[0].hint if bad else "")

    def _tell(self, troubles: frozenset[str], headline: str, hint: str) -> None:
        news, self._told = troubles - self._told, troubles
        if news:
            self.attention.emit(headline, hint)

    def _show(self, severity: str, words: str, more: str) -> None:
        before, self.severity = self.severity, severity
        self.setText(words)
        self.setToolTip(more)
        self.setAccessibleName(words)
        self.setAccessibleDescription(more)
        self._draw()
        if severity != before:
            self.severity_changed.emit(severity)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and hasattr(self, "severity"):
            self._draw()

    def _draw(self) -> None:
        self.setIcon(light(self.severity, self.palette(), QPalette.ColorRole.Window))
