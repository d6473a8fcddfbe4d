"""The second place on drives that people have: full, read-only, pulled out, broken, FAT and exFAT, killed midway.

Whatever happens there, the backup here is made and whole, a warning says what is the matter with the other place,
every copy there that has its name is whole, and the next call makes good what is missing.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import disk
import library
import studio
from child import NEVER_ANSWERED, Child
from scene import CHOSEN, CHOSEN_NAME, LIVE, OLDER, OLDER_NAMES, Scene, warned
from tally import Tally, is_bounded, notices

SIZE = 600_000
LARGE = 40_000_000
FOUR_GIB = 4 << 30


class Studio(Scene):
    """A scene whose backups are copied to a folder on another disk."""

    def __init__(self, template, folder, place, last=60):
        super().__init__(template, folder)
        self.folder.mkdir(exist_ok=True)
        self.place = Path(place)
        self.options |= {"max_backups": 50, "second_place": {"folder": str(place), "last": last}}
        self.reset()

    def copies(self):
        return sorted(path.name for path in self.place.glob("backup_*.db"))

    def check_copies(self):
        """What has its name is whole."""
        expected = {CHOSEN_NAME: CHOSEN} | dict.fromkeys(OLDER_NAMES, OLDER)
        for name in self.copies():
            generation = studio.generation_of(self.place / name, read_only=True)
            assert generation == expected.get(name, LIVE), f"{name} is of {generation}"

    def check_nothing_left_there(self):
        left = [path.name for path in self.place.glob(".respaldo-*")]
        assert not left, f"left behind: {left}"

    def create(self):
        """A backup, which is made whatever the other place does; the warnings about that."""
        status, answer = self.call("create")
        assert status == library.OK and answer["created"], answer
        assert studio.generation_of(answer["backup"]["path"], read_only=True) == LIVE
        self.check_nothing_left()
        return [warning["name"] for warning in answer["warnings"] if warning["name"].startswith("SECOND_PLACE")]

    def newest(self):
        return max(path.name for path in self.backups.glob("backup_*.db"))


class Part:
    def __init__(self, folder, tally, bounded):
        self.folder, self.tally, self.bounded = Path(folder), tally, bounded
        self.template = Scene.build(self.folder / "template", size=SIZE)

    @contextmanager
    def case(self, name):
        self.tally.count("second places")
        with self.tally.case(name):
            yield

    def studio(self, place, template=None, **options):
        return Studio(template or self.template, self.folder / "scene", place, **options)

    def control(self):
        """A copier that gives the name before the bytes are there must be caught."""
        with self.tally.case("control: a name before the bytes"):
            place = self.folder / "plain"
            place.mkdir()
            scene = self.studio(place)
            assert scene.create() == []
            scene.check_copies()
            with (place / scene.newest()).open("r+b") as file:
                file.truncate(SIZE // 2)
            assert notices(scene.check_copies), "a torn copy passes for a whole one"

    # Full.

    def every_fill_level(self):
        step_kb = 256 if self.bounded else 32
        outcomes = set()
        with disk.memory_disk(self.folder / "small", 4096) as place:
            for left_kb in range(0, SIZE * 3 // 1024, step_kb):
                with self.case(f"{left_kb} KiB free there"):
                    empty(place)
                    scene = self.studio(place / "respaldos")
                    fill(place, left_kb)
                    said = scene.create()
                    outcomes.add(tuple(said))
                    assert said in ([], ["SECOND_PLACE_FULL"]), said
                    scene.check_copies()
                    scene.check_nothing_left_there()
                    assert said or scene.newest() in scene.copies()
                    (place / "filler").unlink()
                    assert scene.create() == []
                    scene.check_copies()
                    assert set(scene.copies()) >= {CHOSEN_NAME, scene.newest()}
            with self.tally.case("it was full, and it was not"):
                assert outcomes == {(), ("SECOND_PLACE_FULL",)}, outcomes
            with self.case("its own retention frees first"):
                empty(place)
                scene = self.studio(place / "respaldos", last=2)
                assert scene.create() == [] and scene.create() == []
                fill(place, 64)
                for _ in range(3):
                    assert scene.create() == [], "there would be room without the oldest"
                scene.check_copies()
                assert len(scene.copies()) == 2 and scene.newest() in scene.copies()

    def read_only(self):
        with disk.memory_disk(self.folder / "small", 8192) as place:
            scene = self.studio(place)
            assert scene.create() == []
            before = scene.copies()
            with self.case("a read-only place"):
                subprocess.run(["mount", "-o", "remount,ro", place], check=True)
                try:
                    said = scene.create()
                    assert said == ["SECOND_PLACE_FAILED"], said
                    assert scene.copies() == before
                    status, health = scene.call("health", {"deep": True})
                    assert status == library.OK and health["second_place"]["damaged"] == [], health
                finally:
                    subprocess.run(["mount", "-o", "remount,rw", place], check=True)
                assert scene.create() == [] and scene.newest() in scene.copies()

    # Gone in the middle.

    def pulled_out(self):
        """Unmounted while a copy is written, at instants spread over the time that it takes."""
        template = Scene.build(self.folder / "large", size=LARGE)
        times = 3 if self.bounded else 12
        seconds, caught = None, 0
        for turn in range(times):
            with self.case(f"pulled out at {turn} of {times}"), disk.disk(self.folder, 160) as the_disk:
                the_disk.mount()
                scene = self.studio(the_disk.place, template)
                child = scene.calling("create")
                child.wait_ready()
                wait_for_copying(scene, child)
                time.sleep((seconds or 0) * turn / times)
                began = time.monotonic()
                subprocess.run(["umount", "-l", the_disk.place], check=True)
                status, answer = child.answer()
                seconds = seconds or time.monotonic() - began
                assert status == library.OK and answer["created"], answer
                said = [warning["name"] for warning in answer["warnings"]]
                caught += bool(said)
                assert said in ([], ["SECOND_PLACE_ABSENT"], ["SECOND_PLACE_FAILED"]), said
                assert not os.listdir(the_disk.place), (
                    f"the empty mount point was written to: {os.listdir(the_disk.place)}"
                )
                the_disk.mount()
                scene.check_copies()
                assert scene.create() == [] and scene.newest() in scene.copies()
                scene.check_copies()
                scene.check_nothing_left_there()
        with self.tally.case("it was pulled out while a copy was written"):
            assert caught, "each time the copy was there already"
        shutil.rmtree(template)

    def broken(self):
        """The disk stops answering while a copy is written."""
        template = Scene.build(self.folder / "large", size=LARGE)
        with self.case("a disk that breaks"), disk.disk(self.folder, 160) as the_disk:
            the_disk.mount()
            scene = self.studio(the_disk.place, template)
            child = scene.calling("create")
            child.wait_ready()
            wait_for_copying(scene, child)
            the_disk.cut_power(disk.JOURNAL_LOST)
            status, answer = child.answer()
            assert status == library.OK and answer["created"], answer
            assert answer["warnings"] and answer["warnings"][0]["name"].startswith("SECOND_PLACE"), answer
            the_disk.after_power_returns()
            scene.check_copies()
            assert scene.create() == [] and scene.newest() in scene.copies()
            scene.check_copies()
        shutil.rmtree(template)

    def killed(self):
        """At every named step of the copying; and what was copied and not recorded is not forgotten."""
        place = self.folder / "killed"
        for step in ("place_marked", "place_has_room", "place_copied", "place_named", "place_recorded"):
            for occurrence in (1, 2):
                empty(place)
                scene = self.studio(place, last=2)
                environment = {"RESPALDO_KILL_AT": f"{step}:{occurrence}"}
                if (answer := scene.calling("create", environment).answer()) is not NEVER_ANSWERED:
                    with self.tally.case(f"{step} is reached"):
                        assert occurrence > 1, answer
                    continue
                with self.case(f"killed at {step}:{occurrence}"):
                    scene.check_copies()
                    for _ in range(3):
                        assert scene.create() == []
                    scene.check_copies()
                    scene.check_nothing_left_there()
                    newest = sorted(path.name for path in scene.backups.glob("backup_*.db"))[-2:]
                    assert scene.copies() == newest, f"{scene.copies()} are there, not {newest}"

    # Other file systems.

    def fat(self):
        """No links, times in steps of two seconds, no file of 4 GiB."""
        for kind in ("vfat", "exfat"):
            with drive(self.folder, kind, self.tally) as the_drive:
                if the_drive is None:
                    continue
                the_drive.mount()
                scene = self.studio(the_drive.place / "respaldos", last=3)
                with self.case(f"{kind}: copied, retained and known after it was plugged in again"):
                    for _ in range(4):
                        assert scene.create() == []
                        the_drive.unmount()
                        the_drive.mount()
                    scene.check_copies()
                    scene.check_nothing_left_there()
                    assert len(scene.copies()) == 3, scene.copies()
                    status, listing = scene.call("list", {"second_place": True})
                    assert status == library.OK and len(listing["backups"]) == 3, listing
                    assert all(backup["verified_at"] for backup in listing["backups"]), "a copy looks changed"
                    status, health = scene.call("health", {"deep": True})
                    assert status == library.OK and health["second_place"]["damaged"] == [], health
                with self.case(f"{kind}: restored from"):
                    shutil.rmtree(scene.backups)
                    status, answer = scene.call("restore", {"backup": scene.copies()[-1]})
                    assert status == library.OK and str(the_drive.place) in answer["restored_from"], answer
                if kind == "vfat" and kind in filesystems():
                    self.too_large("a FAT drive", the_drive.place)

    def large_files(self):
        """FAT's limit, set for the process: the programs in user space do not have it."""
        place = self.folder / "limited"
        place.mkdir()
        self.too_large("the limit of FAT", place, FOUR_GIB - 1)

    def too_large(self, name, place, limit=resource.RLIM_INFINITY):
        with self.case(f"a backup of 4 GiB, {name}"):
            empty(place)
            scene = self.studio(place / "respaldos")
            assert scene.create() == []
            # The library goes by the catalogue, and does not read what it has verified.
            name, path = "backup_20260106_090000.db", scene.backups / "backup_20260106_090000.db"
            with path.open("wb") as file:
                file.truncate(FOUR_GIB)
            catalogue = scene.catalogue()
            found = path.stat()
            record = catalogue["backups"][scene.newest()] | {"size": found.st_size, "mtime": found.st_mtime_ns}
            catalogue["backups"][name] = record
            (scene.backups / "catalog.json").write_text(json.dumps(catalogue))

            def limited():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                return library.Store(scene.options)

            status, answer = Child(limited, lambda store: store.call("create")).answer()
            assert status == library.OK and warned(answer, "SECOND_PLACE_FILE_TOO_LARGE"), answer
            assert answer["backup"]["name"] in scene.copies() and name not in scene.copies(), scene.copies()
            scene.check_copies()
            scene.check_nothing_left_there()


