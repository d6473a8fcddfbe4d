"""The later pages of the archive's wizard: the password of one that is there, and the sheet of a new one."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from . import boxes, recovery_sheet
from .files import ask_where_to_write
from .texts import Texts
from .wrapped_label import WrappedLabel


class PasswordPage(QWidget):
    """Asks for the password of an archive that is there."""

    changed = Signal()

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        words = texts.archive
        self.password = QLineEdit(self)
        self.password.setAccessibleName(words.password_field.replace("&", "").rstrip(":"))
        self.password.setMinimumWidth(36 * self.fontMetrics().averageCharWidth())
        self.shown = QCheckBox(words.show_password, self)
        self.shown.toggled.connect(self._show)
        self._show(False)
        form = QFormLayout()
        form.addRow(words.password_field, self.password)
        form.addRow("", self.shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(WrappedLabel(words.password_intro, self))
        layout.addLayout(form)
        layout.addStretch(1)
        self.password.textChanged.connect(self.changed)

    def _show(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode
        self.password.setEchoMode(mode.Normal if shown else mode.Password)


class SheetPage(QWidget):
    """Shows what has to be kept, and only once."""

    changed = Signal()

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = texts
        words = texts.archive
        self.sheet = _Sheet(self)
        self.sheet.setAccessibleName(words.sheet_field)
        self.print_button = QPushButton(words.print_sheet, self)
        self.print_button.setVisible(recovery_sheet.can_print())
        self.save_button = QPushButton(words.save_sheet, self)
        self.kept = QCheckBox(words.kept, self)
        for button in (self.print_button, self.save_button):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.addWidget(self.print_button)
        row.addWidget(self.save_button)
        row.addWidget(self.kept, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(WrappedLabel(words.sheet_intro, self))
        layout.addWidget(self.sheet, 1)
        layout.addLayout(row)
        self.kept.toggled.connect(self.changed)
        self.print_button.clicked.connect(lambda: recovery_sheet.ask_to_print(self.sheet.toPlainText(), self))
        self.save_button.clicked.connect(self._ask_where)

    def _ask_where(self) -> None:
        words = self._texts.archive
        ask_where_to_write(self, words.sheet_field, words.sheet_files, words.sheet_name, self._save)

    def _save(self, path: str) -> None:
        try:
            recovery_sheet.save(self.sheet.toPlainText(), Path(path))
        except OSError as error:
            boxes.tell_error(self, self._texts, error)


class _Sheet(QPlainTextEdit):
    """To read, to select, and to scroll with the keyboard."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFont(recovery_sheet.fixed_font())

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(82 * metrics.averageCharWidth(), 23 * metrics.lineSpacing())
