"""Comparing a backup with the live database in the background, before anyone is asked anything."""

from __future__ import annotations

from typing import cast

from qtpy.QtCore import QObject, QTimer, Signal

from ..differences import Comparison
from ..errors import CancelledError
from ..models import Backup
from ..store import Store
from .job import Job, running
from .texts import Texts

_PAUSE_MS = 200  # while somebody walks down the list, nothing is compared


class Comparing(QObject):
    """The comparison of one backup at a time; asking for another one cancels it."""

    changed = Signal()
    """It has begun, or ended."""

    def __init__(self, store: Store, texts: Texts, parent: QObject) -> None:
        super().__init__(parent)
        self.backup: Backup | None = None
        """The one that was asked for last."""
        self.result: Comparison | None = None
        self.error: Exception | None = None
        self._store = store
        self._texts = texts
        self._job: Job | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._begin)

    def compare(self, backup: Backup | None, *, at_once: bool = False) -> None:
        """Compares this one in a moment; None compares nothing."""
        self.stop()
        self.backup, self.result, self.error = backup, None, None
        if backup is not None:
            self._pause.start(0 if at_once else _PAUSE_MS)
        self.changed.emit()

    def stop(self) -> None:
        """Cancels what is going on. What has a result keeps it."""
        self._pause.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def summary(self) -> str:
        """What a restore would lose and bring back, or that this is not known yet, or why not."""
        if self.result is not None:
            schema = f"\n{self._texts.schema_differs}" if self.result.schema else ""
            return f"{self.result.summary}{schema}"
        if self.error is not None:
            return self._texts.not_compared.format(error=self.error)
        return self._texts.comparing if self.backup is not None else ""

    def _begin(self) -> None:
        backup = self.backup
        if backup is None:
            return
        job = Job(
            lambda progress: self._store.compare(backup, rows=0, progress=progress),
            self._texts.comparing,
            keeps_open=False,
        )
        self._job = job
        job.ended.connect(self._ended)
        job.start()

    def _ended(self) -> None:
        job = self._job
        if job is None or job in running():  # that was one that another has taken the place of
            return
        self._job = None
        if isinstance(job.error, CancelledError):
            return
        self.result, self.error = cast("Comparison | None", job.result), job.error
        self.changed.emit()
