"""A database that shows whether it is whole, and which one it is.

Every row carries the same generation and a checksum over itself, and one row says how many there are. A mixture of two
databases, a half-written one or one that lost its WAL cannot pass for either. A note stands by itself: it may come from
another one.
"""

import os
import shutil
import sqlite3
import tempfile
import zlib
from contextlib import closing, contextmanager
from pathlib import Path

BODY = 2000


class Torn(AssertionError):
    """The file is neither the one database nor the other."""


def make(path, generation, size=200_000, page_size=4096, journal_mode="delete"):
    """A database of about `size` bytes, all of one generation."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={page_size}")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(f"PRAGMA journal_mode={journal_mode}")
        connection.execute("CREATE TABLE visits(id INTEGER PRIMARY KEY, generation INT, body BLOB, checksum INT)")
        connection.execute("CREATE INDEX by_checksum ON visits(checksum)")
        connection.execute("CREATE TABLE totals(generation INT, visits INT)")
        connection.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, generation INT)")
        write(connection, generation, size)


def write(connection, generation, size):
    """Makes everything this generation, in one transaction."""
    count = max(1, size // (BODY + 60))
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM visits")
    connection.execute("DELETE FROM totals")
    bodies = ((number, os.urandom(BODY)) for number in range(count))
    connection.executemany(
        "INSERT INTO visits VALUES(?, ?, ?, ?)",
        ((number, generation, body, checksum(number, generation, body)) for number, body in bodies),
    )
    connection.execute("INSERT INTO totals VALUES(?, ?)", (generation, count))
    connection.execute("INSERT OR REPLACE INTO notes VALUES(1, ?)", (generation,))
    connection.execute("COMMIT")


def checksum(number, generation, body):
    return zlib.crc32(body, zlib.crc32(f"{number} {generation}".encode()))


def make_with_wal(path, generation, size=200_000, page_size=4096):
    """A database whose contents are in its WAL only: the file itself holds another generation."""
    with _built_in_wal_mode(path, -generation, size, page_size) as connection:
        write(connection, generation, size)


def make_with_small_wal(path, generation, generation_in_wal, size=200_000):
    """A database whose WAL holds nothing but a change of what `generation_with_wal` reads."""
    with _built_in_wal_mode(path, generation, size) as connection:
        connection.execute("UPDATE totals SET generation=?", (generation_in_wal,))


def make_with_empty_index(path, generation, size=200_000):
    """A database of which one index lacks every row; with them it is as large as the rows."""
    make(path, generation, 0)
    sql = "CREATE INDEX by_body ON visits(body)"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM visits")
        connection.execute(sql)
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'by_body'").fetchone()[0]
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'by_body'")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        write(connection, generation, size)
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("INSERT INTO sqlite_schema VALUES('index', 'by_body', 'visits', ?, ?)", (root, sql))


@contextmanager
def _built_in_wal_mode(path, generation, size, page_size=4096):
    """A connection whose changes stay in the WAL of the database made at `path`."""
    building = Path(f"{path}.building")
    make(building, generation, size, page_size, "wal")
    with closing(sqlite3.connect(building, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA synchronous=OFF")
        yield connection
        shutil.copy(building, path)
        shutil.copy(f"{building}-wal", f"{path}-wal")
    building.unlink()


def generation_with_wal(path):
    """What the database and its WAL say, read from a copy, even of a damaged one; None if nothing can be read."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            if os.path.exists(f"{path}{suffix}"):
                shutil.copy(f"{path}{suffix}", f"{folder}/copy{suffix}")
        try:
            with closing(sqlite3.connect(f"{folder}/copy")) as connection:
                return connection.execute("SELECT generation FROM totals").fetchone()[0]
        except sqlite3.Error:
            return None


def check_whole(path):
    """Raises Torn unless the database is sound, whatever rows it has."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            problems = connection.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.Error as error:
        raise Torn(f"{path}: {error}") from error
    if problems != [("ok",)]:
        raise Torn(f"{path}: {problems[:3]}")


def latest_generation(path):
    """What the totals of a database say of which some rows are lost."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT generation FROM totals").fetchone()[0]


def generation_of(path, read_only=False):
    """Which database this is, opened as an application opens it. Raises Torn when it is not wholly one."""
    try:
        access = "?mode=ro" if read_only else "?mode=rw"
        with closing(sqlite3.connect(f"file:{path}{access}", uri=True, timeout=5)) as connection:
            problems = connection.execute("PRAGMA integrity_check").fetchall()
            if problems != [("ok",)]:
                raise Torn(f"{path}: {problems[:3]}")
            totals = connection.execute("SELECT generation, visits FROM totals").fetchall()
            if len(totals) != 1:
                raise Torn(f"{path}: totals are {totals}")
            generation, count = totals[0]
            seen = 0
            for number, of_row, body, stored in connection.execute("SELECT * FROM visits"):
                if of_row != generation or stored != checksum(number, of_row, body):
                    raise Torn(f"{path}: row {number} is of {of_row}, the database of {generation}")
                seen += 1
            if seen != count:
                raise Torn(f"{path}: {seen} rows of {count}")
            return generation
    except sqlite3.Error as error:
        raise Torn(f"{path}: {error}") from error


def note_in(path):
    """The generation of the note."""
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=5)) as connection:
        return connection.execute("SELECT generation FROM notes").fetchone()[0]
