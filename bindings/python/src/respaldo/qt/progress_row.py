"""The row that shows running work: what it is, how far it is, and a button to cancel it."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from .job import Job
from .texts import Texts


class ProgressRow(QWidget):
    """Empty while nothing runs, and as high then as otherwise, so that nothing jumps."""

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._job: Job | None = None
        self.label = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(texts.progress)
        self.cancel = QPushButton(texts.cancel, self)
        self.cancel.clicked.connect(self.cancel_job)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.cancel)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.hide()

    def follow(self, job: Job) -> None:
        """Shows a job from now until it ends."""
        if self._job is not None:  # another takes its place, and it may end later
            self._job.progressed.disconnect(self._progressed)
            self._job.ended.disconnect(self._ended)
        self._job = job
        self.label.setText(job.label)
        self.bar.setRange(0, 0)
        self.cancel.setEnabled(True)
        self.show()
        job.progressed.connect(self._progressed)
        job.ended.connect(self._ended)

    def cancel_job(self) -> None:
        """Asks the job to stop, and says so."""
        if self._job is not None:
            self._job.cancel()
            self.cancel.setEnabled(False)
            self.label.setText(self._texts.cancelling)

    def _progressed(self, thousandths: int) -> None:
        if thousandths == Job.BUSY:
            self.bar.setRange(0, 0)
            if self.cancel.isEnabled():
                self.label.setText(self._texts.checking)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(thousandths)
            if self.cancel.isEnabled() and self._job is not None:
                self.label.setText(self._job.label)

    def _ended(self) -> None:
        self._job = None
        self.hide()
