//! A thin VFS over SQLite's own that reads and writes neighbouring pages in one call.
//!
//! SQLite asks the system for one page at a time, and a page of a journal takes three writes; copying a large database so
//! spends more time on entering the kernel than on copying. Here a run of writes that follow each other is collected into
//! one, and a run of reads is served from one larger read. Everything else is the real VFS's: locks, flushing, names.
//!
//! A long run is written by a thread of its own ([`WriteBehind`]) while the next block is collected.
//!
//! What SQLite relies on stays true. Collected writes reach the file before anything else is asked of it: before a read, a
//! flush, a truncation, a change of locks, or its closing; that is also where an error of theirs comes out. SQLite orders files by flushing them, and counts on
//! nothing that is not flushed, so a process that is killed leaves what a power cut could have left. What was read ahead
//! is forgotten with every write and every change of locks, so it is never older than the lock under which it is used.
//!
//! VFS: <https://www.sqlite.org/vfs.html>. Methods: <https://www.sqlite.org/c3ref/io_methods.html>.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem;
use std::ptr;
use std::slice;
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

use crate::long_path;
use crate::write_behind::WriteBehind;

/// Bytes that are read or written in one call. SQLite's Unix VFS takes less than 128 KiB.
const BLOCK: usize = 1 << 16;
/// Bytes that are collected before they are written.
const RUN: usize = 4 * BLOCK;
/// So many reads must follow each other before a whole block is read: a search in a b-tree seldom does that by chance.
const STREAK: u32 = 3;
const NAME: &CStr = c"respaldo-block";

/// The name under which the VFS is registered, or `None` when it could not be: then SQLite's own does the same, slower.
pub(crate) fn name() -> Option<&'static CStr> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    REGISTERED.get_or_init(register).then_some(NAME)
}

#[repr(C)]
struct BlockVfs {
    /// First, because SQLite passes a pointer to it.
    vfs: sqlite3_vfs,
    real: *mut sqlite3_vfs,
}

fn register() -> bool {
    let real = if cfg!(windows) {
        long_path::VFS.as_ptr()
    } else {
        ptr::null()
    };
    // SAFETY: a name of SQLite's own, or NULL for the default VFS; both live as long as the process.
    let real = unsafe { ffi::sqlite3_vfs_find(real) };
    // SAFETY: a VFS that was found is valid, and nobody changes it.
    let Some(found) = (unsafe { real.as_ref() }) else {
        return false;
    };
    // The methods that concern no open file are taken over with the data that they use.
    let vfs = sqlite3_vfs {
        szOsFile: c_int::try_from(size_of::<BlockFile>()).unwrap_or(0) + found.szOsFile,
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        xOpen: Some(open),
        ..*found
    };
    let registered = Box::into_raw(Box::new(BlockVfs { vfs, real }));
    // SAFETY: the VFS is never freed; 0 leaves the default VFS as it is.
    unsafe { ffi::sqlite3_vfs_register(registered.cast(), 0) == ffi::SQLITE_OK }
}

/// Opens a database or its journal as a [`BlockFile`], and any other file as the real VFS would.
unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes the VFS that `register` made, which begins with its `sqlite3_vfs`.
    let real_vfs = unsafe { (*vfs.cast::<BlockVfs>()).real };
    // SAFETY: the real VFS is valid for ever.
    let Some(open_real) = (unsafe { (*real_vfs).xOpen }) else {
        return ffi::SQLITE_CANTOPEN;
    };
    if flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_MAIN_JOURNAL) == 0 {
        // SAFETY: SQLite's own arguments; `file` has room for more than the real file.
        return unsafe { open_real(real_vfs, name, file, flags, out_flags) };
    }
    // SAFETY: SQLite gives `szOsFile` bytes, aligned for any file: a BlockFile, and behind it the real file.
    let real = unsafe { file.cast::<BlockFile>().add(1).cast::<sqlite3_file>() };
    // SAFETY: as above; a file that fails to open may have methods all the same, and must then be closed.
    let (code, has_methods) = unsafe {
        (*real).pMethods = ptr::null();
        let code = open_real(real_vfs, name, real, flags, out_flags);
        (code, !(*real).pMethods.is_null())
    };
    let methods: *const sqlite3_io_methods = match (has_methods, Real(real).has_shared_memory()) {
        (false, _) => ptr::null(),
        (true, false) => &METHODS,
        (true, true) => &METHODS_WITH_SHARED_MEMORY,
    };
    let opened = BlockFile {
        base: sqlite3_file { pMethods: methods },
        real: Real(real),
        run: Run::default(),
    };
    // SAFETY: the room is SQLite's, large and aligned enough, and holds nothing that would have to be dropped.
    unsafe { file.cast::<BlockFile>().write(opened) };
    code
}

