//! Whether a database is whole: its pages are verified directly, and SQLite checks what they cannot tell.
//!
//! A problem found in the pages counts only if SQLite's own check finds damage too. A rule here that is too strict
//! therefore costs time, but never calls a database damaged that SQLite finds whole.

use std::collections::HashSet;
use std::io;

use rusqlite::{Connection, Transaction};

use crate::database::computed::Computer;
use crate::database::schema::{self, Described};
use crate::database::sqlite_check::{self, CheckResult};
use crate::pages::problem::{Fault, Place, Problem};
use crate::pages::source::ReadAt;
use crate::pages::sums::Keys;
use crate::pages::verify::{self, Effort, Left, Report, Why};

/// The result of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Nothing when the database is whole.
    pub problems: Vec<Problem>,
    /// Rows of each table, `sqlite_schema` apart. Where there are problems, only those that were read.
    pub rows: Vec<(String, u64)>,
    /// Columns with values that their declaration forbids: a NULL, or a value of another type. Written as
    /// `clients.name`.
    pub broken_columns: Vec<String>,
    /// Virtual tables whose own check found a difference; a rebuild repairs it.
    pub stale_search_indexes: Vec<String>,
    /// Tables that could not be checked completely without the application.
    pub checked_without: Vec<Unchecked>,
}

/// A table that needs something of the application to be checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unchecked {
    pub table: String,
    /// The index, or SQLite's error.
    pub what: String,
}

/// Why a verification did not finish.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// `goes_on` returned false.
    Cancelled,
    /// The file could not be read.
    Io(io::Error),
    /// SQLite could not read the schema, or failed otherwise.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Unfinished {
    fn from(error: rusqlite::Error) -> Self {
        Unfinished::Sqlite(error)
    }
}

impl From<io::Error> for Unfinished {
    fn from(error: io::Error) -> Self {
        Unfinished::Io(error)
    }
}

/// Verifies the main database of `connection`, whose pages are those of `file`: those that its transaction sees. No program
/// writes to a plain file meanwhile, and its WAL has no pages. The connection must not trust its schema
/// (`SQLITE_DBCONFIG_TRUSTED_SCHEMA` off), since generated columns are computed.
///
/// `goes_on` is called from time to time, on this thread; returning false cancels. It is not called while SQLite runs;
/// interrupting the connection stops that.
pub(crate) fn verify_pages(
    connection: &Connection,
    file: &dyn ReadAt,
    effort: Effort,
    goes_on: &dyn Fn() -> bool,
) -> Result<Verified, Unfinished> {
    let _transaction = begin_reading(connection)?;
    let described = schema::describe(connection)?;
    let keys = Keys::random();
    let report = verify::verify(file, &described.schema, &keys, effort, goes_on)?.ok_or(Unfinished::Cancelled)?;
    let mut verified = Verified {
        rows: rows(&described, &report),
        broken_columns: broken_columns(&described, &report),
        ..Verified::default()
    };
    check_undecided(connection, &described, &keys, &report.left, &mut verified)?;
    verified.problems.extend(report.problems);
    if verified.problems.iter().any(needs_confirmation) {
        confirm_with_sqlite(connection, effort.compare, &mut verified)?;
    }
    if effort.compare {
        check_virtual_tables(connection, &described, &mut verified)?;
    }
    verified.checked_without.sort();
    verified.checked_without.dedup();
    Ok(verified)
}

/// A read transaction, unless the connection is in one already.
pub(super) fn begin_reading(connection: &Connection) -> rusqlite::Result<Option<Transaction<'_>>> {
    let begin = || connection.unchecked_transaction();
    connection.is_autocommit().then(begin).transpose()
}

fn rows(described: &Described, report: &Report) -> Vec<(String, u64)> {
    let counted = described.schema.tables.iter().zip(&report.rows);
    let rows = counted.filter(|(table, _)| table.root != 1);
    rows.map(|(table, rows)| (table.name.clone(), *rows)).collect()
}

fn broken_columns(described: &Described, report: &Report) -> Vec<String> {
    let name = |(table, column): &(usize, usize)| {
        let table = described.schema.tables.get(*table)?;
        let column = table.columns.get(*column)?;
        Some(format!("{}.{}", table.name, column.name))
    };
    report.broken.iter().filter_map(name).collect()
}

