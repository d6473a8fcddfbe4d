"""I/O errors: every system call of every operation fails in turn, once and for ever, until the operation comes through.

SQLite's own method. Which calls, and with which errors, is in system_calls.py; how, in inject.c. Status 0 must mean
that the result is complete, anything else that the state is the one before, under a right status, explained; and the
next call must work. The census says when an operation makes a system call that is in no list.
"""

import argparse
import contextlib
import errno
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import child
import inject
import library
from child import Child
from inject import Injector
from library import Store
from scene import (
    CHOSEN,
    CHOSEN_NAME,
    LIVE,
    LIVES,
    OLDER,
    OLDER_NAMES,
    REQUESTS,
    UNUSABLE,
    Scene,
    check_explained,
    warned,
)
from system_calls import KINDS, SHORT_WRITE
from tally import Tally, notices

SIZE = 16_000
OPERATIONS = [
    *(("create", live) for live in ("rollback", "wal")),
    ("create_if_due", "rollback"),
    *(("restore", live) for live in LIVES),
    ("create_first", "rollback"),
    ("annotate", "rollback"),
    ("rehearse", "rollback"),
    ("prune", "rollback"),
    ("list", "rollback"),
    ("verify", "rollback"),
    ("last_backup", "rollback"),
    ("compare", "rollback"),
    ("find", "rollback"),
    ("history", "rollback"),
    ("bring_back", "rollback"),
    ("salvage", "rollback"),
    ("salvage", "worn_wal"),
]
"""create_first makes the first backup, and the folder for it."""
BOUNDED = [
    ("create", "wal"),
    ("create_first", "rollback"),
    ("annotate", "rollback"),
    ("restore", "wal"),
    ("restore", "damaged"),
    ("list", "rollback"),
]
SELDOM_MADE = {"send", "allocate", "advise", "access"}
"""Kinds of calls that the library or the C library makes only on some systems."""
OPTIONS = {"prune": {"max_backups": 2}, "last_backup": {"settings": None}}


def error_name(number):
    return "short" if number == SHORT_WRITE else errno.errorcode[number]


class Case:
    """An operation, and what must be true after a fault in it."""

    def __init__(self, folder, operation, live, size=SIZE):
        self.name, self.operation, self.live = f"{operation} {live}", operation, live
        own = Path(folder) / f"{operation}-{live}-{size}"
        (own / "scene").mkdir(parents=True)
        self.scene = Scene(Scene.build(own / "template", live, size), own / "scene")
        self.scene.options |= {"busy_timeout_ms": 100} | OPTIONS.get(operation, {})
        self.fewest = min(5, self.scene.options["max_backups"])
        if operation == "create_first":
            self.operation, self.fewest = "create", 0
            self.scene.options["backup_dir"] = str(self.scene.folder / "new" / "backups")
        self.request = REQUESTS.get(operation)

    def run(self, kind=None, which=0, for_ever=False, error=0, below=None):
        """How often the fault happened, the status, the answer, and how often which call was made. The faults are of
        files below the scene, or of those whose path begins with `below`."""

        def work(injector):
            injector.arm(below or self.scene.folder, kind, which, for_ever, error)
            # Not before: a thread that opening a store starts would not be watched.
            status, answer = Store(self.scene.options).call(self.operation, self.request)
            return [injector.disarm(), status, answer, {} if kind else injector.counts()]

        self.scene.reset()
        self.kind = kind
        return Child(lambda: Injector(kind), work).answer()

    def check(self, status, answer, swept=True, lasting=False):
        scene, old = self.scene, self.scene.old_generation(self.live)
        restoring = self.operation == "restore"
        # Listed first: opening a database as an application does can remove them.
        temporaries = scene.temporaries()
        backups = scene.check_backups(at_least=self.fewest)
        made = [backup for backup in backups if not backup["name"].startswith("backup_202601")]
        scene.check_settings()
        if self.operation == "salvage":
            scene.check_salvaged(self.live, answer if status == library.OK else None)
        if status == library.OK:
            scene.check_live(self.live, {scene.new_generation(self.operation, self.live)})
            assert self.operation not in ("create", "create_if_due") or len(made) == 1, "no backup was made"
            copies = scene.check_safety_copies(self.live)
            assert not restoring or self.live == "missing" or len(copies) == 1, "no safety copy was made"
            scene.check_recorded(answer)
            self.check_answer(answer, backups)
        else:
            check_explained(status, answer)
            assert not made, f"status {answer['error']['name']}, and yet there is {made[0]['name']}"
            # What replaced a file that was no database cannot be taken back, nor can anything under a lasting fault.
            may_stay = lasting or self.live in UNUSABLE
            try:
                scene.check_live(self.live, {old, CHOSEN} if may_stay and admits_it_is_not_undone(answer) else {old})
            except AssertionError as changed:
                raise AssertionError(f"status {answer['error']['name']}, and yet {changed}") from None
            scene.check_safety_copies(self.live)
        assert not swept or not temporaries, f"left behind: {temporaries}"
        scene.check_next_call(self.operation, self.live, self.fewest)

    def check_answer(self, answer, backups):
        """An answer with status 0 is complete."""
        names = {backup["name"] for backup in backups}
        match self.operation:
            case "annotate":
                record = self.scene.catalogue()["backups"][CHOSEN_NAME]
                assert record["note"] == self.request["note"], "the note is not written"
            case "list":
                listed = {backup["name"] for backup in answer["backups"]}
                assert listed == names, f"not listed: {names - listed}"
            case "prune":
                removed = {decision["name"] for decision in answer["removed"]}
                assert removed | names == {CHOSEN_NAME, *OLDER_NAMES} and not removed & names, answer
                # When the newest cannot be read, the newest that can is kept besides.
                kept_besides = any(decision["reason"] == "newest_good" for decision in answer["kept"])
                assert len(names) == 2 + kept_besides or answer["warnings"], "not all are gone, and nothing warns"
            case "history" if not answer["warnings"]:
                versions = [version["values"]["generation"] for version in answer["versions"]]
                assert versions == [CHOSEN, OLDER] and answer["live"]["values"]["generation"] == LIVE, answer
            case "salvage":
                assert self.kind == "read" or not warned(answer, "DISK_UNREADABLE"), "no read failed"
            case "compare":
                changed = {table["table"]: table["changed"] for table in answer["tables"]}
                assert changed["notes"] == 1, answer
            case "last_backup":
                # The newest that can be read.
                days = [f"{day:02}/01/2026 09:00" for day in range(1, 6)]
                assert answer["display"] in (*days, "—"), answer


