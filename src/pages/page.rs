//! A b-tree page: <https://www.sqlite.org/fileformat2.html#b_tree_pages>.

use crate::pages::bytes::{u16_at, u32_at};
use crate::pages::header::HEADER;

/// The kind of a page: table or index, interior or leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    TableLeaf,
    TableInterior,
    IndexLeaf,
    IndexInterior,
}

impl Kind {
    pub fn is_leaf(self) -> bool {
        matches!(self, Kind::TableLeaf | Kind::IndexLeaf)
    }

    pub fn is_table(self) -> bool {
        matches!(self, Kind::TableLeaf | Kind::TableInterior)
    }
}

/// Why bytes are no b-tree page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageFault {
    /// The flag of the page's kind has none of the four values.
    Flag(u8),
    /// The cell pointers or the cell content area are not within the page.
    Layout,
    /// Free blocks that are not in order, not within the cell content area, or too small.
    FreeBlocks,
    /// A cell that is not within the cell content area.
    CellOutside(u16),
    /// A cell that overlaps another cell or a free block.
    Overlap(u16),
    /// The number of unused bytes differs from the number of fragmented bytes in the header.
    Fragments { found: u32, stated: u8 },
}

/// A page's header and cell pointers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'a> {
    /// The usable bytes.
    pub bytes: &'a [u8],
    pub kind: Kind,
    /// Where the cell content area begins.
    pub content: usize,
    pointers: &'a [u8],
    pointers_end: usize,
    /// It states more cells than fit into it.
    is_cut: bool,
    pub right_child: u32,
    first_free_block: u16,
    pub fragments: u8,
}

impl<'a> Page<'a> {
    /// Whether the flag is that of a leaf. The page may be unsound.
    pub fn is_leaf(number: u32, bytes: &[u8]) -> bool {
        let at = if number == 1 { HEADER } else { 0 };
        matches!(bytes.get(at), Some(10 | 13))
    }

    /// `bytes` are the usable ones of page `number`.
    pub fn parse(number: u32, bytes: &'a [u8]) -> Result<Page<'a>, PageFault> {
        let page = Page::parse_any(number, bytes)?;
        if page.is_cut || page.content > bytes.len() || page.content < page.pointers_end {
            return Err(PageFault::Layout);
        }
        Ok(page)
    }

    /// A page whose header can be wrong: where the cell content area begins, and how many cells there are.
    pub fn parse_damaged(number: u32, bytes: &'a [u8]) -> Option<Page<'a>> {
        let page = Page::parse_any(number, bytes).ok()?;
        let content = page.pointers_end - page.pointers.len();
        Some(Page { content, ..page })
    }

    fn parse_any(number: u32, bytes: &'a [u8]) -> Result<Page<'a>, PageFault> {
        let at = if number == 1 { HEADER } else { 0 };
        let header: &[u8; 8] = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(PageFault::Layout)?;
        let kind = match header[0] {
            13 => Kind::TableLeaf,
            5 => Kind::TableInterior,
            10 => Kind::IndexLeaf,
            2 => Kind::IndexInterior,
            flag => return Err(PageFault::Flag(flag)),
        };
        let cells = usize::from(u16::from_be_bytes([header[3], header[4]]));
        let content = match u16::from_be_bytes([header[5], header[6]]) {
            0 => 65_536,
            offset => usize::from(offset),
        };
        let (right_child, pointers_at) = if kind.is_leaf() {
            (0, at + 8)
        } else {
            (u32_at(bytes, at + 8).ok_or(PageFault::Layout)?, at + 12)
        };
        let stated_end = pointers_at + 2 * cells;
        let pointers_end = stated_end.min(bytes.len() & !1);
        Ok(Page {
            bytes,
            kind,
            content,
            pointers: bytes.get(pointers_at..pointers_end).ok_or(PageFault::Layout)?,
            pointers_end,
            is_cut: pointers_end < stated_end,
            right_child,
            first_free_block: u16::from_be_bytes([header[1], header[2]]),
            fragments: header[7],
        })
    }

    /// Whether the page states more cells than fit into it.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub fn cells(&self) -> usize {
        self.pointers.len() / 2
    }

    /// Where cell `number` begins.
    #[inline]
    pub fn cell_at(&self, number: usize) -> Option<usize> {
        Some(usize::from(u16_at(self.pointers, 2 * number)?))
    }

    /// Start and size of each free block: <https://www.sqlite.org/fileformat2.html#freeblock>.
    pub fn free_blocks(&self) -> FreeBlocks<'a> {
        FreeBlocks {
            bytes: self.bytes,
            next: self.first_free_block.into(),
            least: self.content,
        }
    }
}

/// Each free block begins behind the one before it, so there is an end.
pub(crate) struct FreeBlocks<'a> {
    bytes: &'a [u8],
    next: usize,
    /// Where the next one begins at the earliest.
    least: usize,
}

