"""Other processes at work in the same files: locks of every kind, a stuck reader, a killed writer, a busy writer, and
eight callers of everything at once."""

import mmap
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import library
import studio
from child import Child
from library import Store
from scene import CHOSEN, CHOSEN_NAME, LIVE, REQUESTS, Scene, check_explained
from tally import Tally, is_bounded, notices

SIZE = 400_000
LOCKS = {
    "SHARED": "BEGIN; SELECT count(*) FROM visits",
    "RESERVED": "BEGIN IMMEDIATE",
    "EXCLUSIVE": "BEGIN EXCLUSIVE",
}
# What create and restore answer while another process has this lock, in rollback mode and in WAL mode.
EXPECTED = {
    ("delete", "SHARED"): (library.OK, library.DATABASE_LOCKED),
    ("delete", "RESERVED"): (library.OK, library.DATABASE_LOCKED),
    ("delete", "EXCLUSIVE"): (library.DATABASE_LOCKED, library.DATABASE_LOCKED),
    ("wal", "SHARED"): (library.OK, library.OK),
    ("wal", "RESERVED"): (library.OK, library.DATABASE_LOCKED),
    ("wal", "EXCLUSIVE"): (library.OK, library.DATABASE_LOCKED),
}


@contextmanager
def other_process(scene, *statements):
    """Another process that has run these statements and keeps its connection."""
    gate_read, gate_write = os.pipe()

    def prepare():
        os.close(gate_write)
        connection = sqlite3.connect(scene.database, isolation_level=None)
        for statement in statements:
            connection.execute(statement).fetchall()
        return connection

    def wait(connection):
        os.read(gate_read, 1)  # until the other end is closed
        return generation_seen(connection)

    child = Child(prepare, wait)
    child.wait_ready()
    try:
        yield child
    finally:
        os.close(gate_write)
        os.close(gate_read)
        child.answer()


