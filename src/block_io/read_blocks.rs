//! Blocks of a file that are read in one call and serve many reads of SQLite; see [`block_vfs`](crate::block_io::block_vfs).
//!
//! SQLite copies a page out of a block, or borrows it where it would otherwise use a memory map. A file that vanishes while it
//! is mapped kills the process. A block is the library's own memory, and a failed read is an error.

use std::ptr;

use rusqlite::ffi;

use crate::block_io::real_file::{BLOCK, RealFile};

/// Blocks that are kept. A check reads the overflow pages of a page's large values in turn, from the last value to the first;
/// each value begins where the one read next ends, so its block is soon needed again.
const MAX_BLOCKS: usize = 8;
/// Files smaller than this are read without blocks: touching new memory takes longer than a few reads. Fuzzing makes only
/// small files, and must reach the blocks too.
const MIN_FILE_SIZE: i64 = if cfg!(fuzzing) { 0 } else { 1 << 20 };
/// Bytes behind a block. SQLite may read a little past the end of a damaged page, and relies on memory being there:
/// `unixFetch` in its `os_unix.c` leaves as many bytes behind a page of a map.
const MARGIN: usize = 256;

/// What was read of one file. It is up to date as long as the lock under which it was read is held.
#[derive(Default)]
pub(crate) struct ReadBlocks {
    /// In the order of their last use, the latest first.
    blocks: Vec<Block>,
    /// Where the last read ended.
    last_end: Option<i64>,
    /// Whether the last read began where the one before it had ended.
    is_sequential: bool,
    /// The size of the file, kept because asking for it takes as long as reading a page.
    file_size: Option<i64>,
}

struct Block {
    /// What was read, and the margin behind it.
    bytes: Vec<u8>,
    /// Where in the file the block begins; `None` if its bytes are out of date.
    start: Option<i64>,
    /// How many of its pages SQLite has borrowed. Their bytes do not change until SQLite gives them back.
    lent: usize,
    /// Whether the block begins where the block read before it ends. Such a block is reused for the next one of the run; the
    /// first block of a run is kept, because it is often needed again.
    continues_run: bool,
}

impl Block {
    fn end(&self) -> Option<i64> {
        let length = self.bytes.len().checked_sub(MARGIN)?;
        self.start?.checked_add(i64::try_from(length).ok()?)
    }

    fn get(&self, offset: i64, length: usize) -> Option<&[u8]> {
        let skip = usize::try_from(offset.checked_sub(self.start?)?).ok()?;
        let block_length = self.bytes.len().checked_sub(MARGIN)?;
        self.bytes[..block_length].get(skip..skip.checked_add(length)?)
    }
}

impl ReadBlocks {
    /// `length` bytes of the file from `offset` on, if a block holds them or a block is worth reading: when they follow the
    /// last read, which a search in a b-tree seldom does by chance. `None` also when the block cannot be read; the caller's
    /// plain read then returns the error.
    pub fn get(&mut self, file: RealFile, offset: i64, length: usize) -> Option<&[u8]> {
        self.update_sequence(offset, length);
        match self.blocks.iter().position(|block| block.get(offset, length).is_some()) {
            Some(0) => {}
            Some(found) => self.blocks[..=found].rotate_right(1),
            None if self.is_sequential => self.read_block(file, offset)?,
            None => return None,
        }
        self.blocks[0].get(offset, length)
    }

    fn update_sequence(&mut self, offset: i64, length: usize) {
        let end = i64::try_from(length).ok().and_then(|length| offset.checked_add(length));
        // SQLite reads a page that could not be lent once more: the same read, not a new one.
        if end != self.last_end {
            self.is_sequential = self.last_end == Some(offset);
        }
        self.last_end = end;
    }

    /// Reads the block around `offset`, up to the end of the file, and moves it to the front.
    fn read_block(&mut self, file: RealFile, offset: i64) -> Option<()> {
        self.file_size = self.file_size.or_else(|| file.size());
        let size = self.file_size.filter(|size| *size >= MIN_FILE_SIZE)?;
        let block_size = i64::try_from(BLOCK).ok()?;
        let start = offset - offset % block_size;
        let length = usize::try_from((size - start).min(block_size)).ok()?;
        let continues_run = self.blocks.first().is_some_and(|block| block.end() == Some(start));
        let block = match self.blocks.first_mut() {
            Some(last) if continues_run && last.continues_run && last.lent == 0 => last,
            _ => self.move_free_block_to_front()?,
        };
        block.start = None;
        block.continues_run = continues_run;
        block.bytes.resize(length + MARGIN, 0); // usually it has that size already, and nothing is filled
        let code = file.read(&mut block.bytes[..length], start);
        block.start = (code == ffi::SQLITE_OK).then_some(start);
        block.start.map(drop)
    }

    /// Moves a block without borrowed pages to the front: a new one, or the least recently used.
    fn move_free_block_to_front(&mut self) -> Option<&mut Block> {
        if self.blocks.len() < MAX_BLOCKS {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(BLOCK + MARGIN).ok()?;
            self.blocks.try_reserve_exact(MAX_BLOCKS - self.blocks.len()).ok()?;
            self.blocks.push(Block {
                bytes,
                start: None,
                lent: 0,
                continues_run: false,
            });
        }
        let free = self.blocks.iter().rposition(|block| block.lent == 0)?;
        self.blocks[..=free].rotate_right(1);
        self.blocks.first_mut()
    }

