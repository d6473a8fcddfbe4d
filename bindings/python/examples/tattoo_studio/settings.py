"""The application's ``settings.json``. respaldo writes one key of it, ``last_backup_at``; the rest is ours.

What opens the archive of backups is in a file of its own, ``archive.json``, which only its owner can read.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import respaldo
from services.backups import ARCHIVE_PATH, SETTINGS_PATH

_log = logging.getLogger(__name__)


def read() -> dict[str, Any]:
    """All of it; empty if there is no such file, or nothing usable in it."""
    try:
        return _read()
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read: %s", SETTINGS_PATH, error)
        return {}


def write(**changes: Any) -> None:
    """Changes these keys and no others; what respaldo wrote since the last look stays.

    A file that is there and cannot be read is left for somebody to mend.
    """
    draft = SETTINGS_PATH.with_name(f"{SETTINGS_PATH.name}.new")
    try:
        text = json.dumps(_read() | changes, ensure_ascii=False, indent=2) + "\n"
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, SETTINGS_PATH)  # whole or not at all
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be written: %s", SETTINGS_PATH, error)


def read_archive() -> respaldo.ArchiveOptions | None:
    """The archive that was set up, with its password."""
    try:
        found: respaldo.ArchiveOptions = json.loads(ARCHIVE_PATH.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read: %s", ARCHIVE_PATH, error)
        return None
    return found


def write_archive(archive: respaldo.ArchiveOptions | None) -> None:
    """Keeps it for the next start; None for none any more."""
    ARCHIVE_PATH.unlink(missing_ok=True)
    if archive is not None:
        with open(os.open(ARCHIVE_PATH, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(archive, file, ensure_ascii=False, indent=2)


def _read() -> dict[str, Any]:
    try:
        found = json.loads(SETTINGS_PATH.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found
