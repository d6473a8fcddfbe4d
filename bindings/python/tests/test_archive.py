"""The archive, through ``store.archive`` and the command, with a library that has it and with one that lacks it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import respaldo
import scene
from pages import snippets
from respaldo.cli.archive import _sheet
from respaldo.cli.texts import texts_in
from terminal import Terminal, run

WITH = pytest.mark.skipif(
    not respaldo.has_archive(), reason="a library without the archive; `make test-archive` has one"
)
WITHOUT = pytest.mark.skipif(respaldo.has_archive(), reason="a library with the archive")


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def archiving(database: Path, tmp_path: Path, password_file: Path) -> Iterator[respaldo.Store]:
    options: respaldo.ArchiveOptions = {"repository": str(tmp_path / "stick"), "password_file": str(password_file)}
    with respaldo.Store(database, archive=options, language="en") as store:
        yield store


@WITHOUT
class TestWithout:
    def test_every_function_says_what_to_use_instead(self, archiving: respaldo.Store) -> None:
        archive = archiving.archive
        for call in (
            archive.init,
            archive.push,
            archive.list,
            archive.fetch,
            archive.restore,
            archive.check,
            archive.prune,
        ):
            with pytest.raises(respaldo.UnsupportedError, match="archive"):
                call()
        with pytest.raises(respaldo.UnsupportedError):
            archive.change_key("another")

    def test_so_does_the_command(self, database: Path, tmp_path: Path, password_file: Path) -> None:
        option = json.dumps({"repository": str(tmp_path / "stick"), "password_file": str(password_file)})
        done = run("archive", "list", "--database", database, "--archive", option, "--language", "en")
        assert done.returncode == 90 and "features archive" in done.stderr


@WITH
class TestWith:
    def test_a_backup_goes_there_and_comes_back(
        self, archiving: respaldo.Store, tmp_path: Path, database: Path
    ) -> None:
        made = archiving.archive.init()
        assert "lost" in made.key_note
        backup = archiving.create(label="before 2.0").backup
        told: list[tuple[int, int]] = []
        pushed = archiving.archive.push(backup, progress=lambda done, total: told.append((done, total)))
        assert pushed.name == backup.name and pushed.total_bytes == backup.size
        assert told[-1] == (backup.size, backup.size)
        (snapshot,) = archiving.archive.list()
        assert (snapshot.label, snapshot.created_at) == ("before 2.0", backup.created_at)
        fetched = archiving.archive.fetch(snapshot, tmp_path / "fetched.db")
        assert fetched.path.read_bytes() == backup.path.read_bytes()
        archiving.archive.check(read_data=True)
        database.unlink()
        assert archiving.archive.restore().database == database
        assert archiving.archive.prune().removed == ()
        health = archiving.health().archive
        assert health is not None and (health.archived, health.waiting) == (1, 0)

    def test_it_can_be_cancelled_and_the_key_changed(self, archiving: respaldo.Store) -> None:
        archiving.archive.init()
        archiving.create()
        with pytest.raises(respaldo.CancelledError):
            archiving.archive.push(progress=lambda _done, _total: False)
        assert not archiving.archive.list()
        assert "lost" in archiving.archive.change_key("another")
        with pytest.raises(respaldo.ArchiveWrongPasswordError):
            archiving.archive.list()

    def test_rows_come_out_of_it_alone(self, archiving: respaldo.Store, database: Path, tmp_path: Path) -> None:
        archiving.archive.init()
        backup = archiving.create().backup
        snapshot = archiving.archive.push(backup).snapshot
        backup.path.unlink()
        with closing(sqlite3.connect(database)) as connection, connection:
            (name,) = connection.execute("SELECT name FROM clients WHERE id = 7").fetchone()
            connection.execute("DELETE FROM clients WHERE id IN (7, 8, 9)")
        row = respaldo.RowKey("clients", {"id": 7})
        assert not archiving.find(table="clients", key={"id": 7})
        (found,) = archiving.find(table="clients", key={"id": 7}, snapshots=True)
        assert (found.backup, found.snapshot, found.values["name"]) == (backup.name, snapshot, name)
        (version,) = archiving.history("clients", {"id": 7}, snapshots=True)
        assert (version.last_seen.kind, version.last_seen.snapshot) == ("snapshot", snapshot)
        (listed,) = archiving.archive.list()
        for compared in (
            archiving.compare(listed),
            archiving.compare(version.last_seen),
            archiving.archive.compare(),
            archiving.archive.compare(listed),
        ):
            assert next(table for table in compared.tables if table.table == "clients").only_there == 3
        assert archiving.compare(listed, other=version.last_seen).identical
        assert archiving.archive.compare("latest", other=listed).identical
        assert archiving.archive.bring_back("latest", [row], dry_run=True).plan[0].insert == 1
        assert archiving.archive.bring_back(snapshot, [row], reason="why").safety_backup
        assert archiving.bring_back(listed, [respaldo.RowKey("clients", {"id": 8})]).applied
        assert archiving.bring_back(version.last_seen, [respaldo.RowKey("clients", {"id": 9})]).applied
        assert archiving.compare(listed).identical
        with pytest.raises(respaldo.BackupNotFoundError):
            archiving.archive.compare("0123456789")
        with pytest.raises(respaldo.CancelledError):
            archiving.compare(listed, progress=lambda _done, _total: False)

    def test_the_command_takes_rows_out_of_it(self, database: Path, tmp_path: Path, password_file: Path) -> None:
        there = {
            "RESPALDO_DATABASE": str(database),
            "RESPALDO_ARCHIVE": str(tmp_path / "stick"),
            "RESPALDO_ARCHIVE_PASSWORD_FILE": str(password_file),
            "RESPALDO_LANGUAGE": "en",
        }
        for command in ("archive init", "create", "archive push"):
            assert run(*command.split(), env=there).returncode == 0
        for backup in (database.parent / "backups").glob("backup_*.db"):
            backup.unlink()
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DELETE FROM clients WHERE id = 7")
        compared = run("compare", "--snapshot", "latest", env=there)
        assert compared.stdout.startswith("clients\t0\t1\t0\t"), compared.stderr
        assert run("compare", "--snapshot", "latest", "--with-snapshot", "latest", env=there).stdout == ""
        assert run("history", "clients", "id=7", env=there).stdout == ""
        assert len(run("history", "clients", "id=7", "--snapshots", env=there).stdout.splitlines()) == 1
        answer = json.loads(
            run("find", "--table", "clients", "--key", "id=7", "--snapshots", "--json", env=there).stdout
        )
        snapshot = answer["found"][0]["snapshot"]
        done = run("bring-back", "--snapshot", snapshot[:12], "--row", "clients", "id=7", env=there)
        assert done.returncode == 0, done.stderr
        assert run("compare", "--snapshot", "latest", env=there).stdout == ""
        for wrong in (
            ["bring-back", "--snapshot", "latest"],
            ["compare", "--with", "a.db", "--with-snapshot", "latest"],
        ):
            assert run(*wrong, env=there).returncode == 100

    def test_the_command_prints_a_sheet_and_takes_a_thief_in_its_stride(
        self, database: Path, tmp_path: Path, password_file: Path
    ) -> None:
        there = {
            "RESPALDO_DATABASE": str(database),
            "RESPALDO_ARCHIVE": str(tmp_path / "stick"),
            "RESPALDO_ARCHIVE_PASSWORD_FILE": str(password_file),
            "RESPALDO_LANGUAGE": "en",
        }
        made = run("archive", "init", env=there)
        assert made.returncode == 0 and "restic -r" in made.stdout and "correct horse" not in made.stdout
        assert run("create", env=there).returncode == 0
        assert "In the archive: backup_" in run("archive", "push", env=there).stdout
        assert len(run("archive", "list", env=there).stdout.splitlines()) == 2
        database.unlink()
        done = run("archive", "restore", "latest", "--yes", env=there)
        assert done.returncode == 0 and database.exists(), done.stderr
        assert run("archive", "check", "--read-data", env=there).returncode == 0
        new = tmp_path / "new"
        new.write_text("another")
        new.chmod(0o600)
        assert run("archive", "key", "--new-password-file", new, env=there).returncode == 0
        assert run("archive", "list", env=there).returncode == 81
        assert run("archive", "fetch", "latest", "--json", env=there).returncode == 81


def option(tmp_path: Path, password_file: Path, **more: object) -> str:
    return json.dumps({"repository": str(tmp_path / "stick"), "password_file": str(password_file), **more})


@WITH
class TestQuestion:
    @pytest.fixture
    def words(self, database: Path, tmp_path: Path, password_file: Path) -> tuple[object, ...]:
        """The options of a database that has lost ten of its clients since it was pushed, and has four more."""
        words = ("--database", database, "--archive", option(tmp_path, password_file), "--language", "en")
        assert run("archive", "init", *words).returncode == 0
        assert run("create", *words).returncode == 0
        assert run("archive", "push", *words).returncode == 0
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DELETE FROM clients WHERE id <= 10")
            scene.add_clients(connection, 4)
        return words

    def test_it_says_what_would_be_lost_before_it_asks(self, words: tuple[object, ...], database: Path) -> None:
        before = scene.folder_contents(database.parent, catalogue=False)
        with Terminal("archive", "restore", "latest", *words) as there:
            text = there.read_until("[y/N]: ")
            there.press("n\n")
            status, _ = there.finish()
        assert "4 rows of clients" in text and "10 rows of clients" in text, text
        assert status == 4
        assert scene.folder_contents(database.parent, catalogue=False) == before
        with Terminal("archive", "restore", "latest", *words) as there:
            there.read_until("[y/N]: ")
            there.press("y\n")
            assert there.finish()[0] == 0
        assert scene.count_clients(database) == 200

    def test_a_dry_run_says_it_too_and_changes_nothing(self, words: tuple[object, ...], database: Path) -> None:
        before = scene.folder_contents(database.parent, catalogue=False)
        done = run("archive", "restore", "latest", "--dry-run", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert "4 rows of clients" in done.stdout and "Nothing was changed." in done.stdout
        assert scene.folder_contents(database.parent, catalogue=False) == before

    def test_it_refuses_what_the_restore_would(self, words: tuple[object, ...], database: Path) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("PRAGMA user_version = 8")
        assert run("create", *words).returncode == 0
        assert run("archive", "push", *words).returncode == 0
        old = (*words, "--schema", '{"newest_user_version": 7}')
        for how in (["--dry-run"], ["--yes"]):
            assert run("archive", "restore", "latest", *how, *old).returncode == 46
        with Terminal("archive", "restore", "latest", *old) as there:
            status, text = there.finish()
        assert status == 46 and "[y/N]" not in text, text

    def test_where_nobody_can_answer_nothing_is_fetched(self, words: tuple[object, ...]) -> None:
        assert run("archive", "restore", "latest", *words).returncode == 100


@WITH
class TestPushAfterCreate:
    @pytest.fixture
    def words(self, database: Path, tmp_path: Path, password_file: Path) -> tuple[object, ...]:
        archive = option(tmp_path, password_file, push="after_create")
        words = ("--database", database, "--archive", archive, "--language", "en")
        assert run("archive", "init", *words).returncode == 0
        return words

    @pytest.mark.parametrize("command", ["create", "due"])
    def test_the_command_ends_when_the_backup_is_in_the_archive(self, command: str, words: tuple[object, ...]) -> None:
        done = run(command, *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(run("archive", "list", *words).stdout.splitlines()) == 2

    def test_whoever_interrupts_the_wait_has_the_backup_and_the_next_one_brings_it(
        self, words: tuple[object, ...]
    ) -> None:
        with Terminal("create", *words) as there:
            there.read_until("Storing it in the archive")
            there.press("\x03")
            status, text = there.finish()
        assert status == 0 and "is not in the archive" in text, text
        assert run("create", *words).returncode == 0
        assert len(run("archive", "list", *words).stdout.splitlines()) == 3

    def test_a_failure_is_a_warning(self, words: tuple[object, ...], tmp_path: Path) -> None:
        (tmp_path / "stick").rename(tmp_path / "gone")
        done = run("create", *words)
        assert done.returncode == 0 and "is not in the archive" in done.stderr


@WITH
def test_what_the_page_shows_makes_one(tmp_path: Path, password_file: Path) -> None:
    snippet, rows = snippets(scene.CHECKOUT / "docs" / "archive.md", "python")
    day = """
