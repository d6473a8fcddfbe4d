"""Takes the pictures of docs/qt.md: the example application's windows, with invented clients.

python bindings/python/tests/qt/screenshots.py FOLDER
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt5.QtCore import QEventLoop, QTimer
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication, QMessageBox, QWidget

STUDIO = Path(__file__).resolve().parents[2] / "examples" / "tattoo_studio"
NOW = datetime.now(ZoneInfo("America/Hermosillo"))


def main() -> None:
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        studio = Path(temporary) / "estudio"
        unwanted = shutil.ignore_patterns("__pycache__", "dev.db*", "backups", "settings.json")
        shutil.copytree(STUDIO, studio, ignore=unwanted)
        os.environ["TATTOO_STUDIO_DB"] = str(studio / "dev.db")
        sys.path.insert(0, str(studio))
        take(studio, folder)


def take(studio: Path, folder: Path) -> None:
    application = QApplication(sys.argv)
    font = application.font()
    font.setPointSize(9)  # as on Windows
    application.setFont(font)
    import main as studio_main
    from respaldo.qt import BackupDialog
    from ui.theme import apply_theme

    apply_theme(application, "light")
    window = studio_main.open_window("admin1")
    wait(lambda: window.daily.result is not None)
    invent_a_history(window.daily.result.backup.path)
    window.last_backup.refresh()
    window.resize(640, 300)
    window.clients.setCurrentCell(2, 0)
    wait(lambda: "⚠" not in window.last_backup.text())
    save(window, folder / "application.png")

    window.open_backups()
    dialog = window.findChild(BackupDialog)
    wait(lambda: dialog.table.rowCount() == 6)
    save(dialog, folder / "dialog-light.png")
    dialog.restore_button.click()
    wait(lambda: isinstance(application.activeModalWidget(), QMessageBox))
    save(application.activeModalWidget(), folder / "confirmation.png")
    application.activeModalWidget().reject()
    apply_theme(application, "dark")
    save(dialog, folder / "dialog-dark.png")
    dialog.close()

    apply_theme(application, "light")
    shutil.rmtree(studio / "backups")  # the last backup is the later of what the settings say and what is there
    old = NOW.replace(hour=9, minute=30) - timedelta(days=5)
    (studio / "settings.json").write_text(json.dumps({"last_backup_at": old.isoformat(timespec="seconds")}))
    window.last_backup.refresh()
    wait(lambda: "⚠" in window.last_backup.text())
    save(window.statusBar(), folder / "last-backup-old.png")
    window.close()


def invent_a_history(backup: Path) -> None:
    """Earlier days' backups, one of them damaged, one preserved by hand."""
    for days in range(1, 5):
        morning = NOW.replace(hour=9, minute=12 + 7 * days) - timedelta(days=days)
        shutil.copy(backup, backup.with_name(f"backup_{morning:%Y%m%d_%H%M%S}.db"))
    os.truncate(backup.with_name(f"backup_{morning:%Y%m%d_%H%M%S}.db"), 30_000)
    kept = shutil.copy(backup, backup.with_name("antes de la mudanza.db"))
    long_ago = (NOW - timedelta(days=40)).timestamp()
    os.utime(kept, (long_ago, long_ago))


def save(widget: QWidget, file: Path) -> None:
    wait(lambda: widget.isVisible())
    QApplication.processEvents()
    image = widget.grab().toImage().convertToFormat(QImage.Format_RGB32)
    if not image.save(str(file), quality=0):  # of a PNG: the smallest
        sys.exit(f"{file} cannot be written")


def wait(condition: Callable[[], bool]) -> None:
    """Handles events until the condition holds; half a minute is far more than any of them takes."""
    loop, ticks, patience = QEventLoop(), QTimer(), QTimer()
    ticks.timeout.connect(lambda: loop.quit() if condition() else None)
    ticks.start(10)
    patience.setSingleShot(True)
    patience.timeout.connect(lambda: loop.exit(1))
    patience.start(30_000)
    if loop.exec() != 0:
        sys.exit("a window did not become what the picture should show")


if __name__ == "__main__":
    main()