impl Iterator for FreeBlocks<'_> {
    type Item = Result<(usize, usize), PageFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == 0 {
            return None;
        }
        let block = self.block();
        match block {
            // Fewer than four bytes between two are fragments of one that would have been joined.
            Some((start, size, next)) => {
                (self.next, self.least) = (next, start + size + 4);
                Some(Ok((start, size)))
            }
            None => {
                self.next = 0;
                Some(Err(PageFault::FreeBlocks))
            }
        }
    }
}

impl FreeBlocks<'_> {
    fn block(&self) -> Option<(usize, usize, usize)> {
        let start = self.next;
        let next = usize::from(u16_at(self.bytes, start)?);
        let size = usize::from(u16_at(self.bytes, start + 2)?);
        (start >= self.least && size >= 4 && start + size <= self.bytes.len()).then_some((start, size, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[..8].copy_from_slice(&[13, 0, 0, 0, 1, 1, 0, 0]);
        bytes[8..10].copy_from_slice(&[1, 0]);
        bytes
    }

    #[test]
    fn a_leaf() {
        let bytes = leaf();
        let page = Page::parse(2, &bytes).expect("a page");
        assert_eq!((page.kind, page.cells(), page.content), (Kind::TableLeaf, 1, 256));
        assert_eq!((page.cell_at(0), page.cell_at(1)), (Some(256), None));
        assert_eq!(page.free_blocks().count(), 0);
    }

    #[test]
    fn page_one_begins_behind_the_header() {
        let mut bytes = vec![0; 512];
        bytes[100..108].copy_from_slice(&[5, 0, 0, 0, 0, 2, 0, 0]);
        bytes[108..112].copy_from_slice(&[0, 0, 0, 9]);
        let page = Page::parse(1, &bytes).expect("a page");
        assert_eq!((page.kind, page.right_child), (Kind::TableInterior, 9));
    }

    #[test]
    fn what_is_no_page() {
        let fault = |at: usize, byte: u8| {
            let mut bytes = leaf();
            bytes[at] = byte;
            Page::parse(2, &bytes).expect_err("a fault")
        };
        assert_eq!(fault(0, 12), PageFault::Flag(12));
        assert_eq!(
            fault(3, 1),
            PageFault::Layout,
            "more pointers than fit before the content"
        );
        assert_eq!(fault(5, 3), PageFault::Layout, "content behind the end");
        assert_eq!(
            fault(5, 0),
            PageFault::Layout,
            "content within the pointers, or at 65536"
        );
        assert_eq!(Page::parse(2, &[13]).expect_err("a fault"), PageFault::Layout);
    }

    #[test]
    fn free_blocks_are_in_order_and_within_the_content() {
        let blocks = |edits: &[(usize, u8)]| {
            let mut bytes = leaf();
            bytes[1..3].copy_from_slice(&[1, 0x10]);
            bytes[0x110..0x114].copy_from_slice(&[1, 0x20, 0, 8]);
            bytes[0x120..0x124].copy_from_slice(&[0, 0, 0, 4]);
            for (at, byte) in edits {
                bytes[*at] = *byte;
            }
            let page = Page::parse(2, &bytes).expect("a page");
            page.free_blocks().collect::<Result<Vec<_>, _>>()
        };
        assert_eq!(blocks(&[]), Ok(vec![(0x110, 8), (0x120, 4)]));
        let fault = Err(PageFault::FreeBlocks);
        assert_eq!(blocks(&[(0x111, 0x10)]), fault, "a circle");
        assert_eq!(blocks(&[(0x111, 0x1b)]), fault, "too near");
        assert_eq!(blocks(&[(0x123, 3)]), fault, "too small");
        assert_eq!(blocks(&[(0x122, 1)]), fault, "behind the end");
        assert_eq!(blocks(&[(1, 0), (2, 0x10)]), fault, "before the content");
    }
}
