"""Which backups ``respaldo list`` shows, and what of each."""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from terminal import Terminal, answer, create, run

NOW = datetime.now(ZoneInfo("America/Hermosillo"))


def names(*arguments: object, database: Path) -> list[str]:
    done = run("list", *arguments, "--database", database)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


@pytest.fixture
def backups(database: Path) -> list[str]:
    """Of now, of a week ago, of 2025 (renamed), and the copy made before a restore; newest first."""
    newest = create(database)
    week = newest.with_name(f"backup_{NOW - timedelta(days=7):%Y%m%d}_093000.db")
    old = newest.with_name("antes de la mudanza.db")
    for copy in (week, old):
        copy.write_bytes(newest.read_bytes())
    moment = datetime(2025, 3, 4, 9, 30, tzinfo=NOW.tzinfo).timestamp()
    os.utime(old, (moment, moment))
    run("restore", newest.name, "--yes", "--database", database)
    return [newest.name, week.name, old.name]


def test_limit(database: Path, backups: list[str]) -> None:
    assert names(database=database) == backups
    assert names("--limit", 2, database=database) == backups[:2]
    assert names("--limit", 9, database=database) == backups


def test_since(database: Path, backups: list[str]) -> None:
    week = NOW - timedelta(days=7)
    assert names("--since", f"{week:%Y-%m-%d}", database=database) == backups[:2]
    assert names("--since", f"{week:%d/%m/%Y}", database=database) == backups[:2]
    assert names("--since", f"{week:%d/%m/%Y} 09:30", database=database) == backups[:2]
    assert names("--since", f"{week:%d/%m/%Y} 09:31", database=database) == backups[:1]
    assert names("--since", "7d", database=database) == backups[:2]
    assert names("--since", "6d", database=database) == backups[:1]
    assert names("--since", "0d", database=database) == backups[:1]
    assert names("--since", "99999d", database=database) == backups
    assert names("--since", "2025-03-04", database=database) == backups
    assert names("--since", "2025-03-05", database=database) == backups[:2]


def test_kind(database: Path, backups: list[str]) -> None:
    assert names("--kind", "preserved", database=database) == backups[2:]
    (safety,) = names("--kind", "safety", database=database)
    assert ".before_restore_" in safety
    both = names("--kind", "safety", "--kind", "preserved", database=database)
    assert sorted(both) == sorted([safety, backups[2]])
    assert names("--kind", "recovered", database=database) == []


def test_the_choice_holds_for_json_too(database: Path, backups: list[str]) -> None:
    found = answer("list", "--limit", "1", "--database", database)["backups"]
    assert isinstance(found, list)
    assert [backup["name"] for backup in found] == backups[:1]


@pytest.mark.parametrize(
    "arguments",
    [("--since", "ayer"), ("--since", "2026-13-01"), ("--since", "100000d"), ("--limit", "0"), ("--kind", "x")],
)
def test_what_is_not_understood_is_a_usage_error(arguments: tuple[str, str], database: Path) -> None:
    done = run("list", *arguments, "--database", database)
    assert (done.returncode, done.stdout) == (100, "")
    assert arguments[1] in done.stderr


def test_long_lines_have_more_columns(database: Path) -> None:
    run("create", "--label", "antes\tde mudar", "--pin", "--database", database)
    run("rehearse", "--database", database)
    (line,) = run("list", "--long", "--database", database).stdout.splitlines()
    (short,) = run("list", "--database", database).stdout.splitlines()
    assert line.startswith(f"{short}\t")
    made, label, pinned, rehearsed, rows, of, path = line.removeprefix(f"{short}\t").split("\t")
    assert (made, label, pinned, rows, of) == ("manual", "antes\\tde mudar", "pinned", "200", database.name)
    assert datetime.fromisoformat(rehearsed).date() >= NOW.date()
    assert Path(path).name == line.split("\t")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals for tests")
class TestOnATerminal:
    @pytest.mark.parametrize("columns", [40, 100])
    def test_long_is_a_block_for_each(self, columns: int, database: Path) -> None:
        made = create(database)
        run("annotate", made.name, "--label", "cierre de mes", "--note", "con propinas", "--database", database)
        with Terminal("list", "--long", "--database", database, columns=columns) as there:
            _, text = there.finish()
        lines = text.splitlines()
        assert lines[0] == made.name
        assert any(re.fullmatch(r"  Registros: clients 200(, .*)?", line) for line in lines)
        assert "  Nota: con propinas" in lines
        assert "  Creado: a mano" in lines
        assert f"  Archivo: {made}" in lines
        assert any("«cierre de mes»" in line for line in lines)

    def test_none_like_that(self, database: Path) -> None:
        create(database)
        with Terminal("list", "--kind", "recovered", "--database", database) as there:
            assert there.finish() == (0, "Hay respaldos, pero ninguno así.\n")
