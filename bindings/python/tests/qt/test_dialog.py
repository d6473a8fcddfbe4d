"""The dialog of backups, with the mouse, on real databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from qtpy import PYSIDE6
from qtpy.QtCore import QObject, Qt, QUrl, Slot
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox

import respaldo
import scene
from hands import Hands, row_of, rows, states, words
from respaldo.qt import BackupDialog
from respaldo.qt.job import running

Opened = Callable[..., BackupDialog]


def test_every_backup_is_listed_with_its_state(store: respaldo.Store, folder: Path, opened: Opened) -> None:
    newest = store.create().backup
    shutil.copy(newest.path, folder / "backups" / "backup_20200304_142305.db")
    kept = shutil.copy(newest.path, folder / "backups" / "antes de la mudanza.db")
    os.utime(kept, (1_500_000_000, 1_500_000_000))
    with (folder / "backups" / "backup_20200301_090000.db").open("wb") as half:
        half.write(newest.path.read_bytes()[:100_000])
    dialog = opened(store)
    holds = "200 filas de clients"
    assert rows(dialog) == [
        [f"hoy {newest.created_at:%H:%M}", "", holds, "hoy", "A mano", "3.2 MB"],
        ["4 de marzo de 2020", "", "", "Todavía no", "Respaldo", "3.2 MB"],
        ["1 de marzo de 2020", "", "", "Dañado", "Respaldo", "100.0 kB"],
        ["13 de julio de 2017", "antes de la mudanza.db", "", "Todavía no", "Conservado", "3.2 MB"],
    ]
    assert dialog.table.selected() == newest
    assert not dialog.notices.isVisible()


def test_an_empty_folder_offers_only_a_backup(store: respaldo.Store, opened: Opened) -> None:
    dialog = opened(store)
    assert dialog.empty.isVisible() and not dialog.table.isVisible()
    assert dialog.empty.text().startswith("Todavía no hay respaldos.\nCree el primero con «Crear respaldo».")
    assert "no hay" in dialog.health.headline.text().lower()
    assert dialog.create_button.isEnabled()
    assert dialog.open_folder_button.isEnabled()
    for button in ("verify", "restore", "save_copy", "bring_back"):
        assert not getattr(dialog, f"{button}_button").isEnabled()


def test_an_unreadable_folder_is_told(store: respaldo.Store, folder: Path, opened: Opened) -> None:
    (folder / "backups").write_text("not a folder")
    dialog = opened(store)
    assert str(folder / "backups") in dialog.notices.text()
    assert "Elija otra carpeta" in dialog.notices.text()


def test_an_old_last_backup_is_told(store: respaldo.Store, folder: Path, opened: Opened) -> None:
    path = store.create().backup.path
    path.rename(folder / "backups" / "backup_20200101_090000.db")
    (folder / "settings.json").unlink()
    dialog = opened(store)
    assert "más de dos días" in dialog.notices.text()
    assert "Cree un respaldo ahora." in dialog.notices.text()


def test_create_shows_and_selects_the_backup(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    dialog = opened(store)
    with hands.qtbot.waitSignal(dialog.backups_changed):
        hands.click(dialog.create_button)
        said = hands.box("Se creó el respaldo del ")
    (backup,) = store.list()
    assert backup.display in words(said)
    hands.close_box("Se creó")
    hands.wait(lambda: dialog.table.selected() == backup)
    assert dialog.restore_button.isEnabled()
    assert not dialog.progress.isVisible()


def test_a_second_backup_is_selected(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    first = store.create().backup
    dialog = opened(store)
    assert dialog.table.selected() == first
    hands.click(dialog.create_button)
    hands.close_box("Se creó")
    hands.wait(lambda: len(rows(dialog)) == 2)
    assert dialog.table.selected() == store.list()[0] != first


def test_warnings_are_shown(store: respaldo.Store, folder: Path, opened: Opened, hands: Hands) -> None:
    (folder / "settings.json").write_text("[]")
    dialog = opened(store)
    hands.click(dialog.create_button)
    box = hands.box("Se creó")
    assert box.icon() == QMessageBox.Icon.Warning
    assert "No se anotó la fecha del respaldo" in box.informativeText()
    assert "Revise ese archivo de configuración." in box.informativeText()
    hands.close_box("Se creó")


def test_errors_have_their_hint(store: respaldo.Store, database: Path, opened: Opened, hands: Hands) -> None:
    dialog = opened(store)
    database.unlink()
    hands.click(dialog.create_button)
    box = hands.box("No se encontró la base de datos")
    assert box.icon() == QMessageBox.Icon.Critical
    assert str(database) in box.text()
    assert box.informativeText().endswith("Si se perdió, restaure un respaldo.")
    hands.close_box("")
    assert dialog.create_button.isEnabled()


def test_an_unexpected_error_is_told(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    dialog = opened(store)
    store.close()
    hands.click(dialog.create_button)
    hands.close_box("Ocurrió un error inesperado: the store is closed")


def test_verify_marks_the_backup_as_verified(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    copied = store.create().backup
    shutil.copy(copied.path, copied.path.with_name("de otra computadora.db"))
    copied.path.unlink()
    dialog = opened(store)
    assert states(dialog)[0] == "Todavía no"
    hands.click(dialog.verify_button)
    hands.close_box("está íntegro: se leyó y se comprobó completo")
    (backup,) = store.list()
    assert backup.verified_at is not None
    hands.wait(lambda: not running())
    assert states(dialog) == ["hoy"]


def test_verify_marks_a_safety_copy_for_as_long_as_the_dialog_is_there(
    store: respaldo.Store, opened: Opened, hands: Hands
) -> None:
    store.restore(store.create().backup)
    dialog = opened(store)
    hands.click(dialog.safety)
    hands.wait(lambda: dialog.table.rowCount() == 2)
    place = [row[4] for row in rows(dialog)].index("Previo a restaurar")
    assert states(dialog)[place] == "Todavía no"
    dialog.table.selectRow(place)
    hands.click(dialog.verify_button)
    hands.close_box("está íntegro")
    assert states(dialog)[place] == "hoy"


def test_verify_finds_what_the_list_cannot_see(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    backup = store.create().backup
    scene.damage(backup.path)
    dialog = opened(store)
    assert states(dialog)[0] == "Todavía no"  # it was changed after its verification
    hands.click(dialog.verify_button)
    said = hands.close_box("está dañado")
    assert str(backup.path) in said and "Use otro respaldo de la lista." in said
    assert states(dialog)[0] == "Dañado"
    hands.wait(lambda: not running())
    assert states(dialog)[0] == "Dañado"  # the list was read again meanwhile


def test_an_index_that_can_be_repaired_is_not_called_damage(
    store: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    preserved = store.create().backup.path.with_name("mio.db")
    scene.spoil_index(database)
    shutil.copy(database, preserved)
    dialog = opened(store)
    place = row_of(dialog, "mio.db")
    dialog.table.selectRow(place)
    hands.click(dialog.verify_button)
    box = hands.box("no coincide con su tabla")
    assert box.icon() == QMessageBox.Icon.Warning
    said = hands.close_box("no coincide con su tabla")
    assert "No se perdió ningún registro." in said and "REINDEX" in said and "dañado" not in said
    hands.wait(lambda: not running())
    assert states(dialog)[place] == "Reparable"


def test_a_repairable_one_is_told_so_after_a_restart(store: respaldo.Store, database: Path, opened: Opened) -> None:
    store.backup_dir.mkdir()
    backup = store.backup_dir / "backup_20260102_090000.db"  # an older program made it
    shutil.copy(database, backup)
    scene.spoil_index(backup)
    with pytest.raises(respaldo.BackupCorruptError):
        store.verify(backup)
    with respaldo.Store(database) as another:
        assert states(opened(another)) == ["Reparable"]


class TestRestore:
    QUESTION = (
        "¿Está seguro que desea restaurar este respaldo?\n"
        "{date}\n\n"
        "Advertencia: Esto sobrescribirá la base de datos actual.\n"
        "Se creará una copia de seguridad de la BD actual antes de continuar.\n\n"
        "Recuperaría 200 filas de clients."
    )

    @pytest.fixture
    def lost(self, store: respaldo.Store, database: Path) -> respaldo.Backup:
        """A backup of what has been lost since."""
        backup = store.create().backup
        scene.delete_clients(database)
        return backup

    def hooks(self, called: list[str]) -> dict[str, Callable[[], None]]:
        return {
            "quiesce": lambda: called.append("quiesce"),
            "reload": lambda: called.append("reload"),
        }

    def test_a_yes_restores(
        self, store: respaldo.Store, database: Path, lost: respaldo.Backup, opened: Opened, hands: Hands
    ) -> None:
        called: list[str] = []
        dialog = opened(store, reason="admin1", **self.hooks(called))
        dialog.database_restored.connect(lambda: called.append("restored"))
        hands.click(dialog.restore_button)
        box = hands.box()
        hands.wait(lambda: words(box) == self.QUESTION.format(date=lost.display))
        assert called == []
        hands.answer(box, "Restaurar")
        said = hands.close_box(f"Se restauró el respaldo del {lost.display}.")
        assert called == ["quiesce", "reload", "restored"]
        assert scene.count_clients(database) == 200
        (safety,) = database.parent.glob("*.before_restore_*")
        assert str(safety) in said
        assert "admin1" in (database.parent / "backups" / "restores.jsonl").read_text("utf-8")

    @pytest.mark.parametrize("how", ["enter", "escape", "no", "cross"])
    def test_no_is_the_easy_answer(
        self,
        store: respaldo.Store,
        database: Path,
        lost: respaldo.Backup,
        opened: Opened,
        hands: Hands,
        how: str,
    ) -> None:
        called: list[str] = []
        dialog = opened(store, **self.hooks(called))
        hands.click(dialog.restore_button)
        box = hands.box("¿Está seguro")
        if how == "enter":
            hands.qtbot.keyClick(box, Qt.Key.Key_Return)
        elif how == "escape":
            hands.qtbot.keyClick(box, Qt.Key.Key_Escape)
        elif how == "cross":
            box.close()
        else:
            hands.answer(box, "No restaurar")
        hands.wait(lambda: QApplication.activeModalWidget() is None)
        assert called == [] and not running()
        assert scene.count_clients(database) == 0
        assert dialog.isVisible()

    def test_a_damaged_backup_is_refused_and_marked(
        self, store: respaldo.Store, database: Path, lost: respaldo.Backup, opened: Opened, hands: Hands
    ) -> None:
        scene.damage(lost.path)
        dialog = opened(store)
        assert states(dialog)[0] == "Todavía no"
        hands.restore(dialog)
        hands.close_box("está dañado")
        assert states(dialog)[0] == "Dañado"
        assert scene.count_clients(database) == 0

    def test_a_failed_restore_is_followed_by_reload_too(
        self, store: respaldo.Store, database: Path, lost: respaldo.Backup, opened: Opened, hands: Hands
    ) -> None:
        called: list[str] = []
        with respaldo.Store(database, busy_timeout_ms=200) as impatient:
            dialog = opened(impatient, **self.hooks(called))
            with scene.held_by_another_process(database):
                hands.restore(dialog)
                said = hands.close_box("Otro programa está usando la base de datos")
            assert "repita la operación" in said
            assert called == ["quiesce", "reload"]
            hands.wait(lambda: not running())
        assert scene.count_clients(database) == 0

    def test_nothing_is_restored_if_the_application_cannot_let_go(
        self, store: respaldo.Store, database: Path, lost: respaldo.Backup, opened: Opened, hands: Hands
    ) -> None:
        called: list[str] = []

        def quiesce() -> None:
            raise RuntimeError("una sesión no se cierra")

        dialog = opened(store, quiesce=quiesce, reload=lambda: called.append("reload"))
        hands.restore(dialog)
        said = hands.close_box("no se restauró nada")
        assert "una sesión no se cierra" in said
        assert called == ["reload"]  # half of it may be closed
        assert scene.count_clients(database) == 0

    def test_a_reload_that_fails_is_told(
        self, store: respaldo.Store, database: Path, lost: respaldo.Backup, opened: Opened, hands: Hands
    ) -> None:
        def reload() -> None:
            raise RuntimeError("la tabla no se deja leer")

        dialog = opened(store, reload=reload)
        hands.restore(dialog)
        said = hands.close_box("no pudo volver a leer")
        assert "la tabla no se deja leer" in said
        hands.close_box("Se restauró")
        assert scene.count_clients(database) == 200

    def test_the_safety_copy_can_be_listed_and_restored(
        self, store: respaldo.Store, database: Path, lost: respaldo.Backup, opened: Opened, hands: Hands
    ) -> None:
        store.restore(lost)
        dialog = opened(store)
        assert [row[4] for row in rows(dialog)] == ["A mano"]
        hands.click(dialog.safety)
        hands.wait(lambda: len(rows(dialog)) == 2)
        (at,) = [i for i, row in enumerate(rows(dialog)) if row[4] == "Previo a restaurar"]
        cell = dialog.table.visualRect(dialog.table.filter.index(at, 0)).center()
        hands.qtbot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
        hands.restore(dialog)
        hands.close_box("Se restauró")
        assert scene.count_clients(database) == 0


class TestSaveCopy:
    def save_as(self, dialog: BackupDialog, hands: Hands, target: Path) -> None:
        hands.click(dialog.save_copy_button)
        hands.wait(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
        chooser = QApplication.activeModalWidget()
        field = chooser.findChild(QLineEdit)
        assert field.text() == dialog.table.selected().name
        field.setText(str(target))  # QTest can type ASCII only
        hands.qtbot.keyClick(field, Qt.Key.Key_Return)

    def test_the_copy_is_verified(self, store: respaldo.Store, folder: Path, opened: Opened, hands: Hands) -> None:
        backup = store.create().backup
        dialog = opened(store)
        self.save_as(dialog, hands, folder / "en la memoria")
        said = hands.close_box("La copia se guardó y se comprobó")
        assert str(folder / "en la memoria.db") in said
        assert scene.count_clients(folder / "en la memoria.db") == 200
        assert backup.path.exists()

    def test_an_existing_file_is_kept(self, store: respaldo.Store, folder: Path, opened: Opened, hands: Hands) -> None:
        store.create()
        (folder / "carta.db").write_text("querida María")
        dialog = opened(store)
        self.save_as(dialog, hands, folder / "carta.db")
        said = hands.close_box("Ya existe el archivo")
        assert "Elija otro nombre" in said
        assert (folder / "carta.db").read_text() == "querida María"


class Files(QObject):
    """Stands in the place of the desktop's file manager."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url)


