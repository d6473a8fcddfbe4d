"""What the command ``respaldo`` answers in words, in a pipe."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

import scene
from terminal import create, run

NAME = r"backup_\d{8}_\d{6}(_\d+)?\.db"


class TestAnswers:
    def test_create_list_last_and_verify_answer_in_words(self, database: Path) -> None:
        done = run("create", "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        first, path = done.stdout.splitlines()
        assert re.fullmatch(rf"Respaldo creado: {NAME} \([\d.]+ kB\)", first)
        assert scene.count_clients(Path(path)) == 200

        done = run("list", "--database", database)
        (line,) = done.stdout.splitlines()
        name, display, size, kind, state, verified = line.split("\t")
        assert (Path(path).name, str(Path(path).stat().st_size)) == (name, size)
        assert (kind, state) == ("backup", "intact")
        assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", display)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-07:00", verified)

        assert run("last", "--database", database).stdout == f"Último respaldo: {display}\n"
        done = run("verify", name, "--database", database)
        assert done.returncode == 0
        assert done.stdout.startswith(f"El respaldo está bien: {name} (")

    def test_an_empty_folder_lists_nothing(self, database: Path) -> None:
        assert run("last", "--database", database).stdout == "Último respaldo: —\n"
        done = run("list", "--database", database)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_due_makes_one_backup_a_day(self, database: Path) -> None:
        assert run("due", "--database", database).stdout.startswith("Respaldo creado: ")
        again = run("due", "--database", database)
        assert again.returncode == 0
        assert again.stdout.startswith("Ya hay un respaldo de hoy: ")
        assert len(list((database.parent / "backups").glob("*.db"))) == 1

    def test_a_restore_can_be_undone(self, database: Path) -> None:
        name = create(database).name
        scene.delete_clients(database)
        done = run("restore", name, "--yes", "--reason", "se borró todo", "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Restaurado: {name}\nen {database}\nLa base de datos anterior se guardó en ")
        assert scene.count_clients(database) == 200
        assert "se borró todo" in (database.parent / "backups" / "restores.jsonl").read_text(encoding="utf-8")

        undo = shlex.split(done.stdout.splitlines()[-1].partition(": ")[2])
        assert undo[:2] == ["respaldo", "restore"]
        assert run(*undo[1:], "--yes", "--database", database).returncode == 0
        assert scene.count_clients(database) == 0

        listed = [line.split("\t")[3] for line in run("list", "--safety", "--database", database).stdout.splitlines()]
        assert sorted(listed) == ["backup", "safety", "safety"]

    def test_a_rehearsal_asks_nothing_and_changes_nothing(self, database: Path) -> None:
        name = create(database).name
        scene.delete_clients(database)
        target = database.parent / "ensayo.db"
        before = scene.folder_contents(database.parent, catalogue=False)
        done = run("restore", name, "--target", target, "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        after = scene.folder_contents(database.parent, catalogue=False)
        assert {k: v for k, v in after.items() if k in before and not k.endswith(".jsonl")} == {
            k: v for k, v in before.items() if not k.endswith(".jsonl")
        }
        assert scene.count_clients(target) == 200
        assert run("restore", name, "--target", target, "--database", database).returncode == 25

    def test_prune_says_what_goes_and_what_stays(self, database: Path) -> None:
        for _ in range(3):
            create(database)
        rows = [
            line.split("\t")
            for line in run("prune", "--dry-run", "--max-backups", 1, "--database", database).stdout.splitlines()
        ]
        assert [what for _, what, _ in rows] == ["removed", "removed", "kept"]
        assert len(run("list", "--database", database).stdout.splitlines()) == 3
        run("prune", "--max-backups", 1, "--database", database)
        (left,) = run("list", "--database", database).stdout.splitlines()
        assert left.startswith(rows[2][0])

    def test_retention(self, database: Path) -> None:
        for _ in range(3):
            create(database)
        done = run("prune", "--retention", "last=1,weeks=4", "--json", "--database", database, "--language", "en")
        pruned = json.loads(done.stdout)
        assert [d["text"] for d in pruned["kept"]] == ["stays: one of the newest"]
        assert [d["text"] for d in pruned["removed"]] == ["deleted: there are enough newer ones"] * 2
        wrong = run("prune", "--retention", "fortnights=2", "--database", database)
        assert (wrong.returncode, "retention.fortnights" in wrong.stderr) == (1, True)
        assert run("prune", "--retention", "weeks", "--database", database).returncode == 100

    def test_create_names_the_old_backups_it_deletes(self, database: Path) -> None:
        old = create(database).name
        done = run("create", "--max-backups", 1, "--database", database)
        assert done.stdout.splitlines()[2:] == [f"Se borró el respaldo antiguo {old}"]

    def test_warnings_go_to_standard_error(self, database: Path) -> None:
        (database.parent / "settings.json").write_text("no es JSON")
        done = run("create", "--database", database)
        assert done.returncode == 0
        assert done.stdout.startswith("Respaldo creado: ")
        assert done.stderr.startswith("Advertencia: No se anotó la fecha del respaldo en ")
        assert run("create", "--no-settings", "--database", database).stderr == ""

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
    def test_control_characters_in_a_name_reach_no_terminal(self, database: Path) -> None:
        name = create(database)
        name.rename(name.with_name("mi\n\x1b[31mrespaldo.db"))
        (line,) = run("list", "--database", database).stdout.splitlines()
        assert line.startswith("mi\\n\\x1b[31mrespaldo.db\t")
