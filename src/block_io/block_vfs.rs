//! A thin VFS over SQLite's own that reads and writes neighbouring pages in one call.
//!
//! SQLite asks the system for one page at a time, and a page of a journal takes three writes; copying a large database so
//! spends more time on entering the kernel than on copying. Here a run of writes that follow each other is collected into
//! one, and a run of reads is served from one larger read. Everything else is the real VFS's: locks, flushing, names.
//!
//! SQLite can go on without its own copy of each page: where it would map the file into memory, it borrows pages here. A file
//! that vanishes under a map kills the process, so no file is ever mapped.
//!
//! What SQLite relies on stays true. Collected writes reach the file before anything else is asked of it: before a read, a
//! flush, a truncation, a change of locks, or its closing. An error of theirs comes out of the next call whose answer SQLite heeds:
//! at the end of a checkpoint, for one, it asks for something without looking at the answer. SQLite orders
//! files by flushing them, and counts on nothing that is not flushed, so a process that is killed leaves what a power cut
//! could have left. What was read ahead is forgotten with every write and every change of locks, so it is never older than
//! the lock under which it is used.
//!
//! This file is SQLite's side: the registration, and a method for each that SQLite calls. [`BlockFile`] does the work.
//!
//! VFS: <https://www.sqlite.org/vfs.html>. Methods: <https://www.sqlite.org/c3ref/io_methods.html>. Maps:
//! <https://www.sqlite.org/mmap.html>.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::slice;
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

use crate::block_io::block_file::BlockFile;
use crate::block_io::real_file::{Real, call};
use crate::files::long_path;

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
    let opened = BlockFile::new(methods, Real(real));
    // SAFETY: the room is SQLite's, large and aligned enough, and holds nothing that would have to be dropped.
    unsafe { file.cast::<BlockFile>().write(opened) };
    code
}

const METHODS: sqlite3_io_methods = sqlite3_io_methods {
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
const METHODS_WITH_SHARED_MEMORY: sqlite3_io_methods = sqlite3_io_methods {
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

/// Settles the file and then calls the same method of the real one. Of some of these calls SQLite ignores the answer.
macro_rules! settled {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: SQLite passes the files that `open` made to the methods that it gave them.
        let file = unsafe { block_file($file) };
        file.settle();
        call!(file.real, $method $(, $argument)*)
    }};
}

