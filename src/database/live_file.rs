//! The live database's file, reached through SQLite's own handle.
//!
//! POSIX locks belong to the process, and closing any descriptor of a file drops all of them. A file that may be open
//! in SQLite in this process must therefore never be opened a second time. This module reads its bytes and takes its
//! lock when it cannot be opened as a database.

use std::ffi::c_int;
use std::fs::File;
use std::io::{self, Write};
#[cfg(any(windows, test))]
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, ffi};

use crate::files::long_path;
use crate::report::waiting;

/// A connection's main file.
pub(crate) struct LiveFile<'c> {
    file: *mut ffi::sqlite3_file,
    methods: &'c ffi::sqlite3_io_methods,
}

const CHUNK: usize = 1 << 16;
/// A database's header is within these bytes.
#[cfg(any(windows, test))]
const BEGINNING: usize = 512;
const RETRY: Duration = Duration::from_millis(1);

/// Opens the file without reading it, so it need not be a database.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    long_path::open(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
}

impl<'c> LiveFile<'c> {
    /// The main file of `connection`, or `None` when it has none open.
    pub fn of(connection: &'c Connection) -> Option<LiveFile<'c>> {
        let mut file: *mut ffi::sqlite3_file = ptr::null_mut();
        // SAFETY: the handle is valid while `connection` is borrowed, and SQLITE_FCNTL_FILE_POINTER writes one pointer.
        let code = unsafe {
            ffi::sqlite3_file_control(
                connection.handle(),
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_FILE_POINTER,
                ptr::from_mut(&mut file).cast(),
            )
        };
        if code != ffi::SQLITE_OK || file.is_null() {
            return None;
        }
        // SAFETY: SQLite's file objects live as long as their connection, which 'c borrows; `pMethods` is NULL for a
        // file that is not open, and points to a static table otherwise.
        let methods = unsafe { (*file).pMethods.as_ref() }?;
        Some(LiveFile { file, methods })
    }

    /// Takes SQLite's exclusive lock, which is released when the connection closes. `false` when another connection
    /// keeps its lock longer than `timeout`.
    ///
    /// It takes the RESERVED lock first, as SQLite does. A failed try for EXCLUSIVE then keeps the PENDING lock, which
    /// admits no new reader. Before RESERVED is taken, no lock is kept between two tries: a SHARED lock would stop a
    /// writer's commit, and both would wait for each other.
    pub fn lock_exclusively(&self, timeout: Duration) -> io::Result<bool> {
        let deadline = Instant::now() + timeout;
        let until_free = |attempt: &dyn Fn() -> c_int| wait_until(deadline, attempt);
        let reserve = || {
            let code = match self.lock(ffi::SQLITE_LOCK_SHARED) {
                ffi::SQLITE_OK => self.lock(ffi::SQLITE_LOCK_RESERVED),
                code => code,
            };
            if code != ffi::SQLITE_OK {
                self.unlock();
            }
            code
        };
        Ok(until_free(&reserve)? && until_free(&|| self.lock(ffi::SQLITE_LOCK_EXCLUSIVE))?)
    }

    /// Takes SQLite's shared lock, which is released when the connection closes: until then no other connection writes the
    /// file, but for a checkpoint in WAL mode. `false` when another connection writes longer than `timeout`.
    pub fn lock_shared(&self, timeout: Duration) -> io::Result<bool> {
        wait_until(Instant::now() + timeout, &|| self.lock(ffi::SQLITE_LOCK_SHARED))
    }

    /// Whether the file begins with these bytes.
    pub fn starts_with(&self, beginning: &[u8]) -> io::Result<bool> {
        let mut bytes = vec![0; beginning.len()];
        match self.read(&mut bytes, 0) {
            ffi::SQLITE_IOERR_SHORT_READ => Ok(false),
            code => succeeded(code).map(|()| bytes == beginning),
        }
    }

    /// Fills `part` with the bytes from `offset` on.
    pub fn read_exact_at(&self, part: &mut [u8], offset: u64) -> io::Result<()> {
        succeeded(self.read(part, offset))
    }

    /// Like [`read_exact_at`](Self::read_exact_at), with SQLite's error.
    pub fn read_at(&self, part: &mut [u8], offset: u64) -> rusqlite::Result<()> {
        // An earlier `errno` must not be taken for the cause when the file merely ends.
        errno::set_errno(errno::Errno(0));
        match self.read(part, offset) {
            ffi::SQLITE_OK => Ok(()),
            code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
        }
    }

    /// Copies all `size` bytes to `target`. The size comes from the file system, because SQLite reports a file of one
    /// byte as empty.
    pub fn copy_to(&self, target: &mut File, size: u64) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        let mut offset = 0;
        while offset < size {
            let rest = usize::try_from(size - offset).unwrap_or(CHUNK);
            let part = &mut buffer[..rest.min(CHUNK)];
            self.read_exact_at(part, offset)?;
            target.write_all(part)?;
            offset += part.len() as u64;
        }
        Ok(())
    }

