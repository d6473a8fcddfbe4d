"""The sheet that opens an archive on the worst day: made, shown, printed and saved."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtGui import QFont, QFontDatabase, QTextDocument
from qtpy.QtWidgets import QDialog, QWidget

from .._archive_place import for_people, for_restic
from ..archive import ArchiveOptions
from .texts.archive import ArchiveTexts

if TYPE_CHECKING:
    from qtpy.QtPrintSupport import QPrinter

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is taken for another on paper."""


def new_password() -> str:
    """Five groups of five letters: 123 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(5))


def sheet(texts: ArchiveTexts, options: ArchiveOptions, password: str, database: str, note: str) -> str:
    """All that is needed on a new computer."""
    address = for_restic(options)
    return texts.sheet.format(
        database=database,
        place=for_people(options),
        password=password,
        date=f"{datetime.now():%d/%m/%Y}",
        note=note,
        restic=texts.sheet_restic.format(address=address) if address else texts.sheet_restic_server,
    )


def save(text: str, path: Path) -> None:
    """Writes the sheet, for its owner alone to read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")


def can_print() -> bool:
    """Whether Qt came with what prints."""
    try:
        from qtpy import QtPrintSupport  # noqa: F401
    except ImportError:
        return False
    return True


def fixed_font() -> QFont:
    """In which what stands below each other stays so."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)  # where the system names a font that is not there
    return font


def ask_to_print(text: str, parent: QWidget) -> None:
    """Asks for a printer, and prints."""
    from qtpy.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    dialog = QPrintDialog(printer, parent)
    dialog.accepted.connect(lambda: print_on(text, printer))
    dialog.finished.connect(lambda _result: dialog.deleteLater())
    QDialog.open(dialog)  # its own wants a slot


def print_on(text: str, printer: QPrinter) -> None:
    """Prints on a printer that was chosen, or into a file."""
    document = QTextDocument()
    font = fixed_font()
    font.setPointSize(11)
    document.setDefaultFont(font)
    document.setPlainText(text)
    document.print_(printer)
