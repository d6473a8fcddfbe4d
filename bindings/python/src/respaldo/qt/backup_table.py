"""The table of backups: searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from qtpy.QtCore import QEvent, QSize, QSortFilterProxyModel, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from ..differences import TableWords
from ..models import Backup
from .backup_model import BackupModel, Column, Entry, Index
from .dates import file_size
from .texts import Texts

_LOOKED_AT = 60  # rows whose widths are measured: those in sight, however many there are


class BackupFilter(QSortFilterProxyModel):
    """The rows that match the words searched for and the kind chosen."""

    def __init__(self, model: BackupModel) -> None:
        super().__init__(model.parent())
        self._words: list[str] = []
        self._kind: str | None = None
        self.setSourceModel(model)
        self.setSortRole(Qt.ItemDataRole.UserRole)

    def search(self, text: str) -> None:
        """Shows the rows with all of these words, wherever they are in it."""
        self._words = text.casefold().split()
        self.invalidate()

    def only(self, kind: str | None) -> None:
        """Shows the rows of one kind; None for every one."""
        self._kind = kind
        self.invalidate()

    def filterAcceptsRow(self, row: int, _parent: Index) -> bool:
        model = cast(BackupModel, self.sourceModel())
        if self._kind is not None and model.kind(model.entry(row).backup)[0] != self._kind:
            return False
        searched = model.searched(row) if self._words else ""
        return all(word in searched for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:
        for role in (Qt.ItemDataRole.UserRole, Qt.ItemDataRole.DisplayRole):
            model = cast(BackupModel, self.sourceModel())
            one, other = model.data(left, role), model.data(right, role)
            if one is not None and other is not None:
                return bool(one < other)
        return False


class BackupTable(QTableView):
    """One backup a row; one row can be selected."""

    selection_changed = Signal()

    def __init__(self, texts: Texts, names: Mapping[str, TableWords], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self.backups = BackupModel(texts, names, self.palette(), self)
        self.filter = BackupFilter(self.backups)
        self.setModel(self.filter)
        self.setAccessibleName(texts.backups)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)  # Tab leads on to the buttons
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None and columns is not None
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() * 3 // 2)
        columns.setResizeContentsPrecision(_LOOKED_AT)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setSectionResizeMode(Column.LABEL, QHeaderView.ResizeMode.Stretch)
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.setSortingEnabled(True)
        self.sortByColumn(Column.WHEN, Qt.SortOrder.DescendingOrder)
        columns.setMinimumSectionSize(columns.sectionSizeHint(Column.LABEL))
        selection = self.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(lambda *_: self.selection_changed.emit())
        self.filter.modelReset.connect(self.selection_changed)
        self.filter.layoutChanged.connect(lambda *_: self._select_something())  # searched, filtered or sorted

    def show_backups(self, entries: Sequence[Entry], *, select: Path | None = None) -> None:
        """Fills the table, and selects the backup at the path given, else the one that was, else the first."""
        selected = self.selected()
        self.setColumnHidden(Column.PLACE, all(entry.places == ("here",) for entry in entries))
        self.backups.show(entries)
        self.select(select or (selected.path if selected else None))

    def select(self, path: Path | None) -> None:
        """Selects the backup at this path, else the first one."""
        for row in range(self.filter.rowCount()):
            if self._at(row).path == path:
                self.selectRow(row)
                return
        self._select_something(anew=True)

    def selected(self) -> Backup | None:
        """The selected backup."""
        row = self.currentIndex().row()
        return self._at(row) if 0 <= row < self.filter.rowCount() else None

    def selected_is_here(self) -> bool:
        """Whether the selected one is in the backup folder, and not elsewhere alone."""
        index = self.filter.mapToSource(self.currentIndex())
        return index.isValid() and "here" in self.backups.entry(index.row()).places

    def selected_is_a_file(self) -> bool:
        """Whether the selected one can be read without fetching it from the archive first."""
        index = self.filter.mapToSource(self.currentIndex())
        return index.isValid() and self.backups.entry(index.row()).snapshot is None

    def newest(self) -> Backup | None:
        """The newest one in the backup folder, whether it is shown or not."""
        backups = [entry.backup for entry in self.backups.entries() if "here" in entry.places]
        return max(backups, key=lambda backup: backup.created_at, default=None)

    def rowCount(self) -> int:
        """How many rows are shown."""
        return self.filter.rowCount()

    def text(self, row: int, column: Column) -> str:
        """What a cell shows."""
        return str(self.filter.index(row, column).data())

    def remember_whole(self, backup: Backup) -> None:
        """Shows from now on what a verification found."""
        self.backups.remember(backup, datetime.now(backup.created_at.tzinfo))
        self.selection_changed.emit()

    def remember_damage(self, backup: Backup, *, repairable: bool) -> None:
        """The same, of one that is not whole."""
        self.backups.remember(backup, self._texts.repairable if repairable else self._texts.damaged)
        self.selection_changed.emit()

    def sizeHint(self) -> QSize:
        """Wide enough for a usual row, and as high as ten of them; beyond that there are scroll bars."""
        columns, bar = self.horizontalHeader(), self.verticalScrollBar()
        assert columns is not None and bar is not None
        usual = {
            Column.WHEN: ("00 de septiembre 00:00",),
            Column.LABEL: ("x" * 16,),
            Column.HOLDS: ("00,000 clientes",),
            Column.VERIFIED: (self._texts.not_verified, f"---{self._texts.repairable}"),
            Column.KIND: self._texts.kinds.values(),
            Column.SIZE: (file_size(999_900_000, self._texts),),
        }
        metrics = self.fontMetrics()
        margin = 3 * metrics.averageCharWidth()
        width = sum(
            max(columns.sectionSizeHint(column), margin + max(metrics.horizontalAdvance(text) for text in texts))
            for column, texts in usual.items()
        )
        height = columns.sizeHint().height() + 10 * (metrics.height() * 3 // 2)
        frame = 2 * self.frameWidth()
        return QSize(width + bar.sizeHint().width() + frame, height + bar.sizeHint().height() + frame)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self.backups.recolour(self.palette())

    def _at(self, row: int) -> Backup:
        return self.backups.entry(self.filter.mapToSource(self.filter.index(row, 0)).row()).backup

    def _select_something(self, *, anew: bool = False) -> None:
        if self.filter.rowCount() and (anew or self.selected() is None):
            self.selectRow(0)
        self.selection_changed.emit()
