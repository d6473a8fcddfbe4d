//! The rows that need not be compared: those on pages that are the same in both files.
//!
//! A leaf of a table holds every row between its first and its last. Where both files have the same leaf, these rows are equal,
//! and only the rows between such leaves are left to compare. Most pages of yesterday's backup are those of today. A table
//! WITHOUT ROWID has rows on its interior pages too; there the rows on all other pages are left.

use std::collections::HashMap;

use crate::database::page_reader::has_page_table;
use crate::pages::bytes::u32_at;
use crate::pages::page::Page;
use crate::pages::record;
use crate::pages::tree::{ReadPage, cell_of, payload_of};
use crate::pages::usage::Usage;
use crate::report::error::{Cause, Error, Result};
use crate::steps::matched_rows::{LeftRow, LeftRows};
use crate::steps::row_differences::{Meter, Side};
use crate::steps::row_words::{rows_page, stored};
use crate::steps::table_file::{TableFile, declaration};

/// Rows that may differ: those whose rowid is from the first to the second number.
pub(crate) type Range = (i64, i64);

/// What is left to compare in a table.
pub(crate) struct LeftToCompare {
    /// Rows on equal pages.
    pub same: u64,
    pub left: Left,
}

/// The rows that are left.
pub(crate) enum Left {
    /// Those with rowids in these ranges, which ascend.
    Ranges(Vec<Range>),
    /// These of a table WITHOUT ROWID, here and there.
    Rows(LeftRows, LeftRows),
}

/// Bytes of a row of a table WITHOUT ROWID in which its key has to be.
const LONGEST_KEY: usize = 1 << 16;

/// Finds the equal pages of a table. `None` where pages cannot tell: the files are laid out differently, the table is declared
/// differently, a page cannot be followed, or too many rows of a table WITHOUT ROWID are left.
pub(crate) fn left_to_compare(
    here: &Side<'_>,
    there: &Side<'_>,
    meter: &mut Meter<'_, '_>,
) -> Result<Option<LeftToCompare>> {
    let read = |side: &Side<'_>| declaration(side.source, &side.table.name).map_err(|error| side.failed(&error));
    let (Some((our_root, ours)), Some((their_root, theirs))) = (read(here)?, read(there)?) else {
        return Ok(None);
    };
    let can_read = |side: &Side<'_>| {
        let is_reached = side.table.without_rowid || side.table.rowid.is_some();
        is_reached && has_page_table(&side.source.connection)
    };
    if ours != theirs || !can_read(here) || !can_read(there) {
        return Ok(None);
    }
    let (mut a, mut b) = (TableFile::open(here.source)?, TableFile::open(there.source)?);
    if (a.page_size, a.usable, a.encoding) != (b.page_size, b.usable, b.encoding) {
        return Ok(None);
    }
    let is_table = !here.table.without_rowid;
    let (our_usage, their_usage) = (a.usage()?, b.usage()?);
    let mut our_pages = a.pages_of(our_root, is_table, &our_usage)?;
    let mut their_pages = b.pages_of(their_root, is_table, &their_usage)?;
    if our_pages.lost + their_pages.lost > 0 {
        return Ok(None);
    }
    if !is_table {
        our_pages.leaves.append(&mut our_pages.interior);
        their_pages.leaves.append(&mut their_pages.interior);
    }
    let mut comparer = Comparer {
        a: &mut a,
        b: &mut b,
        usage: &our_usage,
        is_table,
        equal: HashMap::new(),
        same: 0,
    };
    comparer.compare(&our_pages.leaves, &their_pages.leaves, meter)?;
    let Comparer { equal, same, .. } = comparer;
    if !is_table {
        let keys = here.table.key.names().len();
        let ours = rows_elsewhere(&mut a, &our_pages.leaves, &equal, keys)?;
        let theirs = rows_elsewhere(&mut b, &their_pages.leaves, &equal, keys)?;
        let rows = ours.zip(theirs).map(|(ours, theirs)| Left::Rows(ours, theirs));
        return Ok(rows.map(|left| LeftToCompare { same, left }));
    }
    let (ours, theirs) = (gaps(&our_pages.leaves, &equal), gaps(&their_pages.leaves, &equal));
    let (Some(mut ranges), Some(theirs)) = (ours, theirs) else {
        return Ok(None);
    };
    // Both sides have the equal leaves in the same order, so a gap is the same on both.
    ranges.extend(theirs);
    ranges.sort_unstable();
    ranges.dedup();
    let left = Left::Ranges(ranges);
    Ok(Some(LeftToCompare { same, left }))
}

/// The rows of a table WITHOUT ROWID on the pages that are not equal, by their keys. `None` where there are too many, or a key
/// cannot be read.
fn rows_elsewhere(
    file: &mut TableFile<'_>,
    pages: &[u32],
    equal: &HashMap<u32, Range>,
    keys: usize,
) -> Result<Option<LeftRows>> {
    let mut left = LeftRows::default();
    let (mut bytes, mut payload, mut fields) = (Vec::new(), Vec::new(), Vec::new());
    for number in pages.iter().filter(|number| !equal.contains_key(number)) {
        file.read_page(*number, &mut bytes)?;
        let page = Page::parse(*number, &bytes).ok();
        let Some(page) = page.filter(|page| !page.kind.is_table()) else {
            return Ok(None);
        };
        for place in 0..page.cells() {
            let (limits, last) = (file.limits, file.pages);
            let Some(cell) = cell_of(&page, place, &limits) else {
                return Ok(None);
            };
            if !payload_of(&cell, LONGEST_KEY, (&limits, last), file, &mut payload)? {
                return Ok(None);
            }
            // The key stands before the other columns.
            let key = record::read_fields(&payload, cell.length, keys, &mut fields).and_then(|_| {
                let values = fields.iter().map(|field| stored(field.value(&payload)?, file.encoding));
                values.collect::<Option<Vec<_>>>().filter(|key| key.len() == keys)
            });
            let added = key.and_then(|key| left.add(LeftRow { key, rowid: None }));
            if added.is_none() {
                return Ok(None);
            }
        }
    }
    Ok(Some(left))
}

