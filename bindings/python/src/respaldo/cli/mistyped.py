"""A database that is not there: was its path mistyped, or is this an application's very first start?"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SUFFIXES = (".db", ".sqlite", ".sqlite3", ".db3")
_MOST = 1000
"""Names of a folder that are looked at."""


@dataclass(frozen=True)
class Absent:
    """A database that is not there."""

    database: Path
    backup_dir: Path
    meant: Path | None
    """The one that was probably meant."""

    @property
    def looks_mistyped(self) -> bool:
        """Whether something speaks against a first start: another database beside it, or not even a folder."""
        return self.meant is not None or not self.database.parent.is_dir()


def absent(options: Mapping[str, Any]) -> Absent | None:
    """What there is to say of these options' database if it is not there; None if it is, even with 0 bytes."""
    database = Path(os.path.abspath(options["database"]))
    if os.path.lexists(database):
        return None
    folder = options.get("backup_dir") or database.with_name("backups")
    return Absent(database, Path(os.path.abspath(folder)), _meant(database))


def _meant(database: Path) -> Path | None:
    """The database beside it with the most similar name, or the only one."""
    names = []
    try:
        with os.scandir(database.parent) as entries:
            for _, entry in zip(range(_MOST), entries, strict=False):
                if entry.name.lower().endswith(_SUFFIXES) and entry.is_file():
                    names.append(entry.name)
    except OSError:
        return None
    close = difflib.get_close_matches(database.name, names, n=1)
    if not close and len(names) == 1:
        close = names
    return database.with_name(close[0]) if close else None
