"""The dialogs that bring rows back: what would happen, the deed, and undoing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMessageBox, QPushButton, QVBoxLayout, QWidget

from ..models import Backup
from ..rows import BringBackResult, RowKey
from ..store import Progress, Store
from . import boxes
from .contents import counted, listed, table_name
from .job import Job
from .newest import Newest
from .texts import Texts
from .work_dialog import Application, WorkDialog

_PAUSE_MS = 150  # while somebody chooses, nothing is planned


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows that are to be brought back, and the backup that has them."""

    backup: Backup
    keys: Sequence[RowKey]


class BringingDialog(WorkDialog):
    """Below whatever rows are chosen from: two choices, what would happen, and the button that does it."""

    brought_back = Signal()
    """Rows were brought back, and the application has read its database anew."""
    undo_asked = Signal(str)
    """The path of the safety copy that is to be restored."""

    def __init__(self, store: Store, texts: Texts, application: Application, parent: QWidget) -> None:
        super().__init__(texts, application, parent)
        self._store = store
        self._plan: BringBackResult | None = None
        self._nothing_chosen = texts.plan_nothing
        self._planning = Newest(self)
        self._planning.done.connect(self._planned)
        self.setWindowTitle(texts.bring_back_title)
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
        for box in (self.dependents, self.overwrite):
            box.toggled.connect(self._plan_anew)
        self.bring_back_button.clicked.connect(self._bring_back)
        self.close_button.clicked.connect(self.reject)

    def reject(self) -> None:
        self._planning.stop()
        super().reject()

    def _chosen(self) -> Chosen | None:
        """What is to be brought back; None while nothing is chosen."""
        raise NotImplementedError

    def _choosing(self) -> Sequence[QWidget]:
        """What one chooses with."""
        raise NotImplementedError

    def _rest(self) -> QWidget:
        return self.close_button

    def _enable(self) -> None:
        idle = self._job is None
        for widget in (*self._choosing(), self.dependents, self.overwrite):
            widget.setEnabled(idle)
        self.bring_back_button.setEnabled(idle and self._plan is not None and _changes(self._plan))

    def _lay_out_choices(self, layout: QVBoxLayout) -> None:
        below = QHBoxLayout()
        below.addWidget(self.progress, 1)
        below.addWidget(self.bring_back_button)
        below.addWidget(self.close_button)
        for widget in (self.dependents, self.overwrite, self.plan):
            layout.addWidget(widget)
        layout.addLayout(below)

    def _choices(self) -> list[QWidget]:
        """In the order of the Tab key."""
        return [self.dependents, self.overwrite, self.progress.cancel, self.bring_back_button, self.close_button]

    def _fit(self) -> None:
        screen = self.screen()
        assert screen is not None
        self.resize(self.sizeHint().boundedTo(screen.availableSize()))

    # What would happen

    def _plan_anew(self) -> None:
        self._planning.stop()
        self._plan = None
        chosen, texts = self._chosen(), self._texts
        self.plan.setText(texts.planning if chosen else self._nothing_chosen)
        if chosen is not None:
            self._planning.ask(self._bringing(chosen, dry_run=True), texts.planning, pause_ms=_PAUSE_MS)
        self._enable()

    def _planned(self) -> None:
        if self._planning.error:
            self.plan.setText(str(self._planning.error))
        else:
            self._plan = cast(BringBackResult, self._planning.result)
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
        words = [f"{table_name(conflict.table, self._store.names)} {_key(conflict.key)}" for conflict in conflicts[:3]]
        rows = ", ".join([*words, "…"] if len(conflicts) > 3 else words)
        clash = texts.conflicts.format(count=len(conflicts), rows=rows)
        return clash if said == texts.plan_same else f"{said}\n{clash}"

    def _counted(self, counts: Sequence[tuple[str, int]]) -> str:
        parts = [counted(table, count, self._store.names, self._texts) for table, count in counts if count]
        return listed(parts, self._texts)

    def _bringing(self, chosen: Chosen, *, dry_run: bool) -> Callable[[Progress], BringBackResult]:
        conflict: Literal["overwrite", "skip"] = "overwrite" if self.overwrite.isChecked() else "skip"
        dependents, reason = self.dependents.isChecked(), self._application.reason

        def work(progress: Progress) -> BringBackResult:
            return self._store.bring_back(
                chosen.backup,
                chosen.keys,
                with_dependents=dependents,
                on_conflict=conflict,
                dry_run=dry_run,
                reason=reason,
                progress=progress,
            )

        return work

    # It happens

    def _bring_back(self) -> None:
        self._planning.stop()
        chosen = self._chosen()
        assert chosen is not None
        work = self._bringing(chosen, dry_run=False)

        def ended(job: Job) -> QMessageBox:
            if job.error:
                return boxes.tell_error(self, self._texts, job.error)
            result = cast(BringBackResult, job.result)
            self.brought_back.emit()
            counts = [(table.table, table.insert + table.update) for table in result.plan]
            return self._tell_success(self._counted(counts), result)

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