/// An open file: what SQLite sees, and the real file behind it.
#[repr(C, align(16))]
struct BlockFile {
    base: sqlite3_file,
    real: Real,
    run: Run,
}

/// Neighbouring bytes of the file that were read ahead or are still to be written.
#[derive(Default)]
struct Run {
    bytes: Vec<u8>,
    start: i64,
    unwritten: bool,
    /// Where the last read ended, and how many in a row began where the one before ended.
    read_end: i64,
    streak: u32,
    /// Writes long runs; started with the first.
    behind: Option<WriteBehind>,
}

impl Run {
    fn end(&self) -> i64 {
        self.start + length(&self.bytes)
    }

    /// Empties the run and makes room for a full one, or `false`.
    fn reserve(&mut self) -> bool {
        self.bytes.clear();
        self.bytes.try_reserve_exact(RUN).is_ok()
    }
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

impl BlockFile {
    fn read(&mut self, into: &mut [u8], offset: i64) -> c_int {
        if self.run.unwritten || self.run.behind.as_ref().is_some_and(WriteBehind::is_waiting) {
            match self.settle() {
                ffi::SQLITE_OK => {}
                code => return code,
            }
        }
        self.run.streak = if offset == self.run.read_end {
            self.run.streak + 1
        } else {
            0
        };
        self.run.read_end = offset + length(into);
        if self.copy_out(into, offset)
            || (self.run.streak >= STREAK && self.read_block(offset) && self.copy_out(into, offset))
        {
            return ffi::SQLITE_OK;
        }
        self.real.read(into, offset)
    }

    /// Whether the run held all of it.
    fn copy_out(&self, into: &mut [u8], offset: i64) -> bool {
        let held = usize::try_from(offset - self.run.start)
            .ok()
            .and_then(|skip| self.run.bytes.get(skip..skip.checked_add(into.len())?));
        if let Some(held) = held {
            into.copy_from_slice(held);
        }
        held.is_some()
    }

    /// Reads a block from `offset` on, but nothing behind the end of the file. What cannot be read is left to a plain read to
    /// tell.
    fn read_block(&mut self, offset: i64) -> bool {
        let Some(rest) = self.real.size().and_then(|size| usize::try_from(size - offset).ok()) else {
            return false;
        };
        let bytes = &mut self.run.bytes;
        if bytes.try_reserve_exact(BLOCK.saturating_sub(bytes.len())).is_err() {
            return false;
        }
        bytes.resize(rest.min(BLOCK), 0); // most often it has that size, and nothing is filled
        self.run.start = offset;
        let read = self.real.read(bytes, offset) == ffi::SQLITE_OK;
        if !read {
            self.run.bytes.clear();
        }
        read
    }

