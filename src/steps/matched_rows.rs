//! Comparing the rows that equal pages leave over, where the key is not the rowid: they are matched by their keys, in memory.

use std::cmp::Ordering;

use rusqlite::{Row, Rows, Statement, params_from_iter};

use crate::database::row_value::{self, RowValue};
use crate::report::error::Result;
use crate::steps::row_differences::{Meter, RowDifference, Side, Tally, compare_rows};

/// A row that is left to compare.
pub(crate) struct LeftRow {
    pub key: Vec<RowValue>,
    /// By which it is read; without one, by its key.
    pub rowid: Option<i64>,
}

/// The rows of one side that are left to compare.
#[derive(Default)]
pub(crate) struct LeftRows {
    rows: Vec<LeftRow>,
    bytes: usize,
}

/// The most rows of a side, and the most bytes of their keys. Beyond, reading all rows in their order is as fast.
const MOST_ROWS: usize = 100_000;
const MOST_BYTES: usize = 16 << 20;

impl LeftRows {
    /// Adds a row. `None` when there are too many.
    pub fn add(&mut self, row: LeftRow) -> Option<()> {
        let length = |value: &RowValue| match value {
            RowValue::Text(bytes) | RowValue::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        self.bytes += row.key.iter().map(length).sum::<usize>();
        self.rows.push(row);
        (self.rows.len() <= MOST_ROWS && self.bytes <= MOST_BYTES).then_some(())
    }

    /// The rows of a table with these rowids. `None` when there are too many.
    pub fn in_ranges(side: &Side<'_>, ranges: &[(i64, i64)]) -> Result<Option<LeftRows>> {
        let mut left = LeftRows::default();
        let mut read = || {
            let mut statement = side.source.connection.prepare(&side.table.select_keys_in_range())?;
            let keys = side.table.key.names().len();
            for range in ranges {
                let mut rows = statement.query([range.0, range.1])?;
                while let Some(row) = rows.next()? {
                    let key = key_of(row, keys)?;
                    let rowid = Some(row.get(keys)?);
                    if left.add(LeftRow { key, rowid }).is_none() {
                        return Ok(false);
                    }
                }
            }
            Ok(true)
        };
        let all = read().map_err(|error: rusqlite::Error| side.failed(&error))?;
        Ok(all.then_some(left))
    }

    /// Sorts them by their keys. `None` where two have the same key.
    fn sort(&mut self, side: &Side<'_>) -> Option<()> {
        self.rows.sort_by(|a, b| order(side, a, b));
        let mut pairs = self.rows.windows(2);
        pairs
            .all(|pair| matches!(pair, [a, b] if order(side, a, b).is_lt()))
            .then_some(())
    }
}

/// Compares the rows that are left on both sides. `None` where one of them is not found again.
pub(crate) fn compare(
    (here, mut ours): (&Side<'_>, LeftRows),
    (there, mut theirs): (&Side<'_>, LeftRows),
    rows: usize,
    meter: &mut Meter<'_, '_>,
) -> Result<Option<Tally>> {
    if ours.sort(here).is_none() || theirs.sort(there).is_none() {
        return Ok(None);
    }
    let (mut a, mut b) = (Reader::of(here)?, Reader::of(there)?);
    let (mut ours, mut theirs) = (ours.rows.iter().peekable(), theirs.rows.iter().peekable());
    let mut tally = Tally::default();
    loop {
        let order = match (ours.peek(), theirs.peek()) {
            (None, None) => return Ok(Some(tally)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(ours), Some(theirs)) => order(here, ours, theirs),
        };
        let ours = ours.next_if(|_| order.is_le());
        let theirs = theirs.next_if(|_| order.is_ge());
        let (mut here_rows, mut there_rows) = (a.find(ours)?, b.find(theirs)?);
        let (here_row, there_row) = (next(here, &mut here_rows, ours)?, next(there, &mut there_rows, theirs)?);
        if here_row.is_some() != ours.is_some() || there_row.is_some() != theirs.is_some() {
            return Ok(None);
        }
        if let Some(row) = here_row.or(there_row) {
            meter.row(row, here.width()).map_err(|error| here.failed(&error))?;
        }
        let counted = match (here_row, there_row) {
            (Some(ours), Some(theirs)) => compare_rows(&mut tally, (here, ours), (there, theirs), rows),
            (Some(row), None) => tally.add(here, row, RowDifference::OnlyHere, rows).map(drop),
            (None, Some(row)) => tally.add(there, row, RowDifference::OnlyThere, rows).map(drop),
            (None, None) => Ok(()),
        };
        counted.map_err(|error| here.failed(&error))?;
    }
}

/// Reads single rows of a side: the key first, then the compared columns.
struct Reader<'s, 'a> {
    side: &'s Side<'a>,
    statement: Statement<'s>,
}

impl<'s, 'a> Reader<'s, 'a> {
    fn of(side: &'s Side<'a>) -> Result<Reader<'s, 'a>> {
        let names = side.table.key.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let sql = if side.table.without_rowid {
            side.table.select_where(&names)
        } else {
            side.table.select_range(&side.columns)
        };
        let statement = side.source.connection.prepare(&sql);
        let statement = statement.map_err(|error| side.failed(&error))?;
        Ok(Reader { side, statement })
    }

    /// The row that is left, if any.
    fn find(&mut self, left: Option<&LeftRow>) -> Result<Option<Rows<'_>>> {
        let side = self.side;
        let found = left.map(|left| match left.rowid {
            Some(rowid) => self.statement.query([rowid, rowid]),
            None => self.statement.query(params_from_iter(&left.key)),
        });
        found.transpose().map_err(|error| side.failed(&error))
    }
}

/// The row that was found, if it has this very key: a collation may have found another.
fn next<'r>(side: &Side<'_>, rows: &'r mut Option<Rows<'_>>, left: Option<&LeftRow>) -> Result<Option<&'r Row<'r>>> {
    let (Some(rows), Some(left)) = (rows, left) else {
        return Ok(None);
    };
    let is_it = |row: &Row<'_>| -> rusqlite::Result<bool> {
        for (column, value) in left.key.iter().enumerate() {
            if row_value::order(row.get_ref(column)?, value.as_ref(), <[u8]>::cmp).is_ne() {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let found = rows.next().and_then(|row| match row {
        Some(row) => Ok(is_it(row)?.then_some(row)),
        None => Ok(None),
    });
    found.map_err(|error| side.failed(&error))
}

fn order(side: &Side<'_>, a: &LeftRow, b: &LeftRow) -> Ordering {
    let key = &side.table.key;
    key.order(a.key.iter().map(RowValue::as_ref), b.key.iter().map(RowValue::as_ref))
}

fn key_of(row: &Row<'_>, keys: usize) -> rusqlite::Result<Vec<RowValue>> {
    (0..keys)
        .map(|column| row.get_ref(column).map(RowValue::whole))
        .collect()
}
