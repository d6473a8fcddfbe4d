"""Takes the pictures of docs/qt.md: the example application's windows, with invented clients.

python bindings/python/tests/qt/screenshots.py FOLDER
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt5.QtCore import QEventLoop, Qt, QTimer
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication, QMessageBox, QWidget

import respaldo
from respaldo.qt import BackupDialog, recovery_sheet
from respaldo.qt.archive_dialog import ArchiveDialog
from respaldo.qt.archive_trial import ArchiveTrial
from respaldo.qt.bring_back_dialog import BringBackDialog
from respaldo.qt.repair_dialog import RepairDialog
from respaldo.qt.second_place_dialog import SecondPlaceDialog

STUDIO = Path(__file__).resolve().parents[2] / "examples" / "tattoo_studio"
NOW = datetime.now(ZoneInfo("America/Hermosillo"))


def main() -> None:
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        studio = Path(temporary) / "estudio"
        unwanted = shutil.ignore_patterns("__pycache__", "dev.db*", "backups", "settings.json", "archive.json")
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
    from ui.theme import apply_theme

    apply_theme(application, "light")
    window = studio_main.open_window("admin1")
    wait(lambda: window.daily.result is not None)
    window.store.annotate(window.daily.result.backup, label="antes de actualizar", pinned=True)
    invent_a_history(window.daily.result.backup.path)
    lose_something(studio / "dev.db")
    window.read_again()
    window.last_backup.refresh()
    window.resize(800, 300)
    window.clients.setCurrentCell(2, 0)
    wait(lambda: "⚠" not in window.last_backup.text())
    save(window, folder / "application.png")

    window.open_backups()
    dialog = window.findChild(BackupDialog)
    dialog.resize(920, 450)  # the screen in memory is a small one
    wait(lambda: dialog.table.rowCount() == 6)
    wait(lambda: dialog.comparison() is not None)
    save(dialog, folder / "dialog-light.png")
    dialog.restore_button.click()
    wait(lambda: isinstance(application.activeModalWidget(), QMessageBox))
    save(application.activeModalWidget(), folder / "confirmation.png")
    application.activeModalWidget().reject()
    wait(lambda: dialog.comparison() is not None)
    take_the_others(dialog, folder)
    apply_theme(application, "dark")
    dialog.health.unfold.click()
    wait(lambda: dialog.comparison() is not None)
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


def take_the_others(dialog: BackupDialog, folder: Path) -> None:
    """The windows that the dialog opens."""
    dialog.bring_back_button.click()
    bring = window_in_front(BringBackDialog)
    wait(lambda: bring.rows.rowCount() > 0)
    bring.rows.setData(bring.rows.index(0, 0), Qt.Checked, Qt.CheckStateRole)
    wait(lambda: bring.bring_back_button.isEnabled())
    save(bring, folder / "bring-back.png")
    bring.reject()
    dialog.more.second_place.trigger()
    place = window_in_front(SecondPlaceDialog)
    place.folder.setText("/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir())
    place.test_button.click()
    wait(lambda: place.use_button.isEnabled())
    place.outcome.setText(re.sub(r"[\d.,]+ [TGMk]B", "58.2 GB", place.outcome.text()))  # whichever machine takes it
    save(place, folder / "second-place.png")
    place.reject()
    take_the_archive(dialog, folder)
    dialog.more.repair.trigger()
    repair = window_in_front(RepairDialog)
    repair.see_button.click()
    wait(lambda: repair.salvage_button.isEnabled())
    save(repair, folder / "repair.png")
    repair.reject()


def take_the_archive(dialog: BackupDialog, folder: Path) -> None:
    """Its wizard, opened by itself: not every library has the archive."""
    texts = dialog._texts
    wizard = ArchiveDialog(dialog._store, texts, lambda options: None, dialog)
    wizard.open()
    options: respaldo.ArchiveOptions = {"repository": "/media/usb/respaldos-cifrados"}
    wizard.place.folder.setText("/media/usb")
    wizard.place.show_trial(ArchiveTrial("empty", options))
    wizard._enable()
    save(wizard, folder / "archive-place.png")
    note = "Sin la contraseña, todo lo que hay en este archivo se pierde."
    password = "k7mpw-2xwdq-9hqar-nv3te-c5hbz"
    wizard.sheet.sheet.setPlainText(recovery_sheet.sheet(texts.archive, options, password, "tattoostudio.db", note))
    wizard._turn_to(wizard.sheet, wizard.sheet.kept)
    save(wizard, folder / "archive-sheet.png")
    wizard.accept()


def window_in_front(kind: type[QWidget]) -> QWidget:
    wait(lambda: isinstance(QApplication.activeModalWidget(), kind))
    return QApplication.activeModalWidget()


def invent_a_history(backup: Path) -> None:
    """Earlier days' backups, one of them damaged, one preserved by hand."""
    for days in range(1, 5):
        morning = NOW.replace(hour=9, minute=12 + 7 * days) - timedelta(days=days)
        shutil.copy(backup, backup.with_name(f"backup_{morning:%Y%m%d_%H%M%S}.db"))
    os.truncate(backup.with_name(f"backup_{morning:%Y%m%d_%H%M%S}.db"), 30_000)
    kept = shutil.copy(backup, backup.with_name("antes de la mudanza.db"))
    long_ago = (NOW - timedelta(days=40)).timestamp()
    os.utime(kept, (long_ago, long_ago))


def lose_something(database: Path) -> None:
    """Since the backup: two clients deleted, with all that is theirs."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("DELETE FROM clients WHERE id IN (7, 9)")


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
