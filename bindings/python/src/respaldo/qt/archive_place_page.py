"""The first page of the archive's wizard: where it is, tried before it is used."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from .._archive_place import for_people, is_folder
from ..archive import ArchiveOptions
from .archive_trial import ArchiveTrial
from .dates import file_size
from .light import Light
from .pages import turn_to
from .texts import Texts
from .wrapped_label import WrappedLabel

_FIELDS = {
    "webdav": ("endpoint", "root", "username", "password"),
    "s3": ("endpoint", "bucket", "root", "region", "access_key_id", "secret_access_key"),
}
_SECRET = ("password", "secret_access_key")
_MAY_BE_EMPTY = ("root", "region")
_EXAMPLES = {
    "webdav": {"endpoint": "https://cloud.example.org/remote.php/dav/files/ana", "root": "/archivo"},
    "s3": {"endpoint": "https://s3.example.org", "root": "/archivo", "region": "us-east-1"},
}


class PlacePage(QWidget):
    """A folder, or a server with what it asks for."""

    changed = Signal()
    """Another place: what was tested does not count any more."""

    def __init__(self, texts: Texts, present: ArchiveOptions | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = texts
        words = texts.archive
        self.trial: ArchiveTrial | None = None
        """What the test found, of the place as it stands there."""
        self.kind = QComboBox(self)
        for key, text in words.kinds.items():
            self.kind.addItem(text, key)
        self.folder = QLineEdit(self)
        self.folder.setMinimumWidth(40 * self.fontMetrics().averageCharWidth())
        self.browse_button = QPushButton(texts.browse, self)
        self.browse_button.setAutoDefault(False)
        self.fields: dict[str, dict[str, QLineEdit]] = {}
        self.after_create = QCheckBox(words.after_create, self)
        self.test_button = QPushButton(words.test, self)
        self.test_button.setAutoDefault(False)
        self.light = Light(texts, self)
        self.outcome = WrappedLabel(words.test_first, self)
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lay_out(WrappedLabel(words.intro, self))
        self._show(present)
        self._turn()
        self.kind.currentIndexChanged.connect(self._chosen)
        self.folder.textChanged.connect(self._changed)
        for fields in self.fields.values():
            for field in fields.values():
                field.textChanged.connect(self._changed)
        self.browse_button.clicked.connect(self._browse)

    def is_complete(self) -> bool:
        """Whether there is enough to test."""
        kind = self.kind.currentData()
        if kind == "folder":
            return bool(self.folder.text().strip())
        return all(field.text().strip() for key, field in self.fields[kind].items() if key not in _MAY_BE_EMPTY)

    def options(self) -> ArchiveOptions:
        """What stands there."""
        kind = self.kind.currentData()
        if kind == "folder":
            return {"repository": str(Path(self.folder.text().strip()).expanduser().absolute())}
        given = {key: field.text().strip() for key, field in self.fields[kind].items()}
        return {"repository": f"opendal:{kind}", "options": {key: text for key, text in given.items() if text}}

    def show_trial(self, trial: ArchiveTrial) -> None:
        """Says what the test found."""
        texts, words = self._texts, self._texts.archive
        place = for_people(trial.options)
        if trial.folder is not None:
            text: str = getattr(texts, f"test_{trial.folder.outcome}")
            free = file_size(trial.folder.free, texts)
            said = text.format(path=place, free=free, error=trial.folder.error)
        elif trial.outcome == "failed":
            said = words.test_failed.format(error=trial.error)
        elif trial.outcome == "exists":
            said = words.test_exists.format(place=place)
        else:
            said = (words.test_empty_same_disk if trial.same_disk else words.test_empty).format(place=place)
        self.trial = trial if trial.outcome != "failed" else None
        self.light.show_severity("danger" if self.trial is None else "attention" if trial.same_disk else "ok")
        self.outcome.setText(said)

    def first(self) -> QWidget:
        """Where one begins to type."""
        kind = self.kind.currentData()
        return self.folder if kind == "folder" else next(iter(self.fields[kind].values()))

    def _show(self, present: ArchiveOptions | None) -> None:
        self.after_create.setChecked(present is None or present.get("push") == "after_create")
        if present is None:
            return
        if is_folder(present):
            self.folder.setText(present["repository"])
            return
        kind = present["repository"].partition(":")[2]
        if kind in self.fields:
            self.kind.setCurrentIndex(self.kind.findData(kind))
            for key, field in self.fields[kind].items():
                field.setText(present.get("options", {}).get(key, ""))

    def _chosen(self) -> None:
        self._turn()
        self._changed()

    def _turn(self) -> None:
        page = self.stack.widget(self.kind.currentIndex())
        assert page is not None
        turn_to(self.stack, page)

    def _changed(self) -> None:
        self.trial = None
        self.light.show_severity("note")
        self.outcome.setText(self._texts.archive.test_first)
        self.changed.emit()

    def _browse(self) -> None:
        chooser = QFileDialog(self, self._texts.archive.title, self.folder.text())
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly, True)
        chooser.fileSelected.connect(self.folder.setText)
        chooser.open()

    def _lay_out(self, intro: QLabel) -> None:
        words = self._texts.archive
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self._folder_form())
        for kind in ("webdav", "s3"):
            self.stack.addWidget(self._server_form(kind))
        where = QFormLayout()
        where.addRow(words.kind_field, self.kind)
        self.kind.setAccessibleName(_plain(words.kind_field))
        tried = QHBoxLayout()
        tried.addWidget(self.test_button, 0, Qt.AlignmentFlag.AlignTop)
        tried.addWidget(self.light)
        tried.addWidget(self.outcome, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(intro)
        layout.addLayout(where)
        layout.addWidget(self.stack)
        layout.addWidget(self.after_create)
        layout.addLayout(tried)
        layout.addStretch(1)

    def _folder_form(self) -> QWidget:
        page = QWidget(self)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(self.browse_button)
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(self._texts.archive.folder_field, row)
        label = form.labelForField(row)
        if isinstance(label, QLabel):
            label.setBuddy(self.folder)
        self.folder.setAccessibleName(_plain(self._texts.archive.folder_field))
        return page

    def _server_form(self, kind: str) -> QWidget:
        page = QWidget(self)
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        self.fields[kind] = {}
        for key in _FIELDS[kind]:
            field = QLineEdit(page)
            field.setPlaceholderText(_EXAMPLES[kind].get(key, ""))
            if key in _SECRET:
                field.setEchoMode(QLineEdit.EchoMode.Password)
            text = self._texts.archive.fields[key]
            field.setAccessibleName(_plain(text))
            form.addRow(text, field)
            self.fields[kind][key] = field
        return page


def _plain(text: str) -> str:
    return text.replace("&", "").rstrip(":")
