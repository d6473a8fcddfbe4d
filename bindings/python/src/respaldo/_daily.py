"""A backup a day while a program stays open, on a thread of its own."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

from ._call import StopFlag
from ._schedule import CHECK_INTERVAL, DailySchedule
from .errors import RespaldoError
from .models import DueResult
from .store import Store

_log = logging.getLogger(__name__)
_Told = TypeVar("_Told")

EXIT_TIMEOUT = 1.0
"""Seconds that an interpreter which is about to end waits for cancelled work, so that it takes its temporary files
away. It takes milliseconds, unless the disk does not answer or another program holds the database."""


class Daily:
    """Backs up once a day for as long as a program runs: a server, a tray icon, windows that stay open for a week.

    It begins with the backup of today, if there is none, and goes on at each midnight of the store's time zone. It
    notices that the computer slept, or that its clock was set. After a failure it tries again after 5 minutes, then
    10, 20 and so on up to 4 hours. A Qt application takes :class:`respaldo.qt.DailyBackup` instead, which tells what
    went wrong in its windows.

        >>> with respaldo.Store("tattoostudio.db") as store, respaldo.Daily(store):    # doctest: +SKIP
        ...     serve()

    The thread never keeps the interpreter from ending: then, and in :meth:`close`, a backup that is being made is
    cancelled, which leaves nothing half done. What failed is logged, also without ``on_error``.

    Args:
        store: stays open until :meth:`close`; once it is closed, nothing is tried any more.
        on_result: is called with every answer, also where there already was a backup of today.
        on_error: is called with every failure, such as a :class:`RespaldoError`.

    Both are called on the thread of the backups, one at a time; windows have to be told by other means than a plain
    call. What they raise is logged.
    """

    def __init__(
        self,
        store: Store,
        *,
        on_result: Callable[[DueResult], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        self._store = store
        self._on_result = on_result
        self._on_error = on_error
        self._schedule = DailySchedule()
        self._stop = threading.Event()
        self._stop_call = StopFlag()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins, in the background; starting it again does nothing.

        Raises:
            ValueError: it was closed.
        """
        if self._stop.is_set():
            raise ValueError("the daily backup is closed")
        if self._thread is None:
            # A daemon, because Python waits for all others before it ends.
            self._thread = threading.Thread(target=self._run, name="respaldo: daily backup", daemon=True)
            self._thread.start()
            atexit.register(self._close_at_exit)

    def close(self, timeout: float | None = None) -> None:
        """Ends it; a backup that is being made is cancelled. Closing it again does nothing.

        Args:
            timeout: how many seconds to wait for the end of cancelled work; by default as long as it takes, which is
                short unless the disk does not answer.
        """
        self._stop.set()
        self._stop_call.set()
        atexit.unregister(self._close_at_exit)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _close_at_exit(self) -> None:
        self.close(EXIT_TIMEOUT)

    def _run(self) -> None:
        while not (self._stop.is_set() or self._store.closed):
            if self._schedule.is_due(self._now()):
                self._ask()
            self._stop.wait(CHECK_INTERVAL.total_seconds())

    def _now(self) -> datetime:
        return datetime.now(UTC)

    def _ask(self) -> None:
        asked = self._now()
        try:
            result = self._store._create_if_due_unless(self._stop_call)
            self._schedule.answered(asked, result)
        except Exception as error:
            self._schedule.failed(asked)
            if not (self._stop.is_set() or self._store.closed):  # else nobody wants it any more
                self._tell_error(error)
        else:
            for warning in result.warnings:
                _log.warning("%s: %s", warning.name, warning)
            self._tell(self._on_result, result)

    def _tell_error(self, error: Exception) -> None:
        if isinstance(error, RespaldoError):
            _log.error("The daily backup failed. %s: %s", error.name, error)
        else:
            _log.error("The daily backup failed.", exc_info=error)
        self._tell(self._on_error, error)

    def _tell(self, callback: Callable[[_Told], object] | None, told: _Told) -> None:
        try:
            if callback is not None:
                callback(told)
        except Exception:
            _log.exception("after the daily backup")