def admits_it_is_not_undone(answer):
    """A restore that could be neither finished nor taken back says so, and where the safety copy is."""
    error = answer["error"]
    return error.get("undone") is False and error["safety_backup"]


def every_fault(case, tally, kind, bounded, wrong):
    """Each fault in the first, second, ... call of this kind, until the operation comes through. The bounded run takes
    every fourth from the thirtieth call on."""
    for chosen in faults_of(kind, bounded):
        which = turn = 0
        while True:
            which += 4 if bounded and which >= 30 else 1
            turn += 1
            error, for_ever = chosen(turn)
            if error in KINDS[kind].from_the_start and which > 1:
                break
            if for_ever and error in KINDS[kind].waited_for and which not in (1, 10, 50):
                continue
            fired = status = 0
            name = f"{case.name}, {kind} {which} {error_name(error)}{' for ever' if for_ever else ''}"
            with tally.case(name):
                fired, status, answer, _ = case.run(kind, which, for_ever, error)
                if fired:
                    tally.count("injected faults")
                    # A lock that could not be given up stays, too.
                    case.check(status, answer, swept=kind != "unlink", lasting=for_ever or kind == "unlock")
                else:
                    assert status == library.OK, f"without a fault: {answer}"
            if not fired:
                break
            right = (library.OK, library.RESTORE_FAILED, *KINDS[kind].errors.get(error, ()))
            if error not in KINDS[kind].errors:
                right = (library.OK,)
            if status not in right and not sqlite_hides_the_reason(status, answer):
                wrong[
                    case.name, kind, error_name(error), f"{answer['error']['name']}: {answer['error']['message']}"[:140]
                ] += 1


def inflict(work):
    """Every fault of these kinds in one case, in a process of its own: the cases have folders of their own."""
    case, kinds, bounded = work
    tally, wrong = Tally("io_errors"), Counter()
    for kind in kinds:
        every_fault(case, tally, kind, bounded, wrong)
    return tally, wrong


def sqlite_hides_the_reason(status, answer):
    """Opening a file, and the WAL index, fail in SQLite with one code whatever the system said; and what it cannot open
    for writing, for whatever reason, it opens for reading."""
    message = answer["error"]["message"]
    code = re.search(r"\(SQLite (\d+)\)", message)
    if status == library.IO_ERROR:
        return code is not None and (int(code[1]) & 0xFF in (8, 14) or int(code[1]) in (4618, 4874))
    return status == library.PERMISSION_DENIED and "read-only" in message


