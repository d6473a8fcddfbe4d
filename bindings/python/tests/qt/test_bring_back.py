"""Bringing single rows back: searching, ticking, the plan, the deed, undoing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import respaldo
from hands import Hands
from respaldo.qt import BackupDialog
from respaldo.qt.bring_back_dialog import BringBackDialog
from respaldo.qt.row_model import RowColumn
from respaldo.qt.texts import Language
from rows import NAMES, all_of, run

Opened = Callable[..., BackupDialog]


@pytest.fixture
def studio(folder: Path) -> Iterator[respaldo.Store]:
    """A client was deleted with his sessions since the backup, and another one's telephone was changed."""
    database = folder / "studio.db"
    run(
        database,
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL, phone TEXT)",
        "CREATE TABLE sessions (id INTEGER PRIMARY KEY, title TEXT, client_id INTEGER NOT NULL "
        "REFERENCES clients (id) ON DELETE CASCADE)",
        "INSERT INTO clients VALUES (1, 'Ana López', '662 1'), (2, 'José Ruiz', '662 2'), (3, 'Eva Díaz', '662 3')",
        "INSERT INTO sessions VALUES (1, 'brazo', 2), (2, 'espalda', 2), (3, 'mano', 1)",
    )
    with respaldo.Store(database, names=NAMES) as store:
        store.create()
        run(database, "DELETE FROM clients WHERE id = 2", "UPDATE clients SET phone = '1' WHERE id = 3")
        yield store


@pytest.fixture
def database(folder: Path) -> Path:
    return folder / "studio.db"


def open_it(hands: Hands, dialog: BackupDialog) -> BringBackDialog:
    hands.click(dialog.bring_back_button)
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), BringBackDialog))
    opened = QApplication.activeModalWidget()
    assert isinstance(opened, BringBackDialog)
    hands.wait(lambda: opened.filter.rowCount() > 0)
    return opened


def shown(dialog: BringBackDialog) -> list[list[str]]:
    model = dialog.filter
    return [[str(model.index(row, column).data()) for column in RowColumn] for row in range(model.rowCount())]


