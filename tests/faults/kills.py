"""SIGKILL, at every named step and at random instants, of every operation that writes.

Named steps are the library's fail points (src/failpoint.rs). Afterwards every listed backup must be whole, the live
database entirely the old or entirely the new one, every named safety copy whole, and the next call must work and sweep
what was left.
"""

import random
import re
import shutil
import tempfile
import time
from pathlib import Path

import library
from child import NEVER_ANSWERED, Child
from scene import CHOSEN, CHOSEN_NAME, LIVE, LIVES, Scene, same_bytes
from tally import Tally, is_bounded, notices

STEPS = sorted(
    set(
        re.findall(
            r'failpoint::reach\("(\w+)"\)', "".join(path.read_text() for path in (library.ROOT / "src").rglob("*.rs"))
        )
    )
)
TIMES = (1, 2, 3, 5, 8, 13, 21, 34, 55)
LARGE = 50_000_000


class Case:
    """One operation on one kind of live database, and what may be found after it was killed."""

    def __init__(self, operation, live, size=200_000, chosen_size=None, max_backups=5, with_option=None):
        self.name = f"{operation} {live} {size // 1000} kB" + (" growing" if chosen_size else "")
        self.name += f" with {with_option}" if with_option else ""
        self.with_option = with_option
        self.operation, self.live, self.size, self.chosen_size = operation, live, size, chosen_size
        self.max_backups = max_backups

    def build(self, folder):
        template = Scene.build(Path(folder) / "template", self.live, self.size, self.chosen_size)
        (Path(folder) / "scene").mkdir()
        self.scene = Scene(template, Path(folder) / "scene")
        self.scene.options["max_backups"] = self.max_backups
        match self.with_option:
            case "second_place":
                self.scene.options["second_place"] = {"folder": str(self.scene.folder / "stick")}
            case "rehearsal":
                self.scene.options["health"] = {"rehearse_every_days": 1, "rehearse_wait_ms": 60_000}

    def start(self, environment=None):
        self.scene.reset()
        return self.scene.calling(self.operation, environment)

    def check_aftermath(self):
        scene = self.scene
        allowed = {scene.old_generation(self.live), scene.new_generation(self.operation, self.live)}
        scene.check_outcome(self.operation, self.live, allowed, self.max_backups)
        scene.check_next_call(self.operation, self.live, self.max_backups)
        if self.with_option == "second_place":
            # The same contents under the same name, or no name.
            there = {path.name for path in (scene.folder / "stick").glob("backup_*.db")}
            assert there and all(same_bytes(scene.folder / "stick" / name, scene.backups / name) for name in there)
        if self.with_option == "rehearsal":
            status, health = scene.call("health")
            assert status == library.OK and health["last_rehearsal"], "the rehearsal was not made good"


def small_cases():
    yield Case("create", "rollback")
    yield Case("create", "wal")
    yield Case("create_if_due", "rollback")
    yield Case("create_if_due", "wal")
    yield Case("create", "rollback", max_backups=1)
    yield Case("prune", "rollback", max_backups=2)
    yield Case("verify", "rollback")
    yield Case("annotate", "rollback")
    yield Case("rehearse", "rollback")
    yield Case("create_if_due", "rollback", with_option="rehearsal")
    yield Case("create", "rollback", with_option="second_place")
    yield Case("bring_back", "rollback")
    yield Case("bring_back", "wal")
    yield Case("salvage", "rollback")
    yield Case("salvage", "worn_wal")
    for live in LIVES:
        yield Case("restore", live)
    yield Case("restore", "rollback", chosen_size=400_000)
    yield Case("restore", "wal", chosen_size=400_000)


def large_cases():
    yield Case("create", "rollback", LARGE)
    yield Case("create", "wal", LARGE)
    yield Case("restore", "rollback", LARGE)
    yield Case("restore", "wal", LARGE)
    for live in ("damaged", "damaged_wal", "worn_wal"):
        yield Case("restore", live, LARGE)


