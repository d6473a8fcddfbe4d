"""Threads, processes, and Python's own SQLite in the same process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

import respaldo
import scene


def test_other_threads_run_during_a_call(folder: Path) -> None:
    """Another Python thread counts between two callbacks, while the library works."""
    database = scene.make_database(folder / "big.db", mebibytes=24)
    counter = 0
    done = threading.Event()

    def count() -> None:
        nonlocal counter
        while not done.is_set():
            counter += 1

    def progress(_done: int, _total: int) -> None:
        entered.append(counter)
        left.append(counter)

    entered: list[int] = []
    left: list[int] = []
    thread = threading.Thread(target=count)
    thread.start()
    try:
        with respaldo.Store(database) as store:
            store.create(progress=progress)
    finally:
        done.set()
        thread.join()
    counted = [entering - leaving for leaving, entering in zip(left, entered[1:], strict=False)]
    assert len(counted) > 10
    assert sum(counted) > 0
    assert max(counted) > 0


def test_threads_share_a_store(store: respaldo.Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: store.create(), range(16)))
        verified = list(pool.map(lambda r: store.verify(r.backup), results))
    assert len({r.backup.name for r in results}) == 16
    assert all(v.ok for v in verified)
    assert len(store.list()) == 16


def test_closing_during_a_call_is_safe(folder: Path) -> None:
    database = scene.make_database(folder / "big.db", mebibytes=4)
    store = respaldo.Store(database)
    result = store.create(progress=lambda _done, _total: store.close())
    assert scene.count_clients(result.backup.path) == 200
    with pytest.raises(ValueError, match="closed"):
        store.list()


IF_DUE_AT_ONCE = """
import sys, respaldo
with respaldo.Store(sys.argv[1], busy_timeout_ms=60_000) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    result = store.create_if_due()
    print(result.created, result.backup.name)
"""


def test_eight_processes_make_one_daily_backup(folder: Path) -> None:
    database = scene.make_database(folder / "tattoostudio.db", mebibytes=4)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", IF_DUE_AT_ONCE, str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert sorted(created for created, _ in answers) == ["False"] * 7 + ["True"]
    with respaldo.Store(database) as store:
        (backup,) = store.list()
    assert {name for _, name in answers} == {backup.name}


@pytest.mark.parametrize("wal", [False, True], ids=["rollback", "wal"])
class TestPythonsOwnSqlite:
    """The library has a second copy of SQLite in this process, which must not drop the first one's locks."""

    def test_an_exclusive_lock_is_respected(self, folder: Path, wal: bool) -> None:
        database = scene.make_database(folder / "tattoostudio.db", wal=wal)
        with closing(sqlite3.connect(database, isolation_level=None)) as application:
            if wal:  # in WAL mode readers never wait for BEGIN EXCLUSIVE, only for this
                application.execute("PRAGMA locking_mode=EXCLUSIVE")
            application.execute("BEGIN EXCLUSIVE")
            scene.add_clients(application, 1)
            with (
                respaldo.Store(database, busy_timeout_ms=100) as store,
                pytest.raises(respaldo.DatabaseLockedError),
            ):
                store.create()
            assert scene.another_process_tries_to_write(database) == "database is locked"
            application.execute("COMMIT")
        assert scene.count_clients(database) == 201

    OPERATIONS = scene.every_operation("mi respaldo.db", target="ensayo.db")

    @pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
    def test_a_writers_lock_stays_in_force(
        self,
        folder: Path,
        wal: bool,
        use: Callable[[respaldo.Store], object],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(folder)
        database = scene.make_database(folder / "tattoostudio.db", wal=wal)
        with respaldo.Store(database) as store:
            store.create().backup.path.rename(folder / "backups" / "mi respaldo.db")
        with closing(sqlite3.connect(database, isolation_level=None)) as application:
            application.execute("BEGIN IMMEDIATE")
            scene.add_clients(application, 1)
            # Only a plan for single rows wants the write lock itself: it does all the work, and takes it back.
            wants_lock = use is self.OPERATIONS["bring_back"]
            refused = pytest.raises(respaldo.DatabaseLockedError) if wants_lock else nullcontext()
            with respaldo.Store(database, busy_timeout_ms=100) as store, refused:
                use(store)
            assert scene.another_process_tries_to_write(database) == "database is locked"
            application.execute("COMMIT")
        assert scene.another_process_tries_to_write(database) == "could write"
        assert scene.count_clients(database) == 201

    def test_a_failed_restore_leaves_the_lock_in_force(self, folder: Path, wal: bool) -> None:
        database = scene.make_database(folder / "tattoostudio.db", wal=wal)
        with respaldo.Store(database, busy_timeout_ms=100) as store:
            backup = store.create().backup
            with closing(sqlite3.connect(database, isolation_level=None)) as application:
                application.execute("BEGIN IMMEDIATE")
                scene.add_clients(application, 1)
                with pytest.raises(respaldo.DatabaseLockedError):
                    store.restore(backup)
                assert scene.another_process_tries_to_write(database) == "database is locked"
                application.execute("COMMIT")
        assert scene.count_clients(database) == 201

    def test_a_backup_has_only_what_is_committed(self, folder: Path, wal: bool) -> None:
        database = scene.make_database(folder / "tattoostudio.db", wal=wal)
        with closing(sqlite3.connect(database, isolation_level=None)) as application:
            application.execute("BEGIN IMMEDIATE")
            scene.add_clients(application, 50)
            with respaldo.Store(database) as store:
                backup = store.create().backup
            application.execute("ROLLBACK")
        assert scene.count_clients(backup.path) == 200
