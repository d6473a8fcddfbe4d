//! Verification: what a database is, and whether it is whole.
//!
//! `integrity_check` alone passes an empty file, a truncated one and one whose rows are still in its log, so a copy
//! must also have the page count and the schema of its source.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, ffi};

use crate::check_tables;
use crate::connection;
use crate::error::{Cause, Error, Result};
use crate::progress::{Progress, ProgressFn};
use crate::sqlite_error::{Role, explain, is_trouble, remember_system_error};
use crate::watch::Watch;

/// How thoroughly a copy is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// All that `integrity_check` checks: structure, and every index against its table.
    #[default]
    Full,
    /// `quick_check`: structure only; faster where there are many indexes.
    Quick,
}

/// What two equal databases have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub pages: u64,
    pub page_size: u64,
    user_version: i64,
    application_id: i64,
    /// Type, name and SQL, as bytes: SQLite takes text that is not UTF-8.
    schema: BTreeSet<[Vec<u8>; 3]>,
}

impl Shape {
    /// The shape of the database as `connection` sees it now.
    pub fn read(connection: &Connection) -> rusqlite::Result<Shape> {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let mut statement = connection.prepare("SELECT type, name, sql FROM sqlite_schema")?;
        let schema = statement
            .query_map([], |row| Ok([bytes(row, 0)?, bytes(row, 1)?, bytes(row, 2)?]))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Shape {
            pages: number("page_count")?.try_into().unwrap_or(0),
            page_size: number("page_size")?.try_into().unwrap_or(0),
            user_version: number("user_version")?,
            application_id: number("application_id")?,
            schema,
        })
    }

    /// Bytes of the whole file.
    pub fn bytes(&self) -> u64 {
        self.pages * self.page_size
    }

    /// What `copy` lacks of this shape; nothing when the two are alike.
    pub fn differences(&self, copy: &Shape) -> Vec<String> {
        let mut found = Vec::new();
        if (self.pages, self.page_size) != (copy.pages, copy.page_size) {
            found.push(format!(
                "the copy has {} pages of {} bytes, the source {} of {}",
                copy.pages, copy.page_size, self.pages, self.page_size
            ));
        }
        if !self.same_schema(copy) {
            found.push("the copy has another schema than the source".to_owned());
        }
        found
    }

    /// Whether the two have the same tables, indexes, triggers, views and version numbers.
    pub fn same_schema(&self, other: &Shape) -> bool {
        self.schema == other.schema
            && self.user_version == other.user_version
            && self.application_id == other.application_id
    }
}

/// A value of whatever type, as bytes. SQLite's own columns hold text or NULL, a hostile file's anything.
fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => vec![],
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        ValueRef::Real(number) => number.to_string().into_bytes(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
    })
}

/// What the check found, and what it had to leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// What is wrong, in SQLite's words; nothing when the database is whole.
    pub problems: Vec<String>,
    /// The collation or function without which the indexes could not be compared with their tables.
    pub missing: Option<String>,
}

/// How many problems are enough to know.
const MOST_PROBLEMS: u32 = 20;
/// What a connection keeps in memory while it reads everything in its order, and while it looks up rows in indexes, which jumps
/// about in the file.
const CACHE_KIB: i64 = 1024;
const LOOKING_UP_CACHE_KIB: i64 = 4096;

/// Checks the whole database, and asks `progress` meanwhile.
pub(crate) fn run(
    connection: &Connection,
    path: &Path,
    role: Role,
    level: Verification,
    shape: &Shape,
    progress: ProgressFn<'_>,
) -> Result<Findings> {
    let finished = Progress {
        pages_done: shape.pages,
        pages_total: shape.pages,
    };
    let mut second = match level {
        Verification::Full => second_connection(path, role, shape),
        Verification::Quick => None,
    };
    let watch = Watch::new(progress, finished);
    let findings = watch.during(connection, || {
        // A system error that is there afterwards came of this check.
        errno::set_errno(errno::Errno(0));
        let findings = check(connection, second.as_mut(), level, &watch).and_then(readable_at_all);
        remember_system_error(connection, &findings);
        findings
    });
    match findings {
        Some(findings) => findings.map_err(|error| explain(&error, path, role)),
        None => Err(Error::new(Cause::Cancelled)),
    }
}

/// Bytes from which on a second thread pays. Fuzzing makes small files only, and is to come here too.
const WORTH_TWO: u64 = if cfg!(fuzzing) { 0 } else { 4 << 20 };

