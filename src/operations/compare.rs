//! Comparing a backup with the live database or another backup.
//!
//! "Here" is the live database or the other backup; "there" is the backup. Restoring the backup would lose the rows that are only
//! here and bring back the rows that are only there.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::archive::reader::ArchiveReader;
use crate::database::connection;
use crate::database::progress_poll::ProgressPoll;
use crate::database::row_table::{RowKey, RowTable};
use crate::database::sqlite_error::Role;
use crate::options::TableWords;
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::summary::{Amount, Amounts, summary};
use crate::report::waiting;
use crate::steps::equal_pages::{Left, LeftToCompare, left_to_compare};
use crate::steps::matched_rows::{self, LeftRows};
use crate::steps::row_differences::{self, DifferentRow, Meter, RowDifference, Side, Tally, failed};
use crate::steps::row_multisets;
use crate::steps::row_title::title;
use crate::steps::schema_differences::{self, SchemaDifference};
use crate::steps::snapshot::Source;
use crate::store::Store;

/// What to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareRequest {
    /// A name or path, as for a restore.
    pub backup: PathBuf,
    /// Compares this snapshot of the archive: its identifier, its first digits, or `latest`. Then `backup` is not looked at.
    pub snapshot: Option<String>,
    /// Another backup; `None` is the live database.
    pub with: Option<PathBuf>,
    /// Another snapshot of the archive. Then `with` is not looked at.
    pub with_snapshot: Option<String>,
    /// How many differing rows of each table are returned.
    pub rows: usize,
}

impl CompareRequest {
    /// A backup compared with the live database.
    pub fn of(backup: impl Into<PathBuf>) -> CompareRequest {
        CompareRequest {
            backup: backup.into(),
            snapshot: None,
            with: None,
            with_snapshot: None,
            rows: 20,
        }
    }

    /// A snapshot of the archive compared with the live database.
    pub fn of_snapshot(snapshot: impl Into<String>) -> CompareRequest {
        CompareRequest {
            snapshot: Some(snapshot.into()),
            ..CompareRequest::of(PathBuf::new())
        }
    }

    fn is_with_live(&self) -> bool {
        self.with.is_none() && self.with_snapshot.is_none()
    }
}

/// The answer of [`Store::compare`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Whether nothing differs.
    pub identical: bool,
    /// One sentence for the owner.
    pub summary: String,
    /// Every table, the one with the most rows that a restore would lose first.
    pub tables: Vec<TableDifference>,
    /// What differs in the schema.
    pub schema: Vec<SchemaDifference>,
}

/// What differs in a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableDifference {
    /// Its name.
    pub table: String,
    /// Rows that are only here: a restore would lose them.
    pub only_here: u64,
    /// Rows that are only there: a restore would bring them back.
    pub only_there: u64,
    /// Rows that are on both sides with different values.
    pub changed: u64,
    /// Rows that are equal on both sides.
    pub same: u64,
    /// Some of the differing rows, those that a restore would lose first.
    pub rows: Vec<DifferentRow>,
}

impl Store {
    /// Compares a backup with the live database or another backup, row by row. Reads each side in one transaction and
    /// changes neither.
    ///
    /// Fails with [`Cause::BackupNotFound`], [`Cause::DatabaseNotFound`], [`Cause::NotADatabase`], [`Cause::BackupCorrupt`] and
    /// [`Cause::DatabaseCorrupt`] when it reads a damaged page, [`Cause::DatabaseLocked`] and [`Cause::Cancelled`]; for a snapshot also
    /// with `Cause::SnapshotNotFound` and with the causes that begin with `Archive`.
    pub fn compare(&self, request: &CompareRequest, progress: ProgressFn<'_>) -> Result<Comparison> {
        waiting::watched(progress, |progress| self.compare_watched(request, progress))
    }

    fn compare_watched(&self, request: &CompareRequest, progress: ProgressFn<'_>) -> Result<Comparison> {
        let archive = self.archive_of(&[&request.snapshot, &request.with_snapshot])?;
        let compared = self.compare_held(request, archive.as_ref(), progress);
        match archive {
            Some(archive) => archive.settle(compared),
            None => compared,
        }
    }

