"""An application's folder before a call, and what must be true of it afterwards."""

import json
import os
import re
import shutil
from pathlib import Path

import library
import studio
from child import call, calling

LIVE, OLDER, CHOSEN = 7, 1, 3  # generations: of the live database, of the older backups, of the one to restore
CHOSEN_NAME = "backup_20260105_090000.db"
LABEL = "antes de abrir"
OLDER_NAMES = [f"backup_202601{day:02}_090000.db" for day in (1, 2, 3, 4)]
SETTINGS = '{\n    "tema": "oscuro",\n    "ñ": [1, 2.50],\n    "last_backup_at": "2026-01-05T09:00:00-07:00"\n}\n'
GARBAGE = b"not a database at all \xff" * 9000

LIVES = ("rollback", "wal", "resized", "missing", "damaged", "damaged_wal", "worn_wal", "foreign")
"""States of the live database: the two journal modes, WAL with another page size than the backups, no file, a file
whose first page is damaged, the same with a WAL, one that opens but has a damaged page, with a WAL, and a file that is
not a database. "missing" and "foreign" have the WAL of a database that vanished beside them: applied to the restored
database, it would silently undo the restore."""
UNUSABLE = ("damaged", "damaged_wal", "foreign")
"""SQLite cannot write to these, so a restore replaces the file."""
DAMAGED = (*UNUSABLE, "worn_wal", "worn_index")
"""The safety copy of these is byte for byte. "worn_index", for salvage only, has all its rows, and an index of none."""
WITH_WAL_TO_SAVE = ("missing", "foreign", "damaged_wal", "worn_wal")
VANISHED = 99  # generation in the WAL of a database that vanished
IN_WAL = 8  # generation in the WAL of a damaged database

REQUESTS = {
    "restore": {"backup": CHOSEN_NAME},
    "verify": {"backup": CHOSEN_NAME},
    "prune": {"dry_run": False},
    "list": {"include_safety": True},
    "annotate": {"backup": CHOSEN_NAME, "note": "la última del año"},
    "bring_back": {
        "backup": CHOSEN_NAME,
        "rows": [{"table": "notes", "key": {"id": 1}}],
        "on_conflict": "overwrite",
    },
    "compare": {"backup": CHOSEN_NAME},
    "find": {"table": "notes", "text": "a"},
    "history": {"table": "notes", "key": {"id": 1}},
    "rehearse": {"backup": CHOSEN_NAME, "checks": ["SELECT count(*) > 0 FROM visits"]},
}
"""What each operation is called with, unless a test says otherwise."""


