"""Ctrl-C, recorded instead of raised: the library stops at its next step and answers what was done.

An exception would lose that answer: a restore that is committed stays, whatever is raised after it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether Ctrl-C was pressed. Call :meth:`listen` once, on the main thread."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """Records every Ctrl-C from now on, unless the parent process had this one ignore them."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._record)

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Makes Ctrl-C a KeyboardInterrupt again, while the program waits for a person."""
        previous = signal.getsignal(signal.SIGINT)
        if previous == self._record:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)

    def _record(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