    fn compare_held(
        &self,
        request: &CompareRequest,
        archive: Option<&ArchiveReader>,
        progress: ProgressFn<'_>,
    ) -> Result<Comparison> {
        let there = self.hold_given(&request.backup, request.snapshot.as_deref(), archive)?;
        let compared = self.hold_other(request, archive).and_then(|here| {
            let total = here.shape.pages + there.shape.pages;
            let now = Progress {
                pages_done: 0,
                pages_total: total,
            };
            let poll = ProgressPoll::new(progress, now);
            let mut meter = Meter::new(&poll, here.shape.page_size, total);
            let work = || {
                let compared = self.compare_sources(request, &here, &there, &mut meter);
                poll.set(Progress {
                    pages_done: total,
                    pages_total: total,
                });
                compared
            };
            let done = poll.during(&here.connection, || poll.during(&there.connection, work));
            done.flatten().unwrap_or_else(|| Err(Error::new(Cause::Cancelled)))
        });
        if request.is_with_live() {
            connection::remove_empty_wal(&self.database);
        }
        compared
    }

    fn hold_other(&self, request: &CompareRequest, archive: Option<&ArchiveReader>) -> Result<Source> {
        if request.is_with_live() {
            let live = connection::open_live_for_reading(&self.database, self.busy_timeout)?;
            return Source::hold(live, &self.database, Role::Live);
        }
        let with = request.with.as_deref().unwrap_or(Path::new(""));
        self.hold_given(with, request.with_snapshot.as_deref(), archive)
    }

    fn compare_sources(
        &self,
        request: &CompareRequest,
        here: &Source,
        there: &Source,
        meter: &mut Meter<'_, '_>,
    ) -> Result<Comparison> {
        let read = |source: &Source| RowTable::read_all(&source.connection).map_err(|error| failed(source, &error));
        let (ours, theirs) = (read(here)?, read(there)?);
        let schema = schema_differences::between((here, &ours), (there, &theirs))?;
        let named = |tables: &[RowTable], name: &str| tables.iter().position(|t| t.name.eq_ignore_ascii_case(name));
        let mut tables = Vec::new();
        for table in &ours {
            let other = named(&theirs, &table.name).and_then(|place| theirs.get(place));
            let tally = compare_table((here, Some(table)), (there, other), request.rows, meter)?;
            tables.push((table.is_shadow, self.difference(table, tally, request.rows)));
        }
        for table in theirs.iter().filter(|table| named(&ours, &table.name).is_none()) {
            let tally = compare_table((here, None), (there, Some(table)), request.rows, meter)?;
            tables.push((table.is_shadow, self.difference(table, tally, request.rows)));
        }
        tables.sort_by_key(|(_, table)| Reverse((table.only_here, table.only_there, table.changed)));
        let amounts = |count: fn(&TableDifference) -> u64| self.amounts(&tables, count);
        let amounts = Amounts {
            lost: amounts(|table| table.only_here),
            regained: amounts(|table| table.only_there),
            changed: amounts(|table| table.changed),
            schema: !schema.is_empty(),
        };
        let summary = summary(&amounts, request.is_with_live(), self.language);
        let tables: Vec<TableDifference> = tables.into_iter().map(|(_, table)| table).collect();
        let differs = |table: &TableDifference| table.only_here + table.only_there + table.changed > 0;
        Ok(Comparison {
            identical: schema.is_empty() && !tables.iter().any(differs),
            summary,
            tables,
            schema,
        })
    }

    fn difference(&self, table: &RowTable, mut tally: Tally, rows: usize) -> TableDifference {
        tally.cut(rows);
        let words = self.words(&table.name);
        for row in &mut tally.samples {
            row.title = title(table, words, row.key.as_ref(), &row.values);
        }
        TableDifference {
            table: table.name.clone(),
            only_here: tally.only_here,
            only_there: tally.only_there,
            changed: tally.changed,
            same: tally.same,
            rows: tally.samples,
        }
    }

