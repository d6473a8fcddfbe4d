"""Saves what can be read of a damaged file into a new one."""

from __future__ import annotations

from typing import cast

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..models import Backup
from ..salvage import SalvagedTable, SalvageResult
from ..store import Store
from . import boxes
from .dates import number
from .job import Job
from .texts import Texts
from .work_dialog import Application, WorkDialog


class RepairDialog(WorkDialog):
    """First it shows what can be saved, then it saves it. Restoring that is the person's decision."""

    salvaged = Signal(str)
    """The path of the new file."""

    def __init__(self, store: Store, texts: Texts, backup: Backup | None, parent: QWidget) -> None:
        super().__init__(texts, Application(), parent)
        self._store = store
        self._seen: int | None = None
        """The index of the source whose report is shown."""
        self._sources: list[Backup | None] = [None]
        self.setWindowTitle(texts.repair_title)
        intro = QLabel(texts.repair_intro, self)
        intro.setWordWrap(True)
        self.source = QComboBox(self)
        self.source.addItem(texts.live_database)
        if backup is not None:
            self._sources.append(backup)
            self.source.addItem(texts.selected_backup.format(date=backup.display))
            self.source.setItemData(1, str(backup.path), Qt.ItemDataRole.ToolTipRole)
            self.source.setCurrentIndex(int(backup.intact is False))
        self.report = QLabel(self)
        self.report.setWordWrap(True)
        self.report.setTextFormat(Qt.TextFormat.PlainText)
        self.tables = _Tables(texts, self)
        self.see_button = QPushButton(texts.see, self)
        self.salvage_button = QPushButton(texts.salvage, self)
        self.close_button = QPushButton(texts.close, self)
        self.close_button.setDefault(True)
        form = QFormLayout()
        form.addRow(texts.source_field, self.source)
        below = QHBoxLayout()
        below.addWidget(self.progress, 1)
        for button in (self.see_button, self.salvage_button, self.close_button):
            below.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(intro)
        layout.addLayout(form)
        layout.addWidget(self.report)
        layout.addWidget(self.tables, 1)
        layout.addLayout(below)
        self.source.currentIndexChanged.connect(lambda _index: self._enable())
        self.see_button.clicked.connect(lambda: self._work(dry_run=True))
        self.salvage_button.clicked.connect(lambda: self._work(dry_run=False))
        self.close_button.clicked.connect(self.reject)
        self._enable()

    def _enable(self) -> None:
        idle = self._job is None
        self.source.setEnabled(idle)
        self.see_button.setEnabled(idle)
        self.salvage_button.setEnabled(idle and self._seen == self.source.currentIndex())

    def _rest(self) -> QWidget:
        return self.close_button

    def _work(self, *, dry_run: bool) -> None:
        index = self.source.currentIndex()
        source = self._sources[index]

        def worked(job: Job) -> QMessageBox | None:
            if job.error:
                return boxes.tell_error(self, self._texts, job.error)
            result = cast(SalvageResult, job.result)
            self._show(result)
            self._seen = index
            self._enable()
            if result.recovered is None:
                self.salvage_button.setFocus()
                return None
            self.salvaged.emit(str(result.recovered.path))
            said = self._texts.salvaged.format(name=result.recovered.name)
            told = boxes.tell_success(self, self._texts, said, warnings=result.warnings)
            told.finished.connect(lambda _result: self.accept())
            return told

        job = Job(
            lambda progress: self._store.salvage(source, dry_run=dry_run, progress=progress), self._texts.salvaging
        )
        self._start(job, worked)

    def _show(self, result: SalvageResult) -> None:
        texts = self._texts
        lines = [texts.method_reindex if result.method == "reindex" else texts.method_rows]
        if result.lost_and_found:
            form = texts.lost_and_found.of(result.lost_and_found)
            lines.append(form.format(count=number(result.lost_and_found, texts)))
        self.report.setText("\n".join(lines))
        self.tables.show_tables(result.tables)


class _Tables(QTreeWidget):
    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = texts
        self.setHeaderLabels([texts.repair_table, texts.repair_rows, texts.repair_cut, texts.repair_missing])
        self.setAccessibleName(texts.repair_rows)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)

    def show_tables(self, tables: tuple[SalvagedTable, ...]) -> None:
        texts = self._texts
        self.clear()
        for table in tables:
            missing = ""
            if table.missing_since:
                count = number(table.missing_since.rows, texts)
                missing = texts.missing_since.format(count=count, backup=table.missing_since.backup)
            cut = number(table.cut, texts) if table.cut else ""
            item = QTreeWidgetItem([table.table, number(table.rows, texts), cut, missing])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column in range(4):
                item.setToolTip(column, item.text(column))
            self.addTopLevelItem(item)
        for column in range(3):
            self.resizeColumnToContents(column)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(76 * metrics.averageCharWidth(), 12 * metrics.height())
