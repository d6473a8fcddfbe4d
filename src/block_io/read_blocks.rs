//! Blocks of a file that were read in one call and serve many of SQLite's; see [`block_vfs`](crate::block_io::block_vfs).
//!
//! SQLite copies a page out of a block, or borrows it where it would otherwise use a memory map. A file that vanishes under a
//! map kills the process; a block is memory of ours, and what cannot be read is an error.

use std::ptr;

use rusqlite::ffi;

use crate::block_io::real_file::{BLOCK, Real};

/// A check follows the large values of a page one after another, from the last to the first. Where one begins the one before it
/// ends, so that its last block is wanted again soon.
const KEPT: usize = 8;
/// Bytes of a file from which on blocks pay: memory that is used for the first time takes longer than some reads. Fuzzing makes
/// small files only, and is to come here too.
const WORTH_BLOCKS: i64 = if cfg!(fuzzing) { 0 } else { 1 << 20 };
/// SQLite may look a little past a page that is damaged, and counts on finding memory there: as many bytes as `unixFetch` in its
/// `os_unix.c` leaves behind a page of a map.
const MARGIN: usize = 256;

/// What was read of one file, and is up to date as long as the lock under which it was read.
#[derive(Default)]
pub(crate) struct ReadBlocks {
    /// The one used last comes first.
    blocks: Vec<Block>,
    /// Where the last read ended, and whether it began where the one before had ended.
    read_end: Option<i64>,
    follows: bool,
    /// The size of the file. Asking for it takes as long as reading a page.
    size: Option<i64>,
}

struct Block {
    /// What was read, and behind it the margin.
    bytes: Vec<u8>,
    /// Where in the file it begins; `None` when that is no longer true.
    start: Option<i64>,
    /// How many pages of it SQLite has borrowed. Until it gives them back they stay as they are.
    lent: usize,
    /// Whether it follows the block that was read before it. It is passed once, where the first of a run is wanted again.
    continues: bool,
}

impl Block {
    fn end(&self) -> Option<i64> {
        let read = self.bytes.len().checked_sub(MARGIN)?;
        self.start?.checked_add(i64::try_from(read).ok()?)
    }

    fn get(&self, offset: i64, length: usize) -> Option<&[u8]> {
        let skip = usize::try_from(offset.checked_sub(self.start?)?).ok()?;
        let read = self.bytes.len().checked_sub(MARGIN)?;
        self.bytes[..read].get(skip..skip.checked_add(length)?)
    }
}

impl ReadBlocks {
    /// `length` bytes of the file from `offset` on, if a block holds them or reading one pays: when they follow what was read
    /// last, as a search in a b-tree seldom does by chance. What cannot be read is left to a plain read to tell.
    pub fn get(&mut self, file: Real, offset: i64, length: usize) -> Option<&[u8]> {
        self.note(offset, length);
        match self.blocks.iter().position(|block| block.get(offset, length).is_some()) {
            Some(0) => {}
            Some(found) => self.blocks[..=found].rotate_right(1),
            None if self.follows => self.read_block(file, offset)?,
            None => return None,
        }
        self.blocks[0].get(offset, length)
    }

    fn note(&mut self, offset: i64, length: usize) {
        let end = i64::try_from(length).ok().and_then(|length| offset.checked_add(length));
        // A page that could not be lent is then read, which is the same read still.
        if end != self.read_end {
            self.follows = self.read_end == Some(offset);
        }
        self.read_end = end;
    }

    /// Reads the block around `offset`, but nothing behind the end of the file, and puts it first.
    fn read_block(&mut self, file: Real, offset: i64) -> Option<()> {
        self.size = self.size.or_else(|| file.size());
        let size = self.size.filter(|size| *size >= WORTH_BLOCKS)?;
        let block_size = i64::try_from(BLOCK).ok()?;
        let start = offset - offset % block_size;
        let length = usize::try_from((size - start).min(block_size)).ok()?;
        let continues = self.blocks.first().is_some_and(|block| block.end() == Some(start));
        let block = match self.blocks.first_mut() {
            Some(passed) if continues && passed.continues && passed.lent == 0 => passed,
            _ => self.put_a_free_one_first()?,
        };
        block.start = None;
        block.continues = continues;
        block.bytes.resize(length + MARGIN, 0); // most often it has that size, and nothing is filled
        let code = file.read(&mut block.bytes[..length], start);
        block.start = (code == ffi::SQLITE_OK).then_some(start);
        block.start.map(drop)
    }

