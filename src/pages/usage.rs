//! Which pages are used. Every page is used exactly once, so that there is no circle and no lost page.

use std::sync::atomic::{AtomicU64, Ordering};

/// A bit for each page, shared by threads.
pub(crate) struct Usage {
    words: Vec<AtomicU64>,
    pages: u32,
}

/// Why a page cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No page has this number.
    OutOfRange,
    /// It is used already.
    Used,
}

impl Usage {
    /// For the pages from 1 to `pages`; `None` when memory does not suffice.
    pub fn new(pages: u32) -> Option<Usage> {
        let count = pages as usize / 64 + 1;
        let mut words = Vec::new();
        words.try_reserve_exact(count).ok()?;
        words.resize_with(count, AtomicU64::default);
        Some(Usage { words, pages })
    }

    /// Marks a page as used.
    pub fn claim(&self, page: u32) -> Result<(), Refused> {
        if page == 0 || page > self.pages {
            return Err(Refused::OutOfRange);
        }
        let bit = 1 << (page % 64);
        let word = self.words.get(page as usize / 64).ok_or(Refused::OutOfRange)?;
        // No other memory depends on this bit, so relaxed ordering suffices.
        if word.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            Ok(())
        } else {
            Err(Refused::Used)
        }
    }

    /// Whether a page is used.
    pub fn is_used(&self, page: u32) -> bool {
        let word = self.words.get(page as usize / 64);
        word.is_some_and(|word| word.load(Ordering::Relaxed) >> (page % 64) & 1 == 1)
    }

    /// Marks all pages that `other`, of the same file, has marked.
    pub fn include(&self, other: &Usage) {
        for (word, more) in self.words.iter().zip(&other.words) {
            word.fetch_or(more.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// Whether there is a page of this number that nothing uses yet.
    pub fn is_free(&self, page: u32) -> bool {
        (1..=self.pages).contains(&page) && !self.is_used(page)
    }

    /// The pages that nothing uses.
    pub fn unused(&self) -> impl Iterator<Item = u32> {
        let words = self.words.iter().map(|word| word.load(Ordering::Relaxed));
        words
            .zip((0..).step_by(64))
            .filter(|(word, _)| *word != u64::MAX)
            .flat_map(|(word, first)| {
                (0..64)
                    .filter(move |bit| word >> bit & 1 == 0)
                    .map(move |bit| first + bit)
            })
            .filter(|page| (1..=self.pages).contains(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_once() {
        let usage = Usage::new(130).expect("memory");
        assert_eq!(usage.claim(0), Err(Refused::OutOfRange));
        assert_eq!(usage.claim(131), Err(Refused::OutOfRange));
        for page in (1..=130).filter(|page| ![1, 64, 130].contains(page)) {
            assert_eq!(usage.claim(page), Ok(()));
            assert_eq!(usage.claim(page), Err(Refused::Used));
        }
        assert_eq!(usage.unused().collect::<Vec<_>>(), [1, 64, 130]);
        let other = Usage::new(130).expect("memory");
        assert_eq!(other.claim(64), Ok(()));
        usage.include(&other);
        assert_eq!(usage.unused().collect::<Vec<_>>(), [1, 130]);
        assert_eq!(
            [0, 1, 64, 131].map(|page| usage.is_used(page)),
            [false, false, true, false]
        );
    }
}
