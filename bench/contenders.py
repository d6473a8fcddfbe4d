"""The ways that are measured. Each prepares what an application has ready, and returns the work that is timed."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from place import AFTER_A_DAY

OURS, OURS_QUICK, OURS_SECOND = "respaldo", "respaldo_quick", "respaldo_second_place"
PYTHON, PYTHON_DURABLE = "python", "python_durable"


@dataclass(frozen=True)
class Contender:
    """One way of doing it."""

    key: str
    label: str
    success: str
    """What is known when it succeeds."""
    prepare: Callable[[Any], Callable[[], object]]
    """Takes the place, gives the work."""
    program: str | None = None
    """What it needs, besides Python."""
    in_process: bool = True
    """Whether the private memory of the measuring process is its own."""


def flush(path):
    """The file and the folder that names it."""
    for each in (path, Path(path).parent):
        descriptor = os.open(each, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def open_store(place, verify, **options):
    import respaldo

    return respaldo.Store(place.database, verify=verify, language="en", **options)


def connect(database):
    """A connection that has read the schema, as an application's has."""
    connection = sqlite3.connect(database)
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return connection


def back_up(connection, path, durable):
    """Python's way to make a backup file."""
    with closing(sqlite3.connect(path)) as copy:
        connection.backup(copy)
    if durable:
        flush(path)


# Create.


def respaldo_create(verify):
    return lambda place: open_store(place, verify).create


def respaldo_create_twice(place):
    return open_store(place, "full", second_place={"folder": str(place.second)}).create


def python_create(durable):
    def prepare(place):
        source = connect(place.database)
        return lambda: back_up(source, place.destination, durable)

    return prepare


def shell_create(place):
    command = ["sqlite3", place.database, f".backup '{place.destination}'"]
    return lambda: subprocess.run(command, check=True)


def vacuum_into(place):
    source = connect(place.database)
    return lambda: source.execute("VACUUM INTO ?", [str(place.destination)])


def cp(place):
    def work():
        subprocess.run(["cp", place.database, place.destination], check=True)
        flush(place.destination)

    return work


def sqlite3_rsync(place):
    command = [rsync_program(), place.database, place.destination]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def rsync_program():
    """sqlite3_rsync came with SQLite 3.47; many systems do not have it, and the wheels of APSW do."""
    found = shutil.which("sqlite3_rsync")
    if found:
        return found
    try:
        import apsw
    except ImportError:
        return None
    bundled = Path(apsw.__file__).parent / "sqlite_extra_binaries/sqlite3_rsync"
    return str(bundled) if os.access(bundled, os.X_OK) else None


CREATE = [
    Contender(OURS, "respaldo, full check", "verified, durable", respaldo_create("full")),
    Contender(OURS_QUICK, "respaldo, quick check", "verified, durable", respaldo_create("quick")),
    Contender(PYTHON, "Python Connection.backup", "unverified, not durable yet", python_create(False)),
    Contender(PYTHON_DURABLE, "Python Connection.backup + fsync", "unverified, durable", python_create(True)),
    Contender("shell", "sqlite3 .backup", "unverified, not durable yet", shell_create, "sqlite3", False),
    Contender("vacuum", "VACUUM INTO", "unverified, not durable yet", vacuum_into),
    Contender("cp", "cp + fsync", "durable; torn if anybody writes", cp, in_process=False),
    Contender("rsync", "sqlite3_rsync", "unverified, not durable yet", sqlite3_rsync, "sqlite3_rsync", False),
]

# On the same disk: what the library itself takes longer, not the speed of a stick.
SECOND_PLACE = [
    CREATE[0],
    Contender(OURS_SECOND, "respaldo, with a second place", "durable in both places", respaldo_create_twice),
]

# Restore: yesterday's database over the live one, after saving that.


def respaldo_restore(verify):
    def prepare(place):
        store = open_store(place, verify)
        return lambda: store.restore(place.yesterday)

    return prepare


def python_restore(durable):
    def prepare(place):
        live = connect(place.database)

        def work():
            back_up(live, place.safety, durable)
            with closing(sqlite3.connect(place.yesterday)) as backup:
                backup.backup(live)

        return work

    return prepare


RESTORE = [
    Contender(OURS, "respaldo, full check", "verified, undoable, durable", respaldo_restore("full")),
    Contender(OURS_QUICK, "respaldo, quick check", "verified, undoable, durable", respaldo_restore("quick")),
    Contender(PYTHON, "Python Connection.backup, twice", "unverified, not durable yet", python_restore(False)),
    Contender(PYTHON_DURABLE, "the same + fsync", "unverified, durable", python_restore(True)),
]

RESTORES = ("restore", AFTER_A_DAY)
ALL = {"create": CREATE, "restore": RESTORE, AFTER_A_DAY: RESTORE}
MEASURED = ALL | {"second_place": SECOND_PLACE}


def find(operation, key):
    return next(contender for contender in MEASURED[operation] if contender.key == key)


def missing(contender):
    """The program that it needs, where that is not installed; else None."""
    if contender.key == "rsync":
        return None if rsync_program() else "sqlite3_rsync (pip install apsw brings it)"
    if contender.program and not shutil.which(contender.program):
        return f"{contender.program} (apt-get install {contender.program})"
    return None
