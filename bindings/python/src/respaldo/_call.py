"""One call of the library: arguments in, status and JSON out, errors as exceptions."""

from __future__ import annotations

import ctypes
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ._library import ProgressFunction, load
from .errors import error_from_json

Answer = Mapping[str, Any]


def open_store(options: Answer) -> int:
    """Calls ``respaldo_open`` and returns the handle."""
    handle = ctypes.c_uint32()
    _call("respaldo_open", _json(options), ctypes.byref(handle))
    return handle.value


def last_backup(handle: int) -> Answer:
    """Calls ``respaldo_last_backup``."""
    return _call("respaldo_last_backup", handle)


def request(function: str, handle: int, body: Answer) -> Answer:
    """Calls a function that takes a request, such as ``respaldo_list``."""
    return _call(function, handle, _json(body))


def request_in_steps(
    function: str, handle: int, body: Answer, progress: Callable[[int, int], bool | None] | None
) -> Answer:
    """Calls a function that takes a request and reports its steps, such as ``respaldo_create``.

    The library always gets a callback, with ``progress=None`` too: it is where Python can notice a
    Ctrl-C before the whole work is done.
    """
    steps = _Steps(progress)
    _at_work[id(steps)] = steps
    try:
        with steps.interrupts_kept():
            return _call(function, handle, _json(body), _CALLBACK, id(steps), steps=steps)
    finally:
        del _at_work[id(steps)]


class _Steps:
    """Stands between the library and ``progress``; keeps an exception, which must not cross C."""

    def __init__(self, progress: Callable[[int, int], bool | None] | None) -> None:
        self._progress = progress
        self.kept: BaseException | None = None

    def goes_on(self, done: int, total: int) -> bool:
        """Asks ``progress``, unless the work is to end anyway."""
        return self.kept is None and (self._progress is None or self._progress(done, total) is not False)

    def raise_kept(self) -> None:
        """Raises what came out of ``progress``, if anything did."""
        kept, self.kept = self.kept, None
        if kept is not None:
            raise kept

    @contextmanager
    def interrupts_kept(self) -> Iterator[None]:
        """Keeps an interrupt that is raised on the threshold of the callback.

        A signal that came while the library was working is handled by Python at the very start of
        the callback, before its ``try``. ctypes would print that exception and forget it. Only the
        main thread handles signals, so only it needs this, and no two can set the hook at once.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = sys.unraisablehook

        def keep(unraisable: sys.UnraisableHookArgs) -> None:
            trace = unraisable.exc_traceback
            if trace is not None and trace.tb_frame.f_code is _step.__code__:
                self.kept = unraisable.exc_value
            else:
                previous(unraisable)

        sys.unraisablehook = keep
        try:
            yield
        finally:
            sys.unraisablehook = previous


_at_work: dict[int, _Steps] = {}
"""By the number that the library gets as its user data."""


def _step(number: int, done: int, total: int) -> int:
    """Called by the library between its steps; non-zero cancels."""
    try:
        return 0 if _at_work[number].goes_on(done, total) else 1
    except BaseException as error:  # KeyboardInterrupt and SystemExit too
        _at_work[number].kept = error
        return 1


_CALLBACK = ProgressFunction(_step)
"""One for all calls: making the first one takes longer than a small backup's check."""


def _call(function: str, *arguments: object, steps: _Steps | None = None) -> Answer:
    """Calls ``function`` with a place for its answer, which is freed whatever happens."""
    library = load()
    text = ctypes.c_void_p()
    try:
        status: int = getattr(library, function)(*arguments, ctypes.byref(text))
        if steps is not None:
            steps.raise_kept()
        if text.value is None:
            raise MemoryError(f"{function} had no memory left for its answer (status {status})")
        answer: dict[str, Any] = json.loads(ctypes.string_at(text.value))
    finally:
        library.respaldo_string_free(text)
    if status != 0:
        raise error_from_json(answer["error"])
    return answer


def _json(value: Answer) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
