//! Verification: what a database is, and whether it is whole.
//!
//! `integrity_check` alone passes an empty file, a truncated one and one whose rows are still in its log, so a copy
//! must also have the page count and the schema of its source.

use std::fs;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ffi};

use crate::database::check_pragma::ask;
use crate::database::progress_poll::ProgressPoll;
use crate::database::shape::Shape;
use crate::database::sqlite_error::{Role, explain, remember_system_error};
use crate::database::{check_tables, connection};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::system_error::is_device_error;

/// How thoroughly a copy is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// All that `integrity_check` checks: structure, and every index against its table.
    #[default]
    Full,
    /// `quick_check`: structure only; faster where there are many indexes.
    Quick,
}

/// What the check found, and what it had to leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// What is wrong, in SQLite's words; nothing when the database is whole.
    pub problems: Vec<String>,
    /// The collation or function without which the indexes could not be compared with their tables.
    pub missing: Option<String>,
    /// The rows of each table, where the check has counted them.
    pub rows: Option<Vec<(String, u64)>>,
}

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
    let watch = ProgressPoll::new(progress, finished);
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
    watch: &ProgressPoll<'_>,
) -> rusqlite::Result<Findings> {
    prepare(connection)?;
    if let Some(second) = second
        && prepare(second).is_ok()
        && check_tables::finds_no_problem(connection, second, watch)
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
            rows: None,
        }),
        answer => Ok(Findings {
            problems: answer?,
            missing: None,
            rows: None,
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
    if !findings.problems.is_empty() && is_device_error(&io::Error::last_os_error()) {
        return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), None));
    }
    Ok(findings)
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

/// Whether the file is too short for its pages; SQLite takes what is missing of the last one for zeros. What lies behind the last
/// page is room that somebody asked for in advance.
pub(crate) fn length_problem(path: &Path, shape: &Shape) -> Result<Option<String>> {
    let size = fs::metadata(path).map_err(|error| Error::io(&error, path))?.len();
    let stated = shape.bytes();
    Ok((size < stated).then(|| format!("the file has {size} bytes, its header states {stated}")))
}
