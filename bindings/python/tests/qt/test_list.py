"""The list of backups: times in words, searching, filtering, hundreds of them, the second place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from qtpy.QtCore import QLocale, Qt
from qtpy.QtWidgets import QApplication

import respaldo
import scene
from hands import Hands, row_of, rows, states
from respaldo.qt import BackupDialog
from respaldo.qt.backup_model import Column
from respaldo.qt.dates import day_in_words, in_full, in_words
from respaldo.qt.texts import Language, texts_in

Opened = Callable[..., BackupDialog]
HERMOSILLO = ZoneInfo("America/Hermosillo")
NOW = datetime(2026, 3, 10, 8, 0, tzinfo=HERMOSILLO)  # a Tuesday


@pytest.mark.parametrize(
    ("moment", "es", "en"),
    [
        (datetime(2026, 3, 10, 7, 59), "hoy 07:59", "today 07:59"),
        (datetime(2026, 3, 9, 23, 59), "ayer 23:59", "yesterday 23:59"),
        (datetime(2026, 3, 8, 9, 30), "domingo 09:30", "Sunday 09:30"),
        (datetime(2026, 3, 4, 9, 30), "miércoles 09:30", "Wednesday 09:30"),
        (datetime(2026, 3, 3, 9, 30), "3 de marzo 09:30", "3 March 09:30"),
        (datetime(2025, 12, 24, 9, 30), "24 de diciembre de 2025", "24 December 2025"),
        (datetime(2026, 3, 11, 9, 30), "11 de marzo 09:30", "11 March 09:30"),
    ],
)
def test_times_are_told_in_words(qapp: QApplication, moment: datetime, es: str, en: str) -> None:
    there = moment.replace(tzinfo=HERMOSILLO)
    assert in_words(there, texts_in("es"), NOW) == es
    assert in_words(there, texts_in("en"), NOW) == en


def test_the_day_of_a_time_is_that_of_its_zone(qapp: QApplication) -> None:
    late = datetime(2026, 3, 9, 23, 0, tzinfo=HERMOSILLO)  # the 10th in Greenwich
    assert in_words(late, texts_in("es"), NOW.astimezone(ZoneInfo("UTC"))) == "ayer 23:00"
    assert day_in_words(late, texts_in("es"), NOW) == "ayer"
    assert day_in_words(datetime(2026, 2, 4, tzinfo=HERMOSILLO), texts_in("es"), NOW) == "4 feb"
    assert in_full(late, texts_in("es")) == "lunes, 9 de marzo de 2026, 23:00"


@pytest.fixture
def german_locale() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(("language", "month"), [("es", "marzo"), ("en", "March")])
def test_words_are_in_the_language_of_the_texts(
    qapp: QApplication, german_locale: None, language: Language, month: str
) -> None:
    assert month in in_words(datetime(2026, 3, 2, tzinfo=HERMOSILLO), texts_in(language), NOW)


@pytest.fixture
def many(store: respaldo.Store) -> list[Path]:
    """Five hundred backups, one of each day."""
    newest = store.create(label="el primero").backup.path
    copies = []
    for days in range(1, 500):
        made = datetime.now(HERMOSILLO) - timedelta(days=days)
        copies.append(newest.with_name(f"backup_{made:%Y%m%d_%H%M%S}.db"))
        os.link(newest, copies[-1])
    return copies


def test_hundreds_of_backups_are_searched_and_filtered(
    store: respaldo.Store, many: list[Path], opened: Opened, hands: Hands
) -> None:
    (many[99].parent / "catalog.json").unlink()
    store.annotate(many[99], label="Antes de la mudanza", note="con Ana")
    dialog = opened(store)
    assert dialog.table.rowCount() == 500
    dialog.search.setFocus()
    hands.qtbot.keyClicks(dialog.search, "ANA mudanza")
    assert [row[1] for row in rows(dialog)] == ["Antes de la mudanza"]
    assert dialog.table.selected().path == many[99]
    hands.key(Qt.Key.Key_Return)  # leads to the list, and closes nothing
    assert dialog.isVisible() and QApplication.focusWidget() is dialog.table
    dialog.search.setText("no hay tal cosa")
    assert dialog.empty.isVisible()
    assert dialog.empty.text() == "Ningún respaldo coincide con lo que se busca."
    assert dialog.table.selected() is None and not dialog.restore_button.isEnabled()
    dialog.search.clear()
    assert dialog.table.isVisible() and dialog.table.rowCount() == 500
    assert dialog.table.selected() is not None


def test_the_list_is_sorted_by_what_the_columns_mean(
    store: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    for name, count in (("b.db", 90_000), ("a.db", 1_000_000)):
        shutil.copy(store.create().backup.path, database.parent / "backups" / name)
        os.truncate(database.parent / "backups" / name, count)
    dialog = opened(store)
    dialog.table.sortByColumn(Column.SIZE, Qt.SortOrder.AscendingOrder)
    assert [row[5] for row in rows(dialog)][:2] == ["90.0 kB", "1.0 MB"]
    dialog.table.sortByColumn(Column.WHEN, Qt.SortOrder.DescendingOrder)
    assert dialog.table.newest().kind in ("backup", "preserved")


def test_a_kind_can_be_chosen(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    store.create()
    store.create(made="before_upgrade", label="2.0")
    store.create_if_due()
    dialog = opened(store)
    offered = [dialog.kinds.itemText(at) for at in range(dialog.kinds.count())]
    assert offered == ["Todos los tipos", "A mano", "Antes de actualizar"]
    dialog.kinds.setCurrentIndex(2)
    assert [row[1] for row in rows(dialog)] == ["2.0"]
    hands.click(dialog.create_button)
    hands.close_box("Se creó")
    hands.wait(lambda: len(dialog.table.backups.entries()) == 3)
    assert [row[1] for row in rows(dialog)] == ["2.0"]  # the choice stays


def test_rows_are_counted_by_the_applications_names(database: Path, opened: Opened) -> None:
    names = {"clients": respaldo.TableWords(one="cliente", many="clientes")}
    scene_rows = 200
    with respaldo.Store(database, names=names) as store:
        store.create()
        dialog = opened(store)
        assert dialog.table.text(0, Column.HOLDS) == f"{scene_rows} clientes"
        with_words = dialog.details.toPlainText()
    assert "200 clientes" in with_words and "3 filas de photos" in with_words


def test_a_damaged_backup_says_so_in_more_than_a_colour(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    backup = store.create().backup
    os.truncate(backup.path, 30_000)
    dialog = opened(store)
    assert states(dialog) == ["Dañado"]
    assert not dialog.table.filter.index(0, Column.VERIFIED).data(Qt.ItemDataRole.DecorationRole).isNull()
    hands.wait(lambda: "Está dañado" in dialog.details.toPlainText())


def test_where_each_backup_lies(database: Path, folder: Path, opened: Opened, hands: Hands) -> None:
    usb = folder / "usb"
    usb.mkdir()
    with respaldo.Store(database, second_place={"folder": str(usb)}) as store:
        only_there, both = store.create().backup, store.create().backup
        hands.wait(lambda: len(store.list(second_place=True)) == 2)
        only_there.path.unlink()
        dialog = opened(store)
        assert not dialog.table.isColumnHidden(Column.PLACE)
        assert dialog.table.text(row_of(dialog, both.name), Column.PLACE) == "Aquí y 2.º"
        there = row_of(dialog, only_there.name)
        assert dialog.table.text(there, Column.PLACE) == "2.º"
        tip = dialog.table.filter.index(there, Column.PLACE).data(Qt.ItemDataRole.ToolTipRole)
        assert tip == "En el segundo lugar"
        dialog.table.selectRow(there)
        assert not dialog.more.annotate.isEnabled()
        scene.delete_clients(database)
        hands.restore(dialog)
        hands.close_box("Se restauró")
    assert scene.count_clients(database) == 200


def test_without_a_second_place_there_is_no_column_for_it(store: respaldo.Store, opened: Opened) -> None:
    store.create()
    assert opened(store).table.isColumnHidden(Column.PLACE)


def test_what_a_restore_would_lose_is_known_before_anyone_asks(
    store: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    store.create()
    scene.delete_clients(database)
    dialog = opened(store)
    hands.wait(lambda: "Recuperaría 200 filas de clients." in dialog.details.toPlainText())
    assert dialog.comparison() is not None
    assert "Si lo restaura" in dialog.details.toPlainText()
