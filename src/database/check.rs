//! Checks whether a database is whole, as thoroughly as requested. It can be cancelled.
//!
//! A sound file is not always a complete copy: an empty file, one that was cut off, and one without the rows of its WAL
//! can all pass. A copy must therefore also have the page count and the schema of its source.

use std::fs::{self, File};
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ffi};

use crate::database::connection;
use crate::database::connection_files::ConnectionFiles;
use crate::database::damage;
use crate::database::progress_poll::ProgressPoll;
use crate::database::seen_pages::SeenPages;
use crate::database::shape::Shape;
use crate::database::sqlite_check;
use crate::database::sqlite_error::{Role, explain, remember_system_error};
use crate::database::verify::{self, Unchecked, Unfinished, Verified};
use crate::files::sidecars::has_wal;
use crate::pages::source::ReadAt;
use crate::pages::verify::Effort;
use crate::report::damage::Damage;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Language, Notice, Warning};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::system_error::is_device_error;

/// How thoroughly a copy is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// Structure, order, and every index against its table.
    #[default]
    Full,
    /// Structure and order only.
    Quick,
}

/// What the check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// What is wrong; `None` when the database is whole.
    pub damage: Option<Damage>,
    /// The number of rows of each table, where the check counted them.
    pub rows: Option<Vec<(String, u64)>>,
    pub remarks: Remarks,
}

/// Findings that are no damage but are worth a warning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// Written as `clients.name`.
    broken_columns: Vec<String>,
    stale_search_indexes: Vec<String>,
    checked_without: Vec<Unchecked>,
}

impl Remarks {
    pub fn warnings(&self, language: Language) -> Vec<Warning> {
        let tables: Vec<String> = self.checked_without.iter().map(|left| left.table.clone()).collect();
        let missing = self.checked_without.first().map_or("", |left| left.what.as_str());
        let notices = [
            (!self.broken_columns.is_empty()).then_some(Notice::RowsBreakConstraints(&self.broken_columns)),
            (!self.stale_search_indexes.is_empty()).then_some(Notice::SearchIndexDiffers(&self.stale_search_indexes)),
            (!tables.is_empty()).then_some(Notice::CheckedWithoutIndexes {
                tables: &tables,
                missing,
            }),
        ];
        let notices = notices.iter().flatten();
        notices.map(|notice| messages::warning(notice, language)).collect()
    }
}

/// The page cache of a connection. SQLite looks up rows in indexes at random places of the file.
const CACHE_KIB: i64 = 4096;
/// The least number of bytes for which a second thread is faster. Fuzzing uses small files, and must run the threads
/// too.
const WORTH_TWO: u64 = if cfg!(fuzzing) { 0 } else { 4 << 20 };

/// Checks the whole database that `connection` sees, and calls `progress` meanwhile.
///
/// `file` is the database's file if no other program has it open; it is then read directly. Otherwise it is read
/// through SQLite, because closing a second descriptor would drop SQLite's locks.
pub(crate) fn run(
    connection: &Connection,
    (path, role): (&Path, Role),
    file: Option<&File>,
    level: Verification,
    shape: &Shape,
    progress: ProgressFn<'_>,
) -> Result<Findings> {
    let finished = Progress {
        pages_done: shape.pages,
        pages_total: shape.pages,
    };
    let poll = ProgressPoll::new(progress, finished);
    let effort = Effort {
        compare: level == Verification::Full,
        threads: threads_for(shape),
    };
    let findings = poll.during(connection, || {
        // Any `errno` that is set afterwards comes from this check.
        errno::set_errno(errno::Errno(0));
        let findings = check(connection, (path, role), file, effort, &poll);
        remember_system_error(connection, &findings);
        findings.and_then(reject_device_errors)
    });
    match findings {
        Some(Ok(findings)) => Ok(findings),
        Some(Err(Unfinished::Sqlite(error))) => Err(explain(&error, path, role)),
        Some(Err(Unfinished::Io(error))) => Err(Error::io(&error, path)),
        Some(Err(Unfinished::Cancelled)) | None => Err(Error::new(Cause::Cancelled)),
    }
}

