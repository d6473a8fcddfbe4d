//! The pages that a rollback journal holds: <https://www.sqlite.org/fileformat2.html#the_rollback_journal>.
//!
//! SQLite's own playback deletes the super-journal that a journal names. This one only asks whether it is there.

use std::io;

use crate::pages::bytes::u32_at;
use crate::pages::source::{ReadAt, WriteAt};
use crate::pages::usage::Usage;
use crate::pages::wal_frames::{most_pages, shorten};

const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
const HEADER: usize = 28;
/// The most bytes of the name of a super-journal that is read.
const LONGEST_NAME: u32 = 4096;

/// The start of a segment of a journal.
struct Segment {
    records: u64,
    nonce: u32,
    pages_before: u32,
    sector: u64,
    page_size: u32,
}

/// Writes the pages of a journal back into `file`, as it was before the transaction that was broken off. Returns the page size
/// that the journal states, if it is one.
pub(crate) fn play_back(journal: &dyn ReadAt, file: &dyn WriteAt) -> io::Result<Option<u32>> {
    let size = journal.size()?;
    let Some(first) = segment(journal, 0, size, None)? else {
        return Ok(None);
    };
    let (page_size, sector) = (first.page_size, first.sector);
    let record = u64::from(page_size) + 8;
    let mut bytes = vec![0; usize::try_from(record).unwrap_or(0)];
    let pages_before = first.pages_before;
    let Some(done) = Usage::new(pages_before.min(most_pages(file, journal, page_size)?)) else {
        return Ok(None);
    };
    let (mut at, mut next) = (0, Some(first));
    'segments: while let Some(segment) = next {
        at += sector;
        for _ in 0..segment.records {
            if at + record > size {
                break 'segments;
            }
            journal.read_exact_at(&mut bytes, at)?;
            let number = u32_at(&bytes, 0).unwrap_or(0);
            let page = bytes.get(4..4 + page_size as usize).unwrap_or_default();
            if u32_at(&bytes, 4 + page_size as usize) != Some(checksum(page, segment.nonce)) {
                break 'segments;
            }
            // The first record of a page is the oldest.
            if done.claim(number).is_ok() {
                file.write_all_at(page, u64::from(number - 1) * u64::from(page_size))?;
            }
            at += record;
        }
        at = at.next_multiple_of(sector);
        next = self::segment(journal, at, size, Some((page_size, sector)))?;
    }
    shorten(file, u64::from(pages_before) * u64::from(page_size))?;
    Ok(Some(page_size))
}

/// The header of a segment at `at`; `None` where there is none. Sizes are those of the first.
fn segment(journal: &dyn ReadAt, at: u64, size: u64, sizes: Option<(u32, u64)>) -> io::Result<Option<Segment>> {
    if at + HEADER as u64 > size {
        return Ok(None);
    }
    let mut header = [0; HEADER];
    journal.read_exact_at(&mut header, at)?;
    if !header.starts_with(&MAGIC) {
        return Ok(None);
    }
    let number = |at| u32_at(&header, at).unwrap_or(0);
    let (page_size, sector) = sizes.unwrap_or((number(24), u64::from(number(20))));
    let is_valid = |value: u64, least: u64| value.is_power_of_two() && (least..=65_536).contains(&value);
    if !is_valid(page_size.into(), 512) || !is_valid(sector, 32) {
        return Ok(None);
    }
    let fit = size.saturating_sub(at + sector) / (u64::from(page_size) + 8);
    Ok(Some(Segment {
        // A writer that does not flush leaves the number open.
        records: if number(8) == u32::MAX {
            fit
        } else {
            u64::from(number(8)).min(fit)
        },
        nonce: number(12),
        pages_before: number(16),
        sector,
        page_size,
    }))
}

fn checksum(page: &[u8], nonce: u32) -> u32 {
    let mut sum = nonce;
    let mut at = page.len().saturating_sub(200);
    while at > 0 {
        sum = sum.wrapping_add(page.get(at).copied().unwrap_or(0).into());
        at = at.saturating_sub(200);
    }
    sum
}

/// The name of the super-journal at the end of a journal: if there is no such file, the transaction was committed.
pub(crate) fn super_journal(journal: &dyn ReadAt) -> io::Result<Option<Vec<u8>>> {
    const TRAILER: u64 = 16;
    let size = journal.size()?;
    let Some(at) = size.checked_sub(TRAILER) else {
        return Ok(None);
    };
    let mut trailer = [0; TRAILER as usize];
    journal.read_exact_at(&mut trailer, at)?;
    let (length, sum) = (u32_at(&trailer, 0).unwrap_or(0), u32_at(&trailer, 4).unwrap_or(0));
    let start = at.checked_sub(length.into());
    let (true, true, Some(start)) = (trailer.ends_with(&MAGIC), (1..=LONGEST_NAME).contains(&length), start) else {
        return Ok(None);
    };
    let mut name = vec![0; length as usize];
    journal.read_exact_at(&mut name, start)?;
    // SQLite adds up chars, which are signed on most machines.
    let signed = name
        .iter()
        .fold(0_u32, |sum, byte| sum.wrapping_add(byte.cast_signed() as u32));
    let unsigned = name.iter().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    Ok((signed == sum || unsigned == sum).then_some(name))
}
