"""The parts of the dialog that brings rows back, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ..models import Backup
from ..store import Store
from .bringing import BringingDialog
from .row_model import MissingRow, RowColumn, RowFilter, RowModel
from .search_field import SearchField
from .texts import Texts
from .values_panel import ValuesPanel
from .work_dialog import Application


class BringBackLayout(BringingDialog):
    """From top to bottom: what to search for, the rows with their values beside them, the choices, the plan."""

    def __init__(self, store: Store, texts: Texts, application: Application, backup: Backup, parent: QWidget) -> None:
        super().__init__(store, texts, application, parent)
        self.intro = QLabel(texts.bring_back_intro.format(date=backup.display), self)
        self.intro.setWordWrap(True)
        self.search = SearchField(self)
        self.search.ask_for(texts.search_rows)
        self.tables = QComboBox(self)
        self.tables.setAccessibleName(texts.which_table)
        self.tables.setToolTip(texts.which_table)
        self.rows = RowModel(texts, store.names, self)
        self.filter = RowFilter(self.rows)
        self.table = _Rows(texts, self.filter, self)
        self.values = ValuesPanel(texts, self)
        self.everywhere_button = QPushButton(texts.search_everywhere, self)
        self._lay_out()
        self.search.textChanged.connect(self.filter.search)
        self.search.entered.connect(self.table.setFocus)
        self.tables.currentIndexChanged.connect(lambda _index: self.filter.only(self.tables.currentData()))
        selection = self.table.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(lambda *_: self._show_values())

    def show_rows(self, rows: Sequence[MissingRow], notice: str) -> None:
        """Shows the rows that can be brought back, and the tables that they are of."""
        self.rows.show(rows)
        self.tables.clear()
        self.tables.addItem(self._texts.every_table, None)
        for table in dict.fromkeys(missing.table for missing in rows):
            self.tables.addItem(self.rows.table_name(table), table)
        if notice:
            self.intro.setText(f"{self.intro.text()}\n{notice}")
        if rows:
            self.table.setCurrentIndex(self.filter.index(0, 0))
        else:
            self.intro.setText(self._texts.nothing_differs)
        self._show_values()

    def _show_values(self) -> None:
        index = self.filter.mapToSource(self.table.currentIndex())
        if not index.isValid():
            self.values.clear()
            return
        missing = self.rows.at(index.row())
        self.values.show_values(missing.then(), missing.now(), missing.row.columns)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.search, 1)
        above.addWidget(self.tables)
        above.addWidget(self.everywhere_button)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(self.table)
        splitter.addWidget(self.values)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.intro)
        layout.addLayout(above)
        layout.addWidget(splitter, 1)
        self._lay_out_choices(layout)
        order = [
            self.search,
            self.tables,
            self.everywhere_button,
            self.table,
            self.values,
            *self._choices(),
        ]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self._fit()


class _Rows(QTreeView):
    def __init__(self, texts: Texts, rows: RowFilter, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModel(rows)
        self.setAccessibleName(texts.row)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSortingEnabled(False)
        columns = self.header()
        assert columns is not None
        columns.setStretchLastSection(False)
        columns.setResizeContentsPrecision(60)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setSectionResizeMode(RowColumn.TITLE, QHeaderView.ResizeMode.Stretch)
        columns.setMinimumSectionSize(8 * self.fontMetrics().averageCharWidth())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """The space bar ticks the row, whichever of its cells is the current one."""
        model, index = self.model(), self.currentIndex()
        if event is not None and event.key() == Qt.Key.Key_Space and model is not None and index.isValid():
            box = index.sibling(index.row(), RowColumn.TITLE)
            role = Qt.ItemDataRole.CheckStateRole
            ticked = model.data(box, role) == Qt.CheckState.Checked
            model.setData(box, Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked, role)
            event.accept()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(64 * metrics.averageCharWidth(), 14 * metrics.height())
