//! A file of which neighbouring bytes are read and written in one call; see [`block_vfs`](crate::block_io::block_vfs).
//!
//! What was read is kept in [`ReadBlocks`]. Where runs of writes are many, a thread of its own writes them ([`WriteBehind`])
//! while the next one is collected.

use std::ffi::c_int;
use std::mem;
use std::ptr;

use errno::Errno;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods};

use crate::block_io::read_blocks::ReadBlocks;
use crate::block_io::real_file::{BLOCK, Real};
use crate::block_io::write_behind::WriteBehind;

/// Starting a thread takes longer than writing some blocks.
const WORTH_A_THREAD: u32 = 8;

/// An open file: what SQLite sees, and the real file behind it.
/// SQLite aligns files to 8 bytes.
#[repr(C, align(8))]
pub(crate) struct BlockFile {
    base: sqlite3_file,
    pub real: Real,
    pub blocks: ReadBlocks,
    pub run: Run,
    /// What SQLite does not know yet: a write that it took for done has failed.
    failed: Option<Failed>,
}

/// SQLite's code, and the system's reason.
struct Failed(c_int, Errno);

/// Neighbouring bytes of the file that are still to be written.
#[derive(Default)]
pub(crate) struct Run {
    bytes: Vec<u8>,
    start: i64,
    unwritten: bool,
    /// How many runs were full since the file was opened.
    passed_on: u32,
    /// Writes them, once they are many.
    behind: Option<WriteBehind>,
}

impl Run {
    fn end(&self) -> i64 {
        self.start + length(&self.bytes)
    }

    /// Empties the run and makes room for a full one, or `false`.
    fn reserve(&mut self) -> bool {
        self.bytes.clear();
        self.bytes.try_reserve_exact(BLOCK).is_ok()
    }
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

impl BlockFile {
    pub fn new(methods: *const sqlite3_io_methods, real: Real) -> BlockFile {
        BlockFile {
            base: sqlite3_file { pMethods: methods },
            real,
            blocks: ReadBlocks::default(),
            run: Run::default(),
            failed: None,
        }
    }

    pub fn read(&mut self, into: &mut [u8], offset: i64) -> c_int {
        if self.is_unsettled() {
            match self.report() {
                ffi::SQLITE_OK => {}
                code => return code,
            }
        }
        match self.blocks.get(self.real, offset, into.len()) {
            Some(held) => {
                into.copy_from_slice(held);
                ffi::SQLITE_OK
            }
            None => self.real.read(into, offset),
        }
    }

    /// A page that SQLite gives back, or null; see [`ReadBlocks::lend`].
    pub fn lend(&mut self, offset: i64, length: usize) -> *const u8 {
        if self.is_unsettled() {
            return ptr::null();
        }
        self.blocks.lend(self.real, offset, length)
    }

    /// Whether something is not in the real file yet, or could not be written there.
    fn is_unsettled(&self) -> bool {
        self.run.unwritten || self.run.behind.as_ref().is_some_and(WriteBehind::is_waiting) || self.failed.is_some()
    }

    pub fn write(&mut self, data: &[u8], offset: i64) -> c_int {
        let follows = self.run.unwritten && self.failed.is_none() && offset == self.run.end();
        let done = match follows {
            true if self.run.bytes.len() + data.len() <= BLOCK => ffi::SQLITE_OK,
            true => self.pass_on(),
            false => self.report(),
        };
        if done != ffi::SQLITE_OK {
            return done;
        }
        if !self.run.unwritten {
            if data.len() > BLOCK || !self.run.reserve() {
                return match self.report() {
                    ffi::SQLITE_OK => self.real.write(data, offset),
                    code => code,
                };
            }
            self.run.start = offset;
            self.run.unwritten = true;
        }
        self.run.bytes.extend_from_slice(data);
        ffi::SQLITE_OK
    }

    /// Has a full run written, without waiting for it if that is possible.
    fn pass_on(&mut self) -> c_int {
        let run = &mut self.run;
        run.passed_on += 1;
        if run.passed_on >= WORTH_A_THREAD && run.behind.is_none() {
            let file = Handed(self.real);
            run.behind = WriteBehind::start(move |bytes, offset| file.write(bytes, offset));
        }
        run.unwritten = false;
        match &mut run.behind {
            Some(behind) => match behind.pass_on(mem::take(&mut run.bytes), run.start) {
                Ok(room) => {
                    run.bytes = room;
                    ffi::SQLITE_OK
                }
                Err(code) => code,
            },
            None => self.real.write(&run.bytes, run.start),
        }
    }

    /// Writes what is unwritten and forgets what was read, so that the real file can be asked anything. What fails is kept for
    /// a call whose answer SQLite heeds.
    pub fn settle(&mut self) {
        let run = &mut self.run;
        let passed_on = run.behind.as_mut().map_or(Ok(()), WriteBehind::finish);
        let code = match (passed_on, mem::take(&mut run.unwritten)) {
            (Err(code), _) => code,
            (Ok(()), true) => self.real.write(&run.bytes, run.start),
            (Ok(()), false) => ffi::SQLITE_OK,
        };
        run.bytes.clear();
        self.blocks.forget();
        if code != ffi::SQLITE_OK && self.failed.is_none() {
            self.failed = Some(Failed(code, errno::errno()));
        }
    }

    /// Settles the file and says whether every write succeeded, to a caller that passes it on to SQLite.
    pub fn report(&mut self) -> c_int {
        self.settle();
        match self.failed.take() {
            Some(Failed(code, system)) => {
                errno::set_errno(system);
                code
            }
            None => ffi::SQLITE_OK,
        }
    }
}

/// The real file in the hands of the writing thread.
struct Handed(Real);

// SAFETY: a file of SQLite's is not bound to a thread, and no two calls may overlap: whatever reads, changes or closes the
// file settles it first, which waits for the thread.
unsafe impl Send for Handed {}

impl Handed {
    fn write(&self, data: &[u8], offset: i64) -> c_int {
        self.0.write(data, offset)
    }
}