struct Comparer<'c, 's> {
    a: &'c mut TableFile<'s>,
    b: &'c mut TableFile<'s>,
    /// An overflow page that belongs to two rows would be followed for both, so it is claimed.
    usage: &'c Usage,
    is_table: bool,
    /// The first and the last rowid of each equal leaf.
    equal: HashMap<u32, Range>,
    same: u64,
}

impl Comparer<'_, '_> {
    /// Compares the leaves that have the same place in both files.
    fn compare(&mut self, ours: &[u32], theirs: &[u32], meter: &mut Meter<'_, '_>) -> Result<()> {
        let sorted = |pages: &[u32]| {
            let mut pages = pages.to_vec();
            pages.sort_unstable();
            pages
        };
        let (mut ours, theirs) = (sorted(ours), sorted(theirs));
        ours.retain(|page| theirs.binary_search(page).is_ok());
        let (mut here, mut there) = (Vec::new(), Vec::new());
        let mut rest = ours.as_slice();
        while let Some(first) = rest.first().copied() {
            let run = rest
                .iter()
                .take_while(|page| **page - first < self.a.pages_at_once)
                .count();
            let (run, after) = rest.split_at_checked(run).unwrap_or((rest, &[]));
            rest = after;
            let last = run.last().copied().unwrap_or(first);
            self.a.read_run(first, last, &mut here)?;
            self.b.read_run(first, last, &mut there)?;
            for number in run {
                let page = self.a.page_in(&here, first, *number);
                if page == self.b.page_in(&there, first, *number)
                    && let Some((rows, range)) = self.rows_of(*number, page)?
                {
                    self.same += rows;
                    self.equal.insert(*number, range);
                    meter.pages(2);
                }
            }
            if !meter.goes_on() {
                return Err(Error::new(Cause::Cancelled));
            }
        }
        Ok(())
    }

    /// How many rows a page that is equal in both files has, with the first and last rowid of a leaf of a table. `None` where the
    /// rows of a table are not in order, or what lies on overflow pages differs.
    fn rows_of(&mut self, number: u32, bytes: &[u8]) -> Result<Option<(u64, Range)>> {
        let Some(page) = rows_page(Page::parse(number, bytes).ok(), !self.is_table) else {
            return Ok(None);
        };
        let mut range: Option<Range> = None;
        for place in 0..page.cells() {
            let limits = self.a.limits;
            let Some(cell) = cell_of(&page, place, &limits) else {
                return Ok(None);
            };
            range = match range.filter(|_| self.is_table) {
                None => Some((cell.rowid, cell.rowid)),
                Some((first, last)) if last < cell.rowid => Some((first, cell.rowid)),
                Some(_) => return Ok(None),
            };
            if cell.overflow != 0 && !self.same_chain(cell.overflow, limits.overflow_pages(cell.rest()))? {
                return Ok(None);
            }
        }
        Ok(range.map(|range| (page.cells() as u64, range)))
    }

    /// Whether an overflow chain that begins at the same page is the same in both files.
    fn same_chain(&mut self, first: u32, length: u64) -> Result<bool> {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        let mut next = first;
        for _ in 0..length {
            if next > self.b.pages || self.usage.claim(next).is_err() {
                return Ok(false);
            }
            self.a.read_page(next, &mut here)?;
            self.b.read_page(next, &mut there)?;
            if here != there {
                return Ok(false);
            }
            next = u32_at(&here, 0).unwrap_or(0);
        }
        Ok(next == 0)
    }
}

/// The ranges of rowids between equal leaves in which other leaves are. `None` where the equal leaves are not in order.
fn gaps(leaves: &[u32], equal: &HashMap<u32, Range>) -> Option<Vec<Range>> {
    let mut gaps = Vec::new();
    let mut lowest = Some(i64::MIN);
    let mut is_open = false;
    for leaf in leaves {
        let Some((first, last)) = equal.get(leaf).copied() else {
            is_open = true;
            continue;
        };
        let low = lowest.filter(|low| *low <= first)?;
        if std::mem::take(&mut is_open) && low < first {
            gaps.push((low, first - 1));
        }
        lowest = last.checked_add(1);
    }
    if is_open && let Some(low) = lowest {
        gaps.push((low, i64::MAX));
    }
    Some(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_lies_between_equal_leaves() {
        let equal = HashMap::from([(3, (10, 19)), (4, (20, 29)), (6, (40, 49)), (9, (50, i64::MAX))]);
        assert_eq!(gaps(&[3, 4, 6, 9], &equal), Some(vec![]));
        assert_eq!(
            gaps(&[2, 3, 4, 5, 7, 6, 9], &equal),
            Some(vec![(i64::MIN, 9), (30, 39)])
        );
        assert_eq!(gaps(&[3, 4, 8], &equal), Some(vec![(30, i64::MAX)]));
        assert_eq!(gaps(&[3, 8, 4], &equal), Some(vec![]), "there is no room for a row");
        assert_eq!(gaps(&[4, 3], &equal), None);
        assert_eq!(gaps(&[1], &equal), Some(vec![(i64::MIN, i64::MAX)]));
    }
}
