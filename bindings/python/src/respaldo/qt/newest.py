"""Work in the background of which only the newest counts."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer, Signal

from ..store import Progress
from .job import Job, running


class Newest(QObject):
    """Asking again, while somebody types or walks down a list, cancels what was asked before."""

    begun = Signal(object)
    """The job that has begun."""
    done = Signal()
    """``result`` or ``error`` is new."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.result: object = None
        self.error: Exception | None = None
        self._work: Callable[[Progress], object] | None = None
        self._label = ""
        self._job: Job | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._begin)

    def ask(self, work: Callable[[Progress], object], label: str, *, pause_ms: int) -> None:
        """Begins this after a pause in which nothing else is asked."""
        self.stop()
        self._work, self._label = work, label
        self._pause.start(pause_ms)

    def hurry(self) -> None:
        """Ends the pause."""
        if self._pause.isActive():
            self._pause.start(0)

    def waits(self) -> bool:
        """Whether something was asked that is not done."""
        return self._pause.isActive() or self._job is not None

    def stop(self) -> None:
        """Cancels what is going on; nothing will be told of it."""
        self._pause.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _begin(self) -> None:
        assert self._work is not None
        self._job = Job(self._work, self._label, keeps_open=False)
        self._job.ended.connect(self._ended)
        self.begun.emit(self._job)
        self._job.start()

    def _ended(self) -> None:
        job = self._job
        if job is None or job in running():  # that was one that another has taken the place of
            return
        self._job = None
        self.result, self.error = job.result, job.error
        self.done.emit()
