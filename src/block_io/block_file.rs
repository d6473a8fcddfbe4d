//! One open file whose reads and writes go through blocks; see [`block_vfs`](crate::block_io::block_vfs).
//!
//! [`ReadBlocks`] holds what was read. A [`WriteRun`] collects writes. Once a file has many full runs, a [`WriterThread`]
//! writes them while the next one is collected.

use std::ffi::c_int;
use std::mem;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use errno::Errno;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods};

use crate::block_io::file_hash::FileHash;
use crate::block_io::read_blocks::ReadBlocks;
use crate::block_io::real_file::{BLOCK, RealFile};
use crate::block_io::write_behind::WriterThread;

/// The full run that starts the writer thread: starting a thread takes longer than writing a few blocks.
const RUNS_BEFORE_THREAD: u32 = 8;

/// The file as SQLite sees it; the real file is behind it.
/// SQLite aligns files to 8 bytes.
#[repr(C, align(8))]
pub(crate) struct BlockFile {
    /// First, because SQLite passes a pointer to it.
    base: sqlite3_file,
    pub real: RealFile,
    pub blocks: ReadBlocks,
    pub run: WriteRun,
    /// Computed while the file is written, once that was asked for.
    hash: Option<SharedHash>,
    /// The first write that failed after SQLite was told that it had succeeded.
    unreported: Option<WriteError>,
}

/// Whichever thread writes adds what it wrote.
type SharedHash = Arc<Mutex<FileHash>>;

/// SQLite's code, and the system's reason.
struct WriteError(c_int, Errno);

/// Neighbouring bytes of the file that are collected to be written in one call.
#[derive(Default)]
pub(crate) struct WriteRun {
    bytes: Vec<u8>,
    start: i64,
    is_unwritten: bool,
    /// How many runs were full since the file was opened.
    full_runs: u32,
    writer: Option<WriterThread>,
}

impl WriteRun {
    fn end(&self) -> i64 {
        self.start + i64::try_from(self.bytes.len()).unwrap_or(i64::MAX)
    }

    /// Where the run is full: at a multiple of the block size if it began well before one, so that later runs are whole
    /// blocks of the file.
    fn limit(&self) -> i64 {
        const SIZE: i64 = BLOCK as i64;
        let skipped = self.start % SIZE;
        self.start + if skipped < SIZE / 2 { SIZE - skipped } else { SIZE }
    }

    fn has_room_for(&self, data: &[u8]) -> bool {
        i64::try_from(data.len()).is_ok_and(|length| self.end().saturating_add(length) <= self.limit())
    }

    /// Empties the run and makes room for a full one; `false` if there is no memory.
    fn reserve(&mut self) -> bool {
        self.bytes.clear();
        self.bytes.try_reserve_exact(BLOCK).is_ok()
    }
}

impl BlockFile {
    pub fn new(methods: *const sqlite3_io_methods, real: RealFile) -> BlockFile {
        BlockFile {
            base: sqlite3_file { pMethods: methods },
            real,
            blocks: ReadBlocks::default(),
            run: WriteRun::default(),
            hash: None,
            unreported: None,
        }
    }

    pub fn read(&mut self, into: &mut [u8], offset: i64) -> c_int {
        if self.has_pending_writes() {
            match self.finish_writes_and_report() {
                ffi::SQLITE_OK => {}
                code => return code,
            }
        }
        match self.blocks.get(self.real, offset, into.len()) {
            Some(bytes) => {
                into.copy_from_slice(bytes);
                ffi::SQLITE_OK
            }
            None => self.real.read(into, offset),
        }
    }

    /// A page that SQLite gives back later, or null; see [`ReadBlocks::lend`].
    pub fn lend(&mut self, offset: i64, length: usize) -> *const u8 {
        if self.has_pending_writes() {
            return ptr::null();
        }
        self.blocks.lend(self.real, offset, length)
    }

    /// Whether a write is not in the real file yet, or has failed without SQLite knowing it.
    fn has_pending_writes(&self) -> bool {
        self.run.is_unwritten
            || self.run.writer.as_ref().is_some_and(WriterThread::has_pending)
            || self.unreported.is_some()
    }

