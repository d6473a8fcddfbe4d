"""Something of a store that is read in the background, and read again when asked."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from .job import Job


class Reading(QObject):
    """Even a list of files can take long, on a drive that was asleep.

    Args:
        read: is called on a thread of its own.
        label: says what is read, for the log.
        parent: takes this with it when it is deleted.
    """

    done = Signal()
    """``result`` or ``error`` is new."""

    def __init__(self, read: Callable[[], object], label: str, parent: QObject) -> None:
        super().__init__(parent)
        self.result: object = None
        self.error: Exception | None = None
        self._read = read
        self._label = label
        self._job: Job | None = None
        self._asked_again = False

    def start(self) -> None:
        """Reads; if that is going on already, what it reads may be old, so once more after it."""
        if self._job is not None:
            self._asked_again = True
            return
        self._asked_again = False
        self._job = Job(lambda _progress: self._read(), self._label, keeps_open=False)
        self._job.ended.connect(self._ended)
        self._job.start()

    def _ended(self) -> None:
        job, self._job = self._job, None
        assert job is not None
        if self._asked_again:
            self.start()
            return
        self.result, self.error = job.result, job.error
        self.done.emit()
