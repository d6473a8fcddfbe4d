#!/usr/bin/env python3
"""Writes the seeds of every target into a folder: fuzz/seeds.py FOLDER."""

import contextlib
import pathlib
import random
import sqlite3
import struct
import sys
import tempfile

SCHEMAS = {
    "plain": "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'x'), (2, zeroblob(700)); CREATE INDEX i ON t(a);",
    "without_rowid": """CREATE TABLE t(a TEXT PRIMARY KEY, b UNIQUE) WITHOUT ROWID;
        INSERT INTO t VALUES('k', 1.5), ('l', NULL);""",
    "freelist": "CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(2000)); DELETE FROM t;",
    "autovacuum": "PRAGMA auto_vacuum=FULL; CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(900));",
    "utf16": "PRAGMA encoding='UTF-16le'; CREATE TABLE t(ñ); INSERT INTO t VALUES('año');",
    "trigger_view": """CREATE TABLE t(a DEFAULT (hostile(1)), CHECK(hostile(a)));
        CREATE VIEW v AS SELECT hostile(a) FROM t;
        CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT hostile(new.a); END;""",
    "generated": """CREATE TABLE t(a, b AS (a * 2) STORED, c AS (abs(a))); INSERT INTO t(a) VALUES(3);
        CREATE INDEX i ON t(c);""",
    "expression": "CREATE TABLE t(a, b); INSERT INTO t VALUES('A', 2); CREATE INDEX i ON t(lower(a)) WHERE b > 1;",
    "hostile_generated": "CREATE TABLE t(a, b AS (hostile(a))); INSERT INTO t(a) VALUES(3); CREATE INDEX i ON t(b);",
    "hostile_index": "CREATE TABLE t(a); INSERT INTO t VALUES(3); CREATE INDEX i ON t(hostile(a)) WHERE hostile(a);",
    "unsafe_check": "CREATE TABLE t(a, CHECK(load_extension(a) IS NULL));",
    "unknown": "CREATE TABLE t(a COLLATE studio); INSERT INTO t VALUES('x'); CREATE INDEX i ON t(a);",
    "fts5": "CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES('tinta negra');",
    "rtree": "CREATE VIRTUAL TABLE g USING rtree(id, x0, x1); INSERT INTO g VALUES(1, 0, 1);",
}
# Trees of more than one page, and every kind of index.
TREES = """CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b REAL, c);
    CREATE INDEX i ON t(a, b DESC); CREATE UNIQUE INDEX j ON t(c);
    CREATE TABLE w(k TEXT, v, PRIMARY KEY(v, k DESC)) WITHOUT ROWID;
    CREATE INDEX x ON w(k COLLATE RTRIM);
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 45)
    INSERT INTO t SELECT n * 3, CASE n % 3 WHEN 0 THEN 'Ana ' || n ELSE 'BEA' END, n / 4.0,
    zeroblob(n % 9 * 30) || n FROM n;
    INSERT INTO w SELECT a || id, id % 7 FROM t; DELETE FROM t WHERE id % 5 = 0;"""

# Rows that belong together: both ways, in circles, by keys of two columns, and what is taken only once.
RELATED = """CREATE TABLE clients(id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE,
        friend REFERENCES clients, name NOT NULL, initial AS (substr(name, 1, 1)), note DEFAULT (hostile(1)));
    CREATE TABLE t(a PRIMARY KEY, client REFERENCES clients(email) ON DELETE CASCADE, CHECK(hostile(a)));
    CREATE TABLE sessions(client INTEGER, day TEXT, next_client, next_day, PRIMARY KEY(client, day),
        FOREIGN KEY(client) REFERENCES clients DEFERRABLE INITIALLY DEFERRED,
        FOREIGN KEY(next_client, next_day) REFERENCES sessions) WITHOUT ROWID;
    CREATE TRIGGER r AFTER INSERT ON clients BEGIN SELECT hostile(new.id); END;
    PRAGMA foreign_keys=OFF;
    INSERT INTO clients(email, friend, name, note) VALUES('a@x', 2, 'Ana', 1), ('b@x', 1, 'Beto', zeroblob(900));
    INSERT INTO t VALUES(1, 'a@x'), (2, 'b@x');
    INSERT INTO sessions VALUES(1, 'x', 2, 'y'), (2, 'y', 1, 'x');"""
LOSSES = [
    "",
    "DELETE FROM clients WHERE id = 1;",
    "DELETE FROM clients; DELETE FROM t; DELETE FROM sessions;",
    "UPDATE clients SET email = 'a@x', id = 7 WHERE id = 1; UPDATE t SET client = 'z@x';",
    "ALTER TABLE clients ADD COLUMN phone DEFAULT 'none'; DELETE FROM clients WHERE id = 2;",
    "DROP TABLE t; CREATE TABLE t(a, b);",
]

