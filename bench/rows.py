"""Comparing two databases and searching twenty backups, beside other ways of doing the same. Only printed."""

import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing

import databases
from place import AFTER_A_DAY, Place

BACKUPS = 20
SQLDIFF = shutil.which("sqldiff")


def compare(folder, size, repetitions):
    """A database and the backup of the day before: what differs, row by row."""
    place = Place(folder, size).serve(AFTER_A_DAY)
    place.build()
    ways = {
        "respaldo": lambda: _in_a_process("compare", place),
        "full outer join": lambda: _in_a_process("join", place),
    }
    if SQLDIFF:
        ways["sqldiff --summary"] = lambda: _seconds(
            lambda: subprocess.run(
                [SQLDIFF, "--summary", place.database, place.yesterday], check=True, stdout=subprocess.DEVNULL
            )
        )
    else:
        print("NOT MEASURED, because it is missing: sqldiff (apt-get install sqlite3-tools)")
    _in_turns(f"compare {size} MB", ways, repetitions)
    place.remove()


def find(folder, size, repetitions):
    """A text and a key in twenty backups, a day's work apart."""
    place = Place(folder, size)
    place.build()
    for day in range(BACKUPS):
        shutil.copyfile(place.database, place.backups / f"backup_202603{day + 1:02}_090000.db")
        databases.work_for_a_day(place.database)
    ways = {
        "reading the files": lambda: _in_a_process("read", place),
        "respaldo, a text": lambda: _in_a_process("find", place),
        "LIKE in each": lambda: _in_a_process("like", place),
        "respaldo, a key's history": lambda: _in_a_process("history", place),
    }
    _in_turns(f"find {BACKUPS} x {size} MB", ways, repetitions)
    place.remove()


def _in_turns(name, ways, repetitions):
    seconds = {way: [] for way in ways}
    for turn in range(repetitions + 1):
        for way, run in ways.items():
            took = run()
            if turn > 0:  # the first is a warm-up
                seconds[way].append(took)
    for way, took in seconds.items():
        print(f"{name}  {way:26} {statistics.median(took) * 1000:10.1f} ms", flush=True)


def _in_a_process(way, place):
    command = [sys.executable, "-B", __file__, way, place.database, place.yesterday]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=900).stdout)


def _seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _measured(way, database, yesterday):
    import respaldo

    backups = sorted((database.parent / "backups").glob("*.db"))
    with respaldo.Store(database, settings=None) as store:
        match way:
            case "compare":
                return _seconds(lambda: store.compare(yesterday))
            case "find":
                return _seconds(lambda: store.find("xochiquetzal yañez"))
            case "history":
                return _seconds(lambda: store.history("clients", {"id": 7}))
    return _seconds(lambda: {"join": _join, "read": _read, "like": _like}[way](database, yesterday, backups))


def _join(database, yesterday, _backups):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ATTACH ? AS other", [str(yesterday)])
        for table, columns in _tables(connection):
            differs = " OR ".join(f'a."{column}" IS NOT b."{column}"' for column in columns)
            connection.execute(
                f"SELECT sum(a.rowid IS NULL), sum(b.rowid IS NULL), sum(a.rowid = b.rowid AND ({differs}))"
                f' FROM main."{table}" a FULL OUTER JOIN other."{table}" b ON a.rowid = b.rowid'
            ).fetchone()


def _like(_database, _yesterday, backups):
    for backup in backups:
        with closing(sqlite3.connect(backup)) as connection:
            for table, columns in _tables(connection):
                found = " OR ".join(f"\"{column}\" LIKE '%xochiquetzal%'" for column in columns)
                connection.execute(f'SELECT count(*) FROM "{table}" WHERE {found}').fetchone()


def _read(_database, _yesterday, backups):
    part = bytearray(1 << 20)
    for backup in backups:
        with backup.open("rb", buffering=0) as file:
            while file.readinto(part):
                pass


def _tables(connection):
    names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    for (table,) in connection.execute(names).fetchall():
        yield table, [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]


if __name__ == "__main__":
    from pathlib import Path

    print(_measured(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