def test_open_folder_shows_the_backups_folder(
    store: respaldo.Store, folder: Path, opened: Opened, hands: Hands
) -> None:
    store.create()
    dialog = opened(store)
    files = Files()
    if PYSIDE6:
        QDesktopServices.setUrlHandler("file", files, "open")
    else:
        QDesktopServices.setUrlHandler("file", files.open)
    try:
        hands.click(dialog.open_folder_button)
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert [Path(url.toLocalFile()) for url in files.opened] == [folder / "backups"]


def test_a_missing_file_manager_is_told(
    store: respaldo.Store, folder: Path, opened: Opened, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # where Qt looks for one
    store.create()
    dialog = opened(store)
    hands.click(dialog.open_folder_button)
    assert str(folder / "backups") in hands.close_box("No se pudo abrir la carpeta.")


def test_its_texts_can_be_english(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    dialog = opened(store, language="en")
    assert dialog.windowTitle() == "Backups"
    assert dialog.create_button.text() == "&Create backup"
    hands.click(dialog.create_button)
    hands.close_box("was created.")


def test_another_language_is_refused(store: respaldo.Store) -> None:
    with pytest.raises(ValueError, match="'es' or 'en', not 'fr'"):
        BackupDialog(store, language="fr")  # type: ignore[arg-type]
