"""The values of a row, as they were and as they are."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QTextBrowser, QWidget

from ..differences import Values
from .row_model import shown
from .texts import Texts


class ValuesPanel(QTextBrowser):
    """A table to read, to scroll with the keyboard, and to select."""

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = texts
        self.setAccessibleName(texts.row_details)
        self.setTabChangesFocus(True)
        self.setOpenLinks(False)

    def show_values(self, then: Values, now: Values | None, changed: Collection[str]) -> None:
        """Shows a row; the columns that changed are bold."""
        texts = self._texts
        head = [texts.row_details, texts.then_column] + ([texts.now_column] if now is not None else [])
        lines = [f"<tr>{''.join(f'<th align=left>{escape(word)}</th>' for word in head)}</tr>"]
        for column, value in then.items():
            cells = [escape(column), escape(shown(value, texts))]
            if now is not None:
                cells.append(escape(shown(now.get(column), texts)))
            if column in changed:
                cells = [f"<b>{cell}</b>" for cell in cells]
            lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
        self.setHtml(f"<table cellpadding=2>{''.join(lines)}</table>")

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(44 * metrics.averageCharWidth(), 14 * metrics.height())
