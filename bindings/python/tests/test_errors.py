"""Every exception class that can be reached for real, and what an exception carries."""

from __future__ import annotations

import contextlib
import copy
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import respaldo
import scene
from respaldo._library import load

NOBODY = 65534


def raised(by: Callable[[], object], kind: type[respaldo.RespaldoError]) -> respaldo.RespaldoError:
    """The error, which is of exactly this kind, and says what failed and what to do."""
    with pytest.raises(respaldo.RespaldoError) as caught:
        by()
    error = caught.value
    assert type(error) is kind, error
    assert respaldo.RespaldoError.by_status[error.status] is kind
    assert error.message
    assert error.hint or kind in (respaldo.InvalidArgumentError, respaldo.InvalidHandleError)
    return error


def test_each_status_has_a_class_with_the_librarys_name() -> None:
    for status, kind in respaldo.RespaldoError.by_status.items():
        name: bytes = load().respaldo_status_name(status)
        words = name.decode().split("_")
        assert kind.__name__ == "".join(w.capitalize() for w in words).removesuffix("Error") + "Error"
    assert len(respaldo.RespaldoError.by_status) == 27


class TestArguments:
    @pytest.mark.parametrize(
        ("option", "value"),
        [("max_backups", -1), ("max_backups", "20"), ("busy_timeout_ms", 0.5), ("verify", "none"), ("language", "fr")],
    )
    def test_a_bad_option_is_named(self, database: Path, option: str, value: object) -> None:
        options: dict[str, object] = {option: value}
        error = raised(
            lambda: respaldo.Store(database, **options),  # type: ignore[arg-type]
            respaldo.InvalidArgumentError,
        )
        assert option in error.message

    def test_an_unknown_time_zone_is_refused(self, database: Path) -> None:
        error = raised(
            lambda: respaldo.Store(database, timezone="Sonora/Ninguna"),
            respaldo.UnknownTimezoneError,
        )
        assert "Sonora/Ninguna" in error.message

    def test_a_nul_in_a_path_is_refused(self) -> None:
        raised(lambda: respaldo.Store("tattoo\0studio.db"), respaldo.InvalidArgumentError)

    def test_a_handle_that_others_closed_is_invalid(self, store: respaldo.Store) -> None:
        load().respaldo_close(store._open_handle)
        raised(store.list, respaldo.InvalidHandleError)


class TestFiles:
    def test_a_missing_database_is_not_found(self, folder: Path) -> None:
        with respaldo.Store(folder / "nada.db") as store:
            error = raised(store.create, respaldo.DatabaseNotFoundError)
        assert error.path == folder / "nada.db"
        assert list(folder.glob("nada.db*")) == []

    @pytest.mark.parametrize("operation", ["restore", "verify"])
    def test_a_missing_backup_is_not_found(self, store: respaldo.Store, operation: str) -> None:
        use = getattr(store, operation)
        error = raised(lambda: use("backup_20200101_090000.db"), respaldo.BackupNotFoundError)
        assert error.path is not None
        assert error.path.name == "backup_20200101_090000.db"

    @pytest.mark.parametrize("contents", [b"", b"%PDF-1.7 not a database" * 1000], ids=["empty", "another format"])
    def test_another_format_is_not_a_database(self, folder: Path, contents: bytes) -> None:
        wrong = folder / "wrong.db"
        wrong.write_bytes(contents)
        with respaldo.Store(wrong) as store:
            assert raised(store.create, respaldo.NotADatabaseError).path == wrong
            assert len(store.list()) == 0
        assert wrong.read_bytes() == contents

    @pytest.mark.parametrize("operation", ["restore", "verify"])
    def test_a_backup_of_another_format_is_not_a_database(
        self, store: respaldo.Store, folder: Path, database: Path, operation: str
    ) -> None:
        wrong = folder / "empty.db"
        wrong.touch()
        before = database.read_bytes()
        use = getattr(store, operation)
        assert raised(lambda: use(wrong), respaldo.NotADatabaseError).path == wrong
        assert database.read_bytes() == before

    def test_a_damaged_database_deletes_no_backup(self, database: Path) -> None:
        with respaldo.Store(database, max_backups=1) as store:
            good = store.create().backup
            scene.damage(database)
            assert raised(store.create, respaldo.DatabaseCorruptError).path == database
            assert [b.name for b in store.list()] == [good.name]

    def test_an_index_alone_is_repairable(self, store: respaldo.Store, database: Path) -> None:
        scene.spoil_index(database)
        copy_of_it = shutil.copy(database, database.with_name("copia.db"))
        for use, kind in [
            (store.create, respaldo.DatabaseCorruptError),
            (lambda: store.verify(copy_of_it), respaldo.BackupCorruptError),
        ]:
            error = raised(use, kind)
            assert isinstance(error, (respaldo.DatabaseCorruptError, respaldo.BackupCorruptError))
            assert error.repairable
            assert "«clients_name»" in error.message and "No se perdió ningún registro." in error.message
            assert "REINDEX" in error.hint
            assert pickle.loads(pickle.dumps(error)).repairable
        scene.damage(database)
        assert raised(store.create, respaldo.DatabaseCorruptError).repairable is False  # type: ignore[attr-defined]

    @pytest.mark.parametrize("operation", ["restore", "verify"])
    def test_a_damaged_backup_changes_nothing(
        self, store: respaldo.Store, database: Path, folder: Path, operation: str
    ) -> None:
        backup = store.create().backup
        scene.damage(backup.path)
        before = scene.folder_contents(folder, catalogue=False)
        use = getattr(store, operation)
        error = raised(lambda: use(backup), respaldo.BackupCorruptError)
        assert error.path == backup.path
        assert error.problems
        assert all(isinstance(problem, str) for problem in error.problems)
        after = scene.folder_contents(folder, catalogue=False)
        after.pop("backups/restores.jsonl", None)
        assert after == before

    def test_the_database_is_not_restored_over_itself(self, store: respaldo.Store, database: Path) -> None:
        link = database.with_name("link.db")
        link.symlink_to(database)
        before = database.read_bytes()
        raised(lambda: store.restore(database), respaldo.SameFileError)
        raised(lambda: store.restore(link), respaldo.SameFileError)
        assert database.read_bytes() == before

    def test_an_existing_target_is_kept(self, store: respaldo.Store, folder: Path) -> None:
        target = folder / "important.txt"
        target.write_text("important")
        backup = store.create().backup
        error = raised(lambda: store.restore(backup, target=target), respaldo.TargetExistsError)
        assert error.path == target
        assert target.read_text() == "important"

    def test_a_backup_folder_that_is_a_file_is_an_error(self, database: Path, folder: Path) -> None:
        (folder / "backups").write_text("not a folder")
        with respaldo.Store(database) as store:
            error = raised(store.create, respaldo.IoError)
        assert error.path is not None


