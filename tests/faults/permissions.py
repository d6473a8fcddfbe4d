"""What may not be written, read or followed: folders, files, links, drives and other users' files.

Root ignores modes, so as root the calls are made by a process that has become the user nobody.
"""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import disk
import library
import studio
from child import Child
from library import Store
from scene import CHOSEN, CHOSEN_NAME, LIVE, REQUESTS, SETTINGS, Scene, check_explained
from tally import Tally, is_bounded

NOBODY = 65534  # the user "nobody" of every Linux


def become_nobody():
    """Makes modes count for a process of root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def call_as_nobody(scene, operation):
    def prepare():
        become_nobody()
        return Store(scene.options)

    return Child(prepare, lambda store: store.call(operation, REQUESTS.get(operation))).answer()


def give_to_nobody(folder):
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


@contextmanager
def modes(*paths_and_modes):
    """These modes, while the context lasts."""
    before = [(path, path.stat().st_mode) for path, _ in paths_and_modes]
    for path, mode in paths_and_modes:
        path.chmod(mode)
    try:
        yield
    finally:
        for path, mode in reversed(before):
            if path.exists():
                path.chmod(mode)


class Part:
    def __init__(self, folder, tally):
        self.folder, self.tally = Path(folder), tally
        self.template = Scene.build(self.folder / "template", size=60_000)
        self.wal_template = Scene.build(self.folder / "wal-template", "wal", size=60_000)
        (self.folder / "scene").mkdir()
        self.folder.chmod(0o755)

    def scene(self, live="rollback"):
        scene = Scene(self.wal_template if live == "wal" else self.template, self.folder / "scene").reset()
        give_to_nobody(scene.folder)
        return scene

    @contextmanager
    def case(self, name, live="rollback"):
        """A case with a scene of its own."""
        self.tally.count("forbidden things")
        scene = self.scene(live)
        with self.tally.case(name):
            yield scene

    @staticmethod
    def refused(answered):
        """The call was not permitted, and says so."""
        status, answer = answered
        assert status == library.PERMISSION_DENIED, answer
        check_explained(status, answer)

    @staticmethod
    def warned_of(scene, by_list, by_create):
        """Listing and making a backup succeed, with these warnings of the catalogue."""
        for operation, warning in (("list", by_list), ("create", by_create)):
            status, answer = call_as_nobody(scene, operation)
            assert status == library.OK, answer
            of_it = [told["name"] for told in answer["warnings"] if told["name"].startswith("CATALOGUE_")]
            assert of_it == [warning], answer["warnings"]
        assert studio.generation_of(answer["backup"]["path"], read_only=True) == LIVE

    def unchanged(self, scene):
        scene.check_backups()
        scene.check_live("rollback", {LIVE})
        scene.check_nothing_left()
        assert not scene.check_safety_copies("rollback"), "a safety copy of a restore that never was"
        assert scene.settings.read_text() == SETTINGS

    # Modes.

    def folders_and_files(self):
        for live in ("rollback", "wal"):
            with self.case(f"read-only backup folder, {live}", live) as scene:
                with modes((scene.backups, 0o555)):
                    self.refused(call_as_nobody(scene, "create"))
                    assert call_as_nobody(scene, "list")[0] == library.OK
                self.unchanged(scene)
            with self.case(f"read-only database folder, restore, {live}", live) as scene:
                with modes((scene.folder, 0o555)):
                    self.refused(call_as_nobody(scene, "restore"))
                self.unchanged(scene)
            with self.case(f"read-only database file, restore, {live}", live) as scene:
                with modes((scene.database, 0o444)):
                    self.refused(call_as_nobody(scene, "restore"))
                self.unchanged(scene)
        with self.case("read-only database and its folder: a backup elsewhere is made") as scene:
            with modes((scene.database, 0o444), (scene.settings, 0o444), (scene.folder, 0o555)):
                status, answer = call_as_nobody(scene, "create")
                assert status == library.OK, answer
                assert [warning["name"] for warning in answer["warnings"]] == ["SETTINGS_NOT_UPDATED"], answer
            assert scene.settings.read_text() == SETTINGS
            scene.check_backups()
        with self.case("unreadable database") as scene:
            with modes((scene.database, 0o000)):
                self.refused(call_as_nobody(scene, "create"))
                self.refused(call_as_nobody(scene, "restore"))
            self.unchanged(scene)
        with self.case("unreadable backup") as scene:
            with modes((scene.backups / CHOSEN_NAME, 0o000)):
                self.refused(call_as_nobody(scene, "restore"))
                self.refused(call_as_nobody(scene, "verify"))
            self.unchanged(scene)
        with self.case("a backup folder nobody may enter") as scene:
            with modes((scene.backups, 0o000)):
                for operation in ("create", "list", "prune"):
                    self.refused(call_as_nobody(scene, operation))
            self.unchanged(scene)
        with self.case("a read-only backup folder: no note is taken") as scene:
            before = scene.catalogue()
            with modes((scene.backups, 0o555)):
                self.refused(call_as_nobody(scene, "annotate"))
                assert call_as_nobody(scene, "verify")[0] == library.OK
            assert scene.catalogue() == before
        with self.case("an unreadable catalogue stays as it is") as scene:
            before = scene.catalogue()
            with modes((scene.backups / "catalog.json", 0o000)):
                self.refused(call_as_nobody(scene, "annotate"))
                self.warned_of(scene, "CATALOGUE_NOT_READ", "CATALOGUE_NOT_WRITTEN")
            assert scene.catalogue() == before
            scene.check_backups()
        with self.case("a torn catalogue is made anew") as scene:
            whole = (scene.backups / "catalog.json").read_bytes()
            (scene.backups / "catalog.json").write_bytes(whole[: len(whole) // 2])
            self.warned_of(scene, "CATALOGUE_NOT_READ", "CATALOGUE_REBUILT")
            scene.check_catalogue(scene.call("list")[1], lost=True)
            assert len(scene.catalogue()["backups"]) == 1
        with self.case("another user's settings") as scene:
            if os.geteuid() == 0:
                os.chown(scene.settings, 0, 0)
            with modes((scene.settings, 0o444)):
                status, answer = call_as_nobody(scene, "create")
                assert status == library.OK and len(answer["warnings"]) == 1, answer
            assert scene.settings.read_text() == SETTINGS
        with self.case("the backup folder is a file") as scene:
            shutil.rmtree(scene.backups)
            scene.backups.write_text("a file")
            for operation in ("create", "list", "prune"):
                status, answer = call_as_nobody(scene, operation)
                assert status not in (library.OK, library.INTERNAL), answer
                check_explained(status, answer)
            assert scene.backups.read_text() == "a file"

    # Links.

    def links(self):
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        elsewhere.chmod(0o777)
        with self.case("a database link that leads nowhere") as scene:
            scene.database.unlink()
            scene.database.symlink_to(elsewhere / "nothing.db")
            for operation in ("create", "restore"):
                status, answer = scene.call(operation)
                assert status == library.DATABASE_NOT_FOUND, answer
            assert not (elsewhere / "nothing.db").exists() and scene.database.is_symlink()
        with self.case("a database link to elsewhere stays a link") as scene:
            shutil.move(scene.database, elsewhere / "real.db")
            scene.database.symlink_to(elsewhere / "real.db")
            assert scene.call("create")[0] == library.OK
            status, answer = scene.call("restore")
            assert status == library.OK, answer
            assert scene.database.is_symlink() and studio.generation_of(elsewhere / "real.db") == CHOSEN
            scene.check_backups()
        with self.case("a linked damaged database is replaced where it is") as scene:
            scene.database.unlink()
            (elsewhere / "real.db").write_bytes(b"garbage" * 1000)
            scene.database.symlink_to(elsewhere / "real.db")
            status, answer = scene.call("restore")
            assert status == library.OK, answer
            assert scene.database.is_symlink() and studio.generation_of(elsewhere / "real.db") == CHOSEN
        with self.case("a link named like an old backup is never pruned, nor what it leads to") as scene:
            (elsewhere / "precious.db").write_bytes(scene.database.read_bytes())
            (scene.backups / "backup_20200101_000000.db").symlink_to(elsewhere / "precious.db")
            scene.options["max_backups"] = 1
            assert scene.call("prune")[0] == library.OK
            assert (elsewhere / "precious.db").exists() and (scene.backups / "backup_20200101_000000.db").is_symlink()
        with self.case("a settings link to elsewhere stays a link") as scene:
            shutil.move(scene.settings, elsewhere / "settings.json")
            scene.settings.symlink_to(elsewhere / "settings.json")
            assert scene.call("create")[0] == library.OK
            assert scene.settings.is_symlink() and (elsewhere / "settings.json").read_text() != SETTINGS
            scene.check_settings()
        with self.case("a catalogue that is a link is neither read nor written") as scene:
            shutil.move(scene.backups / "catalog.json", elsewhere / "catalog.json")
            (scene.backups / "catalog.json").symlink_to(elsewhere / "catalog.json")
            before = (elsewhere / "catalog.json").read_bytes()
            self.warned_of(scene, "CATALOGUE_NOT_READ", "CATALOGUE_NOT_WRITTEN")
            assert (scene.backups / "catalog.json").is_symlink()
            assert (elsewhere / "catalog.json").read_bytes() == before
        with self.case("a backup that is a link to the live database") as scene:
            (scene.backups / "mine.db").symlink_to(scene.database)
            status, answer = scene.call("restore", {"backup": "mine.db"})
            assert status == library.SAME_FILE, answer
            self.unchanged(scene)

    # What even root may not do.

    def immutable(self):
        scene = self.scene()
        probe = self.folder / "probe"
        probe.touch()
        if not shutil.which("chattr") or subprocess.run(["chattr", "+i", probe], capture_output=True).returncode != 0:
            self.tally.skip("immutable files", "chattr +i does not work here")
            return
        subprocess.run(["chattr", "-i", probe], check=True)
        for name, path, operation in [
            ("backup folder", scene.backups, "create"),
            ("database", scene.database, "restore"),
            ("database folder", scene.folder, "restore"),
        ]:
            with self.case(f"immutable {name}, {operation}") as scene:
                with self.attribute(path):
                    self.refused(scene.call(operation))
                self.unchanged(scene)
        with self.case("an immutable damaged database") as scene:
            scene.database.write_bytes(b"garbage" * 1000)
            with self.attribute(scene.database):
                self.refused(scene.call("restore"))
            assert scene.database.read_bytes() == b"garbage" * 1000
        with self.case("an immutable old backup outlives retention, with a warning") as scene:
            oldest = scene.backups / "backup_20260101_090000.db"
            with self.attribute(oldest):
                status, answer = scene.call("create")
                assert status == library.OK and not answer["removed"], answer
                assert [warning["name"] for warning in answer["warnings"]] == ["OLD_BACKUP_NOT_REMOVED"], answer
            assert oldest.exists()
        with self.case("an immutable catalogue: the backup is made") as scene:
            with self.attribute(scene.backups / "catalog.json"):
                self.refused(scene.call("annotate"))
                status, answer = scene.call("create")
                assert status == library.OK, answer
                assert [warning["name"] for warning in answer["warnings"]] == ["CATALOGUE_NOT_WRITTEN"], answer
            scene.check_backups()

    @contextmanager
    def attribute(self, path):
        subprocess.run(["chattr", "+i", path], check=True)
        try:
            yield
        finally:
            subprocess.run(["chattr", "-i", path], check=True)

    # Read-only drives.

    def drives(self):
        if reason := disk.reason_against_mounting():
            self.tally.skip("read-only drives", reason)
            return
        drive = self.folder / "drive"
        drive.mkdir()
        studio.make(drive / "wal.db", CHOSEN, 60_000, journal_mode="wal")
        studio.make_with_wal(drive / "with_wal.db", CHOSEN, 60_000)
        studio.make(drive / "plain.db", CHOSEN, 60_000)
        before = sorted(path.name for path in drive.iterdir())
        for name in ("plain.db", "wal.db", "with_wal.db"):
            scene = self.scene()
            with disk.read_only(drive):
                with self.case(f"{name} on a read-only drive is verified"):
                    status, answer = scene.call("verify", {"backup": str(drive / name)})
                    assert status == library.OK, answer
                with self.case(f"{name} on a read-only drive is restored"):
                    status, answer = scene.call("restore", {"backup": str(drive / name)})
                    assert status == library.OK, answer
                    scene.check_live("rollback", {CHOSEN})
                    assert len(scene.check_safety_copies("rollback")) == 1
            with self.case(f"{name}: nothing was written on the drive"):
                assert sorted(path.name for path in drive.iterdir()) == before
        for live in ("rollback", "wal"):
            with self.case(f"everything on a read-only drive, {live}", live) as scene:
                with disk.read_only(scene.folder):
                    assert scene.call("list")[0] == library.OK
                    assert scene.call("verify")[0] == library.OK
                    for operation in ("create", "restore", "annotate"):
                        self.refused(scene.call(operation))
                self.unchanged(scene)

    # Control.

    def control(self):
        """The modes of this suite must really bind the process that makes the calls."""
        scene = self.scene()

        def write_there(_):
            try:
                (scene.backups / "x").touch()
            except PermissionError:
                return "refused"

        with self.case("control: the modes hold"), modes((scene.backups, 0o555)):
            assert Child(become_nobody, write_there).answer() == "refused"


def main():
    is_bounded(__doc__)  # it is short: there is nothing to leave out
    tally = Tally("permissions")
    with tempfile.TemporaryDirectory(prefix="respaldo-permissions-") as folder:
        part = Part(folder, tally)
        part.control()
        part.folders_and_files()
        part.links()
        part.immutable()
        part.drives()
    tally.finish()


if __name__ == "__main__":
    main()