def faults_of(kind, bounded):
    """Functions from the turn to the fault: every error, or in the bounded run one after the other."""
    errors, harmless = list(KINDS[kind].errors), KINDS[kind].harmless
    # A call that is interrupted every time would be tried again for ever.
    harmless = [
        (error, for_ever) for error in harmless for for_ever in (False, True) if error != errno.EINTR or not for_ever
    ]
    never = [lambda _, error=error: (error, True) for error in KINDS[kind].from_the_start]
    if bounded:
        in_turn = [lambda turn: (errors[turn % len(errors)], turn % 4 > 1)] if errors else []
        return in_turn + never + ([lambda turn: harmless[turn % len(harmless)]] if harmless else [])
    return [
        lambda _, fault=fault: fault
        for fault in [(error, for_ever) for error in errors for for_ever in (False, True)] + harmless
    ] + never


def unreadable_source(folder, tally):
    """A disk that cannot read the end of the live database: what can be read is salvaged, and a warning says so. When
    it reads nothing, that is an error."""
    case = Case(folder, "salvage", "rollback", 300_000)
    warnings = 0
    for which in range(1, 40):
        with tally.case(f"the database cannot be read, read {which} EIO for ever"):
            fired, status, answer, _ = case.run("read", which, True, errno.EIO, case.scene.database)
            if not fired:
                break
            tally.count("injected faults")
            assert status in (library.OK, library.IO_ERROR), answer
            case.scene.check_salvaged("rollback", answer if status == library.OK else None)
            warnings += status == library.OK and warned(answer, "DISK_UNREADABLE")
            case.scene.check_nothing_left()
            case.scene.check_next_call("salvage", "rollback")
    with tally.case("a disk that cannot be read is warned of"):
        assert warnings, "no salvage had the warning DISK_UNREADABLE"


# The census.


def census(case, tally, seen):
    """Every system call that the operation makes is in one of the lists."""
    with tally.case(f"{case.name}, census of system calls"):
        _, status, answer, counts = case.run()
        assert status == library.OK, answer
        seen.update(counts)
        tally.count("system calls looked at", sum(counts.values()))
        unknown = inject.unknown_calls(counts)
        assert not unknown, f"in neither list of system_calls.py: {unknown}"
        assert counts, "no system call was seen: nothing can fail here"


def census_control(case, tally):
    """A call in neither list must be noticed, from any thread."""

    def work(injector):
        injector.arm(case.scene.folder)
        with contextlib.suppress(OSError):
            os.getxattr(case.scene.folder, "user.nobody")
        injector.disarm()
        return inject.unknown_calls(injector.counts())

    with tally.case("control: a call in no list"):
        assert Child(Injector, work).answer() == ["getxattr"]


# The order of flushing and naming.


