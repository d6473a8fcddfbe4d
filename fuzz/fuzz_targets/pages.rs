//! Any bytes as a database file: the opinion of the library's own reader of pages beside SQLite's.
//!
//! Input: the file.

#![no_main]

use std::fs;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use respaldo::fuzzing::problems;
// Links what shows libFuzzer the branches of SQLite.
use respaldo_fuzz as _;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

fuzz_target!(|input: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("given.db");
    fs::write(&path, input).expect("written");
    if problems(&path).is_some_and(|problems| problems.is_empty()) {
        assert_eq!(damage(&path), [""; 0], "overlooked");
    }
});

/// What SQLite finds in structure and indexes, of what it can judge here.
fn damage(path: &Path) -> Vec<String> {
    let check = || {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.pragma_update(None, "ignore_check_constraints", true)?;
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    let answer: rusqlite::Result<Vec<String>> = check();
    match answer {
        Ok(rows) => {
            let lines = rows
                .iter()
                .filter(|row| !of_virtual_table(row))
                .flat_map(|row| row.lines());
            let lines = lines.filter(|line| *line != "ok" && !line.contains("*** in database") && !of_value(line));
            lines.map(str::to_owned).collect()
        }
        // What only the application has: a function, a collation, a module, a tokenizer.
        Err(rusqlite::Error::SqlInputError { .. }) => vec![],
        // A virtual table that does not open keeps SQLite from checking anything.
        Err(error)
            if error
                .sqlite_error()
                .is_some_and(|code| code.extended_code == ffi::SQLITE_CORRUPT_VTAB) =>
        {
            vec![]
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => vec![],
        Err(error) => vec![error.to_string()],
    }
}

fn of_value(line: &str) -> bool {
    line.contains(" value in ") || line.starts_with("CHECK constraint failed")
}

fn of_virtual_table(row: &str) -> bool {
    row.contains("inverted index") || row.starts_with("fts5: ") || row.starts_with("In RTree")
}
