"""Which of the listed backups ``list`` shows: the newest, those since a day, or those of a kind."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import date, datetime, timedelta
from typing import Any

KINDS = ("backup", "preserved", "safety", "recovered", "other")
"""The library's names for them."""

_DAYS_AGO = re.compile(r"(\d{1,5})d")
_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y", "%d/%m/%Y %H:%M")
"""Those of ISO 8601, and those in which ``list`` shows a date."""


def moment(text: str) -> datetime | timedelta:
    """``2026-03-04``, ``04/03/2026``, either with ``09:30`` behind it; or ``7d``, so many days ago.

    Raises:
        ValueError: it is none of these.
    """
    if days := _DAYS_AGO.fullmatch(text):
        return timedelta(days=int(days[1]))
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(text)


def count(text: str) -> int:
    """A number from 1 on."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def asked_for(arguments: Namespace) -> dict[str, bool]:
    """The request of ``respaldo_list``. A kind that is asked for by name is listed without its own switch."""
    return {
        "include_safety": arguments.safety or "safety" in arguments.kind,
        "include_others": arguments.include_others or "other" in arguments.kind,
        "second_place": arguments.in_second_place,
    }


def chosen(backups: list[dict[str, Any]], arguments: Namespace) -> list[dict[str, Any]]:
    """Those that the options ask for, in their order, which is newest first."""
    if arguments.kind:
        backups = [backup for backup in backups if backup["kind"] in arguments.kind]
    if arguments.since is not None:
        backups = [backup for backup in backups if _is_since(backup, arguments.since)]
    return backups[: arguments.limit]


def _is_since(backup: dict[str, Any], since: datetime | timedelta) -> bool:
    """By the clock of the store's time zone, in which the library writes the time."""
    made = datetime.fromisoformat(backup["created_at"])
    if isinstance(since, timedelta):
        today = datetime.now(made.tzinfo).date()
        try:
            return made.date() >= today - since
        except OverflowError:  # before the year 1
            return made.date() >= date.min
    return made.replace(tzinfo=None) >= since
