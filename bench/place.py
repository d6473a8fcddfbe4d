"""The folder of one measurement: every contender finds it in the same state."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import databases

AFTER_A_DAY = "restore_day"
"""The operation whose live database is the backup and a day's work."""


class Place:
    """An application's folder: a live database with settings, a folder of backups, and a backup made yesterday."""

    def __init__(self, folder, size, journal_mode="delete"):
        self.size = size
        self.journal_mode = journal_mode
        self.folder = Path(folder) / f"place-{size}MB"
        self.database = self.folder / "studio.db"
        self.backups = self.folder / "backups"
        self.second = self.folder / "second"
        self.safety = self.folder / "safety.db"
        self.destination = self.backups / "copy.db"
        self.today = databases.path_of(folder, size, databases.TODAY)
        self.other = self.yesterday = databases.path_of(folder, size, databases.YESTERDAY)

    def serve(self, operation):
        """Makes the next reset one for this operation: with another database as yesterday's, or a day's work ago."""
        self.yesterday = self.today if operation == AFTER_A_DAY else self.other
        return self

    def build(self):
        """Makes the folder again."""
        self.remove()
        self.backups.mkdir(parents=True)
        self._renew_live()
        (self.folder / "settings.json").write_text('{\n    "studio": "Tinta del Desierto"\n}\n')

    def reset(self, live_too):
        """Removes what a contender left, restores the live database if it was written, and leaves the same
        clean and warm cache to every contender."""
        for left in [*self.backups.iterdir(), *self.folder.glob("*.before_restore_*"), self.safety]:
            left.unlink(missing_ok=True)
        shutil.rmtree(self.second, ignore_errors=True)
        if live_too:
            self._renew_live()
        os.sync()
        for read in [self.database, self.yesterday] if live_too else [self.database]:
            with read.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass

    def _renew_live(self):
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{self.database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.today, self.database)
        if self.yesterday == self.today:
            databases.work_for_a_day(self.database)
        if self.journal_mode != "delete":
            with closing(sqlite3.connect(self.database)) as connection:
                connection.execute(f"PRAGMA journal_mode={self.journal_mode}")

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def same_contents(a, b):
    """Whether two databases hold the same: their tables' row counts and the clients' and payments' sums."""
    return _summary(a) == _summary(b)


def _summary(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table' ORDER BY 1")
        ]
        counts = [(table, connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()) for table in tables]
        sums = connection.execute(
            "SELECT sum(length(name)), sum(length(notes)), max(created_at) FROM clients"
        ).fetchone()
        return counts, sums, connection.execute("SELECT sum(amount) FROM transactions").fetchone()
