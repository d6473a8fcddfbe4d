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
    """Calls a function that takes a request and reports its relay, such as ``respaldo_create``.

    The library always gets a callback, even with ``progress=None``: without one, Python would notice
    a Ctrl-C only after all the work is done.
    """
    relay = _ProgressRelay(progress)
    _calls_in_progress[id(relay)] = relay
    try:
        with relay.keeping_interrupts():
            return _call(function, handle, _json(body), _CALLBACK, id(relay), relay=relay)
    finally:
        del _calls_in_progress[id(relay)]


def request_with_flag(function: str, handle: int, body: Answer, stop: StopFlag) -> Answer:
    """Calls a function that can be cancelled, such as ``respaldo_create``, with no Python code called back.

    So a daemon thread may be in it while the interpreter ends: Python unwinds the stack of a daemon that calls back
    then, and a stack with the library on it must not be unwound.
    """
    return _call(function, handle, _json(body), _IS_SET, stop.address)


class StopFlag:
    """Cancels a call of :func:`request_with_flag`, which reads it without Python."""

    def __init__(self) -> None:
        self._digit = ctypes.create_string_buffer(b"0")
        self.address = ctypes.addressof(self._digit)

    def set(self) -> None:
        """Cancels the calls that have it, now and later."""
        self._digit.value = b"1"


_C_LIBRARY = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)

_IS_SET = ctypes.cast(_C_LIBRARY.atoi, ProgressFunction)
"""C's ``atoi`` as the progress callback: it reads the number at ``user_data``, and no more of what it is given."""


class _ProgressRelay:
    """Stands between the library and ``progress``; keeps an exception, which must not cross C."""

    def __init__(self, progress: Callable[[int, int], bool | None] | None) -> None:
        self._progress = progress
        self.kept: BaseException | None = None

    def should_continue(self, done: int, total: int) -> bool:
        """The answer of ``progress``; False once an exception is kept."""
        return self.kept is None and (self._progress is None or self._progress(done, total) is not False)

    def raise_kept(self) -> None:
        """Raises what came out of ``progress``, if anything did."""
        kept, self.kept = self.kept, None
        if kept is not None:
            raise kept

    @contextmanager
    def keeping_interrupts(self) -> Iterator[None]:
        """Keeps an interrupt that Python raises at the callback's first instruction, outside its ``try``.

        A signal that arrives while the library works is handled by Python as soon as the callback starts.
        ctypes would print that exception and drop it. Only the main thread handles signals, so only the
        main thread sets the hook.
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


_calls_in_progress: dict[int, _ProgressRelay] = {}
"""By the number that the library is given as ``user_data``."""


def _step(number: int, done: int, total: int) -> int:
    """Called by the library between its relay; non-zero cancels."""
    try:
        return 0 if _calls_in_progress[number].should_continue(done, total) else 1
    except BaseException as error:  # KeyboardInterrupt and SystemExit too
        _calls_in_progress[number].kept = error
        return 1


_CALLBACK = ProgressFunction(_step)
"""One object for all calls: making it takes longer than verifying a small backup."""


def _call(function: str, *arguments: object, relay: _ProgressRelay | None = None) -> Answer:
    """Calls ``function`` with a place for its answer, which is freed whatever happens."""
    library = load()
    text = ctypes.c_void_p()
    try:
        status: int = getattr(library, function)(*arguments, ctypes.byref(text))
        if relay is not None:
            relay.raise_kept()
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
