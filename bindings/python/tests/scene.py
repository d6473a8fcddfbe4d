"""The scene of a test: databases, other processes that hold them, damaged files."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import respaldo
from respaldo import RowKey

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE_ROOT.parent.parent
EXAMPLES = PACKAGE_ROOT / "examples"
STUDIO = EXAMPLES / "tattoo_studio"

PAGE = 4096

APPLICATION_MODULES = ("data", "services", "make_database", "main", "settings", "ui")

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""

HOLD_FOLDER = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""

TRY_TO_WRITE = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
    print("could write")
except sqlite3.OperationalError as error:
    print(error)
"""


def make_database(path: Path, clients: int = 200, *, wal: bool = False, mebibytes: int = 0) -> Path:
    """A database with this many clients, and with this much ballast."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        connection.execute("CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        connection.execute("CREATE INDEX clients_name ON clients (name)")
        connection.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, image BLOB)")
        add_clients(connection, clients)
        connection.executemany("INSERT INTO photos (image) VALUES (randomblob(1048576))", [()] * mebibytes)
    return path


def every_operation(backup: str, *, target: str | None = None) -> dict[str, Callable[[respaldo.Store], object]]:
    """The calls of a store by name; with a ``target``, its restore is a rehearsal."""
    return {
        "create": lambda store: store.create(),
        "create_if_due": lambda store: store.create_if_due(),
        "list": lambda store: store.list(),
        "last_backup": lambda store: store.last_backup(),
        "verify": lambda store: store.verify(backup),
        "restore": lambda store: store.restore(backup, target=target),
        "prune": lambda store: store.prune(),
        "annotate": lambda store: store.annotate(backup, label="a label"),
        "health": lambda store: store.health(),
        "bring_back": lambda store: store.bring_back(backup, [RowKey("clients", {"id": 1})], dry_run=True),
        "salvage": lambda store: store.salvage(dry_run=True),
        "rehearse": lambda store: store.rehearse(backup),
        "find": lambda store: store.find("cliente", rows=1),
        "history": lambda store: store.history("clients", {"id": 1}),
    }


def forget_the_application() -> None:
    """Makes the next import of the studio's modules load them again, from where they are then."""
    for name in list(sys.modules):
        if name.split(".")[0] in APPLICATION_MODULES:
            del sys.modules[name]


def add_clients(connection: sqlite3.Connection, count: int) -> None:
    names = ((f"Cliente número {i}, de Hermosillo",) for i in range(count))
    connection.executemany("INSERT INTO clients (name) VALUES (?)", names)


def count_clients(path: Path) -> int:
    """How many clients a database has, read through a connection of its own."""
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT count(*) FROM clients").fetchone()[0]
    return count


def delete_clients(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM clients")


def damage(path: Path) -> None:
    """Overwrites every page but the first two: the header stays good, the tables are gone."""
    size = path.stat().st_size
    assert size > 3 * PAGE
    with path.open("r+b") as file:
        file.seek(2 * PAGE)
        file.write(b"\xa5" * (size - 2 * PAGE))


def change_schema(path: Path, old: str, new: str) -> None:
    """Changes the schema under its rows, as careless migrations do."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ?, ?)", (old, new))


def break_constraint(path: Path) -> None:
    """Leaves every client with a NULL in a column ``phone`` that is NOT NULL."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE clients ADD COLUMN phone TEXT")
    change_schema(path, "phone TEXT", "phone TEXT NOT NULL")


def spoil_index(path: Path) -> None:
    """Leaves the index of the clients' names without the entries of its rows; ``REINDEX`` heals that."""
    change_schema(path, "clients (name)", "clients (name DESC)")


def folder_contents(folder: Path, *, catalogue: bool = True) -> dict[str, bytes]:
    """Every file below the folder, to compare with a later state.

    Without the catalogue where backups are verified or tried meanwhile, which it remembers.
    """
    files = (p for p in folder.rglob("*") if p.is_file() and (catalogue or p.name != "catalog.json"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def held_by_another_process(path: Path, statement: str = "BEGIN EXCLUSIVE") -> AbstractContextManager[None]:
    """Another process has begun this transaction in the database."""
    return _while_it_holds(HOLD, str(path), statement)


def folder_held(folder: Path) -> AbstractContextManager[None]:
    """Another process has the lock of the backup folder, as while it makes a backup."""
    return _while_it_holds(HOLD_FOLDER, str(folder))


@contextmanager
def _while_it_holds(script: str, *arguments: str) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.stdin.close()


def another_process_tries_to_write(path: Path) -> str:
    """``database is locked`` or ``could write``."""
    return run_python(TRY_TO_WRITE, path).stdout.strip()


def wait_for(condition: Callable[[], object], patience: float = 60) -> None:
    """Looks again and again until it holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def run_python(
    script: str, *arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a script in a new interpreter; ``env`` adds to the environment."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", script, *map(str, arguments)],
        env=os.environ | (env or {}),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def interrupt_after_first_line(script: str, *arguments: object) -> tuple[int, str]:
    """Runs a script, sends it a Ctrl-C once it prints a line; returns its status and the rest of its output."""
    listen = f"import signal; signal.signal({signal.SIGINT:d}, signal.default_int_handler)\n"
    with subprocess.Popen(
        [sys.executable, "-c", listen + script, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        output = process.stdout.read()
        return process.wait(timeout=60), output
