//! SQLite's own check, and what its texts mean: <https://www.sqlite.org/pragma.html#pragma_integrity_check>.
//!
//! It calls more things damage than are: a value that its column is not for, a search index that its own table can make anew.
//! Nothing but its texts tells them apart, so they are read here, and nowhere else. An unknown one is damage.

use std::ffi::CString;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ffi};

use crate::database::value::quoted;

/// What SQLite found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Structure, or an index without its rows.
    pub damage: Vec<String>,
    /// A virtual table's own check found something.
    pub search_index_differs: bool,
    /// Only the application has what it takes to look: SQLite's error.
    pub missing: Option<String>,
}

/// How many findings are enough to know.
const MOST: u32 = 100;

/// Checks all, as thoroughly as `integrity_check` does, or without comparing indexes with their tables.
pub(crate) fn check_all(connection: &Connection, compare: bool) -> rusqlite::Result<Said> {
    let pragma = if compare { "integrity_check" } else { "quick_check" };
    let said = check(connection, &format!("PRAGMA {pragma}({MOST})"))?;
    if said.missing.is_none() {
        return Ok(said);
    }
    // Every b-tree on its own needs neither functions nor what a collation says, only that there is one.
    stand_in_for_collations(connection)?;
    let structure = check(connection, &format!("PRAGMA quick_check({MOST})"))?;
    Ok(Said {
        missing: said.missing,
        ..structure
    })
}

/// Registers a collation under each name that an index asks for and that SQLite does not come with.
///
/// A name can be any bytes: rusqlite's `collation_needed` panics at one that is not UTF-8.
fn stand_in_for_collations(connection: &Connection) -> rusqlite::Result<()> {
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
pub(crate) fn check_table(connection: &Connection, table: &str) -> rusqlite::Result<Said> {
    check(connection, &format!("PRAGMA main.integrity_check({})", quoted(table)))
}

/// Has a virtual table check itself: whatever it finds is its own business.
pub(crate) fn check_virtual_table(connection: &Connection, table: &str) -> rusqlite::Result<Said> {
    // A table whose module is not there is passed over in silence.
    match connection.prepare(&format!("SELECT 1 FROM main.{}", quoted(table))) {
        Ok(_) => {}
        Err(error) if only_the_application_has_it(&error) => {
            return Ok(Said {
                missing: Some(error.to_string()),
                ..Said::default()
            });
        }
        Err(error) if is_corrupt(&error) => {}
        Err(error) => return Err(error),
    }
    let said = check_table(connection, table)?;
    Ok(Said {
        search_index_differs: said.search_index_differs || !said.damage.is_empty(),
        damage: Vec::new(),
        ..said
    })
}

fn check(connection: &Connection, pragma: &str) -> rusqlite::Result<Said> {
    // A row that breaks a CHECK constraint is the application's concern, and not damage.
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    let mut said = Said::default();
    match read(connection, pragma, &mut said) {
        Ok(()) => {}
        Err(error) if only_the_application_has_it(&error) => said.missing = Some(error.to_string()),
        // A virtual table that does not open also ends a check of everything: then what pages found stands.
        Err(error) if is_corrupt(&error) => said.damage.push(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(said)
}

fn read(connection: &Connection, pragma: &str, said: &mut Said) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(pragma)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = match row.get_ref(0)? {
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => continue,
        };
        if is_of_search_index(&text) {
            said.search_index_differs = true;
            continue;
        }
        // A row can hold several findings, under a line that names the database.
        for line in text.lines().filter(|line| !line.starts_with("*** in database")) {
            if let Some(code) = unreadable(line) {
                return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            }
            if line != "ok" && !is_of_constraint(line) {
                said.damage.push(line.to_owned());
            }
        }
    }
    Ok(())
}

/// The index of which a line says that it does not hold its table's rows; `REINDEX` heals that.
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

/// A value that its column is not for.
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

/// What the virtual tables say that SQLite comes with.
fn is_of_search_index(row: &str) -> bool {
    const BEGINNINGS: [&str; 4] = [
        "fts5: ",
        "malformed inverted index for FTS",
        "unable to validate the inverted index for FTS",
        "In RTree ",
    ];
    BEGINNINGS.iter().any(|beginning| row.starts_with(beginning))
}

/// The code of a trouble with reading, or of memory that ran out, which SQLite reports among the findings as
/// "... error code=266": what could not be looked at is not damaged.
fn unreadable(line: &str) -> Option<i32> {
    let (_, code) = line.rsplit_once("error code")?;
    let code: i32 = code.trim_start_matches(['=', ' ']).parse().ok()?;
    matches!(code & 0xff, ffi::SQLITE_IOERR | ffi::SQLITE_NOMEM).then_some(code)
}

/// A collation, function or module that the application registers on its own connections, or a virtual table that does not open
/// for whatever it lacks here.
fn only_the_application_has_it(error: &rusqlite::Error) -> bool {
    code(error) == Some(ffi::SQLITE_ERROR)
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(code(error), Some(ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB))
}

/// SQLite's code, without what extends it.
fn code(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.extended_code & 0xff),
        rusqlite::Error::SqlInputError { error: failure, .. } => Some(failure.extended_code & 0xff),
        _ => None,
    }
}
