"""Whether a place is of use for an archive, and whether there is one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .._archive_place import is_folder
from ..archive import ArchiveOptions
from ..errors import ArchiveNotFoundError, ArchiveWrongPasswordError, RespaldoError
from ..store import Store
from .place_trial import PlaceTrial, try_place

SUBFOLDER = "respaldos-cifrados"


@dataclass(frozen=True, slots=True)
class ArchiveTrial:
    """What came of it."""

    outcome: Literal["empty", "exists", "failed"]
    options: ArchiveOptions
    """Where the archive is, or would be."""
    same_disk: bool = False
    """Of a folder: whether it is on the disk of the backups."""
    folder: PlaceTrial | None = None
    """Of a folder that is of no use: why."""
    error: str = ""


def try_archive(store: Store, options: ArchiveOptions) -> ArchiveTrial:
    """Writes to a folder, and looks for an archive there with a password that cannot be its own."""
    same_disk = False
    if is_folder(options):
        folder = Path(options["repository"])
        tried = try_place(folder, store.backup_dir)
        if not tried.usable:
            return ArchiveTrial("failed", options, folder=tried)
        same_disk = tried.outcome == "same_disk"
        options = options | {"repository": str(_place_in(folder))}
        if not Path(options["repository"]).exists():
            return ArchiveTrial("empty", options, same_disk)
    with store._with_archive(options | {"password": secrets.token_hex()}) as asking:
        try:
            asking.archive.list()
        except ArchiveWrongPasswordError:
            return ArchiveTrial("exists", options, same_disk)
        except ArchiveNotFoundError:
            return ArchiveTrial("empty", options, same_disk)
        except RespaldoError as error:
            return ArchiveTrial("failed", options, error=str(error))
    raise AssertionError("an archive was opened with an invented password")


def _place_in(folder: Path) -> Path:
    """The folder itself if it is empty or holds an archive, else one in it: a stick may hold other things."""
    is_archive = (folder / "config").is_file() and (folder / "keys").is_dir()
    return folder if is_archive or not any(folder.iterdir()) else folder / SUBFOLDER
