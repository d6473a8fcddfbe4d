"""The backup of the day, made when the application starts and on each day that it stays open."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import cast

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QMessageBox, QWidget

from .._schedule import CHECK_INTERVAL, DailySchedule
from ..errors import CancelledError
from ..models import DueResult, Notice
from ..store import Store
from . import boxes
from .job import Job, running
from .texts import Language, texts_in


class DailyBackup(QObject):
    """Makes a backup in the background unless there is one of today, each day anew, and tells what went wrong.

    It goes on at each midnight of the store's time zone for as long as the window is there and the store is open,
    also after the computer slept. After a failure it tries again after 5 minutes, then 10, 20 and so on up to 4 hours;
    the same trouble is told once a day.

    Args:
        store: stays open until it has ended; :func:`wait_before_close` waits for that.
        window: the application's window, over which a trouble is told.
        language: of the texts.
    """

    ended = Signal()
    """One is done, was not needed, or failed; the one to connect to :meth:`LastBackupLabel.refresh`."""

    def __init__(self, store: Store, window: QWidget, *, language: Language = "es") -> None:
        super().__init__(window)
        self._store = store
        self._window = window
        self._texts = texts_in(language)
        self._schedule = DailySchedule()
        self._asked = self._now()
        self._job: Job | None = None
        self._told_trouble = ""
        self._told_on: date | None = None
        self._box: QMessageBox | None = None
        self._clock_timer = QTimer(self)
        self._clock_timer.timeout.connect(self._look)
        self.result: DueResult | None = None
        """What the last one did; None before it has ended, and if it failed."""
        self.error: Exception | None = None
        """Why the last one failed."""

    def start(self) -> None:
        """Begins, unless one is running, and goes on from then on. Call it once the window is shown."""
        self._clock_timer.start(int(CHECK_INTERVAL.total_seconds() * 1000))
        if self._job is not None:
            return
        self._asked = self._now()
        self._job = Job(
            lambda progress: self._store.create_if_due(progress=progress),
            self._texts.creating_daily,
        )
        self._job.ended.connect(self._ended)
        self._job.start()

    def stop(self) -> None:
        """Does not go on. One that is running ends; a closed store, or a window that is deleted, stops it as well."""
        self._clock_timer.stop()

    def _now(self) -> datetime:
        return datetime.now(UTC)

    def _look(self) -> None:
        """Whether it is time; not in the middle of other work, which would be in each other's way."""
        if self._store.closed:
            self.stop()
        elif self._schedule.is_due(self._now()) and not any(job.keeps_open for job in running()):
            self.start()

    def _ended(self) -> None:
        job, self._job = self._job, None
        assert job is not None
        self.result, self.error = cast("DueResult | None", job.result), job.error
        if self.result is not None:
            self._schedule.answered(self._asked, self.result)
        else:
            self._schedule.failed(self._asked)
        self.ended.emit()
        if self._store.closed or isinstance(self.error, CancelledError):  # the application is being closed
            return
        if self.error is not None:
            self._tell_error(self.error)
        elif self.result is not None and self.result.warnings:
            self._tell_warnings(self.result.warnings)

    def _tell_error(self, error: Exception) -> None:
        if self._is_news(f"{type(error).__name__} {getattr(error, 'path', '')}"):
            self._opened(boxes.tell_error(self._window, self._texts, error, what=self._texts.daily_failed))

    def _tell_warnings(self, warnings: tuple[Notice, ...]) -> None:
        if self._is_news(" ".join(warning.name for warning in warnings)):
            text, more = "\n\n".join(w.message for w in warnings), "\n".join(w.hint for w in warnings)
            self._opened(boxes.tell(self._window, self._texts, text, more=more, icon=QMessageBox.Icon.Warning))

    def _is_news(self, trouble: str) -> bool:
        """Not what was told today, nor what still stands on the screen: nobody wants a heap of boxes on Monday."""
        today = self._asked.astimezone().date()
        known = self._told_trouble == trouble and (self._told_on == today or self._box is not None)
        if not known:
            self._told_trouble, self._told_on = trouble, today
        return not known

    def _opened(self, box: QMessageBox) -> None:
        self._box = box
        box.finished.connect(self._box_closed)

    def _box_closed(self, _result: int) -> None:
        if self._box is self.sender():
            self._box = None