/// The same for calls whose answer SQLite heeds: a write that failed is told here.
macro_rules! reported {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: as in `settled`.
        let file = unsafe { block_file($file) };
        match file.report() {
            ffi::SQLITE_OK => call!(file.real, $method $(, $argument)*),
            code => code,
        }
    }};
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in `settled`; SQLite does not touch the file again, so its run is dropped here.
    let (settled, real) = unsafe {
        let settled = block_file(file).report();
        let BlockFile { real, run, blocks, .. } = file.cast::<BlockFile>().read();
        drop(run); // and with it the thread that may write the file
        drop(blocks);
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

/// Lends a page where SQLite would map the file.
unsafe extern "C" fn fetch(file: *mut sqlite3_file, offset: i64, amount: c_int, page: *mut *mut c_void) -> c_int {
    // SAFETY: as in `settled`; SQLite gives room for a pointer, and only reads where it leads.
    unsafe {
        let length = usize::try_from(amount).unwrap_or(0);
        *page = block_file(file).lend(offset, length).cast_mut().cast();
    }
    ffi::SQLITE_OK
}

/// Takes back a page that was lent, or, without one, forgets what was read.
unsafe extern "C" fn unfetch(file: *mut sqlite3_file, _offset: i64, page: *mut c_void) -> c_int {
    // SAFETY: as in `settled`.
    let file = unsafe { block_file(file) };
    if page.is_null() {
        file.settle();
    } else {
        file.blocks.take_back(page.cast_const().cast());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    reported!(file, xTruncate, size)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    reported!(file, xSync, flags)
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut i64) -> c_int {
    reported!(file, xFileSize, size)
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
    if operation == ffi::SQLITE_FCNTL_MMAP_SIZE {
        return ffi::SQLITE_OK; // the real file is never mapped
    }
    if operation == ffi::SQLITE_FCNTL_SYNC {
        return reported!(file, xFileControl, operation, argument);
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

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::{Connection, OpenFlags};
    use std::path::Path;

    const ROWS: &str = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000)
                        INSERT INTO t SELECT 0, zeroblob(600) FROM c";

    /// A connection through this VFS that can keep next to nothing in memory.
    fn open(path: &Path) -> Connection {
        let vfs = name().expect("registered");
        let connection =
            Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_WRITE, vfs).expect("opens");
        connection.pragma_update(None, "cache_size", 10).expect("set");
        connection
    }

    /// A connection through this VFS that borrows pages.
    fn open_to_read(path: &Path) -> Connection {
        let vfs = name().expect("registered");
        let connection =
            Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_ONLY, vfs).expect("opens");
        connection.pragma_update(None, "mmap_size", i64::MAX).expect("set");
        connection
    }

    fn least_and_most(connection: &Connection) -> (i64, i64) {
        let row = connection.query_row("SELECT min(x), max(x) FROM t", [], |row| Ok((row.get(0)?, row.get(1)?)));
        row.expect("a row")
    }

    #[test]
    fn what_others_have_written_is_read_anew() {
        for mode in ["delete", "wal"] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("others.db");
            let other = Connection::open(&path).expect("opens");
            other
                .execute_batch(&format!(
                    "PRAGMA journal_mode={mode}; CREATE TABLE t(x, filler); {ROWS}"
                ))
                .expect("written");
            let readers = [open(&path), open_to_read(&path)];
            for round in 0..5 {
                other.execute("UPDATE t SET x = ?1", [round]).expect("updated");
                for reader in &readers {
                    assert_eq!(least_and_most(reader), (round, round), "{mode}");
                }
            }
        }
    }

    #[test]
    fn what_is_written_here_others_read_once_it_is_committed() {
        for mode in ["delete", "truncate", "persist", "wal", "off"] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("own.db");
            let other = Connection::open(&path).expect("opens");
            other
                .execute_batch(&format!(
                    "PRAGMA journal_mode={mode}; CREATE TABLE t(x, filler); {ROWS}"
                ))
                .expect("written");
            let writer = open(&path);
            writer
                .pragma_update_and_check(None, "journal_mode", mode, |_| Ok(()))
                .expect("set");
            if mode != "off" {
                writer
                    .execute_batch("BEGIN; UPDATE t SET x = 1; ROLLBACK")
                    .expect("rolled back");
                assert_eq!(least_and_most(&other), (0, 0), "{mode}");
            }
            for round in 2..4 {
                writer.execute("UPDATE t SET x = ?1", [round]).expect("updated");
                assert_eq!(least_and_most(&writer), (round, round), "{mode}");
                assert_eq!(least_and_most(&other), (round, round), "{mode}");
            }
            let verdict: String = other
                .pragma_query_value(None, "integrity_check", |row| row.get(0))
                .expect("checked");
            assert_eq!(verdict, "ok", "{mode}");
        }
    }

    #[test]
    fn a_write_that_failed_is_told_by_a_call_whose_answer_sqlite_heeds() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("read-only.db");
        Connection::open(&path)
            .and_then(|connection| connection.execute_batch("CREATE TABLE t(x)"))
            .expect("written");
        // The system refuses every write to a file that is open for reading only.
        let vfs = name().expect("registered");
        let connection =
            Connection::open_with_flags_and_vfs(&path, OpenFlags::SQLITE_OPEN_READ_ONLY, vfs).expect("opens");
        let mut file: *mut sqlite3_file = ptr::null_mut();
        let (page, mut size) = ([0; 512], 0);
        // SAFETY: the file lives as long as the connection, which nobody else uses; it is asked for what SQLite asks, and `page`
        // has the bytes that are to be written.
        let (written, unlocked, flushed, looked_at) = unsafe {
            let pointer = (&raw mut file).cast();
            ffi::sqlite3_file_control(
                connection.handle(),
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_FILE_POINTER,
                pointer,
            );
            let written = write(file, page.as_ptr().cast(), 512, 0);
            file_control(file, ffi::SQLITE_FCNTL_CKPT_DONE, ptr::null_mut()); // as at the end of a checkpoint
            let unlocked = unlock(file, ffi::SQLITE_LOCK_NONE);
            let flushed = sync(file, ffi::SQLITE_SYNC_NORMAL);
            (written, unlocked, flushed, file_size(file, &raw mut size))
        };
        assert_eq!(written, ffi::SQLITE_OK, "it is collected");
        assert_eq!(unlocked, ffi::SQLITE_OK);
        assert_eq!(flushed, ffi::SQLITE_IOERR_WRITE);
        assert_eq!(looked_at, ffi::SQLITE_OK, "it is told once");
    }
}
