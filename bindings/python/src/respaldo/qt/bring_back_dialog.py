"""Brings single rows of a backup back: search, tick, see what would happen, bring back, undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from qtpy.QtCore import Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QMessageBox, QWidget

from ..differences import Comparison
from ..models import Backup
from ..store import Progress, Store
from . import boxes
from .bring_back_layout import BringBackLayout
from .bringing import Chosen
from .contents import tables_of
from .job import Job
from .row_model import MissingRow
from .texts import Texts
from .work_dialog import Application

_ROWS_OF_A_TABLE = 2000


class BringBackDialog(BringBackLayout):
    """What a backup has and the live database lacks, or has otherwise."""

    everywhere_asked = Signal(str)
    """This is to be searched for in every backup; the dialog has closed."""

    def __init__(self, store: Store, texts: Texts, application: Application, backup: Backup, parent: QWidget) -> None:
        super().__init__(store, texts, application, backup, parent)
        self._backup = backup
        self._begun = False
        self.rows.ticked_changed.connect(self._plan_anew)
        self.everywhere_button.clicked.connect(self._search_everywhere)
        self._enable()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if not self._begun:
            self._begun = True
            self._read()

    def _choosing(self) -> Sequence[QWidget]:
        return self.table, self.search, self.tables, self.everywhere_button

    def _chosen(self) -> Chosen | None:
        ticked = self.rows.ticked()
        return Chosen(self._backup, [missing.key() for missing in ticked]) if ticked else None

    def _search_everywhere(self) -> None:
        self.reject()
        self.everywhere_asked.emit(self.search.text())

    def _read(self) -> None:
        backup = self._backup

        def compared(job: Job) -> QMessageBox | None:
            if job.error:
                told = boxes.tell_error(self, self._texts, job.error)
                told.finished.connect(lambda _result: self.reject())
                return told
            self._show(cast(Comparison, job.result))
            return None

        def work(progress: Progress) -> Comparison:
            return self._store.compare(backup, rows=_ROWS_OF_A_TABLE, progress=progress)

        self._start(Job(work, self._texts.comparing, keeps_open=False), compared)

    def _show(self, comparison: Comparison) -> None:
        rows = [
            MissingRow(table, row)
            for table, row in comparison.rows()
            if row.what in ("only_there", "changed") and row.key is not None
        ]
        order = [table for table, _count in tables_of(self._backup.content, self._store.names)]
        rows.sort(key=lambda missing: order.index(missing.table) if missing.table in order else len(order))
        cut = any(table.only_there + table.changed > len(table.rows) for table in comparison.tables)
        self.show_rows(rows, self._texts.more_rows.format(count=_ROWS_OF_A_TABLE) if cut else "")
        self.search.setFocus()
