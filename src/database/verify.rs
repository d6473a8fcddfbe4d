//! Whether a database is whole: its pages read as they are, and SQLite asked for what they cannot tell.
//!
//! Nothing that pages say is final but finding nothing. Where they find something, SQLite's own check has the last word, so
//! that a rule of ours that is too strict costs time and calls nothing damaged that SQLite reads without a word.

use std::collections::HashSet;
use std::io;

use rusqlite::{Connection, Transaction};

use crate::database::computed::Computer;
use crate::database::schema::{self, Described};
use crate::database::sqlite_check::{self, Said};
use crate::pages::problem::{Fault, Place, Problem};
use crate::pages::source::ReadAt;
use crate::pages::sums::Keys;
use crate::pages::verify::{self, Effort, Left, Report, Why};

/// What is wrong with a database, and what else there is to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Nothing when the database is whole.
    pub problems: Vec<Problem>,
    /// Rows of each table, `sqlite_schema` apart. As many as were read where there are problems.
    pub rows: Vec<(String, u64)>,
    /// Columns that hold what they are not for: a NULL, or a value of another type. `clients.name`.
    pub broken_columns: Vec<String>,
    /// Virtual tables whose own check found something; a rebuild mends that.
    pub stale_search_indexes: Vec<String>,
    /// Tables of which something could not be looked at, since only the application has what it takes.
    pub checked_without: Vec<Unchecked>,
}

/// A table with something that only the application has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unchecked {
    pub table: String,
    /// The index, or SQLite's error.
    pub what: String,
}

/// Why a verification did not come to an end.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// `goes_on` said no.
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

/// Verifies the main database of `connection`, whose pages are those of `file`: it has no write-ahead log with pages of its own,
/// and nobody writes to it meanwhile. The connection must not trust its schema (`SQLITE_DBCONFIG_TRUSTED_SCHEMA` off), since
/// generated columns are computed.
///
/// `goes_on` is asked now and then, on this thread. While SQLite is at work it is not; whoever wants to stop that interrupts the
/// connection.
pub(crate) fn verify_pages(
    connection: &Connection,
    file: &dyn ReadAt,
    effort: Effort,
    goes_on: &dyn Fn() -> bool,
) -> Result<Verified, Unfinished> {
    let _held = hold(connection)?;
    let described = schema::describe(connection)?;
    let keys = Keys::random();
    let report = verify::verify(file, &described.schema, &keys, effort, goes_on)?.ok_or(Unfinished::Cancelled)?;
    let mut verified = Verified {
        rows: rows(&described, &report),
        broken_columns: broken_columns(&described, &report),
        ..Verified::default()
    };
    judge(connection, &described, &keys, &report.left, &mut verified)?;
    verified.problems.extend(report.problems);
    if verified.problems.iter().any(needs_last_word) {
        last_word(connection, effort.compare, &mut verified)?;
    }
    if effort.compare {
        check_virtual_tables(connection, &described, &mut verified)?;
    }
    verified.checked_without.sort();
    verified.checked_without.dedup();
    Ok(verified)
}

/// A read transaction, unless the connection is in one already.
fn hold(connection: &Connection) -> rusqlite::Result<Option<Transaction<'_>>> {
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

/// What pages could not judge. SQLite computes what an index ought to hold, or where that is not possible or something else comes
/// out, it checks the whole table, once.
pub(super) fn judge(
    connection: &Connection,
    described: &Described,
    keys: &Keys,
    left: &[Left],
    verified: &mut Verified,
) -> rusqlite::Result<()> {
    let mut computer = None;
    let mut asked = HashSet::new();
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
                .is_ok_and(|owed| owed == Some(left.entries))
            {
                continue;
            }
        }
        if asked.insert(left.table) {
            ask_about(connection, &table.name, verified)?;
        }
    }
    Ok(())
}

/// Has SQLite check a table with all its indexes.
fn ask_about(connection: &Connection, table: &str, verified: &mut Verified) -> rusqlite::Result<()> {
    let said = sqlite_check::check_table(connection, table)?;
    if let Some(missing) = said.missing {
        verified.checked_without.push(Unchecked {
            table: table.to_owned(),
            what: missing,
        });
    }
    verified
        .problems
        .extend(self::said(connection, Some(table), said.damage)?);
    Ok(())
}

/// What SQLite says, each with its place: the index that it says differs, or else the table that it was asked about.
pub(super) fn said(connection: &Connection, table: Option<&str>, texts: Vec<String>) -> rusqlite::Result<Vec<Problem>> {
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

/// A file that is too short is damaged, even where SQLite reads zeros for what is missing; and SQLite has spoken already where
/// it was asked.
fn needs_last_word(problem: &Problem) -> bool {
    !matches!(problem.fault, Fault::CutOff { .. } | Fault::Said(_))
}

/// Keeps what was found only if SQLite finds damage too.
fn last_word(connection: &Connection, compare: bool, verified: &mut Verified) -> Result<(), Unfinished> {
    let Said { damage, missing, .. } = sqlite_check::check_all(connection, compare)?;
    if damage.is_empty() {
        let without_sqlite = |problem: &Problem| problem.repairable() && missing.is_some();
        // What SQLite cannot compare without the application it has no word on.
        verified
            .problems
            .retain(|problem| !needs_last_word(problem) || without_sqlite(problem));
    }
    Ok(())
}

/// Virtual tables check themselves, if they can be opened here. What they are stored in was checked as tables.
fn check_virtual_tables(
    connection: &Connection,
    described: &Described,
    verified: &mut Verified,
) -> Result<(), Unfinished> {
    for table in &described.virtual_tables {
        let said = sqlite_check::check_virtual_table(connection, table)?;
        if let Some(missing) = said.missing {
            verified.checked_without.push(Unchecked {
                table: table.clone(),
                what: missing,
            });
        } else if said.search_index_differs {
            verified.stale_search_indexes.push(table.clone());
        }
    }
    Ok(())
}
