"""What the command ``respaldo`` answers with ``--json``."""

from __future__ import annotations

from pathlib import Path

import pytest

import respaldo
from terminal import answer


class TestJson:
    def test_the_answer_is_the_librarys_json(self, database: Path) -> None:
        created = answer("create", "--database", database)
        assert set(created) == {"created", "backup", "removed", "warnings", "duration_ms"}
        due = answer("due", "--database", database)
        assert due["reason"] == "already_backed_up_today"
        backup = due["backup"]
        assert isinstance(backup, dict)
        assert answer("list", "--database", database) == {"backups": [backup], "warnings": []}
        assert set(answer("last", "--database", database)) == {"last_backup_at", "display"}
        verified = answer("verify", backup["name"], "--database", database)
        assert verified["ok"] is True and verified["problems"] == []
        restored = answer("restore", backup["name"], "--yes", "--database", database)
        assert set(restored) == {"restored_from", "database", "safety_backup", "warnings", "duration_ms"}
        pruned = answer("prune", "--dry-run", "--database", database)
        assert pruned["dry_run"] is True
        with respaldo.Store(database) as store:
            assert [d.name for d in store.prune(dry_run=True).kept] == [backup["name"]]

    def test_an_error_is_the_librarys_json(self, database: Path) -> None:
        found = answer("verify", "no.db", "--database", database, status=21)
        with respaldo.Store(database) as store, pytest.raises(respaldo.BackupNotFoundError) as caught:
            store.verify("no.db")
        assert found == {"error": caught.value.args[0]}

    def test_a_usage_error_is_json_too(self) -> None:
        error = answer("list", status=100)["error"]
        assert isinstance(error, dict)
        assert set(error) == {"status", "name", "message", "hint", "path"}
        assert (error["status"], error["name"]) == (100, "USAGE")

    def test_an_encoding_that_lacks_letters_gets_escapes(self, database: Path) -> None:
        found = answer("last", "--database", database, env={"PYTHONIOENCODING": "ascii"})
        assert found["display"] == "—"
