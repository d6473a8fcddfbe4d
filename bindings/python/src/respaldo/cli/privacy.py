"""Paths without the names of people."""

from __future__ import annotations

import getpass
import os
import re

_HOMES = re.compile(
    r"(?i)((?:/home|/users|(?:\b[a-z]:|//|\\\\[^\\/]+)[\\/]+users)[\\/]+)[^\\/\s:'\"]+(?: [^\\/:'\"]+(?=[\\/]))*"
)
"""Everybody's home folder; on Windows its name may have spaces."""


def without_people(text: str) -> str:
    """The text with ``~`` for each home folder, and ``USER`` for the user's name in other paths: ``/media/ana``."""
    home = os.path.expanduser("~")
    if len(home) > 1:
        text = re.sub(re.escape(home) + r"(?![^\\/\s:'\"])", "~", text)
    text = _HOMES.sub("~", text)
    user = _user()
    if user:
        text = re.sub(rf"(?<=[\\/]){re.escape(user)}(?=[\\/]|$)", "USER", text)
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # nobody, as in a container
        return ""
