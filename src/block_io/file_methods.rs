//! The methods that SQLite calls on an open [`BlockFile`]: <https://www.sqlite.org/c3ref/io_methods.html>.
//!
//! Every method but reading and writing first writes what is collected. SQLite ignores the results of some of them, so an
//! error of a collected write is returned only by those whose result it checks.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::slice;

use rusqlite::Connection;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods};

use crate::block_io::block_file::BlockFile;
use crate::block_io::file_hash::FileHash;
use crate::block_io::real_file::{RealFile, call_real};

/// The methods of a file without shared memory, as of a rollback journal.
pub(crate) const METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 3,
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
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};

/// The methods of a file that can have a WAL index.
pub(crate) const METHODS_WITH_SHARED_MEMORY: sqlite3_io_methods = sqlite3_io_methods {
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    ..METHODS
};

/// File controls of this VFS. SQLite leaves numbers above 100 to others: <https://www.sqlite.org/c3ref/file_control.html>.
const START_HASH: c_int = 0x7265_7301;
const TAKE_HASH: c_int = 0x7265_7302;

/// Computes the hash of the main file of `connection` while it is written. Nothing may be written yet.
pub(crate) fn start_hash(connection: &Connection) {
    // SAFETY: the connection is open, and there is no argument. A file of another VFS does not know the number.
    unsafe { ffi::sqlite3_file_control(connection.handle(), c"main".as_ptr(), START_HASH, ptr::null_mut()) };
}

/// The hash of what was written since; `None` if the file belongs to another VFS.
pub(crate) fn take_hash(connection: &Connection) -> Option<FileHash> {
    let mut hash: Option<FileHash> = None;
    // SAFETY: the connection is open, and `file_control` takes the argument for what it is. A file of another VFS does not know
    // the number, and leaves the argument alone.
    unsafe { ffi::sqlite3_file_control(connection.handle(), c"main".as_ptr(), TAKE_HASH, (&raw mut hash).cast()) };
    hash
}

/// The file that SQLite passes to a method.
///
/// # Safety
///
/// `file` must come from the VFS's `open`; SQLite never uses one file from two threads at a time.
unsafe fn block_file<'a>(file: *mut sqlite3_file) -> &'a mut BlockFile {
    // SAFETY: `open` wrote a BlockFile there, which begins with its sqlite3_file.
    unsafe { &mut *file.cast::<BlockFile>() }
}

/// Finishes the writes and calls the same method of the real file. An error of the writes is kept for later.
macro_rules! after_writes {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: SQLite passes the files that `open` made to the methods that it gave them.
        let file = unsafe { block_file($file) };
        file.finish_writes();
        call_real!(file.real, $method $(, $argument)*)
    }};
}

/// The same for a method whose result SQLite checks: an error of the writes is returned.
macro_rules! after_checked_writes {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: as in `after_writes`.
        let file = unsafe { block_file($file) };
        match file.finish_writes_and_report() {
            ffi::SQLITE_OK => call_real!(file.real, $method $(, $argument)*),
            code => code,
        }
    }};
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in `after_writes`; SQLite does not use the file again, so what it owns is dropped here.
    let (written, real) = unsafe {
        let written = block_file(file).finish_writes_and_report();
        // All but the real file is dropped here; that ends the writer thread, which uses it.
        let BlockFile { real, .. } = file.cast::<BlockFile>().read();
        (*file).pMethods = ptr::null();
        (written, real)
    };
    let closed = call_real!(real, xClose);
    if written == ffi::SQLITE_OK { closed } else { written }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: as in `after_writes`; SQLite gives room for `amount` bytes.
    unsafe {
        let into = slice::from_raw_parts_mut(into.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        block_file(file).read(into, offset)
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, data: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: as in `after_writes`; SQLite gives `amount` bytes.
    unsafe {
        let data = slice::from_raw_parts(data.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        block_file(file).write(data, offset)
    }
}

/// Lends a page that SQLite would otherwise map.
unsafe extern "C" fn fetch(file: *mut sqlite3_file, offset: i64, amount: c_int, page: *mut *mut c_void) -> c_int {
    // SAFETY: as in `after_writes`; SQLite gives room for a pointer, and only reads the page.
    unsafe {
        let length = usize::try_from(amount).unwrap_or(0);
        *page = block_file(file).lend(offset, length).cast_mut().cast();
    }
    ffi::SQLITE_OK
}

/// Takes back a page that was lent. NULL asks to forget every page.
unsafe extern "C" fn unfetch(file: *mut sqlite3_file, _offset: i64, page: *mut c_void) -> c_int {
    // SAFETY: as in `after_writes`.
    let file = unsafe { block_file(file) };
    if page.is_null() {
        file.finish_writes();
    } else {
        file.blocks.take_back(page.cast_const().cast());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    after_checked_writes!(file, xTruncate, size)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    after_checked_writes!(file, xSync, flags)
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut i64) -> c_int {
    after_checked_writes!(file, xFileSize, size)
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    after_writes!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    after_writes!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, reserved: *mut c_int) -> c_int {
    after_writes!(file, xCheckReservedLock, reserved)
}

/// Every commit calls this with `SQLITE_FCNTL_SYNC` before it flushes, even with `synchronous=OFF`.
unsafe extern "C" fn file_control(file: *mut sqlite3_file, operation: c_int, argument: *mut c_void) -> c_int {
    if operation == ffi::SQLITE_FCNTL_SIZE_HINT {
        // SQLite calls it before each series of writes, which would end every run. Its own VFSs act on it only where a chunk
        // size is set, and none is set here.
        return ffi::SQLITE_OK;
    }
    if operation == ffi::SQLITE_FCNTL_MMAP_SIZE {
        return ffi::SQLITE_OK; // the real file is never mapped
    }
    if operation == ffi::SQLITE_FCNTL_SYNC {
        return after_checked_writes!(file, xFileControl, operation, argument);
    }
    if operation == START_HASH {
        // SAFETY: as in `after_writes`.
        unsafe { block_file(file) }.start_hash();
        return ffi::SQLITE_OK;
    }
    if operation == TAKE_HASH {
        // SAFETY: as in `after_writes`; the argument is that of `take_hash`, which knows the number.
        unsafe { *argument.cast::<Option<FileHash>>() = block_file(file).take_hash() };
        return ffi::SQLITE_OK;
    }
    after_writes!(file, xFileControl, operation, argument)
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in `after_writes`.
    let real = unsafe { block_file(file) }.real;
    call_real!(real, xSectorSize)
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in `after_writes`.
    let real = unsafe { block_file(file) }.real;
    call_real!(real, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    mapped: *mut *mut c_void,
) -> c_int {
    after_writes!(file, xShmMap, page, size, extend, mapped)
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    after_writes!(file, xShmLock, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as in `after_writes` and `call_real`.
    unsafe {
        let RealFile(real) = block_file(file).real;
        if let Some(barrier) = (*(*real).pMethods).xShmBarrier {
            barrier(real);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    after_writes!(file, xShmUnmap, delete)
}
