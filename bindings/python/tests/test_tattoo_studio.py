"""The application's own module and its database."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

import respaldo
import scene


@pytest.fixture
def backups(application: Path) -> ModuleType:
    from services import backups

    return backups


def count(application: Path) -> int:
    return scene.count_clients(application / "dev.db")


class TestBackups:
    def test_its_constants_are_those_asked_for(self, backups: ModuleType) -> None:
        assert backups.MAX_BACKUPS == 20
        assert ZoneInfo("America/Hermosillo") == backups.TZ

    def test_create_now_answers_the_new_backups_path(self, backups: ModuleType, application: Path) -> None:
        path = backups.create_backup_now()
        assert isinstance(path, Path)
        assert path.parent == application / "backups"
        assert scene.count_clients(path) == count(application) == 60
        assert backups.last_error() is None

    def test_create_if_needed_makes_one_backup_a_day(self, backups: ModuleType) -> None:
        first = backups.create_backup_if_needed()
        assert isinstance(first, Path) and first.is_file()
        assert backups.create_backup_if_needed() is None
        assert backups.last_error() is None

    def test_list_answers_dictionaries_newest_first(self, backups: ModuleType) -> None:
        paths = [backups.create_backup_now() for _ in range(3)]
        listed = backups.list_backups()
        assert [b["path"] for b in listed] == paths[::-1]
        for b in listed:
            assert set(b) == {"path", "name", "display", "size"}
            assert isinstance(b["path"], Path)
            assert b["name"] == b["path"].name
            assert b["size"] == b["path"].stat().st_size

    def test_restore_takes_a_path_or_its_text(self, backups: ModuleType, application: Path) -> None:
        path = backups.create_backup_now()
        for argument in (path, str(path)):
            scene.delete_clients(application / "dev.db")
            assert count(application) == 0
            assert backups.restore_backup(argument) is True
            assert count(application) == 60

    def test_a_restore_shows_in_an_open_session(self, backups: ModuleType) -> None:
        from sqlalchemy import delete, func, select

        from data.db.models import Client, TattooSession
        from data.db.session import SessionLocal, engine

        def count(table: type) -> int:
            return session.scalar(select(func.count()).select_from(table)) or 0

        with SessionLocal() as session:
            sessions = count(TattooSession)
            session.rollback()
            path = backups.create_backup_now()
            session.execute(delete(Client))
            session.commit()
            assert count(TattooSession) == 0
            session.rollback()
            assert backups.restore_backup(path) is True
            assert count(Client) == 60
            assert count(TattooSession) == sessions > 60
        engine.dispose()

    def test_the_last_backup_is_a_dash_and_then_a_date(self, backups: ModuleType) -> None:
        assert backups.get_last_backup_display() == "—"
        backups.create_backup_now()
        assert backups.get_last_backup_display() == backups.list_backups()[0]["display"]

    def test_the_current_folder_may_change(
        self, backups: ModuleType, application: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir("/")
        path = backups.create_backup_now()
        assert path is not None and path.parent == application / "backups"

    def test_settings_keep_their_keys_order_and_indentation(self, backups: ModuleType, application: Path) -> None:
        settings = application / "settings.json"
        text = '{\n   "tema": "oscuro",\n   "last_backup_at": null,\n   "impresora": {"copias": 2}\n}\n'
        settings.write_text(text, encoding="utf-8")
        backups.create_backup_now()
        written = settings.read_text(encoding="utf-8")
        stamp = json.loads(written)["last_backup_at"]
        assert written == text.replace("null", f'"{stamp}"')

    def test_settings_are_at_the_applications_root_wherever_the_database_is(
        self, application: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "elsewhere").mkdir()
        (application / "dev.db").rename(folder / "elsewhere" / "studio.db")
        monkeypatch.setenv("TATTOO_STUDIO_DB", str(folder / "elsewhere" / "studio.db"))
        scene.forget_the_application()
        from services import backups

        path = backups.create_backup_now()
        assert path is not None and path.parent == folder / "elsewhere" / "backups"
        assert "last_backup_at" in json.loads((application / "settings.json").read_text("utf-8"))
        assert not (folder / "elsewhere" / "settings.json").exists()

    def test_twenty_are_kept(self, backups: ModuleType, application: Path) -> None:
        whole = backups.create_backup_now()
        for day in range(1, 26):
            shutil.copy(whole, application / "backups" / f"backup_202001{day:02d}_090000.db")
        backups.create_backup_now()
        assert len(backups.list_backups()) == 20


class TestFailures:
    """Nothing raises; what failed is logged with message and hint, and can be asked for."""

    @pytest.fixture
    def gone(self, backups: ModuleType, application: Path) -> None:
        """The database is lost: there is a backup of it, from another day."""
        path = backups.create_backup_now()
        path.rename(path.with_name("backup_20200101_090000.db"))
        (application / "dev.db").unlink()

    def check(self, backups: ModuleType, log: pytest.LogCaptureFixture, kind: type) -> None:
        error = backups.last_error()
        assert type(error) is kind
        (record,) = [r for r in log.records if r.levelno >= logging.ERROR]
        assert record.name == "services.backups"
        if isinstance(error, respaldo.RespaldoError):
            assert error.name in record.getMessage()
            assert error.message in record.getMessage()
            assert error.hint in record.getMessage()

    @pytest.mark.parametrize("function", ["create_backup_now", "create_backup_if_needed"])
    def test_a_create_without_a_database_answers_none(
        self, gone: None, backups: ModuleType, function: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert getattr(backups, function)() is None
        self.check(backups, caplog, respaldo.DatabaseNotFoundError)

    @pytest.mark.parametrize("argument", ["nada.db", Path("nada.db")], ids=["str", "Path"])
    def test_a_restore_of_a_missing_backup_answers_false(
        self, backups: ModuleType, argument: str | Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert backups.restore_backup(argument) is False
        self.check(backups, caplog, respaldo.BackupNotFoundError)

    def test_a_restore_of_nothing_answers_false(self, backups: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
        assert backups.restore_backup(None) is False
        self.check(backups, caplog, TypeError)

    def test_a_list_that_fails_is_empty(
        self, backups: ModuleType, application: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (application / "backups").write_text("not a folder")
        assert backups.list_backups() == []
        self.check(backups, caplog, respaldo.IoError)

    def test_unreadable_settings_are_a_dash(
        self, backups: ModuleType, application: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (application / "settings.json").write_text("{broken")
        assert backups.get_last_backup_display() == "—"

    def test_nothing_raises_without_a_library(self, application: Path) -> None:
        done = scene.run_python(
            "from services import backups as b\n"
            "print(b.create_backup_now(), b.create_backup_if_needed(), b.list_backups(),"
            " b.restore_backup('x'), b.get_last_backup_display(), type(b.last_error()).__name__)",
            env={"RESPALDO_LIBRARY": "/nowhere/librespaldo.so"},
            cwd=application,
        )
        assert done.stdout == "None None [] False — LibraryLoadError\n"
        assert done.returncode == 0
        assert done.stderr.count("Could not ") == 5

    def test_a_success_clears_the_error(self, backups: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
        backups.restore_backup("nada.db")
        assert backups.last_error() is not None
        backups.list_backups()
        assert backups.last_error() is None

    def test_warnings_are_logged(
        self, backups: ModuleType, application: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (application / "settings.json").write_text("[]")
        assert backups.create_backup_now() is not None
        assert backups.last_error() is None
        (record,) = [r for r in caplog.records if r.levelno == logging.WARNING]
        assert "SETTINGS_NOT_UPDATED" in record.getMessage()


class TestMakeDatabase:
    def test_it_makes_the_studios_tables(self, application: Path) -> None:
        with closing(sqlite3.connect("dev.db")) as connection:

            def names(kind: str) -> set[str]:
                rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL", [kind])
                return {name for (name,) in rows}

            tables = {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in names("table")
            }
            assert set(tables) == {
                "clients", "artists", "sessions", "transactions",
                "products", "users", "portfolio_items", "settings",
            }  # fmt: skip
            assert all(tables.values())
            assert 300 <= sum(tables.values()) <= 999
            assert len(names("index")) >= 20
            assert names("trigger") == {"transactions_keep_updated_at"}
            columns = [row[1] for row in connection.execute("PRAGMA table_info(clients)")]
            assert sum(column.startswith("health_") for column in columns) == 10
            rules = {row[6] for table in tables for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
            assert rules == {"CASCADE", "RESTRICT"}
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def test_the_trigger_keeps_updated_at(self, application: Path) -> None:
        from data.db.models import Transaction
        from data.db.session import SessionLocal, engine

        with SessionLocal() as session:
            payment = session.get_one(Transaction, 1)
            before = payment.updated_at
            payment.is_deleted = True
            session.commit()
            assert payment.updated_at > before
        engine.dispose()

    def test_foreign_keys_are_enforced(self, application: Path) -> None:
        from sqlalchemy.exc import IntegrityError

        from data.db.models import Artist
        from data.db.session import SessionLocal, engine

        with SessionLocal() as session:
            session.delete(session.get_one(Artist, 1))
            with pytest.raises(IntegrityError, match="FOREIGN KEY"):
                session.commit()
        engine.dispose()

    def rows(self, path: str) -> dict[str, list[tuple[object, ...]]]:
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            return {
                table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for (table,) in tables.fetchall()
            }

    def test_the_same_seed_makes_the_same_rows(self, application: Path) -> None:
        from make_database import make_database

        make_database("again.db")
        make_database("others.db", seed=7)
        assert self.rows("again.db") == self.rows("dev.db")
        assert self.rows("others.db") != self.rows("dev.db")

    def test_scale_wal_and_an_existing_file(self, application: Path) -> None:
        script = str(application / "make_database.py")
        run = f"import sys, runpy; sys.argv[0] = {script!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
        done = scene.run_python(run, "big.db", "--scale", "120", "--wal")
        assert (done.returncode, done.stderr) == (0, "")
        assert scene.count_clients(application / "big.db") == 60 * 120
        with closing(sqlite3.connect("big.db")) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        before = os.stat("big.db").st_size
        done = scene.run_python(run, "big.db")
        assert done.returncode == 2
        assert "already there" in done.stderr
        assert os.stat("big.db").st_size == before
