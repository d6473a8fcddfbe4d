//! The database header: <https://www.sqlite.org/fileformat2.html#the_database_header>.

use crate::pages::bytes::{u16_at, u32_at};

/// Bytes of the header, with which page 1 begins.
pub(crate) const HEADER: usize = 100;
/// Where the page lies whose bytes SQLite locks: <https://www.sqlite.org/fileformat2.html#the_lock_byte_page>.
const LOCK_BYTE: u64 = 1 << 30;

/// How text is stored: <https://www.sqlite.org/fileformat2.html#text_encoding>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// What the header says, checked in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub page_size: u32,
    /// Bytes of a page without those that are reserved for extensions: at least 480.
    pub usable: u32,
    /// The page count, where the last writer kept it up to date.
    pub stated_pages: Option<u32>,
    pub freelist_trunk: u32,
    pub freelist_pages: u32,
    /// The largest root page; not 0 in a database that can be auto-vacuumed, which has pointer map pages.
    pub largest_root: u32,
    pub incremental_vacuum: bool,
    pub encoding: Encoding,
}

/// Why a header is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Magic,
    PageSize,
    ReservedBytes,
    ReadVersion,
    PayloadFractions,
    Encoding,
}

impl Header {
    pub fn parse(bytes: &[u8]) -> Result<Header, HeaderFault> {
        let header = bytes.first_chunk::<HEADER>().ok_or(HeaderFault::Magic)?;
        if !header.starts_with(b"SQLite format 3\0") {
            return Err(HeaderFault::Magic);
        }
        let number = |at| u32_at(header, at).unwrap_or(0);
        let page_size = match u16_at(header, 16).map(u32::from) {
            Some(1) => 65_536,
            Some(size) if size.is_power_of_two() && size >= 512 => size,
            _ => return Err(HeaderFault::PageSize),
        };
        let usable = page_size - u32::from(header[20]);
        if usable < 480 {
            return Err(HeaderFault::ReservedBytes);
        }
        if header[19] > 2 {
            return Err(HeaderFault::ReadVersion);
        }
        if header[21..24] != [64, 32, 32] {
            return Err(HeaderFault::PayloadFractions);
        }
        // Writers before SQLite 3.7.0 leave the page count alone; it is valid only for the change it was written with.
        let valid = number(28) != 0 && number(24) == number(92);
        Ok(Header {
            page_size,
            usable,
            stated_pages: valid.then(|| number(28)),
            freelist_trunk: number(32),
            freelist_pages: number(36),
            largest_root: number(52),
            incremental_vacuum: number(64) != 0,
            encoding: match number(56) {
                // 0 in a database that has never had a table.
                0 | 1 => Encoding::Utf8,
                2 => Encoding::Utf16Le,
                3 => Encoding::Utf16Be,
                _ => return Err(HeaderFault::Encoding),
            },
        })
    }

    /// Pages of a file of `size` bytes: those that the header states, or else those that are there, a cut off one included.
    pub fn pages(&self, size: u64) -> u64 {
        let there = size.div_ceil(u64::from(self.page_size));
        self.stated_pages.map_or(there, u64::from)
    }

    /// Whether pages have an entry in a pointer map.
    pub fn has_pointer_map(&self) -> bool {
        self.largest_root != 0
    }

    /// The lock-byte page, in which nothing is stored.
    pub fn lock_byte_page(&self) -> u32 {
        u32::try_from(LOCK_BYTE / u64::from(self.page_size)).map_or(u32::MAX, |before| before + 1)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn header(page_size: u16, pages: u32) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..16].copy_from_slice(b"SQLite format 3\0");
        bytes[16..18].copy_from_slice(&page_size.to_be_bytes());
        bytes[18..20].copy_from_slice(&[1, 1]);
        bytes[21..24].copy_from_slice(&[64, 32, 32]);
        bytes[28..32].copy_from_slice(&pages.to_be_bytes());
        bytes[56..60].copy_from_slice(&1_u32.to_be_bytes());
        bytes
    }

    #[test]
    fn the_largest_page_size_is_written_as_one() {
        let largest = Header::parse(&header(1, 2)).expect("a header");
        assert_eq!((largest.page_size, largest.usable), (65_536, 65_536));
        assert_eq!(largest.lock_byte_page(), 16_385);
        assert_eq!(
            Header::parse(&header(512, 2)).map(|header| header.lock_byte_page()),
            Ok(2_097_153)
        );
    }

    #[test]
    fn a_count_of_another_change_is_not_believed() {
        let mut bytes = header(512, 9);
        assert_eq!(Header::parse(&bytes).map(|header| header.pages(1)), Ok(9));
        bytes[27] = 1;
        assert_eq!(Header::parse(&bytes).map(|header| header.pages(1025)), Ok(3));
    }

    #[test]
    fn nonsense_is_told_apart() {
        let fault = |at: usize, byte: u8| {
            let mut bytes = header(512, 1);
            bytes[at] = byte;
            Header::parse(&bytes).expect_err("a fault")
        };
        assert_eq!(fault(3, 0), HeaderFault::Magic);
        assert_eq!(fault(16, 3), HeaderFault::PageSize);
        assert_eq!(fault(20, 33), HeaderFault::ReservedBytes);
        assert_eq!(fault(19, 3), HeaderFault::ReadVersion);
        assert_eq!(fault(22, 33), HeaderFault::PayloadFractions);
        assert_eq!(fault(59, 4), HeaderFault::Encoding);
        assert_eq!(Header::parse(&header(512, 1)[..99]), Err(HeaderFault::Magic));
    }
}