def test_a_client_comes_back_with_her_sessions_without_a_mouse(
    studio: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    called: list[str] = []
    dialog = opened(
        studio, quiesce=lambda: called.append("quiesce"), reload=lambda: called.append("reload"), reason="admin1"
    )
    dialog.database_restored.connect(lambda: called.append("restored"))
    bring = open_it(hands, dialog)
    assert shown(bring) == [
        ["José Ruiz", "cliente", "Se borró después"],
        ["Eva Díaz", "cliente", "Cambió: phone"],
        ["brazo", "sesión", "Se borró después"],
        ["espalda", "sesión", "Se borró después"],
    ]
    assert bring.plan.text() == "No hay nada marcado." and not bring.bring_back_button.isEnabled()
    bring.search.setText("josé")
    assert [row[0] for row in shown(bring)] == ["José Ruiz"]
    hands.key(Qt.Key.Key_Return)  # to the list
    hands.key(Qt.Key.Key_Down)
    hands.key(Qt.Key.Key_Space)
    hands.wait(lambda: bring.plan.text() == "Se agregarían 1 cliente y 2 sesiones.")
    assert all_of(database, "SELECT count(*) FROM clients") == [(2,)]  # nothing has happened yet
    hands.click(bring.bring_back_button)
    said = hands.box("Listo: 1 cliente y 2 sesiones.")
    assert "before_restore" in said.informativeText()
    assert called == ["quiesce", "reload", "restored"]
    hands.answer(said, "Aceptar")
    hands.wait(lambda: QApplication.activeModalWidget() is None)
    assert all_of(database, "SELECT name FROM clients ORDER BY id") == [("Ana López",), ("José Ruiz",), ("Eva Díaz",)]
    assert all_of(database, "SELECT count(*) FROM sessions") == [(3,)]
    assert "admin1" in (database.parent / "backups" / "restores.jsonl").read_text("utf-8")


def test_it_can_be_undone(studio: respaldo.Store, database: Path, opened: Opened, hands: Hands) -> None:
    dialog = opened(studio)
    bring = open_it(hands, dialog)
    bring.rows.setData(bring.rows.index(0, 0), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    hands.click(bring.bring_back_button)
    hands.answer(hands.box("Listo"), "Deshacer…")
    question = hands.box("¿Está seguro")
    hands.wait(lambda: "Perdería 2 sesiones y 1 cliente." in question.informativeText())
    hands.answer(question, "Restaurar")
    hands.close_box("Se restauró")
    assert all_of(database, "SELECT id FROM clients") == [(1,), (3,)]
    assert all_of(database, "SELECT id FROM sessions") == [(3,)]


def test_dependents_can_stay_away(studio: respaldo.Store, database: Path, opened: Opened, hands: Hands) -> None:
    bring = open_it(hands, opened(studio))
    bring.dependents.setChecked(False)
    bring.rows.setData(bring.rows.index(0, 0), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    hands.wait(lambda: bring.plan.text() == "Se agregaría 1 cliente.")
    bring.reject()


def test_what_has_changed_is_replaced_only_if_asked(
    studio: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    bring = open_it(hands, opened(studio))
    bring.rows.setData(bring.rows.index(1, 0), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    hands.wait(lambda: "marque «Reemplazar»" in bring.plan.text())
    assert not bring.bring_back_button.isEnabled()
    bring.table.setCurrentIndex(bring.filter.index(1, 0))
    assert "662 3" in bring.values.toPlainText()  # then, beside what it is now
    bring.overwrite.setFocus()
    hands.key(Qt.Key.Key_Space)
    hands.wait(lambda: bring.plan.text() == "Se reemplazaría 1 cliente.")
    hands.click(bring.bring_back_button)
    hands.answer(hands.box("Listo"), "Aceptar")
    assert all_of(database, "SELECT phone FROM clients WHERE id = 3") == [("662 3",)]


@pytest.mark.parametrize(
    ("language", "one", "several", "replaced"),
    [
        ("es", "Se agregaría 1 fila de clients.", "Se agregarían 2 filas de sessions.", "Se reemplazaría 1 fila"),
        ("en", "1 row of clients would be added.", "2 rows of sessions would be added.", "1 row of clients would be"),
    ],
)
def test_one_row_is_told_as_one(
    studio: respaldo.Store,
    database: Path,
    opened: Opened,
    hands: Hands,
    language: Language,
    one: str,
    several: str,
    replaced: str,
) -> None:
    run(database, "INSERT INTO clients VALUES (2, 'José', NULL)", "DELETE FROM clients WHERE id = 3")
    with respaldo.Store(database, language=language) as unnamed:
        bring = open_it(hands, opened(unnamed, language=language))
        bring.dependents.setChecked(False)
        titles = {row[0]: at for at, row in enumerate(shown(bring))}

        def tick(title: str, state: Qt.CheckState) -> None:
            bring.rows.setData(bring.rows.index(titles[title], 0), state, Qt.ItemDataRole.CheckStateRole)

        tick("Eva Díaz", Qt.CheckState.Checked)
        hands.wait(lambda: bring.plan.text() == one)
        tick("brazo", Qt.CheckState.Checked)
        tick("espalda", Qt.CheckState.Checked)
        tick("Eva Díaz", Qt.CheckState.Unchecked)
        hands.wait(lambda: bring.plan.text() == several)
        bring.overwrite.setChecked(True)
        tick("José", Qt.CheckState.Checked)
        hands.wait(lambda: bring.plan.text().startswith(f"{several} {replaced}"))
        bring.reject()


def test_one_table_can_be_chosen(studio: respaldo.Store, opened: Opened, hands: Hands) -> None:
    bring = open_it(hands, opened(studio))
    assert [bring.tables.itemText(at) for at in range(bring.tables.count())] == ["Todas", "cliente", "sesión"]
    bring.tables.setCurrentIndex(2)
    assert [row[0] for row in shown(bring)] == ["brazo", "espalda"]
    bring.reject()


def test_where_nothing_differs_it_says_so(studio: respaldo.Store, opened: Opened, hands: Hands) -> None:
    studio.create()
    dialog = opened(studio)
    hands.click(dialog.bring_back_button)
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), BringBackDialog))
    bring = QApplication.activeModalWidget()
    hands.wait(lambda: "no hay nada que traer de vuelta" in bring.intro.text())
    bring.reject()
