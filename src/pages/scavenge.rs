//! The rows that can still be read of a damaged file, tree by tree and page by page.
//!
//! A page whose header is wrong in parts is read all the same: a cell counts if it holds a sound record.

use std::ops::ControlFlow;

use crate::pages::bytes::u32_at;
use crate::pages::damaged_file::{DamagedFile, FoundRow, Place};
use crate::pages::page::{Kind, Page};
use crate::pages::usage::Usage;

/// Called with each row that is found; `Break` ends the search.
pub(crate) type OnRow<'r> = &'r mut dyn FnMut(FoundRow) -> ControlFlow<()>;

/// What was found of a tree.
pub(crate) struct Walk {
    /// The pages of the tree; without its overflow pages.
    pub pages: Usage,
    /// Pages and cells that could not be read.
    pub lost: u64,
}

/// The rows of a single leaf.
#[derive(Debug, Default)]
pub(crate) struct LeafRows {
    pub rows: Vec<FoundRow>,
    /// The cells that hold no row are fewer than those that do, and rowids ascend.
    pub is_trusted: bool,
}

impl DamagedFile<'_> {
    /// Follows a tree from its root, in the order of its keys. Pages in `taken` belong to other trees. `None` without memory.
    pub fn walk(&self, root: u32, is_table: bool, taken: &Usage, mut on_row: Option<OnRow<'_>>) -> Option<Walk> {
        let (seen, pages) = (Usage::new(self.pages)?, Usage::new(self.pages)?);
        let mut lost = 0;
        let mut left = Vec::new();
        let claim = |page: u32| !taken.is_used(page) && seen.claim(page).is_ok();
        if claim(root) {
            left.push(root);
        } else {
            lost += 1;
        }
        while let Some(number) = left.pop() {
            let bytes = self.page(number);
            let parsed = bytes.as_ref().and_then(|bytes| Page::parse_damaged(number, bytes));
            let Some(page) = parsed.filter(|page| page.kind.is_table() == is_table) else {
                lost += 1;
                continue;
            };
            // A page of another kind, to which a damaged page points, stays for the tree that it is of.
            let _ = pages.claim(number);
            lost += u64::from(page.is_cut());
            // The first child is read next, so the last one is put on the stack first.
            if !page.kind.is_leaf() {
                let first_new = left.len();
                let children = (0..page.cells()).map(|cell| self.cell(&page, cell).map(|cell| cell.left_child));
                for child in children.chain([Some(page.right_child)]) {
                    match child.filter(|child| claim(*child)) {
                        Some(child) => left.push(child),
                        None => lost += 1,
                    }
                }
                if let Some(new) = left.get_mut(first_new..) {
                    new.reverse();
                }
            }
            if page.kind != Kind::TableInterior
                && let Some(on_row) = on_row.as_deref_mut()
            {
                match self.rows(number, &page, on_row) {
                    ControlFlow::Continue(unsound) => lost += unsound,
                    ControlFlow::Break(()) => break,
                }
            }
        }
        Some(Walk { pages, lost })
    }

    /// The rows of a page that no tree leads to; `None` where it is no page of a tree that holds rows.
    pub fn leaf(&self, number: u32) -> Option<(Kind, LeafRows)> {
        let bytes = self.page(number)?;
        let page = Page::parse_damaged(number, &bytes).filter(|page| page.kind != Kind::TableInterior)?;
        let mut rows = Vec::new();
        let mut inexact = 0;
        let counted = self.rows(number, &page, &mut |row| {
            match row.is_exact {
                true => rows.push(row),
                false => inexact += 1,
            }
            ControlFlow::Continue(())
        });
        let lost = counted.continue_value()? + inexact;
        let ascends = |pair: &[FoundRow]| matches!(pair, [one, other] if one.rowid < other.rowid);
        let is_ordered = !page.kind.is_table() || rows.windows(2).all(ascends);
        let found = LeafRows {
            is_trusted: is_ordered && lost < rows.len() as u64,
            rows,
        };
        (!found.rows.is_empty()).then_some((page.kind, found))
    }

    /// The row of a cell that was found before.
    pub fn row_at(&self, place: Place) -> Option<FoundRow> {
        let bytes = self.page(place.page)?;
        let page = Page::parse_damaged(place.page, &bytes)?;
        let cell = self.cell(&page, usize::from(place.cell))?;
        self.row(place, &cell)
    }

    /// Calls `on_row` with each row of a page. Returns the number of cells that hold none.
    fn rows(&self, number: u32, page: &Page<'_>, on_row: OnRow<'_>) -> ControlFlow<(), u64> {
        let mut lost = 0;
        // In a sound page no two cells overlap. Where all point to the same bytes, the same row would be found without end.
        let mut room = 2 * self.layout.usable as usize;
        for cell in 0..page.cells() {
            let place = Place {
                page: number,
                cell: u16::try_from(cell).unwrap_or(u16::MAX),
            };
            let parsed = self.cell(page, cell).filter(|cell| cell.size <= room);
            let row = parsed.and_then(|cell| {
                room -= cell.size;
                self.row(place, &cell)
            });
            match row {
                Some(row) => on_row(row)?,
                None => lost += 1,
            }
        }
        ControlFlow::Continue(lost)
    }

    /// The pages of the freelist, as far as it can be followed. `None` without memory.
    pub fn freelist(&self) -> Option<Usage> {
        let pages = Usage::new(self.pages)?;
        let header = self.page(1).unwrap_or_default();
        let mut next = u32_at(&header, 32).unwrap_or(0);
        while pages.claim(next).is_ok() {
            let trunk = self.page(next).unwrap_or_default();
            for entry in trunk_entries(&trunk, self.pages).unwrap_or_default() {
                let _ = pages.claim(u32::from_be_bytes(*entry)); // named twice, it is free all the same
            }
            next = u32_at(&trunk, 0).unwrap_or(0);
        }
        Some(pages)
    }
}

/// The leaves that a trunk page of the freelist names; `None` where it cannot be one.
fn trunk_entries(trunk: &[u8], pages: u32) -> Option<&[[u8; 4]]> {
    let count = usize::try_from(u32_at(trunk, 4)?).ok()?;
    let entries = trunk
        .get(8..8_usize.checked_add(count.checked_mul(4)?)?)?
        .as_chunks::<4>()
        .0;
    let is_page = |entry: &[u8; 4]| (2..=pages).contains(&u32::from_be_bytes(*entry));
    entries.iter().all(is_page).then_some(entries)
}
