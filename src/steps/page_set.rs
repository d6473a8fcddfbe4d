//! Which pages of two databases differ.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::database::page_reader::{CHUNK, PageReader, lock_byte_page};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{POLL_INTERVAL, Progress, ProgressFn};

/// A set of page numbers, one bit a page: 3 MB for a database of 100 GB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PageSet {
    words: Vec<u64>,
}

impl PageSet {
    /// The word and the bit of a page.
    fn place(page: u64) -> (usize, u64) {
        (usize::try_from(page / 64).unwrap_or(usize::MAX), 1 << (page % 64))
    }

    /// Adds the page or removes it.
    pub fn set(&mut self, page: u64, contained: bool) {
        let (word, bit) = PageSet::place(page);
        if contained {
            if word >= self.words.len() {
                self.words.resize(word + 1, 0);
            }
            self.words[word] |= bit;
        } else if let Some(found) = self.words.get_mut(word) {
            *found &= !bit;
        }
    }

    pub fn contains(&self, page: u64) -> bool {
        let (word, bit) = PageSet::place(page);
        self.words.get(word).is_some_and(|found| found & bit != 0)
    }

    pub fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The pages in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        (0_u64..).zip(&self.words).flat_map(|(place, word)| {
            let word = *word;
            (0..64)
                .filter(move |bit| word >> bit & 1 != 0)
                .map(move |bit| place * 64 + bit)
        })
    }
}

/// Calls the progress function every [`POLL_INTERVAL`], always with the same progress: its return value can cancel the work.
pub(crate) struct CancelPoll<'a> {
    progress: ProgressFn<'a>,
    now: Progress,
    last_call: Option<Instant>,
}

impl<'a> CancelPoll<'a> {
    pub fn new(progress: ProgressFn<'a>, pages: u64) -> CancelPoll<'a> {
        let now = Progress {
            pages_done: pages,
            pages_total: pages,
        };
        let last_call = None;
        CancelPoll {
            progress,
            now,
            last_call,
        }
    }

    /// Fails when the progress function cancels.
    pub fn check(&mut self) -> Result<()> {
        if self.last_call.is_some_and(|last| last.elapsed() < POLL_INTERVAL) {
            return Ok(());
        }
        let answer = (self.progress)(self.now);
        self.last_call = Some(Instant::now());
        match answer {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::new(Cause::Cancelled)),
        }
    }
}

/// The pages of a database in chunks that are read at once: the first page of each and their number.
pub(crate) fn chunks(pages: u64, page_size: u64) -> impl Iterator<Item = (u64, u64)> {
    let at_once = (CHUNK as u64 / page_size).max(1);
    let step = usize::try_from(at_once).unwrap_or(1);
    (1..=pages)
        .step_by(step)
        .map(move |first| (first, at_once.min(pages - first + 1)))
}

/// The size of these pages in bytes.
pub(crate) fn bytes_of(pages: u64, page_size: u64) -> usize {
    usize::try_from(pages * page_size).unwrap_or(CHUNK)
}

/// The pages of `new` that differ in `old` or are missing there. Page 1 always counts: it holds its own file's change counter.
/// When most of a sample differ, all pages count.
pub(crate) fn differing(
    old: &mut PageReader<'_>,
    old_pages: u64,
    new: &mut PageReader<'_>,
    new_pages: u64,
    page_size: u64,
    poll: &mut CancelPoll<'_>,
) -> Result<PageSet> {
    let (mut left, mut right) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut found = PageSet::default();
    let mut compare = |first: u64, count: u64, found: &mut PageSet| {
        poll.check()?;
        let length = bytes_of(count, page_size);
        let (left, right) = (&mut left[..length], &mut right[..length]);
        old.read(first, left)?;
        new.read(first, right)?;
        if left != right {
            mark_differing(found, first, left, right, page_size);
        }
        Ok(())
    };
    let both = old_pages.min(new_pages);
    let mut sampled = 0;
    for (first, count) in chunks(both, page_size).step_by(sampling_step(both, page_size)) {
        compare(first, count, &mut found)?;
        sampled += count;
    }
    if sampled < both && found.len() > sampled / 4 * 3 {
        // Writing some equal pages costs less than comparing all of them.
        (1..=both).for_each(|page| found.set(page, true));
    } else if sampled < both {
        for (first, count) in chunks(both, page_size) {
            compare(first, count, &mut found)?;
        }
    }
    (old_pages + 1..=new_pages).for_each(|page| found.set(page, true));
    found.set(lock_byte_page(page_size), false);
    found.set(1, true);
    Ok(found)
}

/// The step between sampled chunks. In a large database a sample spread over the file shows whether most pages differ.
fn sampling_step(pages: u64, page_size: u64) -> usize {
    const SAMPLES: usize = 256;
    (chunks(pages, page_size).count() / SAMPLES).max(1)
}

fn mark_differing(found: &mut PageSet, first: u64, left: &[u8], right: &[u8], page_size: u64) {
    let size = bytes_of(1, page_size);
    for (page, (left, right)) in (first..).zip(left.chunks_exact(size).zip(right.chunks_exact(size))) {
        if left != right {
            found.set(page, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_in_order() {
        let mut set = PageSet::default();
        assert_eq!(set.len(), 0);
        for page in [1, 700, 63, 64, 65, 700] {
            set.set(page, true);
        }
        set.set(64, false);
        set.set(9_999_999, false);
        assert_eq!(set.iter().collect::<Vec<_>>(), [1, 63, 65, 700]);
        assert_eq!(set.len(), 4);
        assert!(set.contains(65) && !set.contains(64) && !set.contains(1 << 40));
    }

    #[test]
    fn chunks_hold_each_page_once_whatever_its_size() {
        for page_size in [512, 4096, 65_536] {
            for pages in [0, 1, 15, 16, 17, 129, 300] {
                let all: Vec<u64> = chunks(pages, page_size)
                    .flat_map(|(first, count)| {
                        assert!(bytes_of(count, page_size) <= CHUNK);
                        first..first + count
                    })
                    .collect();
                assert_eq!(all, (1..=pages).collect::<Vec<_>>(), "{page_size}");
            }
        }
    }

    #[test]
    fn the_lock_byte_page_is_where_sqlite_leaves_it_out() {
        assert_eq!(lock_byte_page(512), 2_097_153);
        assert_eq!(lock_byte_page(4096), 262_145);
        assert_eq!(lock_byte_page(65_536), 16_385);
    }
}