    /// Like `get`, for a page that SQLite borrows until [`take_back`](Self::take_back). At null SQLite reads the page itself.
    pub fn lend(&mut self, file: RealFile, offset: i64, length: usize) -> *const u8 {
        let Some(page) = self.get(file, offset, length).map(<[u8]>::as_ptr) else {
            return ptr::null();
        };
        self.blocks[0].lent += 1;
        page
    }

    pub fn take_back(&mut self, page: *const u8) {
        let lender = self
            .blocks
            .iter_mut()
            .find(|block| block.bytes.as_ptr_range().contains(&page));
        if let Some(block) = lender {
            block.lent -= 1;
        }
    }

    /// Marks every block as out of date. The bytes of borrowed pages stay as they are.
    ///
    /// The next read does not count as sequential: in a restore, where reads and writes alternate, a block would be read and
    /// forgotten after its first page.
    pub fn forget(&mut self) {
        for block in &mut self.blocks {
            block.start = None;
        }
        self.last_end = None;
        self.file_size = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::{Connection, OpenFlags};
    use std::fs;
    use std::path::Path;
    use std::slice;
    use tempfile::TempDir;

    const PAGE: usize = 4096;
    const PAGES_PER_BLOCK: usize = BLOCK / PAGE;

    /// A file whose pages all hold the same byte, opened by SQLite's own VFS.
    struct Scene {
        folder: TempDir,
        _connection: Connection,
        file: RealFile,
        blocks: ReadBlocks,
    }

    impl Scene {
        fn with_pages(pages: usize) -> Scene {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("pages");
            write(&path, pages, 1);
            let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
            let mut file: *mut ffi::sqlite3_file = ptr::null_mut();
            let (main, pointer) = (c"main".as_ptr(), (&raw mut file).cast());
            // SAFETY: the connection is open, and there is room for a pointer.
            unsafe { ffi::sqlite3_file_control(connection.handle(), main, ffi::SQLITE_FCNTL_FILE_POINTER, pointer) };
            Scene {
                folder,
                _connection: connection,
                file: RealFile(file),
                blocks: ReadBlocks::default(),
            }
        }

        fn lend(&mut self, page: usize) -> *const u8 {
            let offset = i64::try_from(page * PAGE).expect("small");
            self.blocks.lend(self.file, offset, PAGE)
        }

        /// Whether a page is lent.
        fn lends(&mut self, page: usize) -> bool {
            let lent = self.lend(page);
            self.blocks.take_back(lent);
            !lent.is_null()
        }
    }

    fn write(path: &Path, pages: usize, byte: u8) {
        fs::write(path, vec![byte; pages * PAGE]).expect("written");
    }

    fn is_filled_with(page: *const u8, byte: u8) -> bool {
        assert!(!page.is_null(), "the page is not lent");
        // SAFETY: the page is lent, so its bytes are there.
        unsafe { slice::from_raw_parts(page, PAGE) }
            .iter()
            .all(|found| *found == byte)
    }

    #[test]
    fn lent_pages_stay_and_forgotten_pages_are_read_again() {
        let mut scene = Scene::with_pages(600);
        assert!(scene.lend(7).is_null(), "the first read is not sequential");
        let (old, page_of_the_next_block) = (scene.lend(8), scene.lend(16));
        assert!(is_filled_with(old, 1) && page_of_the_next_block.is_null());
        write(&scene.folder.path().join("pages"), 600, 2);
        scene.blocks.forget();
        assert!(scene.lend(17).is_null(), "it is not sequential any more");
        assert!(is_filled_with(scene.lend(18), 2));
        assert!(is_filled_with(old, 1));
    }

    #[test]
    fn no_page_is_lent_behind_the_end_or_of_a_small_file() {
        let mut scene = Scene::with_pages(601);
        assert!(
            !scene.lends(599) && scene.lends(600),
            "the last page is in a block of its own"
        );
        assert!(!scene.lends(601));
        let mut scene = Scene::with_pages(60);
        assert!((0..60).all(|page| !scene.lends(page)));
    }

    #[test]
    fn a_run_keeps_its_first_block_and_reuses_the_others() {
        let mut scene = Scene::with_pages(600);
        assert!(!scene.lends(16));
        assert!((17..600).all(|page| scene.lends(page)));
        assert_eq!(scene.blocks.blocks.len(), 2);
        assert!(scene.lends(20) && !scene.lends(300));
    }

    #[test]
    fn when_every_block_is_lent_the_next_page_is_lent_after_one_is_given_back() {
        let mut scene = Scene::with_pages(600);
        let mut lent = Vec::new();
        for block in 1..=MAX_BLOCKS + 1 {
            assert!(!scene.lends(2 * block * PAGES_PER_BLOCK));
            lent.push(scene.lend(2 * block * PAGES_PER_BLOCK + 1));
        }
        assert!(lent[..MAX_BLOCKS].iter().all(|page| is_filled_with(*page, 1)) && lent[MAX_BLOCKS].is_null());
        scene.blocks.take_back(lent[3]);
        assert!(!scene.lends(500) && scene.lends(501));
    }
}
