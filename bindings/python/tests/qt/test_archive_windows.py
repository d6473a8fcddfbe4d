"""The archive in the windows: set up, its place in the list, sent to, restored from; and a library that lacks it."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
)

import respaldo
import scene
from hands import Hands, row_of, words
from respaldo.qt import BackupDialog, recovery_sheet
from respaldo.qt.archive_dialog import ArchiveDialog
from respaldo.qt.archive_place_page import PlacePage
from respaldo.qt.archive_trial import SUBFOLDER, ArchiveTrial, try_archive
from respaldo.qt.backup_model import Column
from respaldo.qt.job import running

Opened = Callable[..., BackupDialog]

WITH = pytest.mark.skipif(
    not respaldo.has_archive(), reason="a library without the archive; `make test-archive` has one"
)
WITHOUT = pytest.mark.skipif(respaldo.has_archive(), reason="a library with the archive")


def front(hands: Hands) -> ArchiveDialog:
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), ArchiveDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ArchiveDialog)
    return dialog


def set_up(dialog: BackupDialog, hands: Hands, folder: Path) -> ArchiveDialog:
    """Opens the wizard and tests a folder."""
    dialog.more.archive.trigger()
    wizard = front(hands)
    assert not wizard.place.test_button.isEnabled() and not wizard.next_button.isEnabled()
    wizard.place.folder.setText(str(folder))
    assert not wizard.next_button.isEnabled()  # not tested yet
    hands.click(wizard.place.test_button)
    hands.wait(lambda: not running())
    return wizard


def places(dialog: BackupDialog) -> list[str]:
    return [dialog.table.text(row, Column.PLACE) for row in range(dialog.table.rowCount())]


@pytest.fixture
def stick(folder: Path) -> Path:
    (folder / "usb").mkdir()
    return folder / "usb"


@pytest.fixture
def archiving(database: Path, stick: Path) -> Iterator[respaldo.Store]:
    """A store with an archive, to which one backup has gone."""
    options: respaldo.ArchiveOptions = {"repository": str(stick), "password": "correct horse"}
    with respaldo.Store(database, archive=options) as store:
        store.archive.init()
        store.create(label="antes de la mudanza")
        store.archive.push()
        yield store


@WITHOUT
class TestWithout:
    def test_it_is_said_how_to_get_it(self, store: respaldo.Store, opened: Opened, hands: Hands) -> None:
        dialog = opened(store, save_archive=lambda options: None)
        assert not dialog.more.push.isVisible()
        dialog.more.archive.trigger()
        assert "features archive" in hands.close_box("sin la parte")

    def test_it_is_not_offered_where_the_application_does_not_keep_it(
        self, store: respaldo.Store, opened: Opened
    ) -> None:
        dialog = opened(store)
        assert not dialog.more.archive.isVisible() and not dialog.more.push.isVisible()

    def test_one_that_was_set_up_elsewhere_is_a_notice_and_no_box(
        self, database: Path, stick: Path, opened: Opened
    ) -> None:
        with respaldo.Store(database, archive={"repository": str(stick), "password": "x"}) as store:
            store.create()
            dialog = opened(store)
            assert "No se pudo leer el archivo cifrado" in dialog.notices.text()
            assert QApplication.activeModalWidget() in (None, dialog)
            assert dialog.table.rowCount() == 1


@WITH
class TestSettingUp:
    def test_a_new_one_shows_its_password_once(
        self, store: respaldo.Store, stick: Path, opened: Opened, hands: Hands
    ) -> None:
        saved: list[Any] = []
        dialog = opened(store, save_archive=saved.append)
        wizard = set_up(dialog, hands, stick)
        assert "está en el mismo disco" in wizard.place.outcome.text()
        assert list(stick.iterdir()) == []  # the test leaves nothing behind
        hands.click(wizard.next_button)
        hands.wait(lambda: wizard.pages.currentWidget() is wizard.sheet)
        (options,) = saved
        assert options["repository"] == str(stick) and options["push"] == "after_create"
        assert store.archive.options == options
        sheet = wizard.sheet.sheet.toPlainText()
        assert options["password"] in sheet and str(stick) in sheet and "restic -r" in sheet
        assert not wizard.next_button.isEnabled()  # until the sheet is kept
        hands.click(wizard.sheet.kept)
        hands.click(wizard.next_button)
        hands.wait(lambda: QApplication.activeModalWidget() in (None, dialog))
        assert dialog.more.push.isVisible()

    def test_a_sheet_that_nobody_kept_is_asked_about(
        self, store: respaldo.Store, stick: Path, opened: Opened, hands: Hands
    ) -> None:
        dialog = opened(store, save_archive=lambda options: None)
        wizard = set_up(dialog, hands, stick)
        hands.click(wizard.next_button)
        hands.wait(lambda: wizard.pages.currentWidget() is wizard.sheet)
        hands.key(Qt.Key.Key_Escape)
        hands.answer(hands.box("Sin la contraseña"), "Volver a la hoja")
        hands.wait(lambda: QApplication.activeModalWidget() is wizard)
        hands.key(Qt.Key.Key_Escape)
        hands.answer(hands.box("Sin la contraseña"), "Cerrar de todos modos")
        hands.wait(lambda: QApplication.activeModalWidget() in (None, dialog))

    def test_the_sheet_is_saved_for_its_owner_alone(
        self, store: respaldo.Store, stick: Path, folder: Path, opened: Opened, hands: Hands
    ) -> None:
        dialog = opened(store, save_archive=lambda options: None)
        wizard = set_up(dialog, hands, stick)
        hands.click(wizard.next_button)
        hands.wait(lambda: wizard.pages.currentWidget() is wizard.sheet)
        hands.click(wizard.sheet.save_button)
        hands.wait(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
        field = QApplication.activeModalWidget().findChild(QLineEdit)
        field.setText(str(folder / "hoja.txt"))
        hands.qtbot.keyClick(field, Qt.Key.Key_Return)
        hands.wait((folder / "hoja.txt").exists)
        assert (folder / "hoja.txt").read_text() == wizard.sheet.sheet.toPlainText() + "\n"
        assert stat.S_IMODE((folder / "hoja.txt").stat().st_mode) == 0o600
        hands.click(wizard.sheet.kept)
        hands.click(wizard.next_button)

    def test_one_that_is_there_is_opened_with_its_password(
        self, archiving: respaldo.Store, database: Path, stick: Path, opened: Opened, hands: Hands
    ) -> None:
        shutil.rmtree(database.parent / "backups")  # another computer
        saved: list[Any] = []
        with respaldo.Store(database) as store:
            dialog = opened(store, save_archive=saved.append)
            wizard = set_up(dialog, hands, stick)
            assert "Ya hay un archivo" in wizard.place.outcome.text()
            hands.click(wizard.next_button)
            hands.qtbot.keyClicks(wizard.password.password, "otra")
            hands.key(Qt.Key.Key_Return)
            hands.close_box("contraseña")
            assert saved == [] and store.archive.options is None
            hands.qtbot.keyClicks(wizard.password.password, "correct horse")
            hands.key(Qt.Key.Key_Return)
            hands.close_box("Ahora se usa el archivo")
            hands.wait(lambda: dialog.table.rowCount() == 1)
            assert places(dialog) == ["Archivo"] and saved[0]["password"] == "correct horse"

    def test_it_is_given_up(self, archiving: respaldo.Store, opened: Opened, hands: Hands) -> None:
        saved: list[Any] = []
        dialog = opened(archiving, save_archive=saved.append)
        assert places(dialog) == ["Aquí y archivo"]
        dialog.more.archive.trigger()
        hands.click(front(hands).remove_button)
        hands.close_box("Ya no se envía")
        assert saved == [None] and archiving.archive.options is None
        hands.wait(lambda: dialog.table.isColumnHidden(Column.PLACE))
        assert not dialog.more.push.isVisible()

    def test_a_stick_with_other_things_gets_a_folder_for_it(self, store: respaldo.Store, stick: Path) -> None:
        (stick / "fotos.zip").write_bytes(b"x")
        tried = try_archive(store, {"repository": str(stick)})
        assert (tried.outcome, tried.options["repository"]) == ("empty", str(stick / SUBFOLDER))

    def test_no_folder_and_no_server(self, store: respaldo.Store, folder: Path, opened: Opened, hands: Hands) -> None:
        dialog = opened(store, save_archive=lambda options: None)
        wizard = set_up(dialog, hands, folder / "no está")
        assert "No existe la carpeta" in wizard.place.outcome.text() and not wizard.next_button.isEnabled()
        wizard.place.kind.setCurrentIndex(wizard.place.kind.findData("webdav"))
        assert not wizard.place.test_button.isEnabled()
        for key, text in (("endpoint", "http://127.0.0.1:9"), ("username", "ana"), ("password", "x")):
            wizard.place.fields["webdav"][key].setText(text)
        hands.click(wizard.place.test_button)
        hands.wait(lambda: "No funciona" in wizard.place.outcome.text())
        assert not wizard.next_button.isEnabled()
        wizard.reject()


@WITH
class TestUsing:
    def test_a_backup_is_sent_there(self, archiving: respaldo.Store, opened: Opened, hands: Hands) -> None:
        second = archiving.create().backup
        dialog = opened(archiving)
        row = row_of(dialog, second.name)
        assert dialog.table.text(row, Column.PLACE) == "Aquí"
        dialog.table.selectRow(row)
        dialog.more.push.trigger()
        hands.close_box("está en el archivo cifrado")
        hands.wait(lambda: places(dialog) == ["Aquí y archivo"] * 2)
        assert len(archiving.archive.list()) == 2

    def test_what_only_the_archive_has_is_restored(
        self, archiving: respaldo.Store, database: Path, opened: Opened, hands: Hands
    ) -> None:
        scene.delete_clients(database)
        shutil.rmtree(database.parent / "backups")
        dialog = opened(archiving)
        assert places(dialog) == ["Archivo"]
        assert dialog.table.text(0, Column.LABEL) == "antes de la mudanza"
        assert dialog.table.text(0, Column.VERIFIED) == "En el archivo"
        assert "200" in dialog.table.text(0, Column.HOLDS)
        for button in (dialog.verify_button, dialog.bring_back_button):
            assert not button.isEnabled()
        for action in (dialog.more.rehearse, dialog.more.push, dialog.more.pin, dialog.more.annotate):
            assert not action.isEnabled()
        hands.click(dialog.restore_button)
        box = hands.box("¿Está seguro")
        assert "se descargará primero" in words(box)
        hands.answer(box, "Restaurar")
        hands.close_box("Se restauró")
        assert scene.count_clients(database) == 200

    def test_a_copy_of_it_is_saved(
        self, archiving: respaldo.Store, database: Path, folder: Path, opened: Opened, hands: Hands
    ) -> None:
        shutil.rmtree(database.parent / "backups")
        dialog = opened(archiving)
        hands.click(dialog.save_copy_button)
        hands.wait(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
        field = QApplication.activeModalWidget().findChild(QLineEdit)
        field.setText(str(folder / "copia.db"))
        hands.qtbot.keyClick(field, Qt.Key.Key_Return)
        hands.close_box("La copia se guardó")
        assert scene.count_clients(folder / "copia.db") == 200

    def test_one_that_is_not_there_is_a_notice_and_no_box(
        self, archiving: respaldo.Store, stick: Path, opened: Opened
    ) -> None:
        stick.rename(stick.with_name("en casa"))
        dialog = opened(archiving)
        assert "No se pudo leer el archivo cifrado" in dialog.notices.text()
        assert QApplication.activeModalWidget() in (None, dialog)
        assert dialog.table.rowCount() == 1


class TestWizard:
    """What needs no archive."""

    @pytest.mark.parametrize("language", ["es", "en"])
    def test_every_part_of_a_page_has_a_letter_of_its_own(
        self, store: respaldo.Store, opened: Opened, hands: Hands, language: str
    ) -> None:
        dialog = opened(store, language=language)
        wizard = hands.show(ArchiveDialog(store, dialog._texts, lambda options: None, dialog))
        wizard.place.trial = ArchiveTrial("exists", {"repository": "/"})
        for page in (wizard.place, wizard.password, wizard.sheet):
            for kind in range(wizard.place.kind.count() if page is wizard.place else 1):
                wizard.place.kind.setCurrentIndex(kind)
                wizard._turn_to(page, page)
                parts = [*wizard.findChildren(QAbstractButton), *wizard.findChildren(QLabel)]
                texts = [part.text() for part in parts if part.isVisible() and "&" in part.text()]
                letters = [text.partition("&")[2][:1].lower() for text in texts]
                assert len(texts) >= 4 and len(set(letters)) == len(letters), texts
        wizard.accept()

    def test_a_screen_reader_has_words_for_every_field(
        self, store: respaldo.Store, opened: Opened, hands: Hands
    ) -> None:
        dialog = opened(store)
        wizard = hands.show(ArchiveDialog(store, dialog._texts, lambda options: None, dialog))
        fields = [
            *wizard.findChildren(QLineEdit),
            *wizard.findChildren(QComboBox),
            *wizard.findChildren(QPlainTextEdit),
        ]
        assert len(fields) == 14 and all(field.accessibleName() for field in fields)
        wizard.accept()

    def test_a_server_is_told_as_the_library_takes_it(
        self, store: respaldo.Store, opened: Opened, hands: Hands
    ) -> None:
        dialog = opened(store)
        wizard = hands.show(ArchiveDialog(store, dialog._texts, lambda options: None, dialog))
        wizard.place.kind.setCurrentIndex(wizard.place.kind.findData("s3"))
        given = {"endpoint": "https://s3.example.org", "bucket": "b", "access_key_id": "k", "secret_access_key": "s"}
        for key, text in given.items():
            assert not wizard.place.is_complete()
            wizard.place.fields["s3"][key].setText(text)
        assert wizard.place.is_complete()
        assert wizard.place.options() == {"repository": "opendal:s3", "options": given}
        again = hands.show(PlacePage(dialog._texts, wizard.place.options(), dialog))
        assert again.options() == wizard.place.options()
        wizard.accept()


class TestSheet:
    def test_passwords_are_long_and_never_the_same(self) -> None:
        made = {recovery_sheet.new_password() for _ in range(20)}
        assert len(made) == 20 and all(len(password) == 29 for password in made)

    @pytest.mark.skipif(not recovery_sheet.can_print(), reason="Qt without what prints")
    def test_it_is_printed(self, qapp: QApplication, folder: Path) -> None:
        from qtpy.QtPrintSupport import QPrinter

        printer = QPrinter()
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(folder / "hoja.pdf"))
        recovery_sheet.print_on("Contraseña: abc", printer)
        assert (folder / "hoja.pdf").read_bytes().startswith(b"%PDF")

    def test_it_says_how_restic_reaches_the_place(self) -> None:
        from respaldo.qt.texts import texts_in

        words = texts_in("es").archive
        s3: respaldo.ArchiveOptions = {
            "repository": "opendal:s3",
            "options": {"endpoint": "https://s3.example.org", "bucket": "studio", "root": "/archivo"},
        }
        assert "restic -r s3:https://s3.example.org/studio/archivo " in recovery_sheet.sheet(words, s3, "x", "a.db", "")
        dav: respaldo.ArchiveOptions = {"repository": "opendal:webdav", "options": {"endpoint": "https://nube.example"}}
        told = recovery_sheet.sheet(words, dav, "x", "a.db", "")
        assert "https://nube.example" in told and "restic -r CARPETA" in told
