"""Whether the data are safe: a sentence with a light, and the findings below it."""

from __future__ import annotations

from typing import cast

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..errors import RespaldoError
from ..health import Finding, Health
from ..store import Store
from .light import Light
from .reading import Reading
from .texts import Texts

_LINES_UNFOLDED = 9
_USUAL_WIDTH = 600


class HealthBar(QWidget):
    """Read in the background, whenever :meth:`refresh` is called."""

    confirmed = Signal()
    """A person says that the rows which the shrink alarm names were deleted on purpose."""
    repair_asked = Signal()
    """The live database is damaged, and a person wants to save what can be read."""

    def __init__(self, store: Store, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._reading = Reading(store.health, texts.looking, self)
        self._reading.done.connect(self._read)
        self.health: Health | None = None
        """What was read last."""
        self.severity = "note"
        self.light = Light(texts, self)
        self.headline = QLabel(texts.looking, self)
        self.headline.setTextFormat(Qt.TextFormat.PlainText)
        self.headline.setWordWrap(True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.unfold = QPushButton(texts.unfold, self)
        self.unfold.setCheckable(True)
        self.unfold.setAutoDefault(False)
        self.unfold.toggled.connect(self._unfolded)
        self.findings = _Findings(texts, self)
        self.findings.confirmed.connect(self.confirmed)
        self.findings.repair_asked.connect(self.repair_asked)
        self.findings.hide()
        self.setAccessibleName(texts.health)
        first = QHBoxLayout()
        first.addWidget(self.light)
        first.addWidget(self.headline, 1)
        first.addWidget(self.unfold)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first)
        layout.addWidget(self.findings)
        self.unfold.setEnabled(False)

    def refresh(self) -> None:
        """Looks again."""
        self._reading.start()

    def _read(self) -> None:
        error = self._reading.error
        if error is not None:
            self.health = None
            message = error.message if isinstance(error, RespaldoError) else str(error)
            hint = error.hint if isinstance(error, RespaldoError) else ""
            self._show("danger", message, (Finding("", "danger", message, hint),) if hint else ())
        else:
            self.health = cast(Health, self._reading.result)
            self._show(self.health.overall, self.health.headline, self.health.findings)

    def _show(self, severity: str, headline: str, findings: tuple[Finding, ...]) -> None:
        self.severity = severity
        self.light.show_severity(severity)
        self.headline.setText(headline)
        self.findings.show_findings(findings)
        self.unfold.setEnabled(bool(findings))
        if not findings:
            self.unfold.setChecked(False)

    def _unfolded(self, shown: bool) -> None:
        self.findings.setVisible(shown)


class _Findings(QScrollArea):
    """What is not as it should be, each with what to do; the worst first."""

    confirmed = Signal()
    repair_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = texts
        self._acts = {
            "SHRUNK": (texts.lost_on_purpose, self.confirmed),
            "DATABASE_DAMAGED": (texts.repair, self.repair_asked),
        }
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(texts.health)

    def show_findings(self, findings: tuple[Finding, ...]) -> None:
        inside = QWidget(self)
        grid = QGridLayout(inside)
        grid.setColumnStretch(1, 1)
        for row, finding in enumerate(findings):
            sign = Light(self._texts, inside, lines=1.3)
            sign.show_severity(finding.severity)
            grid.addWidget(sign, 2 * row, 0, 2, 1, Qt.AlignmentFlag.AlignTop)
            message, hint = _text(finding.message, inside), _text(finding.hint, inside)
            font = message.font()
            font.setBold(True)
            message.setFont(font)
            grid.addWidget(message, 2 * row, 1)
            grid.addWidget(hint, 2 * row + 1, 1)
            if finding.name in self._acts:
                text, asked = self._acts[finding.name]
                button = QPushButton(text, inside)
                button.setAutoDefault(False)
                button.clicked.connect(asked)
                grid.addWidget(button, 2 * row, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(2 * len(findings), 1)
        self.setWidget(inside)  # and deletes the one before
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.updateGeometry()  # at another width the texts have another height

    def sizeHint(self) -> QSize:
        """As high as the findings, as far as that leaves room for the list."""
        inside = self.widget()
        wanted = inside.heightForWidth(max(self.width(), _USUAL_WIDTH)) if inside is not None else 0
        return QSize(super().sizeHint().width(), min(wanted, _LINES_UNFOLDED * self.fontMetrics().height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(self.sizeHint().height(), 4 * self.fontMetrics().height()))


def _text(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
