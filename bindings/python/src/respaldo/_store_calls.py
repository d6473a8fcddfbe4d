"""What the parts of :class:`respaldo.Store` share: the types of their arguments, and how they call the library."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

from . import _call

AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

Key = Mapping[str, Any] | int | float | str | bytes
"""What tells a row from others: columns with their values, or the value of the only one."""

Progress = Callable[[int, int], bool | None]
"""Called on the calling thread with the pages done and the pages in total: once a mebibyte, or 256 times for a large
database.

Answer ``False`` to cancel; ``None`` and ``True`` go on. During verification it is called with both
numbers equal, and can still cancel. While another program holds a lock it is called every 50 ms with
what it was called with before, at first 0 and 0. An exception cancels too, and comes out of the operation.
"""


Made = Literal["automatic", "manual", "before_upgrade"]
"""What makes a backup: the application by itself, a person, or the application before it changes the schema."""


class StoreCalls:
    """What a part of the store needs of the whole."""

    def _handle(self) -> int:
        raise NotImplementedError

    def _request(self, function: str, body: dict[str, Any]) -> _call.Answer:
        return _call.request(function, self._handle(), body)

    def _in_steps(self, function: str, body: dict[str, Any], progress: Progress | None) -> _call.Answer:
        return _call.request_in_steps(function, self._handle(), body, progress)