def become_nobody() -> None:
    if os.geteuid() == 0:  # modes do not bind root
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def create_as_nobody(database: Path) -> respaldo.CreateResult:
    with respaldo.Store(database) as store:
        return store.create()


def list_as_nobody(database: Path) -> respaldo.Listing:
    with respaldo.Store(database) as store:
        return store.list()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
class TestPermissions:
    @pytest.fixture
    def nobodys_folder(self) -> Iterator[Path]:
        """A folder that belongs to the user that the operations run as; pytest's own are closed to others."""
        folder = Path(tempfile.mkdtemp(prefix="respaldo-test-"))
        scene.make_database(folder / "tattoostudio.db")
        (folder / "backups").mkdir()
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, NOBODY, NOBODY)
        yield folder
        (folder / "backups").chmod(0o700)
        shutil.rmtree(folder)

    @pytest.fixture
    def nobody(self) -> Iterator[ProcessPoolExecutor]:
        """Runs functions as another user; their results and errors come back pickled."""
        forked = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(1, mp_context=forked, initializer=become_nobody) as pool:
            yield pool

    def test_with_permission_it_works(self, nobodys_folder: Path, nobody: ProcessPoolExecutor) -> None:
        result = nobody.submit(create_as_nobody, nobodys_folder / "tattoostudio.db").result()
        assert result.created

    def test_a_backup_folder_that_cannot_be_written_is_denied(
        self, nobodys_folder: Path, nobody: ProcessPoolExecutor
    ) -> None:
        (nobodys_folder / "backups").chmod(0o500)
        database = nobodys_folder / "tattoostudio.db"
        error = raised(
            lambda: nobody.submit(create_as_nobody, database).result(),
            respaldo.PermissionDeniedError,
        )
        assert error.path is not None
        assert nobodys_folder / "backups" in (error.path, error.path.parent)

    def test_a_backup_folder_that_cannot_be_read_is_denied(
        self, nobodys_folder: Path, nobody: ProcessPoolExecutor
    ) -> None:
        (nobodys_folder / "backups").chmod(0o300)
        database = nobodys_folder / "tattoostudio.db"
        raised(
            lambda: nobody.submit(list_as_nobody, database).result(),
            respaldo.PermissionDeniedError,
        )

    def test_a_database_that_cannot_be_read_is_denied(self, nobodys_folder: Path, nobody: ProcessPoolExecutor) -> None:
        database = nobodys_folder / "tattoostudio.db"
        database.chmod(0o200)
        error = raised(
            lambda: nobody.submit(create_as_nobody, database).result(),
            respaldo.PermissionDeniedError,
        )
        assert error.path == database


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight mebibytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small file system cannot be mounted here: needs Linux and root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


