//! The frames of a WAL that are committed: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use crate::pages::bytes::u32_at;

/// Writes what is committed in `wal` over the pages of `file`. Returns the page size that the WAL states, if it is one.
pub(crate) fn apply(wal: &[u8], file: &mut Vec<u8>) -> Option<usize> {
    const HEADER: usize = 32;
    const FRAME: usize = 24;
    let header = wal.get(..HEADER)?;
    let big_endian = match u32_at(header, 0)? {
        0x377f_0682 => false,
        0x377f_0683 => true,
        _ => return None,
    };
    let page_size = usize::try_from(u32_at(header, 8)?).ok()?;
    if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
        return None;
    }
    let mut sum = checksum(header.get(..24)?, (0, 0), big_endian);
    if (u32_at(header, 24)?, u32_at(header, 28)?) != sum {
        return None;
    }
    let mut waiting: Vec<(u32, &[u8])> = Vec::new();
    for frame in wal.get(HEADER..)?.chunks_exact(FRAME + page_size) {
        let (head, page) = frame.split_at(FRAME);
        sum = checksum(head.get(..8)?, sum, big_endian);
        sum = checksum(page, sum, big_endian);
        if head.get(8..16) != header.get(16..24) || (u32_at(head, 16)?, u32_at(head, 20)?) != sum {
            break;
        }
        waiting.push((u32_at(head, 0)?, page));
        let pages = usize::try_from(u32_at(head, 4)?).ok()?;
        if pages == 0 {
            continue;
        }
        file.resize(pages.checked_mul(page_size)?, 0);
        for (number, page) in waiting.drain(..) {
            let start = usize::try_from(number).ok()?.checked_sub(1)?.checked_mul(page_size)?;
            if let Some(place) = file.get_mut(start..).and_then(|rest| rest.get_mut(..page_size)) {
                place.copy_from_slice(page);
            }
        }
    }
    Some(page_size)
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
