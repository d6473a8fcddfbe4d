"""Waiting, before the application closes, for work that is still going on."""

from __future__ import annotations

from qtpy.QtCore import QEventLoop, Qt, QTimer
from qtpy.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from .job import Job, running
from .progress_row import ProgressRow
from .texts import Language, texts_in

_CANCEL_TIMEOUT_MS = 5_000  # for cancelled work to end


def wait_before_close(window: QWidget, *, timeout_ms: int = 60_000, language: Language = "es") -> bool:
    """Waits for the backups and restores that are going on; call it in the window's ``closeEvent``.

    A small window says what is going on and how far it is, and has a button to cancel it. After
    ``timeout_ms`` it is cancelled, too. Windows go on working meanwhile.

    Returns:
        Whether all of it has ended. False means that cancelled work did not end within five seconds,
        as with a disk that does not answer. Close all the same: nothing can be half done, but the
        process stays until that has ended.
    """
    given_up: list[Job] = []
    while waiting := [job for job in running() if job not in given_up]:  # one may begin another
        _wait_for(waiting[0], window, timeout_ms if waiting[0].keeps_open else 0, language)
        if waiting[0] in running():
            given_up.append(waiting[0])
    return not any(job.keeps_open for job in given_up)


def _wait_for(job: Job, window: QWidget, timeout_ms: int, language: Language) -> None:
    texts = texts_in(language)
    dialog = QDialog(window)
    dialog.setWindowTitle(texts.title)
    row = ProgressRow(texts, dialog)
    why = QLabel(texts.closing, dialog)
    row.cancel.setAutoDefault(False)  # an Enter meant for the window below must not cancel anything
    why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
    why.setFocus()
    layout = QVBoxLayout(dialog)
    layout.addWidget(why)
    layout.addWidget(row)
    row.follow(job)

    loop = QEventLoop()
    job.ended.connect(loop.quit)
    dialog.rejected.connect(row.cancel_job)  # Escape, or the window's own cross
    cancel_timer, give_up_timer = QTimer(), QTimer()
    for timer, after in ((cancel_timer, timeout_ms), (give_up_timer, timeout_ms + _CANCEL_TIMEOUT_MS)):
        timer.setSingleShot(True)
        timer.start(after)
    cancel_timer.timeout.connect(row.cancel_job)
    give_up_timer.timeout.connect(loop.quit)
    if job.keeps_open:  # the others are over before one could read why
        dialog.open()
    loop.exec()
    dialog.rejected.disconnect(row.cancel_job)
    dialog.close()
    dialog.deleteLater()
