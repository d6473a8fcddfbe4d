"""A backup folder with a hundred thousand entries of all kinds: right answers, no more work for each than for the
first, and memory that grows with the answer only.

Work is counted in system calls, and memory in the peak of the process; seconds prove nothing.
"""

import os
import resource
import shutil
import socket
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import inject
import library
import studio
from child import Child
from inject import Injector
from library import Store
from scene import CHOSEN, CHOSEN_NAME, LIVE, OLDER_NAMES, Scene
from tally import Tally, is_bounded

KEPT = 5
FIRST = datetime(2010, 1, 1)
LONG_AGO = FIRST.timestamp()
LINKS = 30_000  # names of one file; ext4 allows 65,000
CALLS_AN_ENTRY, BYTES_AN_ENTRY, NOTICEABLE = 12, 4096, 16 << 20
"""What one more entry may cost at the most. A list's own answer is some 300 bytes an entry, and there are several forms
of it at a time."""


class Folder:
    """A scene whose backup folder holds about `entries` things beside the backups of the scene."""

    def __init__(self, template, place, entries):
        self.scene = Scene(template, place).reset()
        self.scene.options |= {"max_backups": KEPT, "busy_timeout_ms": 60_000}
        self.entries = entries
        backups, share = self.scene.backups, entries // 10
        self.old = self.link(backups / OLDER_NAMES[0], share * 5, old_name)
        self.preserved = self.link(backups / OLDER_NAMES[0], share, lambda n: f"cliente {n} ñ.db")
        self.torn = [old_name(share * 5 + n) for n in range(share)]
        for name in self.torn:
            (backups / name).write_bytes(b"SQLite format 3\0 and no more")
        for n in range(share):
            (backups / f"notes {n}.txt").touch()
        self.strange(share)

    def link(self, original, count, name):
        """Names of whole backups, without their bytes."""
        names = []
        for n in range(count):
            if n % LINKS == 0:
                copy = self.scene.folder / f"original {len(os.listdir(self.scene.folder))}"
                shutil.copy(original, copy)
                os.utime(copy, (LONG_AGO, LONG_AGO))  # a preserved backup is as old as its file
            names.append(name(n))
            os.link(copy, self.scene.backups / names[-1])
        return names

    def strange(self, count):
        """What is no backup, under the names of backups: links, folders, pipes, sockets; and names that are no text."""
        backups = os.fsencode(self.scene.backups)
        # Not beside the database, where it would pass for another one's whose backups are in the folder, too.
        outside = self.outside = self.scene.folder / "elsewhere" / "outside.db"
        outside.parent.mkdir()
        shutil.copy(self.scene.backups / CHOSEN_NAME, outside)
        os.utime(outside, (LONG_AGO, LONG_AGO))
        self.linked, self.invalid = [], []
        for n in range(count):
            name = f"backup_{FIRST - timedelta(minutes=n + 1):%Y%m%d_%H%M%S}.db"
            match n % 5:
                case 0:
                    (self.scene.backups / name).symlink_to(outside)
                    self.linked.append(name)
                case 1:
                    (self.scene.backups / name).symlink_to("nowhere")
                case 2:
                    (self.scene.backups / name).mkdir()
                case 3:
                    os.mkfifo(self.scene.backups / name)
                case 4:
                    invalid = b"backup_%d_\xff.db" % n
                    os.close(os.open(backups + b"/" + invalid, os.O_CREAT | os.O_WRONLY))
                    self.invalid.append(invalid)
        with socket.socket(socket.AF_UNIX) as listening:
            os.chdir(self.scene.backups)  # a socket's path may be no longer than 108 bytes
            listening.bind("backup_20090101_000000.db")
            os.chdir("/")
        (self.scene.backups / ("x" * 252 + ".db")).touch()
        self.nothing_backed_up = "x" * 252 + ".db"

    def present(self):
        return set(os.listdir(os.fsencode(self.scene.backups)))

    def call(self, operation, request=None):
        """Status, answer, system calls, and the bytes by which the process grew."""

        def work(injector):
            # Not before: a thread that opening a store starts would not be watched.
            store = Store(self.scene.options)
            if injector:
                injector.arm(self.scene.folder)
            before = peak()
            status, answer = store.call(operation, request)
            grown = peak() - before
            if injector:
                injector.disarm()
            calls = sum(injector.counts().values()) if injector else None
            assert calls != 0, "no system call was seen"
            return [status, answer, calls, grown]

        return Child(lambda: Injector() if inject.BUILT.exists() and can_count else None, work).answer()


can_count = True


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def old_name(n):
    return f"backup_{FIRST + timedelta(minutes=n):%Y%m%d_%H%M%S}.db"


def warned(answer, name):
    return sum(warning["name"] == name for warning in answer["warnings"])


