"""The parts of the dialog that brings rows back, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ..models import Backup
from ..store import Store
from .row_model import MissingRow, RowColumn, RowFilter, RowModel, shown
from .search_field import SearchField
from .texts import Texts
from .work_dialog import Application, WorkDialog


class BringBackLayout(WorkDialog):
    """From top to bottom: what to search for, the rows with their values beside them, the choices, the plan."""

    def __init__(self, store: Store, texts: Texts, application: Application, backup: Backup, parent: QWidget) -> None:
        super().__init__(texts, application, parent)
        self.setWindowTitle(texts.bring_back_title)
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
        self.values = _Values(texts, self)
        self.dependents = QCheckBox(texts.with_dependents, self)
        self.dependents.setChecked(True)
        self.overwrite = QCheckBox(texts.overwrite, self)
        self.plan = QLabel(texts.plan_nothing, self)
        self.plan.setWordWrap(True)
        self.plan.setTextFormat(Qt.TextFormat.PlainText)
        self.plan.setMinimumHeight(3 * self.fontMetrics().height())
        self.plan.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.bring_back_button = QPushButton(texts.do_bring_back, self)
        self.close_button = QPushButton(texts.close, self)
        self.close_button.setDefault(True)
        self._lay_out()
        self.search.textChanged.connect(self.filter.search)
        self.search.entered.connect(self.table.setFocus)
        self.tables.currentIndexChanged.connect(lambda _index: self.filter.only(self.tables.currentData()))
        selection = self.table.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(lambda *_: self._show_values())
        self.close_button.clicked.connect(self.reject)

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

    def _rest(self) -> QWidget:
        return self.close_button

    def _show_values(self) -> None:
        index = self.filter.mapToSource(self.table.currentIndex())
        self.values.show_row(self.rows.at(index.row()) if index.isValid() else None)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.search, 1)
        above.addWidget(self.tables)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(self.table)
        splitter.addWidget(self.values)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        below = QHBoxLayout()
        below.addWidget(self.progress, 1)
        below.addWidget(self.bring_back_button)
        below.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.intro)
        layout.addLayout(above)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.dependents)
        layout.addWidget(self.overwrite)
        layout.addWidget(self.plan)
        layout.addLayout(below)
        order = [
            self.search,
            self.tables,
            self.table,
            self.values,
            self.dependents,
            self.overwrite,
            self.progress.cancel,
            self.bring_back_button,
            self.close_button,
        ]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        screen = self.screen()
        assert screen is not None
        self.resize(self.sizeHint().boundedTo(screen.availableSize()))


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


class _Values(QTextBrowser):
    """The values of a row, as they were and as they are."""

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = texts
        self.setAccessibleName(texts.row_details)
        self.setTabChangesFocus(True)
        self.setOpenLinks(False)

    def show_row(self, missing: MissingRow | None) -> None:
        if missing is None:
            self.clear()
            return
        now, texts = missing.now(), self._texts
        head = [texts.row_details, texts.then_column] + ([texts.now_column] if now is not None else [])
        lines = [f"<tr>{''.join(f'<th align=left>{escape(word)}</th>' for word in head)}</tr>"]
        for column, then in missing.then().items():
            cells = [escape(column), escape(shown(then, texts))]
            if now is not None:
                cells.append(escape(shown(now.get(column), texts)))
            if column in missing.row.columns:
                cells = [f"<b>{cell}</b>" for cell in cells]
            lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
        self.setHtml(f"<table cellpadding=2>{''.join(lines)}</table>")

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(44 * metrics.averageCharWidth(), 14 * metrics.height())
