//! SQLite's own check, and the meaning of its messages: <https://www.sqlite.org/pragma.html#pragma_integrity_check>.
//!
//! Not every message means damage: it also reports a value that does not fit its column, and a search index that can be
//! rebuilt from its table. Only the message tells them apart, so messages are parsed here and nowhere else. An unknown
//! message counts as damage.

use std::ffi::CString;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ffi};

use crate::database::value::quoted;

/// The result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CheckResult {
    /// Messages on the structure, or on an index that differs from its table.
    pub damage: Vec<String>,
    /// Whether a virtual table's own check found a difference.
    pub search_index_differs: bool,
    /// SQLite's error where the check needs a function, collation or module of the application.
    pub missing: Option<String>,
}

/// The most findings that are read.
const MOST: u32 = 100;

/// Checks the whole database; compares indexes with their tables if `compare` is set.
pub(crate) fn check_all(connection: &Connection, compare: bool) -> rusqlite::Result<CheckResult> {
    let pragma = if compare { "integrity_check" } else { "quick_check" };
    let result = check(connection, &format!("PRAGMA {pragma}({MOST})"))?;
    if result.missing.is_none() {
        return Ok(result);
    }
    // Checking each b-tree alone calls no function and no collation, but a collation must be registered.
    register_missing_collations(connection)?;
    let structure = check(connection, &format!("PRAGMA quick_check({MOST})"))?;
    Ok(CheckResult {
        missing: result.missing,
        ..structure
    })
}

/// Registers a placeholder for each collation that an index uses and SQLite does not have.
///
/// A name can be any bytes: rusqlite's `collation_needed` panics at one that is not UTF-8.
fn register_missing_collations(connection: &Connection) -> rusqlite::Result<()> {
    const MISSING: &str = "SELECT DISTINCT CAST(x.coll AS BLOB)
        FROM sqlite_schema AS s, pragma_index_list(s.name, 'main') AS l, pragma_index_xinfo(l.name, 'main') AS x
        WHERE s.type = 'table' AND s.rootpage > 0 AND x.coll COLLATE NOCASE NOT IN ('BINARY', 'NOCASE', 'RTRIM')";
    let mut statement = connection.prepare(MISSING)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(name) = CString::new(row.get::<_, Vec<u8>>(0)?) {
            connection.create_collation(name.as_c_str(), str::cmp)?;
        }
    }
    Ok(())
}

/// Checks a table with its indexes.
pub(crate) fn check_table(connection: &Connection, table: &str) -> rusqlite::Result<CheckResult> {
    check(connection, &format!("PRAGMA main.integrity_check({})", quoted(table)))
}

/// Runs a virtual table's own check. Its findings are no damage of the file.
pub(crate) fn check_virtual_table(connection: &Connection, table: &str) -> rusqlite::Result<CheckResult> {
    // SQLite silently skips a table whose module is not registered.
    match connection.prepare(&format!("SELECT 1 FROM main.{}", quoted(table))) {
        Ok(_) => {}
        Err(error) if only_the_application_has_it(&error) => {
            return Ok(CheckResult {
                missing: Some(error.to_string()),
                ..CheckResult::default()
            });
        }
        Err(error) if is_corrupt(&error) => {}
        Err(error) => return Err(error),
    }
    let result = check_table(connection, table)?;
    Ok(CheckResult {
        search_index_differs: result.search_index_differs || !result.damage.is_empty(),
        damage: Vec::new(),
        ..result
    })
}

fn check(connection: &Connection, pragma: &str) -> rusqlite::Result<CheckResult> {
    // A row that breaks a CHECK constraint is not damage of the file.
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    let mut result = CheckResult::default();
    match read(connection, pragma, &mut result) {
        Ok(()) => {}
        Err(error) if only_the_application_has_it(&error) => result.missing = Some(error.to_string()),
        // A virtual table that does not open also ends a check of the whole database. The findings from the pages then
        // stand.
        Err(error) if is_corrupt(&error) => result.damage.push(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(result)
}

fn read(connection: &Connection, pragma: &str, result: &mut CheckResult) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(pragma)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = match row.get_ref(0)? {
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => continue,
        };
        if is_of_search_index(&text) {
            result.search_index_differs = true;
            continue;
        }
        // A row can hold several findings, under a line that names the database.
        for line in text.lines().filter(|line| !line.starts_with("*** in database")) {
            if let Some(code) = unreadable(line) {
                return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            }
            if line != "ok" && !is_of_constraint(line) {
                result.damage.push(line.to_owned());
            }
        }
    }
    Ok(())
}

/// The index that a message says differs from its table; `REINDEX` repairs it.
pub(crate) fn differing_index(line: &str) -> Option<&str> {
    if let Some(index) = line.strip_prefix("wrong # of entries in index ") {
        return Some(index);
    }
    let rest = line
        .strip_prefix("row ")?
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    rest.strip_prefix(" missing from index ")
        .or_else(|| rest.strip_prefix(" values differ from index "))
}

/// Whether a message is about a value that does not fit its column.
fn is_of_constraint(line: &str) -> bool {
    const BEGINNINGS: [&str; 10] = [
        "NULL value in ",
        "NUMERIC value in ",
        "TEXT value in ",
        "CHECK constraint failed in ",
        "non-ANY value in ",
        "non-BLOB value in ",
        "non-INT value in ",
        "non-INTEGER value in ",
        "non-REAL value in ",
        "non-TEXT value in ",
    ];
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

/// Whether a message comes from the check of one of SQLite's own virtual tables.
fn is_of_search_index(row: &str) -> bool {
    const BEGINNINGS: [&str; 4] = [
        "fts5: ",
        "malformed inverted index for FTS",
        "unable to validate the inverted index for FTS",
        "In RTree ",
    ];
    BEGINNINGS.iter().any(|beginning| row.starts_with(beginning))
}

/// The code of a failed read or allocation, which SQLite reports among the findings as "... error code=266". A part
/// that could not be read is not known to be damaged.
fn unreadable(line: &str) -> Option<i32> {
    let (_, code) = line.rsplit_once("error code")?;
    let code: i32 = code.trim_start_matches(['=', ' ']).parse().ok()?;
    matches!(code & 0xff, ffi::SQLITE_IOERR | ffi::SQLITE_NOMEM).then_some(code)
}

/// Whether an error means that a collation, function or module of the application is missing, or that a virtual table
/// does not open without the application.
fn only_the_application_has_it(error: &rusqlite::Error) -> bool {
    code(error) == Some(ffi::SQLITE_ERROR)
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(code(error), Some(ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB))
}

/// SQLite's primary result code.
fn code(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.extended_code & 0xff),
        rusqlite::Error::SqlInputError { error: failure, .. } => Some(failure.extended_code & 0xff),
        _ => None,
    }
}
