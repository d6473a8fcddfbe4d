//! Pointer map pages: <https://www.sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages>.

use std::io;

use crate::pages::bytes::u32_at;
use crate::pages::header::Header;
use crate::pages::source::{ReadAt, Reader};

/// The kind of reference to a page, in the numbers of the pointer map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LedTo {
    Schema = 1,
    Freelist = 2,
    Cell = 3,
    OverflowPage = 4,
    BTreePage = 5,
}

/// Where the entries of pages are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// A map page and the pages it has entries of.
    group: u32,
    lock_byte_page: u32,
    usable: usize,
}

impl Layout {
    pub fn of(header: &Header) -> Layout {
        Layout {
            group: header.usable / 5 + 1,
            lock_byte_page: header.lock_byte_page(),
            usable: header.usable as usize,
        }
    }

    /// The map page with the entry of `page`, or `page` itself where it is a map page; 0 for page 1, which has none.
    pub fn map_page(&self, page: u32) -> u32 {
        let Some(before) = page.checked_sub(2) else {
            return 0;
        };
        let map = before - before % self.group + 2;
        if map == self.lock_byte_page { map + 1 } else { map }
    }

    /// All map pages of a database.
    pub fn map_pages(self, pages: u32) -> impl Iterator<Item = u32> {
        let firsts = (2..=pages).step_by(self.group as usize);
        firsts
            .map(move |page| self.map_page(page))
            .filter(move |map| *map <= pages)
    }
}

/// The number of map pages kept in memory.
const CACHED_PAGES: usize = 8;

/// Reads entries.
pub(crate) struct PointerMap<'f> {
    layout: Layout,
    reader: Reader<'f>,
    kept: Vec<(u32, Vec<u8>)>,
    oldest: usize,
}

impl<'f> PointerMap<'f> {
    pub fn new(file: &'f dyn ReadAt, header: &Header, pages: u32) -> PointerMap<'f> {
        PointerMap {
            layout: Layout::of(header),
            reader: Reader::new(file, header.page_size, pages),
            kept: Vec::new(),
            oldest: 0,
        }
    }

    /// Type and parent of a page. 0 and 0 where it has no entry.
    pub fn entry(&mut self, page: u32) -> io::Result<(u8, u32)> {
        let map = self.layout.map_page(page);
        if map == 0 || page <= map {
            return Ok((0, 0));
        }
        let at = (page - map - 1) as usize * 5;
        let usable = self.layout.usable;
        let bytes = self.map_page(map)?;
        let entry = bytes.get(..usable).and_then(|bytes| bytes.get(at..at + 5));
        Ok(entry.map_or((0, 0), |entry| {
            (entry.first().copied().unwrap_or(0), u32_at(entry, 1).unwrap_or(0))
        }))
    }

    fn map_page(&mut self, map: u32) -> io::Result<&[u8]> {
        let found = self.kept.iter().position(|(number, _)| *number == map);
        let place = match found {
            Some(place) => place,
            None if self.kept.len() < CACHED_PAGES => {
                self.kept.push((0, Vec::new()));
                self.kept.len() - 1
            }
            None => {
                self.oldest = (self.oldest + 1) % CACHED_PAGES;
                self.oldest
            }
        };
        let Some((number, bytes)) = self.kept.get_mut(place) else {
            return Ok(&[]);
        };
        if found.is_none() {
            *number = 0;
            self.reader.read(map, bytes)?;
            *number = map;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::header::tests::header;

    #[test]
    fn a_map_page_is_followed_by_its_pages() {
        let header = Header::parse(&header(512, 300)).expect("a header");
        let layout = Layout::of(&header);
        assert_eq!(
            [1, 2, 3, 104, 105, 106].map(|page| layout.map_page(page)),
            [0, 2, 2, 2, 105, 105]
        );
        assert_eq!(layout.map_pages(300).collect::<Vec<_>>(), [2, 105, 208]);
        let layout = Layout {
            lock_byte_page: 105,
            ..layout
        };
        assert_eq!([104, 106, 107].map(|page| layout.map_page(page)), [2, 106, 106]);
    }

    #[test]
    fn entries_are_read() {
        let header = Header::parse(&header(512, 300)).expect("a header");
        let mut file = vec![0; 512 * 300];
        file[512 + 5..512 + 10].copy_from_slice(&[5, 0, 0, 1, 2]);
        let source = file.as_slice();
        let mut map = PointerMap::new(&source, &header, 300);
        assert_eq!(map.entry(4).ok(), Some((5, 258)));
        assert_eq!(map.entry(3).ok(), Some((0, 0)));
        assert_eq!(map.entry(2).ok(), Some((0, 0)), "a map page has no entry");
        assert_eq!(map.entry(1).ok(), Some((0, 0)));
    }
}
