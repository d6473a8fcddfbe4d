"""Disks of our own: an ext4 file system on a loop device, whose power can be cut, and a small one in memory."""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

# linux/ext4: EXT4_IOC_SHUTDOWN is _IOR('X', 125, __u32).
SHUTDOWN = 2 << 30 | 4 << 16 | ord("X") << 8 | 125
JOURNAL_FLUSHED, JOURNAL_LOST = 1, 2
"""What becomes of the file system's journal: written out before the power goes, or lost with it."""


def reason_against_mounting():
    """Why no file system can be mounted here, or None."""
    if os.geteuid() != 0:
        return "only root can mount"
    for tool in ("mkfs.ext4", "mount", "umount"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


def require_mounting(tally, part):
    """Ends a part that needs mounts, with its skipped case, where there can be none."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exit unmounts what is mounted
    if reason := reason_against_mounting():
        tally.skip(part, reason)
        tally.finish()


def become_root_of_a_namespace():
    """Without root, starts this program again where it may mount disks in memory, if the system lets it."""
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if os.geteuid() == 0 or not shutil.which("unshare"):
        return
    if subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
        os.execvp("unshare", [*unshare, sys.executable, "-B", *sys.argv])


@contextmanager
def disk(folder, megabytes):
    """An ext4 file system in a file, unmounted at the start."""
    image, place = Path(folder) / "image", Path(folder) / "mounted"
    place.mkdir(exist_ok=True)
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    the_disk = Disk(image, place)
    try:
        yield the_disk
    finally:
        the_disk.unmount()
        image.unlink()


class Disk:
    def __init__(self, image, place):
        self.image, self.place = image, place

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.place], check=True)

    def unmount(self):
        """Also frees the loop device, which belongs to the mount."""
        if self.place.is_mount() and subprocess.run(["umount", self.place], stderr=subprocess.DEVNULL).returncode != 0:
            subprocess.run(["umount", "-l", self.place], check=True)

    def cut_power(self, journal):
        """From here on nothing reaches the disk."""
        root = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(root, SHUTDOWN, struct.pack("I", journal))
        finally:
            os.close(root)

    def after_power_returns(self):
        self.unmount()
        self.mount()


@contextmanager
def memory_disk(folder, kilobytes):
    """A tmpfs of this size."""
    place = Path(folder)
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextmanager
def read_only(folder):
    """The folder as it is on a read-only drive."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
