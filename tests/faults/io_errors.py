"""I/O errors: every file operation of every call fails in turn, once and for ever, until the call comes through untouched.

SQLite's own method. Most operations fail through a preloaded shim (shim.c); the library renames by direct system calls,
which strace makes fail. Status 0 must mean that the result is complete, anything else that the state is the one before,
under a right status, explained; and the next call must work.
"""

import argparse
import ctypes
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import child
import library
import studio
from child import Child
from library import Store
from scene import CHOSEN, CHOSEN_NAME, LIVE, LIVES, Scene, check_explained
from tally import Tally

SHIM = library.ROOT / "target/faults/shim.so"
SIZE = 16_000
SHORT_WRITE = -1
KINDS = ("open", "read", "write", "fsync", "truncate", "unlink", "chmod", "chown", "mkdir")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)
RIGHT_STATUS = {
    errno.EIO: library.IO_ERROR,
    errno.ENOSPC: library.DISK_FULL,
    errno.EDQUOT: library.DISK_FULL,
    errno.EACCES: library.PERMISSION_DENIED,
    errno.EROFS: library.PERMISSION_DENIED,
}
# Which of these a real system answers to which call: only there is a status right or wrong.
REAL = {
    "open": ERRORS,
    "read": (errno.EIO,),
    "write": (errno.EIO, errno.ENOSPC, errno.EDQUOT),
    "fsync": (errno.EIO, errno.ENOSPC, errno.EDQUOT),
    "truncate": (errno.EIO, errno.ENOSPC),
    "unlink": (errno.EIO, errno.EACCES, errno.EROFS),
    "chmod": (errno.EIO, errno.EROFS),
    "chown": (errno.EIO, errno.EROFS),
    "mkdir": ERRORS,
}
# What the system does to a call that is merely to be tried again, or continued.
HARMLESS = {"open": [errno.EINTR], "read": [errno.EINTR], "write": [errno.EINTR, SHORT_WRITE]}


def error_name(number):
    return "short" if number == SHORT_WRITE else errno.errorcode[number]


class Case:
    """An operation, and what must be true after a fault in it."""

    def __init__(self, folder, operation, live, options=None):
        self.name, self.operation, self.live = f"{operation} {live}", operation, live
        own = Path(folder) / f"{operation}-{live}"
        (own / "scene").mkdir(parents=True)
        self.scene = Scene(Scene.build(own / "template", live, SIZE), own / "scene")
        self.scene.options |= {"busy_timeout_ms": 300} | (options or {})
        self.request = {"restore": {"backup": CHOSEN_NAME}, "prune": {"dry_run": False}}.get(operation)

    def run(self, kind, which, for_ever, error):
        """Whether the fault happened, the status and the answer."""

        def work(store):
            shim = ctypes.CDLL(None)
            shim.shim_arm(str(self.scene.folder).encode(), kind.encode(), which, for_ever, error)
            status, answer = store.call(self.operation, self.request)
            return [shim.shim_fired(), status, answer]

        self.scene.reset()
        return Child(lambda: Store(self.scene.options), work).answer()

    def check(self, status, answer, swept=True, lasting=False):
        scene, old = self.scene, self.scene.old_generation(self.live)
        restoring = self.operation == "restore"
        fewest = min(5, scene.options["max_backups"])
        # Looked at first: opening a database as an application does would repair what is not right.
        temporaries = scene.temporaries()
        backups = scene.check_backups(at_least=fewest)
        made = [backup for backup in backups if not backup["name"].startswith("backup_202601")]
        scene.check_settings()
        if status == library.OK:
            scene.check_live(self.live, {CHOSEN if restoring else old})
            assert self.operation not in ("create", "create_if_due") or len(made) == 1, "no backup was made"
            copies = scene.check_safety_copies(self.live)
            assert not restoring or self.live == "missing" or len(copies) == 1, "no safety copy was made"
        else:
            check_explained(status, answer)
            assert not made, f"status {answer['error']['name']}, and yet there is {made[0]['name']}"
            # What replaced a file that was no database cannot be taken back, nor can anything under a lasting fault.
            may_stay = lasting or self.live in ("damaged", "foreign")
            try:
                scene.check_live(self.live, {old, CHOSEN} if may_stay and admits_it_is_not_undone(answer) else {old})
            except AssertionError as changed:
                raise AssertionError(f"status {answer['error']['name']}, and yet {changed}") from None
            scene.check_safety_copies(self.live)
        assert not swept or not temporaries, f"left behind: {temporaries}"
        status, answer = scene.call(self.operation, self.request)
        assert status == library.OK, f"the next call: {answer}"
        scene.check_nothing_left()
        scene.check_backups(at_least=fewest)
        scene.check_live(self.live, {CHOSEN if restoring else old})


def admits_it_is_not_undone(answer):
    """A restore that could be neither finished nor taken back says so, and where the safety copy is."""
    error = answer["error"]
    return error.get("undone") is False and error["safety_backup"]


def every_fault(case, tally, kind, faults, wrong):
    """Each of these faults in the first, second, ... call of this kind, until the operation comes through."""
    for chosen in faults:
        which = 0
        while True:
            which += 1
            error, for_ever = chosen(which)
            fired = status = 0
            with tally.case(f"{case.name}, {kind} {which} {error_name(error)}{' for ever' if for_ever else ''}"):
                fired, status, answer = case.run(kind, which, for_ever, error)
                if fired:
                    tally.count("injected faults")
                    case.check(status, answer, swept=kind != "unlink", lasting=for_ever)
                    if error not in RIGHT_STATUS:
                        assert status == library.OK, f"status {status} for what is no error: {answer}"
                else:
                    assert status == library.OK, f"without a fault: {answer}"
            if not fired:
                break
            right = (library.OK, library.RESTORE_FAILED, RIGHT_STATUS.get(error))
            if error in REAL[kind] and status not in right and not sqlite_hides_the_reason(status, answer):
                wrong[case.name, kind, error_name(error), answer["error"]["name"]] += 1