MODULES = ["nowhere(x)", "dbstat", "fts3(x)", "fts4aux(t)", "sqlite_dbpage", "csv(filename='/etc/passwd')"]

SETTINGS = [
    "",
    "{}",
    "[]",
    "null",
    '{"a":1}',
    '{"a": {"b": [1, 2]}, "c": "}"}\n',
    '{\n  "tema": "oscuro",\n  "n": 1.50e3\n}\n',
    '\ufeff{\r\n\t"a": null\r\n}',
    '{"last_backup_at": "2026-03-04T09:30:12-07:00", "x": {"last_backup_at": 1}}',
    '{"last_backup_at": 2, "last\\u005fbackup_at" : "2026-03-04 09:30:12"}',
    '{"a": "\\ud800", "b": 1e999}',
    '{"a" 1}',
    '{"last_backup_at": "2026-03-04T09:30:12.5"}',
    '{ "last_backup_at" :"ayer" , "":{}}',
    "[" * 200 + "]" * 200,
]


CATALOGUES = [
    "",
    "{}",
    '{"version":1}',
    '{"version":2,"backups":{}}',
    '{"version":1,"names":["20260304_142305_4294967295"],"older_names":"20270101_000000_9","backups":{}}',
    '{"version":1,"x":[1,{}],"backups":{"antes.db":{"database":"otra.db","folder":"..","pinned":true,"new":[[]]}}}',
    '{"version":1,"backups":{"backup_20260301_090000.db":{"database":"studio.db","folder":"..","size":2048,"mtime":1,'
    '"verified":{"at":"2026-03-01T09:00:00-07:00","ok":false},"content":{"tables":{"clients":3},"user_version":7}}}}',
    '{"version":1,"backups":{"../victim.db":{"database":"victim.db","folder":".."},"/":{},"antes.db":7,"antes.db":{}}}',
    '{"version":1,"backups":{"antes.db":' + '{"x":' * 200 + "1" + "}" * 200 + "}}",
]


# The variants of the enums in fuzz_targets/folder_names.rs, in their order there.
FRAGMENTS = [
    "Whole",
    "Backup",
    "Date",
    "Today",
    "Time",
    "Ordinal",
    "Db",
    "Sidecar",
    "Temporary",
    "TemporaryStart",
    "Safety",
    "RestoreLog",
    "Settings",
    "Bytes",
]
CONTENTS = [
    "Nothing",
    "Database",
    "Truncated",
    "Text",
    "Folder",
    "FullFolder",
    "LinkToDatabase",
    "LinkToFolder",
    "LinkToNothing",
    "LinkToItself",
    "Fifo",
]


