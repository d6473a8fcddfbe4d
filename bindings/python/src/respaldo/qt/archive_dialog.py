"""Sets up the archive: where it is, tested; its password, shown once; and the sheet for the worst day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from qtpy.QtWidgets import QHBoxLayout, QMessageBox, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from .._archive_place import for_people, is_folder
from ..archive import ArchiveInitResult, ArchiveOptions, ByteProgress
from ..store import Store
from . import boxes, recovery_sheet
from .archive_key_pages import PasswordPage, SheetPage
from .archive_place_page import PlacePage
from .archive_trial import ArchiveTrial, try_archive
from .job import Job
from .pages import turn_to
from .texts import Texts
from .work_dialog import Application, WorkDialog


class ArchiveDialog(WorkDialog):
    """A new archive gets a password of its own; one that is there is opened with its password.

    Args:
        store: uses the archive from then on.
        texts: of the language.
        save: is called with the archive's options, the password among them, or with None for none any more, to keep
            them for the next start.
        parent: the dialog below.
    """

    def __init__(
        self, store: Store, texts: Texts, save: Callable[[ArchiveOptions | None], object], parent: QWidget
    ) -> None:
        super().__init__(texts, Application(), parent)
        self._store = store
        self._save = save
        self._present = store.archive.options
        self.setWindowTitle(texts.archive.title)
        self.place = PlacePage(texts, self._present, self)
        self.password = PasswordPage(texts, self)
        self.sheet = SheetPage(texts, self)
        self.pages = QStackedWidget(self)
        for page in (self.place, self.password, self.sheet):
            self.pages.addWidget(page)
        self.next_button = QPushButton(texts.archive.make, self)
        self.next_button.setAutoDefault(False)
        self.remove_button = QPushButton(texts.stop_using, self)
        self.remove_button.setAutoDefault(False)
        self.close_button = QPushButton(texts.close, self)
        self.close_button.setDefault(True)
        self._lay_out()
        turn_to(self.pages, self.place)
        self.place.changed.connect(self._enable)
        self.password.changed.connect(self._enable)
        self.sheet.changed.connect(self._enable)
        self.place.test_button.clicked.connect(self._test)
        self.next_button.clicked.connect(self._go_on)
        self.remove_button.clicked.connect(self._remove)
        self.close_button.clicked.connect(self.reject)
        self._enable()
        self.place.first().setFocus()

    def reject(self) -> None:
        """Closes the dialog; a sheet that nobody has kept is asked about first."""
        page, words = self.pages.currentWidget(), self._texts.archive
        if page is self.sheet and not self.sheet.kept.isChecked():
            answers = (words.leave_anyway, words.stay)
            boxes.ask(self, self._texts, words.leave_question, answers, self.accept)
            return
        super().reject()

    def _enable(self) -> None:
        idle, page, words = self._job is None, self.pages.currentWidget(), self._texts.archive
        self.pages.setEnabled(idle)
        trial = self.place.trial
        self.place.test_button.setEnabled(self.place.is_complete())
        if page is self.place:
            text, ready = words.go_on if trial and trial.outcome == "exists" else words.make, trial is not None
        elif page is self.password:
            text, ready = words.open_it, bool(self.password.password.text())
        else:
            text, ready = words.finish, self.sheet.kept.isChecked()
        self.next_button.setText(text)
        self.next_button.setEnabled(idle and ready)
        self.remove_button.setVisible(self._present is not None and page is self.place)
        self.remove_button.setEnabled(idle)
        self.close_button.setVisible(page is not self.sheet)
        (self.close_button if page is self.place else self.next_button).setDefault(True)

    def _rest(self) -> QWidget:
        return self.close_button

    def _test(self) -> None:
        options = self.place.options()

        def tested(job: Job) -> QMessageBox | None:
            if job.error:
                return boxes.tell_error(self, self._texts, job.error)
            self.place.show_trial(cast(ArchiveTrial, job.result))
            self._enable()
            (self.next_button if self.place.trial else self.place.first()).setFocus()
            return None

        self._start(Job(lambda _progress: try_archive(self._store, options), self._texts.archive.testing), tested)

    def _go_on(self) -> None:
        page, trial = self.pages.currentWidget(), self.place.trial
        if page is self.sheet:
            self.accept()
        elif trial is None:
            return
        elif page is self.password:
            self._open(self._chosen(trial, self.password.password.text()))
        elif trial.outcome == "exists":
            self._turn_to(self.password, self.password.password)
        else:
            self._make(self._chosen(trial, recovery_sheet.new_password()))

    def _chosen(self, trial: ArchiveTrial, password: str) -> ArchiveOptions:
        """What the application has set beside the place stays."""
        options: ArchiveOptions = {"repository": trial.options["repository"], "password": password}
        if "options" in trial.options:
            options["options"] = trial.options["options"]
        if self._present is not None and "retention" in self._present:
            options["retention"] = self._present["retention"]
        options["push"] = "after_create" if self.place.after_create.isChecked() else "when_asked"
        return options

    def _make(self, options: ArchiveOptions) -> None:
        def work(progress: ByteProgress) -> ArchiveInitResult:
            if is_folder(options):
                Path(options["repository"]).mkdir(exist_ok=True)
            with self._store._with_archive(options) as asking:
                return asking.archive.init(progress=progress)

        def made(job: Job) -> QMessageBox | None:
            if job.error:
                return boxes.tell_error(self, self._texts, job.error)
            note = cast(ArchiveInitResult, job.result).key_note
            words, database = self._texts.archive, self._store.database.name
            text = recovery_sheet.sheet(words, options, options["password"], database, note)
            self.sheet.sheet.setPlainText(text)
            self._turn_to(self.sheet, self.sheet.sheet)
            self._use(options)
            return None

        self._start(Job(work, self._texts.archive.making), made)

    def _open(self, options: ArchiveOptions) -> None:
        def work(progress: ByteProgress) -> object:
            with self._store._with_archive(options) as asking:
                return asking.archive.list(progress=progress)

        def opened(job: Job) -> QMessageBox | None:
            if job.error:
                self.password.password.setFocus()
                self.password.password.selectAll()
                return boxes.tell_error(self, self._texts, job.error)
            return self._keep(options, self._texts.archive.in_use.format(place=for_people(options)))

        self._start(Job(work, self._texts.archive.opening), opened)

    def _remove(self) -> None:
        self._keep(None, self._texts.archive.removed)

    def _keep(self, options: ArchiveOptions | None, said: str) -> QMessageBox | None:
        if not self._use(options):
            return None
        box = boxes.tell(self, self._texts, said)
        box.finished.connect(lambda _result: self.accept())
        return box

    def _use(self, options: ArchiveOptions | None) -> bool:
        try:
            self._store.use_archive(options)
            self._save(options)
        except Exception as error:
            boxes.tell_error(self, self._texts, error)
            return False
        return True

    def _turn_to(self, page: QWidget, first: QWidget) -> None:
        turn_to(self.pages, page)
        self._enable()
        self.resize(self.size().expandedTo(self.sizeHint()))
        first.setFocus()

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.addWidget(self.progress, 1)
        for button in (self.next_button, self.remove_button, self.close_button):
            below.addWidget(button)
        self.pages.setMinimumWidth(72 * self.fontMetrics().averageCharWidth())
        layout = QVBoxLayout(self)
        layout.addWidget(self.pages, 1)
        layout.addLayout(below)
