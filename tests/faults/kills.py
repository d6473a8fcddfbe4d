"""SIGKILL, at every named step and at random instants, of every operation that writes.

Named steps are the library's fail points (src/failpoint.rs). Afterwards every listed backup must be whole, the live
database entirely the old or entirely the new one, every named safety copy whole, and the next call must work and sweep
what was left.
"""

import argparse
import random
import re
import shutil
import tempfile
import time
from pathlib import Path

import library
import studio
from child import NEVER_ANSWERED, Child, calling
from scene import CHOSEN, CHOSEN_NAME, LIVE, LIVES, Scene
from tally import Tally

STEPS = sorted(
    set(
        re.findall(
            r'failpoint::reach\("(\w+)"\)', "".join(path.read_text() for path in (library.ROOT / "src").rglob("*.rs"))
        )
    )
)
TIMES = (1, 2, 3, 5, 8, 13, 21, 34, 55)
LARGE = 50_000_000
RESTORE = {"backup": CHOSEN_NAME}


class Case:
    """One operation on one kind of live database, and what may be found after it was killed."""

    def __init__(self, operation, live, size=200_000, chosen_size=None, request=None, options=None):
        self.name = f"{operation} {live} {size // 1000} kB" + (" growing" if chosen_size else "")
        self.operation, self.live, self.size, self.chosen_size, self.request = (
            operation,
            live,
            size,
            chosen_size,
            request,
        )
        self.options = options or {}

    def build(self, folder):
        template = Scene.build(Path(folder) / "template", self.live, self.size, self.chosen_size)
        (Path(folder) / "scene").mkdir()
        self.scene = Scene(template, Path(folder) / "scene")
        self.scene.options |= self.options

    def start(self, environment=None):
        self.scene.reset()
        return calling(self.scene.options, self.operation, self.request, environment)

    def check_aftermath(self):
        scene = self.scene
        fewest = min(5, scene.options["max_backups"])
        scene.check_backups(at_least=fewest)
        scene.check_settings()
        scene.check_safety_copies(self.live)
        old = scene.old_generation(self.live)
        restoring = self.operation == "restore"
        found = scene.check_live(self.live, {old, CHOSEN} if restoring else {old})
        scene.check_safety_copies(self.live)
        if restoring and found == CHOSEN and self.live != "missing":
            assert scene.check_safety_copies(self.live), "the live database was restored without a safety copy"

        status, answer = scene.call(self.operation, self.request)
        assert status == library.OK, f"the next call: {answer}"
        scene.check_nothing_left()
        scene.check_backups(at_least=fewest)
        scene.check_safety_copies(self.live)
        assert scene.check_live(self.live, {CHOSEN if restoring else old}) == (CHOSEN if restoring else old)


def small_cases():
    yield Case("create", "rollback")
    yield Case("create", "wal")
    yield Case("create_if_due", "rollback")
    yield Case("create_if_due", "wal")
    yield Case("prune", "rollback", request={"dry_run": False}, options={"max_backups": 2})
    for live in LIVES:
        yield Case("restore", live, request=RESTORE)
    yield Case("restore", "rollback", chosen_size=400_000, request=RESTORE)
    yield Case("restore", "wal", chosen_size=400_000, request=RESTORE)


def large_cases():
    yield Case("create", "rollback", LARGE)
    yield Case("create", "wal", LARGE)
    yield Case("restore", "rollback", LARGE, request=RESTORE)
    yield Case("restore", "wal", LARGE, request=RESTORE)
    for live in ("damaged", "damaged_wal", "worn_wal"):
        yield Case("restore", live, LARGE, request=RESTORE)


def kill_at_steps(case, tally, times, reached):
    """At the first, second, ... time of every step that this operation comes by."""
    for step in STEPS:
        for time_ in times:
            child = case.start({"RESPALDO_KILL_AT": f"{step}:{time_}"})
            if child.answer() is not NEVER_ANSWERED:
                break
            reached.add(step)
            tally.count("kills at named steps")
            with tally.case(f"{case.name}, killed at {step}:{time_}"):
                case.check_aftermath()


def kill_at_random(case, tally, times):
    """At instants spread evenly over the time that the call takes."""
    child = case.start()
    child.wait_ready()
    started = time.monotonic()
    status, answer = child.answer()
    assert status == library.OK, answer
    duration = time.monotonic() - started
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
        try:
            scene.check_live("rollback", {LIVE, CHOSEN})
        except studio.Torn:
            torn += 1
    tally.count("kills of the control", times)
    with tally.case("control"):
        assert torn * 2 > times, f"a writer in place was caught torn only {torn} of {times} times"
    print(f"kills: control: copying in place was torn {torn} of {times} times")


def forgotten_log(tally, folder):
    """A restore that drops the log of a damaged database must be caught."""
    scene = Scene(Scene.build(Path(folder) / "template", "worn_wal"), Path(folder) / "scene")
    scene.folder.mkdir()
    scene.reset()
    with tally.case("control: a log forgotten"):
        scene.check_safety_copies("worn_wal")
        scene.database.rename(f"{scene.database}.before_restore_20260106_090000")
        shutil.copy(scene.backups / CHOSEN_NAME, scene.database)
        Path(f"{scene.database}-wal").unlink()
        try:
            scene.check_safety_copies("worn_wal")
        except AssertionError:
            return
        raise AssertionError("not noticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bounded", action="store_true")
    bounded = parser.parse_args().bounded
    tally = Tally("kills")
    reached = set()
    with tempfile.TemporaryDirectory(prefix="respaldo-kills-") as folder:
        negative_control(tally, Path(folder) / "control", 10 if bounded else 30)
        forgotten_log(tally, Path(folder) / "log")
        cases = [(case, 6 if bounded else 80, TIMES[:1] if bounded else TIMES) for case in small_cases()]
        cases += [] if bounded else [(case, 25, TIMES) for case in large_cases()]
        for case, at_random, times in cases:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                case.build(own)
                kill_at_steps(case, tally, times, reached)
                kill_at_random(case, tally, at_random)
    with tally.case("every named step was reached"):
        assert STEPS and reached == set(STEPS), f"never reached: {set(STEPS) - reached}"
    tally.finish()


if __name__ == "__main__":
    main()
