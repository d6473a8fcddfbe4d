"""Searching every backup for a row, and bringing one of its versions back."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QTreeWidget

import respaldo
from hands import Hands
from respaldo.qt import BackupDialog
from respaldo.qt.bring_back_dialog import BringBackDialog
from respaldo.qt.find_dialog import FindDialog
from respaldo.qt.job import running
from respaldo.qt.texts import Language
from rows import NAMES, all_of, run

Opened = Callable[..., BackupDialog]


@pytest.fixture
def database(folder: Path) -> Path:
    return folder / "studio.db"


@pytest.fixture
def studio(database: Path) -> Iterator[respaldo.Store]:
    """Four days: on the second a telephone is changed, on the third its client is deleted, with her sessions."""
    run(
        database,
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL, phone TEXT)",
        "CREATE TABLE sessions (id INTEGER PRIMARY KEY, title TEXT, client_id INTEGER NOT NULL "
        "REFERENCES clients (id) ON DELETE CASCADE)",
        "INSERT INTO clients VALUES (1, 'Ana López', '662 1'), (2, 'José Ruiz', '662 2')",
        "INSERT INTO sessions VALUES (1, 'brazo', 1), (2, 'espalda', 1), (3, 'mano', 2)",
    )
    backups = database.parent / "backups"
    backups.mkdir()
    shutil.copy(database, backups / "backup_20260101_090000.db")
    run(database, "UPDATE clients SET phone = '644 9' WHERE id = 1")
    shutil.copy(database, backups / "backup_20260102_090000.db")
    run(database, "DELETE FROM clients WHERE id = 1")
    shutil.copy(database, backups / "backup_20260103_090000.db")
    with respaldo.Store(database, names=NAMES) as store:
        store.create()
        yield store


def front(hands: Hands) -> FindDialog:
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), FindDialog))
    opened = QApplication.activeModalWidget()
    assert isinstance(opened, FindDialog)
    return opened


def open_it(hands: Hands, dialog: BackupDialog) -> FindDialog:
    dialog.more.find_row.trigger()
    return front(hands)


def cells(tree: QTreeWidget) -> list[list[str]]:
    items = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
    return [[item.text(column) for column in range(item.columnCount())] for item in items if item is not None]


def test_a_client_that_newer_backups_lack_comes_back_as_she_was_at_first_without_a_mouse(
    studio: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    called: list[str] = []
    dialog = opened(
        studio, quiesce=lambda: called.append("quiesce"), reload=lambda: called.append("reload"), reason="admin1"
    )
    hands.click(dialog.bring_back_button)  # the newest backup lacks her too
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), BringBackDialog))
    first = QApplication.activeModalWidget()
    assert isinstance(first, BringBackDialog)
    hands.wait(lambda: "no hay nada que traer" in first.intro.text())
    hands.qtbot.keyClicks(first.search, "lopez ana")
    hands.key(Qt.Key.Key_B, Qt.KeyboardModifier.AltModifier)
    find = front(hands)
    assert find.search.text() == "lopez ana"
    hands.wait(lambda: bool(cells(find.found)))
    assert cells(find.found) == [["Ana López", "cliente", "2, hasta el 02/01/2026"]]
    assert find.said.text() == "1 resultado."
    hands.wait(lambda: bool(cells(find.versions)))
    assert find.now.text() == "Ya no está en la base de datos actual."
    assert [what for _when, what in cells(find.versions)] == ["Cambió: phone", "La más antigua"]
    assert ["2 de enero" in when for when, _what in cells(find.versions)] == [True, False]
    hands.key(Qt.Key.Key_Return)  # to the rows
    assert find.found.hasFocus()
    hands.key(Qt.Key.Key_Return)  # to the versions
    hands.key(Qt.Key.Key_Down)
    hands.wait(lambda: "662 1" in find.values.toPlainText())
    hands.wait(lambda: find.plan.text() == "Se agregarían 1 cliente y 2 sesiones.")
    assert all_of(database, "SELECT count(*) FROM clients") == [(1,)]  # nothing has happened yet
    hands.key(Qt.Key.Key_Return)  # to the button
    hands.key(Qt.Key.Key_Space)
    said = hands.box("Listo: 1 cliente y 2 sesiones.")
    assert called == ["quiesce", "reload"]
    assert all_of(database, "SELECT phone FROM clients WHERE id = 1") == [("662 1",)]
    assert "admin1" in (database.parent / "backups" / "restores.jsonl").read_text("utf-8")
    hands.answer(said, "Deshacer…")
    hands.answer(hands.box("¿Está seguro"), "Restaurar")
    hands.close_box("Se restauró")
    assert all_of(database, "SELECT id FROM clients") == [(2,)]


def test_a_changed_row_is_replaced_only_if_asked(
    studio: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    run(database, "UPDATE clients SET phone = NULL WHERE id = 2")
    find = open_it(hands, opened(studio))
    assert [find.tables.itemText(at) for at in range(find.tables.count())] == ["Todas", "cliente", "sesión"]
    find.tables.setCurrentIndex(1)
    hands.qtbot.keyClicks(find.search, "ruiz")
    hands.wait(lambda: bool(cells(find.versions)))
    assert find.now.text() == "La base de datos actual la tiene distinta: phone"
    assert [what for _when, what in cells(find.versions)] == ["No cambió"]
    assert "662 2" in find.values.toPlainText() and "Ahora" in find.values.toPlainText()
    hands.wait(lambda: "marque «Reemplazar»" in find.plan.text())
    assert not find.bring_back_button.isEnabled()
    find.overwrite.setFocus()
    hands.key(Qt.Key.Key_Space)
    hands.wait(lambda: find.plan.text() == "Se reemplazaría 1 cliente.")
    hands.click(find.bring_back_button)
    hands.answer(hands.box("Listo"), "Aceptar")
    assert all_of(database, "SELECT phone FROM clients WHERE id = 2") == [("662 2",)]


@pytest.mark.parametrize(
    ("language", "hint", "none", "several"),
    [
        ("es", "Escriba un nombre", "Ningún respaldo tiene eso", "2 resultados."),
        ("en", "Type a name", "No backup has that", "2 results."),
    ],
)
def test_it_says_what_was_found(
    studio: respaldo.Store,
    database: Path,
    opened: Opened,
    hands: Hands,
    language: Language,
    hint: str,
    none: str,
    several: str,
) -> None:
    with respaldo.Store(database, language=language) as store:
        find = open_it(hands, opened(store, language=language))
        assert find.said.text().startswith(hint)
        hands.qtbot.keyClicks(find.search, "nadie")
        hands.key(Qt.Key.Key_Return)  # need not wait
        hands.wait(lambda: find.said.text().startswith(none))
        assert not find.bring_back_button.isEnabled()
        find.search.setText("662")
        hands.wait(lambda: find.said.text() == several)
        find.search.clear()
        assert cells(find.found) == [] and find.said.text().startswith(hint)
        find.reject()


def test_a_backup_that_cannot_be_read_is_told(studio: respaldo.Store, opened: Opened, hands: Hands) -> None:
    spoiled = studio.backup_dir / "backup_20260103_090000.db"
    spoiled.write_bytes(b"no database" * 1000)
    find = open_it(hands, opened(studio))
    hands.qtbot.keyClicks(find.search, "ana")
    hands.wait(lambda: find.said.text() == "1 resultado. Un respaldo no se pudo leer hasta el final; los demás, sí.")
    assert spoiled.name in find.said.toolTip()
    hands.wait(lambda: find.now.text() == "Ya no está en la base de datos actual.")
    find.reject()


class Slow(respaldo.Store):
    """Its searches go on until they are told to stop, and longer."""

    asked = 0

    def __init__(self, database: Path) -> None:
        super().__init__(database)
        self.may_end = threading.Event()

    def find(self, *arguments: object, **options: object) -> respaldo.FindResult:  # type: ignore[override]
        self.asked += 1
        progress = options["progress"]
        deadline = time.monotonic() + 30  # so that a test that fails ends
        while progress(0, 100) and time.monotonic() < deadline:  # type: ignore[operator]
            time.sleep(0.01)
        self.may_end.wait(30)
        return super().find(*arguments, **options)  # type: ignore[call-overload, no-any-return]


def test_a_search_is_cancelled_by_its_button_by_typing_and_by_closing(
    studio: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    with Slow(database) as store:
        find = open_it(hands, opened(store))
        hands.qtbot.keyClicks(find.search, "ana")
        hands.wait(lambda: store.asked == 1)
        store.may_end.set()
        hands.click(find.progress.cancel)
        hands.wait(lambda: not running())
        assert "cancel" in find.said.text()
        hands.qtbot.keyClicks(find.search, "x")
        hands.wait(lambda: store.asked == 2)
        store.may_end.clear()
        hands.qtbot.keyClicks(find.search, "y")
        hands.wait(lambda: store.asked == 3)
        store.may_end.set()
        hands.wait(lambda: len(running()) == 1)
        assert find.progress.isVisible()  # of the search that goes on
        hands.key(Qt.Key.Key_Escape)
        hands.wait(lambda: not running())
        hands.wait(lambda: not isinstance(QApplication.activeModalWidget(), FindDialog))


def test_what_is_read_aloud_has_a_name(studio: respaldo.Store, opened: Opened, hands: Hands) -> None:
    find = open_it(hands, opened(studio))
    for widget in (find.search, find.tables, find.found, find.versions, find.values, find.progress.bar):
        assert widget.accessibleName()
    find.reject()
