"""``list --long``: all that is known of each backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.filesize import decimal

from ..models import Backup
from .screen import Screen, printable
from .texts import Texts


def tabbed(backup: Backup) -> tuple[str, ...]:
    """What a pipe gets behind the columns of the short list."""
    rows = "" if backup.content is None or backup.content.tables is None else sum(backup.content.tables.values())
    return (
        backup.made or "",
        backup.label or "",
        "pinned" if backup.pinned else "",
        _iso(backup.rehearsed_at),
        str(rows),
        backup.database or "",
        str(backup.path),
    )


def say_block(backup: Backup, screen: Screen, texts: Texts, remarks: str) -> None:
    """A block of lines for a terminal, however narrow it is."""
    words = texts.listing
    screen.say(printable(backup.name), style="bold")
    for word, value in _lines(backup, texts, remarks):
        screen.say(f"  {getattr(words, word)}: {printable(value)}")


def _lines(backup: Backup, texts: Texts, remarks: str) -> Iterator[tuple[str, str]]:
    yield "date", backup.display
    yield "size", decimal(backup.size)
    if remarks:
        yield "state", remarks
    if backup.made is not None:
        yield "made", texts.listing.makers.get(backup.made, backup.made)
    if backup.note:
        yield "note", backup.note
    if backup.rehearsed_at is not None:
        yield "rehearsed", f"{backup.rehearsed_at:%d/%m/%Y %H:%M}"
    if backup.content is not None and backup.content.tables is not None:
        tables = sorted(backup.content.tables.items(), key=lambda table: (-table[1], table[0]))
        yield "rows", ", ".join(f"{name} {rows}" for name, rows in tables)
    if backup.database is not None:
        yield "database", backup.database
    yield "file", str(backup.path)


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
