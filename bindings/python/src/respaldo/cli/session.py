"""One run's open store, and what goes with it."""

from __future__ import annotations

import os
import time
from typing import Any

from .. import _call
from .._library import load
from ..errors import BusyError, DatabaseNotFoundError
from . import exit_status
from .defaults import default
from .exit_status import made_here
from .interruption import Interruption
from .mistyped import absent
from .progress import reported
from .screen import Screen
from .texts import Texts

Body = dict[str, Any]

_TURN_MS = 200


class Session:
    """An open store, with the terminal, the texts and the Ctrl-C state of one run. A context manager."""

    def __init__(self, options: Body, screen: Screen, texts: Texts, interruption: Interruption) -> None:
        self.screen, self.texts, self.interruption = screen, texts, interruption
        self._options = options
        self._handle = _call.open_store(options)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception: object) -> None:
        load().respaldo_close(self._handle)

    @property
    def database(self) -> str:
        """The path of the database, absolute."""
        return os.path.abspath(str(self._options["database"]))

    @property
    def names(self) -> Body:
        """What people call the rows of each table."""
        names: Body = self._options.get("names") or {}
        return names

    @property
    def database_files(self) -> tuple[str, str]:
        """The database and its WAL, of which either may be missing."""
        return self.database, f"{self.database}-wal"

    @property
    def backup_dir(self) -> str:
        """The folder of the backups, absolute."""
        return os.path.abspath(str(self._options.get("backup_dir") or default("backup_dir", self._options)))

    def last_backup(self) -> _call.Answer:
        """When the last backup was made."""
        return _call.last_backup(self._handle)

    def request(self, function: str, body: Body) -> _call.Answer:
        """Calls a function that answers at once."""
        return _call.request(function, self._handle, body)

    def request_in_one_step(self, function: str, body: Body) -> _call.Answer:
        """Calls a function that takes a callback and answers at once."""
        return _call.request_in_steps(function, self._handle, body, None)

    def long_request(self, function: str, body: Body, doing: str) -> _call.Answer:
        """Calls a function that shows a progress bar and can be cancelled."""
        texts = self.texts
        steps = doing, texts.verifying, texts.waiting, texts.archive.waited_for
        with reported(self.screen.terminal, *steps, self.interruption) as progress:
            return _call.request_in_steps(function, self._handle, body, progress)

    def request_in_turns(self, function: str, body: Body) -> _call.Answer:
        """Calls a function that takes no callback, and may wait for a lock.

        It waits in short turns, between which Ctrl-C ends it.
        """
        patience = int(self._options.get("busy_timeout_ms", default("busy_timeout_ms", self._options)))
        end = time.monotonic() + patience / 1000
        turn = {**self._options, "busy_timeout_ms": min(_TURN_MS, patience)}
        with Session(turn, self.screen, self.texts, self.interruption) as hasty:
            try:
                return hasty.request(function, body)
            except BusyError:
                pass
            waiting = self.texts.waiting
            with reported(self.screen.terminal, waiting, waiting, waiting, waiting, self.interruption) as goes_on:
                while goes_on(0, 0):
                    try:
                        return hasty.request(function, body)
                    except BusyError:
                        if time.monotonic() >= end:
                            raise
        raise KeyboardInterrupt

    def require_database(self) -> None:
        """Called where there are no backups either, and where nothing can be done without the database.

        Raises:
            DatabaseNotFoundError: it is not there.
        """
        if (found := absent(self._options)) is None:
            return
        message, hint = self.texts.nothing_there
        message = message.format(database=found.database, folder=found.backup_dir)
        if found.meant is not None:
            hint = f"{self.texts.meant.format(path=found.meant)} {hint}"
        error = made_here(exit_status.DATABASE_NOT_FOUND, "DATABASE_NOT_FOUND", message, hint)
        raise DatabaseNotFoundError({**error, "path": str(found.database)})

    def warn_if_mistyped(self, answer: _call.Answer) -> _call.Answer:
        """The answer, with a warning where the database is not there and that does not look like a first start.

        An application's very first start must not fail. A path that is mistyped in a schedule must not stay unnoticed.
        """
        found = absent(self._options)
        if found is None or not found.looks_mistyped:
            return answer
        message, hint = self.texts.perhaps_mistyped
        if found.meant is not None:
            hint = f"{self.texts.meant.format(path=found.meant)} {hint}"
        warning = {"name": "DATABASE_NOT_THERE", "message": message.format(database=found.database), "hint": hint}
        return {**answer, "warnings": [*answer.get("warnings", ()), warning]}

    def with_backup_dir(self, folder: str) -> Session:
        """The same store, looking at another folder of backups."""
        return Session({**self._options, "backup_dir": folder}, self.screen, self.texts, self.interruption)