    /// The application's words for a table's rows.
    pub(crate) fn words(&self, table: &str) -> Option<&TableWords> {
        let mut named = self.names.iter().filter(|(name, _)| name.eq_ignore_ascii_case(table));
        named.next().map(|(_, words)| words)
    }

    /// The tables with such rows, the largest amount first. Shadow tables of virtual tables count only when no other table has any.
    fn amounts<'t>(
        &'t self,
        tables: &'t [(bool, TableDifference)],
        count: fn(&TableDifference) -> u64,
    ) -> Vec<Amount<'t>> {
        let of = |shadows: bool| -> Vec<Amount<'t>> {
            let some = tables
                .iter()
                .filter(|(is_shadow, table)| *is_shadow == shadows && count(table) > 0);
            let amount = |(_, table): &'t (bool, TableDifference)| Amount {
                rows: count(table),
                table: &table.table,
                words: self
                    .words(&table.table)
                    .map(|words| (words.one.as_str(), words.many.as_str())),
            };
            some.map(amount).collect()
        };
        let mut amounts = of(false);
        if amounts.is_empty() {
            amounts = of(true);
        }
        amounts.sort_by_key(|amount| Reverse(amount.rows));
        amounts
    }
}

/// Compares two tables with a common key: the rows that equal pages leave over, or all.
fn compare_by_key(here: &Side<'_>, there: &Side<'_>, rows: usize, meter: &mut Meter<'_, '_>) -> Result<Tally> {
    let Some(LeftToCompare { same, left }) = left_to_compare(here, there, meter)? else {
        return row_differences::merge(here, there, None, rows, meter);
    };
    let left = match left {
        Left::Ranges(ranges) if here.table.key.is_rowid() => {
            let mut tally = row_differences::merge(here, there, Some(&ranges), rows, meter)?;
            tally.same += same;
            return Ok(tally);
        }
        Left::Ranges(ranges) => match LeftRows::in_ranges(here, &ranges)? {
            Some(ours) => LeftRows::in_ranges(there, &ranges)?.map(|theirs| (ours, theirs)),
            None => None,
        },
        Left::Rows(ours, theirs) => Some((ours, theirs)),
    };
    let matched = match left {
        Some((ours, theirs)) => matched_rows::compare((here, ours), (there, theirs), rows, meter)?,
        None => None,
    };
    match matched {
        Some(mut tally) => {
            tally.same += same;
            Ok(tally)
        }
        None => row_differences::merge(here, there, None, rows, meter),
    }
}

fn compare_table(
    here: (&Source, Option<&RowTable>),
    there: (&Source, Option<&RowTable>),
    rows: usize,
    meter: &mut Meter<'_, '_>,
) -> Result<Tally> {
    let side = |(source, table): (_, _), columns| Side { source, table, columns };
    match (here.1, there.1) {
        (Some(ours), Some(theirs)) => {
            let common = ours.columns.iter().filter_map(|column| {
                let other = theirs.column(&column.name)?;
                Some((column.name.clone(), other.name.clone()))
            });
            let (here_columns, there_columns) = common.unzip();
            let (ours, theirs) = (
                side((here.0, ours), here_columns),
                side((there.0, theirs), there_columns),
            );
            let has_key = !matches!(ours.table.key, RowKey::None);
            if has_key && ours.table.key.is_like(&theirs.table.key) {
                compare_by_key(&ours, &theirs, rows, meter)
            } else {
                row_multisets::compare(&ours, &theirs, rows, meter)
            }
        }
        (Some(table), None) => {
            let side = side((here.0, table), table.column_names());
            row_differences::only(&side, RowDifference::OnlyHere, rows, meter)
        }
        (None, Some(table)) => {
            let side = side((there.0, table), table.column_names());
            row_differences::only(&side, RowDifference::OnlyThere, rows, meter)
        }
        (None, None) => Ok(Tally::default()),
    }
}
