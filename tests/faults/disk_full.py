"""A disk that is really full: a small tmpfs, filled up to every level, for every operation that writes.

The settings and the log of restores survive, the old backups and the live database too, and DISK_FULL says how much is
needed and how much is free. Memory file systems have no blocks to lose, so what is free is exactly what can be written.
"""

import contextlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import disk
import library
from scene import LIVES, SETTINGS, Scene, check_explained
from tally import Tally, is_bounded, notices

DISK_KB = 4096
SIZE = 600_000
OPERATIONS = [("create", "rollback"), ("create", "wal"), ("create_if_due", "rollback"), ("annotate", "rollback")]
OPERATIONS += [("salvage", live) for live in ("rollback", "worn_wal", "worn_index")]
OPERATIONS += [("restore", live) for live in LIVES]
# It ends just before a page does, so that the next line begins on a page that is there and ends on one that is not.
FIRST_LINE = json.dumps({"outcome": "OK", "reason": "x" * 3950}) + "\n"


def fill(folder, left_kb):
    """Leaves this much room."""
    free = os.statvfs(folder)
    room = free.f_bavail * free.f_frsize - left_kb * 1024
    if room > 0:
        with (folder / "filler").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room)


def check(scene, operation, live, status, answer):
    log = scene.backups / "restores.jsonl"
    scene.check_recorded(answer)
    assert log.read_text().startswith(FIRST_LINE), "an earlier line of the log of restores is gone"
    scene.check_settings()
    if operation == "salvage":
        scene.check_salvaged(live, answer if status == library.OK else None)
    if status != library.OK:
        check_explained(status, answer)
        error = answer["error"]
        allowed = (library.DISK_FULL, library.RESTORE_FAILED) if operation == "restore" else (library.DISK_FULL,)
        assert status in allowed, f"{error['name']}: {error['message']}"
        if status == library.DISK_FULL and scene.settings.read_text() == SETTINGS:
            assert re.search(r"\d", error["message"] + error["hint"]), f"says no numbers: {error}"
    # Room again, as the application would need it to roll back a restore that broke off.
    (scene.folder / "filler").unlink(missing_ok=True)
    generation = scene.new_generation(operation, live) if status == library.OK else scene.old_generation(live)
    scene.check_outcome(operation, live, {generation})
    scene.check_next_call(operation, live)
    torn = [line for line in log.read_text().splitlines() if notices(json.loads, line)]
    assert not torn, f"torn lines in the log of restores: {torn}"


def every_level(template, mounted, operation, live, step_kb, tally):
    """From a disk with no room at all to one with enough."""
    scene = Scene(template, mounted)
    outcomes = []
    for left_kb in range(0, SIZE * 4 // 1024, step_kb):
        with tally.case(f"{operation} {live}, {left_kb} KiB free"):
            scene.reset()
            fill(mounted, left_kb)
            status, answer = scene.call(operation)
            outcomes.append(status)
            tally.count("calls on a full disk" if status else "calls with room")
            check(scene, operation, live, status, answer)
    with tally.case(f"{operation} {live}: fails when full, succeeds with room"):
        assert outcomes and outcomes[0] != library.OK and outcomes[-1] == library.OK, outcomes


def control(template, mounted, tally):
    """An application that rewrites its settings in place loses them on a full disk, or this proves nothing."""
    scene = Scene(template, mounted).reset()
    fill(mounted, 0)
    with tally.case("control: settings rewritten in place"):
        with contextlib.suppress(OSError):
            scene.settings.write_text(" " * 5000 + SETTINGS)
        assert notices(scene.check_settings), "the settings survived"


def main():
    bounded = is_bounded(__doc__)
    tally = Tally("disk_full")
    disk.become_root_of_a_namespace()
    disk.require_mounting(tally, "a full disk")
    with (
        tempfile.TemporaryDirectory(prefix="respaldo-full-") as folder,
        disk.memory_disk(Path(folder) / "mounted", DISK_KB) as mounted,
    ):
        for operation, live in OPERATIONS:
            # The index makes the salvaged file twice as large, and there must be room for two.
            size = SIZE // 2 if live == "worn_index" else SIZE
            template = Scene.build(Path(folder) / f"{operation}-{live}", live, size)
            (template / "backups/restores.jsonl").write_text(FIRST_LINE)
            if (operation, live) == OPERATIONS[0]:
                control(template, mounted, tally)
            every_level(template, mounted, operation, live, 256 if bounded else 16, tally)
            shutil.rmtree(template)
    tally.finish()


if __name__ == "__main__":
    main()
