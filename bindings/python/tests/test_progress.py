"""Progress, cancelling, exceptions in the callback, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import respaldo
import scene

Operation = Callable[[respaldo.Store, respaldo.Progress], object]


def create(store: respaldo.Store, progress: respaldo.Progress) -> object:
    return store.create(progress=progress)


def create_if_due(store: respaldo.Store, progress: respaldo.Progress) -> object:
    return store.create_if_due(progress=progress)


def restore(store: respaldo.Store, progress: respaldo.Progress) -> object:
    return store.restore("mi respaldo.db", progress=progress)


def verify(store: respaldo.Store, progress: respaldo.Progress) -> object:
    return store.verify("mi respaldo.db", progress=progress)


OPERATIONS = pytest.mark.parametrize("operation", [create, create_if_due, restore, verify])
COPYING = pytest.mark.parametrize("operation", [create, create_if_due, restore])


@pytest.fixture
def database(folder: Path) -> Path:
    """Eight mebibytes, and a backup of it named by hand."""
    database = scene.make_database(folder / "tattoostudio.db", mebibytes=8)
    with respaldo.Store(database, settings=None) as store:
        renamed = store.create().backup.path.rename(folder / "backups" / "mi respaldo.db")
    os.utime(renamed, (1_600_000_000, 1_600_000_000))  # not one of today
    return database


def live_contents(folder: Path) -> dict[str, bytes]:
    """All files but safety copies and the log of restores."""
    return {
        name: contents
        for name, contents in scene.folder_contents(folder).items()
        if "before_restore" not in name and not name.endswith("restores.jsonl")
    }


@COPYING
def test_progress_counts_pages_up_to_the_total(operation: Operation, store: respaldo.Store, database: Path) -> None:
    seen: list[tuple[int, int]] = []
    operation(store, lambda done, total: seen.append((done, total)))
    pages = database.stat().st_size // scene.PAGE
    assert len({done for done, _ in seen}) >= 8  # about a mebibyte each
    assert all(done <= total for done, total in seen)
    assert seen[-1][0] == seen[-1][1] >= pages
    assert len({total for _, total in seen}) == 1
    assert seen == sorted(seen)


def test_verification_reports_progress_too(store: respaldo.Store, database: Path) -> None:
    seen: list[tuple[int, int]] = []
    verify(store, lambda done, total: seen.append((done, total)))
    pages = database.stat().st_size // scene.PAGE
    assert seen
    assert seen[-1] == (pages, pages)


def test_progress_is_called_on_the_calling_thread(store: respaldo.Store) -> None:
    threads: set[threading.Thread] = set()
    create(store, lambda _done, _total: threads.add(threading.current_thread()))
    assert threads == {threading.current_thread()}


@OPERATIONS
def test_false_cancels_and_changes_nothing(operation: Operation, store: respaldo.Store, folder: Path) -> None:
    calls: list[int] = []

    def stop_at_the_third(done: int, total: int) -> bool:
        calls.append(done)
        return len(calls) < 3 and done < total

    before = live_contents(folder)
    with pytest.raises(respaldo.CancelledError):
        operation(store, stop_at_the_third)
    assert live_contents(folder) == before
    assert len(calls) <= 3


@pytest.mark.parametrize("answer", [None, True])
def test_none_and_true_continue(answer: bool | None, store: respaldo.Store) -> None:
    assert store.create(progress=lambda _done, _total: answer).created


@OPERATIONS
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_cancels_and_is_raised_to_the_caller(
    operation: Operation, kind: type[BaseException], store: respaldo.Store, folder: Path
) -> None:
    thrown = kind("from the callback")

    def throw(_done: int, _total: int) -> None:
        raise thrown

    before = live_contents(folder)
    with pytest.raises(kind) as caught:
        operation(store, throw)
    assert caught.value is thrown
    assert live_contents(folder) == before


def test_a_callback_may_use_the_store(store: respaldo.Store) -> None:
    counts: set[int] = set()
    store.create(progress=lambda _done, _total: counts.add(len(store.list())))
    assert counts == {1}


CREATE_IN_A_CHILD = """
import sys, respaldo
def progress(done, total):
    print("working", flush=True) if done < total else None
before = sys.unraisablehook
try:
    with respaldo.Store(sys.argv[1], settings=None) as store:
        {work}
except KeyboardInterrupt:
    assert sys.unraisablehook is before
    print("interrupted")
"""

SLOWLY = "store.create(progress=lambda done, total: (progress(done, total), time.sleep(0.05)) and None)"
FOR_EVER = """
        print("working", flush=True)
        while True:
            store.verify("mi respaldo.db")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a signal for one process is POSIX")
class TestCtrlC:
    def test_it_ends_a_call_with_progress(self, database: Path, folder: Path) -> None:
        script = "import time\n" + CREATE_IN_A_CHILD.format(work=SLOWLY)
        before = scene.folder_contents(folder)
        status, output = scene.interrupt_after_first_line(script, database)
        assert status == 0, output
        assert output.splitlines()[-1] == "interrupted"
        assert scene.folder_contents(folder) == before

    @pytest.mark.parametrize("attempt", range(5))
    def test_it_ends_a_call_without_progress(self, database: Path, attempt: int) -> None:
        """It hits anywhere: in the library, on the callback's threshold, between two calls."""
        script = CREATE_IN_A_CHILD.format(work=FOR_EVER)
        status, output = scene.interrupt_after_first_line(script, database)
        assert (status, output) == (0, "interrupted\n")

    @pytest.mark.parametrize("work", ["store.create()", "store.restore('mi respaldo.db')"])
    @pytest.mark.parametrize("lock", ["database", "folder"])
    def test_it_ends_a_wait_for_another_program(self, work: str, lock: str, database: Path, folder: Path) -> None:
        wait = f'(store.last_backup(), print("working", flush=True), {work})'
        script = CREATE_IN_A_CHILD.replace("settings=None", "settings=None, busy_timeout_ms=100_000").format(work=wait)
        before = live_contents(folder)
        held = scene.held_by_another_process(database) if lock == "database" else scene.folder_held(folder / "backups")
        with held:
            started = time.monotonic()
            status, output = scene.interrupt_after_first_line(script, database)
            assert time.monotonic() - started < 60, "it waited for the lock"
        assert (status, output) == (0, "interrupted\n")
        assert live_contents(folder) == before

    def test_it_is_never_lost_while_the_library_works(self, database: Path, folder: Path) -> None:
        """Python handles the signal on the threshold of the callback, where ctypes would swallow it."""
        before = scene.folder_contents(folder)
        previous = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with respaldo.Store(database, settings=None) as store:
                for _ in range(20):
                    started = threading.Event()

                    def interrupt(started: threading.Event = started) -> None:
                        started.wait(30)  # it continues once the library has released the interpreter
                        signal.raise_signal(signal.SIGINT)

                    def progress(_done: int, _total: int, started: threading.Event = started) -> None:
                        started.set()

                    other = threading.Thread(target=interrupt)
                    other.start()
                    try:
                        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may arrive late, in the join
                            store.create(progress=progress)
                            other.join()
                    finally:
                        other.join()
        finally:
            signal.signal(signal.SIGINT, previous)
        assert scene.folder_contents(folder) == before
