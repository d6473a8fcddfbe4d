"""The part of the dialog that reads: the list, how the backups are, and what the selected one would change."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QMessageBox, QWidget

from ..archive import ArchiveListing
from ..differences import Comparison
from ..models import Backup, Listing
from ..store import Store
from . import boxes
from .comparing import Comparing
from .dialog_layout import DialogLayout
from .job import Job
from .places import entries_of
from .reading import Reading
from .texts import Texts
from .work_dialog import Application, Conclude


class ListingDialog(DialogLayout):
    """All of it is read in the background, also before anyone is asked anything."""

    def __init__(self, store: Store, texts: Texts, application: Application, parent: QWidget | None) -> None:
        super().__init__(store, texts, application, parent)
        self._store = store
        self._listing = Reading(self._list, texts.listing, self)
        self._listing.done.connect(self._listed)
        self._second_place = Reading(lambda: store.list(second_place=True), texts.listing, self)
        self._second_place.done.connect(self._show_entries)
        self._archive = Reading(self._list_archive, texts.listing, self)
        self._archive.done.connect(self._archive_listed)
        self._comparing = Comparing(store, texts, self)
        self._comparing.changed.connect(self._show_comparison)
        self._include_safety = False
        self._select_next: Path | None = None
        self._restore_question: QMessageBox | None = None
        self.safety.toggled.connect(self.refresh)
        self.table.selection_changed.connect(self._selected)
        self._selected()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.refresh()
        self.refresh_archive()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._comparing.stop()

    def refresh(self) -> None:
        """Reads the folder of backups again, and how they are, in the background."""
        self._include_safety = self.safety.isChecked()
        self._listing.start()
        self._second_place.start()
        self.health.refresh()

    def refresh_archive(self) -> None:
        """Reads the archive again; it may be on a server, so not each time that something is done here."""
        self.more.push.setVisible(self._store.archive.options is not None)
        self._archive.start()

    def comparison(self) -> Comparison | None:
        """What the selected backup and the live database differ in; None while that is not known."""
        return self._comparing.result

    def _list(self) -> Listing:
        return self._store.list(include_safety=self._include_safety)

    def _list_archive(self) -> ArchiveListing | None:
        return None if self._store.archive.options is None else self._store.archive.list()

    def _listed(self) -> None:
        self._show_notices()
        if self._listing.error is not None:
            return
        self._show_entries()
        self._select_next = None

    def _archive_listed(self) -> None:
        self._show_notices()
        self._show_entries()

    def _show_notices(self) -> None:
        if self._listing.error is not None:
            notices = [str(self._listing.error)]
        else:
            listing = cast("Listing | None", self._listing.result)
            notices = [str(warning) for warning in listing.warnings] if listing else []
        if self._archive.error is not None:
            notices.append(self._texts.archive.unread.format(error=self._archive.error))
        self._notify("\n".join(notices))

    def _show_entries(self) -> None:
        here = cast("Listing | None", self._listing.result)
        if here is None:
            return
        there = cast("Listing | None", self._second_place.result) or ()  # if it is absent, health says so
        archived = cast("ArchiveListing | None", self._archive.result) or ()
        entries = entries_of(here, there, archived, self._store.archive.options)
        self.show_kinds(entries)
        self.table.show_backups(entries, select=self._select_next)
        self._selected()

    def _selected(self) -> None:
        if self._restore_question is not None:  # which is about the one that is compared now
            self._enable()
            return
        backup = self.table.selected()
        comparable = backup is not None and self._job is None and backup.intact and self.isVisible()
        self._comparing.compare(
            backup if comparable and not self.table.backups.is_damaged(cast(Backup, backup)) else None
        )
        self._enable()

    def _show_comparison(self) -> None:
        backup = self.table.selected()
        if backup is None:
            self.show_no_backup(listed=self._listing.result is not None)
        else:
            self.details.show_backup(
                backup,
                kind=self.table.backups.kind(backup)[1],
                damaged=self.table.backups.is_damaged(backup),
                if_restored=self._expected(backup),
            )
        question, asked = self._restore_question, self._comparing.backup
        if question is not None and asked is not None:
            question.setInformativeText(boxes.before_a_restore(self._texts, asked, self._comparing.summary()))

    def _expected(self, backup: Backup) -> str:
        if backup.intact is None:
            return self._texts.not_compared_elsewhere
        return self._comparing.summary() if self._comparing.backup == backup else ""

    def _start(self, job: Job, conclude: Conclude) -> None:
        self._comparing.stop()  # it holds the database
        super()._start(job, conclude)

    def _worked(self) -> None:
        self.table.setFocus()
        self.refresh()
