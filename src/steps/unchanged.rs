//! Whether a backup equals the live database. Every page is compared, because times, counters and sizes prove nothing.

use crate::database::page_reader::{CHUNK, has_page_table, lock_byte_page};
use crate::report::error::Result;
use crate::report::progress::ProgressFn;
use crate::steps::page_set::{CancelPoll, bytes_of, chunks};
use crate::steps::same_pages::PER_FILE_FIELDS;
use crate::steps::snapshot::Source;

/// Whether both hold the same pages, except for the header fields of each file. Stops at the first difference.
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
    let mut poll = CancelPoll::new(progress, live.shape.pages);
    let lock_byte = lock_byte_page(page_size);
    for (first, count) in chunks(live.shape.pages, page_size) {
        poll.check()?;
        let length = bytes_of(count, page_size);
        let (left, right) = (&mut left[..length], &mut right[..length]);
        one.read(first, left)?;
        other.read(first, right)?;
        if first == 1 {
            for field in PER_FILE_FIELDS {
                left[field.clone()].fill(0);
                right[field].fill(0);
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