def variant(names: list[str], name: str) -> bytes:
    """How `arbitrary` reads an enum: an integer that is scaled to the number of variants."""
    return struct.pack("<I", -(-(names.index(name) << 32) // len(names)))


def entry(fragments: list[tuple[str, bytes]], content: str, modified: int | None = None, beside: bool = False) -> bytes:
    name = b"".join(b"\1" + variant(FRAGMENTS, kind) + value for kind, value in fragments) + b"\0"
    time = b"\0" if modified is None else b"\1" + struct.pack("<q", modified)
    return b"\1" + bytes([beside]) + name + variant(CONTENTS, content) + time


def folders() -> dict[str, bytes]:
    some = [("Whole", bytes([day])) for day in range(6)]
    dated = [("Backup", b""), ("Today", b""), ("Time", b"\1\0"), ("Db", b"")]
    return {
        "many": b"".join(entry([name], "Database") for name in some),
        "damaged": b"".join(
            entry([name], content)
            for name, content in zip(some, ["Truncated", "Nothing", "Database", "Text"], strict=False)
        ),
        "kinds": b"".join(
            entry([some[0], ("Ordinal", bytes([n + 2])), ("Db", b"")], kind) for n, kind in enumerate(CONTENTS)
        ),
        "of_today": entry(dated, "Database"),
        "renamed": entry([("Bytes", b"\1m\1i\0"), *dated], "Database"),
        "strange_times": b"".join(
            entry([("Bytes", bytes([1, 97 + n, 0])), ("Db", b"")], "Database", time)
            for n, time in enumerate([2**62, -(2**62), 2**40, -(2**40), 253402300800])
        ),
        "safety": entry([("Safety", b"")], "Database", beside=True),
        "log_is_a_fifo": entry([("RestoreLog", b"")], "Fifo"),
        "settings_are_a_fifo": entry([("Settings", b"")], "Fifo", beside=True),
        "journal_is_a_fifo": entry([some[0]], "Database") + entry([some[0], ("Sidecar", b"\2")], "Fifo"),
        "orphan": entry([("Temporary", b"")], "Text") + entry([("Temporary", b"")], "Nothing", beside=True),
        "link_named_like_a_temporary": entry([("Temporary", b"")], "LinkToDatabase"),
        "fifo_named_like_a_temporary": entry([("Temporary", b"")], "Fifo", beside=True),
    }


def database(schema: str, page_size: int = 512, mode: str = "delete") -> tuple[bytes, bytes, bytes]:
    """A database with its log and journal."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "seed.db")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.create_function("hostile", -1, lambda *_: 1, deterministic=True)
            connection.create_collation("studio", lambda a, b: (a > b) - (a < b))
            connection.executescript(f"PRAGMA page_size={page_size}; PRAGMA journal_mode={mode}; {schema}")
            if mode == "delete":
                return path.read_bytes(), b"", b""
            connection.execute("PRAGMA wal_checkpoint")
            connection.execute("CREATE TABLE later(x)")
            return path.read_bytes(), pathlib.Path(f"{path}-wal").read_bytes(), b""


def crashed() -> tuple[bytes, bytes, bytes]:
    """A database in the middle of a transaction, with its hot journal."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "seed.db")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript("""PRAGMA page_size=512;
                CREATE TABLE t(x); INSERT INTO t VALUES('before'), (zeroblob(2000));
                PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN; UPDATE t SET x = 'torn';
                INSERT INTO t VALUES(zeroblob(9000));""")
            return path.read_bytes(), b"", pathlib.Path(f"{path}-journal").read_bytes()


def databases() -> dict[str, tuple[bytes, bytes, bytes]]:
    seeds = {name: database(schema) for name, schema in SCHEMAS.items()}
    for size in (1024, 4096):
        seeds[f"page_{size}"] = database(SCHEMAS["plain"], size)
    for number, settings in enumerate(["", "PRAGMA auto_vacuum=FULL;", "PRAGMA encoding='UTF-16be';"]):
        seeds[f"trees_{number}"] = database(settings + TREES)
    seeds["wal"] = database(SCHEMAS["plain"], mode="wal")
    seeds["journal"] = crashed()
    seeds["empty"] = b"", b"", b""
    for number, module in enumerate(MODULES):
        declared = f"CREATE VIRTUAL TABLE w USING {module}".replace("'", "''")
        row = f"INSERT INTO sqlite_schema VALUES('table', 'w', 'w', 0, '{declared}')"
        seeds[f"module_{number}"] = database(f"CREATE TABLE t(a); PRAGMA writable_schema=ON; {row};")
    return seeds


def related() -> list[tuple[bytes, bytes]]:
    """A backup, and the live database after a loss."""
    full = database(RELATED)[0]
    return [(full, database(RELATED + loss)[0]) for loss in LOSSES]


def write(folder: pathlib.Path, name: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    for name, (main_file, log, journal) in databases().items():
        for live in range(4):
            write(root / "backup_file", f"{name}_{live}", bytes([live]) + main_file)
        lengths = struct.pack("<HH", len(log), len(journal))
        write(root / "pages", name, main_file)
        write(root / "live_file", name, lengths + log + journal + main_file)
    files = {name: main_file for name, (main_file, _, _) in databases().items() if len(main_file) < 1 << 16}
    for name, older in files.items():
        for newer in (older, files["plain"], older.replace(b"a", b"e")):
            write(
                root / "two_files",
                f"{name}_{len(newer)}_{newer == older}",
                struct.pack("<H", len(older)) + older + newer,
            )
            write(
                root / "bring_back",
                f"{name}_{len(newer)}_{newer == older}",
                struct.pack("<H", len(newer)) + newer + older,
            )
    for number, (full, lacking) in enumerate(related()):
        write(root / "bring_back", f"related_{number}", struct.pack("<H", len(lacking)) + lacking + full)
    for number, text in enumerate(SETTINGS):
        write(root / "settings_json", str(number), text.encode())
    for number, text in enumerate(CATALOGUES):
        write(root / "catalog_json", str(number), text.encode())
    for name, entries in folders().items():
        write(root / "folder_names", name, b"\1" + entries)
    # Bytes that become calls by way of `arbitrary`.
    chance = random.Random(1)
    for number in range(40):
        write(root / "c_abi", str(number), chance.randbytes(20 * number))


main()
