//! A VFS for a database that is no file on this computer: SQLite reads it through [`ArchivedFile`], and writes nothing.
//!
//! SQLite opens the main file of a connection within the call that makes the connection. The database is handed over for that call
//! and has no name, so that no statement can open one.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::slice;
use std::sync::Arc;

use once_cell::sync::OnceCell;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};
use rusqlite::{Connection, OpenFlags};

/// A database that stays as it is.
pub(crate) trait ArchivedFile: Send + Sync {
    /// Its bytes.
    fn size(&self) -> u64;

    /// Fills `part` with the bytes from `offset` on, all of which lie before the end. `false` where they cannot be read.
    fn read_at(&self, part: &mut [u8], offset: u64) -> bool;
}

const NAME: &CStr = c"respaldo-archive";

thread_local! {
    /// The database that this thread is opening.
    static OPENED_NOW: RefCell<Option<Arc<dyn ArchivedFile>>> = const { RefCell::new(None) };
}

/// Opens a database for reading. A WAL that it may have had is not looked for.
pub(crate) fn open(file: Arc<dyn ArchivedFile>) -> rusqlite::Result<Connection> {
    static REGISTERED: OnceCell<()> = OnceCell::new();
    let failed = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
    REGISTERED
        .get_or_try_init(register)
        .map_err(|()| failed(ffi::SQLITE_NOMEM))?;
    OPENED_NOW.set(Some(file));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags_and_vfs(Path::new("archived"), flags, NAME);
    OPENED_NOW.set(None);
    opened
}

fn register() -> Result<(), ()> {
    // SAFETY: NULL asks for the default VFS, which is valid as long as the process, and is not changed.
    let found = unsafe { ffi::sqlite3_vfs_find(ptr::null()).as_ref() }.ok_or(())?;
    // Time, randomness and sleep are those of the default VFS.
    let vfs = sqlite3_vfs {
        szOsFile: c_int::try_from(size_of::<OpenFile>()).unwrap_or(0),
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        xOpen: Some(open_file),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        ..*found
    };
    // SAFETY: the VFS is never freed; 0 leaves the default VFS as it is.
    let code = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) };
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(()) }
}

/// The file as SQLite sees it. SQLite aligns files to 8 bytes.
#[repr(C, align(8))]
struct OpenFile {
    /// First, because SQLite passes a pointer to it.
    base: sqlite3_file,
    file: Arc<dyn ArchivedFile>,
}

const METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(number_is_fine),
    xFileSize: Some(file_size),
    xLock: Some(number_is_fine),
    xUnlock: Some(number_is_fine),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// Opens the database that was handed over. Any other file, as a journal or a temporary one, cannot be opened.
