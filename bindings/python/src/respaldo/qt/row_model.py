"""The rows that can be brought back, as a model: each with a box to tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

from qtpy.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)

from ..differences import DifferentRow, LongValue, TableWords, Value, Values
from ..rows import RowKey
from .contents import table_name
from .dates import file_size
from .texts import Texts

Index = QModelIndex | QPersistentModelIndex
_Role = Qt.ItemDataRole
_NOWHERE = QModelIndex()


class RowColumn(IntEnum):
    """The columns, from left to right."""

    TITLE = 0
    TABLE = 1
    HAPPENED = 2


@dataclass(frozen=True, slots=True)
class MissingRow:
    """A row of a backup that the live database lacks, or has otherwise."""

    table: str
    row: DifferentRow

    def key(self) -> RowKey:
        """As the store takes it."""
        assert self.row.key is not None
        return RowKey(self.table, self.row.key)

    def then(self) -> Mapping[str, Value]:
        """Its values in the backup."""
        return self.row.there if self.row.there is not None else self.row.values

    def now(self) -> Mapping[str, Value] | None:
        """Its values in the live database; None where it is gone."""
        return self.row.values if self.row.what == "changed" else None


class RowModel(QAbstractTableModel):
    """The rows in the order given."""

    ticked_changed = Signal()

    def __init__(self, texts: Texts, names: Mapping[str, TableWords], parent: QObject) -> None:
        super().__init__(parent)
        self._texts = texts
        self._names = names
        self._rows: Sequence[MissingRow] = ()
        self._searched: list[str] = []
        self._ticked: set[int] = set()

    def show(self, rows: Sequence[MissingRow]) -> None:
        """Replaces all of them; none is ticked."""
        self.beginResetModel()
        self._rows, self._ticked = tuple(rows), set()
        self._searched = [self._all_of(row) for row in self._rows]
        self.endResetModel()
        self.ticked_changed.emit()

    def at(self, row: int) -> MissingRow:
        """The row at a place."""
        return self._rows[row]

    def searched(self, row: int) -> str:
        """All that a search looks in, in lower case."""
        return self._searched[row]

    def ticked(self) -> list[MissingRow]:
        """The rows that are to be brought back."""
        return [self._rows[row] for row in sorted(self._ticked)]

    def title(self, missing: MissingRow) -> str:
        """What people know a row by."""
        return title_of(missing.row.title, missing.row.key or {}, self._texts)

    def table_name(self, table: str) -> str:
        """What people call the rows of a table."""
        return table_name(table, self._names)

    # What a view asks for

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(RowColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != _Role.DisplayRole:
            return None
        return (self._texts.row, self._texts.of_table, self._texts.happened)[section]

    def flags(self, index: Index) -> Any:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == RowColumn.TITLE else flags

    def data(self, index: Index, role: int = _Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role in (_Role.DisplayRole, _Role.ToolTipRole):
            return self._text(self._rows[index.row()], RowColumn(index.column()))
        if role == _Role.CheckStateRole and index.column() == RowColumn.TITLE:
            return Qt.CheckState.Checked if index.row() in self._ticked else Qt.CheckState.Unchecked
        return None

    def setData(self, index: Index, value: Any, role: int = _Role.EditRole) -> bool:
        if role != _Role.CheckStateRole or index.column() != RowColumn.TITLE:
            return False
        if value in (Qt.CheckState.Checked, _CHECKED):  # PySide6 and PyQt6 pass the number
            self._ticked.add(index.row())
        else:
            self._ticked.discard(index.row())
        self.dataChanged.emit(index, index)
        self.ticked_changed.emit()
        return True

    def _text(self, missing: MissingRow, column: RowColumn) -> str:
        if column == RowColumn.TITLE:
            return self.title(missing)
        if column == RowColumn.TABLE:
            return self.table_name(missing.table)
        if missing.row.what == "changed":
            return self._texts.changed_since.format(columns=", ".join(missing.row.columns))
        return self._texts.deleted_since

    def _all_of(self, missing: MissingRow) -> str:
        values = [*missing.then().values(), *(missing.now() or {}).values()]
        return "\n".join(str(value) for value in values if isinstance(value, str | int | float)).casefold()


_CHECKED = getattr(Qt.CheckState.Checked, "value", Qt.CheckState.Checked)


class RowFilter(QSortFilterProxyModel):
    """The rows with all words searched for, of one table or of all."""

    def __init__(self, model: RowModel) -> None:
        super().__init__(model.parent())
        self._words: list[str] = []
        self._table: str | None = None
        self.setSourceModel(model)

    def search(self, text: str) -> None:
        """Shows the rows with all of these words in any of their values."""
        self._words = text.casefold().split()
        self.invalidate()

    def only(self, table: str | None) -> None:
        """Shows the rows of one table; None for every one."""
        self._table = table
        self.invalidate()

    def filterAcceptsRow(self, row: int, _parent: Index) -> bool:
        model = cast(RowModel, self.sourceModel())
        if self._table is not None and model.at(row).table != self._table:
            return False
        return all(word in model.searched(row) for word in self._words)


def title_of(title: str | None, key: Values, texts: Texts) -> str:
    """What people know a row by, else its key."""
    return title or ", ".join(f"{column} {shown(value, texts)}" for column, value in key.items())


def shown(value: Value, texts: Texts) -> str:
    """A value for people."""
    if value is None:
        return "—"
    if isinstance(value, bytes):
        return f"({file_size(len(value), texts)})"
    if isinstance(value, LongValue):
        return f"({file_size(value.bytes, texts)})"
    return str(value)
