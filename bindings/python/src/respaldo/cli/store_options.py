"""The options that say which store is meant: on the command line, in the environment or in the configuration file."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from . import config_file


def milliseconds(seconds: str) -> int:
    """The library counts milliseconds, people seconds."""
    try:
        return round(float(seconds) * 1000)
    except OverflowError:  # "inf"; a ValueError is what argparse expects
        raise ValueError(seconds) from None


def counts(text: str) -> dict[str, int]:
    """``last=20,weeks=8`` as the library takes it, which checks the words."""
    pairs = (pair.partition("=") for pair in text.split(","))
    return {word.strip(): int(number) for word, _, number in pairs}


def second_place(text: str) -> object:
    """A folder, or a JSON object that says more."""
    return json.loads(text) if text.startswith("{") else {"folder": text}


def archive(text: str) -> object:
    """A folder, or a JSON object that says more."""
    return json.loads(text) if text.startswith("{") else {"repository": text}


def json_object(text: str) -> object:
    """A JSON object, as the library takes it, which checks what is in it."""
    return json.loads(text)


@dataclass(frozen=True)
class StoreOption:
    """One option of the library's ``respaldo_open``."""

    key: str
    """Its name there."""
    flag: str
    """Its name on the command line."""
    convert: Callable[[str], Any] = str
    choices: tuple[str, ...] | None = None

    @property
    def environment(self) -> str:
        """The variable that stands in for it, such as ``RESPALDO_BACKUP_DIR``."""
        return "RESPALDO_" + self.flag.removeprefix("--").replace("-", "_").upper()


DATABASE = StoreOption("database", "--database")
LANGUAGE = StoreOption("language", "--language", choices=("es", "en"))
STORE_OPTIONS = (
    DATABASE,
    StoreOption("settings", "--settings"),
    StoreOption("backup_dir", "--backup-dir"),
    StoreOption("max_backups", "--max-backups", convert=int),
    StoreOption("retention", "--retention", convert=counts),
    StoreOption("schema", "--schema", convert=json_object),
    StoreOption("health", "--health", convert=json_object),
    StoreOption("second_place", "--second-place", convert=second_place),
    StoreOption("archive", "--archive", convert=archive),
    StoreOption("names", "--names", convert=json_object),
    StoreOption("timezone", "--timezone"),
    StoreOption("busy_timeout_ms", "--busy-timeout", convert=milliseconds),
    StoreOption("verify", "--verify", choices=("full", "quick")),
    LANGUAGE,
)


class BadVariable(Exception):
    """An environment variable has a value that its option does not take."""


@dataclass(frozen=True)
class Origin:
    """Where a value comes from."""

    kind: Literal["option", "variable", "file"]
    name: str
    """The flag, the variable, or the file."""


@dataclass(frozen=True)
class Resolved:
    """What the library is to be opened with, and where each value comes from."""

    options: dict[str, Any]
    origins: dict[str, Origin]
    """By the option's key."""
    file: Path | None
    """The configuration file that was read."""


def resolve(arguments: Namespace) -> Resolved:
    """Options go before variables, and those before the configuration file. An empty variable counts as none.

    Raises:
        BadVariable: its argument is the variable's name.
        BadConfiguration: the configuration file cannot be used.
    """
    options: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for option in STORE_OPTIONS:
        if option.key in arguments:
            options[option.key] = getattr(arguments, option.key)
            origins[option.key] = Origin("option", option.flag)
        elif value := os.environ.get(option.environment):
            options[option.key] = _converted(option, value)
            origins[option.key] = Origin("variable", option.environment)
    if getattr(arguments, "no_settings", False):
        options["settings"] = None
        origins["settings"] = Origin("option", "--no-settings")

    file, named = config_file.find(getattr(arguments, "config", None), options.get("database"))
    if file is not None:
        for key, value in config_file.read(file, {option.key for option in STORE_OPTIONS}, named=named).items():
            if key not in options:
                options[key] = value
                origins[key] = Origin("file", str(file))
    if "archive" in options:
        options["archive"] = _with_password(options["archive"])
    return Resolved(options, origins, file)


def collect(arguments: Namespace) -> dict[str, Any]:
    """What the library is to be opened with. Raises as :func:`resolve` does."""
    return resolve(arguments).options


def _converted(option: StoreOption, value: str) -> object:
    if option.choices is not None and value not in option.choices:
        raise BadVariable(option.environment)
    try:
        return option.convert(value)
    except ValueError:
        raise BadVariable(option.environment) from None


def _with_password(option: Any) -> Any:
    """The option ``archive`` with the password's place out of the environment, where it says none itself.

    Never the password: other programs can read the environment, as they can the command line.
    """
    if not isinstance(option, dict) or any(key.startswith("password") for key in option):
        return option  # the library says what is wrong with it
    for key in ("password_file", "password_command"):
        if value := os.environ.get(f"RESPALDO_ARCHIVE_{key.upper()}"):
            return {**option, key: value}
    return option


_MOST_MS = 86_400_000


def waiting_for_archive(options: dict[str, Any]) -> dict[str, Any]:
    """The options, so that a backup waits for its push where there is one: the end of the command would end that."""
    archive = options.get("archive")
    if not isinstance(archive, dict) or archive.get("push") != "after_create":
        return options
    return {**options, "archive": {"wait_ms": _MOST_MS, **archive}}