    fn write(&mut self, data: &[u8], offset: i64) -> c_int {
        let follows = self.run.unwritten && offset == self.run.end();
        let done = match follows {
            true if self.run.bytes.len() + data.len() <= RUN => ffi::SQLITE_OK,
            true => self.pass_on(),
            false => self.settle(),
        };
        if done != ffi::SQLITE_OK {
            return done;
        }
        if !self.run.unwritten {
            if data.len() > RUN || !self.run.reserve() {
                return match self.settle() {
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
        if run.behind.is_none() {
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

    /// Writes what is unwritten and forgets what was read, so that the real file can be asked anything.
    fn settle(&mut self) -> c_int {
        let run = &mut self.run;
        let passed_on = run.behind.as_mut().map_or(Ok(()), WriteBehind::finish);
        let code = match (passed_on, mem::take(&mut run.unwritten)) {
            (Err(code), _) => code,
            (Ok(()), true) => self.real.write(&run.bytes, run.start),
            (Ok(()), false) => ffi::SQLITE_OK,
        };
        run.bytes.clear();
        run.streak = 0;
        code
    }
}

/// The real VFS's file.
#[derive(Clone, Copy)]
struct Real(*mut sqlite3_file);

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

/// Calls a method of the real file; one that it lacks is an I/O error.
macro_rules! call {
    ($real:expr, $method:ident $(, $argument:expr)*) => {{
        let file = $real.0;
        // SAFETY: the file was opened by the real VFS, which gave it its methods, and lives as long as the BlockFile
        // before it; the arguments are SQLite's own, or a slice with its length.
        unsafe { (*(*file).pMethods).$method.map_or(ffi::SQLITE_IOERR, |method| method(file $(, $argument)*)) }
    }};
}

impl Real {
    fn has_shared_memory(self) -> bool {
        // SAFETY: `open` cleared the pointer before the real VFS set it, perhaps, to a static table.
        unsafe { (*self.0).pMethods.as_ref() }.is_some_and(|methods| methods.iVersion >= 2 && methods.xShmMap.is_some())
    }

    fn read(self, into: &mut [u8], offset: i64) -> c_int {
        match c_int::try_from(into.len()) {
            Ok(length) => call!(self, xRead, into.as_mut_ptr().cast(), length, offset),
            Err(_) => ffi::SQLITE_IOERR_READ,
        }
    }

    fn write(self, data: &[u8], offset: i64) -> c_int {
        let mut offset = offset;
        for block in data.chunks(BLOCK) {
            let Ok(size) = c_int::try_from(block.len()) else {
                return ffi::SQLITE_IOERR_WRITE;
            };
            match call!(self, xWrite, block.as_ptr().cast(), size, offset) {
                ffi::SQLITE_OK => offset += i64::from(size),
                code => return code,
            }
        }
        ffi::SQLITE_OK
    }

    fn size(self) -> Option<i64> {
        let mut size = 0;
        (call!(self, xFileSize, &raw mut size) == ffi::SQLITE_OK).then_some(size)
    }
}

const METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    // Without these SQLite never maps the file: what vanishes under a map kills the process.
    xFetch: None,
    xUnfetch: None,
};
const METHODS_WITH_SHARED_MEMORY: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    ..METHODS
};

/// The file that SQLite passes to a method.
///
/// # Safety
///
/// `file` must come from [`open`]; SQLite never uses one file from two threads at a time.
unsafe fn block_file<'a>(file: *mut sqlite3_file) -> &'a mut BlockFile {
    // SAFETY: `open` wrote a BlockFile there, which begins with its sqlite3_file.
    unsafe { &mut *file.cast::<BlockFile>() }
}

/// Settles the file and then calls the same method of the real one.
macro_rules! settled {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: SQLite passes the files that `open` made to the methods that it gave them.
        let file = unsafe { block_file($file) };
        match file.settle() {
            ffi::SQLITE_OK => call!(file.real, $method $(, $argument)*),
            code => code,
        }
    }};
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in `settled`; SQLite does not touch the file again, so its run is dropped here.
    let (settled, real) = unsafe {
        let settled = block_file(file).settle();
        let BlockFile { real, run, .. } = file.cast::<BlockFile>().read();
        drop(run); // and with it the thread that may write the file
        (*file).pMethods = ptr::null();
        (settled, real)
    };
    let closed = call!(real, xClose);
    if settled == ffi::SQLITE_OK { closed } else { settled }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: as in `settled`; SQLite gives room for `amount` bytes.
    unsafe {
        let into = slice::from_raw_parts_mut(into.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        block_file(file).read(into, offset)
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, data: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: as in `settled`; SQLite gives `amount` bytes.
    unsafe {
        let data = slice::from_raw_parts(data.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        block_file(file).write(data, offset)
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    settled!(file, xTruncate, size)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    settled!(file, xSync, flags)
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut i64) -> c_int {
    settled!(file, xFileSize, size)
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    settled!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    settled!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, reserved: *mut c_int) -> c_int {
    settled!(file, xCheckReservedLock, reserved)
}

/// Every commit passes here before it flushes, even one that is told not to flush: `SQLITE_FCNTL_SYNC`.
unsafe extern "C" fn file_control(file: *mut sqlite3_file, operation: c_int, argument: *mut c_void) -> c_int {
    if operation == ffi::SQLITE_FCNTL_SIZE_HINT {
        // It comes before each row of writes, and would end each run. SQLite's VFSs act on it where a chunk size is set;
        // here none is.
        return ffi::SQLITE_OK;
    }
    settled!(file, xFileControl, operation, argument)
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in `settled`.
    let real = unsafe { block_file(file) }.real;
    call!(real, xSectorSize)
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in `settled`.
    let real = unsafe { block_file(file) }.real;
    call!(real, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    mapped: *mut *mut c_void,
) -> c_int {
    settled!(file, xShmMap, page, size, extend, mapped)
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    settled!(file, xShmLock, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as in `settled` and `call`.
    unsafe {
        let Real(real) = block_file(file).real;
        if let Some(barrier) = (*(*real).pMethods).xShmBarrier {
            barrier(real);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    settled!(file, xShmUnmap, delete)
}