def right_answers(folder, tally):
    """Every operation that lists the folder. Returns the cost of each."""
    costs = {}
    scene = folder.scene
    what = f"with {folder.entries:,} entries"

    def counted(name, operation, request=None):
        status, answer, calls, grown = folder.call(operation, request)
        assert status == library.OK, answer
        costs[name] = (calls, grown)
        tally.count("calls in a full folder")
        return answer

    before = folder.present()
    with tally.case(f"list {what}"):
        answer = counted("list", "list")
        kinds = {}
        for backup in answer["backups"]:
            kinds.setdefault((backup["kind"], backup["intact"]), set()).add(backup["name"])
        assert kinds["backup", True] == {*folder.old, *OLDER_NAMES, CHOSEN_NAME}, "whole backups"
        assert kinds["backup", False] == set(folder.torn), "torn backups"
        assert kinds["preserved", True] == {*folder.preserved, *folder.linked}, "preserved"
        assert kinds["preserved", False] == {folder.nothing_backed_up}, kinds["preserved", False]
        moments = [backup["created_at"] for backup in answer["backups"] if backup["kind"] == "backup"]
        assert moments == sorted(moments, reverse=True), "not newest first"
        assert warned(answer, "NAME_NOT_UTF8") == len(folder.invalid)
    with tally.case(f"last_backup without settings {what}"):
        scene.options["settings"] = None
        assert counted("last_backup", "last_backup")["display"] == "05/01/2026 09:00"
        scene.options.pop("settings")
    with tally.case(f"prune, dry run, {what}"):
        answer = counted("prune, dry run", "prune", {"dry_run": True})
        removed = {decision["name"] for decision in answer["removed"]}
        assert removed == {*folder.old, *folder.torn}, "what would go"
        assert folder.present() == before, "a dry run removed something"
    with tally.case(f"create_if_due, with retention, {what}"):
        answer = counted("create_if_due", "create_if_due")
        made = answer["backup"]
        assert answer["created"] and studio.generation_of(made["path"], read_only=True) == LIVE
        gone = {*folder.old, *folder.torn, OLDER_NAMES[0]}
        assert set(answer["removed"]) == gone, "what went"
        expected = before - {os.fsencode(name) for name in gone} | {os.fsencode(made["name"])}
        assert folder.present() == expected, "what stayed"
        assert folder.outside.exists() and studio.generation_of(scene.backups / CHOSEN_NAME) == CHOSEN
    with tally.case(f"create_if_due again {what}"):
        answer = counted("create_if_due again", "create_if_due")
        assert not answer["created"] and answer["reason"] == "already_backed_up_today", answer
    # prune has its own way to retention.
    again = folder.link(scene.backups / OLDER_NAMES[1], folder.entries // 2, old_name)
    with tally.case(f"prune {what}"):
        answer = counted("prune", "prune", {"dry_run": False})
        assert {decision["name"] for decision in answer["removed"]} == set(again), "what went"
        assert folder.present() == expected, "what stayed"
        scene.check_nothing_left()
    return costs


def compare(few, many, tally):
    """One more entry costs no more among many than the limits say."""
    entries = many.entries - few.entries
    for name, (calls, grown) in many.costs.items():
        if calls is not None:
            with tally.case(f"{name}: system calls with {many.entries:,} entries"):
                each = (calls - few.costs[name][0]) / entries
                assert each <= CALLS_AN_ENTRY, f"{each:.1f} for each"
        with tally.case(f"{name}: memory with {many.entries:,} entries"):
            assert is_within_limit(grown, many), f"{grown / many.entries:.0f} bytes for each"
        each = "" if calls is None else f"{(calls - few.costs[name][0]) / entries:.1f} system calls and "
        print(
            f"folder: note: {name}: {each}{grown / many.entries:.0f} bytes for each of {many.entries:,} entries",
            flush=True,
        )


def is_within_limit(grown, folder):
    return grown <= NOTICEABLE or grown / folder.entries <= BYTES_AN_ENTRY


def control(few, many, tally):
    """Work that is quadratic in the entries must be caught, and memory beyond the limit for each."""

    def work(injector, folder):
        injector.arm(folder.scene.folder)
        names = os.listdir(folder.scene.backups)[: 200 if folder is few else 400]
        for name in names:
            for _ in names:
                os.path.lexists(folder.scene.backups / name)
        injector.disarm()
        return sum(injector.counts().values())

    with tally.case("control: quadratic work"):
        each = [
            Child(Injector, lambda injector, folder=folder: work(injector, folder)).answer() for folder in (few, many)
        ]
        assert (each[1] - each[0]) / 200 > CALLS_AN_ENTRY, each

    def keep(_):
        before = peak()
        kept = [b"x" * (2 * BYTES_AN_ENTRY) for _ in range(many.entries)]
        return [peak() - before, len(kept)]

    with tally.case("control: memory"):
        grown, _ = Child(lambda: None, keep).answer()
        assert not is_within_limit(grown, many), f"{grown} bytes"


def main():
    global can_count
    bounded = is_bounded(__doc__)
    tally = Tally("folder")
    inject.build()
    if reason := inject.reason_against_watching():
        can_count = False
        tally.skip("counts of system calls", reason)
    with tempfile.TemporaryDirectory(prefix="respaldo-folder-") as own:
        template = Scene.build(Path(own) / "template", size=40_000)
        folders = []
        for entries in (1_000, 5_000 if bounded else 100_000):
            place = Path(own) / str(entries)
            place.mkdir()
            folder = Folder(template, place, entries)
            if entries == 1_000:
                small = folder
            else:
                control(small, folder, tally) if can_count else None
            folders.append(folder)
        for folder in folders:
            folder.costs = right_answers(folder, tally)
        compare(*folders, tally)
        tally.count("entries in a folder", folders[-1].entries)
    tally.finish()


if __name__ == "__main__":
    main()
