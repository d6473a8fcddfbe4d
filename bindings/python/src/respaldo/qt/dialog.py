"""The dialog in which a person makes, checks, restores and saves backups."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import cast

from qtpy.QtCore import QStandardPaths, Qt, QTimer, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QShowEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..errors import BackupCorruptError, CancelledError, NotADatabaseError
from ..models import Backup, CreateResult, Listing, RestoreResult, VerifyResult
from ..store import Progress, Store
from . import boxes
from .backup_table import BackupTable
from .job import Job
from .progress_row import ProgressRow
from .reading import Reading
from .texts import Language, texts_in

CANCEL_TIMEOUT_MS = 10_000
"""How long the dialog stays open for cancelled work that does not end, such as a disk that does not answer."""


class BackupDialog(QDialog):
    """The backups of a store, with buttons for all that can be done with them.

    Args:
        store: stays open while the dialog is there, and while a job runs.
        parent: the application's window.
        quiesce: is called before a restore: let go of what was read from the database, close the
            sessions, dispose the pool. If it raises, nothing is restored.
        reload: is called after a restore, also after one that failed, and when ``quiesce`` raised:
            read everything again. Both are called on the windows' thread.
        reason: why a restore is made, such as who is logged in; for the log of restores.
        language: of the texts; the library's messages are in the store's own.
    """

    backups_changed = Signal()
    """A backup was made; the one to connect to :meth:`LastBackupLabel.refresh`."""
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
        language: Language = "es",
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._quiesce = quiesce
        self._reload = reload
        self._reason = reason
        self._texts = texts = texts_in(language)
        self._job: Job | None = None
        self._conclude: Callable[[Job], QMessageBox] = self._created
        self._listing = Reading(self._list, texts.listing, self)
        self._listing.done.connect(self._listed)
        self._include_safety = False
        self._select_next: Path | None = None
        self._question: QMessageBox | None = None
        self._closing = False

        self.setWindowTitle(texts.title)
        self.notices = QLabel(self)
        self.notices.setTextFormat(Qt.TextFormat.PlainText)
        self.notices.setWordWrap(True)
        self.notices.hide()
        self.table = BackupTable(texts, self)
        self.safety = QCheckBox(texts.include_safety, self)
        self.create_button = QPushButton(texts.create, self)
        self.verify_button = QPushButton(texts.verify, self)
        self.restore_button = QPushButton(texts.restore, self)
        self.save_copy_button = QPushButton(texts.save_copy, self)
        self.open_folder_button = QPushButton(texts.open_folder, self)
        self.progress = ProgressRow(texts, self)
        self.close_button = QPushButton(texts.close, self)
        self.close_button.setDefault(True)  # so that Enter changes nothing
        self._lay_out()

        self.create_button.clicked.connect(self._create)
        self.verify_button.clicked.connect(self._verify)
        self.restore_button.clicked.connect(self._ask_to_restore)
        self.save_copy_button.clicked.connect(self._ask_where_to_save)
        self.open_folder_button.clicked.connect(self._open_folder)
        self.close_button.clicked.connect(self.reject)
        self.safety.toggled.connect(self.refresh)
        self.table.itemSelectionChanged.connect(self._enable)
        self._enable()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Reads the folder of backups again, in the background."""
        self._include_safety = self.safety.isChecked()
        self._listing.start()

    def reject(self) -> None:
        """Closes the dialog; while work is going on it asks first, cancels, and waits for the end."""
        if self._job is None or self._closing:
            super().reject()
        elif self._question is None:
            self._question = boxes.ask_to_cancel(self, self._texts, self._cancel_and_close)
            self._question.finished.connect(self._question_answered)

    # What the buttons do

    def _create(self) -> None:
        job = Job(lambda progress: self._store.create(progress=progress), self._texts.creating)
        self._start(job, self._created)

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

    def _ask_to_restore(self) -> None:
        backup = self.table.selected()
        if backup is not None:
            boxes.ask_to_restore(self, self._texts, backup, lambda: self._restore(backup))

    def _restore(self, backup: Backup) -> None:
        try:
            if self._quiesce is not None:
                self._quiesce()
        except Exception as error:
            self._tell_error(error, what=self._texts.not_prepared)
            self._reload_after_failed_quiesce()
            return

        def work(progress: Progress) -> RestoreResult:
            return self._store.restore(backup, reason=self._reason, progress=progress)

        def restored(job: Job) -> QMessageBox:
            if job.error:
                told = self._tell_error(job.error, of=backup)
            else:
                result = cast(RestoreResult, job.result)
                self.database_restored.emit()
                told = boxes.tell_success(
                    self,
                    self._texts,
                    self._texts.restored.format(date=backup.display),
                    more=self._texts.safety_copy.format(path=result.safety_backup) if result.safety_backup else "",
                    warnings=result.warnings,
                )
            if job.afterwards_error:
                told = self._tell_error(job.afterwards_error, what=self._texts.not_reloaded)
            return told

        self._start(Job(work, self._texts.restoring, afterwards=self._reload), restored)

    def _reload_after_failed_quiesce(self) -> None:
        """Some of it may be closed already."""
        try:
            if self._reload is not None:
                self._reload()
        except Exception as error:
            self._tell_error(error, what=self._texts.not_reloaded)

    def _ask_where_to_save(self) -> None:
        backup = self.table.selected()
        if backup is None:
            return
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        chooser = QFileDialog(self, self._texts.save_copy_title, documents, self._texts.databases)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setDefaultSuffix("db")
        # No confirmation to overwrite: the library refuses a file that is already there.
        chooser.setOption(QFileDialog.Option.DontConfirmOverwrite, True)
        chooser.selectFile(backup.name)
        chooser.fileSelected.connect(lambda target: self._save_copy(backup, Path(target)))
        chooser.open()

    def _save_copy(self, backup: Backup, target: Path) -> None:
        def saved(job: Job) -> QMessageBox:
            if job.error:
                return self._tell_error(job.error, of=backup)
            result = cast(RestoreResult, job.result)
            text = self._texts.copy_saved.format(path=result.database)
            return boxes.tell_success(self, self._texts, text, warnings=result.warnings)

        job = Job(
            lambda progress: self._store.restore(backup, target=target, progress=progress),
            self._texts.saving_copy,
        )
        self._start(job, saved)

    def _open_folder(self) -> None:
        backup = self.table.selected() or self.table.newest()
        if backup is None:
            return
        folder = backup.path.parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            text = self._texts.folder_not_opened.format(path=folder)
            boxes.tell(self, self._texts, text, icon=QMessageBox.Icon.Warning)

    # Jobs

    def _start(self, job: Job, conclude: Callable[[Job], QMessageBox]) -> None:
        """Only with no job running: all buttons that lead here are disabled otherwise."""
        self._job, self._conclude = job, conclude
        job.ended.connect(self._ended)
        self.progress.follow(job)
        self.close_button.setFocus()  # not to Cancel: a second Enter would undo the first
        self._enable()
        job.start()

    def _ended(self) -> None:
        job, self._job = self._job, None
        closing, self._closing = self._closing, False
        assert job is not None
        if self._question is not None:  # the work ended, so the question is void
            self._question.reject()
        self._enable()
        if closing and isinstance(job.error, CancelledError):
            super().reject()
            return
        self.table.setFocus()
        self.refresh()
        told = self._conclude(job)
        if closing:
            told.finished.connect(lambda _result: self.reject())

    def _list(self) -> Listing:
        return self._store.list(include_safety=self._include_safety)

    def _listed(self) -> None:
        if self._listing.error is not None:
            self._notify(str(self._listing.error))
            return
        listing = cast(Listing, self._listing.result)
        notices = [str(warning) for warning in listing.warnings]
        if not listing:
            notices.insert(0, self._texts.none_yet)
        self._notify("\n".join(notices))
        self.table.show_backups(listing, select=self._select_next)
        self._select_next = None
        self._enable()

    def _notify(self, text: str) -> None:
        self.notices.setText(text)
        self.notices.setVisible(bool(text))

    def _enable(self) -> None:
        idle = self._job is None
        for widget in (self.create_button, self.safety, self.table):
            widget.setEnabled(idle)
        chosen = idle and self.table.selected() is not None
        for button in (self.verify_button, self.restore_button, self.save_copy_button):
            button.setEnabled(chosen)
        self.open_folder_button.setEnabled(idle and self.table.newest() is not None)

    def _tell_error(self, error: Exception, *, of: Backup | None = None, what: str | None = None) -> QMessageBox:
        useless = (BackupCorruptError, NotADatabaseError)
        if of is not None and isinstance(error, useless) and error.path == of.path:
            self.table.remember_damage(of, repairable=boxes.is_repairable(error))
        return boxes.tell_error(self, self._texts, error, what=what)

    # Closing while work is going on

    def _question_answered(self, _result: int) -> None:
        self._question = None

    def _cancel_and_close(self) -> None:
        if self._job is None:  # it ended while the question was there
            super().reject()
            return
        self._closing = True
        self.progress.cancel_job()
        QTimer.singleShot(CANCEL_TIMEOUT_MS, self._close_before_the_end)

    def _close_before_the_end(self) -> None:
        """Closes although the work goes on: the job continues, and still calls ``reload``."""
        if self._job is not None and self._closing:
            super().reject()

    def _lay_out(self) -> None:
        buttons = QVBoxLayout()
        in_order = [
            self.create_button,
            self.verify_button,
            self.restore_button,
            self.save_copy_button,
            self.open_folder_button,
        ]
        for button in in_order:
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid = QGridLayout(self)
        grid.addWidget(self.notices, 0, 0, 1, 2)
        grid.addWidget(self.table, 1, 0)
        grid.addLayout(buttons, 1, 1)
        grid.addWidget(self.safety, 2, 0, 1, 2)
        grid.addWidget(self.progress, 3, 0)
        grid.addWidget(self.close_button, 3, 1)
        grid.setColumnStretch(0, 1)
        grid.setRowStretch(1, 1)
        order = [self.table, *in_order, self.safety, self.progress.cancel, self.close_button]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self.table.setFocus()
        # Qt by itself would take no more than two thirds of the screen.
        screen = self.screen()
        assert screen is not None
        self.resize(self.sizeHint().boundedTo(screen.availableSize()))
