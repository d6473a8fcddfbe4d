//! Overflow chains: <https://www.sqlite.org/fileformat2.html#cell_payload_overflow_pages>.

use crate::pages::bytes::u32_at;
use crate::pages::cell::Cell;
use crate::pages::plan::Tree;
use crate::pages::pointer_map::LedTo;
use crate::pages::problem::Fault;
use crate::pages::worker::{Walked, Worker};

impl Worker<'_> {
    /// Follows the overflow chain of a cell, and keeps the first `wanted` bytes of the payload in `self.long`.
    pub(super) fn follow_overflow(
        &mut self,
        tree: &Tree<'_>,
        (number, cell_number): (u32, usize),
        cell: &Cell<'_>,
        wanted: usize,
    ) -> Walked<bool> {
        let expected = self.shared.limits.overflow_pages(cell.rest());
        self.long.clear();
        self.long.extend_from_slice(cell.local);
        let usable = self.shared.header.usable as usize;
        let wanted = wanted.min(usize::try_from(cell.length).unwrap_or(usize::MAX));
        let (mut found, mut from, mut next) = (0, number, cell.overflow);
        while next != 0 && found < expected {
            self.step()?;
            let led_to = if found == 0 { LedTo::Cell } else { LedTo::OverflowPage };
            if !self.claim(Some(tree), next, from, led_to)? {
                return Ok(false);
            }
            found += 1;
            from = next;
            let missing = wanted.saturating_sub(self.long.len());
            if missing == 0 {
                let mut start = [0; 4];
                self.overflow.read_start(next, &mut start)?;
                next = u32::from_be_bytes(start);
            } else {
                self.overflow.read(next, &mut self.overflow_page)?;
                next = u32_at(&self.overflow_page, 0).unwrap_or(0);
                let content = self.overflow_page.get(4..usable).unwrap_or_default();
                let kept = content.get(..missing).unwrap_or(content);
                self.long.extend_from_slice(kept);
            }
        }
        if found == expected && next == 0 {
            return Ok(true);
        }
        let found = if next == 0 { found } else { found + 1 };
        let fault = Fault::OverflowLength {
            page: number,
            cell: cell_number,
            found,
            expected,
        };
        self.damaged(tree, fault);
        Ok(false)
    }
}
