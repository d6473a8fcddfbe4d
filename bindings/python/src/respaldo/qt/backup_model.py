"""The backups as a model: one a row, and what is known of each as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Literal

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from qtpy.QtGui import QBrush, QPalette

from ..differences import TableWords
from ..models import Backup
from .contents import listed, main_rows
from .dates import day_in_words, file_size, in_words
from .icons import blank, icon, light
from .palette import warning_colour
from .texts import Texts

Place = Literal["here", "second", "archive"]
Index = QModelIndex | QPersistentModelIndex
_Role = Qt.ItemDataRole
_NOWHERE = QModelIndex()


class Column(IntEnum):
    """The columns, from left to right."""

    WHEN = 0
    LABEL = 1
    HOLDS = 2
    VERIFIED = 3
    KIND = 4
    SIZE = 5
    PLACE = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A backup, and where it lies."""

    backup: Backup
    places: tuple[Place, ...] = ("here",)
    """At least one."""
    snapshot: str | None = None
    """Of one that only the archive has: its snapshot there."""


class BackupModel(QAbstractTableModel):
    """The backups in the order given.

    Args:
        texts: of the language.
        names: what people call the rows of each table.
        palette: of the view, for the colours of texts and icons.
        parent: takes this with it when it is deleted.
    """

    def __init__(self, texts: Texts, names: Mapping[str, TableWords], palette: QPalette, parent: QObject) -> None:
        super().__init__(parent)
        self._texts = texts
        self._names = names
        self._entries: Sequence[Entry] = ()
        self._any_pinned = False
        self._found: dict[Path, datetime | str] = {}
        """When a backup was found whole, or a word for its damage."""
        self.recolour(palette)

    def show(self, entries: Sequence[Entry]) -> None:
        """Replaces all of them."""
        self.beginResetModel()
        self._entries = tuple(entries)
        self._any_pinned = any(entry.backup.pinned for entry in entries)
        self.endResetModel()

    def entry(self, row: int) -> Entry:
        """The entry in a row."""
        return self._entries[row]

    def snapshot(self, backup: Backup) -> str | None:
        """Of a backup that only the archive has: its snapshot there."""
        found = (entry.snapshot for entry in self._entries if entry.backup.path == backup.path)
        return next(found, None)

    def entries(self) -> Sequence[Entry]:
        """All of them."""
        return self._entries

    def remember(self, backup: Backup, found: datetime | str) -> None:
        """Shows from now on what a verification found. The catalogue remembers it of backups, not of safety copies."""
        self._found[backup.path] = found
        self._column_changed(Column.VERIFIED)

    def recolour(self, palette: QPalette) -> None:
        """Follows another palette."""
        ground = QPalette.ColorRole.Base
        self._warning = QBrush(warning_colour(palette, ground))
        self._warning_icon = light("attention", palette, ground)
        self._pin = icon("pin", palette.color(QPalette.ColorRole.Text))
        self._no_pin = blank()
        if self._entries:
            self._column_changed(Column.WHEN)
            self._column_changed(Column.VERIFIED)

    def is_damaged(self, backup: Backup) -> bool:
        """Whether it is known not to be whole."""
        return backup.intact is False or isinstance(self._found.get(backup.path), str)

    def searched(self, row: int) -> str:
        """All that a search looks in, in lower case."""
        backup = self._entries[row].backup
        parts = (
            in_words(backup.created_at, self._texts),
            backup.display,
            backup.label,
            backup.note,
            backup.name,
            self.kind(backup)[1],
        )
        return "\n".join(part for part in parts if part).casefold()

    def kind(self, backup: Backup) -> tuple[str, str]:
        """By what made it, else what the library calls its kind: as a key, and for people."""
        key = backup.made if backup.kind == "backup" and backup.made else backup.kind
        return key, self._texts.kinds.get(key, key)

    # What a view asks for

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != _Role.DisplayRole:
            return None
        texts = self._texts
        return (texts.when, texts.label, texts.holds, texts.verified, texts.kind, texts.size, texts.place)[section]

    def data(self, index: Index, role: int = _Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry, column = self._entries[index.row()], Column(index.column())
        if role == _Role.DisplayRole:
            return self._text(entry, column)
        if role in (_Role.ToolTipRole, _Role.AccessibleTextRole):
            return self._words(entry, column)
        if role == _Role.DecorationRole:
            return self._icon(entry.backup, column)
        if role == _Role.ForegroundRole and column == Column.VERIFIED and self.is_damaged(entry.backup):
            return self._warning
        if role == _Role.TextAlignmentRole and column == Column.SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == _Role.UserRole:
            return self._sorted_by(entry.backup, column)
        return None

    def _text(self, entry: Entry, column: Column) -> str:
        backup = entry.backup
        if column == Column.WHEN:
            return in_words(backup.created_at, self._texts)
        if column == Column.LABEL:
            return backup.label or (backup.name if backup.kind == "preserved" else "")
        if column == Column.KIND:
            return self.kind(backup)[1]
        if column == Column.SIZE:
            return file_size(backup.size, self._texts)
        if column == Column.HOLDS:
            return main_rows(backup.content, self._names, self._texts)
        if column == Column.VERIFIED:
            return self._texts.archive.column if entry.snapshot else self._state(backup)
        return self._where(entry, self._texts.places_short)

    def _words(self, entry: Entry, column: Column) -> str:
        """What a cell says where there is room: its tool tip, and what a screen reader reads."""
        backup, text = entry.backup, self._text(entry, column)
        if column == Column.WHEN:
            pinned = f"\n{self._texts.pinned}" if backup.pinned else ""
            return f"{text} ({backup.display}){pinned}"
        if column == Column.LABEL:
            return "\n".join(part for part in (text, backup.note, str(backup.path)) if part)
        if column == Column.PLACE:
            return self._where(entry, self._texts.places)
        return text

    def _where(self, entry: Entry, words: Mapping[str, str]) -> str:
        text = listed((words[place] for place in entry.places), self._texts)
        return text[:1].upper() + text[1:]

    def _icon(self, backup: Backup, column: Column) -> Any:
        if column == Column.WHEN and self._any_pinned:
            return self._pin if backup.pinned else self._no_pin  # so that the times stand below each other
        return self._warning_icon if column == Column.VERIFIED and self.is_damaged(backup) else None

    def _state(self, backup: Backup) -> str:
        found = self._found.get(backup.path)
        if isinstance(found, str):
            return found
        if backup.intact is False:
            return self._texts.repairable if backup.repairable else self._texts.damaged
        verified = found or backup.verified_at
        if verified is not None:
            return day_in_words(verified, self._texts)
        return self._texts.elsewhere if backup.intact is None else self._texts.not_verified

    def _sorted_by(self, backup: Backup, column: Column) -> Any:
        if column == Column.WHEN:
            return backup.created_at.timestamp()
        if column == Column.SIZE:
            return backup.size
        if column == Column.HOLDS:
            return sum((backup.content.tables or {}).values()) if backup.content else -1
        if column == Column.VERIFIED:
            return backup.verified_at.timestamp() if backup.verified_at else -1.0
        return None

    def _column_changed(self, column: Column) -> None:
        if self._entries:
            self.dataChanged.emit(self.index(0, column), self.index(len(self._entries) - 1, column))
