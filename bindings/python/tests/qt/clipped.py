"""Run as a program: opens the windows at the scale that QT_SCALE_FACTOR says, and prints what does not fit.

    python clipped.py DATABASE LANGUAGE [squeeze]

The output is JSON: the scale, and the texts that are cut off. With ``squeeze`` two buttons are made
too small first, to see that they are found.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing

from qtpy.QtCore import QEventLoop, Qt, QTimer
from qtpy.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMainWindow, QWidget

import respaldo
from respaldo.qt import BackupDialog, HealthIndicator, LastBackupLabel, job, recovery_sheet
from respaldo.qt.archive_dialog import ArchiveDialog
from respaldo.qt.archive_trial import ArchiveTrial
from respaldo.qt.backup_model import Column
from respaldo.qt.find_dialog import FindDialog
from respaldo.qt.repair_dialog import RepairDialog


def clipped(window: QWidget) -> list[str]:
    """The texts in a window and all above it that have less room than they want."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, (QAbstractButton, QLabel)):
            continue
        if isinstance(widget.parent(), QLineEdit):  # its icons are as small as it likes
            continue
        if isinstance(widget, QLabel) and not widget.text():  # a picture, which is drawn into the room that it has
            continue
        wanted = widget.sizeHint()
        if isinstance(widget, QLabel) and widget.wordWrap():
            wanted.setWidth(widget.width())
            wanted.setHeight(widget.heightForWidth(widget.width()))
        if widget.width() < wanted.width() or widget.height() < wanted.height():
            found.append(widget.text() or repr(widget))
    return found


def clipped_cells(dialog: BackupDialog) -> list[str]:
    """The texts in the table that are shortened with dots, or out of sight to the right."""
    table, found = dialog.table, []
    header = table.horizontalHeader()
    for column in Column:
        if table.isColumnHidden(column):
            continue
        title = str(table.filter.headerData(column, Qt.Orientation.Horizontal))
        if header.sectionSize(column) < header.fontMetrics().horizontalAdvance(title) + 8:  # its margins
            found.append(title)
        for row in range(table.rowCount()):
            text, cell = table.text(row, column), table.visualRect(table.filter.index(row, column))
            if table.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, cell.width()) != text:
                found.append(text)
    return found


def clipped_in_sub_dialogs(application: QApplication, dialog: BackupDialog, database: str) -> list[str]:
    """The same of the dialogs that this one opens, each in front and with its work done."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM clients WHERE id = (SELECT min(id) FROM clients)")
    found, more = [], dialog.more
    openers = [dialog.bring_back_button.click, more.find_row.trigger, more.repair.trigger]
    openers += [more.create_labelled.trigger, more.annotate.trigger, more.retention.trigger, more.second_place.trigger]
    for open_it in openers:
        open_it()
        let_events_pass()
        opened = application.activeModalWidget()
        assert opened is not None and opened is not dialog, open_it
        if isinstance(opened, FindDialog):
            opened.search.setText("cliente")
            while not opened.versions.topLevelItemCount():
                let_events_pass()
        if isinstance(opened, RepairDialog):
            opened.see_button.click()
            let_events_pass()
            if "squeeze" in sys.argv:
                opened.see_button.setFixedWidth(opened.see_button.sizeHint().width() // 2)
        found += clipped(opened)
        opened.reject()
        let_events_pass()
    return found + clipped_in_wizard(dialog)


def clipped_in_wizard(dialog: BackupDialog) -> list[str]:
    """The same of each page of the archive's wizard, opened by itself: not every library has the archive."""
    wizard = ArchiveDialog(dialog._store, dialog._texts, lambda options: None, dialog)
    wizard.open()
    found = []
    for kind in range(wizard.place.kind.count()):
        wizard.place.kind.setCurrentIndex(kind)
        let_events_pass()
        found += clipped(wizard)
    options: respaldo.ArchiveOptions = {"repository": "/media/ana/MEMORIA USB/respaldos-cifrados"}
    words = dialog._texts.archive
    wizard.place.show_trial(ArchiveTrial("empty", options, same_disk=True))
    wizard.sheet.sheet.setPlainText(recovery_sheet.sheet(words, options, "x" * 29, "tattoostudio.db", "x" * 60))
    for page in (wizard.place, wizard.password, wizard.sheet):
        wizard._turn_to(page, page)
        let_events_pass()
        found += clipped(wizard)
    wizard.accept()
    let_events_pass()
    return found


def let_events_pass() -> None:
    loop = QEventLoop()
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if not job.running() else None)
    timer.start(20)
    loop.exec()
    QApplication.processEvents()  # what the last job has told is laid out by an event of its own


def main() -> None:
    application = QApplication(sys.argv)
    language = sys.argv[2]
    with respaldo.Store(sys.argv[1], language=language) as store:
        store.create(label="x")
        window = QMainWindow()
        label = LastBackupLabel(store, window, language=language)
        window.statusBar().addPermanentWidget(label)
        window.statusBar().addPermanentWidget(HealthIndicator(store, window, language=language))
        window.resize(600, 300)
        window.show()
        dialog = BackupDialog(store, window, language=language, save_second_place=lambda place: None)
        dialog.open()
        let_events_pass()
        dialog.progress.follow(job.Job(lambda progress: None, dialog._texts.restoring))
        dialog.restore_button.click()
        let_events_pass()
        question = application.activeModalWidget()
        assert question is not dialog
        if "squeeze" in sys.argv:
            dialog.create_button.setFixedWidth(dialog.create_button.sizeHint().width() // 2)
        question.reject()
        let_events_pass()
        found_below = clipped_in_sub_dialogs(application, dialog, sys.argv[1])
        dialog.progress.follow(job.Job(lambda progress: None, dialog._texts.restoring))
        dialog.restore_button.click()
        let_events_pass()
        found = found_below + clipped(window) + clipped_cells(dialog)  # dialog and question are the window's children
        print(json.dumps({"scale": dialog.devicePixelRatioF(), "clipped": found, "label": label.text()}))


if __name__ == "__main__":
    main()