    /// Overwrites the file with `new`. The caller holds the exclusive lock.
    ///
    /// The first bytes are cleared first and written last, so that an incomplete file is not taken for a database.
    /// Fails with nothing changed when the disk has no room for it.
    #[cfg(any(windows, test))]
    pub fn overwrite(&self, new: &mut File, old_size: u64) -> io::Result<()> {
        let size = new.metadata()?.len();
        if size > old_size {
            self.truncate(size).inspect_err(|_| drop(self.truncate(old_size)))?;
        }
        self.write(&[0; BEGINNING], 0)?;
        self.sync()?;
        new.seek(SeekFrom::Start(BEGINNING as u64))?;
        let mut buffer = vec![0; CHUNK];
        let mut offset = BEGINNING as u64;
        while offset < size {
            let rest = usize::try_from(size - offset).unwrap_or(CHUNK);
            let part = &mut buffer[..rest.min(CHUNK)];
            new.read_exact(part)?;
            self.write(part, offset)?;
            offset += part.len() as u64;
        }
        self.truncate(size)?;
        self.sync()?;
        let mut beginning = Vec::with_capacity(BEGINNING);
        new.rewind()?;
        new.take(BEGINNING as u64).read_to_end(&mut beginning)?;
        self.write(&beginning, 0)?;
        self.sync()
    }

    #[cfg(any(windows, test))]
    fn write(&self, part: &[u8], offset: u64) -> io::Result<()> {
        let (Some(write), Ok(length), Ok(offset)) =
            (self.methods.xWrite, c_int::try_from(part.len()), i64::try_from(offset))
        else {
            return succeeded(ffi::SQLITE_IOERR);
        };
        // SAFETY: as in `lock`; xWrite reads `length` bytes, which is the length of `part`.
        succeeded(unsafe { write(self.file, part.as_ptr().cast(), length, offset) })
    }

    #[cfg(any(windows, test))]
    fn truncate(&self, size: u64) -> io::Result<()> {
        let (Some(truncate), Ok(size)) = (self.methods.xTruncate, i64::try_from(size)) else {
            return succeeded(ffi::SQLITE_IOERR);
        };
        // SAFETY: as in `lock`.
        succeeded(unsafe { truncate(self.file, size) })
    }

    #[cfg(any(windows, test))]
    fn sync(&self) -> io::Result<()> {
        let Some(sync) = self.methods.xSync else {
            return succeeded(ffi::SQLITE_IOERR);
        };
        // SAFETY: as in `lock`.
        succeeded(unsafe { sync(self.file, ffi::SQLITE_SYNC_FULL) })
    }

    fn lock(&self, level: c_int) -> c_int {
        let Some(lock) = self.methods.xLock else {
            return ffi::SQLITE_IOERR;
        };
        // SAFETY: `file` is open (see `of`) and used by this thread alone, since `Connection` is not `Sync`.
        unsafe { lock(self.file, level) }
    }

    /// A failure is ignored: closing the file releases the lock.
    fn unlock(&self) {
        if let Some(unlock) = self.methods.xUnlock {
            // SAFETY: as in `lock`.
            unsafe { unlock(self.file, ffi::SQLITE_LOCK_NONE) };
        }
    }

