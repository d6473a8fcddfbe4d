"""The documentation's application is run as it stands there, and closed by hand."""

from __future__ import annotations

from pathlib import Path

import scene
from pages import PAGES, shows_windows, snippets

BY_HAND = """
from PyQt5.QtCore import QTimer

def look():
    dialog = window.findChild(qt.BackupDialog)
    if dialog is None and window.last_backup.text().startswith("Último"):
        print(window.last_backup.text())
        window.menuBar().actions()[0].trigger()
    elif dialog is not None and dialog.table.rowCount() == 1:
        print(dialog.table.selected().name)
        timer.stop()
        dialog.close()
        window.close()

def begin():
    global timer
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(20)

QTimer.singleShot(0, begin)
application.exec()
"""


def test_the_sample_runs(folder: Path) -> None:
    (sample,) = (snippet for page in PAGES for snippet in snippets(page, "python") if shows_windows(snippet))
    assert sample.rstrip().endswith("application.exec()")
    scene.make_database(folder / "tattoostudio.db")
    done = scene.run_python(sample.rstrip().removesuffix("application.exec()") + BY_HAND, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (backup,) = (folder / "backups").glob("backup_*.db")
    label, listed = done.stdout.splitlines()
    assert label.startswith("Último respaldo: ")
    assert listed == backup.name


def test_without_qtpy_it_says_what_to_install(folder: Path) -> None:
    done = scene.run_python("import sys; sys.modules['qtpy'] = None; import respaldo, respaldo.qt")
    assert done.stderr.splitlines()[-1] == "ImportError: respaldo.qt needs QtPy: pip install 'respaldo[qt]'"
