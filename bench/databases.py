"""The databases that are measured: a tattoo studio's, of any size, made once and kept."""

import hashlib
import inspect
import multiprocessing
import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUDIO = ROOT / "bindings/python/examples/tattoo_studio"

SCALES = {0.2: 1, 20: 208, 200: 2060, 1200: 12230}
"""Megabytes (of a million bytes), and how many times the example's smallest database that is."""

SCANS = "+scans"
"""Behind a size: the same studio with 20 MB of rows, and the rest scanned consents and pictures. What is large in most
databases of such a size is not rows."""

TABLES = "4000tables"
"""A size of its own: 4,000 tables of 60 rows with two indexes each, 47 MB."""

YEAR = 5
"""Megabytes: the size with which a year of backups begins."""

_SCALES = SCALES | {YEAR: 52}

TODAY, YESTERDAY = 2026, 2025
"""Seeds. Nothing is alike in the two databases, so that a restore has every page to write."""


A_DAY = 60
"""Clients that are changed, and sessions that are added, in a day's work."""


def require_room(folder, sizes):
    """Room for the databases to be made, a live one, its backup or safety copy, a rollback journal, files to list."""
    missing = [size for size in sizes for seed in (TODAY, YESTERDAY) if not path_of(folder, size, seed).exists()]
    needed = (3 * max(map(megabytes, sizes), default=0) + sum(map(megabytes, missing)) + 500) * 1e6
    free = shutil.disk_usage(folder).free
    if free < needed:
        sys.exit(
            f"{folder}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free; "
            "choose another folder with --dir"
        )


def megabytes(size):
    """Of a size, with scans or without."""
    if size == TABLES:
        return 47
    return float(str(size).removesuffix(SCANS))


def path_of(folder, size, seed):
    """Where the database lies; a change to what makes it gives it another name."""
    maker = hashlib.sha256()
    for source in (STUDIO / "make_database.py", STUDIO / "data/db/models.py"):
        maker.update(source.read_bytes())
    if size == TABLES:
        maker.update(inspect.getsource(_make_tables).encode())
    else:
        maker.update(inspect.getsource(_add_scans).encode() if SCANS in str(size) else str(_SCALES[size]).encode())
    return Path(folder) / "databases" / f"{size}MB-{seed}-{maker.hexdigest()[:8]}.db"


def make(folder, sizes):
    """Makes what is missing, two at a time."""
    wanted = [(path_of(folder, size, seed), size, seed) for size in sizes for seed in (TODAY, YESTERDAY)]
    missing = [job for job in wanted if not job[0].exists()]
    if not missing:
        return
    print("making the databases (once):", ", ".join(sorted({f"{size} MB" for _, size, _ in missing})), flush=True)
    wanted[0][0].parent.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_make, missing, chunksize=1)


def _make(job):
    path, size, seed = job
    sys.path.insert(0, str(STUDIO))
    from make_database import make_database  # the example's: SQLAlchemy and Faker are in target/venv

    for old in path.parent.glob(f"{size}MB-{seed}-*"):
        old.unlink()
    unfinished = path.with_suffix(".unfinished")
    if size == TABLES:
        make_database(unfinished, scale=1, seed=seed)
        _make_tables(unfinished, seed)
    elif SCANS in str(size):
        make_database(unfinished, scale=SCALES[20], seed=seed)
        _add_scans(unfinished, megabytes(size), seed)
    else:
        make_database(unfinished, scale=_SCALES[size], seed=seed)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(path)


def _add_scans(path, size, seed):
    """Documents of 20 to 200 kB, until the file has so many megabytes."""
    chance = random.Random(seed)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA synchronous=OFF; CREATE TABLE scans(id INTEGER PRIMARY KEY, client_id INTEGER, image BLOB NOT NULL)"
        )
        connection.execute("CREATE INDEX scans_by_client ON scans(client_id)")
        clients = connection.execute("SELECT max(id) FROM clients").fetchone()[0]
        while path.stat().st_size < size * 1e6:
            connection.execute("BEGIN")
            rows = ((chance.randint(1, clients), chance.randbytes(chance.randint(20_000, 200_000))) for _ in range(20))
            connection.executemany("INSERT INTO scans(client_id, image) VALUES (?, ?)", rows)
            connection.execute("COMMIT")


def _make_tables(path, seed):
    """What an application that gives each of its customers tables of their own has."""
    chance = random.Random(seed)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for number in range(4000):
            connection.execute(f"CREATE TABLE customer_{number}(id INTEGER PRIMARY KEY, name TEXT, amount INTEGER)")
            connection.execute(f"CREATE INDEX customer_{number}_by_name ON customer_{number}(name)")
            connection.execute(f"CREATE INDEX customer_{number}_by_amount ON customer_{number}(amount)")
            rows = ((chance.randbytes(8).hex(), chance.randint(1, 10_000)) for _ in range(60))
            connection.executemany(f"INSERT INTO customer_{number}(name, amount) VALUES (?, ?)", rows)
        connection.execute("COMMIT")


def work_for_a_day(path, day=0):
    """What an application may have done since its last backup."""
    chance = random.Random(TODAY + day)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        columns = ", ".join(row[1] for row in connection.execute("PRAGMA table_info(sessions)") if not row[5])
        last = {
            table: connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] for table in ("clients", "sessions")
        }
        for number in range(A_DAY):
            client, session = chance.randint(1, last["clients"]), chance.randint(1, last["sessions"])
            connection.execute("UPDATE clients SET notes = ? WHERE id = ?", (f"vino hoy, {number}", client))
            connection.execute(
                f"INSERT INTO sessions({columns}) SELECT {columns} FROM sessions WHERE id = ?", (session,)
            )