    fn read(&self, part: &mut [u8], offset: u64) -> c_int {
        let (Some(read), Ok(length), Ok(offset)) =
            (self.methods.xRead, c_int::try_from(part.len()), i64::try_from(offset))
        else {
            return ffi::SQLITE_IOERR;
        };
        // SAFETY: as in `lock`; xRead writes at the most `length` bytes, which is the length of `part`.
        unsafe { read(self.file, part.as_mut_ptr().cast(), length, offset) }
    }
}

/// Repeats an attempt that another connection's lock refuses, until `deadline` or until the caller cancels. `false` when it is
/// refused to the end.
fn wait_until(deadline: Instant, attempt: &dyn Fn() -> c_int) -> io::Result<bool> {
    loop {
        match attempt() {
            ffi::SQLITE_OK => return Ok(true),
            ffi::SQLITE_BUSY if Instant::now() >= deadline || !waiting::goes_on() => return Ok(false),
            ffi::SQLITE_BUSY => thread::sleep(RETRY),
            code => return Err(io::Error::other(ffi::code_to_str(code))),
        }
    }
}

fn succeeded(code: c_int) -> io::Result<()> {
    if code == ffi::SQLITE_OK {
        Ok(())
    } else {
        Err(io::Error::other(ffi::code_to_str(code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn any_bytes_can_be_copied_and_a_second_lock_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("garbage");
        let garbage: Vec<u8> = (0..200_001_u32).map(|n| n.to_le_bytes()[0]).collect();
        fs::write(&path, &garbage).expect("written");
        let connection = open(&path).expect("opens");
        let file = LiveFile::of(&connection).expect("a file");
        let mut copy = tempfile::tempfile_in(folder.path()).expect("a file");
        file.copy_to(&mut copy, 200_001).expect("copied");
        let mut copied = Vec::new();
        copy.rewind().expect("rewound");
        copy.read_to_end(&mut copied).expect("read");
        assert_eq!(copied, garbage);

        for size in [0, 100, 512, 70_000, 300_000_u32] {
            let new: Vec<u8> = (0..size).map(|n| n.to_le_bytes()[1]).collect();
            let mut source = tempfile::tempfile_in(folder.path()).expect("a file");
            source.write_all(&new).expect("written");
            let old_size = fs::metadata(&path).expect("there").len();
            file.overwrite(&mut source, old_size).expect("written");
            assert_eq!(fs::read(&path).expect("read"), new);
        }
        file.overwrite(&mut copy, 300_000).expect("written");

        assert!(file.starts_with(&[0, 1, 2]).expect("read"));
        assert!(!file.starts_with(&[0; 200_002]).expect("read"));

        assert!(file.lock_exclusively(Duration::ZERO).expect("locked"));
        let other = open(&path).expect("opens");
        let other_file = LiveFile::of(&other).expect("a file");
        assert!(!other_file.lock_exclusively(Duration::from_millis(30)).expect("asked"));
        drop(connection);
        assert!(other_file.lock_exclusively(Duration::ZERO).expect("asked"));
    }
    #[test]
    fn while_it_waits_nobody_else_gets_in_and_a_writer_can_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("in-use");
        fs::write(&path, "not a database").expect("written");
        let connections = [(); 3].map(|()| open(&path).expect("opens"));
        let [other, waiting, newcomer] = [0, 1, 2].map(|n: usize| LiveFile::of(&connections[n]).expect("a file"));

        for level in [ffi::SQLITE_LOCK_SHARED, ffi::SQLITE_LOCK_RESERVED] {
            assert_eq!(other.lock(level), ffi::SQLITE_OK);
        }
        assert!(!waiting.lock_exclusively(Duration::ZERO).expect("asked"));
        assert_eq!(other.lock(ffi::SQLITE_LOCK_EXCLUSIVE), ffi::SQLITE_OK, "a writer ends");
        other.unlock();

        assert_eq!(other.lock(ffi::SQLITE_LOCK_SHARED), ffi::SQLITE_OK);
        assert!(!waiting.lock_exclusively(Duration::ZERO).expect("asked"));
        assert_eq!(newcomer.lock(ffi::SQLITE_LOCK_SHARED), ffi::SQLITE_BUSY);
        other.unlock();
        assert!(waiting.lock_exclusively(Duration::ZERO).expect("asked"));
    }
}
