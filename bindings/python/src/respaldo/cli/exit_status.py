"""The exit status of the command ``respaldo``: the library's status, or one of those above 99."""

from __future__ import annotations

from .._call import Answer

USAGE = 100
"""The command line could not be understood, or a question could not be asked. The library was not called."""
LIBRARY_NOT_LOADED = 101
"""The dynamic library is missing or does not fit this package."""
OUTPUT_FAILED = 102
"""The work was done, but its answer could not be written, as on a full disk."""
NOT_WELL = 103
"""A rehearsal was made, and found something."""
INTERRUPTED = 130
"""Ctrl-C, and nothing was changed. It is what shells report for a program that ended so."""

CANCELLED = 4
DATABASE_NOT_FOUND = 20
BACKUP_NOT_FOUND = 21
INTERNAL = 99


def of_answer(command: str, answer: Answer) -> int:
    """The exit status of an answer: 0, but for the two commands that judge."""
    match command:
        case "health":  # as monitoring programs expect it
            return {"ok": 0, "attention": 1}.get(answer["overall"], 2)
        case "rehearse":
            return 0 if answer["ok"] else NOT_WELL
        case _:
            return 0


def of_error(error: Answer, *, interrupted: bool, judging: bool) -> int:
    """The exit status of an error object: its status, which fits into the numbers that all systems have."""
    status: int = error["status"]
    if interrupted and status == CANCELLED:
        return INTERRUPTED
    if judging and status in (1, 2):
        return USAGE  # those two are the command's own
    return status if 0 < status <= OUTPUT_FAILED else INTERNAL  # a newer library's, beyond what it promised


def made_here(status: int, name: str, message: str, hint: str) -> Answer:
    """An error object like the library's, for what goes wrong on the way to it."""
    return {"status": status, "name": name, "message": message, "hint": hint, "path": None}
