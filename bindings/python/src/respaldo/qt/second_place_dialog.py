"""Sets up the folder to which every backup is copied too: choose, test, use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..health import SecondPlace
from ..store import Store
from . import boxes
from .dates import file_size
from .job import Job
from .light import Light
from .place_trial import PlaceTrial, try_place
from .texts import Texts
from .work_dialog import Application, WorkDialog
from .wrapped_label import WrappedLabel

_USUAL = 60
_MOST = 10_000


class SecondPlaceDialog(WorkDialog):
    """A folder can be used once it has been tested.

    Args:
        store: uses the place from then on.
        texts: of the language.
        save: is called with the place, or None for none any more, to keep it for the next start.
        parent: the dialog below.
    """

    def __init__(
        self, store: Store, texts: Texts, save: Callable[[SecondPlace | None], object], parent: QWidget
    ) -> None:
        super().__init__(texts, Application(), parent)
        self._store = store
        self._save = save
        self._tested: str | None = None
        self.setWindowTitle(texts.second_place_title)
        present = store.second_place
        intro = WrappedLabel(texts.second_place_intro, self)
        self.folder = QLineEdit(str(present["folder"]) if present else "", self)
        self.folder.setMinimumWidth(40 * self.fontMetrics().averageCharWidth())
        self.browse_button = QPushButton(texts.browse, self)
        self.keep = QSpinBox(self)
        self.keep.setRange(1, _MOST)
        self.keep.valueChanged.connect(lambda count: self.keep.setSuffix(texts.backups_unit.of(count)))
        self.keep.setValue(present.get("last", _USUAL) if present else _USUAL)
        self.keep.setSuffix(texts.backups_unit.of(self.keep.value()))
        self.test_button = QPushButton(texts.test, self)
        self.light = Light(texts, self)
        self.outcome = WrappedLabel(texts.test_first, self)
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.use_button = QPushButton(texts.use_it, self)
        self.remove_button = QPushButton(texts.stop_using, self)
        self.remove_button.setVisible(present is not None)
        self.close_button = QPushButton(texts.close, self)
        self.close_button.setDefault(True)
        self._lay_out(intro)
        self.folder.textChanged.connect(self._changed)
        self.browse_button.clicked.connect(self._browse)
        self.test_button.clicked.connect(self._test)
        self.use_button.clicked.connect(self._use)
        self.remove_button.clicked.connect(self._remove)
        self.close_button.clicked.connect(self.reject)
        self._enable()

    def _enable(self) -> None:
        idle, named = self._job is None, bool(self.folder.text().strip())
        self.folder.setEnabled(idle)
        self.browse_button.setEnabled(idle)
        self.test_button.setEnabled(idle and named)
        self.use_button.setEnabled(idle and named and self._tested == self.folder.text())
        self.remove_button.setEnabled(idle)

    def _rest(self) -> QWidget:
        return self.close_button

    def _changed(self) -> None:
        self._tested = None
        self.light.show_severity("note")
        self.outcome.setText(self._texts.test_first)
        self._enable()

    def _browse(self) -> None:
        chooser = QFileDialog(self, self._texts.second_place_title, self.folder.text())
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly, True)
        chooser.fileSelected.connect(self.folder.setText)
        chooser.open()

    def _test(self) -> None:
        folder = self.folder.text()

        def tested(job: Job) -> QMessageBox | None:
            if job.error:
                return boxes.tell_error(self, self._texts, job.error)
            result = cast(PlaceTrial, job.result)
            self._tested = folder if result.usable else None
            self.light.show_severity({"good": "ok", "same_disk": "attention"}.get(result.outcome, "danger"))
            text: str = getattr(self._texts, f"test_{result.outcome}")
            self.outcome.setText(text.format(path=folder, free=file_size(result.free, self._texts), error=result.error))
            self._enable()
            (self.use_button if result.usable else self.folder).setFocus()
            return None

        work = Path(folder.strip()).expanduser().absolute()
        self._start(Job(lambda _progress: try_place(work, self._store.backup_dir), self._texts.testing_place), tested)

    def _use(self) -> None:
        folder = str(Path(self.folder.text().strip()).expanduser().absolute())
        present = self._store.second_place
        place = SecondPlace(folder=folder, last=self.keep.value())
        if present is not None:  # what the application has set beside these stays
            place = present | place
        self._keep(place, self._texts.second_place_set.format(path=folder))

    def _remove(self) -> None:
        self._keep(None, self._texts.second_place_removed)

    def _keep(self, place: SecondPlace | None, said: str) -> None:
        try:
            self._store.use_second_place(place)
            self._save(place)
        except Exception as error:
            boxes.tell_error(self, self._texts, error)
            return
        boxes.tell(self, self._texts, said).finished.connect(lambda _result: self.accept())

    def _lay_out(self, intro: QLabel) -> None:
        where = QHBoxLayout()
        where.addWidget(self.folder, 1)
        where.addWidget(self.browse_button)
        form = QFormLayout()
        form.addRow(self._texts.folder_field, where)
        form.addRow(self._texts.keep_field, self.keep)
        label = form.labelForField(where)
        if isinstance(label, QLabel):
            label.setBuddy(self.folder)
        self.folder.setAccessibleName(self._texts.folder_field.replace("&", "").rstrip(":"))
        tried = QHBoxLayout()
        tried.addWidget(self.test_button, 0, Qt.AlignmentFlag.AlignTop)
        tried.addWidget(self.light)
        tried.addWidget(self.outcome, 1)
        below = QHBoxLayout()
        below.addWidget(self.progress, 1)
        for button in (self.use_button, self.remove_button, self.close_button):
            below.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(intro)
        layout.addLayout(form)
        layout.addLayout(tried)
        layout.addStretch(1)
        layout.addLayout(below)
