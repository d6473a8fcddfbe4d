//! A thin VFS over SQLite's own that reads and writes neighbouring pages in one call.
//!
//! SQLite reads one page at a time, and writes a page of a rollback journal in three parts, so copying a large database spends
//! more time entering the kernel than copying. This VFS collects writes that follow each other into one call, and serves a run
//! of reads from one larger read. Everything else is the real VFS's: locks, flushing, names.
//!
//! Where SQLite would map the file into memory, it borrows pages here and needs no copy of its own. The real file is never
//! mapped: a file that vanishes while it is mapped kills the process.
//!
//! What SQLite relies on stays true:
//!
//! - Collected writes reach the file before a read, a flush, a truncation, a change of locks, and the closing.
//! - An error of such a write is returned by the next call whose result SQLite checks. It ignores the result of some calls,
//!   as of the file control at the end of a checkpoint.
//! - SQLite orders writes by flushing, and relies on nothing that is not flushed. A process that is killed therefore leaves
//!   nothing that a power cut could not have left.
//! - Blocks that were read are forgotten with every write and every change of locks, so they are never older than the lock
//!   under which they are used.
//!
//! This file registers the VFS and opens files. [`file_methods`](crate::block_io::file_methods) is what SQLite calls on an
//! open file, and [`BlockFile`] does the work.
//!
//! VFS: <https://www.sqlite.org/vfs.html>. Maps: <https://www.sqlite.org/mmap.html>.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use once_cell::sync::OnceCell;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

use crate::block_io::block_file::BlockFile;
use crate::block_io::file_methods::{METHODS, METHODS_WITH_SHARED_MEMORY};
use crate::block_io::real_file::RealFile;
use crate::files::long_path;

const NAME: &CStr = c"respaldo-block";

/// SQLite's own VFS below this one; NULL is the default.
const REAL_VFS: *const c_char = if cfg!(windows) {
    long_path::VFS.as_ptr()
} else {
    ptr::null()
};

/// The name of the VFS, which the first call registers. `None` when that fails: SQLite's own VFS then does the same, slower,
/// and the next call tries again.
pub(crate) fn name() -> Option<&'static CStr> {
    static REGISTERED: OnceCell<()> = OnceCell::new();
    register_once(&REGISTERED, REAL_VFS)
}

fn register_once(registered: &OnceCell<()>, real_vfs: *const c_char) -> Option<&'static CStr> {
    let result = registered.get_or_try_init(|| register(real_vfs).ok_or(()));
    result.is_ok().then_some(NAME)
}

#[repr(C)]
struct BlockVfs {
    /// First, because SQLite passes a pointer to it.
    vfs: sqlite3_vfs,
    real: *mut sqlite3_vfs,
}

/// Registers the VFS over the one with this name. `None` if there is none, or SQLite has no memory.
fn register(real_vfs: *const c_char) -> Option<()> {
    // SAFETY: a static name, or NULL for the default VFS.
    let real = unsafe { ffi::sqlite3_vfs_find(real_vfs) };
    // SAFETY: a VFS that was found is valid as long as the process, and is not changed.
    let found = unsafe { real.as_ref() }?;
    // The methods that concern no open file are those of the real VFS, with the data that they use.
    let vfs = sqlite3_vfs {
        szOsFile: c_int::try_from(size_of::<BlockFile>()).unwrap_or(0) + found.szOsFile,
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        xOpen: Some(open),
        ..*found
    };
    let registered = Box::into_raw(Box::new(BlockVfs { vfs, real }));
    // SAFETY: the VFS is never freed; 0 leaves the default VFS as it is.
    let code = unsafe { ffi::sqlite3_vfs_register(registered.cast(), 0) };
    (code == ffi::SQLITE_OK).then_some(())
}

