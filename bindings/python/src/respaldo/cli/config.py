"""``respaldo config``: which options hold, and where they come from. The library is not asked."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from .defaults import default
from .screen import Screen, printable
from .show import say_table
from .store_options import STORE_OPTIONS, Resolved, resolve
from .texts import Texts


def config(arguments: Namespace, screen: Screen, texts: Texts) -> int:
    """Shows it; the exit status."""
    resolved = resolve(arguments)
    entries = [_entry(option.key, resolved) for option in STORE_OPTIONS]
    if "json" in arguments:
        screen.answer_json({"file": None if resolved.file is None else str(resolved.file), "options": entries})
        return 0
    words = texts.administration
    sources = {"default": words.by_default, "file": words.by_file}
    rows = [(e["option"], _value_text(e["value"], texts), sources.get(e["from"], e["name"] or "")) for e in entries]
    if not screen.terminal:
        for row in rows:
            screen.say("\t".join(map(printable, row)))
        return 0
    no_file = resolved.file is None
    screen.say(words.no_file if no_file else words.file_read.format(path=printable(str(resolved.file))))
    say_table(screen, screen.terminal, words.option_columns, rows, name=0)
    return 0


def _entry(key: str, resolved: Resolved) -> dict[str, Any]:
    if origin := resolved.origins.get(key):
        return {"option": key, "value": _shown(key, resolved.options[key]), "from": origin.kind, "name": origin.name}
    return {"option": key, "value": default(key, resolved.options), "from": "default", "name": None}


def _shown(key: str, value: object) -> object:
    """The value, without what is secret: passwords, keys and tokens of the archive's service."""
    if isinstance(value, Mapping):
        open_keys = ("repository", "retention", "password_file")
        return {k: _shown(k, v) if key != "archive" or k in open_keys else HIDDEN for k, v in value.items()}
    return value


HIDDEN = "***"


def _value_text(value: object, texts: Texts) -> str:
    if value is None:
        return texts.administration.none
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
