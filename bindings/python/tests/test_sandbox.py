"""Sandboxes that forbid a table of file descriptors of one's own, as older container programs do: real seccomp filters.

Without such a table the library would drop the application's own locks, so what counts is that they hold meanwhile.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import scene

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="the numbers of Linux' calls"
)

UNSHARE, CLONE, FCHMOD = (272, 56, 91) if platform.machine() == "x86_64" else (97, 220, 52)
CLOSE_RANGE, CLONE3 = 436, 435

# Denies calls with an error.
FILTER = """
import ctypes, json, os, sqlite3, struct, subprocess, sys

database, denied, unshared_clone = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])

LOAD, EQUAL, ANY, RETURN = 0x20, 0x15, 0x45, 0x06  # ld [k], jeq, jset, ret
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
CLONE, CLONE_FILES, CLONE_THREAD = int(sys.argv[4]), 0x400, 0x10000
code = [(LOAD, 0, 0, 0)]
for number, error in denied:
    code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | error)]
if unshared_clone:  # clone's flags are its first argument
    code += [(EQUAL, 0, 4, CLONE), (LOAD, 0, 0, 16), (ANY, 0, 2, CLONE_THREAD), (ANY, 1, 0, CLONE_FILES),
             (RETURN, 0, 0, ERRNO | unshared_clone)]
code.append((RETURN, 0, 0, ALLOW))
filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(filters))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
"""

# Backs up and restores with the library, beside a connection of Python's own SQLite.
WORK = """
import respaldo

opened = set(os.listdir("/proc/self/fd"))
store = respaldo.Store(database, busy_timeout_ms=300, language="en")
application = sqlite3.connect(database, isolation_level=None)
application.execute("begin immediate")
application.execute("delete from clients")
try:
    first = store.create()
except respaldo.RespaldoError as error:
    print(json.dumps(error.args[0]))
    sys.exit()
TRY = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('begin immediate')"
other = subprocess.run([sys.executable, "-c", TRY, database], capture_output=True, text=True)
locked = "database is locked" in other.stderr
try:
    store.restore(first.backup.path)
    refused = None
except respaldo.DatabaseLockedError as error:
    refused = error.name
application.execute("commit")
backups = [store.create().backup.name for _ in range(10)]
store.restore(first.backup.path)
(clients,) = application.execute("select count(*) from clients").fetchone()
store.close()
application.close()
print(json.dumps({"locked": locked, "refused": refused, "made": len(set(backups)), "clients": clients,
                  "leaked": sorted(set(os.listdir("/proc/self/fd")) - opened)}))
"""


# Makes a folder as root, and one after it has become somebody else.
BECOME_NOBODY = """
import respaldo

def owner_of(folder):
    with respaldo.Store(database, backup_dir=folder) as store:
        store.create()
    return os.stat(folder).st_uid

folder = os.path.dirname(database)
os.chmod(folder, 0o777)
first = owner_of(folder + "/first")
os.setgid(65534)
os.setuid(65534)
print(json.dumps({"first": first, "second": owner_of(folder + "/second")}))
"""


def run(database: Path, denied: list[tuple[int, int]], unshared_clone: int = 0, work: str = WORK) -> dict[str, object]:
    arguments = [str(database), json.dumps(denied), str(unshared_clone), str(CLONE)]
    done = subprocess.run(
        [sys.executable, "-B", "-c", FILTER + work, *arguments], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("refusal", [errno.EPERM, errno.ENOSYS])
@pytest.mark.parametrize(
    "calls", [[], [CLOSE_RANGE], [UNSHARE], [CLOSE_RANGE, UNSHARE], [CLOSE_RANGE, UNSHARE, CLONE3]]
)
def test_locks_hold_in_a_sandbox(calls: list[int], refusal: int, database: Path) -> None:
    # To clone3 only ENOSYS is a usual answer: the C library then takes clone.
    answer = run(database, [(call, errno.ENOSYS if call == CLONE3 else refusal) for call in calls])
    assert answer == {
        "locked": True,
        "refused": "DATABASE_LOCKED",
        "made": 10,
        "clients": scene.count_clients(database),
        "leaked": [],
    }
    assert answer["clients"] == 200


# External and network drives can have one mode for all files. They say so as these answers do.
@pytest.mark.parametrize("refusal", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_modes_gets_backups(refusal: int, database: Path) -> None:
    answer = run(database, [(FCHMOD, refusal)])
    assert (answer["made"], answer["clients"]) == (10, 200)


def test_a_sandbox_that_forbids_every_way_is_named(database: Path) -> None:
    denied = [(CLOSE_RANGE, errno.EPERM), (UNSHARE, errno.EPERM), (CLONE3, errno.ENOSYS)]
    answer = run(database, denied, unshared_clone=errno.EPERM)
    assert (answer["name"], answer["path"]) == ("IO_ERROR", None)
    message, hint = str(answer["message"]), str(answer["hint"])
    for call in ("close_range", "unshare", "clone"):
        assert f"{call}: Operation not permitted" in message
    assert "seccomp" in hint
    assert "disk" not in hint


def test_a_process_without_room_for_a_thread_is_told_so(database: Path) -> None:
    answer = run(database, [(CLONE, errno.EAGAIN), (CLONE3, errno.EAGAIN)])
    assert (answer["name"], answer["path"]) == ("IO_ERROR", None)
    assert "thread" in str(answer["message"])
    assert "disk" not in str(answer["hint"])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("calls", [[], [CLOSE_RANGE, UNSHARE]])
def test_the_library_is_no_other_user_than_its_process(
    calls: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to everybody else
        os.chmod(folder, 0o755)
        database = Path(folder) / "app.db"
        shutil.copy(scene.make_database(tmp_path_factory.mktemp("made") / "app.db"), database)
        os.chown(database, 65534, 65534)
        owners = run(database, [(call, errno.EPERM) for call in calls], work=BECOME_NOBODY)
    assert owners == {"first": 0, "second": 65534}
