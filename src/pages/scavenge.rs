//! The rows that can still be read of a damaged file, page by page.
//!
//! A table is walked from its root as far as its pages lead. A leaf that no page refers to any more is assigned to a
//! table with missing pages whose columns it fits. Pages of the freelist are skipped: their rows were deleted.

use std::collections::HashSet;

use crate::pages::bytes::u32_at;
use crate::pages::cell::{Cell, Limits};
use crate::pages::header::Encoding;
use crate::pages::page::{Kind, Page};
use crate::pages::record::{self, Field};
use crate::pages::schema::Constant;

/// A file in memory, and how its pages are laid out.
pub(crate) struct Image<'a> {
    pub bytes: &'a [u8],
    pub page_size: usize,
    pub usable: usize,
    pub encoding: Encoding,
}

/// A row that was found.
#[derive(Debug, Clone)]
pub(crate) struct FoundRow {
    pub page: u32,
    /// 0 in a table without rowids.
    pub rowid: i64,
    /// As the record holds them; what lies behind a cut is missing.
    pub values: Vec<Constant>,
    /// The rest of the record cannot be read.
    pub cut: bool,
}

/// The result of a walk from a root.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub pages: HashSet<u32>,
    pub rows: Vec<FoundRow>,
    /// Pages or cells that could not be read.
    pub lost: u64,
}

impl<'a> Image<'a> {
    pub fn pages(&self) -> u32 {
        u32::try_from(self.bytes.len() / self.page_size).unwrap_or(u32::MAX)
    }