    /// A block of which nothing is lent: a new one, or the one that was used least recently.
    fn put_a_free_one_first(&mut self) -> Option<&mut Block> {
        if self.blocks.len() < KEPT {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(BLOCK + MARGIN).ok()?;
            self.blocks.try_reserve_exact(KEPT - self.blocks.len()).ok()?;
            self.blocks.push(Block {
                bytes,
                start: None,
                lent: 0,
                continues: false,
            });
        }
        let free = self.blocks.iter().rposition(|block| block.lent == 0)?;
        self.blocks[..=free].rotate_right(1);
        self.blocks.first_mut()
    }

    /// Like `get`; to be given back with `take_back`. Null where SQLite is to read it itself.
    pub fn lend(&mut self, file: Real, offset: i64, length: usize) -> *const u8 {
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

    /// From here on everything is read anew. What is lent stays as it is.
    ///
    /// Where pages are read and written by turns, as in a restore, no read follows another, and no block is read to be forgotten
    /// after its first page.
    pub fn forget(&mut self) {
        for block in &mut self.blocks {
            block.start = None;
        }
        self.read_end = None;
        self.size = None;
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
    const PAGES_OF_A_BLOCK: usize = BLOCK / PAGE;

    /// A file of pages that are all alike, opened by SQLite's own VFS.
    struct Scene {
        folder: TempDir,
        _connection: Connection,
        file: Real,
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
                file: Real(file),
                blocks: ReadBlocks::default(),
            }
        }

        fn lend(&mut self, page: usize) -> *const u8 {
            let offset = i64::try_from(page * PAGE).expect("small");
            self.blocks.lend(self.file, offset, PAGE)
        }

        /// Whether a page can be had.
        fn has(&mut self, page: usize) -> bool {
            let lent = self.lend(page);
            self.blocks.take_back(lent);
            !lent.is_null()
        }
    }

    fn write(path: &Path, pages: usize, byte: u8) {
        fs::write(path, vec![byte; pages * PAGE]).expect("written");
    }

    fn is(page: *const u8, byte: u8) -> bool {
        assert!(!page.is_null(), "it is not lent");
        // SAFETY: the page is lent, and so has its bytes.
        unsafe { slice::from_raw_parts(page, PAGE) }
            .iter()
            .all(|found| *found == byte)
    }

    #[test]
    fn what_is_lent_stays_and_what_was_forgotten_is_read_anew() {
        let mut scene = Scene::with_pages(600);
        assert!(scene.lend(7).is_null(), "nothing says that its neighbours are wanted");
        let (old, old_of_the_next_block) = (scene.lend(8), scene.lend(16));
        assert!(is(old, 1) && old_of_the_next_block.is_null());
        write(&scene.folder.path().join("pages"), 600, 2);
        scene.blocks.forget();
        assert!(scene.lend(17).is_null(), "it follows nothing any more");
        assert!(is(scene.lend(18), 2));
        assert!(is(old, 1));
    }

    #[test]
    fn nothing_is_lent_behind_the_end_and_little_of_a_small_file() {
        let mut scene = Scene::with_pages(601);
        assert!(
            !scene.has(599) && scene.has(600),
            "the last page is in a block of its own"
        );
        assert!(!scene.has(601));
        let mut scene = Scene::with_pages(60);
        assert!((0..60).all(|page| !scene.has(page)));
    }

    #[test]
    fn a_run_keeps_its_first_block_and_reuses_the_others() {
        let mut scene = Scene::with_pages(600);
        assert!(!scene.has(16));
        assert!((17..600).all(|page| scene.has(page)));
        assert_eq!(scene.blocks.blocks.len(), 2);
        assert!(scene.has(20) && !scene.has(300));
    }

    #[test]
    fn when_everything_is_lent_nothing_is_until_something_is_given_back() {
        let mut scene = Scene::with_pages(600);
        let mut lent = Vec::new();
        for block in 1..=KEPT + 1 {
            assert!(!scene.has(2 * block * PAGES_OF_A_BLOCK));
            lent.push(scene.lend(2 * block * PAGES_OF_A_BLOCK + 1));
        }
        assert!(lent[..KEPT].iter().all(|page| is(*page, 1)) && lent[KEPT].is_null());
        scene.blocks.take_back(lent[3]);
        assert!(!scene.has(500) && scene.has(501));
    }
}