def generation_seen(connection):
    """The generation that the other process sees after its transaction."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    seen = {generation for (generation,) in connection.execute("SELECT DISTINCT generation FROM visits")}
    assert len(seen) == 1, seen
    return seen.pop()


def locks(template, folder, tally):
    """Whatever another process holds: a backup or DATABASE_LOCKED within the timeout, and nothing changed then."""
    for (mode, lock), (create, restore) in EXPECTED.items():
        for operation, expected in (("create", create), ("restore", restore)):
            scene = Scene(template, folder).reset()
            scene.options["busy_timeout_ms"] = 300
            with closing(sqlite3.connect(scene.database)) as connection:
                connection.execute(f"PRAGMA journal_mode={mode}")
            with tally.case(f"{operation} while another process holds {lock}, {mode}"):
                tally.count("locks held against a call")
                with other_process(scene, *LOCKS[lock].split("; ")):
                    started = time.monotonic()
                    status, answer = scene.call(operation)
                    took = time.monotonic() - started
                assert status == expected, answer
                assert took < 5, f"took {took:.1f} s with a timeout of 0.3 s"
                scene.check_backups()
                scene.check_nothing_left()
                if status != library.OK:
                    check_explained(status, answer)
                    assert not scene.check_safety_copies("rollback"), "a safety copy of a restore that never was"
                scene.check_live("rollback", {CHOSEN if operation == "restore" and status == library.OK else LIVE})


def stuck_reader(template, folder, tally):
    """A reader that never ends prevents the checkpoint, and neither a backup nor a restore."""
    scene = Scene(template, folder).reset()
    with closing(sqlite3.connect(scene.database)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
    with tally.case("a WAL database with a stuck reader"):
        with other_process(scene, "BEGIN", "SELECT count(*) FROM visits"):
            with closing(sqlite3.connect(scene.database, isolation_level=None)) as connection:
                for generation in (8, 9):
                    studio.write(connection, generation, SIZE)
            assert scene.call("create")[0] == library.OK
            scene.check_backups(new=[9])
            status, answer = scene.call("restore")
            assert status == library.OK, answer
            assert studio.generation_of(scene.database) == CHOSEN
            assert len(scene.check_safety_copies("rollback", before=9)) == 1
        assert studio.generation_of(scene.database) == CHOSEN
        scene.check_nothing_left()


def killed_writer(template, folder, tally, times):
    """A hot journal, left by a writer that was killed while it wrote its pages into the file."""
    hot = 0
    for turn in range(times):
        scene = Scene(template, folder).reset()

        def write_on(_):
            with closing(sqlite3.connect(scene.database, isolation_level=None)) as connection:
                connection.execute("PRAGMA cache_size=5")
                while True:
                    studio.write(connection, LIVE, SIZE)

        writer = Child(lambda: None, write_on)
        writer.wait_ready()
        time.sleep(random.uniform(0.005, 0.05))
        writer.kill()
        writer.answer()
        hot += os.path.exists(f"{scene.database}-journal")
        operation = ("create", "restore")[turn % 2]
        with tally.case(f"{operation} after a writer was killed"):
            tally.count("writers killed")
            status, answer = scene.call(operation)
            assert status == library.OK, answer
            scene.check_backups()
            scene.check_safety_copies("rollback")
            scene.check_live("rollback", {CHOSEN if turn % 2 else LIVE})
            scene.check_nothing_left()
    with tally.case("control: there were hot journals"):
        assert hot * 4 > times, f"only {hot} of {times}"


def busy_writer(template, folder, tally, backups):
    """A hundred commits a second during backup after backup, without a failed write at the writer's own 5 s timeout."""
    for mode in ("delete", "wal"):
        scene = Scene(template, folder).reset()
        with closing(sqlite3.connect(scene.database, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA journal_mode={mode}")
            connection.execute("CREATE TABLE ticks(number)")
            studio.write(connection, LIVE, 10_000_000)  # so that a backup takes longer than the pause between commits
        stop = scene.folder / "stop"

        def write_on(_):
            failed = commits = 0
            longest = 0.0
            with closing(sqlite3.connect(scene.database, isolation_level=None, timeout=5)) as connection:
                while not stop.exists():
                    started = time.monotonic()
                    try:
                        connection.execute("INSERT INTO ticks VALUES(?)", (commits,))
                        commits += 1
                    except sqlite3.OperationalError:
                        failed += 1
                    took = time.monotonic() - started
                    longest = max(longest, took)
                    time.sleep(max(0, 0.01 - took))
            return [commits, failed, longest]

        writer = Child(lambda: None, write_on)
        writer.wait_ready()
        started = time.monotonic()
        with tally.case(f"{backups} backups under a constant writer, {mode}"):
            for _ in range(backups):
                status, answer = scene.call("create")
                assert status == library.OK, answer
                tally.count("backups under a constant writer")
            seconds = time.monotonic() - started
            stop.touch()
            commits, failed, longest = writer.answer()
            print(
                f"company: note: {mode}: {commits} commits in {seconds:.1f} s, {failed} failed, "
                f"the longest took {longest * 1000:.0f} ms",
                flush=True,
            )
            assert not failed, f"{failed} writes failed"
            assert commits, "the writer wrote nothing"
            scene.check_backups()
            for backup in scene.backups.glob("backup_2*.db"):
                if not backup.name.startswith("backup_202601"):
                    with closing(sqlite3.connect(backup)) as connection:
                        numbers = [
                            number for (number,) in connection.execute("SELECT number FROM ticks ORDER BY rowid")
                        ]
                        assert numbers == list(range(len(numbers))), "ticks are missing in the middle"
            scene.check_nothing_left()


def all_operations_at_once(template, folder, tally, processes, seconds):
    """Processes that call everything, in any order: afterwards everything is whole and retention is exact."""
    scene = Scene(template, folder).reset()
    scene.options["busy_timeout_ms"] = 20_000
    # The chosen backup is renamed, so that retention never deletes it.
    (scene.backups / CHOSEN_NAME).rename(scene.backups / "mine.db")
    requests = REQUESTS | {"restore": {"backup": "mine.db"}, "verify": {"backup": "mine.db"}}
    operations = ("create", "create", "create_if_due", "prune", "list", "last_backup", "restore", "verify")

    def call_everything(store):
        counts, wrong = {}, []
        ends = time.monotonic() + seconds
        chance = random.Random(os.getpid())
        while time.monotonic() < ends:
            operation = chance.choice(operations)
            status, answer = store.call(operation, requests.get(operation))
            counts[operation] = counts.get(operation, 0) + 1
            if status != library.OK:
                wrong.append([operation, answer])
        return [counts, wrong]

    children = [Child(lambda: Store(scene.options), call_everything) for _ in range(processes)]
    wrong = []
    for child in children:
        counts, failed = child.answer()
        tally.count("calls at once", sum(counts.values()))
        wrong += failed
    with tally.case(f"{processes} processes calling everything for {seconds} s"):
        assert not wrong, f"{len(wrong)} calls failed, first: {wrong[0]}"
        _, listing = scene.call("list")
        made = [backup for backup in listing["backups"] if backup["kind"] == "backup"]
        assert len(made) == scene.options["max_backups"], f"{len(made)} backups are kept"
        for backup in made:
            assert backup["intact"] and studio.generation_of(backup["path"], read_only=True) in (LIVE, CHOSEN)
        assert (scene.backups / "mine.db").exists(), "a renamed backup was pruned"
        for copy in scene.folder.glob("studio.db.before_restore_*"):
            assert studio.generation_of(copy, read_only=True) in (LIVE, CHOSEN)
        scene.check_live("rollback", {LIVE, CHOSEN})
        scene.check_settings()
        scene.check_nothing_left()


def cut_off_meanwhile(template, folder, tally, times):
    """A file that another program cuts off while it is read is an error, and not the end of the process: a program that
    reads the file through a mapping is killed by SIGBUS."""
    scene = Scene(template, folder).reset()
    large = Path(template) / "../large.db"
    studio.make(large, LIVE, 10_000_000)
    sound = (library.OK, library.BACKUP_CORRUPT, library.DATABASE_CORRUPT, library.NOT_A_DATABASE, library.IO_ERROR)
    for operation, cut in (
        ("verify", scene.backups / "large.db"),
        ("restore", scene.backups / "large.db"),
        ("create", scene.database),
    ):
        request = None if operation == "create" else {"backup": "large.db"}
        for turn in range(times + 1):
            scene = Scene(template, folder).reset()
            shutil.copy(large, cut)
            child = Child(lambda: Store(scene.options), lambda store: store.call(operation, request))
            child.wait_ready()
            started = time.monotonic()
            if turn == 0:
                assert child.answer()[0] == library.OK
                duration = time.monotonic() - started
                continue
            time.sleep(duration * random.random())
            os.truncate(cut, 1_000_000)
            with tally.case(f"{operation} of a file that is cut off meanwhile"):
                tally.count("files cut off while they were read")
                status, answer = child.answer()
                assert status in sound or status == library.RESTORE_FAILED, answer
                for backup in scene.backups.glob("backup_2*.db"):
                    studio.generation_of(backup, read_only=True)

    def read_through_a_mapping(_):
        with large.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            os.truncate(large, 4096)
            return mapped[1_000_000]

    with tally.case("control: a mapped file that is cut off"):
        crash = None
        try:
            Child(lambda: None, read_through_a_mapping).answer()
        except AssertionError as crashed:
            crash = str(crashed)
        assert crash and f"signal {signal.SIGBUS:d}" in crash, crash or "it survived"


def control(template, folder, tally, times):
    """A backup by copying the file under the constant writer must be caught torn."""
    scene = Scene(template, folder).reset()

    def write_on(_):
        with closing(sqlite3.connect(scene.database, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            generation = LIVE
            while True:
                generation += 1
                studio.write(connection, generation, SIZE)

    writer = Child(lambda: None, write_on)
    writer.wait_ready()
    torn = 0
    for _ in range(times):
        copy = scene.folder / "copy.db"
        with scene.database.open("rb") as source, copy.open("wb") as target:
            while part := source.read(65536):
                target.write(part)
                time.sleep(0.005)
        torn += notices(studio.generation_of, copy, True)
    writer.kill()
    writer.answer()
    print(f"company: control: copying the file under a writer was torn {torn} of {times} times", flush=True)
    with tally.case("control: copying the file under a writer"):
        assert torn * 2 > times


def main():
    bounded = is_bounded(__doc__)
    tally = Tally("company")
    with tempfile.TemporaryDirectory(prefix="respaldo-company-") as own:
        template = Scene.build(Path(own) / "template", size=SIZE)
        folder = Path(own) / "scene"
        folder.mkdir()
        control(template, folder, tally, 5 if bounded else 20)
        locks(template, folder, tally)
        stuck_reader(template, folder, tally)
        cut_off_meanwhile(template, folder, tally, 4 if bounded else 30)
        killed_writer(template, folder, tally, 10 if bounded else 100)
        busy_writer(template, folder, tally, 15 if bounded else 100)
        for _ in range(1 if bounded else 5):
            all_operations_at_once(template, folder, tally, 8, 3 if bounded else 10)
    tally.finish()


if __name__ == "__main__":
    main()
