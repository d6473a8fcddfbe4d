"""Rows brought back, through Store and through the command."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import respaldo
from respaldo import RowKey
from terminal import run


def execute(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(sql)


def name_of(database: Path, key: int) -> str | None:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT name FROM clients WHERE id = ?", (key,)).fetchone()
    return found[0] if found else None


class TestBringBack:
    def test_a_deleted_row_comes_back(self, store: respaldo.Store, database: Path) -> None:
        backup = store.create().backup
        name = name_of(database, 7)
        execute(database, "DELETE FROM clients WHERE id = 7")
        rows = [RowKey("clients", {"id": 7})]
        planned = store.bring_back(backup, rows, dry_run=True)
        assert (planned.applied, planned.safety_backup) == (False, None)
        assert name_of(database, 7) is None
        done = store.bring_back(backup, rows, reason="pidió Ana")
        assert done.applied and done.plan == planned.plan
        assert done.safety_backup is not None and name_of(done.safety_backup, 7) is None
        assert name_of(database, 7) == name

    def test_a_conflict_has_both_versions(self, store: respaldo.Store, database: Path) -> None:
        backup = store.create().backup
        name = name_of(database, 7)
        execute(database, "UPDATE clients SET name = 'X' WHERE id = 7")
        rows = [RowKey("clients", {"id": 7})]
        with pytest.raises(respaldo.RowsInConflictError) as caught:
            store.bring_back(backup, rows)
        (conflict,) = caught.value.conflicts
        assert (conflict.table, conflict.key, conflict.what) == ("clients", {"id": 7}, "different")
        assert conflict.live is not None
        assert (conflict.backup["name"], conflict.live["name"]) == (name, "X")
        assert name_of(database, 7) == "X"
        assert store.bring_back(backup, rows, on_conflict="overwrite").plan[0].update == 1
        assert name_of(database, 7) == name

    def test_a_row_that_the_backup_lacks_is_told(self, store: respaldo.Store) -> None:
        backup = store.create().backup
        with pytest.raises(respaldo.InvalidArgumentError, match="99999"):
            store.bring_back(backup, [RowKey("clients", {"id": 99999})])
        with pytest.raises(respaldo.InvalidArgumentError, match=r'clients \{"id":99999\}'):
            store.bring_back(backup, [RowKey("clients", {"": 99999})])
        with pytest.raises(respaldo.InvalidArgumentError, match=r"visits.*clients"):
            store.bring_back(backup, [RowKey("visits", {"": 7})])

    def test_blobs_are_bytes(self) -> None:
        assert RowKey("t", {"k": b"\x00\xff"}).to_json() == {"table": "t", "key": {"k": {"blob": "00ff"}}}


class TestCommand:
    def test_bring_back_says_what_it_did(self, store: respaldo.Store, database: Path) -> None:
        backup = store.create().backup
        execute(database, "DELETE FROM clients WHERE id = 7")
        asked = ("bring-back", backup.name, "--row", "clients", "id=7", "--database", database)
        done = run(*asked, "--dry-run", "--json")
        assert json.loads(done.stdout)["plan"][0]["insert"] == 1
        assert name_of(database, 7) is None
        done = run(*asked)
        assert done.returncode == 0 and "clients\t1\t0\t0\t0" in done.stdout
        execute(database, "UPDATE clients SET name = 'X' WHERE id = 7")
        assert run(*asked).returncode == 47
        assert run(*asked, "--on-conflict", "skip").returncode == 0
        assert name_of(database, 7) == "X"

    def test_the_newest_backup_that_has_the_row_unless_one_is_named(
        self, store: respaldo.Store, database: Path
    ) -> None:
        older = store.create().backup
        name = name_of(database, 7)
        execute(database, "UPDATE clients SET name = 'X' WHERE id = 7")
        newer = store.create().backup
        execute(database, "DELETE FROM clients WHERE id = 7")
        store.create()
        done = run("bring-back", "clients", "7", "--database", database)
        assert (done.returncode, name_of(database, 7)) == (0, "X")
        assert newer.name in done.stdout
        execute(database, "DELETE FROM clients WHERE id IN (7, 8)")
        done = run("bring-back", older.name, "client", "7", "--row", "clients", "8", "--database", database)
        assert (done.returncode, name_of(database, 7)) == (0, name)
        assert "clients\t2\t0\t0\t0" in done.stdout

    def test_a_row_that_is_nowhere_or_not_said(self, store: respaldo.Store, database: Path) -> None:
        backup = store.create().backup
        assert run("bring-back", "clients", "99999", "--database", database).returncode == 21
        assert run("bring-back", backup.name, "clients", "99999", "--database", database).returncode == 1
        for words in ([], [backup.name], ["a", "b", "c", "d"]):
            done = run("bring-back", *words, "--database", database)
            assert (done.returncode, done.stdout) == (100, "")
            assert "clients 7" in done.stderr


class TestSalvage:
    def test_a_damaged_database_gives_a_new_file(self, store: respaldo.Store, database: Path) -> None:
        backup = store.create().backup
        content = bytearray(database.read_bytes())
        pages = range(4096, len(content), 4096)
        leaf = next(at for at in pages if content[at] == 13 and b"Cliente" in content[at : at + 4096])
        content[leaf : leaf + 4096] = bytes(4096)
        database.write_bytes(content)
        planned = store.salvage(dry_run=True)
        assert planned.recovered is None
        saved = store.salvage()
        assert saved.recovered is not None and saved.recovered.kind == "recovered"
        assert (saved.tables, saved.method) == (planned.tables, "rows")
        (clients,) = (table for table in saved.tables if table.table == "clients")
        missing = clients.missing_since
        assert missing is not None and (missing.backup, missing.rows + clients.rows) == (backup.name, 200)
        assert database.read_bytes() == content
        done = run("salvage", "--dry-run", "--database", database)
        assert done.returncode == 0 and f"clients\t{clients.rows}\t0\t{missing.rows}" in done.stdout

    def test_the_error_of_a_damaged_database_points_here(self, database: Path) -> None:
        with respaldo.Store(database, language="en") as store:
            backup = store.create().backup
            with closing(sqlite3.connect(database)) as connection, connection:
                connection.execute("INSERT INTO clients(name) SELECT 'new' FROM clients LIMIT 3")
                connection.execute("CREATE TABLE broken(x)")
                (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name='broken'").fetchone()
            content = bytearray(database.read_bytes())
            # A cell that is not there: SQLite counts what it finds, and the check finds it wrong.
            content[(root - 1) * 4096 + 5 : (root - 1) * 4096 + 7] = b"\x0f\x00"
            database.write_bytes(content)
            with pytest.raises(respaldo.DatabaseCorruptError) as failed:
                store.create()
            hint = failed.value.hint
            assert f"The last good backup is of {backup.display}; the damaged file has 3 rows more." in hint
            assert '"salvage"' in hint
            Path(backup.path).write_bytes(content[:8192])
            with pytest.raises(respaldo.BackupCorruptError) as failed:
                store.verify(backup.name)
            assert '"salvage"' in failed.value.hint and "last good" not in failed.value.hint

    def test_deleted_rows_come_on_request(self, store: respaldo.Store, database: Path) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("PRAGMA secure_delete=OFF")
            connection.execute("CREATE TABLE broken(x)")
            connection.execute("DELETE FROM clients WHERE id > 1")
            (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name='broken'").fetchone()
        content = bytearray(database.read_bytes())
        content[(root - 1) * 4096 : root * 4096] = bytes(4096)
        database.write_bytes(content)
        assert store.salvage(dry_run=True).deleted == 0
        saved = store.salvage(dry_run=True, deleted=True)
        assert saved.deleted > 0
        done = run("salvage", "--dry-run", "--deleted", "--database", database)
        assert done.returncode == 0 and f"lost_and_found_deleted: {saved.deleted}" in done.stdout