import sqlite3
with sqlite3.connect("tattoostudio.db") as connection:
    connection.execute("UPDATE clients SET name = 'Ana López' WHERE id = 7")
connection.close()
backup = store.create().backup
store.archive.push(backup)
backup.path.unlink()
with sqlite3.connect("tattoostudio.db") as connection:
    connection.execute("DELETE FROM clients WHERE id = 7")
connection.close()
"""
    snippet += day + rows
    for shown, here in (("/media/usb/archivo", tmp_path / "stick"), ("/home/ana/.respaldo-password", password_file)):
        assert shown in snippet
        snippet = snippet.replace(shown, str(here))
    scene.make_database(tmp_path / "tattoostudio.db")
    done = scene.run_python(snippet, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Ana López" in done.stdout
    assert (tmp_path / "stick" / "config").exists()


def test_the_sheet_of_a_server_says_how_to_reach_it_and_no_secret() -> None:
    where = {"endpoint": "https://s3.example.org", "bucket": "studio", "root": "/archivo", "access_key_id": "AK"}
    s3: respaldo.ArchiveOptions = {"repository": "opendal:s3", "options": where | {"secret_access_key": "hush"}}
    told = _sheet(s3, "/home/ana/mi estudio.db", texts_in("en"))
    assert "restic -r s3:https://s3.example.org/studio/archivo restore" in told
    assert "--database 'mi estudio.db' --archive" in told
    assert '--archive \'{"repository": "opendal:s3"' in told and "hush" not in told
    login = {"endpoint": "https://cloud.example.org/dav", "username": "ana", "password": "hush"}
    told = _sheet({"repository": "opendal:webdav", "options": login}, "estudio.db", texts_in("es"))
    assert "https://cloud.example.org/dav" in told and "restic -r CARPETA" in told and "hush" not in told
    assert "restic -r '/media/MEMORIA USB' restore" in _sheet(
        {"repository": "/media/MEMORIA USB"}, "estudio.db", texts_in("es")
    )
