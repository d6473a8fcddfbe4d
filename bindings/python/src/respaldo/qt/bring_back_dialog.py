"""Brings single rows of a backup back: search, tick, see what would happen, bring back, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, cast

from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QMessageBox, QWidget

from ..differences import Comparison
from ..errors import CancelledError
from ..models import Backup
from ..rows import BringBackResult, RowKey
from ..store import Progress, Store
from . import boxes
from .bring_back_layout import BringBackLayout
from .contents import counted, listed, tables_of
from .job import Job, running
from .row_model import MissingRow
from .texts import Texts
from .work_dialog import Application

_ROWS_OF_A_TABLE = 2000
_PAUSE_MS = 150  # while somebody ticks, nothing is planned


class BringBackDialog(BringBackLayout):
    """What a backup has and the live database lacks, or has otherwise."""

    brought_back = Signal()
    """Rows were brought back, and the application has read its database anew."""
    undo_asked = Signal(str)
    """The path of the safety copy that is to be restored."""

    def __init__(self, store: Store, texts: Texts, application: Application, backup: Backup, parent: QWidget) -> None:
        super().__init__(store, texts, application, backup, parent)
        self._store = store
        self._backup = backup
        self._begun = False
        self._planning: Job | None = None
        self._plan: BringBackResult | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._begin_to_plan)
        self.rows.ticked_changed.connect(self._plan_anew)
        for box in (self.dependents, self.overwrite):
            box.toggled.connect(self._plan_anew)
        self.bring_back_button.clicked.connect(self._bring_back)
        self._enable()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if not self._begun:
            self._begun = True
            self._read()

    def reject(self) -> None:
        self._stop_planning()
        super().reject()

    def _enable(self) -> None:
        idle = self._job is None
        for widget in (self.table, self.search, self.tables, self.dependents, self.overwrite):
            widget.setEnabled(idle)
        self.bring_back_button.setEnabled(idle and self._plan is not None and _changes(self._plan))

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

    # What would happen

    def _plan_anew(self) -> None:
        self._stop_planning()
        self._plan = None
        self.plan.setText(self._texts.planning if self.rows.ticked() else self._texts.plan_nothing)
        if self.rows.ticked():
            self._pause.start()
        self._enable()

    def _stop_planning(self) -> None:
        self._pause.stop()
        if self._planning is not None:
            self._planning.cancel()
            self._planning = None

    def _begin_to_plan(self) -> None:
        keys = [missing.key() for missing in self.rows.ticked()]
        self._planning = Job(self._bringing(keys, dry_run=True), self._texts.planning, keeps_open=False)
        self._planning.ended.connect(self._planned)
        self._planning.start()

    def _planned(self) -> None:
        job = self._planning
        if job is None or job in running():  # that was one that another has taken the place of
            return
        self._planning = None
        if isinstance(job.error, CancelledError):
            return
        if job.error:
            self.plan.setText(str(job.error))
        else:
            self._plan = cast(BringBackResult, job.result)
            self.plan.setText(self._told(self._plan))
        self._enable()

    def _told(self, result: BringBackResult) -> str:
        texts = self._texts
        inserted = [(plan.table, plan.insert) for plan in result.plan if plan.insert]
        updated = [(plan.table, plan.update) for plan in result.plan if plan.update]
        said = " ".join(
            form.of(sum(count for _table, count in counts)).format(rows=self._counted(counts))
            for form, counts in ((texts.plan_insert, inserted), (texts.plan_update, updated))
            if counts
        )
        said = said or texts.plan_same
        conflicts = [conflict for plan in result.plan for conflict in plan.conflicts]
        if not conflicts or self.overwrite.isChecked():
            return said
        words = [f"{self.rows.table_name(conflict.table)} {_key(conflict.key)}" for conflict in conflicts[:3]]
        rows = ", ".join([*words, "…"] if len(conflicts) > 3 else words)
        clash = texts.conflicts.format(count=len(conflicts), rows=rows)
        return clash if said == texts.plan_same else f"{said}\n{clash}"

    def _counted(self, counts: Sequence[tuple[str, int]]) -> str:
        parts = [counted(table, count, self._store.names, self._texts) for table, count in counts if count]
        return listed(parts, self._texts)

    def _bringing(self, keys: Sequence[RowKey], *, dry_run: bool) -> Callable[[Progress], BringBackResult]:
        conflict: Literal["overwrite", "skip"] = "overwrite" if self.overwrite.isChecked() else "skip"
        dependents, reason = self.dependents.isChecked(), self._application.reason

        def work(progress: Progress) -> BringBackResult:
            return self._store.bring_back(
                self._backup,
                keys,
                with_dependents=dependents,
                on_conflict=conflict,
                dry_run=dry_run,
                reason=reason,
                progress=progress,
            )

        return work

    # It happens

    def _bring_back(self) -> None:
        self._stop_planning()
        plan = self._plan
        keys = [missing.key() for missing in self.rows.ticked()]
        work = self._bringing(keys, dry_run=False)

        def ended(job: Job) -> QMessageBox:
            if job.error:
                return boxes.tell_error(self, self._texts, job.error)
            result = cast(BringBackResult, job.result)
            self.brought_back.emit()
            counts = [(table.table, table.insert + table.update) for table in result.plan]
            return self._tell_success(self._counted(counts), result)

        assert plan is not None
        self._start_quietly(lambda reload: Job(work, self._texts.bringing_back, afterwards=reload), ended)

    def _tell_success(self, what: str, result: BringBackResult) -> QMessageBox:
        texts, safety = self._texts, result.safety_backup
        more = texts.safety_copy.format(path=safety) if safety else ""
        box = boxes.tell_success(self, texts, texts.brought_back.format(what=what), more=more, warnings=result.warnings)
        undo = box.addButton(texts.undo, QMessageBox.ButtonRole.ActionRole) if safety else None

        def finished(_result: int) -> None:
            undone = undo is not None and box.clickedButton() is undo
            self.accept()
            if undone:
                self.undo_asked.emit(str(safety))

        box.finished.connect(finished)
        return box


def _changes(result: BringBackResult) -> bool:
    return any(plan.insert or plan.update for plan in result.plan)


def _key(key: Mapping[str, object]) -> str:
    return ", ".join(str(value) for value in key.values())
