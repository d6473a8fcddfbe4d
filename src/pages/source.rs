//! Reading pages of a file: in blocks where they follow each other, one by one where they do not.

use std::fs::File;
use std::io;
use std::mem;

/// A file of pages that stays as it is while it is read.
pub(crate) trait ReadAt: Sync {
    /// Fills `buffer` with the bytes from `offset` on; `UnexpectedEof` where the file ends before.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Bytes of the file.
    fn size(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, buffer, offset)
    }

    #[cfg(windows)]
    fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(self, buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    buffer = buffer.get_mut(read..).unwrap_or_default();
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// A file that can be written anywhere.
pub(crate) trait WriteAt: ReadAt {
    /// Writes the bytes at `offset`; behind the end of the file too.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts or extends the file to so many bytes.
    fn set_size(&self, size: u64) -> io::Result<()>;
}

impl WriteAt for File {
    #[cfg(unix)]
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(self, bytes, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = bytes.get(written..).unwrap_or_default();
                    offset += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }
}

/// Bytes in memory.
impl ReadAt for &[u8] {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let there = usize::try_from(offset).ok().and_then(|start| self.get(start..));
        match there.and_then(|rest| rest.get(..buffer.len())) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

/// Bytes that are read at once.
const BLOCK: usize = 1 << 16;
/// Pages skipped on the way forward, as where two threads share a run of pages.
const SKIPPED: u32 = 4;

/// Reads pages for one thread.
pub(crate) struct Reader<'f> {
    file: &'f dyn ReadAt,
    page_size: usize,
    pages: u32,
    block: Vec<u8>,
    /// The first page of the block, and its number of pages.
    first: u32,
    block_pages: u32,
    /// A page that was read alone.
    single: Vec<u8>,
    /// The page that was read last.
    last: u32,
}

/// A page in the memory of its reader, which reads nothing until it is given back.
pub(crate) struct Lent {
    memory: Vec<u8>,
    start: usize,
    end: usize,
    is_in_block: bool,
}

impl Lent {
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.memory.get(self.start..self.end).unwrap_or_default()
    }
}

impl<'f> Reader<'f> {
    pub fn new(file: &'f dyn ReadAt, page_size: u32, pages: u32) -> Reader<'f> {
        Reader {
            file,
            page_size: page_size as usize,
            pages,
            block: Vec::new(),
            first: 0,
            block_pages: 0,
            single: Vec::new(),
            last: 0,
        }
    }

    /// Lends page `number`, from 1 to the number of pages.
    pub fn lend(&mut self, number: u32) -> io::Result<Lent> {
        if let Some(start) = self.place_in_block(number)? {
            return Ok(Lent {
                memory: mem::take(&mut self.block),
                start,
                end: start + self.page_size,
                is_in_block: true,
            });
        }
        self.single.resize(self.page_size, 0);
        let offset = self.offset(number);
        self.file.read_exact_at(&mut self.single, offset)?;
        Ok(Lent {
            memory: mem::take(&mut self.single),
            start: 0,
            end: self.page_size,
            is_in_block: false,
        })
    }

    /// Takes a page back.
    pub fn give_back(&mut self, page: Lent) {
        let place = if page.is_in_block {
            &mut self.block
        } else {
            &mut self.single
        };
        *place = page.memory;
    }

    /// Copies page `number`, from 1 to the number of pages, into `page`.
    pub fn read(&mut self, number: u32, page: &mut Vec<u8>) -> io::Result<()> {
        page.resize(self.page_size, 0);
        self.read_start(number, page)
    }

    /// Copies the first `part.len()` bytes of page `number`.
    pub fn read_start(&mut self, number: u32, part: &mut [u8]) -> io::Result<()> {
        match self.place_in_block(number)? {
            Some(start) => match self.block.get(start..start + part.len()) {
                Some(bytes) => part.copy_from_slice(bytes),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            },
            None => self.file.read_exact_at(part, self.offset(number))?,
        }
        Ok(())
    }

    fn offset(&self, number: u32) -> u64 {
        u64::from(number.saturating_sub(1)) * self.page_size as u64
    }

    /// Where in the block a page begins. Reads a block where pages follow each other.
    fn place_in_block(&mut self, number: u32) -> io::Result<Option<usize>> {
        let follows = number > self.last && number - self.last <= SKIPPED;
        self.last = number;
        if number.wrapping_sub(self.first) >= self.block_pages {
            if !follows {
                return Ok(None);
            }
            let pages = u32::try_from(BLOCK / self.page_size).unwrap_or(1).max(1);
            let pages = pages.min(self.pages.saturating_sub(number) + 1);
            self.block_pages = 0;
            self.block.resize(pages as usize * self.page_size, 0);
            let offset = self.offset(number);
            self.file.read_exact_at(&mut self.block, offset)?;
            (self.first, self.block_pages) = (number, pages);
        }
        Ok(Some((number - self.first) as usize * self.page_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts the reads of a file whose pages hold their own number.
    struct Counting(Vec<u8>, AtomicUsize);

    impl ReadAt for Counting {
        fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            ReadAt::read_exact_at(&self.0.as_slice(), buffer, offset)
        }
        fn size(&self) -> io::Result<u64> {
            ReadAt::size(&self.0.as_slice())
        }
    }

    fn file(pages: u8) -> Counting {
        Counting((1..=pages).flat_map(|page| [page; 512]).collect(), AtomicUsize::new(0))
    }

    #[test]
    fn a_run_is_read_in_blocks_and_a_jump_alone() {
        let file = file(250);
        let mut reader = Reader::new(&file, 512, 250);
        let mut page = Vec::new();
        for number in 1..=250 {
            reader.read(number, &mut page).expect("read");
            assert_eq!((page.len(), u32::from(page[0])), (512, number));
        }
        assert_eq!(file.1.swap(0, Ordering::Relaxed), 2);
        for number in [7, 200, 40, 90] {
            let mut start = [0; 4];
            reader.read_start(number, &mut start).expect("read");
            assert_eq!(u32::from(start[3]), number);
        }
        assert_eq!(file.1.load(Ordering::Relaxed), 3, "page 200 is in the last block");
    }

    #[test]
    fn a_file_that_is_shorter_than_said_is_an_error() {
        let file = file(3);
        let mut reader = Reader::new(&file, 512, 4);
        let mut page = Vec::new();
        assert!(reader.read(1, &mut page).is_err(), "the block goes to the end");
        assert!(reader.read(4, &mut page).is_err());
    }
}
