"""``respaldo doctor``: what a bug report needs, and nothing about people.

It changes nothing, and goes on where something cannot be told: it is run when something is broken.
"""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import _call, _library
from ..errors import RespaldoError
from .defaults import default
from .file_systems import holders, type_of
from .privacy import without_people
from .screen import Screen, printable
from .store_options import STORE_OPTIONS, Resolved, resolve
from .texts import Texts

Facts = dict[str, str]


def doctor(arguments: Namespace, screen: Screen, texts: Texts) -> int:
    """Shows it; the exit status."""
    resolved = resolve(arguments)
    report = dict(_report(resolved, texts))
    if "json" in arguments:
        screen.answer_json(report)
        return 0
    words = texts.administration
    for section, facts in report.items():
        screen.say(words.headings[section], style="bold")
        for name, value in facts.items():
            screen.say(f"  {words.facts.get(name, name)}: {printable(value)}")
    screen.say(words.to_send)
    return 0


def _report(resolved: Resolved, texts: Texts) -> Iterator[tuple[str, Facts]]:
    yield "versions", _versions(texts)
    yield "machine", _machine()
    yield "options", _options(resolved)
    if "database" in resolved.options:
        paths = _paths(resolved)
        yield "paths", {name: _described(path, texts) for name, path in paths.items()}
        yield "locks", _locks(paths, texts)
        yield "health", _health(resolved, texts)


def _versions(texts: Texts) -> Facts:
    return {
        "respaldo": _library.package_version() or "",
        "library": _told(_library.version, texts),
        "library_file": _told(lambda: without_people(str(_library.load()._name)), texts),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
    }


def _machine() -> Facts:
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "encoding": f"{sys.stdout.encoding} / {sys.getfilesystemencoding()}",
        "terminal": f"TERM={os.environ.get('TERM', '')} NO_COLOR={os.environ.get('NO_COLOR', '')}",
        "timezone": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def _options(resolved: Resolved) -> Facts:
    """Those that were given, and where; their values are paths, which follow, or the application's own affair."""
    plain = ("max_backups", "retention", "timezone", "busy_timeout_ms", "verify", "language", "health")
    facts = {}
    for option in STORE_OPTIONS:
        if origin := resolved.origins.get(option.key):
            value = f"{resolved.options[option.key]} " if option.key in plain else ""
            name = without_people(origin.name) if origin.kind == "file" else origin.name
            facts[option.key] = f"{value}({name})"
    return facts


def _paths(resolved: Resolved) -> dict[str, Path]:
    options = resolved.options
    database = os.path.abspath(options["database"])
    found = {"database": database, **{f"database_{s}": f"{database}-{s}" for s in ("wal", "shm", "journal")}}
    for key in ("settings", "backup_dir"):
        value = options.get(key, default(key, options))
        if isinstance(value, str):
            found[key] = os.path.abspath(value)
    place = options.get("second_place")
    if isinstance(place, dict) and isinstance(place.get("folder"), str):
        found["second_place"] = os.path.abspath(place["folder"])
    if resolved.file is not None:
        found["config_file"] = str(resolved.file)
    return {name: Path(path) for name, path in found.items()}


def _described(path: Path, texts: Texts) -> str:
    """The path without people, what it is, and the disk that it is on."""
    words = texts.administration
    shown = without_people(str(path))
    try:
        status = path.lstat()
    except OSError as error:
        return f"{shown}  ({error.strerror})"
    there = f"{oct(status.st_mode & 0o7777)[2:]}, {status.st_size} B" if path.is_file() else oct(status.st_mode)[-3:]
    real = "" if not path.is_symlink() else f" → {without_people(str(path.resolve()))}"
    free = _told(lambda: f"{shutil.disk_usage(path).free} B {words.free}", texts)
    return f"{shown}{real}  ({there}, {type_of(path) or '?'}, {free})"


def _locks(paths: dict[str, Path], texts: Texts) -> Facts:
    held = {"database_lock": [paths["database"], paths["database_shm"]], "backup_lock": [paths["backup_dir"]]}
    if "backup_dir" not in paths:
        del held["backup_lock"]
    facts = {}
    for name, files in held.items():
        found = holders(files)
        if found is None:
            facts[name] = texts.administration.failed.format(detail=platform.system())
        else:
            facts[name] = ", ".join(found) or texts.administration.no
    return facts


def _health(resolved: Resolved, texts: Texts) -> Facts:
    """Numbers and names of findings; their sentences may name files that somebody named."""
    try:
        handle = _call.open_store(resolved.options)
        try:
            health = _call.request_in_steps("respaldo_health", handle, {}, None)
            listed = _call.request("respaldo_list", handle, {"include_safety": True, "include_others": True})
            last = _call.last_backup(handle)
        finally:
            _library.load().respaldo_close(handle)
    except RespaldoError as error:
        return {"health": without_people(f"{error.name} ({error.status}): {error.message}")}
    except (_library.LibraryLoadError, UnicodeEncodeError) as error:
        return {"health": without_people(str(error))}
    kinds = Counter(backup["kind"] for backup in listed["backups"])
    return {
        "overall": health["overall"],
        "findings": ", ".join(f"{f['severity']} {f['name']}" for f in health["findings"]) or "-",
        "last_backup": str(last["last_backup_at"]),
        "days_without": str(health["days_without"]),
        "damaged": str(len(health["damaged"])),
        "room_for": str(health["room_for"]),
        "backups": ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "0",
    }


def _told(ask: Callable[[], Any], texts: Texts) -> str:
    try:
        return str(ask())
    except (OSError, _library.LibraryLoadError) as error:
        return texts.administration.failed.format(detail=without_people(str(error)))
