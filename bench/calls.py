"""What calls cost that move no data: folders of many files and their health, round trips through C and ctypes."""

import datetime
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COUNTS = (20, 2_000, 100_000)
HEALTH_COUNTS = (20, 2_000)
OPENED = 20
"""Backups in the folder in which round trips are measured: as many as are kept by default."""


def lister(folder, count):
    """An application's folder with this many backups, made once and kept: each a database of one page, one a minute."""
    place = Path(folder) / "lists" / str(count)
    complete = place / "made"
    if not complete.exists():
        shutil.rmtree(place, ignore_errors=True)
        backups = place / "backups"
        backups.mkdir(parents=True)
        with closing(sqlite3.connect(place / "studio.db")) as connection:
            connection.execute("PRAGMA user_version=1")
        page = (place / "studio.db").read_bytes()
        moment = datetime.datetime(2026, 3, 4, 18)
        for _ in range(count):
            (backups / f"backup_{moment:%Y%m%d_%H%M%S}.db").write_bytes(page)
            moment -= datetime.timedelta(minutes=1)
        os.sync()
        complete.touch()
    return place


def catalogued(folder, count):
    """The same with a catalogue that knows each backup: one that the library made, under many names."""
    import respaldo

    place = Path(folder) / "catalogued" / str(count)
    complete = place / "made"
    if not complete.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        with closing(sqlite3.connect(place / "studio.db")) as connection:
            connection.executescript("CREATE TABLE clients(name); INSERT INTO clients VALUES('Ana'), ('Beto')")
        with respaldo.Store(place / "studio.db", language="en") as store:
            first = store.create().backup
        backups = first.path.parent
        catalogue = json.loads((backups / "catalog.json").read_text())
        record = catalogue["backups"][first.name]
        moment = first.created_at
        for _ in range(1, count):
            moment -= datetime.timedelta(minutes=1)
            name = f"backup_{moment:%Y%m%d_%H%M%S}.db"
            shutil.copy2(first.path, backups / name)  # with its modification time: so the record is of this file too
            catalogue["names"].append(f"{moment:%Y%m%d_%H%M%S}")
            catalogue["backups"][name] = record
        (backups / "catalog.json").write_text(json.dumps(catalogue))
        os.sync()
        complete.touch()
    return place


def listing(folder, count, repetitions):
    """Seconds of respaldo_list as C sees it, and of Store.list with its Python objects."""
    return _of_many_backups("list", lister(folder, count), count, repetitions)


def health(folder, count, repetitions):
    """Seconds of respaldo_health as C sees it, and of Store.health, where each backup is in the catalogue."""
    return _of_many_backups("health", catalogued(folder, count), count, repetitions)


def _of_many_backups(operation, place, count, repetitions):
    command = [sys.executable, "-B", __file__, operation, place, str(count), str(repetitions)]
    answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=300).stdout)
    print(
        f"{operation} {count:>7} backups: {answer['c'] * 1000:.2f} ms in C, {answer['python'] * 1000:.2f} ms in Python",
        flush=True,
    )
    return answer


def _measure(operation, place, count, repetitions):
    import respaldo
    from respaldo._library import load

    library = load()
    store = respaldo.Store(place / "studio.db", language="en")
    if operation == "health" and sum(backup.verified_at is not None for backup in store.list()) != count:
        sys.exit(f"not each of the {count} backups is known to the catalogue")
    call, in_the_package = {"list": (_list, store.list), "health": (_health, store.health)}[operation]
    seconds = {"c": [], "python": []}
    # One after the other: the memory that Python's objects leave behind makes the next call of the library slower.
    for _ in range(repetitions + 1):
        started = time.perf_counter()
        status, text = call(library, store._handle())
        seconds["c"].append(time.perf_counter() - started)
    for _ in range(repetitions + 1):
        started = time.perf_counter()
        found = in_the_package()
        seconds["python"].append(time.perf_counter() - started)
    if operation == "list" and (len(found) != count or text.count(b'"name"') < count):
        sys.exit(f"{len(found)} backups were listed; {count} are there")
    # The folder is kept, so on a later day its newest backup is an old one.
    if status != 0 or (operation == "health" and (found.newest_verified is None or found.damaged)):
        sys.exit(f"{operation} with {count} backups: status {status}, {text[:500]}")
    # The first of each is the warm-up.
    print(json.dumps({key: statistics.median(values[1:]) for key, values in seconds.items()}))


def _list(library, handle):
    """As a thin binding calls it: one call, the answer's bytes, freed."""
    import ctypes

    text = ctypes.c_void_p()
    status = library.respaldo_list(handle, None, ctypes.byref(text))
    answer = ctypes.string_at(text.value)
    library.respaldo_string_free(text)
    return status, answer


def _health(library, handle):
    import ctypes

    from respaldo._library import ProgressFunction

    text = ctypes.c_void_p()
    status = library.respaldo_health(handle, None, ProgressFunction(), None, ctypes.byref(text))
    answer = ctypes.string_at(text.value)
    library.respaldo_string_free(text)
    return status, answer


def round_trips(folder):
    """Nanoseconds of each call, in C, in plain ctypes and in the Python package."""
    place = lister(folder, OPENED)
    results = {"c": _in_c(Path(folder), place), **_in_python(place)}
    for way, calls in results.items():
        print(
            f"round trips, {way}: "
            + ", ".join(f"{name} {nanoseconds / 1000:.1f} µs" for name, nanoseconds in calls.items()),
            flush=True,
        )
    return results


def _in_c(folder, place):
    """Compiled against the library that Python loads, whichever that is."""
    from respaldo._library import load

    program, linked = folder / "roundtrip", folder / "linked"
    linked.mkdir(exist_ok=True)
    for name in ("librespaldo.so", "librespaldo.so.1"):
        (linked / name).unlink(missing_ok=True)
        (linked / name).symlink_to(load()._name)
    command = [
        os.environ.get("CC", "cc"),
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        f"-I{ROOT}/include",
        Path(__file__).with_name("roundtrip.c"),
        "-o",
        program,
        f"-L{linked}",
        "-lrespaldo",
        f"-Wl,-rpath,{linked}",
    ]
    subprocess.run(command, check=True)
    options = json.dumps({"database": str(place / "studio.db"), "language": "en"})
    return json.loads(subprocess.run([program, options], check=True, stdout=subprocess.PIPE, timeout=300).stdout)


def _in_python(place):
    import respaldo
    from respaldo._library import load

    library, database = load(), place / "studio.db"
    store = respaldo.Store(database, language="en")

    def unknown_zone():
        try:
            respaldo.Store(database, timezone="Nowhere/Land")
        except respaldo.UnknownTimezoneError:
            return
        sys.exit("a time zone that does not exist was accepted")

    ctypes_calls = {
        "version": library.respaldo_version,
        "list": lambda: _list(library, store._handle()),
        "closed_store": lambda: _list(library, 0),
    }
    package_calls = {
        "open_close": lambda: respaldo.Store(database, language="en").close(),
        "list": store.list,
        "unknown_zone": unknown_zone,
    }
    return {
        "ctypes": {name: _median(call) for name, call in ctypes_calls.items()},
        "package": {name: _median(call) for name, call in package_calls.items()},
    }


def _median(call, batches=51, batch=50):
    nanoseconds = []
    for turn in range(batches + 1):
        started = time.perf_counter_ns()
        for _ in range(batch):
            call()
        if turn:  # the first is a warm-up
            nanoseconds.append((time.perf_counter_ns() - started) / batch)
    return round(statistics.median(nanoseconds))


if __name__ == "__main__":
    _measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
