"""What Linux tells about file systems and locks; elsewhere it is not known."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def type_of(path: Path) -> str | None:
    """The type of the file system that a path is on, such as ``ext4`` or ``cifs``; None where it is not known."""
    try:
        device = path.stat().st_dev
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    wanted = f"{os.major(device)}:{os.minor(device)}"
    longest, found = -1, None
    real = os.path.realpath(path)
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split()
        mounted = fields[4].encode().decode("unicode_escape", "replace")  # a space is written \040
        inside = real == mounted or real.startswith(mounted.rstrip("/") + "/")
        if inside and len(mounted) + 10_000 * (fields[2] == wanted) > longest:
            longest, found = len(mounted) + 10_000 * (fields[2] == wanted), right.split()[0]
    return found


def holders(files: Iterable[Path]) -> list[str] | None:
    """Who holds locks on these files: ``python3 (4711): POSIX READ``; None where it is not known."""
    inodes = set()
    for file in files:
        try:
            inodes.add(file.stat().st_ino)
        except OSError:
            continue
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found: dict[str, None] = {}  # in their order, each once
    for line in lines:
        fields = line.split()
        if len(fields) < 8 or fields[1] == "->":  # one that waits
            continue
        kind, access, process, inode = fields[1], fields[3], fields[4], fields[5].rpartition(":")[2]
        if inode.isdigit() and int(inode) in inodes:
            found[f"{_program(process)} ({process}): {kind} {access}"] = None
    return list(found)


def _program(process: str) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "?"