unsafe extern "C" fn open_file(
    _: *mut sqlite3_vfs,
    _: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a file to be set up. One without methods is not closed.
    unsafe { (*file).pMethods = ptr::null() };
    let is_main = flags & ffi::SQLITE_OPEN_MAIN_DB != 0;
    let Some(handed_over) = OPENED_NOW.take().filter(|_| is_main) else {
        return ffi::SQLITE_CANTOPEN;
    };
    let opened = OpenFile {
        base: sqlite3_file { pMethods: &METHODS },
        file: handed_over,
    };
    // SAFETY: SQLite gives `szOsFile` bytes, aligned for any file, and NULL or room for flags.
    unsafe {
        file.cast::<OpenFile>().write(opened);
        if let Some(out_flags) = out_flags.as_mut() {
            *out_flags = ffi::SQLITE_OPEN_READONLY | ffi::SQLITE_OPEN_MAIN_DB;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: `open_file` wrote an OpenFile there, which SQLite does not use again.
    unsafe {
        drop(file.cast::<OpenFile>().read());
        (*file).pMethods = ptr::null();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: `open_file` wrote an OpenFile there; SQLite gives room for `amount` bytes.
    let (file, into) = unsafe {
        let into = slice::from_raw_parts_mut(into.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        (&(*file.cast::<OpenFile>()).file, into)
    };
    let Ok(offset) = u64::try_from(offset) else {
        return ffi::SQLITE_IOERR_READ;
    };
    let there = usize::try_from(file.size().saturating_sub(offset)).unwrap_or(usize::MAX);
    let (part, behind) = into.split_at_mut(there.min(into.len()));
    behind.fill(0);
    if !part.is_empty() && !file.read_at(part, offset) {
        return ffi::SQLITE_IOERR_READ;
    }
    if behind.is_empty() {
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_IOERR_SHORT_READ
    }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: `open_file` wrote an OpenFile there; SQLite gives room for a number.
    unsafe { *size = i64::try_from((*file.cast::<OpenFile>()).file.size()).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn write(_: *mut sqlite3_file, _: *const c_void, _: c_int, _: i64) -> c_int {
    ffi::SQLITE_READONLY
}

unsafe extern "C" fn truncate(_: *mut sqlite3_file, _: i64) -> c_int {
    ffi::SQLITE_READONLY
}

/// For flushing and for locks: nobody writes the file.
unsafe extern "C" fn number_is_fine(_: *mut sqlite3_file, _: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_: *mut sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: SQLite gives room for a number.
    unsafe { *reserved = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut sqlite3_file) -> c_int {
    4096
}

/// Immutable: SQLite looks for neither a journal nor a WAL, and takes no locks.
unsafe extern "C" fn device_characteristics(_: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_IMMUTABLE
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, _: *const c_char, _: c_int) -> c_int {
    ffi::SQLITE_READONLY
}

unsafe extern "C" fn access(_: *mut sqlite3_vfs, _: *const c_char, _: c_int, is_so: *mut c_int) -> c_int {
    // SAFETY: SQLite gives room for a number.
    unsafe { *is_so = 0 };
    ffi::SQLITE_OK
}

/// The name as it is.
unsafe extern "C" fn full_pathname(_: *mut sqlite3_vfs, name: *const c_char, room: c_int, full: *mut c_char) -> c_int {
    // SAFETY: SQLite gives a name, and `room` bytes for the full one.
    unsafe {
        let name = CStr::from_ptr(name).to_bytes_with_nul();
        if name.len() > usize::try_from(room).unwrap_or(0) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(name.as_ptr(), full.cast::<u8>(), name.len());
    }
    ffi::SQLITE_OK
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    /// A database in memory that counts what is read of it.
    struct Counted {
        bytes: Vec<u8>,
        read: AtomicU64,
        is_gone: AtomicBool,
    }

    impl ArchivedFile for Counted {
        fn size(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn read_at(&self, part: &mut [u8], offset: u64) -> bool {
            let start = usize::try_from(offset).expect("small");
            part.copy_from_slice(&self.bytes[start..start + part.len()]);
            self.read.fetch_add(part.len() as u64, Ordering::Relaxed);
            !self.is_gone.load(Ordering::Relaxed)
        }
    }

    fn database(mode: &str) -> Arc<Counted> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("made.db");
        let made = Connection::open(&path).expect("opens");
        made.execute_batch(&format!(
            "PRAGMA journal_mode={mode}; CREATE TABLE t(id INTEGER PRIMARY KEY, x);
             WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5000)
             INSERT INTO t SELECT n, hex(randomblob(200)) FROM c"
        ))
        .expect("written");
        drop(made);
        Arc::new(Counted {
            bytes: std::fs::read(path).expect("read"),
            read: AtomicU64::new(0),
            is_gone: AtomicBool::new(false),
        })
    }

    #[test]
    fn a_row_costs_a_few_pages_in_every_mode_and_nothing_can_be_written() {
        for mode in ["delete", "wal"] {
            let file = database(mode);
            let connection = open(Arc::clone(&file) as Arc<dyn ArchivedFile>).expect("opens");
            let found: i64 = connection
                .query_row("SELECT id FROM t WHERE id = 4321", [], |row| row.get(0))
                .expect("a row");
            assert_eq!(found, 4321, "{mode}");
            let read = file.read.load(Ordering::Relaxed);
            assert!(read * 50 < file.size(), "{read} of {} in {mode}", file.size());
            let verdict: String = connection
                .pragma_query_value(None, "integrity_check", |row| row.get(0))
                .expect("checked");
            assert_eq!(verdict, "ok", "{mode}");
            assert!(connection.execute_batch("DELETE FROM t").is_err(), "{mode}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_what_is_cut_off_is_too() {
        let file = database("delete");
        let connection = open(Arc::clone(&file) as Arc<dyn ArchivedFile>).expect("opens");
        file.is_gone.store(true, Ordering::Relaxed);
        let count =
            |connection: &Connection| connection.query_row("SELECT count(x) FROM t", [], |row| row.get::<_, i64>(0));
        assert!(count(&connection).is_err());
        let half = Counted {
            bytes: file.bytes[..file.bytes.len() / 2].to_vec(),
            read: AtomicU64::new(0),
            is_gone: AtomicBool::new(false),
        };
        assert!(open(Arc::new(half)).and_then(|connection| count(&connection)).is_err());
    }

    #[test]
    fn a_statement_cannot_name_one() {
        let connection = Connection::open_in_memory().expect("opens");
        let attached = connection.execute_batch("ATTACH 'file:archived?vfs=respaldo-archive' AS other");
        assert!(attached.is_err());
        drop(open(database("delete")).expect("opens"));
        let attached = connection.execute_batch("ATTACH 'file:archived?vfs=respaldo-archive' AS other");
        assert!(attached.is_err());
    }
}
