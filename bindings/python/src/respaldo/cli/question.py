"""What a restore asks first, in the words that the studio's owner knows."""

from __future__ import annotations

import sys

from .interruption import Interruption
from .texts import Texts


class NobodyToAsk(Exception):
    """Standard input or standard error is not a terminal: nobody can see or answer a question."""


class Declined(Exception):
    """The person said no, or nothing."""


def require_person() -> None:
    """Raises :class:`NobodyToAsk`. Called before any work, so that a script fails at once."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise NobodyToAsk


def confirm(name: str, display: str, lost: str, texts: Texts, interruption: Interruption) -> None:
    """Asks on standard error, because standard output may be a file.

    Args:
        lost: what the restore would lose, in a sentence.

    Raises:
        Declined: the answer was anything but yes.
        KeyboardInterrupt: Ctrl-C, here or while the backup was verified.
    """
    if interruption.requested:
        raise KeyboardInterrupt
    backup = f"{display}   {name}" if display else name
    question = (
        texts.restore_question,
        backup,
        texts.restore_overwrites,
        texts.restore_saves_first,
        lost,
        texts.restore_prompt,
    )
    with interruption.raised():
        answer = ""
        try:
            sys.stderr.write("\n".join(question) + " ")
            sys.stderr.flush()
            answer = sys.stdin.readline()
        finally:
            if not answer.endswith("\n"):  # Ctrl-C or Ctrl-D: the next output needs a new line
                print(file=sys.stderr)
    if answer.strip().lower() not in texts.yes:
        raise Declined
