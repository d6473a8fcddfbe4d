"""Asks for what a person has to say of a backup: its label, its note, and whether it is never to be deleted."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from ..models import Backup
from .texts import Texts


class LabelDialog(QDialog):
    """For a backup that is there, or with None for one that is to be made."""

    def __init__(self, texts: Texts, backup: Backup | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.create_labelled_title if backup is None else texts.annotate_title)
        self.label = QLineEdit(backup.label or "" if backup else "", self)
        self.label.setPlaceholderText(texts.label_example)
        self.label.setAccessibleName(texts.label)
        self.label.selectAll()
        self.note = _Note(backup.note or "" if backup else "", self)
        self.note.setTabChangesFocus(True)
        self.note.setAccessibleName(texts.note_field.replace("&", "").rstrip(":"))
        self.pinned = QCheckBox(texts.pin_box, self)
        self.pinned.setChecked(bool(backup and backup.pinned))
        buttons = QDialogButtonBox(self)
        save = buttons.addButton(
            texts.do_create if backup is None else texts.save, QDialogButtonBox.ButtonRole.AcceptRole
        )
        assert save is not None
        save.setDefault(True)
        buttons.addButton(texts.leave, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.addRow(texts.label_field, self.label)
        form.addRow(texts.note_field, self.note)
        form.addRow(self.pinned)
        form.addRow(buttons)


class _Note(QPlainTextEdit):
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(44 * metrics.averageCharWidth(), 5 * metrics.height())
