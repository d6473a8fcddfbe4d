"""A day at the studio: its real window, driven by mouse and keyboard, on its real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QAction, QApplication, QMenu, QWidget

import scene
from hands import PATIENCE, Hands
from respaldo.qt import BackupDialog

Started = Callable[..., Any]


@pytest.fixture
def start(application_folder: Path, hands: Hands, qapp: QApplication) -> Iterator[Started]:
    """Starts the application as ``main.py`` does, and waits for the backup of the day."""
    palette, style = qapp.palette(), qapp.style().objectName()

    def open_window(user: str = "admin1", *, wait: bool = True) -> Any:
        import main

        window = hands.show(main.open_window(user))
        if wait:
            hands.wait(lambda: window.daily.result is not None or window.daily.error is not None)
        return window

    yield open_window
    qapp.setStyle(style)
    qapp.setPalette(palette)


def choose(hands: Hands, window: Any, action: QAction) -> None:
    """Clicks through the menus to an action."""
    bar = window.menuBar()
    (title,) = [a for a in bar.actions() if action in a.menu().actions()]
    menu: QMenu = title.menu()
    click(hands, bar, bar.actionGeometry(title).center())
    hands.wait(menu.isVisible)
    click(hands, menu, menu.actionGeometry(action).center())


def click(hands: Hands, widget: QWidget, at: QPoint) -> None:
    hands.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)


def click_client(hands: Hands, window: Any, row: int) -> str:
    item = window.clients.item(row, 0)
    click(hands, window.clients.viewport(), window.clients.visualItemRect(item).center())
    return str(item.text())


def delete_client(hands: Hands, window: Any, row: int) -> str:
    name = click_client(hands, window, row)
    before = window.clients.rowCount()
    hands.click(window.delete_button)
    hands.answer(hands.box(f"¿Borrar a {name}"), "Borrar")
    hands.wait(lambda: window.clients.rowCount() == before - 1)
    return name


def open_backups(hands: Hands, window: Any) -> BackupDialog:
    choose(hands, window, window.backups_action)
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), BackupDialog))
    dialog = QApplication.activeModalWidget()
    hands.wait(lambda: dialog.table.rowCount() > 0)
    return dialog


def test_a_client_is_deleted_and_comes_back(start: Started, application_folder: Path, hands: Hands) -> None:
    window = start()
    database = application_folder / "dev.db"
    assert window.daily.result.created
    (backup,) = window.store.list()
    hands.wait(lambda: window.last_backup.text() == f"Último respaldo: {backup.display}")
    assert window.clients.rowCount() == 60

    # The application's pool stays open meanwhile, and so does a session of another part of it.
    from sqlalchemy import func, select

    from data.db.models import Client
    from data.db.session import SessionLocal

    with SessionLocal() as elsewhere:

        def count(name: str) -> int:
            found = elsewhere.scalar(select(func.count()).select_from(Client).where(Client.name == name))
            elsewhere.rollback()
            return found or 0

        name = delete_client(hands, window, row=7)
        assert name not in window.clients.names()
        assert count(name) == 0

        dialog = open_backups(hands, window)
        hands.click(dialog.restore_button)
        hands.answer(hands.box("¿Está seguro que desea restaurar este respaldo?"), "Restaurar")
        hands.close_box("Se restauró el respaldo")
        assert window.clients.names()[7] == name
        assert count(name) == 1

        hands.wait(lambda: QApplication.activeModalWidget() is dialog)
        hands.key(Qt.Key.Key_Escape)
        hands.wait(lambda: QApplication.activeModalWidget() is None)
        assert delete_client(hands, window, row=7) == name  # the window goes on working
        assert count(name) == 0

    log = (application_folder / "backups" / "restores.jsonl").read_text("utf-8")
    assert "restored by admin1" in log
    assert len(list(application_folder.glob("dev.db.before_restore_*"))) == 1
    window.close()
    assert not window.isVisible()
    assert scene.count_clients(database) == 59
    assert scene.another_process_tries_to_write(database) == "could write"


def test_a_restore_that_fails_shows_the_clients_again(start: Started, hands: Hands) -> None:
    window = start()
    name = delete_client(hands, window, row=3)
    dialog = open_backups(hands, window)
    backup = dialog.table.selected()
    backup.path.write_bytes(backup.path.read_bytes()[:-5000])
    hands.restore(dialog)
    hands.close_box("está dañado")
    assert window.clients.rowCount() == 59
    assert name not in window.clients.names()


def test_a_backup_made_by_hand_is_the_last_one(start: Started, hands: Hands) -> None:
    window = start()
    hands.wait(lambda: "⚠" not in window.last_backup.text())
    window.store.list()[0].path.unlink()  # lost, and settings.json still names it
    choose(hands, window, window.backups_action)
    dialog = QApplication.activeModalWidget()
    hands.click(dialog.create_button)
    hands.close_box("Se creó")
    (backup,) = window.store.list()
    hands.wait(lambda: window.last_backup.text() == f"Último respaldo: {backup.display}")


@pytest.mark.parametrize("user", ["assistant2", "artist3", "nobody"])
def test_backups_are_for_administrators(start: Started, hands: Hands, user: str) -> None:
    window = start(user)
    assert window.daily.result.created  # theirs is the daily backup all the same
    assert not window.backups_action.isEnabled()
    choose(hands, window, window.backups_action)
    hands.qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert window.findChild(BackupDialog) is None


def test_ctrl_r_opens_the_backups(start: Started, hands: Hands) -> None:
    window = start()
    hands.qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), BackupDialog))


def test_a_new_client(start: Started, application_folder: Path, hands: Hands) -> None:
    window = start()
    hands.click(window.add_button)
    hands.wait(lambda: QApplication.activeModalWidget() is not None)
    dialog = QApplication.activeModalWidget()
    hands.qtbot.keyClicks(dialog.name, "Aaron Tinta")
    hands.qtbot.keyClicks(dialog.phone, "662 123")
    hands.qtbot.keyClick(dialog.phone, Qt.Key.Key_Return)
    hands.wait(lambda: window.clients.names()[0] == "Aaron Tinta")
    assert scene.count_clients(application_folder / "dev.db") == 61


def test_both_write_the_settings(start: Started, application_folder: Path, hands: Hands) -> None:
    window = start()
    settings = application_folder / "settings.json"
    stamp = json.loads(settings.read_text("utf-8"))["last_backup_at"]
    choose(hands, window, window.dark_action)
    hands.wait(lambda: json.loads(settings.read_text("utf-8")).get("theme") == "dark")
    assert window.last_backup.palette().window().color().lightness() < 80
    window.close()
    written = json.loads(settings.read_text("utf-8"))
    assert written == {"last_backup_at": stamp, "theme": "dark", "window": [window.width(), window.height()]}


def test_settings_that_cannot_be_read_are_left_alone(start: Started, application_folder: Path, hands: Hands) -> None:
    (application_folder / "settings.json").write_text("{broken")
    window = start()
    assert "No se anotó la fecha" in hands.close_box("No se anotó")
    window.close()
    assert (application_folder / "settings.json").read_text() == "{broken"


def test_a_lost_database_is_restored_not_invented(start: Started, application_folder: Path, hands: Hands) -> None:
    first = start()
    first.close()
    database = application_folder / "dev.db"
    database.unlink()
    window = start()
    hands.close_box("No se pudo crear el respaldo de hoy.")
    assert not database.exists()
    assert window.clients.rowCount() == 0
    dialog = open_backups(hands, window)
    hands.restore(dialog)
    hands.close_box("Se restauró")
    assert window.clients.rowCount() == 60


def test_closing_at_once_waits_for_the_backup_of_the_day(start: Started, application_folder: Path) -> None:
    window = start(wait=False)
    window.close()
    assert window.daily.result.created
    assert len(list((application_folder / "backups").glob("backup_*.db"))) == 1


def test_the_command(application_folder: Path) -> None:
    """``python main.py``, as docs/qt.md says, from another folder."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}
    del environment["TATTOO_STUDIO_DB"]
    with subprocess.Popen(
        [sys.executable, application_folder / "main.py"],
        cwd="/",
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        deadline = time.monotonic() + PATIENCE / 1000
        while not list(application_folder.glob("backups/backup_*.db")):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, "no backup was made"
            time.sleep(0.05)
        process.terminate()
        said = process.stderr.read()
    assert "Traceback" not in said
    assert scene.count_clients(application_folder / "dev.db") == 60
