"""A small studio manager: clients, and their backups. PyQt5 and SQLAlchemy, with respaldo's windows.

    python main.py                    as the administrator
    python main.py --user assistant2  as the assistant, who may not touch the backups

Where there is no database yet, the first start invents one, with clients that do not exist. The
database is ``dev.db`` beside this file, or what TATTOO_STUDIO_DB says.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

# A frozen program's own files may lie in a folder that is deleted at its end.
HERE = Path(sys.executable if getattr(sys, "frozen", False) else __file__).resolve().parent
os.environ.setdefault("TATTOO_STUDIO_DB", str(HERE / "dev.db"))

from PyQt5.QtWidgets import QApplication  # noqa: E402  (the database's place has to be known first)

import settings  # noqa: E402
from make_database import make_database  # noqa: E402
from services.backups import DB_PATH  # noqa: E402
from ui.main_window import MainWindow  # noqa: E402
from ui.theme import apply_theme  # noqa: E402


def is_first_start() -> bool:
    """No database, and no trace of one: a database that was lost has to be restored, not invented anew."""
    return not (DB_PATH.exists() or DB_PATH.with_name("backups").exists() or settings.read().get("last_backup_at"))


def open_window(username: str) -> MainWindow:
    """Shows the main window, and begins the backups: today's, and one each day that it stays open."""
    if is_first_start():
        make_database(DB_PATH)
    window = MainWindow(username)
    window.show()
    window.start_daily_backup()
    return window


def main() -> int:
    parser = argparse.ArgumentParser(description="A tattoo studio's clients and backups.")
    parser.add_argument("--user", default="admin1", help="admin1 (the default), assistant2 or artist3")
    arguments, of_qt = parser.parse_known_args()
    logging.basicConfig(level=logging.INFO)

    application = QApplication([sys.argv[0], *of_qt])
    apply_theme(application, settings.read().get("theme", "light"))
    window = open_window(arguments.user)  # kept: Python would delete a window that nobody holds
    assert window.isVisible()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
