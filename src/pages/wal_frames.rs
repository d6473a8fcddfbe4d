//! The frames of a WAL that are committed: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::io;

use crate::pages::bytes::u32_at;
use crate::pages::source::{ReadAt, WriteAt};

const HEADER: usize = 32;
const FRAME: usize = 24;

/// Writes what is committed in `wal` over the pages of `file`. Returns the page size that the WAL states, if it is one.
pub(crate) fn apply(wal: &dyn ReadAt, file: &dyn WriteAt) -> io::Result<Option<u32>> {
    let Some(mut frames) = Frames::open(wal)? else {
        return Ok(None);
    };
    let page_size = frames.page_size;
    // The last commit first: frames behind it are of a transaction that did not end.
    let mut committed = None;
    let (mut number, mut page) = (0_u64, Vec::new());
    while let Some(frame) = frames.next(&mut page)? {
        number += 1;
        if frame.commit_pages > 0 {
            committed = Some((number, frame.commit_pages));
        }
    }
    let Some((last, pages)) = committed else {
        return Ok(Some(page_size));
    };
    let most = most_pages(file, wal, page_size)?;
    let mut frames = Frames::open(wal)?;
    for _ in 0..last {
        let Some(frame) = frames
            .as_mut()
            .map(|frames| frames.next(&mut page))
            .transpose()?
            .flatten()
        else {
            break;
        };
        if (1..=pages.min(most)).contains(&frame.page) {
            file.write_all_at(&page, u64::from(frame.page - 1) * u64::from(page_size))?;
        }
    }
    shorten(file, u64::from(pages) * u64::from(page_size))?;
    Ok(Some(page_size))
}

/// The most pages of a database with this WAL or journal, which can state anything. A file that lost much of its end may have
/// pages behind it in its WAL.
pub(super) fn most_pages(file: &dyn ReadAt, journal: &dyn ReadAt, page_size: u32) -> io::Result<u32> {
    let pages = (file.size()? + journal.size()?).div_ceil(page_size.into());
    Ok(u32::try_from(pages.saturating_mul(4)).unwrap_or(u32::MAX))
}

/// Cuts the file to `size` bytes, if it is longer.
pub(super) fn shorten(file: &dyn WriteAt, size: u64) -> io::Result<()> {
    if file.size()? > size {
        file.set_size(size)
    } else {
        Ok(())
    }
}

struct Frame {
    page: u32,
    /// The pages of the database after a commit; 0 in other frames.
    commit_pages: u32,
}

/// Reads the frames from the first on, as long as salts and checksums are right.
struct Frames<'w> {
    wal: &'w dyn ReadAt,
    size: u64,
    at: u64,
    page_size: u32,
    salts: [u8; 8],
    sum: (u32, u32),
    big_endian: bool,
}

impl<'w> Frames<'w> {
    /// `None` where this is no WAL.
    fn open(wal: &'w dyn ReadAt) -> io::Result<Option<Frames<'w>>> {
        let size = wal.size()?;
        if size < HEADER as u64 {
            return Ok(None);
        }
        let mut header = [0; HEADER];
        wal.read_exact_at(&mut header, 0)?;
        let number = |at| u32_at(&header, at).unwrap_or(0);
        let big_endian = match number(0) {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return Ok(None),
        };
        let page_size = number(8);
        let sum = checksum(header.get(..24).unwrap_or_default(), (0, 0), big_endian);
        let is_size = page_size.is_power_of_two() && (512..=65_536).contains(&page_size);
        if !is_size || (number(24), number(28)) != sum {
            return Ok(None);
        }
        Ok(Some(Frames {
            wal,
            size,
            at: HEADER as u64,
            page_size,
            salts: header
                .get(16..24)
                .and_then(|salts| salts.try_into().ok())
                .unwrap_or_default(),
            sum,
            big_endian,
        }))
    }

    /// The next frame, and its page in `page`.
    fn next(&mut self, page: &mut Vec<u8>) -> io::Result<Option<Frame>> {
        let end = self.at + FRAME as u64 + u64::from(self.page_size);
        if end > self.size {
            return Ok(None);
        }
        let mut head = [0; FRAME];
        self.wal.read_exact_at(&mut head, self.at)?;
        page.resize(self.page_size as usize, 0);
        self.wal.read_exact_at(page, self.at + FRAME as u64)?;
        let sum = checksum(head.get(..8).unwrap_or_default(), self.sum, self.big_endian);
        let sum = checksum(page, sum, self.big_endian);
        let number = |at| u32_at(&head, at).unwrap_or(0);
        if head.get(8..16) != Some(&self.salts) || (number(16), number(20)) != sum {
            return Ok(None);
        }
        (self.at, self.sum) = (end, sum);
        Ok(Some(Frame {
            page: number(0),
            commit_pages: number(4),
        }))
    }
}

fn checksum(bytes: &[u8], start: (u32, u32), big_endian: bool) -> (u32, u32) {
    let word = |word: &[u8; 4]| {
        if big_endian {
            u32::from_be_bytes(*word)
        } else {
            u32::from_le_bytes(*word)
        }
    };
    let (mut one, mut other) = start;
    for pair in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
        one = one.wrapping_add(word(&pair[0])).wrapping_add(other);
        other = other.wrapping_add(word(&pair[1])).wrapping_add(one);
    }
    (one, other)
}