/// Another connection to what is to be checked, where there is a processor for it and nobody keeps it out.
fn second_connection(path: &Path, role: Role, shape: &Shape) -> Option<Connection> {
    if shape.bytes() < WORTH_TWO || thread::available_parallelism().map_or(1, NonZero::get) < 2 {
        return None;
    }
    let opened = match role {
        Role::Live => connection::open_live_for_reading(path, Duration::ZERO),
        Role::Backup => connection::open_backup(path, Duration::ZERO),
    };
    opened.ok()
}

fn check(
    connection: &Connection,
    second: Option<&mut Connection>,
    level: Verification,
    watch: &Watch<'_>,
) -> rusqlite::Result<Findings> {
    prepare(connection)?;
    if let Some(second) = second
        && prepare(second).is_ok()
        && check_tables::find_nothing(connection, second, watch)
    {
        return Ok(Findings::default());
    }
    errno::set_errno(errno::Errno(0));
    let pragma = match level {
        Verification::Full => {
            connection.pragma_update(None, "cache_size", -LOOKING_UP_CACHE_KIB)?;
            "integrity_check"
        }
        Verification::Quick => "quick_check",
    };
    match ask(connection, pragma, None) {
        Err(error) if only_the_application_has_it(&error) => Ok(Findings {
            problems: check_structure(connection)?,
            missing: Some(error.to_string()),
        }),
        answer => Ok(Findings {
            problems: answer?,
            missing: None,
        }),
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    // A row that breaks a CHECK constraint is the application's concern, and not damage.
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)
}

/// Problems that were found while the system refused to read are the device's, and not the database's.
fn readable_at_all(findings: Findings) -> rusqlite::Result<Findings> {
    if !findings.problems.is_empty() && is_trouble(&io::Error::last_os_error()) {
        return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), None));
    }
    Ok(findings)
}

/// What `pragma` finds wrong with the database, or with one of its tables.
pub(crate) fn ask(connection: &Connection, pragma: &str, table: Option<&str>) -> rusqlite::Result<Vec<String>> {
    let argument = table.map_or_else(|| MOST_PROBLEMS.to_string(), quoted);
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}({argument})"))?;
    let rows: Vec<String> = statement
        .query_map([], |row| Ok(String::from_utf8_lossy(&bytes(row, 0)?).into_owned()))?
        .collect::<rusqlite::Result<_>>()?;
    // A row can hold several findings, under a line that names the database.
    let lines = rows.iter().flat_map(|row| row.lines());
    let rows: Vec<String> = lines
        .filter(|line| !line.starts_with("*** in database"))
        .map(str::to_owned)
        .collect();
    match rows.iter().find_map(|row| unreadable(row)) {
        Some(code) => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
        None if rows == ["ok"] => Ok(Vec::new()),
        None => Ok(rows),
    }
}

/// A name as SQL takes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The code of a trouble with reading, or of memory that ran out, which SQLite reports among the findings as
/// "... error code=266": what could not be looked at is not damaged.
fn unreadable(row: &str) -> Option<i32> {
    let (_, code) = row.rsplit_once("error code")?;
    let code: i32 = code.trim_start_matches(['=', ' ']).parse().ok()?;
    matches!(code & 0xff, ffi::SQLITE_IOERR | ffi::SQLITE_NOMEM).then_some(code)
}

/// A collation, function or module that the application registers on its own connections.
fn only_the_application_has_it(error: &rusqlite::Error) -> bool {
    let text = error.to_string();
    [
        "no such collation sequence",
        "unknown function",
        "no such function",
        "no such module",
    ]
    .iter()
    .any(|start| text.contains(start))
}

/// Every b-tree on its own, without comparing indexes with tables: that needs neither collations nor functions.
fn check_structure(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
    ask(connection, "quick_check", None)
}

/// Whether the file is as long as its pages; SQLite itself looks past what lies behind them.
pub(crate) fn length_problem(path: &Path, shape: &Shape) -> Result<Option<String>> {
    let size = fs::metadata(path).map_err(|error| Error::io(&error, path))?.len();
    let stated = shape.bytes();
    Ok((size != stated).then(|| format!("the file has {size} bytes, its header states {stated}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_looked_at_is_not_damaged() {
        assert_eq!(
            unreadable("Tree 2 page 7: unable to get the page. error code=266"),
            Some(266)
        );
        assert_eq!(
            unreadable("Tree 2 page 7 cell 0: btreeInitPage() returns error code 522"),
            Some(522)
        );
        assert_eq!(
            unreadable("Tree 3 page 32: unable to get the page. error code=7"),
            Some(7)
        );
        assert_eq!(unreadable("Tree 2 page 7: btreeInitPage() returns error code 11"), None);
        assert_eq!(unreadable("row 3 missing from index clients_by_name"), None);
    }
}