/// Checks what the pages could not decide. SQLite computes the expected entries of an index. Where that is not
/// possible, or the entries differ, SQLite checks the whole table, once.
pub(super) fn check_undecided(
    connection: &Connection,
    described: &Described,
    keys: &Keys,
    left: &[Left],
    verified: &mut Verified,
) -> rusqlite::Result<()> {
    let mut computer = None;
    let mut checked = HashSet::new();
    for left in left {
        let Some(table) = described.schema.tables.get(left.table) else {
            continue;
        };
        let index = left.index.and_then(|index| table.indexes.get(index));
        if left.why == Why::Collation {
            verified.checked_without.push(Unchecked {
                table: table.name.clone(),
                what: index.map_or_else(|| table.name.clone(), |index| index.name.clone()),
            });
            continue;
        }
        if let (Why::Computed, Some(index)) = (left.why, index) {
            let computer = match &mut computer {
                Some(computer) => computer,
                none => none.insert(Computer::new(connection, keys)?),
            };
            if computer
                .entries(table, index)
                .is_ok_and(|expected| expected == Some(left.entries))
            {
                continue;
            }
        }
        if checked.insert(left.table) {
            check_table_by_sqlite(connection, &table.name, verified)?;
        }
    }
    Ok(())
}

/// Checks a table and all its indexes through SQLite.
fn check_table_by_sqlite(connection: &Connection, table: &str, verified: &mut Verified) -> rusqlite::Result<()> {
    let result = sqlite_check::check_table(connection, table)?;
    if let Some(missing) = result.missing {
        verified.checked_without.push(Unchecked {
            table: table.to_owned(),
            what: missing,
        });
    }
    verified
        .problems
        .extend(problems_from_texts(connection, Some(table), result.damage)?);
    Ok(())
}

/// SQLite's messages as problems, each with its place: the index that differs, or else the checked table.
pub(super) fn problems_from_texts(
    connection: &Connection,
    table: Option<&str>,
    texts: Vec<String>,
) -> rusqlite::Result<Vec<Problem>> {
    let place = |text: &str| {
        let index = sqlite_check::differing_index(text);
        let of_index = index.map(|index| Ok::<_, rusqlite::Error>((index, schema::table_of(connection, index)?)));
        Ok::<_, rusqlite::Error>(match of_index.transpose()? {
            Some((index, Some(table))) => Some(Place {
                table,
                index: Some(index.to_owned()),
            }),
            _ => table.map(|table| Place {
                table: table.to_owned(),
                index: None,
            }),
        })
    };
    let problem = |text: String| {
        Ok(Problem {
            place: place(&text)?,
            fault: Fault::Said(text),
        })
    };
    texts.into_iter().map(problem).collect()
}

/// Whether a problem needs SQLite's confirmation. A file that is too short is damaged, even where SQLite reads zeros
/// for the missing part; and SQLite's own findings need none.
fn needs_confirmation(problem: &Problem) -> bool {
    !matches!(problem.fault, Fault::CutOff { .. } | Fault::Said(_))
}

/// Drops the problems found in pages if SQLite finds no damage.
fn confirm_with_sqlite(connection: &Connection, compare: bool, verified: &mut Verified) -> Result<(), Unfinished> {
    let CheckResult { damage, missing, .. } = sqlite_check::check_all(connection, compare)?;
    if damage.is_empty() {
        let undecided_by_sqlite = |problem: &Problem| problem.repairable() && missing.is_some();
        // SQLite cannot compare an index without the application's collation or function.
        verified
            .problems
            .retain(|problem| !needs_confirmation(problem) || undecided_by_sqlite(problem));
    }
    Ok(())
}

/// Runs the own checks of virtual tables, if they can be opened without the application. The tables that store their
/// rows are verified like others.
fn check_virtual_tables(
    connection: &Connection,
    described: &Described,
    verified: &mut Verified,
) -> Result<(), Unfinished> {
    for table in &described.virtual_tables {
        let result = sqlite_check::check_virtual_table(connection, table)?;
        if let Some(missing) = result.missing {
            verified.checked_without.push(Unchecked {
                table: table.clone(),
                what: missing,
            });
        } else if result.search_index_differs {
            verified.stale_search_indexes.push(table.clone());
        }
    }
    Ok(())
}
