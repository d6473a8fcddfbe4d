"""The dialog in which a person sees, makes, checks and restores backups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QMessageBox, QWidget

from ..archive import ArchiveOptions, PushResult, has_archive
from ..errors import BackupCorruptError, NotADatabaseError, RespaldoError
from ..health import RehearseResult, SecondPlace
from ..models import Backup, CreateResult, Notice, PruneResult, RestoreResult, VerifyResult
from ..store import Progress, Store
from . import boxes, files
from .archive_dialog import ArchiveDialog
from .bring_back_dialog import BringBackDialog
from .bringing import BringingDialog
from .contents import tables_of
from .dates import file_size
from .find_dialog import FindDialog
from .job import Job
from .label_dialog import LabelDialog
from .listing_dialog import ListingDialog
from .repair_dialog import RepairDialog
from .retention_dialog import RetentionDialog
from .second_place_dialog import SecondPlaceDialog
from .texts import Language, texts_in
from .work_dialog import Application


class BackupDialog(ListingDialog):
    """The backups of a store, with all that can be done with them.

    Args:
        store: stays open while the dialog is there, and while a job runs.
        parent: the application's window.
        quiesce: is called before the database is changed, by a restore or by bringing rows back: let go of what was
            read from the database, close the sessions, dispose the pool. If it raises, nothing is changed.
        reload: is called after that, also after a failure, and when ``quiesce`` raised:
            read everything again. Both are called on the windows' thread.
        reason: why a restore is made, such as who is logged in; for the log of restores.
        save_archive: is called with the archive that a person has set up, its password included, or with None for
            none any more: keep it for the next start, the password where only its owner can read it. Without this
            argument it cannot be set up here.
        save_second_place: is called with the second place that a person has set up, or with None for none any more:
            keep it for the next start. The store uses it already. Without this argument it cannot be set up here.
        language: of the texts; the library's messages are in the store's own.
    """

    backups_changed = Signal()
    """A backup was made, or what is said of one was changed; the one to connect to :meth:`LastBackupLabel.refresh`."""
    database_restored = Signal()
    """A restore succeeded, and ``reload`` has been called."""

    def __init__(
        self,
        store: Store,
        parent: QWidget | None = None,
        *,
        quiesce: Callable[[], object] | None = None,
        reload: Callable[[], object] | None = None,
        reason: str | None = None,
        save_second_place: Callable[[SecondPlace | None], object] | None = None,
        save_archive: Callable[[ArchiveOptions | None], object] | None = None,
        language: Language = "es",
    ) -> None:
        texts = texts_in(language)
        super().__init__(store, texts, Application(quiesce, reload, reason), parent)
        self.more.second_place.setVisible(save_second_place is not None)
        self._save_second_place = save_second_place
        self.more.archive.setVisible(save_archive is not None)
        self._save_archive = save_archive
        self._connect()

    # What the buttons do

    def _create(self) -> None:
        job = Job(lambda progress: self._store.create(progress=progress), self._texts.creating)
        self._start(job, self._created)

    def _ask_for_label(self) -> None:
        asked = LabelDialog(self._texts, None, self)

        def create() -> None:
            label, note, pinned = asked.label.text(), asked.note.toPlainText(), asked.pinned.isChecked()
            job = Job(
                lambda progress: self._store.create(label=label, note=note, pinned=pinned, progress=progress),
                self._texts.creating,
            )
            self._start(job, self._created)

        files.open_and_delete(asked, create)

    def _created(self, job: Job) -> QMessageBox:
        if job.error:
            return self._tell_error(job.error)
        result = cast(CreateResult, job.result)
        self._select_next = result.backup.path
        self.backups_changed.emit()
        text = self._texts.created.format(date=result.backup.display)
        return boxes.tell_success(self, self._texts, text, warnings=result.warnings)

    def _verify(self) -> None:
        backup = self.table.selected()
        if backup is None:
            return

        def verified(job: Job) -> QMessageBox:
            if job.error:
                return self._tell_error(job.error, of=backup)
            self.table.remember_whole(backup)
            result = cast(VerifyResult, job.result)
            text = self._texts.verified_whole.format(date=backup.display)
            return boxes.tell_success(self, self._texts, text, warnings=result.warnings)

        job = Job(lambda progress: self._store.verify(backup, progress=progress), self._texts.verifying)
        self._start(job, verified)

    def _rehearse(self) -> None:
        backup = self.table.selected()
        if backup is None:
            return

        def rehearsed(job: Job) -> QMessageBox:
            if job.error:
                return self._tell_error(job.error, of=backup)
            result = cast(RehearseResult, job.result)
            if result.ok:
                text = self._texts.rehearsed_well.format(date=backup.display)
                return boxes.tell_success(self, self._texts, text, warnings=result.warnings)
            text = self._texts.rehearsed_badly.format(date=backup.display)
            problems = "\n".join(result.problems)
            return boxes.tell(self, self._texts, text, more=problems, icon=QMessageBox.Icon.Warning)

        job = Job(lambda progress: self._store.rehearse(backup, progress=progress), self._texts.rehearsing)
        self._start(job, rehearsed)

    def _ask_to_restore(self, backup: Backup | None = None) -> None:
        backup = backup or self.table.selected()
        if backup is None:
            return
        chosen, snapshot = backup, self.table.backups.snapshot(backup)
        if snapshot is None and self._comparing.backup != chosen:
            self._comparing.compare(chosen, at_once=True)
        self._restore_question = boxes.ask_to_restore(
            self, self._texts, chosen, self._expected(chosen), lambda: self._restore(chosen, snapshot)
        )
        self._restore_question.finished.connect(self._restore_answered)

    def _restore_answered(self, _result: int) -> None:
        self._restore_question = None
        self._selected()

    def _restore(self, backup: Backup, snapshot: str | None) -> None:
        reason = self._application.reason

        def work(progress: Progress) -> RestoreResult:
            if snapshot is not None:
                return self._store.archive.restore(snapshot, reason=reason, progress=progress)
            return self._store.restore(backup, reason=reason, progress=progress)

        def restored(job: Job) -> QMessageBox:
            if job.error:
                return self._tell_error(job.error, of=backup)
            result = cast(RestoreResult, job.result)
            self.database_restored.emit()
            return boxes.tell_success(
                self,
                self._texts,
                self._texts.restored.format(date=backup.display),
                more=self._texts.safety_copy.format(path=result.safety_backup) if result.safety_backup else "",
                warnings=result.warnings,
            )

        self._comparing.stop()
        self._start_quietly(lambda reload: Job(work, self._texts.restoring, afterwards=reload), restored)

    def _ask_which_file(self) -> None:
        files.ask_which(self, self._texts, lambda path: self._ask_to_restore(files.as_backup(Path(path))))

    def _ask_where_to_save(self) -> None:
        backup = self.table.selected()
        if backup is not None:
            chosen = backup
            files.ask_where(self, self._texts, chosen.name, lambda target: self._save_copy(chosen, Path(target)))

    def _save_copy(self, backup: Backup, target: Path) -> None:
        snapshot = self.table.backups.snapshot(backup)

        def work(progress: Progress) -> tuple[Path, tuple[Notice, ...]]:
            if snapshot is not None:
                fetched = self._store.archive.fetch(snapshot, target, progress=progress)
                return fetched.path, fetched.warnings
            copied = self._store.restore(backup, target=target, progress=progress)
            return copied.database, copied.warnings

        def saved(job: Job) -> QMessageBox:
            if job.error:
                return self._tell_error(job.error, of=backup)
            path, warnings = cast("tuple[Path, tuple[Notice, ...]]", job.result)
            text = self._texts.copy_saved.format(path=path)
            return boxes.tell_success(self, self._texts, text, warnings=warnings)

        self._start(Job(work, self._texts.archive.fetching if snapshot else self._texts.saving_copy), saved)

    def _open_folder(self) -> None:
        backup = self.table.selected() if self.table.selected_is_a_file() else self.table.newest()
        files.open_folder(self, self._texts, backup.path.parent if backup else self._store.backup_dir)

    def _annotate(self) -> None:
        backup = self.table.selected()
        if backup is None:
            return
        chosen, asked = backup, LabelDialog(self._texts, backup, self)
        files.open_and_delete(
            asked,
            lambda: self._save_annotation(
                chosen,
                label=asked.label.text(),
                note=asked.note.toPlainText(),
                pinned=asked.pinned.isChecked(),
            ),
        )

    def _pin(self, pinned: bool) -> None:
        backup = self.table.selected()
        if backup is not None:
            self._save_annotation(backup, pinned=pinned)

    def _confirm_shrink(self) -> None:
        backup = self.table.newest()
        if backup is not None:
            self._save_annotation(backup, confirmed=True)

    def _save_annotation(
        self,
        backup: Backup,
        *,
        label: str | None = None,
        note: str | None = None,
        pinned: bool | None = None,
        confirmed: bool | None = None,
    ) -> None:
        def annotated(job: Job) -> QMessageBox | None:
            if job.error:
                return self._tell_error(job.error)
            self.backups_changed.emit()
            return None  # the list shows it

        def work(_progress: Progress) -> Backup:
            return self._store.annotate(backup, label=label, note=note, pinned=pinned, confirmed=confirmed)

        self._start(Job(work, self._texts.annotating), annotated)

    def _show_retention(self) -> None:
        def looked(job: Job) -> QMessageBox | None:
            if job.error:
                return self._tell_error(job.error)
            backups = {entry.backup.name: entry.backup for entry in self.table.backups.entries()}
            files.open_and_delete(RetentionDialog(self._texts, cast(PruneResult, job.result), backups, self))
            return None

        self._start(Job(lambda _progress: self._store.prune(dry_run=True), self._texts.pruning_dry), looked)

    def _set_up_second_place(self) -> None:
        if self._save_second_place is not None:
            dialog = SecondPlaceDialog(self._store, self._texts, self._save_second_place, self)
            dialog.finished.connect(lambda _result: self.refresh())
            files.open_and_delete(dialog)

    def _set_up_archive(self) -> None:
        if self._save_archive is None:
            return
        try:
            if not has_archive():
                self._store.archive.list()  # which says what to do about that
        except RespaldoError as error:
            self._tell_error(error)
            return
        dialog = ArchiveDialog(self._store, self._texts, self._save_archive, self)
        dialog.finished.connect(lambda _result: self._archive_set_up())
        files.open_and_delete(dialog)

    def _archive_set_up(self) -> None:
        self.refresh()
        self.refresh_archive()

    def _push(self) -> None:
        backup = self.table.selected()
        if backup is None:
            return
        chosen = backup

        def pushed(job: Job) -> QMessageBox:
            if job.error:
                return self._tell_error(job.error, of=chosen)
            result = cast(PushResult, job.result)
            self.refresh_archive()
            added = file_size(result.added_bytes, self._texts)
            text = self._texts.archive.pushed.format(date=chosen.display, added=added)
            return boxes.tell_success(self, self._texts, text, warnings=result.warnings)

        work = Job(lambda progress: self._store.archive.push(chosen, progress=progress), self._texts.archive.pushing)
        self._start(work, pushed)

    def _repair(self, *, database: bool = False) -> None:
        """Offers to repair the live database; without ``database`` also the selected backup."""
        backup = self.table.selected() if self.table.selected_is_a_file() and not database else None
        dialog = RepairDialog(self._store, self._texts, backup, self)
        dialog.salvaged.connect(self._salvaged)
        files.open_and_delete(dialog)

    def _salvaged(self, path: str) -> None:
        self._select_next = Path(path)
        self.backups_changed.emit()
        self.refresh()

    def _bring_back(self) -> None:
        backup = self.table.selected()
        if backup is None:
            return
        self._comparing.stop()
        dialog = BringBackDialog(self._store, self._texts, self._application, backup, self)
        dialog.everywhere_asked.connect(self._find)
        self._open_bringing(dialog)

    def _find(self, text: str = "") -> None:
        self._comparing.stop()
        contents = [entry.backup.content for entry in self.table.backups.entries()]
        tables = dict.fromkeys(table for content in contents for table, _rows in tables_of(content, self._store.names))
        self._open_bringing(FindDialog(self._store, self._texts, self._application, list(tables), text, self))

    def _open_bringing(self, dialog: BringingDialog) -> None:
        dialog.brought_back.connect(self.database_restored)
        dialog.undo_asked.connect(self._undo)
        dialog.finished.connect(lambda _result: self.refresh())
        files.open_and_delete(dialog)

    def _undo(self, safety_copy: str) -> None:
        self._ask_to_restore(files.as_backup(Path(safety_copy)))

    def _tell_error(self, error: Exception, *, of: Backup | None = None, what: str | None = None) -> QMessageBox:
        useless = (BackupCorruptError, NotADatabaseError)
        if of is not None and isinstance(error, useless) and error.path == of.path:
            self.table.remember_damage(of, repairable=boxes.is_repairable(error))
        return boxes.tell_error(self, self._texts, error, what=what)

    def _connect(self) -> None:
        self.create_button.clicked.connect(self._create)
        self.verify_button.clicked.connect(self._verify)
        self.restore_button.clicked.connect(lambda: self._ask_to_restore())
        self.bring_back_button.clicked.connect(self._bring_back)
        self.save_copy_button.clicked.connect(self._ask_where_to_save)
        self.open_folder_button.clicked.connect(self._open_folder)
        self.close_button.clicked.connect(self.reject)
        self.health.confirmed.connect(self._confirm_shrink)
        self.health.repair_asked.connect(lambda: self._repair(database=True))
        self.more.create_labelled.triggered.connect(self._ask_for_label)
        self.more.from_file.triggered.connect(self._ask_which_file)
        self.more.annotate.triggered.connect(self._annotate)
        self.more.pin.triggered.connect(self._pin)
        self.more.rehearse.triggered.connect(self._rehearse)
        self.more.retention.triggered.connect(self._show_retention)
        self.more.second_place.triggered.connect(self._set_up_second_place)
        self.more.archive.triggered.connect(self._set_up_archive)
        self.more.push.triggered.connect(self._push)
        self.more.find_row.triggered.connect(lambda: self._find())
        self.more.repair.triggered.connect(lambda: self._repair())