fn threads_for(shape: &Shape) -> usize {
    if shape.bytes() < WORTH_TWO {
        return 1;
    }
    thread::available_parallelism().map_or(1, NonZero::get)
}

fn check(
    connection: &Connection,
    (path, role): (&Path, Role),
    file: Option<&File>,
    effort: Effort,
    poll: &ProgressPoll<'_>,
) -> std::result::Result<Findings, Unfinished> {
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let should_continue = || poll.should_continue();
    if has_pages_in_wal(connection, path)? {
        let _transaction = verify::begin_reading(connection)?;
        let Some(pages) = SeenPages::of(connection, path, role) else {
            return Ok(check_by_sqlite(connection, effort)?);
        };
        let effort = Effort { threads: 1, ..effort };
        let verified = verify::verify_pages(connection, &pages, effort, &should_continue)?;
        return Ok(Findings::from(verified));
    }
    let verify = |file: &dyn ReadAt| verify::verify_pages(connection, file, effort, &should_continue);
    let verified = match file {
        Some(file) => verify(file)?,
        None => {
            let others = other_connections(path, role, effort.threads);
            match ConnectionFiles::of(connection, &others, path) {
                Some(files) => verify(&files)?,
                None => return Ok(check_by_sqlite(connection, effort)?),
            }
        }
    };
    Ok(Findings::from(verified))
}

/// Whether the WAL has pages. The database file alone is then out of date.
fn has_pages_in_wal(connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal" && has_wal(path))
}

/// Connections for the threads beyond the first; fewer where another program's lock prevents one.
fn other_connections(path: &Path, role: Role, threads: usize) -> Vec<Connection> {
    let open = |_| match role {
        Role::Live => connection::open_live_for_reading(path, Duration::ZERO).ok(),
        Role::Backup => connection::open_backup(path, Duration::ZERO).ok(),
    };
    (1..threads).map_while(open).collect()
}

fn check_by_sqlite(connection: &Connection, effort: Effort) -> rusqlite::Result<Findings> {
    let result = sqlite_check::check_all(connection, effort.compare)?;
    let checked_without = result.missing.map(|what| Unchecked {
        table: "sqlite_schema".to_owned(),
        what,
    });
    let problems = verify::problems_from_texts(connection, None, result.damage)?;
    Ok(Findings {
        damage: damage::sum_up(&problems),
        rows: None,
        remarks: Remarks {
            checked_without: checked_without.into_iter().collect(),
            ..Remarks::default()
        },
    })
}

impl From<Verified> for Findings {
    fn from(verified: Verified) -> Findings {
        Findings {
            damage: damage::sum_up(&verified.problems),
            rows: verified.problems.is_empty().then_some(verified.rows),
            remarks: Remarks {
                broken_columns: verified.broken_columns,
                stale_search_indexes: verified.stale_search_indexes,
                checked_without: verified.checked_without,
            },
        }
    }
}

/// Problems found while the system failed to read are the device's, not the database's.
fn reject_device_errors(findings: Findings) -> std::result::Result<Findings, Unfinished> {
    let system = io::Error::last_os_error();
    if findings.damage.is_some() && is_device_error(&system) {
        let code = ffi::Error::new(ffi::SQLITE_IOERR);
        return Err(rusqlite::Error::SqliteFailure(code, None).into());
    }
    Ok(findings)
}

/// The damage of a file that is too short for its pages; SQLite reads zeros for a missing part of the last one. A file
/// may be longer: SQLite can allocate room in advance.
pub(crate) fn length_problem(path: &Path, shape: &Shape) -> Result<Option<Damage>> {
    let size = fs::metadata(path).map_err(|error| Error::io(&error, path))?.len();
    let stated = shape.bytes();
    Ok((size < stated).then(|| Damage::cut_off(size, stated)))
}