def run_traced(case, command):
    arguments = [json.dumps(argument) for argument in (case.scene.options, case.operation, case.request)]
    done = subprocess.run([*command, sys.executable, child.__file__, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def flushed_before_named(case, tally):
    """What gets its final name has been flushed since it was last written, and its folder is flushed afterwards."""
    case.scene.reset()
    changing = ("write", "copy", "send", "allocate", "truncate", "flush", "rename")
    calls = ",".join(sorted({call.name for kind in changing for call in KINDS[kind].calls} - {"ioctl"}))
    with tally.case(f"{case.name}, order of flushing and naming"), tempfile.NamedTemporaryFile("r") as log:
        status, answer = run_traced(case, ["strace", "-f", "-qq", "-y", "-o", log.name, "-e", f"trace={calls}"])
        assert status == library.OK, answer
        trace = log.read()
        named = check_order(trace, case.scene.folder)
        assert named, "nothing was named"
        tally.count("renames whose order was checked", named)


def check_order(trace, folder):
    """Reads strace's lines; returns how many renames there were."""
    unflushed, unflushed_folders, named = set(), {}, 0
    for line in trace.splitlines():
        if renamed := re.search(r"(?:rename|link)\w*\(.*?\"([^\"]+)\".*?\"([^\"]+)\".* = 0", line):
            source, target = renamed.groups()
            assert source not in unflushed, f"{target} was named before it was flushed"
            unflushed_folders[os.path.dirname(target)] = target
            named += 1
        elif called := re.search(r"(\w+)\(\d+<([^>]+)>", line):
            call, path = called.groups()
            if not path.startswith(str(folder)):
                continue
            if call in ("fsync", "fdatasync"):
                unflushed.discard(path)
                unflushed_folders.pop(path, None)
            else:
                unflushed.add(path)
    assert not unflushed_folders, f"never flushed after naming: {unflushed_folders}"
    return named


# Controls.


def naive_backup(scene):
    """What the library must not do: write under the final name, and take a write for done."""
    with (
        scene.database.open("rb") as source,
        (scene.backups / "backup_20260106_090000.db").open("wb", buffering=0) as target,
        contextlib.suppress(OSError),
    ):
        while part := source.read(4096):
            target.write(part)


def negative_controls(case, tally):
    """A copier that ignores errors must be caught, and one that does not flush."""
    caught = 0
    for which in (1, 2, 3):
        for error in (errno.EIO, SHORT_WRITE):

            def work(injector):
                injector.arm(case.scene.folder, "write", which, True, error)
                naive_backup(case.scene)
                return injector.disarm()

            case.scene.reset()
            assert Child(lambda: Injector("write"), work).answer(), f"{error_name(error)} did not happen"
            caught += notices(case.scene.check_backups)
    tally.count("injected faults of the control", 6)
    print(f"io_errors: control: a copier that ignores errors was caught {caught} of 6 times", flush=True)
    with tally.case("control: errors ignored"):
        assert caught == 6
    with tally.case("control: naming before flushing"):
        trace = (
            '1 write(3</f/.tmp>, "x", 1) = 1\n1 renameat(AT_FDCWD, "/f/.tmp", AT_FDCWD, "/f/x") = 0\n1 fsync(4</f>) = 0'
        )
        assert notices(check_order, trace, "/f")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bounded", action="store_true")
    parser.add_argument(
        "--case", action="append", help="only this operation and state, such as 'restore resized' (may be repeated)"
    )
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind of call (may be repeated)")
    arguments = parser.parse_args()
    tally = Tally("io_errors")
    inject.build()
    if reason := inject.reason_against_watching():
        tally.skip("I/O errors", reason)
        tally.finish()
    operations = [pair for pair in OPERATIONS if " ".join(pair) in arguments.case] if arguments.case else OPERATIONS
    if not operations:
        parser.error(f"no such case; there are {', '.join(' '.join(pair) for pair in OPERATIONS)}")
    wrong, seen = Counter(), Counter()
    with tempfile.TemporaryDirectory(prefix="respaldo-io-") as folder:
        cases = [Case(folder, operation, live) for operation, live in operations]
        negative_controls(cases[0], tally)
        census_control(cases[0], tally)
        for case in cases:
            census(case, tally, seen)
        if not arguments.case and not arguments.kind:
            unreadable_source(folder, tally)
        few = arguments.bounded and not arguments.case
        faulted = [case for case in cases if not few or tuple(case.name.split()) in BOUNDED]
        with multiprocessing.Pool() as workers:
            faulted.sort(key=lambda case: case.operation != "restore")  # the longest first
            work = [(case, arguments.kind or list(KINDS), arguments.bounded) for case in faulted]
            for found, wrongly in workers.imap_unordered(inflict, work):
                tally.add(found)
                wrong.update(wrongly)
        if reason := reason_against_tracing():
            tally.skip("the order of flushing and naming", reason)
        else:
            for case in cases:
                if case.operation in ("create", "create_if_due", "restore", "annotate", "verify", "rehearse"):
                    flushed_before_named(case, tally)
    never = [kind for kind, of_kind in KINDS.items() if not any(seen[str(call)] for call in of_kind.calls)]
    print(f"io_errors: note: kinds of calls that no operation made: {', '.join(never) or 'none'}", flush=True)
    if not arguments.case:
        with tally.case("kinds of calls that no operation made"):
            assert SELDOM_MADE.issuperset(never), f"these were made once: {', '.join(sorted(set(never) - SELDOM_MADE))}"
    for (name, kind, error, status), times in sorted(wrong.items()):
        with tally.case(f"{name}, status of {kind} {error}"):
            raise AssertionError(f"it was {status}, {times} times")
    tally.finish()


def reason_against_tracing():
    if not shutil.which("strace"):
        return "strace is not installed"
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        return "strace may not trace here"
    return None


if __name__ == "__main__":
    main()
