"""What is known of the selected backup, beside the list."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from qtpy.QtCore import QSize
from qtpy.QtGui import QTextOption
from qtpy.QtWidgets import QTextBrowser, QWidget

from ..differences import TableWords
from ..models import Backup
from .contents import every_row
from .dates import file_size, in_full, in_words
from .texts import Texts


class DetailsPanel(QTextBrowser):
    """A text to read, to scroll with the keyboard, and to select."""

    def __init__(self, texts: Texts, names: Mapping[str, TableWords], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._names = names
        self._shown: str | None = None
        self.setAccessibleName(texts.details)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)

    def show_nothing(self, text: str) -> None:
        """Says why there is nothing to show."""
        self._show(f"<p>{_html(text)}</p>")

    def show_backup(self, backup: Backup, *, kind: str, damaged: bool, if_restored: str) -> None:
        """Shows a backup, and what a restore of it would do."""
        texts = self._texts
        title = f"<b>{_html(in_full(backup.created_at, texts))}</b>"
        parts = [f"{title}<br>{_html(backup.label)}" if backup.label else title]
        if backup.note:
            parts.append(f"<i>{_html(backup.note)}</i>")
        if backup.pinned:
            parts.append(_html(texts.pinned))
        parts.append(f"<b>{_html(texts.if_restored)}</b><br>{_html(texts.is_damaged if damaged else if_restored)}")
        rows = every_row(backup.content, self._names, texts)
        if rows:
            parts.append(f"<b>{_html(texts.what_it_holds)}</b><br>" + "<br>".join(map(_html, rows)))
        states = [
            text.format(date=in_words(moment, texts))
            for text, moment in ((texts.verified_on, backup.verified_at), (texts.rehearsed_on, backup.rehearsed_at))
            if moment is not None
        ]
        if states:
            parts.append("<br>".join(map(_html, states)))
        parts.append(f"{_html(kind)}, {file_size(backup.size, texts)}<br>{_html(str(backup.path))}")
        self._show("".join(f"<p>{part}</p>" for part in parts))

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(34 * metrics.averageCharWidth(), 8 * metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(26 * metrics.averageCharWidth(), 4 * metrics.height())

    def _show(self, html: str) -> None:
        if html != self._shown:  # else it would scroll back to the top
            self._shown = html
            self.setHtml(html)


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")
