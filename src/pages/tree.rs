//! The pages of one b-tree in the order of its keys, found without reading its leaves, and the payload of a cell.
//!
//! The walk does not verify: pages that cannot be read are counted and left out.

use crate::pages::bytes::u32_at;
use crate::pages::cell::{Cell, Limits};
use crate::pages::page::Page;
use crate::pages::usage::Usage;

/// The deepest tree; as SQLite's `BTCURSOR_MAX_DEPTH`.
const DEEPEST: usize = 20;

/// Reads a page of this number into the buffer.
pub(crate) trait ReadPage {
    /// Why a page cannot be read.
    type Error;
    /// Fills `page` with the usable bytes of page `number`, which is from 1 to the number of pages.
    fn read_page(&mut self, number: u32, page: &mut Vec<u8>) -> Result<(), Self::Error>;
}

/// The pages of a tree.
#[derive(Debug, Default)]
pub(crate) struct TreePages {
    /// In the order of the keys.
    pub leaves: Vec<u32>,
    pub interior: Vec<u32>,
    /// References that lead nowhere.
    pub lost: u64,
}

/// Follows the interior pages of a tree. Every page is claimed in `usage`, so a circle has an end.
pub(crate) fn pages_of<R: ReadPage>(
    root: u32,
    is_table: bool,
    usage: &Usage,
    limits: &Limits,
    reader: &mut R,
) -> Result<TreePages, R::Error> {
    let mut found = TreePages::default();
    let mut buffer = Vec::new();
    // All leaves of a tree are equally deep, so the first way down tells which pages need not be read.
    let height = height(root, is_table, usage, limits, reader)?;
    let mut left = vec![(root, 0)];
    while let Some((number, depth)) = left.pop() {
        if usage.claim(number).is_err() {
            found.lost += 1;
            continue;
        }
        if depth == height {
            found.leaves.push(number);
            continue;
        }
        reader.read_page(number, &mut buffer)?;
        let page = Page::parse(number, &buffer).ok();
        let page = page.filter(|page| !page.kind.is_leaf() && page.kind.is_table() == is_table);
        let Some(page) = page else {
            found.lost += 1;
            continue;
        };
        found.interior.push(number);
        left.push((page.right_child, depth + 1));
        for cell in (0..page.cells()).rev() {
            match cell_of(&page, cell, limits) {
                Some(cell) => left.push((cell.left_child, depth + 1)),
                None => found.lost += 1,
            }
        }
    }
    Ok(found)
}

/// The depth of the leaves.
fn height<R: ReadPage>(
    root: u32,
    is_table: bool,
    usage: &Usage,
    limits: &Limits,
    reader: &mut R,
) -> Result<usize, R::Error> {
    let mut buffer = Vec::new();
    let mut number = root;
    for depth in 0..DEEPEST {
        if !usage.is_free(number) {
            return Ok(depth);
        }
        reader.read_page(number, &mut buffer)?;
        let page = Page::parse(number, &buffer).ok();
        let page = page.filter(|page| !page.kind.is_leaf() && page.kind.is_table() == is_table);
        let Some(page) = page else {
            return Ok(depth);
        };
        let first = (0..page.cells()).find_map(|cell| cell_of(&page, cell, limits));
        number = first.map_or(page.right_child, |cell| cell.left_child);
    }
    Ok(DEEPEST)
}

/// A cell of a page, if it lies within the page's cell content.
pub(crate) fn cell_of<'a>(page: &Page<'a>, number: usize, limits: &Limits) -> Option<Cell<'a>> {
    let at = page.cell_at(number).filter(|at| *at >= page.content)?;
    Cell::parse(page, at, limits)
}

/// Collects the payload of a cell, at most `most` bytes of it, in `payload`. Returns whether all of that could be read.
pub(crate) fn payload_of<R: ReadPage>(
    cell: &Cell<'_>,
    most: usize,
    (limits, pages): (&Limits, u32),
    reader: &mut R,
    payload: &mut Vec<u8>,
) -> Result<bool, R::Error> {
    payload.clear();
    payload.extend_from_slice(cell.local);
    let wanted = usize::try_from(cell.length).unwrap_or(usize::MAX).min(most);
    let mut next = cell.overflow;
    let mut buffer = Vec::new();
    for _ in 0..limits.overflow_pages(cell.rest()) {
        if payload.len() >= wanted {
            break;
        }
        if next == 0 || next > pages {
            return Ok(false);
        }
        reader.read_page(next, &mut buffer)?;
        next = u32_at(&buffer, 0).unwrap_or(0);
        let content = buffer.get(4..).unwrap_or_default();
        let part = content.get(..wanted - payload.len()).unwrap_or(content);
        payload.extend_from_slice(part);
    }
    payload.truncate(wanted);
    Ok(payload.len() == wanted)
}
