"""The table of backups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from qtpy.QtCore import QEvent, QLocale, QSize, Qt
from qtpy.QtGui import QBrush, QPalette
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from ..models import Backup
from .palette import warning_colour
from .texts import Texts

_STATE = 3


class BackupTable(QTableWidget):
    """One backup a row, in the order given; one row can be selected."""

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(0, 5, parent)
        self._texts = texts
        self._locale = QLocale(texts.locale)
        self._backups: tuple[Backup, ...] = ()
        self._found: dict[Path, datetime | str] = {}
        """When a backup was found whole, or a word for its damage."""
        self.setHorizontalHeaderLabels([texts.date, texts.kind, texts.size, texts.verified, texts.name])
        self.setAccessibleName(texts.backups)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)  # Tab leads on to the buttons
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None and columns is not None
        rows.hide()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setHighlightSections(False)

    def show_backups(self, backups: Sequence[Backup], *, select: Path | None = None) -> None:
        """Fills the table, and selects the backup at the path given, else the one that was, else the first."""
        selected = self.selected()
        self._backups = tuple(backups)
        self.setRowCount(len(backups))
        for row, backup in enumerate(self._backups):
            texts = (
                backup.display,
                self._texts.kinds.get(backup.kind, backup.kind),
                self._locale.formattedDataSize(backup.size, 1, QLocale.DataSizeFormat.DataSizeSIFormat),
                self._state(backup),
                backup.name,
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(str(backup.path))
                self.setItem(row, column, item)
            self._item(row, 2).setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._colour_states()
        wanted = select or (selected.path if selected else None)
        rows = [row for row, backup in enumerate(self._backups) if backup.path == wanted]
        if self._backups:
            self.setCurrentCell(rows[0] if rows else 0, 0)

    def selected(self) -> Backup | None:
        """The selected backup."""
        row = self.currentRow()
        return self._backups[row] if 0 <= row < len(self._backups) else None

    def newest(self) -> Backup | None:
        """The first one."""
        return self._backups[0] if self._backups else None

    def remember_whole(self, backup: Backup) -> None:
        """Shows from now on what a verification found. The catalogue remembers it of backups, not of safety copies."""
        self._remember(backup, datetime.now(backup.created_at.tzinfo))

    def remember_damage(self, backup: Backup, *, repairable: bool) -> None:
        """The same, of one that is not whole."""
        self._remember(backup, self._texts.repairable if repairable else self._texts.damaged)

    def _remember(self, backup: Backup, found: datetime | str) -> None:
        self._found[backup.path] = found
        self.show_backups(self._backups)

    def sizeHint(self) -> QSize:
        """Wide enough for a usual row, and as high as eight of them; beyond that there are scroll bars."""
        columns, bar = self.horizontalHeader(), self.verticalScrollBar()
        assert columns is not None and bar is not None
        states = ("00/00/0000", self._texts.not_verified, f"⚠ {self._texts.repairable}", self._texts.elsewhere)
        usual = (
            ("00/00/0000 00:00",),
            self._texts.kinds.values(),
            (self._locale.formattedDataSize(999_900_000, 1, QLocale.DataSizeFormat.DataSizeSIFormat),),
            states,
            ("backup_00000000_000000.db",),
        )
        metrics = self.fontMetrics()
        margin = 4 * metrics.averageCharWidth()
        width = sum(
            max(columns.sectionSizeHint(i), margin + max(metrics.horizontalAdvance(t) for t in texts))
            for i, texts in enumerate(usual)
        )
        height = columns.sizeHint().height() + 8 * (metrics.height() * 3 // 2)
        frame = 2 * self.frameWidth()
        return QSize(width + bar.sizeHint().width() + frame, height + bar.sizeHint().height() + frame)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._colour_states()

    def _state(self, backup: Backup) -> str:
        found = self._found.get(backup.path)
        if isinstance(found, str):
            return f"⚠ {found}"
        if backup.intact is False:
            return f"⚠ {self._texts.damaged}"
        verified = found or backup.verified_at
        if verified is not None:
            return f"{verified:%d/%m/%Y}"
        return self._texts.elsewhere if backup.intact is None else self._texts.not_verified

    def _damaged(self, backup: Backup) -> bool:
        return backup.intact is False or isinstance(self._found.get(backup.path), str)

    def _colour_states(self) -> None:
        brush = QBrush(warning_colour(self.palette(), QPalette.ColorRole.Base))
        for row, backup in enumerate(self._backups):
            if self._damaged(backup):
                self._item(row, _STATE).setForeground(brush)

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.item(row, column)
        assert item is not None
        return item
