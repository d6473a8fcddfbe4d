//! Comparing the rows of a table in two databases: equal rows, changed rows, and rows that only one side has.
//!
//! Both sides are read once, in the order of the key, and merged; memory holds one row of each. Tables without a common key are
//! compared as multisets, in `row_multisets`.

use std::cmp::Ordering;

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement};
use serde::Serialize;

use crate::database::progress_poll::ProgressPoll;
use crate::database::row_table::{RowKey, RowTable};
use crate::database::row_value::{self, RowValue, Values};
use crate::database::sqlite_error::{explain, remember_system_error};
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::Result;
use crate::report::progress::Progress;
use crate::steps::snapshot::Source;

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowDifference {
    /// Only the live database, or the other backup, has it: a restore would lose it.
    OnlyHere,
    /// Only the backup has it: a restore would bring it back.
    OnlyThere,
    /// Both sides have it, with different values.
    Changed,
}

/// A row that differs between the sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DifferentRow {
    /// The values of its key; `None` in a table without one.
    pub key: Option<Values>,
    /// How it differs.
    pub what: RowDifference,
    /// A readable title.
    pub title: Option<String>,
    /// Its values; of a changed row those of the live database or the other backup.
    pub values: Values,
    /// The values of a changed row in the backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there: Option<Values>,
    /// The columns of a changed row whose values differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// The result for a table.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub only_here: u64,
    pub only_there: u64,
    pub changed: u64,
    pub same: u64,
    /// Samples of each kind, up to the requested number.
    pub samples: Vec<DifferentRow>,
}

/// Counts the bytes that are read, and reports them as pages.
pub(crate) struct Meter<'a, 'p> {
    poll: &'a ProgressPoll<'p>,
    page_size: u64,
    pages_total: u64,
    bytes: u64,
    reported: u64,
}

impl<'a, 'p> Meter<'a, 'p> {
    pub fn new(poll: &'a ProgressPoll<'p>, page_size: u64, pages_total: u64) -> Self {
        Meter {
            poll,
            page_size: page_size.max(512),
            pages_total,
            bytes: 0,
            reported: 0,
        }
    }

    /// Counts a row.
    pub fn row(&mut self, row: &Row<'_>, columns: usize) -> rusqlite::Result<()> {
        for column in 0..columns {
            self.bytes += row_value::size(row.get_ref(column)?);
        }
        self.report();
        Ok(())
    }

    /// Counts pages whose rows need not be read.
    pub fn pages(&mut self, pages: u64) {
        self.bytes += pages * self.page_size;
        self.report();
    }

    /// Whether the caller wants the work to go on. SQLite asks by itself while it runs.
    pub fn goes_on(&self) -> bool {
        self.poll.should_continue()
    }

    fn report(&mut self) {
        let pages_done = (self.bytes / self.page_size).min(self.pages_total);
        if pages_done > self.reported {
            self.reported = pages_done;
            self.poll.set(Progress {
                pages_done,
                pages_total: self.pages_total,
            });
        }
    }
}

/// One side of the comparison of a table.
pub(crate) struct Side<'a> {
    pub source: &'a Source,
    pub table: &'a RowTable,
    /// The compared columns, by their names on this side.
    pub columns: Vec<String>,
}

impl Side<'_> {
    pub fn failed(&self, error: &rusqlite::Error) -> crate::report::error::Error {
        failed(self.source, error)
    }

    pub fn prepare(&self, in_order: bool) -> Result<Statement<'_>> {
        let sql = self.table.select(&self.columns, in_order);
        self.source
            .connection
            .prepare(&sql)
            .map_err(|error| self.failed(&error))
    }

    fn prepare_merge(&self, in_ranges: bool) -> Result<Statement<'_>> {
        if !in_ranges {
            return self.prepare(true);
        }
        let sql = self.table.select_range(&self.columns);
        let prepared = self.source.connection.prepare(&sql);
        prepared.map_err(|error| self.failed(&error))
    }

    fn keys(&self) -> usize {
        self.table.key.names().len()
    }

    /// The number of values in a row of the statement.
    pub fn width(&self) -> usize {
        self.keys() + self.columns.len()
    }

    pub fn sample(&self, row: &Row<'_>, what: RowDifference) -> rusqlite::Result<DifferentRow> {
        let names = self.table.key.names();
        let key = Values::told(&names, row, 0)?;
        Ok(DifferentRow {
            key: (!names.is_empty()).then_some(key),
            what,
            title: None,
            values: Values::told(&self.columns, row, names.len())?,
            there: None,
            columns: vec![],
        })
    }
}

