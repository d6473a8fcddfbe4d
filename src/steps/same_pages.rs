//! Whether two files hold the same pages. That proves more than a check of one of them, in less time.

use std::io;
use std::ops::Range;
use std::time::Instant;

use crate::database::live_file::LiveFile;
use crate::database::shape::Shape;
use crate::report::progress::{POLL_INTERVAL, Progress, ProgressFn};

/// The header fields that belong to each file and are not compared: write and read version, change counter, schema cookie, and the
/// SQLite version that wrote it. <https://www.sqlite.org/fileformat2.html#the_database_header>.
pub(super) const PER_FILE_FIELDS: [Range<usize>; 4] = [18..20, 24..28, 40..44, 92..100];
/// SQLite never writes the page with this byte: <https://www.sqlite.org/fileformat2.html#the_lock_byte_page>.
const LOCK_BYTE: u64 = 0x4000_0000;
const CHUNK: usize = 1 << 16;

/// Compares all pages of two files of one `shape`. Both are in a read transaction, and have no WAL.
pub(crate) fn same_pages(
    one: &LiveFile<'_>,
    other: &LiveFile<'_>,
    shape: &Shape,
    progress: ProgressFn<'_>,
) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; CHUNK], vec![0; CHUNK]);
    let (size, page_size) = (shape.bytes(), usize::try_from(shape.page_size).unwrap_or(CHUNK));
    let finished = Progress {
        pages_done: shape.pages,
        pages_total: shape.pages,
    };
    let mut last_report = Instant::now();
    for start in (0..size).step_by(CHUNK) {
        // The progress function takes longer than comparing a chunk.
        if start == 0 || last_report.elapsed() >= POLL_INTERVAL {
            let _ = progress(finished);
            last_report = Instant::now();
        }
        let length = usize::try_from(size - start).unwrap_or(CHUNK).min(CHUNK);
        let (left, right) = (&mut left[..length], &mut right[..length]);
        one.read_exact_at(left, start)?;
        other.read_exact_at(right, start)?;
        for field in if start == 0 { &PER_FILE_FIELDS[..] } else { &[] } {
            left[field.clone()].fill(0);
            right[field.clone()].fill(0);
        }
        let compared = if start == LOCK_BYTE {
            page_size.min(length)..
        } else {
            0..
        };
        if left[compared.clone()] != right[compared] {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::live_file;
    use crate::report::progress::unwatched;
    use rusqlite::Connection;
    use std::fs;

    #[test]
    fn any_difference_is_seen_but_in_what_a_file_says_of_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("one.db"), folder.path().join("other.db"));
        let connection = Connection::open(&one).expect("opens");
        connection
            .execute_batch("CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(200000))")
            .expect("written");
        let shape = Shape::read(&connection).expect("readable");
        drop(connection);
        let bytes = fs::read(&one).expect("read");
        let compare_with = |changed: &[usize]| {
            let mut bytes = bytes.clone();
            changed.iter().for_each(|place| bytes[*place] ^= 1);
            fs::write(&other, bytes).expect("written");
            let (one, other) = (
                live_file::open(&one).expect("opens"),
                live_file::open(&other).expect("opens"),
            );
            let files = LiveFile::of(&one).zip(LiveFile::of(&other)).expect("files");
            same_pages(&files.0, &files.1, &shape, &mut unwatched).expect("read")
        };
        assert!(compare_with(&[]));
        assert!(compare_with(&[18, 27, 43, 99]));
        for place in [
            0,
            17,
            20,
            28,
            44,
            91,
            100,
            4096,
            CHUNK - 1,
            CHUNK,
            3 * CHUNK,
            bytes.len() - 1,
        ] {
            assert!(!compare_with(&[place]), "byte {place}");
        }
    }
}
