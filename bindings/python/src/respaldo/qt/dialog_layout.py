"""The parts of the dialog and where they stand. What they do is connected elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QShortcut,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..store import Store
from .backup_model import Entry
from .backup_table import BackupTable
from .details import DetailsPanel
from .health_bar import HealthBar
from .icons import plain_icon
from .more_menu import MoreMenu
from .search_field import SearchField
from .texts import Texts
from .work_dialog import Application, WorkDialog


class DialogLayout(WorkDialog):
    """From top to bottom: health, notices, what to search for, the list with the details beside it, progress."""

    def __init__(self, store: Store, texts: Texts, application: Application, parent: QWidget | None) -> None:
        super().__init__(texts, application, parent)
        self.setWindowTitle(texts.title)
        self.health = HealthBar(store, texts, self)
        self.notices = QLabel(self)
        self.notices.setTextFormat(Qt.TextFormat.PlainText)
        self.notices.setWordWrap(True)
        self.notices.hide()
        self.create_button = QPushButton(texts.create, self)
        self.search = SearchField(self)
        self.search.ask_for(texts.search)
        self.kinds = QComboBox(self)
        self.kinds.setAccessibleName(texts.filter_kind)
        self.kinds.setToolTip(texts.filter_kind)
        self.table = BackupTable(texts, store.names, self)
        self.empty = QLabel(self)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.safety = QCheckBox(texts.include_safety, self)
        self.details = DetailsPanel(texts, store.names, self)
        self.restore_button = QPushButton(texts.restore, self)
        self.bring_back_button = QPushButton(texts.bring_back, self)
        self.verify_button = QPushButton(texts.verify, self)
        self.save_copy_button = QPushButton(texts.save_copy, self)
        self.open_folder_button = QPushButton(texts.open_folder, self)
        self.more = MoreMenu(texts, self)
        self.more_button = QPushButton(texts.more, self)
        self.more_button.setMenu(self.more)
        self.close_button = QPushButton(texts.close, self)
        self.close_button.setDefault(True)  # so that Enter changes nothing
        self._lay_out()
        self._draw_icons()
        self.show_kinds(())
        self.show_no_backup(listed=False)

        self.search.textChanged.connect(self.table.filter.search)
        self.search.entered.connect(self.table.setFocus)
        self.kinds.currentIndexChanged.connect(lambda _index: self.table.filter.only(self.kinds.currentData()))
        self.table.selection_changed.connect(self._show_list_or_why_not)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)

    def show_kinds(self, entries: Sequence[Entry]) -> None:
        """Offers the kinds that there are; the one that was chosen stays."""
        model = self.table.backups
        kinds = dict(sorted({model.kind(entry.backup) for entry in entries}, key=lambda kind: kind[1]))
        wanted = [(None, self._texts.every_kind), *kinds.items()]
        chosen = self.kinds.currentData()
        if [(self.kinds.itemData(i), self.kinds.itemText(i)) for i in range(self.kinds.count())] == wanted:
            return
        self.kinds.blockSignals(True)
        self.kinds.clear()
        for key, words in wanted:
            self.kinds.addItem(words, key)
        self.kinds.setCurrentIndex(max(0, self.kinds.findData(chosen)))
        self.kinds.blockSignals(False)
        self.table.filter.only(self.kinds.currentData())

    def show_no_backup(self, *, listed: bool) -> None:
        """Shows that none is selected."""
        texts = self._texts
        if self.table.backups.entries() or not listed:
            self.details.show_nothing(texts.nothing_selected if listed else texts.listing)
        else:
            self.details.show_nothing(texts.none_yet_hint)

    def _show_list_or_why_not(self) -> None:
        if self.table.rowCount():
            self.list_or_why_not.setCurrentWidget(self.table)
            return
        texts = self._texts
        some = bool(self.table.backups.entries())
        self.empty.setText(texts.none_match if some else f"{texts.none_yet}\n{texts.none_yet_hint}")
        self.list_or_why_not.setCurrentWidget(self.empty)

    def _notify(self, text: str) -> None:
        self.notices.setText(text)
        self.notices.setVisible(bool(text))

    def _rest(self) -> QWidget:
        return self.close_button

    def _enable(self) -> None:
        idle, backup = self._job is None, self.table.selected()
        for widget in (self.create_button, self.safety, self.table, self.search, self.kinds, self.open_folder_button):
            widget.setEnabled(idle)
        chosen = idle and backup is not None
        for button in (self.restore_button, self.save_copy_button):
            button.setEnabled(chosen)
        readable = chosen and self.table.selected_is_a_file()
        for button in (self.verify_button, self.bring_back_button):
            button.setEnabled(readable)
        self.more_button.setEnabled(idle)
        self.more.rehearse.setEnabled(readable)
        self.more.push.setEnabled(readable and self.table.selected_is_here())
        annotatable = chosen and backup is not None and backup.kind != "safety" and self.table.selected_is_here()
        for action in (self.more.annotate, self.more.pin):
            action.setEnabled(annotatable)
        self.more.pin.setChecked(bool(backup and backup.pinned))
        self.health.setEnabled(idle)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and hasattr(self, "close_button"):
            self._draw_icons()

    def _draw_icons(self) -> None:
        palette = self.palette()
        for button, name in (
            (self.create_button, "create"),
            (self.restore_button, "restore"),
            (self.bring_back_button, "bring_back"),
        ):
            button.setIcon(plain_icon(name, palette))

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.create_button)
        above.addWidget(self.search, 1)
        above.addWidget(self.kinds)
        self.list_or_why_not = QStackedWidget(self)
        self.list_or_why_not.addWidget(self.table)
        self.list_or_why_not.addWidget(self.empty)
        beside = QWidget(self)
        buttons = QGridLayout(beside)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self.details, 0, 0, 1, 2)
        buttons.setRowStretch(0, 1)
        in_order = [
            self.restore_button,
            self.bring_back_button,
            self.verify_button,
            self.save_copy_button,
            self.open_folder_button,
            self.more_button,
        ]
        for place, button in enumerate(in_order):
            buttons.addWidget(button, 1 + place // 2, place % 2)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.list_or_why_not)
        self.splitter.addWidget(beside)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setChildrenCollapsible(False)
        below = QHBoxLayout()
        below.addWidget(self.progress, 1)
        below.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.health)
        layout.addWidget(self.notices)
        layout.addLayout(above)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.safety)
        layout.addLayout(below)
        order = [
            self.health.unfold,
            self.create_button,
            self.search,
            self.kinds,
            self.table,
            self.details,
            *in_order,
            self.safety,
            self.progress.cancel,
            self.close_button,
        ]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self.table.setFocus()
        # Qt by itself would take no more than two thirds of the screen.
        screen = self.screen()
        assert screen is not None
        self.resize(self.sizeHint().boundedTo(screen.availableSize()))

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), 26 * self.fontMetrics().height()))
