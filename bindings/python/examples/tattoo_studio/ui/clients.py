"""The table of clients, and the question for a new one."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from data.db.models import Client


class ClientTable(QTableWidget):
    """One client a row, by name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        self.setHorizontalHeaderLabels(["Nombre", "Teléfono", "Ciudad"])
        self.setAccessibleName("Clientes")
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)

    def show_clients(self, clients: Sequence[Client]) -> None:
        self.setRowCount(len(clients))
        for row, client in enumerate(clients):
            for column, text in enumerate((client.name, client.phone, client.city)):
                item = QTableWidgetItem(text or "")
                item.setData(Qt.UserRole, client.id)
                self.setItem(row, column, item)
        self.resizeColumnsToContents()

    def selected_id(self) -> int | None:
        item = self.item(self.currentRow(), 0)
        return item.data(Qt.UserRole) if item else None

    def names(self) -> list[str]:
        return [self.item(row, 0).text() for row in range(self.rowCount())]


class NewClientDialog(QDialog):
    """Asks for a client's name and telephone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Nuevo cliente")
        self.name, self.phone = QLineEdit(self), QLineEdit(self)
        buttons = QDialogButtonBox(self)
        save = QPushButton("&Guardar", self)
        buttons.addButton(save, QDialogButtonBox.AcceptRole)
        buttons.addButton("&Cancelar", QDialogButtonBox.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        save.setEnabled(False)
        self.name.textChanged.connect(lambda text: save.setEnabled(bool(text.strip())))
        form = QFormLayout(self)
        form.addRow("&Nombre:", self.name)
        form.addRow("&Teléfono:", self.phone)
        form.addRow(buttons)
