"""Files and folders that a person chooses, and windows that are opened without waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from qtpy.QtCore import QStandardPaths, Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from ..models import Backup
from . import boxes
from .texts import Texts


def open_and_delete(dialog: QDialog, accepted: Callable[[], object] | None = None) -> None:
    """Opens a dialog over its parent, which goes when it is closed; ``accepted`` is called on a yes."""

    def finished(result: int) -> None:
        if result and accepted is not None:
            accepted()
        dialog.deleteLater()

    dialog.finished.connect(finished)
    dialog.open()


def ask_which(parent: QWidget, texts: Texts, chosen: Callable[[str], None]) -> None:
    """Asks for a backup anywhere, such as on an external drive."""
    chooser = _chooser(parent, texts, texts.open_file_title)
    chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
    chooser.fileSelected.connect(chosen)
    chooser.open()


def ask_where(parent: QWidget, texts: Texts, name: str, chosen: Callable[[str], None]) -> None:
    """Asks where a copy is to be saved."""
    chooser = _chooser(parent, texts, texts.save_copy_title)
    chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    chooser.setDefaultSuffix("db")
    # No confirmation to overwrite: the library refuses a file that is already there.
    chooser.setOption(QFileDialog.Option.DontConfirmOverwrite, True)
    chooser.selectFile(name)
    chooser.fileSelected.connect(chosen)
    chooser.open()


def ask_where_to_write(parent: QWidget, title: str, kinds: str, name: str, chosen: Callable[[str], None]) -> None:
    """Asks where something of this name is to be written."""
    chooser = QFileDialog(parent, title, _documents(), kinds)
    chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    chooser.selectFile(name)
    chooser.fileSelected.connect(chosen)
    chooser.open()


def open_folder(parent: QWidget, texts: Texts, folder: Path) -> None:
    """Shows a folder in the desktop's file manager; where it does not exist yet, the one in which it will."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        text = texts.folder_not_opened.format(path=folder)
        boxes.tell(parent, texts, text, icon=QMessageBox.Icon.Warning)


def as_backup(path: Path) -> Backup:
    """A file that no list has, as a backup: its time is that of the file."""
    try:
        facts = path.stat()
        size, changed = facts.st_size, datetime.fromtimestamp(facts.st_mtime).astimezone()
    except OSError:  # it went meanwhile; whatever is done with it will say so
        size, changed = 0, datetime.now().astimezone()
    return Backup(
        name=path.name,
        display=f"{path.name} ({changed:%d/%m/%Y %H:%M})",
        size=size,
        path=path.absolute(),
        created_at=changed,
        kind="preserved",
        intact=True,
    )


def _chooser(parent: QWidget, texts: Texts, title: str) -> QFileDialog:
    chooser = QFileDialog(parent, title, _documents(), texts.databases)
    chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return chooser


def _documents() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
