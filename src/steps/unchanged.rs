//! Whether a backup holds what the live database holds: every page is compared. Times, counters and sizes can lie.

use crate::database::page_reader::{CHUNK, has_page_table, lock_byte_page};
use crate::report::error::Result;
use crate::report::progress::ProgressFn;
use crate::steps::page_set::{Pace, bytes_of, chunks};
use crate::steps::same_pages::OWN;
use crate::steps::snapshot::Source;

/// Whether both hold the same pages, but for what each file says of itself. Ends at the first difference.
pub(crate) fn is_unchanged(live: &Source, backup: &Source, progress: ProgressFn<'_>) -> Result<bool> {
    let page_size = live.shape.page_size;
    if live.shape.pages != backup.shape.pages
        || page_size != backup.shape.page_size
        || !has_page_table(&live.connection)
    {
        return Ok(false);
    }
    let (mut one, mut other) = (live.pages()?, backup.pages()?);
    let (mut left, mut right) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut pace = Pace::new(progress, live.shape.pages);
    let lock_byte = lock_byte_page(page_size);
    for (first, count) in chunks(live.shape.pages, page_size) {
        pace.keep()?;
        let length = bytes_of(count, page_size);
        let (left, right) = (&mut left[..length], &mut right[..length]);
        one.read(first, left)?;
        other.read(first, right)?;
        if first == 1 {
            for own in OWN {
                left[own.clone()].fill(0);
                right[own].fill(0);
            }
        }
        let size = bytes_of(1, page_size);
        let mut pages = (first..).zip(left.chunks_exact(size).zip(right.chunks_exact(size)));
        if pages.any(|(page, (left, right))| page != lock_byte && left != right) {
            return Ok(false);
        }
    }
    Ok(true)
}
