//! What each byte of a b-tree page belongs to: a cell, a free block, or a fragment that the header counts.

use crate::pages::page::{Page, PageFault};

/// A bit for each byte of a page.
#[derive(Default)]
pub(crate) struct Space {
    words: Vec<u64>,
    taken: usize,
}

impl Space {
    /// Begins a page.
    pub fn clear(&mut self, page: &Page<'_>) {
        self.words.clear();
        // The word behind the last one is marked with nothing, so that a cell always has two.
        self.words.resize(page.bytes.len() / 64 + 2, 0);
        self.taken = 0;
    }

    /// Marks the bytes of a cell or free block; `false` when one of them is already marked.
    #[inline]
    pub fn take(&mut self, start: usize, size: usize) -> bool {
        let first = start / 64;
        if size > 64 {
            return self.take_long(start, size);
        }
        // Most cells are this short; whether they end in the next word cannot be foreseen, so there is no branch on it.
        let Some([word, next]) = self.words.get_mut(first..).and_then(<[u64]>::first_chunk_mut) else {
            return false;
        };
        self.taken += size;
        let mask = ((1_u128 << size) - 1) << (start % 64);
        let (low, high) = (mask as u64, (mask >> 64) as u64);
        let free = (*word & low) | (*next & high);
        *word |= low;
        *next |= high;
        free == 0
    }

    fn take_long(&mut self, start: usize, size: usize) -> bool {
        let end = start + size;
        self.taken += size;
        let Some(words) = self.words.get_mut(start / 64..=(end - 1) / 64) else {
            return false;
        };
        let from = u64::MAX << (start % 64);
        let to = u64::MAX >> ((64 - end % 64) % 64);
        let (mut taken, last) = (0, words.len() - 1);
        for (number, word) in words.iter_mut().enumerate() {
            let mut mask = if number == 0 { from } else { u64::MAX };
            if number == last {
                mask &= to;
            }
            taken |= *word & mask;
            *word |= mask;
        }
        taken == 0
    }

    /// After the cells: the free blocks, and what is left over.
    pub fn finish(&mut self, page: &Page<'_>) -> Result<(), PageFault> {
        for block in page.free_blocks() {
            let (start, size) = block?;
            if !self.take(start, size) {
                return Err(PageFault::FreeBlocks);
            }
        }
        let found = (page.bytes.len() - page.content).saturating_sub(self.taken);
        if found == usize::from(page.fragments) {
            return Ok(());
        }
        Err(PageFault::Fragments {
            found: u32::try_from(found).unwrap_or(u32::MAX),
            stated: page.fragments,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_taken_twice() {
        let mut bytes = vec![0; 512];
        bytes[..8].copy_from_slice(&[13, 0, 0, 0, 0, 1, 0, 3]);
        let page = Page::parse(2, &bytes).expect("a page");
        for start in 256..400 {
            for size in [4, 7, 63, 64, 65, 100] {
                let mut space = Space::default();
                space.clear(&page);
                assert!(space.take(start, size));
                assert!(!space.take(start, 1) && !space.take(start + size - 1, 1));
                assert!(space.take(start - 4, 4) && space.take(start + size, 4));
                assert!(!space.take(start - 4, size + 8));
            }
        }
    }

    #[test]
    fn every_byte_belongs_to_something() {
        let mut bytes = vec![0; 512];
        bytes[..8].copy_from_slice(&[13, 1, 0, 0, 0, 1, 0, 3]);
        bytes[256..260].copy_from_slice(&[0, 0, 0, 100]);
        let page = Page::parse(2, &bytes).expect("a page");
        let rest = |size| {
            let mut space = Space::default();
            space.clear(&page);
            assert!(space.take(356, size));
            space.finish(&page)
        };
        assert_eq!(rest(153), Ok(()));
        assert_eq!(rest(152), Err(PageFault::Fragments { found: 4, stated: 3 }));
        assert_eq!(rest(156), Err(PageFault::Fragments { found: 0, stated: 3 }));
    }
}
