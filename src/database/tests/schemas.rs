//! Schemas and rows written through SQLite, of any kind, are found whole by pages alone; and values that break constraints are
//! found where SQLite finds them.

use std::collections::BTreeSet;
use std::ffi::c_int;

use rusqlite::ffi;

use super::*;
use crate::database::computed::Computer;
use crate::pages::verify::Why;

impl Dice {
    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }
}

/// A value of any kind, often one that is there already.
fn value(dice: &mut Dice) -> String {
    match dice.below(14) {
        0 | 1 => "NULL".to_owned(),
        2 => dice.below(5).to_string(),
        3 => format!("{}", dice.roll().cast_signed()),
        4 => format!("{}.0", dice.below(1_000_000)),
        5 => format!("{}.5", dice.below(9)),
        6 => format!("{}e{}", dice.below(1000), dice.below(40)),
        7 => format!(
            "'{}'",
            dice.pick(&[
                "Ana",
                "ANA",
                "ana ",
                "ana  ",
                "Ñandú",
                "ñandú",
                "",
                "😀 tattoo",
                "7",
                "7.0",
                " 7",
                "1e3"
            ])
        ),
        8 => format!("'text {}'", dice.below(50)),
        9 => format!("replace(hex(zeroblob({})), '0', 'long ')", dice.below(600)),
        10 => format!("zeroblob({})", dice.below(3000)),
        11 => format!("x'{:x}'", 0x10 + dice.below(200)),
        12 => "'with' || char(0) || 'a NUL'".to_owned(),
        _ => format!("-{}", dice.below(300)),
    }
}

const TYPES: [&str; 10] = [
    "",
    "TEXT",
    "INTEGER",
    "INT",
    "REAL",
    "NUMERIC",
    "BLOB",
    "DATETIME",
    "VARCHAR(20)",
    "FLOAT",
];
const STRICT_TYPES: [&str; 6] = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];
const COLLATIONS: [&str; 5] = ["", "", "COLLATE NOCASE", "COLLATE RTRIM", "COLLATE BINARY"];

/// Makes a table with columns c0, c1 and so on, and returns how many of them can be written.
fn make_table(connection: &Connection, dice: &mut Dice, table: &str) -> usize {
    let strict = dice.one_in(5);
    let columns = 2 + dice.below(5);
    let without_rowid = dice.one_in(3);
    let alias = !without_rowid && dice.one_in(2);
    let mut parts = Vec::new();
    for column in 0..columns {
        let declared = if strict {
            dice.pick(&STRICT_TYPES)
        } else {
            dice.pick(&TYPES)
        };
        let collation = dice.pick(&COLLATIONS);
        parts.push(match column {
            0 if alias => "c0 INTEGER PRIMARY KEY".to_owned(),
            1 if dice.one_in(4) => format!("c1 {declared} {collation} UNIQUE"),
            _ => format!("c{column} {declared} {collation}"),
        });
    }
    let typed = if strict { "ANY" } else { "" };
    if dice.one_in(3) {
        parts.push(format!(
            "g0 {typed} AS (c1 || 'x') {}",
            dice.pick(&["STORED", "VIRTUAL"])
        ));
    }
    if without_rowid {
        let order = dice.pick(&["", "DESC", "COLLATE NOCASE DESC", "COLLATE RTRIM"]);
        let key = dice.pick(&["c0", "c1", "c1, c0", "c0, c1"]);
        parts.push(format!("PRIMARY KEY({key} {order})"));
    } else if !alias && dice.one_in(3) {
        parts.push("PRIMARY KEY(c0 DESC, c1)".to_owned());
    }
    let options = match (without_rowid, strict) {
        (true, true) => "WITHOUT ROWID, STRICT",
        (true, false) => "WITHOUT ROWID",
        (false, true) => "STRICT",
        (false, false) => "",
    };
    let sql = format!("CREATE TABLE {table}({}) {options}", parts.join(", "));
    connection.execute_batch(&sql).expect("a table");
    columns
}

fn make_index(connection: &Connection, dice: &mut Dice, table: &str, columns: usize, number: usize) {
    let mut parts = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let column = dice.below(columns);
        let order = dice.pick(&["", "", "DESC", "COLLATE NOCASE", "COLLATE RTRIM DESC", "COLLATE BINARY"]);
        let expression = match dice.below(8) {
            0 => format!("length(c{column})"),
            1 => format!("c{column} + 1"),
            // In UTF-16 SQLite itself does not get the same text of a blob twice.
            2 => format!("typeof(c{column}) || length(c0)"),
            _ => format!("c{column}"),
        };
        parts.push(format!("{expression} {order}"));
    }
    let unique = if dice.one_in(4) { "UNIQUE" } else { "" };
    let condition = if dice.one_in(5) {
        format!("WHERE c{} IS NOT NULL", dice.below(columns))
    } else {
        String::new()
    };
    let sql = format!(
        "CREATE {unique} INDEX {table}_{number} ON {table}({}) {condition}",
        parts.join(", ")
    );
    // Rows may forbid a unique one.
    let _ = connection.execute_batch(&sql);
}

fn write_rows(connection: &Connection, dice: &mut Dice, table: &str, columns: usize) {
    connection.execute_batch("BEGIN").expect("begun");
    for _ in 0..dice.below(150) {
        let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        let values: Vec<String> = (0..columns).map(|_| value(dice)).collect();
        let sql = format!(
            "INSERT OR REPLACE INTO {table}({}) VALUES ({})",
            names.join(", "),
            values.join(", ")
        );
        // A type or a NULL may be refused.
        let _ = connection.execute_batch(&sql);
    }
    connection.execute_batch("COMMIT").expect("committed");
}

