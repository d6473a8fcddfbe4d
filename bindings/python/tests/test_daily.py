"""``respaldo.Daily``: a real store, a clock that the test sets, and the end of a real interpreter."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import respaldo
import scene
from respaldo import _daily

PATIENCE = 60
Start = Callable[..., "SetDaily"]


class SetDaily(respaldo.Daily):
    """With a clock that is moved by hand, and looked at all the time."""

    def __init__(self, store: respaldo.Store, **options: Any) -> None:
        self.ahead = timedelta()
        self.results: queue.Queue[respaldo.DueResult] = queue.Queue()
        self.errors: queue.Queue[Exception] = queue.Queue()
        super().__init__(store, **({"on_result": self.results.put, "on_error": self.errors.put} | options))

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def result(self) -> respaldo.DueResult:
        return self.results.get(timeout=PATIENCE)

    def error(self) -> Exception:
        return self.errors.get(timeout=PATIENCE)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr(_daily, "CHECK_INTERVAL", timedelta(milliseconds=1))
    with ExitStack() as all_of_them:
        yield lambda store, **options: all_of_them.enter_context(SetDaily(store, **options))


def test_it_backs_up_at_the_start_and_asks_again_the_next_day(store: respaldo.Store, start: Start) -> None:
    daily = start(store)
    first = daily.result()
    assert first.created and first.backup is not None
    daily.ahead += timedelta(days=1)
    second = daily.result()  # the library goes by the real clock, so it has one of today already
    assert (second.created, second.reason) == (False, "already_backed_up_today")
    assert [backup.name for backup in store.list()] == [first.backup.name]
    assert daily.results.empty() and daily.errors.empty()


def test_after_a_failure_it_tries_again(store: respaldo.Store, database: Path, start: Start) -> None:
    moved = database.rename(database.with_name("elsewhere.db"))
    (database.parent / "backups").mkdir()
    (database.parent / "backups" / "backup_20200101_000000.db").write_bytes(moved.read_bytes())  # it was there once
    daily = start(store)
    assert isinstance(daily.error(), respaldo.DatabaseNotFoundError)
    moved.rename(database)
    daily.ahead += timedelta(minutes=5)
    assert daily.result().created


def test_what_went_wrong_is_logged(store: respaldo.Store, database: Path, caplog: pytest.LogCaptureFixture) -> None:
    database.write_text("not a database, and long enough to have a header that is not one" * 20)
    failed = threading.Event()
    with respaldo.Daily(store, on_error=lambda _error: failed.set()):
        assert failed.wait(PATIENCE)
    assert "NOT_A_DATABASE" in caplog.text


def test_warnings_are_logged(store: respaldo.Store, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    path = store.create().backup.path
    path.rename(path.with_name("backup_20990101_090000.db"))
    result = start(store).result()
    assert result.created and result.warnings
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert result.warnings[0].name in caplog.text


def test_a_callback_that_raises_ends_nothing(
    store: respaldo.Store, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    called: queue.Queue[object] = queue.Queue()

    def tell(result: respaldo.DueResult) -> None:
        called.put(result)
        raise LookupError("the window is gone")

    daily = start(store, on_result=tell)
    called.get(timeout=PATIENCE)
    daily.ahead += timedelta(days=1)
    called.get(timeout=PATIENCE)
    daily.close()
    assert "the window is gone" in caplog.text


def test_starting_twice_is_starting_once(store: respaldo.Store, start: Start) -> None:
    daily = start(store)
    daily.start()
    assert daily.result().created
    assert [t.name for t in threading.enumerate()].count("respaldo: daily backup") == 1


def test_closing_cancels_what_is_going_on(store: respaldo.Store, database: Path, start: Start) -> None:
    with respaldo.Store(database, busy_timeout_ms=600_000) as patient, scene.held_by_another_process(database):
        daily = start(patient)
        scene.wait_for(lambda: (database.parent / "backups").exists())
        daily.close(timeout=PATIENCE)
        assert daily._thread is not None and not daily._thread.is_alive(), "it still waits for the database"
    assert daily.results.empty() and daily.errors.empty()  # nobody wants to hear of it any more
    assert len(store.list()) == 0
    with pytest.raises(ValueError, match="closed"):
        daily.start()


def test_it_can_be_closed_from_its_own_callback(store: respaldo.Store) -> None:
    done = threading.Event()

    def close(_result: respaldo.DueResult) -> None:
        daily.close()
        done.set()

    daily = respaldo.Daily(store, on_result=close)
    daily.start()
    assert done.wait(PATIENCE)


def test_once_the_store_is_closed_it_ends(store: respaldo.Store, start: Start) -> None:
    daily = start(store)
    daily.result()


AT_EXIT = """
import sys, threading, respaldo
store = respaldo.Store(sys.argv[1])
made = threading.Event()
respaldo.Daily(store, on_result=lambda result: made.set()).start()
assert made.wait(60)
print("made")
"""

AT_EXIT_IN_THE_MIDDLE = """
import sys, time, pathlib, respaldo
database = pathlib.Path(sys.argv[1])
respaldo.Daily(respaldo.Store(database)).start()
while not list(database.parent.glob("backups/*")):
    time.sleep(0.001)
"""

AT_EXIT_BEFORE_ITS_OWN_LOCK = """
import sqlite3, sys, time, pathlib, respaldo
database = pathlib.Path(sys.argv[1])
connection = sqlite3.connect(database, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")  # closed in the middle of the interpreter's end
respaldo.Daily(respaldo.Store(database, busy_timeout_ms=600_000)).start()
while not (database.parent / "backups").exists():
    time.sleep(0.001)
"""


class TestTheInterpreterEnds:
    def test_the_wait_for_tomorrow_ends_with_the_interpreter(self, database: Path) -> None:
        done = scene.run_python(AT_EXIT, database)
        assert (done.returncode, done.stdout, done.stderr) == (0, "made\n", "")

    def test_a_backup_in_the_middle_is_cancelled(self, folder: Path) -> None:
        database = scene.make_database(folder / "tattoostudio.db", mebibytes=64)
        done = scene.run_python(AT_EXIT_IN_THE_MIDDLE, database)
        assert (done.returncode, done.stderr) == (0, "")
        assert list((folder / "backups").iterdir()) == []  # cancelled, and swept up

    def test_a_wait_for_a_lock_is_cancelled(self, database: Path) -> None:
        done = scene.run_python(AT_EXIT_BEFORE_ITS_OWN_LOCK, database)
        assert (done.returncode, done.stderr) == (0, "")
        assert list((database.parent / "backups").glob("*.db")) == []
