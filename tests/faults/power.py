"""Power loss: an ext4 file system that is stopped at one instant, then mounted again.

The file system's own shutdown request drops everything that has not reached the disk, with its journal written out or
lost. After a call has reported success its result must be there, whole, without exception; in the middle of a call, the
old state or the new one.
"""

import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import disk
import library
import studio
from child import NEVER_ANSWERED, Child, calling
from kills import copy_in_place
from library import Store
from scene import CHOSEN, CHOSEN_NAME, LIVE, LIVES, OLDER_NAMES, REQUESTS, Scene
from tally import Tally, is_bounded, notices

OPERATIONS = [("create", "rollback"), ("create", "wal"), ("create_if_due", "rollback"), ("prune", "rollback")]
OPERATIONS += [("restore", live) for live in LIVES]
KEPT = 2  # with retention at work
JOURNALS = {disk.JOURNAL_FLUSHED: "journal flushed", disk.JOURNAL_LOST: "journal lost"}
SIZE = 400_000


class Case:
    """An operation on a file system whose power fails."""

    def __init__(self, template, the_disk, operation, live, retention=False):
        self.scene = Scene(template, the_disk.place)
        self.disk, self.operation, self.live = the_disk, operation, live
        self.name = f"{operation} {live}" + (" with retention" if retention else "")
        self.prunes = retention or operation == "prune"
        if self.prunes:
            self.scene.options["max_backups"] = KEPT

    def prepare(self):
        self.scene.reset()
        os.sync()

    def cut_after_success(self, journal):
        """The call returns, and the power goes before anything else happens."""

        def work(store):
            answer = store.call(self.operation, REQUESTS.get(self.operation))
            self.disk.cut_power(journal)
            return answer

        self.prepare()
        status, answer = Child(lambda: Store(self.scene.options), work).answer()
        assert status == library.OK, answer
        return True

    def cut_after(self, seconds, journal):
        """The power goes at this instant, and the process with it. Whether success was reported before.

        An answer given while the power goes counts for nothing: a flush that this shutdown interrupts can return 0 with
        its data lost, to a plain write and fsync as well, which no real disk gets away with.
        """
        self.prepare()
        child = self.scene.calling(self.operation)
        child.wait_ready()
        time.sleep(seconds)
        in_time = child.has_answered()
        self.disk.cut_power(journal)
        # The process may notice the dead disk and answer, or hang on: either way its power is gone.
        time.sleep(0.005)
        child.kill()
        answer = child.answer()
        return in_time and answer is not NEVER_ANSWERED and answer[0] == library.OK

    def check(self, reported):
        scene = self.scene
        fewest = KEPT if self.prunes else 5
        old, new = scene.old_generation(self.live), scene.new_generation(self.operation, self.live)
        backups = scene.check_outcome(self.operation, self.live, {new} if reported else {old, new}, fewest)
        if self.prunes:
            check_retention({backup["name"] for backup in backups}, self.operation != "prune", reported)
        if self.operation in ("create", "create_if_due") and reported:
            made = [backup for backup in backups if not backup["name"].startswith("backup_202601")]
            assert len(made) == 1, "the backup was reported and is not there"
        scene.check_next_call(self.operation, self.live, fewest)


def check_retention(names, makes_one, reported):
    """Only what retention may delete is gone, after the new backup was safe; what is reported is gone for good."""
    before = [CHOSEN_NAME, *reversed(OLDER_NAMES)]  # newest first
    made = names - set(before)
    gone = [name for name in before if name not in names]
    stay = before[: KEPT - makes_one]
    assert not set(gone) & set(stay), f"retention took {gone} of {before}"
    assert made or not makes_one or not gone, f"{gone} went before a new backup was there"
    assert not reported or set(before) - set(gone) == set(stay), f"reported as removed, and there again: {names}"


def run(case, tally, after_success, in_the_middle):
    case.disk.mount()
    case.prepare()
    _, duration = case.scene.calling(case.operation).answer_and_seconds()
    for turn in range(after_success + in_the_middle):
        journal = list(JOURNALS)[turn % 2]
        if turn < after_success:
            when, cut = "after success", lambda: case.cut_after_success(journal)
        else:
            instant = duration * random.random() * 1.1
            when, cut = (
                f"after {instant * 1000:.1f} of {duration * 1000:.0f} ms",
                lambda: case.cut_after(instant, journal),
            )
        with tally.case(f"{case.name}, power cut {when}, {JOURNALS[journal]}"):
            try:
                reported = cut()
            finally:
                tally.count(f"power cuts {'after success' if turn < after_success else 'in the middle'}")
                case.disk.after_power_returns()
            case.check(reported)
    case.disk.unmount()