/// Explains an error of SQLite for this file.
pub(crate) fn failed(source: &Source, error: &rusqlite::Error) -> crate::report::error::Error {
    let failed: std::result::Result<(), &rusqlite::Error> = Err(error);
    remember_system_error(&source.connection, &failed);
    explain(error, &source.path, source.role)
}

/// Rows of one side in the order of their key.
struct Cursor<'s, 'a> {
    side: &'s Side<'a>,
    rows: rusqlite::Rows<'s>,
    /// The key of the current row.
    key: Option<Vec<RowValue>>,
}

impl Cursor<'_, '_> {
    /// Moves to the next row. Fails when the keys do not ascend: with a damaged index the merge would give a wrong result.
    fn advance(&mut self, meter: &mut Meter<'_, '_>) -> Result<()> {
        let side = self.side;
        let keys = side.keys();
        self.rows.advance().map_err(|error| side.failed(&error))?;
        let Some(row) = self.rows.get() else {
            return Ok(());
        };
        let values = (0..keys).map(|column| row.get_ref(column));
        let key: Vec<ValueRef<'_>> = values.collect::<rusqlite::Result<_>>().map_err(|e| side.failed(&e))?;
        if let Some(previous) = &self.key {
            let order = side
                .table
                .key
                .order(previous.iter().map(RowValue::as_ref), key.iter().copied());
            if order != Ordering::Less {
                let problem = format!("the rows of {} are not in the order of their key", side.table.name);
                let damage = Damage::new(DamageKind::Rows(side.table.name.clone()), problem);
                return Err(side.source.corrupt(damage));
            }
        }
        self.key = Some(key.into_iter().map(RowValue::whole).collect());
        meter.row(row, side.width()).map_err(|error| side.failed(&error))
    }
}

/// Compares two tables with a common key. Keeps up to `rows` samples of each kind. With `ranges` only the rows whose rowids are in
/// them, which ascend, are read.
pub(crate) fn merge(
    here: &Side<'_>,
    there: &Side<'_>,
    ranges: Option<&[(i64, i64)]>,
    rows: usize,
    meter: &mut Meter<'_, '_>,
) -> Result<Tally> {
    let in_ranges = ranges.is_some();
    let (mut ours, mut theirs) = (here.prepare_merge(in_ranges)?, there.prepare_merge(in_ranges)?);
    let mut tally = Tally::default();
    let Some(ranges) = ranges else {
        let here = (here, ours.query([]).map_err(|error| here.failed(&error))?);
        let there = (there, theirs.query([]).map_err(|error| there.failed(&error))?);
        merge_rows(&mut tally, here, there, rows, meter)?;
        return Ok(tally);
    };
    for (first, last) in ranges {
        let here = (here, ours.query([first, last]).map_err(|error| here.failed(&error))?);
        let there = (
            there,
            theirs.query([first, last]).map_err(|error| there.failed(&error))?,
        );
        merge_rows(&mut tally, here, there, rows, meter)?;
    }
    Ok(tally)
}