    /// The usable bytes of a page.
    pub fn page(&self, number: u32) -> Option<&'a [u8]> {
        let start = usize::try_from(number.checked_sub(1)?)
            .ok()?
            .checked_mul(self.page_size)?;
        self.bytes.get(start..)?.get(..self.page_size)?.get(..self.usable)
    }

    fn parsed(&self, number: u32) -> Option<Page<'a>> {
        Page::parse(number, self.page(number)?).ok()
    }

    /// Follows a tree. Pages in `taken` belong to other trees.
    pub fn walk(&self, root: u32, is_table: bool, taken: &HashSet<u32>) -> Walk {
        let mut walk = Walk::default();
        let limits = self.limits();
        let mut left = vec![root];
        while let Some(number) = left.pop() {
            let page = self.parsed(number).filter(|page| page.kind.is_table() == is_table);
            let Some(page) = page.filter(|_| !taken.contains(&number) && walk.pages.insert(number)) else {
                walk.lost += 1;
                continue;
            };
            if !page.kind.is_leaf() {
                left.push(page.right_child);
            }
            for cell in 0..page.cells() {
                let Some(cell) = cell_of(&page, cell, &limits) else {
                    walk.lost += 1;
                    continue;
                };
                if !page.kind.is_leaf() {
                    left.push(cell.left_child);
                }
                if page.kind != Kind::TableInterior {
                    match self.row(number, &cell) {
                        Some(row) => walk.rows.push(row),
                        None => walk.lost += 1,
                    }
                }
            }
        }
        walk
    }

    /// The rows of a page that is a leaf of a table; `None` where it is none, or any of its cells is not sound.
    pub fn leaf(&self, number: u32) -> Option<Vec<FoundRow>> {
        let page = self.parsed(number).filter(|page| page.kind == Kind::TableLeaf)?;
        let limits = self.limits();
        let mut places = Vec::new();
        let mut rows = Vec::new();
        for cell in 0..page.cells() {
            let at = page.cell_at(cell)?;
            let cell = cell_of(&page, cell, &limits)?;
            places.push((at, at + cell.size));
            rows.push(self.row(number, &cell)?);
        }
        places.sort_unstable();
        let apart = places
            .windows(2)
            .all(|pair| matches!(pair, [(_, end), (start, _)] if end <= start));
        let ordered = rows
            .windows(2)
            .all(|pair| matches!(pair, [one, other] if one.rowid < other.rowid));
        (apart && ordered && !rows.is_empty()).then_some(rows)
    }

    /// The pages of the freelist as far as they can be told; `None` where the list cannot be followed to its end.
    pub fn freelist(&self) -> Option<HashSet<u32>> {
        let (mut next, count) = (u32_at(self.bytes, 32)?, u32_at(self.bytes, 36)?);
        let mut found = HashSet::new();
        while next != 0 {
            let trunk = self.page(next).filter(|_| found.insert(next))?;
            let leaves = usize::try_from(u32_at(trunk, 4)?).ok()?;
            for leaf in 0..leaves {
                found.insert(u32_at(trunk, 8usize.checked_add(leaf.checked_mul(4)?)?)?);
            }
            next = u32_at(trunk, 0)?;
        }
        (found.len() == usize::try_from(count).ok()?).then_some(found)
    }

    fn limits(&self) -> Limits {
        Limits::new(u32::try_from(self.usable).unwrap_or(u32::MAX))
    }

    fn row(&self, page: u32, cell: &Cell<'_>) -> Option<FoundRow> {
        let (payload, whole) = self.payload(cell);
        let mut fields = Vec::new();
        record::read_fields(&payload, cell.length, usize::MAX, &mut fields)?;
        let mut values = Vec::new();
        for field in fields {
            let Some(value) = self.value(field, &payload) else {
                return (!whole).then_some(FoundRow {
                    page,
                    rowid: cell.rowid,
                    values,
                    cut: true,
                });
            };
            values.push(value);
        }
        let (rowid, cut) = (cell.rowid, false);
        Some(FoundRow {
            page,
            rowid,
            values,
            cut,
        })
    }

    fn value(&self, field: Field, payload: &[u8]) -> Option<Constant> {
        use crate::pages::record::Value;
        Some(match field.value(payload)? {
            Value::Null => Constant::Null,
            Value::Integer(number) => Constant::Integer(number),
            Value::Real(number) => Constant::Real(number),
            Value::Text(bytes) => Constant::Text(self.utf8(bytes)),
            Value::Blob(bytes) => Constant::Blob(bytes.to_vec()),
        })
    }

    /// Text as UTF-8. Text of a UTF-8 database stays what it is, also where it is not UTF-8.
    fn utf8(&self, bytes: &[u8]) -> Vec<u8> {
        let unit: fn([u8; 2]) -> u16 = match self.encoding {
            Encoding::Utf8 => return bytes.to_vec(),
            Encoding::Utf16Le => u16::from_le_bytes,
            Encoding::Utf16Be => u16::from_be_bytes,
        };
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16_lossy(&units).into_bytes()
    }

    /// The payload as far as its chain goes, and whether that is all of it. The last page of a chain that does not end as it should
    /// may be anything, and is left out.
    fn payload(&self, cell: &Cell<'_>) -> (Vec<u8>, bool) {
        let mut payload = cell.local.to_vec();
        let mut left = cell.rest();
        let mut next = cell.overflow;
        let mut seen = HashSet::new();
        let room = self.usable - 4;
        while left > 0 {
            let Some(page) = self.page(next).filter(|_| seen.insert(next)) else {
                return (payload, false);
            };
            let following = u32_at(page, 0).unwrap_or(0);
            let part = usize::try_from(left).unwrap_or(room).min(room);
            let is_last = part as u64 == left;
            let goes_on = following != 0 && following <= self.pages() && !seen.contains(&following);
            if is_last != (following == 0) || (!is_last && !goes_on) {
                return (payload, false);
            }
            payload.extend_from_slice(page.get(4..4 + part).unwrap_or_default());
            left -= part as u64;
            next = following;
        }
        (payload, true)
    }
}

fn cell_of<'a>(page: &Page<'a>, number: usize, limits: &Limits) -> Option<Cell<'a>> {
    let at = page.cell_at(number).filter(|at| *at >= page.content)?;
    Cell::parse(page, at, limits)
}
