"""What the library takes where an option is not given, to be shown. The library itself is never sent any of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

_DEFAULTS: Mapping[str, object] = {
    "max_backups": 20,
    "timezone": "America/Hermosillo",
    "busy_timeout_ms": 5000,
    "verify": "full",
    "language": "es",
}
"""The library's; a test compares."""


def default(key: str, options: Mapping[str, Any]) -> object:
    """What the library takes where nothing is said; None for what there is none of."""
    database = options.get("database")
    if key in ("settings", "backup_dir") and isinstance(database, str):
        beside = {"settings": "settings.json", "backup_dir": "backups"}[key]
        return os.path.join(os.path.dirname(os.path.abspath(database)), beside)
    return _DEFAULTS.get(key)
