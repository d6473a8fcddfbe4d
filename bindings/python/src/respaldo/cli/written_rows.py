"""Tables and rows as people write them: ``clients 7``, ``clients id=7``, ``cliente 7``, ``clients "ana lopez"``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .session import Body, Session

_KEY = re.compile(r"\w+=.*", re.DOTALL)


def key(written: str) -> Body:
    """``7``, ``id=7`` or ``artist=1,day=2026-03-04``, as the library takes a key."""
    if "=" not in written:
        return {"": _value(written)}  # of the only column
    parts = (part.partition("=") for part in written.split(","))
    return {column: _value(text) for column, _, text in parts}


def _value(text: str) -> int | str:
    """SQLite makes text of a whole number where the column is for text."""
    is_whole = text.isascii() and text.removeprefix("-").isdigit() and len(text) < 19
    return int(text) if is_whole else text


class Tables:
    """The tables of the newest backup of which they are known, and what the option ``names`` calls their rows."""

    def __init__(self, names: Sequence[str], words: Mapping[str, Any]) -> None:
        self._names, self._words = names, words

    @classmethod
    def of(cls, session: Session) -> Tables:
        """Those of a store; none where no backup says which it has."""
        contents = (backup.get("content") for backup in session.request("respaldo_list", {})["backups"])
        known = (list(content["tables"]) for content in contents if content and content["tables"])
        return cls(next(known, []), session.names)

    def named(self, word: str) -> str | None:
        """The table of this name, or whose rows are called so in the plural."""
        return self._one(
            lambda table: word.casefold() == table.casefold() or _folded(word) == self._word(table, "many")
        )

    def meant(self, word: str) -> str:
        """The table that a word probably means, in the singular too; the word itself where that is not clear."""
        one = _folded(word)
        return (
            self.named(word)
            or self._one(lambda table: one == self._word(table, "one") or _folded(table) in _plurals(one))
            or word
        )

    def _one(self, is_it: Callable[[str], bool]) -> str | None:
        found = [table for table in self._names if is_it(table)]
        return found[0] if len(found) == 1 else None

    def _word(self, table: str, number: str) -> str | None:
        words = self._words.get(table)
        return _folded(str(words[number])) if isinstance(words, dict) and number in words else None


def readings(tables: Tables, table: str | None, words: Sequence[str], written: str | None) -> Iterator[Body]:
    """What ``find`` can be asked with these words, the likeliest first.

    Words whose first is a table are searched in that table. Where the first may be one in the singular, they are first
    searched as they are: they can be the words of a row.
    """
    if table is not None or written is not None or len(words) < 2:
        asked: Body = {"table": None if table is None else tables.meant(table)}
        if words:
            asked["text"] = " ".join(words)
        if written is not None:
            asked["key"] = key(written)
        yield asked
        return
    first, *rest = words
    if (named := tables.named(first)) is not None:
        yield _in_table(named, rest)
        return
    yield {"table": None, "text": " ".join(words)}
    if (meant := tables.meant(first)) != first:
        yield _in_table(meant, rest)


def _in_table(table: str, words: Sequence[str]) -> Body:
    if len(words) == 1 and _KEY.fullmatch(words[0]):
        return {"table": table, "key": key(words[0])}
    return {"table": table, "text": " ".join(words)}


def _folded(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _plurals(one: str) -> tuple[str, ...]:
    """In Spanish and English: ``clientes``, ``sesiones``, ``luces``, ``categories``."""
    return f"{one}s", f"{one}es", f"{one.removesuffix('z')}ces", f"{one.removesuffix('y')}ies"
