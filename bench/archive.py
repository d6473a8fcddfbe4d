"""The archive beside restic: the first push, that of a day's work, and a year of them. Only printed, and drawn.

archive.py push DATABASE OPTIONS    one push, in a process of its own: says how long it took
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import databases
import plot_year
from memory import private_kib
from place import Place

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "target/with-archive/release/librespaldo.so"
DRAWING = ROOT / "docs/archive-year.svg"
SIZES = (20, 200)
PASSWORD = "the benchmark's"
DAYS = 365


@dataclass(frozen=True)
class Way:
    """One kind of repository."""

    label: str
    chunk_bytes: int | None = None
    """None is restic itself, with its own chunks."""


OURS = Way("respaldo, 16 KiB (the default)", 16 << 10)
WAYS = (OURS, Way("respaldo, 64 KiB", 64 << 10), Way("restic"))
RESTIC = WAYS[-1]


@dataclass
class Push:
    """What one push cost."""

    seconds: float
    peak_kib: int
    added: int


class Repository:
    """A new repository beside the database."""

    def __init__(self, way, folder, database):
        self.way, self.database = way, database
        self.folder = folder / f"repository-{way.chunk_bytes or 'restic'}"
        self.environment = os.environ | {
            "RESTIC_REPOSITORY": str(self.folder),
            "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": str(folder / "restic-cache"),
        }
        shutil.rmtree(self.folder, ignore_errors=True)
        if way is RESTIC:
            subprocess.run(["restic", "init", "--quiet"], check=True, env=self.environment)
        else:
            with self.store() as store:
                store.archive.init(chunk_bytes=way.chunk_bytes)

    def store(self):
        import respaldo

        return respaldo.Store(self.database, archive=self.options, language="en")

    @property
    def options(self):
        return {"repository": str(self.folder), "password": PASSWORD}

    def push(self, backup):
        """Stores the file in a process of its own, as after a restart of the computer: with the key to compute."""
        before = self.size()
        if self.way is RESTIC:
            command = ["restic", "backup", "--quiet", backup]
        else:
            command = [sys.executable, "-B", __file__, "push", self.database, json.dumps(self.options)]
        started = time.perf_counter()
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            peak = _peak(process)
            answer = process.stdout.read()
        seconds = time.perf_counter() - started
        if process.returncode != 0:
            sys.exit(f"{self.way.label}: the push failed, see above")
        # Of ours without the start of Python, which is not the library's; of restic with its own.
        return Push(float(answer) if answer.strip() else seconds, peak, self.size() - before)

    def size(self):
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def _peak(process):
    """The largest private memory of a process that was seen until it ended."""
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, private_kib(process.pid))
        except (OSError, TypeError):  # it ends just now
            break
        time.sleep(0.005)
    return peak


def require_means():
    if not shutil.which("restic"):
        sys.exit("restic is missing: apt-get install restic")
    import respaldo

    try:
        with respaldo.Store("nothing.db") as store:
            store.archive.list()
    except respaldo.UnsupportedError:
        sys.exit(f"This library has no archive. `make archive`, and then RESPALDO_LIBRARY={LIBRARY.relative_to(ROOT)}")
    except respaldo.InvalidArgumentError:
        return


def archive(folder, size, repetitions):
    """The first push and that of a day's work: seconds, memory, bytes added."""
    require_means()
    databases.require_room(folder, [size])
    databases.make(folder, [size])
    pushes = {way: ([], []) for way in WAYS}
    for turn in range(repetitions + 1):
        for way in WAYS:
            place = Place(folder, size)
            place.build()
            repository = Repository(way, place.folder, place.database)
            for found in pushes[way]:
                push = repository.push(_backed_up(place))
                if turn:  # the first is a warm-up
                    found.append(push)
                databases.work_for_a_day(place.database)
            place.remove()
    for moment, name in enumerate(("first push", "a day's push")):
        base = statistics.median(push.seconds for push in pushes[RESTIC][moment])
        for way in WAYS:
            found = pushes[way][moment]
            seconds = statistics.median(push.seconds for push in found)
            added = statistics.median(push.added for push in found)
            peak = max(push.peak_kib for push in found)
            print(
                f"archive {size} MB  {name:13} {way.label:32} {seconds * 1000:7.0f} ms  ({seconds / base:.2f} x restic)"
                f"  {added / 1e6:7.2f} MB added ({added / (size * 1e4):.2f} %)  {peak / 1024:5.0f} MiB at the peak",
                flush=True,
            )


def _backed_up(place):
    """A new backup, and the same as a file whose name stays, which is what restic is given."""
    import respaldo

    with respaldo.Store(place.database, language="en") as store:
        backup = store.create().backup
    same = place.folder / "backup.db"
    shutil.copyfile(backup.path, same)
    return same


def archive_year(folder):
    """A backup a day of a database that grows, all of them kept: the room that they take."""
    require_means()
    databases.make(folder, [databases.YEAR])
    place = Place(folder, databases.YEAR)
    place.build()
    ours, restics = (Repository(way, place.folder, place.database) for way in (OURS, RESTIC))
    plain, taken = 0, []
    same = place.folder / "backup.db"
    with ours.store() as store:
        for day in range(DAYS):
            databases.work_for_a_day(place.database, day)
            backup = store.create().backup
            shutil.copyfile(backup.path, same)
            store.archive.push(backup)
            restics.push(same)
            plain += backup.size
            taken.append((plain, ours.size(), restics.size()))
            if day + 1 in (1, 30, 90, 180, DAYS):
                print(
                    f"archive_year day {day + 1:3}: the database {backup.size / 1e6:.1f} MB, plain copies"
                    f" {plain / 1e6:.0f} MB, "
                    + ", ".join(
                        f"{name} {size / 1e6:.1f} MB ({plain / size:.0f} times less)"
                        for name, size in zip(("respaldo", "restic"), taken[-1][1:], strict=True)
                    ),
                    flush=True,
                )
    with ours.store() as store:
        store.archive.check(read_data=True)
    place.remove()
    DRAWING.write_text(plot_year.svg(taken))
    print(f"{DRAWING.relative_to(ROOT)} is written")


def _push(database, options):
    import respaldo

    with respaldo.Store(database, archive=json.loads(options), language="en") as store:
        started = time.perf_counter()
        store.archive.push()
        print(time.perf_counter() - started)


if __name__ == "__main__":
    _push(*sys.argv[2:])
