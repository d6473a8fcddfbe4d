"""Every method of Store, and every option."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

import respaldo
import scene

HERMOSILLO = timedelta(hours=-7)


def plant(store: respaldo.Store, folder: Path, *names: str) -> None:
    """Puts copies of a good backup under these names into the backup folder."""
    whole = store.create().backup.path
    for name in names:
        (folder / "backups" / name).write_bytes(whole.read_bytes())
    whole.unlink()


class TestCreate:
    def test_makes_a_plain_database_with_the_same_rows(self, store: respaldo.Store, database: Path) -> None:
        result = store.create()
        assert result.created
        assert result.reason is None
        assert result.warnings == ()
        assert result.removed == ()
        assert isinstance(result.duration_ms, int)
        assert scene.count_clients(result.backup.path) == 200
        assert result.backup.path.stat().st_size == database.stat().st_size

    def test_describes_the_backup(self, store: respaldo.Store, folder: Path) -> None:
        before = datetime.now(ZoneInfo("America/Hermosillo")).replace(microsecond=0)
        backup = store.create().backup
        assert before <= backup.created_at <= datetime.now(ZoneInfo("America/Hermosillo"))
        assert backup.created_at.utcoffset() == HERMOSILLO
        assert backup.name == f"backup_{backup.created_at:%Y%m%d_%H%M%S}.db"
        assert backup.display == f"{backup.created_at:%d/%m/%Y %H:%M}"
        assert backup.path == folder / "backups" / backup.name
        assert backup.size == backup.path.stat().st_size
        assert backup.kind == "backup"
        assert backup.intact

    def test_a_wal_database_gives_a_backup_in_rollback_mode(self, folder: Path) -> None:
        database = scene.make_database(folder / "wal.db", wal=True)
        with closing(sqlite3.connect(database)) as application:
            application.execute("INSERT INTO clients (name) VALUES ('in the WAL')")
            application.commit()
            with respaldo.Store(database) as store:
                backup = store.create().backup
        with closing(sqlite3.connect(f"{backup.path.as_uri()}?mode=ro", uri=True)) as copy:
            assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            assert copy.execute("SELECT count(*) FROM clients").fetchone() == (201,)

    def test_backups_of_one_second_get_names_of_their_own(self, store: respaldo.Store) -> None:
        names = {store.create().backup.name for _ in range(4)}
        assert len(names) == 4
        assert len(store.list()) == 4
        assert all(re.fullmatch(r"backup_\d{8}_\d{6}(_[2-4])?\.db", name) for name in names)

    def test_retention_keeps_the_newest(self, database: Path, folder: Path) -> None:
        with respaldo.Store(database, max_backups=2) as store:
            plant(store, folder, "backup_20200101_090000.db", "backup_20200102_090000.db")
            result = store.create()
            assert result.removed == ("backup_20200101_090000.db",)
            assert [b.name for b in store.list()] == [result.backup.name, "backup_20200102_090000.db"]

    def test_writes_the_settings_and_nothing_else_in_them(self, store: respaldo.Store, folder: Path) -> None:
        settings = folder / "settings.json"
        settings.write_text('{\n    "tema": "oscuro",\n    "ventana": [800, 600]\n}\n', encoding="utf-8")
        backup = store.create().backup
        stamp = backup.created_at.isoformat()
        assert json.loads(settings.read_text(encoding="utf-8")) == {
            "tema": "oscuro",
            "ventana": [800, 600],
            "last_backup_at": stamp,
        }

    def test_settings_that_cannot_be_read_are_a_warning(self, store: respaldo.Store, folder: Path) -> None:
        settings = folder / "settings.json"
        settings.write_text("{not json", encoding="utf-8")
        result = store.create()
        assert result.created
        (warning,) = result.warnings
        assert warning.name == "SETTINGS_NOT_UPDATED"
        assert warning.message and warning.hint
        assert str(warning) == f"{warning.message}\n{warning.hint}"
        assert (warning.columns, warning.tables) == ((), ())
        assert settings.read_text(encoding="utf-8") == "{not json"

    def test_rows_that_break_a_constraint_are_backed_up_and_named(self, store: respaldo.Store, database: Path) -> None:
        scene.break_constraint(database)
        created = store.create()
        for warnings in (created.warnings, store.verify(created.backup).warnings):
            (warning,) = warnings
            assert (warning.name, warning.columns) == ("ROWS_BREAK_CONSTRAINTS", ("clients.phone",))
            assert warning.tables == ()

    def test_a_search_index_that_differs_is_backed_up_and_named(self, store: respaldo.Store, database: Path) -> None:
        with sqlite3.connect(database) as connection:
            connection.executescript(
                "CREATE VIRTUAL TABLE notes USING fts5(body); INSERT INTO notes VALUES ('hola');"
                "UPDATE notes_content SET c0 = 'otra cosa'"
            )
        (warning,) = store.create().warnings
        assert (warning.name, warning.tables) == ("SEARCH_INDEX_DIFFERS", ("notes",))


class TestCreateIfDue:
    def test_makes_one_backup_a_day(self, store: respaldo.Store) -> None:
        first, second = store.create_if_due(), store.create_if_due()
        assert first.created
        assert not second.created
        assert second.reason == "already_backed_up_today"
        assert second.backup == first.backup
        assert second.duration_ms is None
        assert len(store.list()) == 1

    def test_a_deleted_backup_does_not_count(self, store: respaldo.Store) -> None:
        store.create_if_due().backup.path.unlink()
        assert store.create_if_due().created

    def test_a_renamed_backup_of_today_counts(self, store: respaldo.Store, folder: Path) -> None:
        backup = store.create_if_due().backup
        backup.path.rename(folder / "backups" / "antes de la mudanza.db")
        result = store.create_if_due()
        assert not result.created
        assert result.backup.name == "antes de la mudanza.db"
        assert result.warnings == ()

    def test_a_backup_of_another_day_does_not_count(self, store: respaldo.Store, folder: Path) -> None:
        plant(store, folder, "backup_20200101_090000.db")
        assert store.create_if_due().created


class TestList:
    def test_an_empty_folder_is_an_empty_listing(self, store: respaldo.Store, folder: Path) -> None:
        listing = store.list()
        assert len(listing) == 0
        assert not listing
        assert not (folder / "backups").exists()

    def test_it_is_a_sequence_newest_first(self, store: respaldo.Store, folder: Path) -> None:
        names = [f"backup_2020010{day}_090000.db" for day in (1, 3, 2)]
        plant(store, folder, *names)
        (folder / "settings.json").unlink(missing_ok=True)  # which knows of a newer one
        listing = store.list()
        assert isinstance(listing, Sequence)
        assert [b.name for b in listing] == sorted(names, reverse=True)
        assert listing[0].name == "backup_20200103_090000.db"
        assert listing[-1].display == "01/01/2020 09:00"
        assert [b.name for b in listing[1:]] == [b.name for b in listing.backups[1:]]
        assert listing[1] in listing
        assert [w.name for w in listing.warnings] == ["LAST_BACKUP_OLD"]

    def test_a_renamed_backup_is_preserved(self, store: respaldo.Store, folder: Path) -> None:
        backup = store.create().backup
        renamed = backup.path.rename(folder / "backups" / "antes de la mudanza.db")
        os.utime(renamed, (1_772_658_185, 1_772_658_185))  # 2026-03-04 21:03:05 UTC
        (listed,) = store.list()
        assert listed.kind == "preserved"
        assert listed.name == "antes de la mudanza.db"
        assert listed.display == "04/03/2026 14:03"
        assert listed.created_at.timestamp() == 1_772_658_185

    def test_safety_copies_are_listed_on_request(self, store: respaldo.Store) -> None:
        backup = store.create().backup
        safety = store.restore(backup).safety_backup
        assert [b.kind for b in store.list()] == ["backup"]
        listing = store.list(include_safety=True)
        assert {(b.kind, b.path) for b in listing} == {("backup", backup.path), ("safety", safety)}

    def test_a_torn_backup_is_not_intact(self, store: respaldo.Store) -> None:
        backup = store.create().backup
        os.truncate(backup.path, backup.size // 2)
        assert [b.intact for b in store.list()] == [False]


class TestLastBackup:
    def test_no_backup_is_none(self, store: respaldo.Store) -> None:
        assert store.last_backup() == respaldo.LastBackup(None, "—")

    def test_the_settings_tell_it_when_the_file_is_gone(self, store: respaldo.Store) -> None:
        backup = store.create().backup
        backup.path.unlink()
        assert store.last_backup() == respaldo.LastBackup(backup.created_at, backup.display)

    def test_the_folder_tells_it_when_the_settings_are_gone(self, store: respaldo.Store, folder: Path) -> None:
        backup = store.create().backup
        (folder / "settings.json").unlink()
        assert store.last_backup() == respaldo.LastBackup(backup.created_at, backup.display)


class TestRestore:
    @pytest.mark.parametrize(
        "kind",
        [
            lambda backup: backup,
            lambda backup: backup.name,
            lambda backup: backup.path,
            lambda backup: str(backup.path),
            lambda backup: os.fsencode(backup.path),
        ],
        ids=["Backup", "name", "Path", "str", "bytes"],
    )
    def test_takes_a_backup_a_name_or_a_path(
        self, kind: Callable[[respaldo.Backup], Any], store: respaldo.Store, database: Path
    ) -> None:
        backup = store.create().backup
        scene.delete_clients(database)
        result = store.restore(kind(backup))
        assert scene.count_clients(database) == 200
        assert result.restored_from == backup.path
        assert result.database == database
        assert result.warnings == ()
        assert isinstance(result.duration_ms, int)
        assert result.safety_backup is not None
        assert re.fullmatch(r"tattoostudio\.db\.before_restore_\d{8}_\d{6}", result.safety_backup.name)
        assert scene.count_clients(result.safety_backup) == 0

    def test_can_be_undone(self, store: respaldo.Store, database: Path) -> None:
        backup = store.create().backup
        scene.delete_clients(database)
        safety = store.restore(backup).safety_backup
        assert safety is not None
        store.restore(safety.name)
        assert scene.count_clients(database) == 0

    def test_a_rehearsal_leaves_the_database_alone(self, store: respaldo.Store, database: Path, folder: Path) -> None:
        backup = store.create().backup
        scene.delete_clients(database)
        before = database.read_bytes()
        result = store.restore(backup, target=folder / "ensayo.db")
        assert result.database == folder / "ensayo.db"
        assert result.safety_backup is None
        assert scene.count_clients(folder / "ensayo.db") == 200
        assert database.read_bytes() == before

    def test_a_missing_database_is_restored_without_a_safety_copy(self, store: respaldo.Store, database: Path) -> None:
        backup = store.create().backup
        database.unlink()
        result = store.restore(backup)
        assert result.safety_backup is None
        assert scene.count_clients(database) == 200

    def test_the_reason_is_logged(self, store: respaldo.Store, folder: Path) -> None:
        store.restore(store.create().backup, reason="prueba de María")
        (line,) = (folder / "backups" / "restores.jsonl").read_text(encoding="utf-8").splitlines()
        assert "prueba de María" in json.loads(line).values()


class TestVerify:
    def test_a_good_backup_passes(self, store: respaldo.Store) -> None:
        backup = store.create().backup
        result = store.verify(backup)
        assert result.ok
        assert result.path == backup.path
        assert result.pages * result.page_size == backup.size
        assert result.problems == ()

    def test_a_backup_is_found_by_its_name(self, store: respaldo.Store) -> None:
        backup = store.create().backup
        assert store.verify(backup.name) == store.verify(backup.path)


class TestPrune:
    OLD = ("backup_20200101_090000.db", "backup_20200102_090000.db", "backup_20200103_090000.db")

    def test_dry_run_deletes_nothing(self, database: Path, folder: Path) -> None:
        with respaldo.Store(database, max_backups=1) as store:
            plant(store, folder, *self.OLD)
            result = store.prune(dry_run=True)
            assert result.dry_run
            assert {d.name for d in result.removed} == set(self.OLD[:2])
            assert {d.name for d in result.kept} == {self.OLD[2]}
            assert all(d.reason for d in result.kept + result.removed)
            assert len(store.list()) == 3

    def test_deletes_by_default_but_never_a_renamed_one(self, database: Path, folder: Path) -> None:
        with respaldo.Store(database, max_backups=1) as store:
            plant(store, folder, *self.OLD, "mi respaldo.db")
            result = store.prune()
            assert not result.dry_run
            assert {d.name for d in result.removed} == set(self.OLD[:2])
            assert {b.name for b in store.list()} == {self.OLD[2], "mi respaldo.db"}
            assert result.warnings == ()


class TestOptions:
    def test_settings_none_writes_no_settings(self, database: Path, folder: Path) -> None:
        with respaldo.Store(database, settings=None) as store:
            store.create()
        assert not (folder / "settings.json").exists()

    def test_settings_can_be_elsewhere(self, database: Path, folder: Path, tmp_path: Path) -> None:
        with respaldo.Store(database, settings=tmp_path / "config.json") as store:
            backup = store.create().backup
        written = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
        assert written == {"last_backup_at": backup.created_at.isoformat()}
        assert not (folder / "settings.json").exists()

    def test_backup_dir_chooses_the_folder(self, database: Path, tmp_path: Path) -> None:
        with respaldo.Store(database, backup_dir=tmp_path / "copias") as store:
            assert store.create().backup.path.parent == tmp_path / "copias"

    @pytest.mark.parametrize("zone", ["Asia/Tokyo", ZoneInfo("Asia/Tokyo")], ids=["str", "ZoneInfo"])
    def test_timezone_takes_a_name_or_a_zoneinfo(self, database: Path, zone: str | ZoneInfo) -> None:
        with respaldo.Store(database, timezone=zone) as store:
            assert store.create().backup.created_at.utcoffset() == timedelta(hours=9)

    def test_quick_verification_makes_a_backup(self, database: Path) -> None:
        with respaldo.Store(database, verify="quick") as store:
            assert scene.count_clients(store.create().backup.path) == 200

    def test_language_chooses_the_language_of_errors(self, folder: Path) -> None:
        messages = {}
        languages: list[Literal["es", "en"] | None] = ["es", "en", None]
        for language in languages:
            with respaldo.Store(folder / "nada.db", language=language) as store:
                with pytest.raises(respaldo.DatabaseNotFoundError) as caught:
                    store.create()
                messages[language] = str(caught.value)
        assert messages["es"] == messages[None]
        assert messages["es"] != messages["en"]
        assert "database" in messages["en"]
        assert "base de datos" in messages["es"]

    @pytest.mark.parametrize("kind", [str, Path, os.fsencode], ids=["str", "Path", "bytes"])
    def test_every_kind_of_path_is_taken(self, database: Path, kind: Callable[[Path], Any]) -> None:
        with respaldo.Store(kind(database)) as store:
            assert store.create().created

    def test_a_relative_path_is_fixed_when_the_store_is_opened(
        self, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(database.parent)
        with respaldo.Store("./tattoostudio.db") as store:
            monkeypatch.chdir(tmp_path)
            assert store.create().backup.path.parent == database.parent / "backups"

    def test_a_path_that_is_not_unicode_is_refused(self) -> None:
        with pytest.raises(UnicodeEncodeError):
            respaldo.Store(b"tattoo\xff.db")


class TestClose:
    OPERATIONS = scene.every_operation("backup_20200101_090000.db")

    @pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
    def test_a_closed_store_says_so(
        self, use: Callable[[respaldo.Store], object], database: Path, folder: Path
    ) -> None:
        store = respaldo.Store(database)
        store.close()
        before = scene.folder_contents(folder)
        with pytest.raises(ValueError, match="closed"):
            use(store)
        assert scene.folder_contents(folder) == before

    def test_closing_twice_does_nothing(self, database: Path) -> None:
        store = respaldo.Store(database)
        assert "closed" not in repr(store)
        store.close()
        store.close()
        assert "closed" in repr(store)

    def test_the_context_manager_closes(self, database: Path) -> None:
        with respaldo.Store(database) as store:
            store.list()
        with pytest.raises(ValueError, match="closed"):
            store.list()

    def test_closing_one_store_leaves_the_other_open(self, database: Path) -> None:
        with respaldo.Store(database) as one, respaldo.Store(database) as other:
            one.close()
            assert other.create().created


def test_results_are_frozen(store: respaldo.Store) -> None:
    result = store.create()
    for thing, name in [(result, "created"), (result.backup, "size"), (store.list(), "backups")]:
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, None)


def test_a_backup_is_a_path(store: respaldo.Store) -> None:
    backup = store.create().backup
    assert os.fspath(backup) == str(backup.path)
    with open(backup, "rb") as file:
        assert file.read(15) == b"SQLite format 3"