def disk_that_goes_away(template, the_disk, tally, times):
    """Reading from a disk that is gone is an error, and not the end of the process, as SIGBUS would be."""
    scene = Scene(template, the_disk.place)
    large = scene.backups / "large.db"
    the_disk.mount()
    duration = 0.0  # of the first turn, which nothing disturbs
    for turn in range(times + 1):
        scene.reset()
        studio.make(large, LIVE, 10_000_000)
        os.sync()
        with large.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # so that it is read from the disk
        child = calling(scene.options, "verify", {"backup": large.name})
        child.wait_ready()
        started = time.monotonic()
        if turn:
            time.sleep(duration * random.random())
            the_disk.cut_power(disk.JOURNAL_LOST)
        with tally.case(f"verify on a disk that goes away, turn {turn}"):
            tally.count("disks that went away", turn > 0)
            status, answer = child.answer()
            assert status in (library.OK, library.IO_ERROR) and (turn or status == library.OK), answer
        if turn:
            the_disk.after_power_returns()
        else:
            duration = time.monotonic() - started
    the_disk.unmount()


# Writers that do what the library must not do, each of which must be caught.


def copy(scene, flush_file, flush_folder):
    """Makes a backup: under a temporary name first, then under its own."""
    temporary, final = scene.backups / "temporary", scene.backups / "backup_20260106_090000.db"
    shutil.copy(scene.database, temporary)
    if flush_file:
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
    temporary.rename(final)
    if flush_folder:
        folder = os.open(scene.backups, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def check_copy(scene):
    assert studio.generation_of(scene.backups / "backup_20260106_090000.db", read_only=True) == LIVE


def check_live(scene):
    scene.check_live("rollback", {LIVE, CHOSEN})


def prune_too_early(scene):
    """Removes the old backups before the new one is on the disk."""
    for name in (CHOSEN_NAME, *OLDER_NAMES):
        (scene.backups / name).unlink()
    copy(scene, False, True)


def check_what_is_kept(scene):
    scene.check_backups(at_least=1)
    check_retention({path.name for path in scene.backups.glob("backup_*.db")}, True, False)


def negative_controls(template, the_disk, tally, times):
    scene = Scene(template, the_disk.place)

    def in_place():
        copy_in_place(scene.backups / CHOSEN_NAME, scene.database)

    controls = [
        ("file and folder flushed", lambda: copy(scene, True, True), check_copy, disk.JOURNAL_LOST, (0, 0)),
        ("nothing flushed", lambda: copy(scene, False, False), check_copy, disk.JOURNAL_FLUSHED, (1, times)),
        ("folder not flushed", lambda: copy(scene, True, False), check_copy, disk.JOURNAL_LOST, (times // 2, times)),
        ("pruned too early", lambda: prune_too_early(scene), check_what_is_kept, disk.JOURNAL_FLUSHED, (times, times)),
        ("in place", in_place, check_live, disk.JOURNAL_FLUSHED, (times // 2, times)),
    ]
    the_disk.mount()
    for name, write, check, journal, (fewest, most) in controls:
        lost = 0
        for _ in range(times):
            scene.reset()
            os.sync()
            write()
            the_disk.cut_power(journal)
            the_disk.after_power_returns()
            lost += notices(check, scene)
        tally.count("power cuts of controls", times)
        print(f"power: control: {name}: lost {lost} of {times} times", flush=True)
        with tally.case(f"control: {name}"):
            assert fewest <= lost <= most, f"lost {lost} of {times} times"
    the_disk.unmount()


def main():
    bounded = is_bounded(__doc__)
    tally = Tally("power")
    disk.require_mounting(tally, "power loss")
    with tempfile.TemporaryDirectory(prefix="respaldo-power-") as folder, disk.disk(folder, 64) as the_disk:
        templates = {live: Scene.build(Path(folder) / live, live, SIZE) for live in LIVES}
        negative_controls(templates["rollback"], the_disk, tally, 5 if bounded else 20)
        disk_that_goes_away(templates["rollback"], the_disk, tally, 4 if bounded else 30)
        cases = [Case(templates[live], the_disk, operation, live) for operation, live in OPERATIONS]
        cases += [Case(templates[live], the_disk, "create", live, retention=True) for live in ("rollback", "wal")]
        for case in cases:
            run(case, tally, *((2, 2) if bounded else (50, 50)))
    tally.finish()


if __name__ == "__main__":
    main()
