"""A backup of studio.db with its progress, the list of all, and a restore of the newest."""

import sys

import respaldo


def show(done: int, total: int) -> None:
    print(f"{done} of {total} pages")  # `return False` cancels


try:
    with respaldo.Store("studio.db", language="en") as store:
        made = store.create(label="before the update", progress=show)
        print("made", made.backup.path)

        backups = store.list()  # the newest first
        for backup in backups:
            print(backup.display, backup.name, backup.label or "")

        restored = store.restore(backups[0])
        print("restored; the database as it was before is", restored.safety_backup)
except respaldo.DatabaseLockedError as error:
    sys.exit(f"Close the studio's other windows first. {error.message}")
except respaldo.RespaldoError as error:
    sys.exit(f"{error.message} {error.hint}")  # what is the matter, and what to do next