/// Opens a database or its rollback journal as a [`BlockFile`], and any other file as the real VFS does.
unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes the VFS that `register` made, which begins with its `sqlite3_vfs`.
    let real_vfs = unsafe { (*vfs.cast::<BlockVfs>()).real };
    // SAFETY: the real VFS is valid as long as the process.
    let Some(open_real) = (unsafe { (*real_vfs).xOpen }) else {
        return ffi::SQLITE_CANTOPEN;
    };
    if flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_MAIN_JOURNAL) == 0 {
        // SAFETY: SQLite's own arguments; `file` has room for more than the real file.
        return unsafe { open_real(real_vfs, name, file, flags, out_flags) };
    }
    // SAFETY: SQLite gives `szOsFile` bytes, aligned for any file: a BlockFile, and behind it the real file.
    let real = unsafe { file.cast::<BlockFile>().add(1).cast::<sqlite3_file>() };
    // SAFETY: as above. A file that fails to open may have methods all the same; SQLite then closes it.
    let (code, has_methods) = unsafe {
        (*real).pMethods = ptr::null();
        let code = open_real(real_vfs, name, real, flags, out_flags);
        (code, !(*real).pMethods.is_null())
    };
    let methods: *const sqlite3_io_methods = match (has_methods, RealFile(real).has_shared_memory()) {
        (false, _) => ptr::null(),
        (true, false) => &METHODS,
        (true, true) => &METHODS_WITH_SHARED_MEMORY,
    };
    let opened = BlockFile::new(methods, RealFile(real));
    // SAFETY: the memory is SQLite's, large and aligned enough, and holds nothing that needs dropping.
    unsafe { file.cast::<BlockFile>().write(opened) };
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block_io::file_hash::PART;
    use crate::block_io::file_methods::{start_hash, take_hash};
    use crate::block_io::real_file::call_real;
    use rusqlite::{Connection, OpenFlags, backup::Backup};
    use std::fs;
    use std::path::Path;

    const ROWS: &str = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000)
                        INSERT INTO t SELECT 0, zeroblob(600) FROM c";

    /// A connection through this VFS with a cache of ten pages.
    fn open(path: &Path) -> Connection {
        let vfs = name().expect("registered");
        let connection =
            Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_WRITE, vfs).expect("opens");
        connection.pragma_update(None, "cache_size", 10).expect("set");
        connection
    }

    /// A connection through this VFS that borrows pages instead of copying them.
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
    fn what_another_connection_has_written_is_read() {
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
    fn what_is_written_here_is_read_by_others_after_the_commit() {
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
    fn a_failed_write_is_returned_by_a_call_whose_result_sqlite_checks() {
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
        let (main, pointer) = (c"main".as_ptr(), (&raw mut file).cast());
        // SAFETY: the connection is open, and there is room for a pointer.
        unsafe { ffi::sqlite3_file_control(connection.handle(), main, ffi::SQLITE_FCNTL_FILE_POINTER, pointer) };
        // The calls of SQLite on a file of this VFS.
        let file = RealFile(file);
        let written = file.write(&[0; 512], 0);
        let _ = call_real!(file, xFileControl, ffi::SQLITE_FCNTL_CKPT_DONE, ptr::null_mut()); // as at the end of a checkpoint
        let unlocked = call_real!(file, xUnlock, ffi::SQLITE_LOCK_NONE);
        let flushed = call_real!(file, xSync, ffi::SQLITE_SYNC_NORMAL);
        let size = file.size();
        assert_eq!(written, ffi::SQLITE_OK, "the write is collected");
        assert_eq!(unlocked, ffi::SQLITE_OK);
        assert_eq!(flushed, ffi::SQLITE_IOERR_WRITE);
        assert_eq!(size, Some(8192), "the error is returned once");
    }

    #[test]
    fn a_registration_that_failed_is_tried_again() {
        let registered = OnceCell::new();
        assert_eq!(register_once(&registered, c"no such vfs".as_ptr()), None);
        assert_eq!(register_once(&registered, REAL_VFS), Some(NAME));
        assert_eq!(
            register_once(&registered, c"no such vfs".as_ptr()),
            Some(NAME),
            "once is enough"
        );
    }

    #[test]
    fn what_sqlite_copies_is_hashed_while_it_is_written_and_hardly_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let source = Connection::open(&from).expect("opens");
        source
            .execute_batch("CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(3000000)), (randomblob(3000000))")
            .expect("written");
        fs::File::create(&to).expect("made");
        let vfs = name().expect("registered");
        let mut copy = Connection::open_with_flags_and_vfs(&to, OpenFlags::SQLITE_OPEN_READ_WRITE, vfs).expect("opens");
        copy.execute_batch("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA cache_size=-64")
            .expect("set");
        start_hash(&copy);
        let backup = Backup::new(&source, &mut copy).expect("begun");
        backup
            .run_to_completion(100, std::time::Duration::ZERO, None)
            .expect("copied");
        drop(backup);
        let hash = take_hash(&copy).expect("asked for");
        let known = hash.parts_known();
        let parts = fs::metadata(&to).expect("there").len().div_ceil(PART);
        assert!(known as u64 >= parts - 1, "{known} of {parts}");
        let whole = hash.finish(&mut fs::File::open(&to).expect("opens")).expect("readable");
        assert_eq!(whole, blake3::hash(&fs::read(&to).expect("read")));
        assert!(take_hash(&source).is_none(), "a file of another VFS");
    }
}
