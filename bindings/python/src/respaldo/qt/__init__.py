"""Ready-made windows for a Qt application: backups with PyQt5, PyQt6 or PySide6, through QtPy.

    >>> from respaldo import qt                               # doctest: +SKIP
    >>> daily = qt.DailyBackup(store, window)                 # once a day, in the background, while it stays open
    >>> daily.start()
    >>> health = qt.HealthIndicator(store, window)            # a light: whether the data are safe
    >>> label = qt.LastBackupLabel(store, window)             # Último respaldo: 04/03/2026 09:30
    >>> window.statusBar().addPermanentWidget(label)
    >>> daily.ended.connect(label.refresh)
    >>> dialog = qt.BackupDialog(store, window, quiesce=close_sessions, reload=read_again)
    >>> dialog.exec()
    >>> qt.wait_before_close(window)                          # in the window's closeEvent

Install it as ``respaldo[qt]``, and one of the Qt packages. QtPy takes the one that the application
has imported, or that ``QT_API`` names.

All of it belongs on the thread that made the QApplication, as every widget does. The store's work
runs on a thread of its own, so a window never freezes. Texts are in Spanish, or in
English with ``language="en"``; messages of the library come in the store's own language.
"""

from __future__ import annotations

try:
    import qtpy  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError("respaldo.qt needs QtPy: pip install 'respaldo[qt]'") from error

from .daily import DailyBackup
from .dialog import BackupDialog
from .health_indicator import HealthIndicator
from .last_backup_label import LastBackupLabel
from .texts import Language
from .wait import wait_before_close

__all__ = [
    "BackupDialog",
    "DailyBackup",
    "HealthIndicator",
    "Language",
    "LastBackupLabel",
    "wait_before_close",
]
