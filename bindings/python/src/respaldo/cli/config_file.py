"""The configuration file: ``respaldo.toml`` beside the database, or one that is named.

Its keys are those of the library's ``respaldo_open``, as tables where that takes objects. Paths in it are taken from
its own folder.
"""

from __future__ import annotations

import errno
import math
import os
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

NAME = "respaldo.toml"
FLAG = "--config"
ENVIRONMENT = "RESPALDO_CONFIG"

_LONGEST = 1 << 20
"""Bytes; nobody writes more by hand."""

_PATHS = (
    ("database",),
    ("settings",),
    ("backup_dir",),
    ("second_place", "folder"),
    ("archive", "repository"),
    ("archive", "password_file"),
)


class BadConfiguration(Exception):
    """The configuration file cannot be used. Its arguments are the name of a text, the file, and a detail."""

    def __init__(self, what: str, path: Path, detail: object = "") -> None:
        super().__init__(what, path, detail)
        self.what, self.path, self.detail = what, path, detail


def find(named: str | None, database: str | None) -> tuple[Path | None, bool]:
    """The file that holds, if any, and whether it was named, on the command line or by the variable."""
    if named or (named := os.environ.get(ENVIRONMENT)):
        return Path(os.path.abspath(named)), True
    if database:
        beside = Path(os.path.abspath(database)).with_name(NAME)
        if os.path.lexists(beside):
            return beside, False
    return None, False


def read(path: Path, keys: Collection[str], *, named: bool) -> dict[str, Any]:
    """What the file says, as the library takes it.

    Args:
        path: the file, absolute.
        keys: the options that there are.
        named: whether a person named this file. One that merely lies beside a database, perhaps on somebody else's
            drive, may not say which programs to run.

    Raises:
        BadConfiguration: it is missing, is not TOML, has an unknown key, or names a program to run.
    """
    try:
        said = _parsed(path)
    except OSError as error:
        raise BadConfiguration("unreadable", path, error.strerror or error) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadConfiguration("not_toml", path, error) from None
    for key, value in said.items():
        if key not in keys:
            raise BadConfiguration("unknown_key", path, key)
        if not _is_json(value):
            raise BadConfiguration("bad_value", path, key)
        if not named and (command := _command_in(key, value)):
            raise BadConfiguration("command_in_unnamed", path, command)
    if said.get("settings") is False:  # TOML has no null
        said["settings"] = None
    for place in _PATHS:
        _resolve(said, place, path.parent)
    return said


def _parsed(path: Path) -> dict[str, Any]:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    with path.open("rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return tomllib.loads(content.decode("utf-8-sig"))  # as Notepad writes it


def _is_json(value: object) -> bool:
    """Whether JSON has such a value; it has no dates, and no infinite numbers."""
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _command_in(key: str, value: object) -> str | None:
    """The key below this one, or this one, that has a program run."""
    if key.endswith("_command"):
        return key
    if isinstance(value, Mapping):
        return next((f"{key}.{found}" for k, v in value.items() if (found := _command_in(k, v))), None)
    return None


def _resolve(said: dict[str, Any], place: Sequence[str], folder: Path) -> None:
    """Makes a path absolute in place; what is no text is left for the library to refuse."""
    *tables, key = place
    table: Any = said
    for name in tables:
        table = table.get(name)
        if not isinstance(table, dict):
            return
    value = table.get(key)
    if not isinstance(value, str) or not value:
        return
    if key == "repository" and ":" in value:  # a service such as opendal:s3, or a drive
        return
    table[key] = os.path.join(folder, value)


def language(value_of: Callable[[str], str | None], database_variable: str) -> str:
    """The language that the file asks for, before the command line is parsed; empty if none, or if anything is wrong.

    Args:
        value_of: the value that the command line gives a flag.
        database_variable: the variable that names the database.
    """
    database = value_of("--database") or os.environ.get(database_variable)
    path, _ = find(value_of(FLAG), database)
    try:
        found = None if path is None else _parsed(path).get("language")
    except (OSError, ValueError, RecursionError):  # said in full once the file is read in earnest
        return ""
    return found if isinstance(found, str) else ""