def sqlite_hides_the_reason(status, answer):
    """Opening a file, and the index of a write-ahead log, fail in SQLite with one code whatever the system said."""
    codes = ("SQLite 8)", "SQLite 14)", "SQLite 4618)", "SQLite 4874)")
    return status == library.IO_ERROR and any(code in answer["error"]["message"] for code in codes)


def faults_of(kind, bounded):
    """Functions from which call it is to how it fails: every error, or in the bounded run one after the other."""
    harmless = [lambda _, error=error: (error, False) for error in HARMLESS.get(kind, [])]
    if bounded:
        return [lambda which: (REAL[kind][which % len(REAL[kind])], which % 2 == 0)] + harmless[:1]
    return [
        lambda _, error=error, for_ever=for_ever: (error, for_ever) for error in ERRORS for for_ever in (False, True)
    ] + harmless


# Renames, which do not come by the shim.


def rename_faults(case, tally, errors):
    for error in errors:
        which = 0
        while True:
            which += 1
            case.scene.reset()
            name = error_name(error)
            with tempfile.NamedTemporaryFile("r") as log:
                injected = f"inject=rename,renameat,renameat2:error={name}:when={which}"
                command = ["strace", "-f", "-qq", "-o", log.name, "-e", "trace=rename,renameat,renameat2", "-e", injected]
                status, answer = run_traced(case, command)
                fired = "(INJECTED)" in log.read()
            with tally.case(f"{case.name}, rename {which} {name}"):
                if fired:
                    tally.count("injected faults")
                    case.check(status, answer)
                    if error in RIGHT_STATUS:
                        assert status in (library.OK, RIGHT_STATUS[error]), answer
            if not fired:
                break


def run_traced(case, command):
    arguments = [json.dumps(argument) for argument in (case.scene.options, case.operation, case.request)]
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    done = subprocess.run([*command, sys.executable, child.__file__, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def flushed_before_named(case, tally):
    """What gets its final name has been flushed since it was last written, and its folder is flushed afterwards."""
    case.scene.reset()
    calls = "write,pwrite64,copy_file_range,ftruncate,fsync,fdatasync,rename,renameat,renameat2"
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
        if renamed := re.search(r"rename\w*\(.*?\"([^\"]+)\".*?\"([^\"]+)\".* = 0", line):
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
    with scene.database.open("rb") as source, (scene.backups / "backup_20260106_090000.db").open("wb", buffering=0) as target:
        try:
            while part := source.read(4096):
                target.write(part)
        except OSError:
            pass


def negative_controls(case, tally):
    """A copier that ignores errors must be caught, and one that does not flush."""
    caught = 0
    for which in (1, 2, 3):
        for error in (errno.EIO, SHORT_WRITE):
            def work(_):
                shim = ctypes.CDLL(None)
                shim.shim_arm(str(case.scene.folder).encode(), b"write", which, True, error)
                naive_backup(case.scene)
                return shim.shim_fired()

            case.scene.reset()
            assert Child(lambda: None, work).answer(), "the shim saw nothing"
            try:
                case.scene.check_backups(new=[LIVE])
            except (AssertionError, studio.Torn):
                caught += 1
    tally.count("injected faults of the control", 6)
    print(f"io_errors: control: a copier that ignores errors was caught {caught} of 6 times", flush=True)
    with tally.case("control: errors ignored"):
        assert caught == 6
    with tally.case("control: naming before flushing"):
        trace = '1 write(3</f/.tmp>, "x", 1) = 1\n1 renameat(AT_FDCWD, "/f/.tmp", AT_FDCWD, "/f/x") = 0\n1 fsync(4</f>) = 0'
        try:
            check_order(trace, "/f")
        except AssertionError:
            return
        raise AssertionError("not noticed")


def preload():
    """Starts this program again with the shim in it."""
    if os.environ.get("LD_PRELOAD") == str(SHIM):
        return
    SHIM.parent.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).with_name("shim.c")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-Wall", "-o", SHIM, source, "-ldl"], check=True)
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"LD_PRELOAD": str(SHIM)})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bounded", action="store_true")
    bounded = parser.parse_args().bounded
    preload()
    tally = Tally("io_errors")
    wrong = Counter()
    with tempfile.TemporaryDirectory(prefix="respaldo-io-") as folder:
        operations = [("create", "rollback"), ("create", "wal"), ("create_if_due", "rollback")]
        operations += [("restore", live) for live in LIVES]
        if bounded:
            operations = [("create", "wal"), *(("restore", live) for live in ("rollback", "wal", "missing", "damaged"))]
        cases = [Case(folder, operation, live) for operation, live in operations]
        cases.append(Case(folder, "prune", "rollback", {"max_backups": 2}))
        negative_controls(cases[0], tally)
        for case in cases:
            for kind in KINDS:
                every_fault(case, tally, kind, faults_of(kind, bounded), wrong)
        if not shutil.which("strace"):
            tally.skip("renames", "strace is not installed")
        elif subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
            tally.skip("renames", "strace may not trace here")
        else:
            for case in cases[:-1]:
                flushed_before_named(case, tally)
                rename_faults(case, tally, ERRORS[:2] if bounded else (*ERRORS, errno.EINVAL))
    for (name, kind, error, status), times in sorted(wrong.items()):
        with tally.case(f"{name}, status of {kind} {error}"):
            raise AssertionError(f"it was {status}, {times} times")
    tally.finish()


if __name__ == "__main__":
    main()