class Scene:
    """A database with settings, five backups and their catalogue in a folder of its own."""

    def __init__(self, template, folder):
        self.template = template
        self.folder = Path(folder)
        self.options = {
            "database": str(self.folder / "studio.db"),
            "max_backups": 5,
            "busy_timeout_ms": 5000,
            "language": "en",
        }
        self.database = self.folder / "studio.db"
        self.backups = self.folder / "backups"
        self.settings = self.folder / "settings.json"

    @staticmethod
    def build(template, live="rollback", size=200_000, chosen_size=None):
        """Makes the files that every case begins with."""
        template = Path(template)
        backups = template / "backups"
        backups.mkdir(parents=True)
        studio.make(backups / OLDER_NAMES[0], OLDER, 20_000)
        for name in OLDER_NAMES[1:]:
            shutil.copy(backups / OLDER_NAMES[0], backups / name)
        studio.make(backups / CHOSEN_NAME, CHOSEN, chosen_size or size * 3 // 4)
        (template / "settings.json").write_text(SETTINGS)
        database = template / "studio.db"
        for operation, request in (("verify", {}), ("annotate", {"label": LABEL})):
            status, answer = call({"database": str(database)}, operation, {"backup": CHOSEN_NAME} | request)
            assert status == library.OK, answer
        match live:
            case "rollback" | "damaged":
                studio.make(database, LIVE, size)
            case "wal":
                studio.make_with_wal(database, LIVE, size)
            case "resized":
                studio.make_with_wal(database, LIVE, size, page_size=1024)
            case "damaged_wal" | "worn_wal":
                studio.make_with_small_wal(database, LIVE, IN_WAL, size)
            case "worn_index":
                studio.make_with_empty_index(database, LIVE, size)
            case "foreign":
                database.write_bytes(GARBAGE)
        if live in ("missing", "foreign"):
            vanished = template / "vanished.db"
            studio.make_with_wal(vanished, VANISHED, 20_000)
            vanished.unlink()
            Path(f"{vanished}-wal").rename(f"{database}-wal")
        if live in ("damaged", "damaged_wal", "worn_wal"):
            # The schema, or a page of the rows that the WAL does not have.
            with database.open("r+b") as file:
                file.seek(100 if live != "worn_wal" else 4096 * 6)
                file.write(b"\xff" * 3000)
        return template

    def reset(self):
        """Puts everything back as it was built."""
        for entry in self.folder.iterdir():
            if entry.name != "lost+found":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        return self

    def call(self, operation, request=None):
        return call(self.options, operation, request or REQUESTS.get(operation))

    def calling(self, operation, environment=None):
        """A child that is about to make this call."""
        return calling(self.options, operation, REQUESTS.get(operation), environment)

    # What must hold, whatever happened.

    def check_backups(self, at_least=5, new=(LIVE,)):
        """What is listed is whole; nothing that the library had promised to keep is gone."""
        status, listing = self.call("list")
        assert status == library.OK, listing
        backups = [backup for backup in listing["backups"] if backup["kind"] == "backup"]
        for backup in listing["backups"]:
            assert not backup["name"].startswith("."), f"a temporary is listed: {backup}"
        for backup in backups:
            assert backup["intact"], f"not intact: {backup}"
            expected = {CHOSEN_NAME: {CHOSEN}} | {name: {OLDER} for name in OLDER_NAMES}
            generation = studio.generation_of(backup["path"], read_only=True)
            assert generation in expected.get(backup["name"], set(new)), f"{backup['name']} is of {generation}"
        assert len(backups) >= at_least, f"only {len(backups)} backups are left"
        self.check_catalogue(listing)
        return backups

    def check_catalogue(self, listing, lost=False):
        """The catalogue is whole, and has lost nothing that a person said, unless that is known to be `lost`."""
        assert not warned(listing, "CATALOGUE_NOT_READ"), listing["warnings"]
        # Of what retention is about to remove the record goes first.
        lost = lost or self.options["max_backups"] == 1
        if (self.backup_dir / CHOSEN_NAME).exists() and not lost:
            assert self.catalogue()["backups"][CHOSEN_NAME]["label"] == LABEL, "the label is gone"

    @property
    def backup_dir(self):
        return Path(self.options.get("backup_dir", self.backups))

    def catalogue(self):
        """What the catalogue says; an empty one where there is none."""
        path = self.backup_dir / "catalog.json"
        return json.loads(path.read_text()) if path.exists() else {"backups": {}, "names": []}

    def names_given(self):
        """The names of all backups that are there, or that the catalogue remembers."""
        there = {path.name for path in self.backup_dir.glob("backup_*.db")}
        return there | {f"backup_{stamp}.db" for stamp in self.catalogue()["names"]}

    def check_recorded(self, answer):
        """What was made is in the catalogue, or a warning says why it is not."""
        if answer.get("created"):
            record = self.catalogue()["backups"].get(answer["backup"]["name"], {})
            known = record.get("size") == answer["backup"]["size"] and record["verified"]["ok"]
            assert known or warned(answer, "CATALOGUE_NOT_WRITTEN"), "the catalogue does not know of it"
            return known
        return True

    def check_live(self, live, allowed):
        """The live database is one of the allowed generations; None stands for the state before."""
        if None in allowed and self.is_untouched(live):
            return None
        generation = studio.generation_of(self.database)
        assert generation in allowed, f"the live database is of {generation}, allowed are {allowed}"
        return generation

    def is_untouched(self, live):
        """Whether the live database is what it was, where that is not a usable database."""
        if live == "missing":
            return not self.database.exists()
        if live in DAMAGED:
            same = self.database.exists() and same_bytes(self.database, self.template / "studio.db")
            return same and (live != "worn_wal" or studio.generation_with_wal(self.database) == IN_WAL)
        return False

    def check_safety_copies(self, live, before=LIVE):
        """Every safety copy with its final name is the database as it was, and a WAL is saved or still there."""
        if live in WITH_WAL_TO_SAVE:
            wal = (self.template / "studio.db-wal").read_bytes()
            saved = [*self.folder.glob("studio.db-wal"), *self.folder.glob("studio.db.before_restore_*-wal")]
            # A restore that broke off may have appended to the WAL, without a commit.
            assert any(path.read_bytes().startswith(wal) for path in saved), "the WAL is gone"
        copies = [
            path
            for path in self.folder.iterdir()
            if re.fullmatch(r"studio\.db\.before_restore_\d{8}_\d{6}(_\d+)?", path.name)
        ]
        for copy in copies:
            if live in DAMAGED:
                if not same_bytes(copy, self.template / "studio.db"):
                    # Made by a second restore, after the first had put the backup in place.
                    generation = studio.generation_of(copy, read_only=True)
                    assert generation == CHOSEN, f"{copy.name} is of {generation}"
                elif live == "worn_wal":
                    found = studio.generation_with_wal(copy)
                    assert found == IN_WAL, f"{copy.name} has lost its WAL: it is of {found}"
            else:
                generation = studio.generation_of(copy, read_only=True)
                assert generation in (before, CHOSEN), f"{copy.name} is of {generation}"
        return copies

    def check_salvaged(self, live, answer=None):
        """Nothing of the source is changed, and every salvaged file is whole. That of an answer is listed and holds the
        latest rows, unless it says that the disk did not read them."""
        for name in [path.name for path in self.template.glob("studio.db*")]:
            assert same_bytes(self.folder / name, self.template / name), f"{name} is not what it was"
        there = {path.name: path for path in self.backup_dir.glob("recovered_*.db")}
        for path in there.values():
            studio.check_whole(path)
        if answer is None:
            assert not there, f"the call failed, and yet there is {min(there)}"
            return
        recovered = answer["recovered"]
        assert set(there) == {recovered["name"]}, f"there are {sorted(there)}, and the answer says {recovered['name']}"
        assert recovered["intact"], recovered
        assert live != "worn_index" or answer["method"] == "reindex", answer
        if not warned(answer, "DISK_UNREADABLE"):
            path = there[recovered["name"]]
            found = studio.latest_generation(path) if live == "worn_wal" else studio.generation_of(path, read_only=True)
            expected = IN_WAL if live == "worn_wal" else LIVE
            assert found == expected, f"{path.name} is of {found}"

    def check_settings(self):
        """The application's settings are all there."""
        found = json.loads(self.settings.read_text())
        assert list(found) == ["tema", "ñ", "last_backup_at"] and found["ñ"] == [1, 2.5], found

    def check_nothing_left(self):
        """No temporary is left, in any folder."""
        left = [str(path) for path in self.temporaries()]
        assert not left, f"left behind: {left}"

    def check_outcome(self, operation, live, allowed, at_least=5):
        """All files are whole after a call, or what is left of one, and the live database is one of the allowed."""
        backups = self.check_backups(at_least)
        self.check_settings()
        self.check_safety_copies(live)
        found = self.check_live(live, allowed)
        copies = self.check_safety_copies(live)
        if operation == "restore" and found == CHOSEN and live != "missing":
            assert copies, "the live database was restored without a safety copy"
        if operation == "bring_back" and studio.note_in(self.database) != LIVE:
            assert copies, "a row was brought back without a safety copy"
        return backups

    def check_next_call(self, operation, live, at_least=5):
        """The same call again succeeds, is right, and clears what was left behind."""
        given = self.names_given()
        status, answer = self.call(operation)
        assert status == library.OK, f"the next call: {answer}"
        if answer.get("created"):
            assert answer["backup"]["name"] not in given, f"a name was given twice: {answer['backup']['name']}"
        assert self.check_recorded(answer), answer["warnings"]
        self.check_nothing_left()
        self.check_backups(at_least)
        self.check_safety_copies(live)
        self.check_live(live, {self.new_generation(operation, live)})

    @staticmethod
    def old_generation(live):
        """Of the live database before a call; None where that is not a usable database."""
        return None if live == "missing" or live in DAMAGED else LIVE

    @staticmethod
    def new_generation(operation, live):
        """Of the live database after a call that succeeded."""
        return CHOSEN if operation == "restore" else Scene.old_generation(live)

    def temporaries(self):
        return list(self.folder.rglob(".respaldo-*"))


def same_bytes(a, b):
    return os.path.getsize(a) == os.path.getsize(b) and Path(a).read_bytes() == Path(b).read_bytes()


def warned(answer, name):
    return any(warning["name"] == name for warning in answer["warnings"])


def check_explained(status, answer):
    """An error says what is the matter and what to do."""
    error = answer["error"]
    assert error["status"] == status and error["name"] and error["message"] and error["hint"], error
    assert status != library.INTERNAL, f"a bug in the library: {error}"
