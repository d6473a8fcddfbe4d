"""Where words go: standard output and standard error, on terminals, in pipes, in any encoding."""

from __future__ import annotations

import codecs
import errno
import json
import os
import sys
import unicodedata
from contextlib import suppress
from typing import TextIO

from rich.console import Console, RenderableType
from rich.text import Text

from .._call import Answer
from .exit_status import CANCELLED, INTERNAL
from .texts import Texts


def prepare_streams() -> None:
    """Makes standard output and error take any text: what their encoding lacks is written in its plainest form."""
    codecs.register_error("respaldo.plain", _plain)
    sys.stdout, sys.stderr = (_accepting_any_text(stream) for stream in (sys.stdout, sys.stderr))


def _accepting_any_text(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by the parent process
        return open(os.devnull, "w", encoding="utf-8")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="respaldo.plain")
    return stream


def _plain(error: UnicodeError) -> tuple[str, int]:
    """The dash as a hyphen, Í as I, and ? for what is left; a Windows console of cp437 has neither of the first two."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unknown = error.object[error.start : error.end].replace("—", "-").replace("«", '"').replace("»", '"')
    letters = (c for c in unicodedata.normalize("NFKD", unknown) if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in letters), error.end


_PROBLEMS = 10
"""So many are said: an index out of order can have a hundred, and what to do would scroll away."""


class Screen:
    """Standard output for answers, standard error for warnings and errors.

    Args:
        json: answers and errors are JSON on standard output, and nothing is on standard error.
    """

    def __init__(self, texts: Texts, *, json: bool) -> None:
        self._texts, self._json = texts, json
        self.output_failed: str | None = None
        """Why an answer could not be written; None while all is well. A reader that has gone away is no failure."""
        self._out = _console(sys.stdout)
        self._err = _console(sys.stderr)

    @property
    def terminal(self) -> Console | None:
        """The terminal for tables and bars; None if standard output is none, or for a script's JSON."""
        return self._out if self._out.is_terminal and not self._json else None

    def say(self, words: RenderableType, *, style: str = "") -> None:
        """Writes to standard output. A text is never wrapped: a path has to stay whole to be copied."""
        try:
            if isinstance(words, str) and not self._out.is_terminal:
                print(words, flush=True)  # unchanged: rich would turn its tabs into spaces
            elif isinstance(words, str):
                self._out.print(Text(words, style), soft_wrap=True)
            else:
                self._out.print(words)
        except OSError as error:
            self._give_up(error)

    def answer_json(self, answer: Answer) -> None:
        """Writes the library's JSON. Where the encoding is not UTF-8, what is not ASCII is escaped."""
        universal = codecs.lookup(sys.stdout.encoding).name.startswith("utf")
        try:
            print(json.dumps(answer, ensure_ascii=not universal, separators=(",", ":")), flush=True)
        except OSError as error:
            self._give_up(error)

    def warn(self, message: str, hint: str = "") -> None:
        """Writes a warning to standard error."""
        self._complain(self._texts.warning, "yellow", message, hint)

    def fail(self, error: Answer) -> None:
        """Writes an error: its number, what failed, what to do, and precisely what verification found."""
        if self._json:
            self.answer_json({"error": error})
            return
        status, word = error["status"], self._texts.error
        if status == CANCELLED:  # wanted by the person, so not an error
            word = ""
        elif status <= INTERNAL:
            word += f" {status}"
        self._complain(word, "bold red", error["message"], error.get("hint") or "")
        problems = error.get("problems", ())
        for problem in problems[:_PROBLEMS]:
            self._print_error(Text(f"  · {problem}"))
        if len(problems) > _PROBLEMS:
            self._print_error(Text(f"  · {self._texts.more_problems.format(count=len(problems) - _PROBLEMS)}"))

    def _complain(self, word: str, style: str, message: str, hint: str) -> None:
        self._print_error(Text(f"{word}: " if word else "", style) + Text(message))
        if hint:
            self._print_error(Text(hint))

    def _print_error(self, text: Text) -> None:
        with suppress(OSError):  # no stream is left to report it on
            self._err.print(text, soft_wrap=True)

    def _give_up(self, error: OSError) -> None:
        """Sends the rest of the output nowhere, the interpreter's own last flush too."""
        # Windows says EINVAL for a broken pipe.
        if not isinstance(error, BrokenPipeError) and error.errno != errno.EINVAL:
            self.output_failed = error.strerror or str(error)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Ends no process with status 1, as rich does: the exit status belongs to the library."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def _console(stream: TextIO) -> Console:
    """No markup, because ``[`` is a letter like any other in a file's name."""
    terminal = stream.isatty()
    return _Console(file=stream, force_terminal=terminal, markup=False, emoji=False, highlight=False)


def printable(name: str) -> str:
    """A file's name with its control characters escaped: they would move the cursor, or end the line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