def filesystems():
    """Those that the kernel knows."""
    return Path("/proc/filesystems").read_text().split()


class Drive:
    def __init__(self, kind, image, place):
        self.kind, self.image, self.place, self.loop = kind, image, place, None

    def mount(self):
        """By the kernel, or by a program in user space."""
        options = ["mount", "-t", self.kind, "-o", "loop", self.image, self.place]
        if subprocess.run(options, stderr=subprocess.DEVNULL).returncode == 0:
            return
        if self.kind == "vfat":
            self.server = subprocess.Popen(
                ["fusefat", self.image, self.place, "-o", "rw+", "-f", "-s"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        else:
            found = subprocess.run(["losetup", "-f", "--show", self.image], check=True, capture_output=True, text=True)
            self.loop = found.stdout.strip()
            subprocess.run(["mount.exfat-fuse", self.loop, self.place], check=True, capture_output=True)
        deadline = time.monotonic() + 20
        while not self.place.is_mount():
            assert time.monotonic() < deadline, f"{self.kind} was not mounted"
            time.sleep(0.01)

    def unmount(self):
        if self.place.is_mount():
            subprocess.run(["umount", self.place], check=True)
        if server := self.__dict__.pop("server", None):
            server.wait(60)
        if self.loop:
            # Once the program in user space has let go of it.
            deadline = time.monotonic() + 20
            while subprocess.run(["losetup", "-d", self.loop], stderr=subprocess.DEVNULL).returncode != 0:
                assert time.monotonic() < deadline, f"{self.loop} stays in use"
                time.sleep(0.05)
            self.loop = None


@contextmanager
def drive(folder, kind, tally):
    """A file system of this kind in a file; None where it cannot be made or mounted here."""
    programs = {"vfat": ("mkfs.vfat", "fusefat"), "exfat": ("mkfs.exfat", "mount.exfat-fuse")}[kind]
    if not shutil.which(programs[0]) or not (kind in filesystems() or shutil.which(programs[1])):
        tally.skip(f"a {kind} drive", f"needs {programs[0]}, and {kind} in the kernel or {programs[1]}")
        yield None
        return
    image, place = folder / f"{kind}.image", folder / f"{kind}-mounted"
    place.mkdir(exist_ok=True)
    with image.open("wb") as file:
        file.truncate(300 << 20)
    options = ["-F", "32"] if kind == "vfat" else []
    subprocess.run([programs[0], *options, image], check=True, capture_output=True)
    the_drive = Drive(kind, image, place)
    try:
        yield the_drive
    finally:
        the_drive.unmount()
        image.unlink()


def wait_for_copying(scene, child):
    """Until a temporary file grows in the other place."""
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size > 1 << 20 for path in scene.place.glob(".respaldo-*.tmp")):
        assert not child.has_answered() and time.monotonic() < deadline, "nothing was copied"
        time.sleep(0.0005)


def fill(place, left_kb):
    """Leaves this much room."""
    free = os.statvfs(place)
    room = free.f_bavail * free.f_frsize - left_kb * 1024
    if room > 0:
        with (place / "filler").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room)


def empty(place):
    place.mkdir(exist_ok=True)
    for entry in place.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def main():
    bounded = is_bounded(__doc__)
    tally = Tally("second_place")
    disk.require_mounting(tally, "drives")
    with tempfile.TemporaryDirectory(prefix="respaldo-place-") as folder:
        part = Part(folder, tally, bounded)
        part.control()
        part.every_fill_level()
        part.read_only()
        part.pulled_out()
        part.broken()
        part.killed()
        part.fat()
        part.large_files()
    tally.finish()


if __name__ == "__main__":
    main()
