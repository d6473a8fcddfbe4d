"""One operation of a store on a thread of its own, and what it tells the windows.

The library reports progress on the thread that called it, which must not touch a widget. A
:class:`Job` lives on the windows' thread and passes everything on as queued signals.

The thread is Python's, not a QThread: a QThread that is destroyed while it runs aborts the
program, while Python waits for its own threads before it exits. The thread is not a daemon: Python
would end a daemon in the middle of the library's work.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from ..errors import CancelledError, RespaldoError
from ..store import Progress

_log = logging.getLogger(__name__)
_running: list[Job] = []


class Job(QObject):
    """Work for a store, in the background. A running job keeps itself alive.

    Args:
        work: is called on the job's thread, with a ``progress`` to hand to the store.
        label: says what is going on, such as ``Creando el respaldo…``.
        afterwards: is called on the windows' thread when the work has ended, however it did, before
            :attr:`ended`, even if no window is left.
        keeps_open: whether it is worth waiting for. Reading a list is not.
    """

    progressed = Signal(int)
    """Thousandths done; :data:`BUSY` while the library checks, which has no length."""
    cancelled = Signal()
    """It was asked to stop; it has not ended yet."""
    ended = Signal()
    """``result`` or ``error`` is there."""
    _worked = Signal()

    BUSY = -1

    def __init__(
        self,
        work: Callable[[Progress], object],
        label: str,
        *,
        afterwards: Callable[[], object] | None = None,
        keeps_open: bool = True,
    ) -> None:
        super().__init__()  # no parent: a window that is deleted must not take running work with it
        self.label = label
        self.keeps_open = keeps_open
        self.result: object = None
        """What the work returned."""
        self.error: Exception | None = None
        """What the work raised."""
        self.afterwards_error: Exception | None = None
        """What ``afterwards`` raised."""
        self._work = work
        self._afterwards = afterwards
        self._stop = threading.Event()
        self._last_progress: int | None = None
        self._worked.connect(self._conclude)  # emitted on another thread, so Qt queues it

    def start(self) -> None:
        """Begins. A job runs once."""
        _running.append(self)
        threading.Thread(target=self._run, name=f"respaldo: {self.label}").start()

    def cancel(self) -> None:
        """Asks the work to stop: it ends soon, with a CancelledError unless it was as good as done."""
        self._stop.set()
        self.cancelled.emit()

    def _run(self) -> None:
        try:
            self.result = self._work(self._progress)
        except Exception as error:
            self.error = error
        self._worked.emit()

    def _progress(self, done: int, total: int) -> bool:
        now = self.BUSY if done >= total else 1000 * done // total
        if now != self._last_progress:
            self._last_progress = now
            self.progressed.emit(now)
        return not self._stop.is_set()

    def _conclude(self) -> None:
        if isinstance(self.error, RespaldoError):
            level = logging.INFO if isinstance(self.error, CancelledError) else logging.ERROR
            _log.log(level, "%s %s: %s", self.label, self.error.name, self.error)
        elif self.error is not None:
            _log.error("%s", self.label, exc_info=self.error)
        try:
            if self._afterwards is not None:
                self._afterwards()
        except Exception as error:
            _log.exception("after: %s", self.label)
            self.afterwards_error = error
        _running.remove(self)
        self.ended.emit()


def running() -> list[Job]:
    """The jobs that have not ended yet, oldest first."""
    return list(_running)
