"""A folder of backups that an older Python service made is taken over as it is."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import respaldo
import scene

HERMOSILLO = ZoneInfo("America/Hermosillo")
SETTINGS = """\
{
    "studio_name": "Tinta y Ñandú",
    "last_backup_at": "2026-03-03T18:00:00-07:00",
    "theme": {"dark": true, "sizes": [1, 2.50]}
}
"""


def copied(source: Path, target: Path) -> Path:
    """As ``shutil.copy2`` does it: the file's bytes, in whatever journal mode."""
    shutil.copy2(source, target)
    return target


def through_sqlite3(source: Path, target: Path) -> Path:
    """As ``sqlite3.Connection.backup`` does it."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
    return target


@pytest.fixture(params=["DELETE", "WAL"])
def studio(request: pytest.FixtureRequest, folder: Path) -> Path:
    """What the older service left: whole copies made in both ways, an empty one, a torn one, and its settings."""
    database = scene.make_database(folder / "tattoostudio.db", wal=request.param == "WAL")
    backups = folder / "backups"
    backups.mkdir()
    copied(database, backups / "backup_20260301_090000.db")
    through_sqlite3(database, backups / "backup_20260302_090000.db")
    (backups / "backup_20260303_090000.db").touch()  # the disk was full
    (backups / "backup_20260303_180000.db").write_bytes(database.read_bytes()[: 2 * scene.PAGE + 100])  # killed
    renamed = copied(database, backups / "antes de la mudanza.db")
    os.utime(renamed, (1_760_000_000, 1_760_000_000))  # its date is that of the file: long ago
    (backups / "leeme.txt").write_text("respaldos del estudio")
    (folder / "settings.json").write_text(SETTINGS, encoding="utf-8")
    scene.delete_clients(database)
    return database


OLD = {
    "backup_20260303_180000.db": ("03/03/2026 18:00", False),
    "backup_20260303_090000.db": ("03/03/2026 09:00", False),
    "backup_20260302_090000.db": ("02/03/2026 09:00", True),
    "backup_20260301_090000.db": ("01/03/2026 09:00", True),
}


def test_old_backups_are_listed(studio: Path) -> None:
    before = scene.folder_contents(studio.parent)
    with respaldo.Store(studio) as store:
        listing = store.list()
        assert store.last_backup().display == "03/03/2026 18:00"
    assert {b.name: (b.display, b.intact) for b in listing if b.kind == "backup"} == OLD
    assert [b.name for b in listing if b.kind == "backup"] == list(OLD)
    assert [b.name for b in listing if b.kind == "preserved"] == ["antes de la mudanza.db"]
    assert scene.folder_contents(studio.parent) == before


@pytest.mark.parametrize("name", [name for name, (_, intact) in OLD.items() if intact] + ["antes de la mudanza.db"])
def test_whole_old_backups_are_restored(name: str, studio: Path) -> None:
    before = (studio.parent / "backups" / name).read_bytes()
    with respaldo.Store(studio) as store:
        assert store.verify(name).ok
        assert not store.restore(name).warnings
    assert scene.count_clients(studio) == 200
    assert (studio.parent / "backups" / name).read_bytes() == before
    assert {path.name for path in (studio.parent / "backups").iterdir()} == {
        *OLD, "antes de la mudanza.db", "catalog.json", "leeme.txt", "restores.jsonl",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name, (_, intact) in OLD.items() if not intact])
def test_broken_old_backups_are_refused(name: str, studio: Path) -> None:
    with respaldo.Store(studio) as store:
        with pytest.raises((respaldo.BackupCorruptError, respaldo.NotADatabaseError)):
            store.verify(name)
        before = scene.folder_contents(studio.parent)
        with pytest.raises((respaldo.BackupCorruptError, respaldo.NotADatabaseError)):
            store.restore(name)
    after = scene.folder_contents(studio.parent)
    del after[os.path.join("backups", "restores.jsonl")]  # the attempt is on record
    assert after == before


def test_an_old_backup_of_today_counts(studio: Path) -> None:
    earlier_today = datetime.now(HERMOSILLO).replace(hour=0, minute=0, second=0)
    name = f"backup_{earlier_today:%Y%m%d_%H%M%S}.db"
    with respaldo.Store(studio) as store:
        through_sqlite3(studio, studio.parent / "backups" / name)
        due = store.create_if_due()
        if datetime.now(HERMOSILLO).date() == earlier_today.date():  # not past midnight meanwhile
            assert (due.created, due.backup.name) == (False, name)


@pytest.mark.parametrize("wreck", [b"", b"SQLite format 3\0" + bytes(500)], ids=["empty", "torn"])
def test_a_broken_old_backup_of_today_does_not_count(wreck: bytes, studio: Path) -> None:
    earlier_today = datetime.now(HERMOSILLO).replace(hour=0, minute=0, second=0)
    (studio.parent / "backups" / f"backup_{earlier_today:%Y%m%d_%H%M%S}.db").write_bytes(wreck)
    with respaldo.Store(studio) as store:
        assert store.create_if_due().created


def test_yesterdays_do_not_count_and_settings_are_kept(studio: Path) -> None:
    yesterday = datetime.now(HERMOSILLO) - timedelta(days=1)
    through_sqlite3(studio, studio.parent / "backups" / f"backup_{yesterday:%Y%m%d_%H%M%S}.db")
    with respaldo.Store(studio) as store:
        made = store.create_if_due()
        assert made.created and not made.warnings
    text = (studio.parent / "settings.json").read_text(encoding="utf-8")
    old_date, new_date = (json.loads(t)["last_backup_at"] for t in (SETTINGS, text))
    assert datetime.fromisoformat(new_date) == made.backup.created_at
    assert text.replace(new_date, old_date) == SETTINGS


def test_old_backups_are_pruned_by_the_rules(studio: Path) -> None:
    """The oldest go first. The newest whole one would stay if all newer ones were broken; renamed ones always do."""
    with respaldo.Store(studio, max_backups=1) as store:
        plan = {d.name: d.reason for d in store.prune(dry_run=True).removed}
        assert plan == {"backup_20260303_090000.db": "over_limit", "backup_20260301_090000.db": "over_limit"}
        made = store.create()
        assert sorted(made.removed) == sorted(OLD)
        assert sorted(b.name for b in store.list()) == ["antes de la mudanza.db", made.backup.name]
    assert (studio.parent / "backups" / "leeme.txt").exists()