    pub fn write(&mut self, data: &[u8], offset: i64) -> c_int {
        let continues_run = self.run.is_unwritten && self.unreported.is_none() && offset == self.run.end();
        let done = match continues_run {
            true if self.run.has_room_for(data) => ffi::SQLITE_OK,
            true => self.write_full_run(),
            false => self.finish_writes_and_report(),
        };
        if done != ffi::SQLITE_OK {
            return done;
        }
        if !self.run.is_unwritten {
            if data.len() > BLOCK || !self.run.reserve() {
                return match self.finish_writes_and_report() {
                    ffi::SQLITE_OK => write(self.real, self.hash.as_ref(), data, offset),
                    code => code,
                };
            }
            self.run.start = offset;
            self.run.is_unwritten = true;
        }
        self.run.bytes.extend_from_slice(data);
        ffi::SQLITE_OK
    }

    /// Writes a full run: by the writer thread if there is one, else at once.
    fn write_full_run(&mut self) -> c_int {
        let run = &mut self.run;
        run.full_runs += 1;
        if run.full_runs >= RUNS_BEFORE_THREAD && run.writer.is_none() {
            let (file, hash) = (FileOfWriter(self.real), self.hash.clone());
            run.writer = WriterThread::start(move |bytes, offset| file.write(hash.as_ref(), bytes, offset));
        }
        run.is_unwritten = false;
        match &mut run.writer {
            Some(writer) => match writer.write(mem::take(&mut run.bytes), run.start) {
                Ok(empty) => {
                    run.bytes = empty;
                    ffi::SQLITE_OK
                }
                Err(code) => code,
            },
            None => write(self.real, self.hash.as_ref(), &run.bytes, run.start),
        }
    }

    /// Writes everything that is collected, waits for the writer thread, and forgets what was read: afterwards the real file
    /// can be asked anything. An error is kept until a call whose result SQLite checks.
    pub fn finish_writes(&mut self) {
        let run = &mut self.run;
        let full_runs = run.writer.as_mut().map_or(Ok(()), WriterThread::finish);
        let code = match (full_runs, mem::take(&mut run.is_unwritten)) {
            (Err(code), _) => code,
            (Ok(()), true) => write(self.real, self.hash.as_ref(), &run.bytes, run.start),
            (Ok(()), false) => ffi::SQLITE_OK,
        };
        run.bytes.clear();
        self.blocks.forget();
        if code != ffi::SQLITE_OK && self.unreported.is_none() {
            self.unreported = Some(WriteError(code, errno::errno()));
        }
    }

    /// Computes the hash of what is written from now on. Only for a file of which nothing is written yet.
    pub fn start_hash(&mut self) {
        self.finish_writes();
        self.hash = Some(SharedHash::default());
    }

    /// The hash of what was written since [`start_hash`](BlockFile::start_hash).
    pub fn take_hash(&mut self) -> Option<FileHash> {
        self.finish_writes();
        let hash = self.hash.take()?;
        let mut hash = hash.lock().unwrap_or_else(PoisonError::into_inner);
        Some(mem::take(&mut *hash))
    }

    /// Does the same, and returns the first error. The caller passes it on to SQLite.
    pub fn finish_writes_and_report(&mut self) -> c_int {
        self.finish_writes();
        match self.unreported.take() {
            Some(WriteError(code, system)) => {
                errno::set_errno(system);
                code
            }
            None => ffi::SQLITE_OK,
        }
    }
}

/// The real file as the writer thread uses it.
struct FileOfWriter(RealFile);

// SAFETY: a file of SQLite's is not bound to a thread, and no two calls may overlap: whatever reads, changes or closes the
// file calls `finish_writes` first, which waits for the thread.
unsafe impl Send for FileOfWriter {}

impl FileOfWriter {
    fn write(&self, hash: Option<&SharedHash>, data: &[u8], offset: i64) -> c_int {
        write(self.0, hash, data, offset)
    }
}

/// Writes to the real file, and adds what was written to the hash.
fn write(file: RealFile, hash: Option<&SharedHash>, data: &[u8], offset: i64) -> c_int {
    let code = file.write(data, offset);
    if let (Some(hash), Ok(offset)) = (hash, u64::try_from(offset)) {
        let system = errno::errno();
        let mut hash = hash.lock().unwrap_or_else(PoisonError::into_inner);
        hash.written(data, offset);
        errno::set_errno(system);
    }
    code
}