class TestDiskFull:
    def test_create(self, folder: Path, small_disk: Path) -> None:
        database = scene.make_database(folder / "big.db", mebibytes=12)
        with respaldo.Store(database, backup_dir=small_disk / "backups") as store:
            error = raised(store.create, respaldo.DiskFullError)
            assert any(c.isdigit() for c in error.message)
            assert len(store.list()) == 0
        assert [p for p in small_disk.rglob("*") if p.is_file()] == []

    def test_restore(self, folder: Path, small_disk: Path) -> None:
        big = scene.make_database(folder / "big.db", mebibytes=12)
        database = scene.make_database(small_disk / "tattoostudio.db", clients=7)
        with respaldo.Store(database, backup_dir=folder / "backups") as store:
            raised(lambda: store.restore(big), respaldo.DiskFullError)
        assert scene.count_clients(database) == 7
        assert not list(small_disk.glob("*-journal"))

    @pytest.mark.parametrize("wal", [False, True], ids=["rollback", "wal"])
    def test_a_restore_that_breaks_off(self, folder: Path, small_disk: Path, wal: bool) -> None:
        """Something else fills the disk while the database is being written."""
        big = scene.make_database(folder / "big.db", mebibytes=4)
        database = scene.make_database(small_disk / "tattoostudio.db", clients=7, wal=wal)

        def fill_the_disk(_done: int, _total: int) -> None:
            if list(small_disk.glob("*.before_restore_*")):
                with contextlib.suppress(OSError), open(small_disk / "filler", "ab", 0) as filler:
                    while filler.write(bytes(65536)):
                        pass

        with respaldo.Store(database, backup_dir=folder / "backups") as store:
            error = raised(lambda: store.restore(big, progress=fill_the_disk), respaldo.RestoreFailedError)
        (small_disk / "filler").unlink()
        assert error.path == database
        assert error.safety_backup is not None
        assert error.undone is True
        assert scene.count_clients(error.safety_backup) == 7
        assert scene.count_clients(database) == 7


class TestOthers:
    @pytest.mark.parametrize("operation", ["create", "create_if_due"])
    def test_a_locked_database_is_not_backed_up(self, database: Path, operation: str) -> None:
        with (
            scene.held_by_another_process(database),
            respaldo.Store(database, busy_timeout_ms=100) as store,
        ):
            error = raised(getattr(store, operation), respaldo.DatabaseLockedError)
            assert error.path == database
            assert len(store.list()) == 0

    def test_a_locked_database_is_not_restored_into(self, database: Path) -> None:
        with respaldo.Store(database, busy_timeout_ms=100) as store:
            backup = store.create().backup
            scene.delete_clients(database)
            with scene.held_by_another_process(database):
                raised(lambda: store.restore(backup), respaldo.DatabaseLockedError)
            assert scene.count_clients(database) == 0

    def test_a_create_during_another_is_busy(self, folder: Path) -> None:
        database = scene.make_database(folder / "big.db", mebibytes=4)
        started, finish = threading.Event(), threading.Event()
        results: list[respaldo.CreateResult] = []

        def linger(_done: int, _total: int) -> None:
            started.set()
            finish.wait(30)

        def slow_create() -> None:
            with respaldo.Store(database) as store:
                results.append(store.create(progress=linger))

        slow = threading.Thread(target=slow_create)
        slow.start()
        try:
            assert started.wait(30)
            with respaldo.Store(database, busy_timeout_ms=100) as store:
                raised(store.create, respaldo.BusyError)
        finally:
            finish.set()
            slow.join(30)
        assert [r.created for r in results] == [True]

    def test_a_cancelled_create_changes_nothing(self, store: respaldo.Store, folder: Path) -> None:
        before = scene.folder_contents(folder)
        raised(lambda: store.create(progress=lambda *_: False), respaldo.CancelledError)
        assert scene.folder_contents(folder) == before


class TestTheException:
    @pytest.fixture
    def error(self, folder: Path) -> respaldo.RespaldoError:
        with respaldo.Store(folder / "nada.db") as store:
            return raised(store.create, respaldo.DatabaseNotFoundError)

    def test_its_text_is_message_and_hint(self, error: respaldo.RespaldoError) -> None:
        assert str(error) == f"{error.message}\n{error.hint}"

    def test_its_fields_are_the_librarys(self, error: respaldo.RespaldoError) -> None:
        assert (error.status, error.name) == (20, "DATABASE_NOT_FOUND")
        assert error.problems == ()
        assert error.safety_backup is None
        assert error.undone is None

    @pytest.mark.parametrize(
        "duplicate",
        [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))],
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_it_can_be_copied_and_pickled(
        self,
        error: respaldo.RespaldoError,
        duplicate: Callable[[respaldo.RespaldoError], respaldo.RespaldoError],
    ) -> None:
        twin = duplicate(error)
        assert type(twin) is type(error)
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)
