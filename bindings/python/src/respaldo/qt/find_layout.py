"""The parts of the dialog that searches every backup, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSplitter,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)

from ..store import Store
from .bringing import BringingDialog
from .contents import table_name
from .search_field import SearchField
from .texts import Texts
from .values_panel import ValuesPanel
from .work_dialog import Application


class FindLayout(BringingDialog):
    """From top to bottom: what to search for, the rows found with the versions of one beside them, the choices."""

    def __init__(
        self, store: Store, texts: Texts, application: Application, tables: Sequence[str], parent: QWidget
    ) -> None:
        super().__init__(store, texts, application, parent)
        self.intro = _sentence(texts.find_intro, self)
        self.search = SearchField(self)
        self.search.ask_for(texts.search_rows)
        self.tables = QComboBox(self)
        self.tables.setAccessibleName(texts.which_table)
        self.tables.setToolTip(texts.which_table)
        self.tables.addItem(texts.every_table, None)
        for table in tables:
            self.tables.addItem(table_name(table, store.names), table)
        self.found = _List([texts.row, texts.of_table, texts.found_where], 66, 18, self)
        self.found.setAccessibleName(texts.row)
        self.said = _sentence(texts.find_hint, self)
        self.now = _sentence("", self)
        self.now.setMinimumHeight(2 * self.fontMetrics().height())
        self.now.setAlignment(Qt.AlignmentFlag.AlignBottom)
        self.versions = _List([texts.version_when, texts.version_what], 58, 6, self)
        self.versions.setAccessibleName(texts.versions)
        self.values = ValuesPanel(texts, self)
        self._lay_out()

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.search, 1)
        above.addWidget(self.tables)
        one = QWidget(self)
        beside = QVBoxLayout(one)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.now)
        beside.addWidget(self.versions, 2)
        beside.addWidget(self.values, 3)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(self.found)
        splitter.addWidget(one)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.intro)
        layout.addLayout(above)
        layout.addWidget(self.said)
        layout.addWidget(splitter, 1)
        self._lay_out_choices(layout)
        order = [self.search, self.tables, self.found, self.versions, self.values, *self._choices()]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self._fit()


class _List(QTreeWidget):
    """Enter leads on, and does not press the dialog's button."""

    entered = Signal()

    def __init__(self, headings: list[str], width: int, height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._wide, self._high = width, height
        self.setHeaderLabels(headings)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        columns = self.header()
        assert columns is not None
        columns.setStretchLastSection(False)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setSectionResizeMode(0 if len(headings) == 3 else 1, QHeaderView.ResizeMode.Stretch)
        columns.setMinimumSectionSize(8 * self.fontMetrics().averageCharWidth())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
            event.accept()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(self._wide * metrics.averageCharWidth(), self._high * metrics.height())


def _sentence(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
