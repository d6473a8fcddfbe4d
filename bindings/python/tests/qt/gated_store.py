"""A store whose work can be held in the middle."""

from __future__ import annotations

import threading
from typing import Any

import respaldo


class GatedStore(respaldo.Store):
    """A real store whose work stops at its first step, until it is let go. What only reads is not stopped."""

    READS = ("respaldo_compare", "respaldo_health")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reached, self.gate = threading.Event(), threading.Event()

    def _in_steps(self, function: str, body: dict[str, Any], progress: Any) -> Any:
        def gated(done: int, total: int) -> bool | None:
            self.reached.set()
            assert self.gate.wait(60)
            return progress(done, total) if progress else None

        return super()._in_steps(function, body, progress if function in self.READS else gated)