fn merge_rows<'s>(
    tally: &mut Tally,
    (here, ours): (&'s Side<'_>, rusqlite::Rows<'s>),
    (there, theirs): (&'s Side<'_>, rusqlite::Rows<'s>),
    rows: usize,
    meter: &mut Meter<'_, '_>,
) -> Result<()> {
    let start = |side, rows| Cursor { side, rows, key: None };
    let mut a = start(here, ours);
    let mut b = start(there, theirs);
    a.advance(meter)?;
    b.advance(meter)?;
    loop {
        let order = match (a.rows.get(), b.rows.get()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), Some(_)) => match (&a.key, &b.key) {
                (Some(x), Some(y)) => here
                    .table
                    .key
                    .order(x.iter().map(RowValue::as_ref), y.iter().map(RowValue::as_ref)),
                _ => Ordering::Equal,
            },
        };
        match (order, a.rows.get(), b.rows.get()) {
            (Ordering::Less, Some(row), _) => {
                tally
                    .add(here, row, RowDifference::OnlyHere, rows)
                    .map_err(|e| here.failed(&e))?;
                a.advance(meter)?;
            }
            (Ordering::Greater, _, Some(row)) => {
                tally
                    .add(there, row, RowDifference::OnlyThere, rows)
                    .map_err(|e| there.failed(&e))?;
                b.advance(meter)?;
            }
            (_, Some(x), Some(y)) => {
                compare_rows(tally, (here, x), (there, y), rows).map_err(|e| here.failed(&e))?;
                a.advance(meter)?;
                b.advance(meter)?;
            }
            _ => return Ok(()),
        }
    }
}

/// Compares two rows with the same key.
pub(crate) fn compare_rows(
    tally: &mut Tally,
    here: (&Side<'_>, &Row<'_>),
    there: (&Side<'_>, &Row<'_>),
    rows: usize,
) -> rusqlite::Result<()> {
    let (a_keys, b_keys) = (here.0.keys(), there.0.keys());
    let differs = |column: usize| -> rusqlite::Result<bool> {
        Ok(!row_value::is_same(
            here.1.get_ref(a_keys + column)?,
            there.1.get_ref(b_keys + column)?,
        ))
    };
    let mut any = false;
    for column in 0..here.0.columns.len() {
        if differs(column)? {
            any = true;
            break;
        }
    }
    if !any {
        tally.same += 1;
        return Ok(());
    }
    if tally.add(here.0, here.1, RowDifference::Changed, rows)?
        && let Some(sample) = tally.samples.last_mut()
    {
        sample.there = Some(Values::told(&there.0.columns, there.1, b_keys)?);
        for (column, name) in here.0.columns.iter().enumerate() {
            if differs(column)? {
                sample.columns.push(name.clone());
            }
        }
    }
    Ok(())
}

/// Counts the rows of a table that the other side lacks.
pub(crate) fn only(side: &Side<'_>, what: RowDifference, rows: usize, meter: &mut Meter<'_, '_>) -> Result<Tally> {
    let in_order = !matches!(side.table.key, RowKey::None);
    let mut statement = side.prepare(in_order)?;
    let mut tally = Tally::default();
    let mut read = || {
        let mut cursor = statement.query([])?;
        while let Some(row) = cursor.next()? {
            meter.row(row, side.width())?;
            tally.add(side, row, what, rows)?;
        }
        Ok(())
    };
    read().map_err(|error: rusqlite::Error| side.failed(&error))?;
    Ok(tally)
}

impl Tally {
    /// Counts a row, and keeps the first `rows` of its kind as samples. Returns whether this row was kept.
    pub fn add(&mut self, side: &Side<'_>, row: &Row<'_>, what: RowDifference, rows: usize) -> rusqlite::Result<bool> {
        let count = match what {
            RowDifference::OnlyHere => &mut self.only_here,
            RowDifference::OnlyThere => &mut self.only_there,
            RowDifference::Changed => &mut self.changed,
        };
        *count += 1;
        let is_kept = *count <= rows as u64;
        if is_kept {
            self.samples.push(side.sample(row, what)?);
        }
        Ok(is_kept)
    }

    /// Keeps `rows` samples in total; rows that a restore would lose come first.
    pub fn cut(&mut self, rows: usize) {
        self.samples.sort_by_key(|sample| match sample.what {
            RowDifference::OnlyHere => 0,
            RowDifference::OnlyThere => 1,
            RowDifference::Changed => 2,
        });
        self.samples.truncate(rows);
    }
}
