"""Which system calls fail in these tests, and how; and which do not, and why.

A new call of the library's must be entered here: the census in io_errors.py fails on one that is in neither list.
"""

import errno
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache

import library

SHORT_WRITE = -1
NOTHING, DESCRIPTOR, PATH, PATH_AT = range(4)  # what a call works on, as in inject.c
USES = {
    "fcntl": ("", "lock", "unlock"),
    "mmap": ("", "file"),
    "newfstatat": ("", "open file"),
    "statx": ("", "open file"),
}
"""What one call is used for, where that matters, as inject.c tells them apart. Asking about a lock is an unlock."""

OK, IO, FULL, DENIED = library.OK, library.IO_ERROR, library.DISK_FULL, library.PERMISSION_DENIED
LOCKED = (library.DATABASE_LOCKED, library.BUSY)


@dataclass(frozen=True)
class Call:
    """A system call, or one use of it, and where it says what it works on."""

    name: str
    subject: int = DESCRIPTOR
    argument: int = 0
    use: str = ""

    @property
    def use_number(self):
        return USES.get(self.name, ("",)).index(self.use)

    def __str__(self):
        return f"{self.name} {self.use}".rstrip()


def at_path(*names, argument=0):
    return [Call(name, PATH, argument) for name in names]


def at_path_in(*names, argument=1):
    """With the descriptor of a folder before the path."""
    return [Call(name, PATH_AT, argument) for name in names]


def on_file(*names):
    return [Call(name) for name in names]


@dataclass(frozen=True)
class Kind:
    """Calls that fail alike, the errors that a real system gives for them, and which status is right then beside OK."""

    calls: list[Call]
    errors: dict[int, tuple[int, ...]]
    harmless: tuple[int, ...] = ()
    """What is merely to be tried again, continued, or done in another way: the result must be OK."""
    from_the_start: tuple[int, ...] = ()
    """What a system cannot do at all, from the first call on: it is done in another way, and the result must be OK."""
    waited_for: tuple[int, ...] = ()
    """What SQLite waits to end, up to ten seconds: a few such cases are enough."""


REFUSED = {errno.EACCES: (DENIED,), errno.EROFS: (DENIED,)}
NO_ROOM = {errno.ENOSPC: (FULL,), errno.EDQUOT: (FULL,)}
BROKEN = {errno.EIO: (IO,)}

