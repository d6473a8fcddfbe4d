"""Whether a folder is of use as a second place: tried by writing to it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class PlaceTrial:
    """What came of it."""

    outcome: Literal["good", "same_disk", "same_folder", "missing", "unwritable"]
    free: int = 0
    """Bytes."""
    error: str = ""

    @property
    def usable(self) -> bool:
        """Whether backups can be copied there."""
        return self.outcome in ("good", "same_disk")


def try_place(folder: Path, backup_dir: Path) -> PlaceTrial:
    """Writes a small file there, flushes it, reads it again and removes it."""
    if not folder.is_dir():
        return PlaceTrial("missing")
    neighbour = next(place for place in (backup_dir, *backup_dir.parents) if place.exists())
    if backup_dir.exists() and folder.samefile(backup_dir):
        return PlaceTrial("same_folder")
    written = os.urandom(4096)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".respaldo-test-") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            if file.read() != written:
                return PlaceTrial("unwritable", error="other bytes were read than were written")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return PlaceTrial("unwritable", error=error.strerror or str(error))
    same = folder.stat().st_dev == neighbour.stat().st_dev
    return PlaceTrial("same_disk" if same else "good", free)