/// Reserves bytes at the end of each page, as extensions do that encrypt.
fn reserve_bytes(connection: &Connection, mut bytes: c_int) {
    // SAFETY: the handle is valid while the connection is borrowed, and this control reads and writes one integer.
    let code = unsafe {
        let bytes = (&raw mut bytes).cast();
        ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_RESERVE_BYTES,
            bytes,
        )
    };
    assert_eq!(code, ffi::SQLITE_OK);
}

fn make_database(path: &Path, dice: &mut Dice) -> String {
    let connection = open(path);
    let settings = format!(
        "PRAGMA page_size={}; PRAGMA encoding='{}'; PRAGMA auto_vacuum={}",
        512 << dice.below(8),
        dice.pick(&["UTF-8", "UTF-8", "UTF-16le", "UTF-16be"]),
        dice.pick(&["NONE", "NONE", "FULL", "INCREMENTAL"])
    );
    connection.execute_batch(&settings).expect("set");
    if dice.one_in(3) {
        reserve_bytes(&connection, c_int::try_from(dice.below(33)).expect("small"));
    }
    connection
        .execute_batch("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY")
        .expect("set");
    for table in 0..1 + dice.below(3) {
        let name = format!("t{table}");
        let columns = make_table(&connection, dice, &name);
        for number in 0..dice.below(4) {
            make_index(&connection, dice, &name, columns, number);
        }
        write_rows(&connection, dice, &name, columns);
        if dice.one_in(2) {
            let (declared, default) = (
                dice.pick(&["TEXT", "INT", "REAL"]),
                dice.pick(&["5", "'7'", "'x'", "-1.5", "NULL", "'8.0'"]),
            );
            let _ = connection.execute_batch(&format!(
                "ALTER TABLE {name} ADD COLUMN added {declared} DEFAULT {default}"
            ));
            let _ = connection.execute_batch(&format!("CREATE INDEX {name}_added ON {name}(added, c1)"));
            write_rows(&connection, dice, &name, columns);
        }
        let change = match dice.below(5) {
            0 => format!("DELETE FROM {name} WHERE length(c1) % 3 = 1"),
            1 => format!("UPDATE OR IGNORE {name} SET c1 = c1 || ' and more'"),
            2 => format!("ALTER TABLE {name} DROP COLUMN c{}", columns - 1),
            3 => format!("DROP TABLE {name}"),
            _ => "ANALYZE".to_owned(),
        };
        let _ = connection.execute_batch(&change);
    }
    if dice.one_in(4) {
        connection.execute_batch("VACUUM").expect("vacuumed");
    }
    if dice.one_in(3) {
        connection
            .execute_batch("PRAGMA incremental_vacuum(3)")
            .expect("vacuumed");
    }
    settings
}

/// SQLite's findings about values, as `table.column`.
fn broken_columns(path: &Path) -> BTreeSet<String> {
    let connection = open(path);
    let mut statement = connection.prepare("PRAGMA integrity_check(10000)").expect("prepared");
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("asked");
    rows.filter_map(|row| Some(row.expect("a row").split_once(" value in ")?.1.to_owned()))
        .collect()
}

/// How many of the indexes that are left to SQLite hold exactly the values that it computes.
fn compared_by_values(path: &Path) -> usize {
    let connection = open(path);
    let described = schema::describe(&connection).expect("described");
    let (file, keys) = (File::open(path).expect("opens"), Keys::random());
    let report = pages::verify(&file, &described.schema, &keys, FULL, &|| true);
    let left = report.expect("readable").expect("to the end").left;
    let computer = Computer::new(&connection, &keys).expect("functions");
    let same = |left: &&pages::Left| {
        let table = &described.schema.tables[left.table];
        let index = &table.indexes[left.index.expect("an index")];
        let owed = computer.entries(table, index).expect("computed");
        assert!(owed.is_none_or(|owed| owed == left.entries), "{}", index.name);
        owed.is_some()
    };
    left.iter().filter(same).count()
}

#[test]
fn whatever_sqlite_writes_is_whole() {
    let rounds = rounds("RESPALDO_SCHEMAS", 150);
    let mut dice = Dice::new(0x9e37_79b9_7f4a_7c15);
    let (mut computed, mut compared) = (0, 0);
    for round in 0..rounds {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("any.db");
        let settings = make_database(&path, &mut dice);
        let said = sqlite_check::check_all(&open(&path), true).expect("an answer");
        assert_eq!(said.damage, [""; 0], "round {round}: SQLite finds its own work damaged");
        let report = report(&path);
        assert_eq!(report.problems, [], "round {round}, {settings}");
        computed += report.left.len();
        compared += compared_by_values(&path);
        assert!(
            report.left.iter().all(|left| left.why == Why::Computed),
            "{:?}",
            report.left
        );
        let verified = verify(&path).expect("verified");
        assert_eq!(verified.problems, [], "round {round}, {settings}");
        let broken: BTreeSet<String> = verified.broken_columns.into_iter().collect();
        let expected = broken_columns(&path);
        let missed: Vec<&String> = expected.symmetric_difference(&broken).collect();
        assert!(missed.is_empty(), "round {round}: {missed:?}");
    }
    assert!(
        compared > rounds / 10,
        "of {computed} indexes that are computed only {compared} were compared"
    );
}
