"""Searches every backup for a row, shows what it was in each, and brings one of its versions back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTreeWidgetItem, QWidget

from ..rows import RowKey
from ..search import FindResult, FoundRow, History, Version
from ..store import Progress, Store
from .bringing import Chosen
from .contents import table_name
from .dates import in_words, number
from .find_layout import FindLayout
from .newest import Newest
from .row_model import title_of
from .texts import Texts
from .work_dialog import Application

_MOST = 200
_TYPING_MS = 350
_WALKING_MS = 150


class FindDialog(FindLayout):
    """The rows of all backups, and their versions.

    Args:
        store: is searched.
        texts: of the language.
        application: what it does around work that changes its database.
        tables: those that can be chosen.
        text: what to search for at first.
        parent: the dialog below.
    """

    def __init__(
        self,
        store: Store,
        texts: Texts,
        application: Application,
        tables: Sequence[str],
        text: str,
        parent: QWidget,
    ) -> None:
        super().__init__(store, texts, application, tables, parent)
        self._nothing_chosen = texts.plan_no_version
        self._rows: list[list[FoundRow]] = []
        self._history: History | None = None
        self._finding = Newest(self)
        self._finding.begun.connect(self.progress.follow)
        self._finding.done.connect(self._show_found)
        self._reading = Newest(self)
        self._reading.begun.connect(self.progress.follow)
        self._reading.done.connect(self._show_history)
        self.search.textChanged.connect(self._find)
        self.tables.currentIndexChanged.connect(self._find)
        self.search.entered.connect(self._to_the_list)
        self.found.currentItemChanged.connect(lambda *_: self._read_history())
        self.found.entered.connect(self.versions.setFocus)
        self.versions.currentItemChanged.connect(lambda *_: self._show_version())
        self.versions.entered.connect(self.bring_back_button.setFocus)
        self._enable()
        self.search.setFocus()
        self.search.setText(text)

    def reject(self) -> None:
        for background in (self._finding, self._reading):
            background.stop()
        super().reject()

    def _choosing(self) -> Sequence[QWidget]:
        return self.search, self.tables, self.found, self.versions

    def _chosen(self) -> Chosen | None:
        row, version = self._row(), self._version()
        if row is None or row.key is None or version is None:
            return None
        return Chosen(version.last_seen, [RowKey(row.table, row.key)])

    # Finding

    def _find(self) -> None:
        self._finding.stop()
        self._show_rows([])
        text, table = self.search.text().strip(), self.tables.currentData()
        if not text:
            self._say(self._texts.find_hint)
            return

        def work(progress: Progress) -> FindResult:
            return self._store.find(text, table=table, rows=_MOST, progress=progress)

        self._say(self._texts.finding)
        self._finding.ask(work, self._texts.finding, pause_ms=_TYPING_MS)

    def _to_the_list(self) -> None:
        if self._finding.waits():
            self._finding.hurry()
        elif self._rows:
            self.found.setFocus()

    def _show_found(self) -> None:
        if self._finding.error:
            self._say(str(self._finding.error))
            return
        result, texts = cast(FindResult, self._finding.result), self._texts
        rows: dict[object, list[FoundRow]] = {}
        for found in result:
            if found.key is not None:  # without one it cannot be brought back
                rows.setdefault((found.table, *found.key.items()), []).append(found)
        told = texts.found_rows.of(len(rows)).format(count=number(len(rows), texts)) if rows else texts.found_none
        said = [told] if result.complete else [told, texts.found_more]
        if result.warnings:
            unread = len(result.warnings)
            said.append(texts.found_unread.of(unread).format(count=number(unread, texts)))
        self._say(" ".join(said), "\n\n".join(map(str, result.warnings)))
        self._show_rows(list(rows.values()))

    def _say(self, text: str, more: str = "") -> None:
        self.said.setText(text)
        self.said.setToolTip(more)
        self.said.setAccessibleDescription(more)

    def _show_rows(self, rows: list[list[FoundRow]]) -> None:
        self._rows = rows
        self.found.clear()
        for versions in rows:
            newest = versions[0]
            backups = sum(version.backups for version in versions)
            count, day = number(backups, self._texts), newest.display.partition(" ")[0]
            where = self._texts.found_in_short.of(backups).format(date=day, count=count)
            title = title_of(newest.title, newest.key or {}, self._texts)
            item = _item(title, table_name(newest.table, self._store.names), where)
            whole = self._texts.found_in.of(backups).format(date=newest.display, count=count)
            item.setToolTip(2, whole)
            item.setData(2, Qt.ItemDataRole.AccessibleTextRole, whole)
            self.found.addTopLevelItem(item)
        if rows:
            self.found.setCurrentItem(self.found.topLevelItem(0))
        else:
            self._read_history()

    # The versions of a row

    def _row(self) -> FoundRow | None:
        index = self.found.indexOfTopLevelItem(self.found.currentItem())
        return self._rows[index][0] if 0 <= index < len(self._rows) else None

    def _version(self) -> Version | None:
        index = self.versions.indexOfTopLevelItem(self.versions.currentItem())
        return self._history.versions[index] if self._history is not None and index >= 0 else None

    def _read_history(self) -> None:
        self._reading.stop()
        self._history = None
        self.versions.clear()
        row = self._row()
        self.now.setText(self._texts.reading_history if row is not None else "")
        self._show_version()
        if row is None or row.key is None:
            return
        table, key = row.table, row.key

        def work(progress: Progress) -> History:
            return self._store.history(table, key, progress=progress)

        self._reading.ask(work, self._texts.reading_history, pause_ms=_WALKING_MS)

    def _show_history(self) -> None:
        if self._reading.error:
            self.now.setText(str(self._reading.error))
            return
        history = cast(History, self._reading.result)
        self._history = history
        self.now.setText(self._now(history))
        for version in history:
            self.versions.addTopLevelItem(_item(self._when(version), self._what(version, history)))
        self.versions.setCurrentItem(self.versions.topLevelItem(0))

    def _now(self, history: History) -> str:
        texts, live = self._texts, history.live
        if live is not None:
            return texts.now_differs.format(columns=", ".join(live.changed)) if live.changed else texts.now_same
        unread = [warning.message for warning in history.warnings if warning.name == "DATABASE_NOT_READ"]
        return "\n".join(unread) or texts.now_gone

    def _when(self, version: Version) -> str:
        first, last = (in_words(at.created_at, self._texts) for at in (version.first_seen, version.last_seen))
        one = version.first_seen.name == version.last_seen.name
        return last if one else self._texts.version_between.format(first=first, last=last)

    def _what(self, version: Version, history: History) -> str:
        texts = self._texts
        if version.changed:
            return texts.changed_since.format(columns=", ".join(version.changed))
        if len(history.versions) == 1:
            return texts.version_only
        return texts.version_oldest if version is history.versions[-1] else texts.version_again

    def _show_version(self) -> None:
        version = self._version()
        if version is None or self._history is None:
            self.values.clear()
        else:
            live = self._history.live.values if self._history.live is not None else None
            differ = [column for column, value in version.values.items() if live and live.get(column) != value]
            self.values.show_values(version.values, live, differ)
        self._plan_anew()


def _item(*texts: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem(list(texts))
    for column, text in enumerate(texts):
        item.setToolTip(column, text)
    return item
