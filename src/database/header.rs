//! The first 100 bytes of a SQLite file: a check that is cheap enough for a listing.
//!
//! Layout: <https://www.sqlite.org/fileformat2.html#the_database_header>.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::files::paths::open_plain;

/// The first bytes of a database.
pub(crate) const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The first bytes of a rollback journal: <https://www.sqlite.org/fileformat2.html#the_rollback_journal>.
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// The facts of a header that the library uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub page_size: u64,
    /// Pages of the file, if its last writer kept the number up to date.
    pub page_count: Option<u64>,
    /// Whether the file is in WAL mode.
    pub wal: bool,
}

impl Header {
    /// The header of the file at `path`, or `None` if it has none.
    pub fn read(path: &Path) -> io::Result<Option<Header>> {
        Header::read_from(File::open(path)?)
    }

    /// The header of an open file, of which nothing has been read.
    pub fn read_from(mut file: File) -> io::Result<Option<Header>> {
        let mut bytes = [0; 100];
        match file.read_exact(&mut bytes) {
            Ok(()) => Ok(Header::parse(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The header in the first bytes of a file, or `None` if they are not a header.
    pub fn parse(bytes: &[u8; 100]) -> Option<Header> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let page_size = match u64::from(u16::from_be_bytes([bytes[16], bytes[17]])) {
            1 => 65_536,
            size if size.is_power_of_two() && size >= 512 => size,
            _ => return None,
        };
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        // SQLite before 3.7.0 does not update the count. It is valid if its change number is the file's.
        let valid = number(28) != 0 && number(24) == number(92);
        Some(Header {
            page_size,
            page_count: valid.then(|| u64::from(number(28))),
            wal: bytes[19] == 2,
        })
    }

    /// Whether a file of `size` bytes holds all pages that its header states.
    ///
    /// It may be longer: a program can allocate room in advance (`SQLITE_FCNTL_CHUNK_SIZE`), and SQLite ignores bytes
    /// behind the last page.
    pub fn fits(&self, size: u64) -> bool {
        match self.page_count {
            Some(pages) => size >= pages * self.page_size,
            None => size > 0 && size.is_multiple_of(self.page_size),
        }
    }
}

/// Sets the file at `path` to rollback mode. Only for a file that no other program uses.
pub(crate) fn write_rollback_versions(path: &Path) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start(18))?;
    file.write_all(&[1, 1])
}

/// Whether the file at `path` is a rollback journal.
pub(crate) fn is_journal(path: &Path) -> io::Result<bool> {
    let mut bytes = [0; 8];
    match open_plain(path).and_then(|mut file| file.read_exact(&mut bytes)) {
        Ok(()) => Ok(bytes == JOURNAL_MAGIC),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether SQLite treats a file as empty. On some file systems its Unix VFS writes one byte into an empty file, and ignores
/// that byte.
pub(crate) fn is_empty(file: &Metadata) -> bool {
    file.len() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(page_size: u16, pages: u32) -> [u8; 100] {
        let mut bytes = [0; 100];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..18].copy_from_slice(&page_size.to_be_bytes());
        bytes[28..32].copy_from_slice(&pages.to_be_bytes());
        bytes
    }

    #[test]
    fn a_file_must_be_as_long_as_its_header_states_and_may_be_longer() {
        let whole = Header::parse(&header(4096, 3)).expect("a header");
        assert!(whole.fits(12_288));
        assert!(!whole.fits(12_287));
        assert!(whole.fits(1 << 20));
        let largest = Header::parse(&header(1, 2)).expect("page size 65536");
        assert!(largest.fits(131_072));
    }

    #[test]
    fn a_page_count_of_another_change_is_ignored() {
        let mut bytes = header(512, 9);
        bytes[27] = 1;
        let old_writer = Header::parse(&bytes).expect("a header");
        assert_eq!(old_writer.page_count, None);
        assert!(old_writer.fits(1024));
        assert!(!old_writer.fits(1025));
        assert!(!old_writer.fits(0));
    }

    #[test]
    fn other_bytes_are_no_header() {
        assert_eq!(Header::parse(&[0; 100]), None);
        assert_eq!(Header::parse(&header(1000, 1)), None);
    }
}
