"""The command ``respaldo`` as people and scripts meet it: in a process of its own, on a terminal or in a pipe."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

RESPALDO = (sys.executable, "-m", "respaldo")
DEADLINE = 120

# The variables that would change what the command does or how it looks.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("RESPALDO_", "PYTHONIO", "LC_"))}
ENVIRONMENT = PLAIN | {"LANG": "C.UTF-8", "PYTHONUTF8": "1", "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
if library := os.environ.get("RESPALDO_LIBRARY"):
    ENVIRONMENT["RESPALDO_LIBRARY"] = library

STEPS_TAKE_A_WHILE = """
import sys, time
from respaldo import _call
original = _call._ProgressRelay.should_continue
def slow(self, done, total):
    time.sleep(0.05)
    return original(self, done, total)
_call._ProgressRelay.should_continue = slow
from respaldo.cli.main import main
sys.exit(main())
"""
SLOW_RESPALDO = (sys.executable, "-c", STEPS_TAKE_A_WHILE)
"""The command, with a pause at each step of the library, so that a key can be pressed in the middle of the work."""


def run(
    *arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    """Runs the command with its output in pipes, as a script does."""
    return subprocess.run(
        [*RESPALDO, *map(str, arguments)],
        env=ENVIRONMENT | (env or {}),
        cwd=cwd,
        stdin=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )


def answer(*arguments: object, status: int = 0, **how: object) -> dict[str, object]:
    """What the command answers with ``--json``; it is alone on standard output, and nothing is on standard error."""
    done = run(*arguments, "--json", **how)  # type: ignore[arg-type]
    assert (done.returncode, done.stderr) == (status, ""), done.stdout
    found: dict[str, object] = json.loads(done.stdout)
    return found


def create(database: Path) -> Path:
    """The backup that ``respaldo create`` says it made."""
    done = run("create", "--database", database)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[1])


class Terminal:
    """The command on a terminal of its own, which its Ctrl-C comes from. A context manager."""

    def __init__(
        self,
        *arguments: object,
        program: tuple[str, ...] = RESPALDO,
        cwd: Path | None = None,
        columns: int = 100,
    ) -> None:
        import pty  # not on Windows

        self._keys, terminal = pty.openpty()
        self.screen = ""
        """All that was written so far, with the codes of colours and cursor."""
        self._process = subprocess.Popen(
            [*program, *map(str, arguments)],
            env=ENVIRONMENT | {"COLUMNS": str(columns)},
            cwd=cwd,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._keys)

    def press(self, keys: str) -> None:
        os.write(self._keys, keys.encode())

    def read_until(self, words: str) -> str:
        """Waits for words on the screen; returns all of it."""
        while words not in self.text():
            assert self._read(), f"ended without {words!r}:\n{self.text()}"
        return self.text()

    def finish(self) -> tuple[int, str]:
        """Waits for the end; returns the exit status and all that was written, as text."""
        while self._read():
            pass
        return self._process.wait(timeout=DEADLINE), self.text()

    def text(self) -> str:
        """What was written, without the codes; a line that was overwritten stands once for each time."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.screen).replace("\r\n", "\n").replace("\r", "\n")

    def _read(self) -> bool:
        ready, _, _ = select.select([self._keys], [], [], DEADLINE)
        assert ready, f"silent for {DEADLINE} s:\n{self.text()}"
        try:
            data = os.read(self._keys, 65536)
        except OSError:  # Linux says so when the process has ended
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
