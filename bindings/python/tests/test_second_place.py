"""The second place: a folder on another disk, to which every finished backup is copied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import respaldo
import scene
from terminal import run


@pytest.fixture
def place(folder: Path) -> Path:
    (folder / "stick").mkdir()
    return folder / "stick" / "respaldos"


@pytest.fixture
def with_place(database: Path, place: Path) -> Iterator[respaldo.Store]:
    with respaldo.Store(database, second_place={"folder": str(place), "last": 2}) as store:
        yield store


def test_backups_are_listed_and_restored_from_there(
    with_place: respaldo.Store, database: Path, place: Path, folder: Path
) -> None:
    made = [with_place.create(label=str(number)).backup for number in range(3)]
    there = with_place.list(second_place=True)
    assert [(b.name, b.label, b.path.parent) for b in there] == [(b.name, b.label, place) for b in made[:0:-1]]
    assert all(b.verified_at for b in there)
    health = with_place.health()
    assert health.second_place == respaldo.SecondPlaceHealth(place, True, 2, 0, True)
    made[2].path.unlink()
    scene.delete_clients(database)
    assert with_place.restore(made[2].name).restored_from == there[0].path
    assert scene.count_clients(database) == 200


def test_an_absent_one_is_told_once(with_place: respaldo.Store, place: Path) -> None:
    place.parent.rmdir()
    assert [w.name for w in with_place.create().warnings] == ["SECOND_PLACE_ABSENT"]
    assert with_place.create().warnings == ()
    place.parent.mkdir()
    assert with_place.create_if_due().warnings == ()
    assert len(list(place.glob("backup_*.db"))) == 2


def test_a_required_one_is_an_error(database: Path, folder: Path) -> None:
    absent = folder / "none" / "respaldos"
    with respaldo.Store(database, second_place={"folder": str(absent), "required": True}) as store:
        with pytest.raises(respaldo.SecondPlaceAbsentError) as caught:
            store.create()
        assert caught.value.path == absent
        assert len(store.list()) == 1


def test_the_command_takes_a_folder_or_more(database: Path, place: Path) -> None:
    done = run("create", "--second-place", place, "--database", database)
    assert (done.returncode, done.stderr) == (0, "")
    listed = run("list", "--in-second-place", "--second-place", place, "--database", database)
    assert len(listed.stdout.splitlines()) == 1
    more = json.dumps({"folder": str(place / "none" / "there"), "required": True})
    done = run("create", "--second-place", more, "--database", database)
    assert done.returncode == 70
    assert "El respaldo está hecho" in done.stderr
