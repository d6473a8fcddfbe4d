"""Labels, pins, health, rehearsals and the shrink alarm, through Store and through the command."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import respaldo
import scene
from terminal import Terminal, run


@pytest.fixture
def english(database: Path) -> Iterator[respaldo.Store]:
    with respaldo.Store(database, language="en", max_backups=1) as store:
        yield store


def execute(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(sql)


class TestAnnotations:
    def test_a_backup_is_made_with_what_is_said_of_it(self, store: respaldo.Store) -> None:
        made = store.create(label="antes de 2.0", note="Ana", made="before_upgrade", pinned=True).backup
        assert (made.label, made.note, made.made, made.pinned) == ("antes de 2.0", "Ana", "before_upgrade", True)
        assert store.list()[0] == made

    def test_what_is_left_out_stays_as_it_is(self, store: respaldo.Store) -> None:
        made = store.create(label="cierre", note="enero").backup
        noted = store.annotate(made, note="", pinned=True)
        assert (noted.label, noted.note, noted.pinned) == ("cierre", None, True)
        assert noted.verified_at == made.verified_at

    def test_a_pinned_one_is_never_deleted(self, english: respaldo.Store) -> None:
        pinned = english.create(pinned=True).backup
        assert english.create().removed == ()
        (decision,) = (d for d in english.prune(dry_run=True).kept if d.name == pinned.name)
        assert (decision.reason, decision.text) == ("pinned", "stays: pinned")
        english.annotate(pinned, pinned=False)
        assert [d.name for d in english.prune().removed] == [pinned.name]

    def test_an_unchanged_database_gives_no_second_backup(self, store: respaldo.Store, database: Path) -> None:
        first = store.create(skip_unchanged=True)
        again = store.create(skip_unchanged=True)
        assert (again.created, again.reason, again.backup.name) == (False, "unchanged", first.backup.name)
        execute(database, "UPDATE clients SET name = 'X' WHERE id = 7")
        assert store.create(skip_unchanged=True).created

    def test_lost_rows_hold_retention_back_until_they_are_confirmed(
        self, english: respaldo.Store, database: Path
    ) -> None:
        whole = english.create().backup
        execute(database, "DELETE FROM clients WHERE id > 10")
        shrunk = english.create()
        assert ([w.name for w in shrunk.warnings], shrunk.removed) == (["SHRUNK"], ())
        assert "SHRUNK" in [f.name for f in english.health().findings]
        english.annotate(shrunk.backup, confirmed=True)
        assert [d.name for d in english.prune().removed] == [whole.name]


class TestHealth:
    def test_a_fresh_backup_is_all_that_is_needed(self, english: respaldo.Store) -> None:
        before = english.health()
        assert (before.overall, before.findings[0].name, before.newest_verified) == ("danger", "NO_BACKUP", None)
        assert str(before.findings[0]) == "There is no backup of the database.\nMake one now."
        made = english.create().backup
        health = english.health(deep=True)
        assert (health.overall, health.days_without, health.damaged) == ("ok", 0, ())
        assert health.newest_verified == made
        assert health.headline.startswith("Your data are safe")
        assert health.room_for is not None and health.room_for > 0

    def test_a_database_that_cannot_be_backed_up_is_in_danger(self, english: respaldo.Store, database: Path) -> None:
        backup = english.create().backup
        scene.damage(database)
        with pytest.raises(respaldo.DatabaseCorruptError) as caught:
            english.create()
        health = english.health()
        assert (health.overall, health.findings[0].name) == ("danger", "DATABASE_DAMAGED")
        assert health.findings[0].message == caught.value.message
        assert "salvage" in health.findings[0].hint and health.newest_verified == backup
        done = run("health", "--database", database, "--language", "en")
        assert done.returncode == 2 and "in danger" in done.stdout and "danger\tDATABASE_DAMAGED\t" in done.stdout
        english.restore(backup)
        assert english.health().overall == "ok"
        assert run("health", "--database", database).returncode == 0

    def test_options_say_what_to_watch_for(self, database: Path) -> None:
        with respaldo.Store(database, health={"rehearse_every_days": 30}) as store:
            store.create()
            assert "REHEARSAL_DUE" in [f.name for f in store.health().findings]
            store.rehearse()
            health = store.health()
        assert health.overall == "ok"
        assert health.last_rehearsal is not None and health.last_rehearsal.rehearsed_at is not None

    def test_a_deep_look_can_be_called_off(self, store: respaldo.Store) -> None:
        store.create()
        with pytest.raises(respaldo.CancelledError):
            store.health(deep=True, progress=lambda done, total: False)


class TestRehearsal:
    def test_the_backup_of_the_day_is_rehearsed_when_it_is_time(self, database: Path) -> None:
        watch: respaldo.HealthOptions = {"rehearse_every_days": 30, "rehearse_wait_ms": 60_000}
        with respaldo.Store(database, health=watch) as store:
            first = store.create_if_due()
            assert first.backup is not None and first.backup.rehearsed_at is not None
            assert store.health().last_rehearsal == first.backup
        watch["rehearse_checks"] = ["SELECT count(*) > 9999 FROM clients"]
        with respaldo.Store(database, backup_dir=database.parent / "others", health=watch) as store:
            assert [warning.name for warning in store.create_if_due().warnings] == ["REHEARSAL_FAILED"]

    def test_the_newest_is_asked_and_nothing_is_left(self, store: respaldo.Store, folder: Path) -> None:
        store.create()
        before = sorted(p.name for p in (folder / "backups").iterdir())
        result = store.rehearse(checks=["SELECT count(*) = 200 FROM clients", "DELETE FROM clients"])
        assert (result.ok, result.problems, result.warnings) == (False, (), ())
        assert (result.checks[0].ok, result.checks[0].got) == (True, 1)
        assert "not authorized" in result.checks[1].got
        assert sorted(p.name for p in (folder / "backups").iterdir()) == before

    def test_without_a_backup_there_is_nothing_to_rehearse(self, store: respaldo.Store) -> None:
        with pytest.raises(respaldo.BackupNotFoundError):
            store.rehearse()


class TestCommand:
    def test_health_has_the_exit_status_that_monitoring_programs_expect(self, database: Path) -> None:
        danger = run("health", "--database", database)
        assert danger.returncode == 2
        first, second, *_ = danger.stdout.splitlines()
        assert first.startswith("Sus datos corren peligro: ")
        assert second.split("\t")[:2] == ["danger", "NO_BACKUP"]
        run("create", "--database", database)
        fine = run("health", "--deep", "--database", database)
        assert (fine.returncode, fine.stderr) == (0, "")
        attention = run("health", "--health", '{"rehearse_every_days": 9}', "--json", "--database", database)
        assert attention.returncode == 1
        assert json.loads(attention.stdout)["overall"] == "attention"
        assert run("health", "--health", '{"max_age_days": 0}', "--database", database).returncode == 100

    def test_health_on_a_terminal_says_what_to_do(self, database: Path) -> None:
        with Terminal("health", "--database", database) as there:
            status, text = there.finish()
        assert status == 2
        assert "PELIGRO: No hay ningún respaldo de la base de datos." in text
        assert "  Cree uno ahora." in text

    def test_annotate_says_what_it_noted(self, database: Path) -> None:
        name = Path(run("create", "--label", "mensual", "--database", database).stdout.splitlines()[1]).name
        done = run("annotate", name, "--pin", "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"Anotado: {name} («mensual», fijado" in done.stdout
        assert run("annotate", name, "--pin", "--unpin", "--database", database).returncode == 100
        assert run("annotate", "none.db", "--pin", "--database", database).returncode == 21

    def test_rehearse_says_what_came_of_each_question(self, database: Path) -> None:
        run("create", "--before-upgrade", "--database", database)
        asked = ("--check", "SELECT count(*) > 0 FROM clients")
        done = run("rehearse", *asked, "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        assert "El ensayo salió bien" in done.stdout
        assert "sí  SELECT count(*) > 0 FROM clients  → 1" in done.stdout
        done = run("rehearse", *asked, "--check", "SELECT 0", "--database", database)
        assert done.returncode == 103
        assert "NO  SELECT 0  → 0" in done.stdout

    def test_create_says_that_nothing_has_changed(self, database: Path) -> None:
        run("create", "--skip-unchanged", "--database", database)
        done = run("create", "--skip-unchanged", "--database", database)
        assert done.returncode == 0
        assert "Nada cambió desde el respaldo" in done.stdout
