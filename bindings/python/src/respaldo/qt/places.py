"""The backups of all places as one list: here, in the second place, in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..archive import ArchivedBackup, ArchiveOptions
from ..models import Backup
from .backup_model import Entry, Place


def entries_of(
    here: Sequence[Backup],
    second: Sequence[Backup],
    archived: Sequence[ArchivedBackup],
    archive: ArchiveOptions | None,
) -> list[Entry]:
    """Each backup once: by its name, which is given only once."""
    copied, in_archive = {backup.name for backup in second}, {snapshot.name for snapshot in archived}

    def places(name: str, first: Place) -> tuple[Place, ...]:
        others: list[Place] = ["second"] if first == "here" and name in copied else []
        if name in in_archive:
            others.append("archive")
        return (first, *others)

    entries = [Entry(backup, places(backup.name, "here")) for backup in here]
    known = {backup.name for backup in here}
    entries += [Entry(backup, places(backup.name, "second")) for backup in second if backup.name not in known]
    known |= copied
    repository = archive["repository"] if archive else ""
    for snapshot in archived:
        if snapshot.name not in known:
            known.add(snapshot.name)
            entries.append(Entry(_as_backup(snapshot, repository), ("archive",), snapshot.snapshot))
    return entries


def _as_backup(snapshot: ArchivedBackup, repository: str) -> Backup:
    """As one that is not on this computer, which is what it is: it is fetched before it is read."""
    return Backup(
        name=snapshot.name,
        display=snapshot.display,
        size=snapshot.size,
        path=Path(repository) / snapshot.snapshot[:12],
        created_at=snapshot.created_at,
        kind="backup",
        intact=None,
        label=snapshot.label,
        note=snapshot.note,
        pinned=snapshot.pinned,
        database=snapshot.database,
        content=snapshot.content,
    )
