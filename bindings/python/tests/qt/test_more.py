"""What is done less often: labels, pins, rehearsal, retention, files from elsewhere, the second place, repair."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLabel, QLineEdit, QWidget

import respaldo
import scene
from hands import Hands, rows, states
from respaldo.qt import BackupDialog
from respaldo.qt.label_dialog import LabelDialog
from respaldo.qt.place_trial import try_place
from respaldo.qt.repair_dialog import RepairDialog
from respaldo.qt.retention_dialog import RetentionDialog
from respaldo.qt.second_place_dialog import SecondPlaceDialog

Opened = Callable[..., BackupDialog]
_Window = TypeVar("_Window", bound=QWidget)


def front(hands: Hands, kind: type[_Window]) -> _Window:
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), kind))
    window = QApplication.activeModalWidget()
    assert isinstance(window, kind)
    return window


def accept(hands: Hands, dialog: LabelDialog) -> None:
    buttons = dialog.findChild(QDialogButtonBox)
    (yes,) = [b for b in buttons.buttons() if buttons.buttonRole(b) == QDialogButtonBox.ButtonRole.AcceptRole]
    hands.click(yes)


class TestLabels:
    def test_a_backup_is_made_with_a_label(self, store: respaldo.Store, opened: Opened, hands: Hands) -> None:
        dialog = opened(store)
        dialog.more.create_labelled.trigger()
        asked = front(hands, LabelDialog)
        hands.qtbot.keyClicks(asked.label, "antes de la 2.0")
        hands.qtbot.keyClicks(asked.note, "por si acaso")
        asked.pinned.setChecked(True)
        accept(hands, asked)
        hands.close_box("Se creó")
        (backup,) = store.list()
        assert (backup.label, backup.note, backup.pinned) == ("antes de la 2.0", "por si acaso", True)
        hands.wait(lambda: "por si acaso" in dialog.details.toPlainText())

    def test_label_note_and_pin_are_changed(self, store: respaldo.Store, opened: Opened, hands: Hands) -> None:
        store.create(label="viejo")
        dialog = opened(store)
        dialog.more.annotate.trigger()
        asked = front(hands, LabelDialog)
        assert asked.label.text() == asked.label.selectedText() == "viejo"
        hands.qtbot.keyClicks(asked.label, "nuevo")
        hands.qtbot.keyClick(asked.label, Qt.Key.Key_Return)
        hands.wait(lambda: [row[1] for row in rows(dialog)] == ["nuevo"])
        assert store.list()[0].label == "nuevo"
        assert not dialog.more.pin.isChecked()
        dialog.more.pin.trigger()
        hands.wait(lambda: store.list()[0].pinned is True)
        hands.wait(dialog.more.pin.isChecked)
        assert store.list()[0].label == "nuevo"  # what is left out stays

    def test_a_safety_copy_has_no_label(self, store: respaldo.Store, opened: Opened, hands: Hands) -> None:
        store.restore(store.create().backup)
        dialog = opened(store)
        hands.click(dialog.safety)
        hands.wait(lambda: len(rows(dialog)) == 2)
        dialog.table.selectRow([row[4] for row in rows(dialog)].index("Previo a restaurar"))
        assert not dialog.more.annotate.isEnabled() and not dialog.more.pin.isEnabled()


def test_a_rehearsal_is_told_and_remembered(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    store.create()
    dialog = opened(store)
    dialog.more.rehearse.trigger()
    hands.close_box("El ensayo salió bien")
    hands.wait(lambda: "Ensayado hoy" in dialog.details.toPlainText())


def test_a_rehearsal_of_damage_marks_it(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    scene.damage(store.create().backup.path)
    dialog = opened(store)
    dialog.more.rehearse.trigger()
    hands.close_box("está dañado")
    assert states(dialog) == ["Dañado"]


def test_what_stays_and_why(database: Path, opened: Opened, hands: Hands) -> None:
    with respaldo.Store(database, max_backups=1) as store:
        newest = store.create(pinned=True).backup
        for day in (1, 2):
            shutil.copy(newest, newest.path.with_name(f"backup_2026010{day}_090000.db"))
        dialog = opened(store)
        dialog.more.retention.trigger()
        shown = front(hands, RetentionDialog)
        items = [shown.list.topLevelItem(at) for at in range(shown.list.topLevelItemCount())]
        assert [item.text(1) for item in items].count("Se borrará") == len(store.prune(dry_run=True).removed) > 0
        assert all(item.text(2) for item in items)
        assert "está fijado" in [item.text(2) for item in items]
        assert len(store.list()) == 3  # nothing was deleted
        shown.reject()


@pytest.mark.parametrize(
    ("kept", "removed", "told"), [(1, 2, "Se conserva 1. Se borrarán 2."), (2, 1, "Se conservan 2. Se borrará 1.")]
)
def test_one_backup_is_told_as_one(
    database: Path, opened: Opened, hands: Hands, kept: int, removed: int, told: str
) -> None:
    with respaldo.Store(database, max_backups=kept) as store:
        newest = store.create().backup
        for day in (1, 2):
            shutil.copy(newest, newest.path.with_name(f"backup_2026010{day}_090000.db"))
        dialog = opened(store)
        dialog.more.retention.trigger()
        shown = front(hands, RetentionDialog)
        assert any(told in label.text() for label in shown.findChildren(QLabel))
        shown.reject()


def test_a_backup_on_another_disk_is_restored(
    store: respaldo.Store, database: Path, folder: Path, opened: Opened, hands: Hands
) -> None:
    away = folder / "memoria.db"
    store.create().backup.path.rename(away)
    scene.delete_clients(database)
    dialog = opened(store)
    assert dialog.table.rowCount() == 0
    dialog.more.from_file.trigger()
    chooser = front(hands, QFileDialog)
    field = chooser.findChild(QLineEdit)
    field.setText(str(away))
    hands.qtbot.keyClick(field, Qt.Key.Key_Return)
    box = hands.box("¿Está seguro")
    hands.wait(lambda: "Recuperaría 200 filas" in box.informativeText())
    assert "memoria.db" in box.informativeText()
    hands.answer(box, "Restaurar")
    hands.close_box("Se restauró")
    assert scene.count_clients(database) == 200


class TestSecondPlace:
    def open(self, store: respaldo.Store, opened: Opened, hands: Hands, saved: list[Any]) -> SecondPlaceDialog:
        dialog = opened(store, save_second_place=saved.append)
        dialog.more.second_place.trigger()
        return front(hands, SecondPlaceDialog)

    def test_it_is_tested_and_used(self, store: respaldo.Store, folder: Path, opened: Opened, hands: Hands) -> None:
        (folder / "usb").mkdir()
        saved: list[Any] = []
        dialog = self.open(store, opened, hands, saved)
        assert not dialog.test_button.isEnabled() and not dialog.use_button.isEnabled()
        dialog.folder.setText(str(folder / "usb"))
        assert not dialog.use_button.isEnabled()  # not tested yet
        dialog.keep.setValue(7)
        hands.click(dialog.test_button)
        hands.wait(dialog.use_button.isEnabled)
        assert "está en el mismo disco" in dialog.outcome.text()
        assert list((folder / "usb").iterdir()) == []  # the test leaves nothing behind
        hands.click(dialog.use_button)
        hands.close_box("Desde el próximo respaldo")
        assert saved == [{"folder": str(folder / "usb"), "last": 7}] == [store.second_place]
        assert store.create().warnings == ()
        hands.wait(lambda: len(store.list(second_place=True)) == 1)

    def test_it_is_given_up(self, database: Path, folder: Path, opened: Opened, hands: Hands) -> None:
        (folder / "usb").mkdir()
        saved: list[Any] = []
        with respaldo.Store(database, second_place={"folder": str(folder / "usb")}) as store:
            dialog = self.open(store, opened, hands, saved)
            assert dialog.folder.text() == str(folder / "usb")
            hands.click(dialog.remove_button)
            hands.close_box("Ya no se copiará")
            assert saved == [None] and store.second_place is None
            store.create()
            assert len(store.list(second_place=True)) == 0

    def test_a_missing_folder_is_refused(
        self, store: respaldo.Store, folder: Path, opened: Opened, hands: Hands
    ) -> None:
        dialog = self.open(store, opened, hands, [])
        dialog.folder.setText(str(folder / "no está"))
        hands.click(dialog.test_button)
        hands.wait(lambda: "No existe la carpeta" in dialog.outcome.text())
        assert not dialog.use_button.isEnabled()

    def test_only_where_the_application_keeps_it(self, store: respaldo.Store, opened: Opened) -> None:
        assert not opened(store).more.second_place.isVisible()

    def test_trying_a_place(self, folder: Path) -> None:
        backups = folder / "backups"
        assert try_place(folder, backups).outcome == "same_disk"
        backups.mkdir()
        assert try_place(backups, backups).outcome == "same_folder"
        assert try_place(Path("/proc"), backups).outcome == "unwritable"
        assert try_place(Path("/dev/shm"), backups).outcome == "good"


class TestRepair:
    def test_a_damaged_database_is_saved_and_restored(
        self, store: respaldo.Store, database: Path, opened: Opened, hands: Hands
    ) -> None:
        store.create()
        with database.open("r+b") as file:  # the index of the names
            scene.spoil_index(database)
            file.flush()
        before = database.read_bytes()
        dialog = opened(store)
        dialog.more.repair.trigger()
        repair = front(hands, RepairDialog)
        assert not repair.salvage_button.isEnabled()
        hands.click(repair.see_button)
        hands.wait(repair.salvage_button.isEnabled)
        table = repair.tables
        found = {
            table.topLevelItem(at).text(0): table.topLevelItem(at).text(1) for at in range(table.topLevelItemCount())
        }
        assert found["clients"] == "200"
        assert not [backup for backup in store.list() if backup.kind == "recovered"]
        hands.click(repair.salvage_button)
        hands.close_box("Está en la lista: restáurelo")
        hands.wait(lambda: QApplication.activeModalWidget() is None)
        assert database.read_bytes() == before
        hands.wait(lambda: dialog.table.selected() is not None and dialog.table.selected().kind == "recovered")
        hands.restore(dialog)
        hands.close_box("Se restauró")
        assert scene.count_clients(database) == 200
        store.create()  # it is whole again

    def test_a_damaged_backup_is_offered_first(self, store: respaldo.Store, opened: Opened, hands: Hands) -> None:
        backup = store.create().backup
        backup.path.write_bytes(backup.path.read_bytes()[:-5000])
        dialog = opened(store)
        dialog.more.repair.trigger()
        repair = front(hands, RepairDialog)
        assert repair.source.currentIndex() == 1 and backup.display in repair.source.currentText()
        repair.reject()


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_action_of_the_menu_has_a_letter_of_its_own(store: respaldo.Store, opened: Opened, language: str) -> None:
    actions = [a.text() for a in opened(store, language=language).more.actions() if not a.isSeparator()]
    letters = [text.partition("&")[2][:1].lower() for text in actions]
    assert "" not in letters and len(set(letters)) == len(letters), actions
