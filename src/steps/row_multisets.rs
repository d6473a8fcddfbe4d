//! Comparing tables without a common key, as multisets of the hashes of their rows.
//!
//! Memory is bounded: the hashes are divided into parts that fit, and both tables are read once for each part.

use std::collections::HashMap;

use rusqlite::Row;

use crate::database::row_value;
use crate::report::error::Result;
use crate::steps::row_differences::{Meter, RowDifference, Side, Tally};

/// Hashes in memory at once.
const ROWS_AT_ONCE: u64 = 500_000;

/// Compares two tables by their common columns. Keeps up to `rows` samples of each kind.
pub(crate) fn compare(here: &Side<'_>, there: &Side<'_>, rows: usize, meter: &mut Meter<'_, '_>) -> Result<Tally> {
    let count = |side: &Side<'_>| -> Result<u64> {
        let sql = format!("SELECT count(*) FROM ({})", side.table.select(&[], false));
        let counted: rusqlite::Result<i64> = side.source.connection.query_row(&sql, [], |row| row.get(0));
        counted
            .map(|rows| u64::try_from(rows).unwrap_or(0))
            .map_err(|error| side.failed(&error))
    };
    let parts = (count(here)? + count(there)?).div_ceil(ROWS_AT_ONCE).max(1);
    let mut tally = Tally::default();
    for part in 0..parts {
        let mut balance: HashMap<u128, i64> = HashMap::new();
        let mut counted = [0_u64; 2];
        for (place, (side, step)) in [(here, 1), (there, -1)].into_iter().enumerate() {
            read(side, |row, hash| {
                if part == 0 {
                    meter.row(row, side.width())?;
                }
                if hash % u128::from(parts) == u128::from(part) {
                    *balance.entry(hash).or_insert(0) += step;
                    counted[place] += 1;
                }
                Ok(())
            })?;
        }
        balance.retain(|_, balance| *balance != 0);
        let before = tally.only_here;
        if !balance.is_empty() {
            differing(&mut tally, here, RowDifference::OnlyHere, &mut balance, rows)?;
            differing(&mut tally, there, RowDifference::OnlyThere, &mut balance, rows)?;
        }
        tally.same += counted[0] - (tally.only_here - before);
    }
    Ok(tally)
}

/// Counts the rows that this side has more often than the other.
fn differing(
    tally: &mut Tally,
    side: &Side<'_>,
    what: RowDifference,
    balance: &mut HashMap<u128, i64>,
    rows: usize,
) -> Result<()> {
    let step = if what == RowDifference::OnlyHere { 1 } else { -1 };
    read(side, |row, hash| {
        if let Some(left) = balance.get_mut(&hash).filter(|left| left.signum() == step) {
            *left -= step;
            if tally.add(side, row, what, rows)?
                && let Some(sample) = tally.samples.last_mut()
            {
                sample.key = None;
            }
        }
        Ok(())
    })
}

/// Calls `each` with every row and the hash of its columns.
fn read(side: &Side<'_>, mut each: impl FnMut(&Row<'_>, u128) -> rusqlite::Result<()>) -> Result<()> {
    let first = side.width() - side.columns.len();
    let mut statement = side.prepare(false)?;
    let mut all = || {
        let mut cursor = statement.query([])?;
        while let Some(row) = cursor.next()? {
            let mut hasher = blake3::Hasher::new();
            for column in first..side.width() {
                row_value::hash_value(&mut hasher, row.get_ref(column)?);
            }
            let mut half = [0; 16];
            half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
            each(row, u128::from_le_bytes(half))?;
        }
        Ok(())
    };
    all().map_err(|error: rusqlite::Error| side.failed(&error))
}
