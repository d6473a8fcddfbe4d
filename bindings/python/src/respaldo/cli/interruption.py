"""Ctrl-C, noted instead of raised: the library is asked to stop at its next step, and answers what became of it.

An exception would lose that answer: a restore that is committed is done, whatever is raised after it.
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
        """Notes every Ctrl-C from now on, unless whoever started the process chose that it ignores them."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Within it Ctrl-C is a KeyboardInterrupt again, for where the program waits for a person."""
        previous = signal.getsignal(signal.SIGINT)
        if previous == self._note:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
