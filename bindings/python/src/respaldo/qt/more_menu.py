"""The menu of what is done less often."""

from __future__ import annotations

from qtpy.QtWidgets import QAction, QMenu, QWidget

from .texts import Texts


class MoreMenu(QMenu):
    """Its actions are connected by the dialog."""

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self.create_labelled = self._add(texts.create_labelled)
        self.from_file = self._add(texts.from_file)
        self.addSeparator()
        self.annotate = self._add(texts.annotate)
        self.pin = self._add(texts.pin)
        self.pin.setCheckable(True)
        self.rehearse = self._add(texts.rehearse)
        self.addSeparator()
        self.retention = self._add(texts.retention)
        self.second_place = self._add(texts.second_place)
        self.archive = self._add(texts.archive.set_up)
        self.push = self._add(texts.archive.push)
        self.addSeparator()
        self.find_row = self._add(texts.search_everywhere)
        self.repair = self._add(texts.repair)

    def _add(self, text: str) -> QAction:
        action = QAction(text, self)
        self.addAction(action)
        return action
