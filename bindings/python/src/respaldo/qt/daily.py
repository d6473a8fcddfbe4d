"""The backup of the day, made when the application starts."""

from __future__ import annotations

from typing import cast

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QMessageBox, QWidget

from ..errors import CancelledError
from ..models import CreateResult
from ..store import Store
from . import boxes
from .job import Job
from .texts import Language, texts_in


class DailyBackup(QObject):
    """Makes a backup in the background unless there is one of today, and tells what went wrong.

    Args:
        store: stays open until it has ended; :func:`wait_before_close` waits for that.
        window: the application's window, over which a trouble is told.
        language: of the texts.
    """

    ended = Signal()
    """It is done, was not needed, or failed; the one to connect to :meth:`LastBackupLabel.refresh`."""

    def __init__(self, store: Store, window: QWidget, *, language: Language = "es") -> None:
        super().__init__(window)
        self._store = store
        self._window = window
        self._texts = texts_in(language)
        self._job: Job | None = None
        self.result: CreateResult | None = None
        """What the last one did; None before it has ended, and if it failed."""
        self.error: Exception | None = None
        """Why the last one failed."""

    def start(self) -> None:
        """Begins, unless one is running. Call it once the window is shown."""
        if self._job is not None:
            return
        self._job = Job(
            lambda progress: self._store.create_if_due(progress=progress),
            self._texts.creating_daily,
        )
        self._job.ended.connect(self._ended)
        self._job.start()

    def _ended(self) -> None:
        job, self._job = self._job, None
        assert job is not None
        self.result, self.error = cast("CreateResult | None", job.result), job.error
        self.ended.emit()
        if isinstance(self.error, CancelledError):  # the application is being closed
            return
        if self.error is not None:
            boxes.tell_error(self._window, self._texts, self.error, what=self._texts.daily_failed)
        elif self.result is not None and self.result.warnings:
            warnings = self.result.warnings
            text, more = "\n\n".join(w.message for w in warnings), "\n".join(w.hint for w in warnings)
            boxes.tell(self._window, self._texts, text, more=more, icon=QMessageBox.Icon.Warning)
