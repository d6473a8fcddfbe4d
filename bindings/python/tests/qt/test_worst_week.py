"""The worst week of a studio, in its real windows: each day loses something else, and each time it comes back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

import scene
from hands import Hands
from respaldo.qt import BackupDialog
from respaldo.qt.bring_back_dialog import BringBackDialog
from respaldo.qt.label_dialog import LabelDialog
from respaldo.qt.repair_dialog import RepairDialog
from respaldo.qt.second_place_dialog import SecondPlaceDialog


@pytest.fixture
def start(application_folder: Path, hands: Hands, qapp: QApplication) -> Iterator[Callable[[], Any]]:
    palette, style = qapp.palette(), qapp.style().objectName()

    def open_window() -> Any:
        import main

        window = hands.show(main.open_window("admin1"))
        hands.wait(lambda: window.daily.result is not None or window.daily.error is not None)
        return window

    yield open_window
    qapp.setStyle(style)
    qapp.setPalette(palette)


def front(hands: Hands, kind: type[QWidget]) -> Any:
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), kind))
    return QApplication.activeModalWidget()


def open_backups(hands: Hands, window: Any) -> BackupDialog:
    hands.wait(lambda: QApplication.activeModalWidget() is None)
    window.activateWindow()
    hands.wait(window.isActiveWindow)
    hands.qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    dialog: BackupDialog = front(hands, BackupDialog)
    hands.wait(lambda: dialog.table.rowCount() > 0)
    return dialog


def close(hands: Hands, dialog: BackupDialog) -> None:
    hands.wait(lambda: QApplication.activeModalWidget() is dialog)
    hands.key(Qt.Key.Key_Escape)
    hands.wait(lambda: QApplication.activeModalWidget() is None)


def run(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=ON")
        for statement in statements:
            connection.execute(statement)


def count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def test_the_worst_week(start: Callable[[], Any], application_folder: Path, hands: Hands) -> None:
    database, usb = application_folder / "dev.db", application_folder.parent / "usb"
    usb.mkdir()
    window = start()
    clients, sessions = count(database, "clients"), count(database, "sessions")
    hands.wait(lambda: window.health.severity == "ok")

    # Monday: a second place is set up, and a backup is labelled before the upgrade.
    dialog = open_backups(hands, window)
    dialog.more.second_place.trigger()
    place = front(hands, SecondPlaceDialog)
    place.folder.setText(str(usb))
    hands.click(place.test_button)
    hands.click(place.use_button)
    hands.close_box("Desde el próximo respaldo")
    hands.wait(lambda: QApplication.activeModalWidget() is dialog)
    dialog.more.create_labelled.trigger()
    asked = front(hands, LabelDialog)
    hands.qtbot.keyClicks(asked.label, "antes de actualizar")
    hands.qtbot.keyClick(asked.label, Qt.Key.Key_Return)
    hands.close_box("Se creó el respaldo")
    hands.wait(lambda: "antes de actualizar" in dialog.details.toPlainText())
    close(hands, dialog)

    # Tuesday: a client is deleted by mistake, and brought back with all that was hers.
    name = window.clients.item(4, 0).text()
    window.clients.setCurrentCell(4, 0)
    hands.click(window.delete_button)
    hands.answer(hands.box(f"¿Borrar a {name}"), "Borrar")
    hands.wait(lambda: window.clients.rowCount() == clients - 1)
    dialog = open_backups(hands, window)
    hands.wait(lambda: "1 cliente" in dialog.details.toPlainText())
    hands.click(dialog.bring_back_button)
    bring = front(hands, BringBackDialog)
    hands.wait(lambda: bring.filter.rowCount() > 0)
    bring.search.setText(name)
    hands.key(Qt.Key.Key_Return)
    hands.key(Qt.Key.Key_Home)
    hands.key(Qt.Key.Key_Space)
    hands.click(bring.bring_back_button)
    hands.answer(hands.box("Listo: 1 cliente"), "Aceptar")
    close(hands, dialog)
    assert name in window.clients.names()
    assert (count(database, "clients"), count(database, "sessions")) == (clients, sessions)

    # Wednesday: a program empties a table. The next backup raises the alarm; a restore brings all of it back.
    run(database, "DELETE FROM transactions", "DELETE FROM sessions")
    dialog = open_backups(hands, window)
    hands.click(dialog.create_button)
    assert "Faltan muchos datos" in hands.close_box("Se creó el respaldo")
    hands.wait(lambda: dialog.health.severity == "attention")
    hands.wait(lambda: window.health.severity == "attention")
    dialog.search.setText("antes de actualizar")
    hands.wait(lambda: f"{sessions} sesiones" in dialog.details.toPlainText())
    hands.restore(dialog)
    hands.close_box("Se restauró el respaldo")
    assert count(database, "sessions") == sessions
    dialog.search.clear()
    hands.click(dialog.create_button)  # the rows are back: the alarm is over
    hands.close_box("Se creó el respaldo")
    hands.wait(lambda: dialog.health.severity == "ok")
    close(hands, dialog)

    # Thursday: the disk spoils an index of the database.
    scene.change_schema(database, "clients (name)", "clients (name DESC)")
    dialog = open_backups(hands, window)
    hands.click(dialog.create_button)
    hands.close_box("no coincide con su tabla")
    dialog.more.repair.trigger()
    repair = front(hands, RepairDialog)
    hands.click(repair.see_button)
    hands.click(repair.salvage_button)
    hands.close_box("Está en la lista")
    hands.wait(lambda: dialog.table.selected() is not None and dialog.table.selected().kind == "recovered")
    hands.restore(dialog)
    hands.close_box("Se restauró")
    hands.click(dialog.create_button)
    hands.close_box("Se creó el respaldo")
    close(hands, dialog)
    hands.wait(lambda: len(list(usb.glob("backup_*.db"))) >= 4)
    window.close()

    # Friday: the computer is lost. On another one the stick has everything.
    database.unlink()
    shutil.rmtree(application_folder / "backups")
    (application_folder / "settings.json").unlink()
    window = start()  # a first start, with other clients
    run(database, "DELETE FROM clients WHERE id > 10")
    dialog = open_backups(hands, window)
    dialog.more.from_file.trigger()
    field = front(hands, QFileDialog).findChild(QLineEdit)
    field.setText(str(max(usb.glob("backup_*.db"))))
    hands.qtbot.keyClick(field, Qt.Key.Key_Return)
    box = hands.box("¿Está seguro")
    hands.wait(lambda: "Recuperaría" in box.informativeText())
    hands.answer(box, "Restaurar")
    hands.close_box("Se restauró")
    assert (count(database, "clients"), count(database, "sessions")) == (clients, sessions)
    assert name in window.clients.names()
    close(hands, dialog)
    window.close()
