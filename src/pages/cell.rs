//! A cell of a b-tree page: <https://www.sqlite.org/fileformat2.html#b_tree_pages>, "Cell payload overflow pages" too.

use crate::pages::bytes::u32_at;
use crate::pages::page::{Kind, Page};
use crate::pages::varint;

/// How much of a payload is stored in the page itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Usable bytes of a page.
    usable: u64,
    most_in_table: u64,
    most_in_index: u64,
    least: u64,
}

/// The longest payload; SQLite's own limit is 2,147,483,647 bytes of a value.
const LONGEST: u64 = u32::MAX as u64;

impl Limits {
    /// For pages of so many usable bytes, at least 480.
    pub fn new(usable: u32) -> Limits {
        let usable = u64::from(usable.max(480));
        Limits {
            usable,
            most_in_table: usable - 35,
            most_in_index: (usable - 12) * 64 / 255 - 23,
            least: (usable - 12) * 32 / 255 - 23,
        }
    }

    #[inline]
    fn local(&self, payload: u64, most: u64) -> u64 {
        if payload <= most {
            return payload;
        }
        self.local_of_long(payload, most)
    }

    fn local_of_long(&self, payload: u64, most: u64) -> u64 {
        let local = self.least + (payload - self.least) % (self.usable - 4);
        if local <= most { local } else { self.least }
    }

    /// Pages of the overflow chain that holds what is left of a payload: each begins with the number of the next.
    pub fn overflow_pages(&self, rest: u64) -> u64 {
        rest.div_ceil(self.usable - 4)
    }
}

/// One cell, as far as its kind of page has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub left_child: u32,
    pub rowid: i64,
    /// Bytes of the whole payload.
    pub length: u64,
    /// The part of the payload that is here.
    pub local: &'a [u8],
    /// The first page of the rest; 0 where there is none.
    pub overflow: u32,
    /// Bytes of the page that the cell takes.
    pub size: usize,
}

impl<'a> Cell<'a> {
    /// The cell that begins at `at`; `None` where it does not fit into the page.
    // Always inlined: returned through memory, a cell costs more than parsing it.
    #[inline(always)]
    pub fn parse(page: &Page<'a>, at: usize, limits: &Limits) -> Option<Cell<'a>> {
        let bytes = page.bytes.get(at..)?;
        match page.kind {
            Kind::TableLeaf => {
                let (length, used) = varint::read(bytes)?;
                let (rowid, more) = varint::read(bytes.get(used..)?)?;
                Cell::with_payload(bytes, used + more, length, limits, limits.most_in_table).map(|cell| Cell {
                    rowid: rowid.cast_signed(),
                    ..cell
                })
            }
            Kind::IndexLeaf => {
                let (length, used) = varint::read(bytes)?;
                Cell::with_payload(bytes, used, length, limits, limits.most_in_index)
            }
            Kind::TableInterior => {
                let (rowid, used) = varint::read(bytes.get(4..)?)?;
                Some(Cell {
                    left_child: u32_at(bytes, 0)?,
                    rowid: rowid.cast_signed(),
                    length: 0,
                    local: &[],
                    overflow: 0,
                    size: 4 + used,
                })
            }
            Kind::IndexInterior => {
                let (length, used) = varint::read(bytes.get(4..)?)?;
                let left_child = u32_at(bytes, 0)?;
                Cell::with_payload(bytes, 4 + used, length, limits, limits.most_in_index)
                    .map(|cell| Cell { left_child, ..cell })
            }
        }
    }

    #[inline(always)]
    fn with_payload(bytes: &'a [u8], start: usize, length: u64, limits: &Limits, most: u64) -> Option<Cell<'a>> {
        if length > LONGEST {
            return None;
        }
        let stored = limits.local(length, most);
        let end = start + usize::try_from(stored).ok()?;
        let (overflow, size) = if stored < length {
            (u32_at(bytes, end)?, end + 4)
        } else {
            // The room of a cell that is freed must hold a free block.
            (0, end.max(4))
        };
        (size <= bytes.len()).then_some(())?;
        Some(Cell {
            left_child: 0,
            rowid: 0,
            length,
            local: bytes.get(start..end)?,
            overflow,
            size,
        })
    }

    /// Bytes of the payload that are not in the page.
    pub fn rest(&self) -> u64 {
        self.length - self.local.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(kind: u8, bytes: &[u8]) -> Option<(Vec<u8>, Cell<'static>)> {
        let mut page = vec![0; 512];
        page[0] = kind;
        page[3..7].copy_from_slice(&[0, 1, 0, 100]);
        page[100..100 + bytes.len()].copy_from_slice(bytes);
        let page: &'static [u8] = page.leak();
        let page = Page::parse(2, page).expect("a page");
        Cell::parse(&page, 100, &Limits::new(512)).map(|cell| (cell.local.to_vec(), cell))
    }

    #[test]
    fn the_four_kinds() {
        let (local, leaf) = cell(13, &[3, 0x81, 0x00, 2, 1, 77]).expect("a cell");
        assert_eq!((leaf.rowid, leaf.length, local, leaf.size), (128, 3, vec![2, 1, 77], 6));
        let (_, interior) = cell(5, &[0, 0, 0, 9, 5]).expect("a cell");
        assert_eq!((interior.left_child, interior.rowid, interior.size), (9, 5, 5));
        let (local, index) = cell(10, &[2, 2, 0]).expect("a cell");
        assert_eq!(
            (index.length, local, index.size),
            (2, vec![2, 0], 4),
            "never smaller than a free block"
        );
        let (local, index) = cell(2, &[0, 0, 1, 0, 2, 2, 0]).expect("a cell");
        assert_eq!(
            (index.left_child, index.length, local, index.size),
            (256, 2, vec![2, 0], 7)
        );
    }

    #[test]
    fn a_rowid_may_be_negative() {
        let (_, leaf) = cell(13, &[0, 255, 255, 255, 255, 255, 255, 255, 255, 255]).expect("a cell");
        assert_eq!((leaf.rowid, leaf.size), (-1, 10));
    }

    #[test]
    fn what_is_too_long_goes_to_overflow_pages() {
        // 477 bytes fit into a page of 512, 478 do not: 39 + (478 - 39) % 508 = 478, which is more than fits, so 39.
        let limits = Limits::new(512);
        assert_eq!(
            [477, 478, 547, 985].map(|length| limits.local(length, limits.most_in_table)),
            [477, 39, 39, 477]
        );
        assert_eq!([0, 1, 508, 509].map(|rest| limits.overflow_pages(rest)), [0, 1, 1, 2]);
        let mut bytes = vec![0x83, 0x5e, 1];
        bytes.extend([7; 39]);
        bytes.extend([0, 0, 0, 5]);
        let (local, leaf) = cell(13, &bytes).expect("a cell");
        assert_eq!(
            (leaf.length, local.len(), leaf.overflow, leaf.size, leaf.rest()),
            (478, 39, 5, 46, 439)
        );
    }

    #[test]
    fn what_does_not_fit_is_no_cell() {
        let mut page = vec![0; 512];
        page[..8].copy_from_slice(&[10, 0, 0, 0, 1, 0, 100, 0]);
        page[508..].copy_from_slice(&[4, 0, 0, 0]);
        let page = Page::parse(2, &page).expect("a page");
        let limits = Limits::new(512);
        assert!(Cell::parse(&page, 508, &limits).is_none());
        assert!(Cell::parse(&page, 511, &limits).is_none());
        assert!(Cell::parse(&page, 512, &limits).is_none());
        assert!(Cell::parse(&page, 600, &limits).is_none());
    }
}