KINDS = {
    "open": Kind(
        at_path("open", "creat") + at_path_in("openat", "openat2"),
        BROKEN | NO_ROOM | REFUSED | {errno.EMFILE: (IO,)},
        (errno.EINTR,),
    ),
    "read": Kind(on_file("read", "pread64", "readv", "preadv", "preadv2"), BROKEN, (errno.EINTR,)),
    "write": Kind(
        on_file("write", "pwrite64", "writev", "pwritev", "pwritev2"), BROKEN | NO_ROOM, (errno.EINTR, SHORT_WRITE)
    ),
    "copy": Kind(
        [Call("copy_file_range", argument=2)],
        BROKEN | NO_ROOM,
        from_the_start=(errno.ENOSYS, errno.EXDEV, errno.EOPNOTSUPP),
    ),
    "send": Kind(on_file("sendfile", "splice", "ioctl"), BROKEN | NO_ROOM),
    "allocate": Kind(on_file("fallocate"), BROKEN | NO_ROOM, (errno.EOPNOTSUPP, errno.ENOSYS)),
    "truncate": Kind(on_file("ftruncate") + at_path("truncate"), BROKEN | {errno.ENOSPC: (FULL,)}),
    "flush": Kind(on_file("fsync", "fdatasync", "syncfs"), BROKEN | NO_ROOM),
    # Hints, whose failure changes nothing.
    "advise": Kind(on_file("fadvise64", "readahead", "sync_file_range"), {}, (errno.EIO, errno.ENOSYS)),
    # No file may be read by a mapping alone: a network drive or a mount option can forbid it.
    "map": Kind([Call("mmap", argument=4, use="file")], {errno.ENOMEM: (IO,), errno.EACCES: (IO, DENIED)}),
    "unlink": Kind(at_path("unlink", "rmdir") + at_path_in("unlinkat"), BROKEN | REFUSED),
    "rename": Kind(
        at_path("rename", "link", argument=1) + at_path_in("renameat", "renameat2", "linkat", argument=3),
        BROKEN | NO_ROOM | REFUSED,
    ),
    "mkdir": Kind(at_path("mkdir") + at_path_in("mkdirat"), BROKEN | NO_ROOM | REFUSED),
    "mode": Kind(
        on_file("fchmod") + at_path("chmod") + at_path_in("fchmodat", "fchmodat2"), BROKEN | {errno.EROFS: (DENIED,)}
    ),
    "owner": Kind(
        on_file("fchown") + at_path("chown", "lchown") + at_path_in("fchownat"), BROKEN | {errno.EROFS: (DENIED,)}
    ),
    "stat": Kind(at_path("stat", "lstat") + at_path_in("newfstatat", "statx"), BROKEN | {errno.EACCES: (DENIED,)}),
    "stat open file": Kind(
        on_file("fstat") + [Call(name, use="open file") for name in ("newfstatat", "statx")], BROKEN
    ),
    "follow": Kind(at_path("readlink") + at_path_in("readlinkat"), BROKEN | {errno.EACCES: (DENIED,)}),
    "list": Kind(on_file("getdents64", "getdents"), BROKEN),
    "access": Kind(at_path("access") + at_path_in("faccessat", "faccessat2"), BROKEN | {errno.EACCES: (DENIED,)}),
    "free space": Kind(on_file("fstatfs") + at_path("statfs"), BROKEN | {errno.EACCES: (DENIED,)}),
    # A drive whose locks do not work, and another process's lock. SQLite confuses the two, in WAL mode always.
    "lock": Kind(
        [Call("fcntl", use="lock"), Call("flock")],
        {errno.EIO: (IO, *LOCKED), errno.ENOLCK: (IO, *LOCKED), errno.EAGAIN: LOCKED},
        waited_for=(errno.ENOLCK, errno.EAGAIN),
    ),
    "unlock": Kind([Call("fcntl", use="unlock")], {errno.EIO: (IO, *LOCKED), errno.ENOLCK: (IO, *LOCKED)}),
    # A real system closes the descriptor all the same; here it stays open, which is worse. A folder's close cannot
    # fail, and is left alone.
    "close": Kind(on_file("close"), BROKEN, (errno.EINTR, errno.ENOSPC, errno.EDQUOT)),
    "thread": Kind([Call("clone3", NOTHING), Call("clone", NOTHING)], {errno.EAGAIN: (IO,)}),
    "descriptor table": Kind([Call("close_range", NOTHING), Call("unshare", NOTHING)], {errno.EPERM: (IO,)}),
}
NUMBER_OF = {name: number for number, name in enumerate(KINDS, 1)}

# Why the rest does not fail here. NEVER_WATCHED are too frequent, or needed to end the process.
NEVER_WATCHED = (
    "futex",
    "rt_sigreturn",
    "exit",
    "exit_group",
    "restart_syscall",
    "clock_gettime",
    "clock_nanosleep",
    "nanosleep",
    "sched_yield",
    "gettimeofday",
    "time",
)
CANNOT_FAIL = {
    "memory: libc answers, and Rust ends the process when it has none; tests/memory.rs looks at SQLite's": (
        "brk",
        "mmap",
        "mremap",
        "munmap",
        "mprotect",
        "madvise",
    ),
    "of threads, and fails only for wrong arguments": (
        "set_robust_list",
        "rseq",
        "rt_sigprocmask",
        "rt_sigaction",
        "sigaltstack",
        "sched_getaffinity",
        "gettid",
        "getpid",
        "prctl",
        "tgkill",
        "membarrier",
    ),
    "asks for what is always there": ("getuid", "geteuid", "getgid", "getegid", "uname", "umask", "getcwd"),
    "moves no data": ("lseek", "fcntl"),
    "random numbers are never refused once the machine has started": ("getrandom",),
}


@cache
def numbers():
    """The numbers of this machine's system calls, by name."""
    compiler = [os.environ.get("CC", "cc"), "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"]
    defines = subprocess.run(compiler, check=True, capture_output=True, text=True).stdout
    return {name: int(number) for name, number in re.findall(r"^#define __NR_(\w+) (\d+)$", defines, re.MULTILINE)}
