"""A dialog in which work for a store is done: one job at a time, with its progress, its end, and closing meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDialog, QMessageBox, QWidget

from ..errors import CancelledError
from . import boxes
from .job import Job
from .progress_row import ProgressRow
from .texts import Texts

CANCEL_TIMEOUT_MS = 10_000
"""How long the dialog stays open for cancelled work that does not end, such as a disk that does not answer."""

Conclude = Callable[[Job], QMessageBox | None]
"""Tells how a job ended."""


@dataclass(frozen=True, slots=True)
class Application:
    """What the application does around work that changes its database."""

    quiesce: Callable[[], object] | None = None
    reload: Callable[[], object] | None = None
    reason: str | None = None


class WorkDialog(QDialog):
    """Its buttons are disabled while a job runs; :meth:`_enable` says which are otherwise."""

    def __init__(self, texts: Texts, application: Application, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._application = application
        self._job: Job | None = None
        self._conclude: Conclude | None = None
        self._question: QMessageBox | None = None
        self._closing = False
        self.progress = ProgressRow(texts, self)

    def reject(self) -> None:
        """Closes the dialog; while work is going on it asks first, cancels, and waits for the end."""
        if self._job is None or self._closing:
            super().reject()
        elif self._question is None:
            self._question = boxes.ask_to_cancel(self, self._texts, self._cancel_and_close)
            self._question.finished.connect(self._question_answered)

    def _enable(self) -> None:
        raise NotImplementedError

    def _rest(self) -> QWidget:
        """Where the focus goes while a job runs: not to Cancel, where a second Enter would undo the first."""
        raise NotImplementedError

    def _worked(self) -> None:
        """A job has ended; its end is not told yet."""

    def _start(self, job: Job, conclude: Conclude) -> None:
        """Only with no job running: all buttons that lead here are disabled otherwise."""
        self._job, self._conclude = job, conclude
        job.ended.connect(self._ended)
        self.progress.follow(job)
        self._rest().setFocus()
        self._enable()
        job.start()

    def _start_quietly(self, job_of: Callable[[Callable[[], object] | None], Job], conclude: Conclude) -> None:
        """Starts a job that changes the database: the application lets go of it before, and reads it anew after.

        Args:
            job_of: makes the job, given what is to be called afterwards.
            conclude: tells how it ended, before a failure to read anew is told.
        """
        quiesce, reload = self._application.quiesce, self._application.reload
        try:
            if quiesce is not None:
                quiesce()
        except Exception as error:
            boxes.tell_error(self, self._texts, error, what=self._texts.not_prepared)
            self._reload_after_failed_quiesce()
            return

        def told(job: Job) -> QMessageBox | None:
            box = conclude(job)
            if job.afterwards_error:
                box = boxes.tell_error(self, self._texts, job.afterwards_error, what=self._texts.not_reloaded)
            return box

        self._start(job_of(reload), told)

    def _reload_after_failed_quiesce(self) -> None:
        """Some of it may be closed already."""
        try:
            if self._application.reload is not None:
                self._application.reload()
        except Exception as error:
            boxes.tell_error(self, self._texts, error, what=self._texts.not_reloaded)

    def _ended(self) -> None:
        job, self._job = self._job, None
        closing, self._closing = self._closing, False
        assert job is not None and self._conclude is not None
        if self._question is not None:  # the work ended, so the question is void
            self._question.reject()
        self._enable()
        if closing and isinstance(job.error, CancelledError):
            super().reject()
            return
        self._worked()
        told = self._conclude(job)
        if closing and told is not None:
            told.finished.connect(lambda _result: self.reject())

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
