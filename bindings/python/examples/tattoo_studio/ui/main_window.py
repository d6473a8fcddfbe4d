"""The main window: the clients, and what respaldo needs of an application."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QCloseEvent
from PyQt5.QtWidgets import (
    QAction,
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMessageBox,
    QPushButton,
    QStyle,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import settings
from data.db.models import Client, User
from data.db.session import SessionLocal, engine
from respaldo.qt import BackupDialog, DailyBackup, HealthIndicator, LastBackupLabel, wait_before_close
from services.backups import DB_PATH, open_store

from .clients import ClientTable, NewClientDialog
from .theme import apply_theme


class MainWindow(QMainWindow):
    def __init__(self, username: str) -> None:
        super().__init__()
        self.username = username
        self.store = open_store(settings.read().get("second_place"), settings.read_archive())
        self.session: Session | None = None
        self.setWindowTitle("Tinta del Desierto")
        self.resize(*settings.read().get("window", (860, 520)))
        self._build_clients()
        self._build_menus()

        self.last_backup = LastBackupLabel(self.store, self)
        self.statusBar().addPermanentWidget(self.last_backup)
        self.health = HealthIndicator(self.store, self)
        self.health.clicked.connect(self.backups_action.trigger)
        self.tray = QSystemTrayIcon(self.style().standardIcon(QStyle.SP_MessageBoxWarning), self)
        self.tray.setToolTip(self.windowTitle())
        self.tray.activated.connect(self.backups_action.trigger)
        self.tray.messageClicked.connect(self.backups_action.trigger)
        self.health.attention.connect(self._tell_in_the_tray)
        self.health.severity_changed.connect(lambda severity: self.tray.hide() if severity == "ok" else None)
        self.statusBar().addPermanentWidget(self.health)
        self.daily = DailyBackup(self.store, self)
        self.daily.ended.connect(self._backups_changed)

        self.read_again()
        self.backups_action.setEnabled(self._may_use_backups())

    def start_daily_backup(self) -> None:
        """Call it once the window is shown, so that a trouble can be told over it."""
        self.daily.start()

    # What respaldo asks of the application

    def let_go(self) -> None:
        """Before a restore: nothing that was read may be written back, and no connection is kept."""
        if self.session is not None:
            self.session.close()
            self.session = None
        self.clients.setRowCount(0)
        engine.dispose()

    def read_again(self) -> None:
        """At the start, and after a restore, also after one that failed."""
        if self.session is None:
            self.session = SessionLocal()
        self.session.expire_all()
        if not DB_PATH.exists():  # SQLite would make an empty one
            self.clients.setRowCount(0)
            return
        self.clients.show_clients(self.session.scalars(select(Client).order_by(Client.name)).all())
        self.session.rollback()  # reading is over: hold no transaction while the person thinks
        self.statusBar().showMessage(f"{self.clients.rowCount()} clientes")

    def open_backups(self) -> None:
        dialog = BackupDialog(
            self.store,
            self,
            quiesce=self.let_go,
            reload=self.read_again,
            reason=f"restored by {self.username}",
            save_second_place=lambda place: settings.write(second_place=place),
            save_archive=settings.write_archive,
        )
        dialog.backups_changed.connect(self._backups_changed)
        dialog.finished.connect(lambda _result: self._backups_changed())
        dialog.setAttribute(Qt.WA_DeleteOnClose)
        dialog.open()

    def closeEvent(self, event: QCloseEvent) -> None:
        wait_before_close(self)
        settings.write(window=[self.width(), self.height()])
        self.let_go()
        self.store.close()
        event.accept()

    def _backups_changed(self) -> None:
        self.last_backup.refresh()
        self.health.refresh()

    def _tell_in_the_tray(self, headline: str, hint: str) -> None:
        """Where there is a tray; the light in the status bar is there anyway."""
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.tray.show()
            self.tray.showMessage(self.windowTitle(), f"{headline}\n{hint}", QSystemTrayIcon.Warning)

    def _may_use_backups(self) -> bool:
        """Backups hold everybody's health data: they are for administrators. Who that is, the database
        says; where there is none left to ask, whoever sits here may restore it."""
        assert self.session is not None
        if not DB_PATH.exists():
            return True
        role = self.session.scalar(select(User.role).where(User.username == self.username, User.is_active))
        self.session.rollback()
        return role == "admin"

    # Clients

    def add_client(self) -> None:
        dialog = NewClientDialog(self)
        dialog.accepted.connect(lambda: self._add(dialog.name.text().strip(), dialog.phone.text().strip()))
        dialog.open()

    def _add(self, name: str, phone: str) -> None:
        assert self.session is not None
        self.session.add(Client(name=name, phone=phone or None))
        self._commit()

    def ask_to_delete_client(self) -> None:
        client_id = self.clients.selected_id()
        if client_id is None or self.session is None:
            return
        client = self.session.get_one(Client, client_id)
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Warning)
        box.setWindowTitle(self.windowTitle())
        box.setText(f"¿Borrar a {client.name} y todas sus sesiones?")
        yes = box.addButton("&Borrar", QMessageBox.AcceptRole)
        box.setDefaultButton(box.addButton("&No borrar", QMessageBox.RejectRole))
        box.finished.connect(lambda _: self._delete(client_id) if box.clickedButton() is yes else None)
        box.open()

    def _delete(self, client_id: int) -> None:
        assert self.session is not None
        self.session.delete(self.session.get_one(Client, client_id))
        self._commit()

    def _commit(self) -> None:
        assert self.session is not None
        try:
            self.session.commit()
        except SQLAlchemyError as error:
            self.session.rollback()
            QMessageBox.critical(self, self.windowTitle(), f"No se pudo guardar: {error}")
        self.read_again()

    def _build_clients(self) -> None:
        self.clients = ClientTable(self)
        self.add_button = QPushButton("&Agregar cliente…", self)
        self.add_button.clicked.connect(self.add_client)
        self.delete_button = QPushButton("&Borrar cliente…", self)
        self.delete_button.clicked.connect(self.ask_to_delete_client)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.delete_button)
        buttons.addStretch(1)
        centre = QWidget(self)
        layout = QVBoxLayout(centre)
        layout.addWidget(self.clients)
        layout.addLayout(buttons)
        self.setCentralWidget(centre)

    def _build_menus(self) -> None:
        file_menu = self.menuBar().addMenu("A&rchivo")
        self.backups_action = QAction("&Respaldos…", self)
        self.backups_action.setShortcut("Ctrl+R")
        self.backups_action.triggered.connect(self.open_backups)
        file_menu.addAction(self.backups_action)
        file_menu.addAction("&Salir", self.close)
        self.dark_action = QAction("Tema &oscuro", self, checkable=True)
        self.dark_action.setChecked(settings.read().get("theme") == "dark")
        self.dark_action.toggled.connect(self._set_dark)
        self.menuBar().addMenu("&Ver").addAction(self.dark_action)

    def _set_dark(self, dark: bool) -> None:
        theme = "dark" if dark else "light"
        settings.write(theme=theme)
        apply_theme(QApplication.instance(), theme)