def kill_at_steps(case, tally, times, reached):
    """At the first, second, ... occurrence of every step that this operation passes."""
    for step in STEPS:
        for occurrence in times:
            child = case.start({"RESPALDO_KILL_AT": f"{step}:{occurrence}"})
            if child.answer() is not NEVER_ANSWERED:
                break
            reached.add(step)
            tally.count("kills at named steps")
            with tally.case(f"{case.name}, killed at {step}:{occurrence}"):
                case.check_aftermath()


def kill_at_random(case, tally, times):
    """At instants spread evenly over the time that the call takes."""
    (status, answer), duration = case.start().answer_and_seconds()
    assert status == library.OK, answer
    for turn in range(times):
        instant = duration * (turn + random.random()) / times
        child = case.start()
        child.wait_ready()
        time.sleep(instant)
        child.kill()
        if child.answer() is NEVER_ANSWERED:
            tally.count("kills at random instants")
        with tally.case(f"{case.name}, killed after {instant * 1000:.1f} of {duration * 1000:.0f} ms"):
            case.check_aftermath()


def copy_in_place(source, target):
    """What the library must never do."""
    with open(source, "rb") as original, open(target, "r+b") as copy:
        while part := original.read(65536):
            copy.write(part)
            copy.flush()
            time.sleep(0.0005)
        copy.truncate()


def negative_control(tally, folder, times):
    """A writer that copies in place must be caught torn, or these tests prove nothing."""
    scene = Scene(Scene.build(Path(folder) / "template", size=2_000_000), Path(folder) / "scene")
    scene.folder.mkdir()
    torn = 0
    for _ in range(times):
        scene.reset()
        child = Child(lambda: None, lambda _: copy_in_place(scene.backups / CHOSEN_NAME, scene.database))
        child.wait_ready()
        time.sleep(random.uniform(0.001, 0.012))
        child.kill()
        child.answer()
        torn += notices(scene.check_live, "rollback", {LIVE, CHOSEN})
    tally.count("kills of the control", times)
    with tally.case("control"):
        assert torn * 2 > times, f"a writer in place was caught torn only {torn} of {times} times"
    print(f"kills: control: copying in place was torn {torn} of {times} times")


def wal_left_out(tally, folder):
    """A restore whose safety copy lacks the WAL of a damaged database must be caught."""
    scene = Scene(Scene.build(Path(folder) / "template", "worn_wal"), Path(folder) / "scene")
    scene.folder.mkdir()
    scene.reset()
    with tally.case("control: a WAL left out"):
        scene.check_safety_copies("worn_wal")
        scene.database.rename(f"{scene.database}.before_restore_20260106_090000")
        shutil.copy(scene.backups / CHOSEN_NAME, scene.database)
        Path(f"{scene.database}-wal").unlink()
        assert notices(scene.check_safety_copies, "worn_wal")


def main():
    bounded = is_bounded(__doc__)
    tally = Tally("kills")
    reached = set()
    with tempfile.TemporaryDirectory(prefix="respaldo-kills-") as folder:
        negative_control(tally, Path(folder) / "control", 10 if bounded else 30)
        wal_left_out(tally, Path(folder) / "wal")
        cases = [(case, 6 if bounded else 80, TIMES[:1] if bounded else TIMES) for case in small_cases()]
        cases += [] if bounded else [(case, 25, TIMES) for case in large_cases()]
        for case, random_kills, times in cases:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                case.build(own)
                kill_at_steps(case, tally, times, reached)
                kill_at_random(case, tally, random_kills)
    with tally.case("every named step was reached"):
        # This library is built without the archive; tests/archive_places.rs kills pushes at random.
        steps = {step for step in STEPS if not step.startswith("archive_")}
        assert steps and reached == steps, f"never reached: {steps - reached}"
    tally.finish()


if __name__ == "__main__":
    main()
