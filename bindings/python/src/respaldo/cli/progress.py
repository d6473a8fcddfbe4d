"""How far long work has come: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ..store import Progress as ProgressFunction
from .interruption import Interruption


@contextmanager
def reported(
    console: Console | None, doing: str, verifying: str, waiting: str, archiving: str, interruption: Interruption
) -> Iterator[ProgressFunction]:
    """Gives what the library calls between its steps: it draws the bar, and stops the work after a Ctrl-C.

    Args:
        console: the terminal; None where there is none.
        doing: what the work is called.
        verifying: what it is called while nothing is copied: the library then says that nothing is done, or all.
        waiting: what it is called while another program holds a lock: the library then says 0 of 0.
        archiving: what it is called when the library says that after all was copied.
    """
    if console is None or console.is_dumb_terminal:  # one that cannot go back in a line
        yield lambda _done, _total: not interruption.requested
        return

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(doing, total=None)
        while_nothing_moves = waiting

        def show(done: int, total: int) -> bool:
            nonlocal while_nothing_moves
            if total == 0:
                bar.update(task, description=while_nothing_moves)
            else:
                while_nothing_moves = archiving
                working = 0 < done < total
                bar.update(task, description=doing if working else verifying, completed=done, total=total)
            return not interruption.requested

        yield show
