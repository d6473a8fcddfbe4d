//! The pages that a connection's transaction sees, read as one file. Where the WAL has newer pages than the database file,
//! they lie in both.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::thread::{self, ThreadId};

use rusqlite::Connection;

use crate::database::connection_files::system_error_or;
use crate::database::page_reader::{PageReader, has_page_table};
use crate::database::sqlite_error::Role;
use crate::pages::source::ReadAt;
use crate::report::error::Result;

/// The pages that a connection's transaction sees. Only the thread that made it can read them: other connections can see
/// other pages, and a connection is used by one thread.
pub(crate) struct SeenPages<'c> {
    reader: RefCell<PageReader<'c>>,
    thread: ThreadId,
    page_size: usize,
    size: u64,
}

// SAFETY: `read_exact_at`, the only method that uses `reader`, refuses every thread but the one that made it.
unsafe impl Sync for SeenPages<'_> {}

impl<'c> SeenPages<'c> {
    /// `connection` is in a transaction. `None` where SQLite was built without `sqlite_dbpage`, or cannot read the schema.
    pub fn of(connection: &'c Connection, path: &'c Path, role: Role) -> Option<SeenPages<'c>> {
        let number = |name| {
            connection
                .pragma_query_value(None, name, |row| row.get::<_, u32>(0))
                .ok()
        };
        let (page_size, pages) = (number("page_size")?, number("page_count")?);
        let reader = has_page_table(connection).then(|| PageReader::of(connection, path, role, page_size.into()));
        Some(SeenPages {
            reader: RefCell::new(reader?.ok()?),
            thread: thread::current().id(),
            page_size: usize::try_from(page_size).ok()?,
            size: u64::from(page_size) * u64::from(pages),
        })
    }

    /// Copies bytes of page `number`, from `start` in it on.
    fn read_part(&self, number: u64, start: usize, part: &mut [u8]) -> Result<()> {
        let mut page = vec![0; self.page_size];
        self.reader.borrow_mut().read(number, &mut page)?;
        part.copy_from_slice(&page[start..start + part.len()]);
        Ok(())
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        let page_size = self.page_size as u64;
        let (mut number, mut start) = (offset / page_size + 1, (offset % page_size) as usize);
        let mut rest = buffer;
        while !rest.is_empty() {
            let whole = rest.len() - rest.len() % self.page_size;
            let length = if start == 0 && whole > 0 {
                self.reader.borrow_mut().read(number, &mut rest[..whole])?;
                whole
            } else {
                let length = rest.len().min(self.page_size - start);
                self.read_part(number, start, &mut rest[..length])?;
                length
            };
            number += ((start + length) / self.page_size) as u64;
            start = 0;
            rest = &mut rest[length..];
        }
        Ok(())
    }
}

impl ReadAt for SeenPages<'_> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        if thread::current().id() != self.thread {
            return Err(io::Error::other("these pages are read by one thread"));
        }
        if offset + buffer.len() as u64 > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = self.read(buffer, offset);
        read.map_err(|error| system_error_or(io::Error::other(error.to_string())))
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `test` on a database whose second page is newer in the WAL than in the file.
    fn in_wal(test: impl FnOnce(&SeenPages<'_>)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("studio.db");
        let connection = Connection::open(&path).expect("opens");
        let sql = "PRAGMA page_size=1024; PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES('old');
                   PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET x='new'; BEGIN; SELECT * FROM t";
        connection.execute_batch(sql).expect("written");
        test(&SeenPages::of(&connection, &path, Role::Live).expect("has sqlite_dbpage"));
    }

    #[test]
    fn any_part_is_read_as_the_transaction_sees_it() {
        in_wal(|pages| {
            assert_eq!(pages.size().expect("known"), 2048);
            let mut whole = vec![0; 2048];
            pages.read_exact_at(&mut whole, 0).expect("read");
            assert!(whole.starts_with(b"SQLite format 3\0"));
            assert!(whole.ends_with(b"new"), "the page in the file ends with 'old'");
            for (start, length) in [(0, 100), (1000, 48), (1024, 4), (1020, 1028), (5, 1500), (2047, 1)] {
                let mut part = vec![0; length];
                pages.read_exact_at(&mut part, start as u64).expect("read");
                assert_eq!(part, whole[start..start + length], "{length} bytes from {start} on");
            }
            let behind = pages.read_exact_at(&mut [0; 2], 2047).expect_err("behind the end");
            assert_eq!(behind.kind(), io::ErrorKind::UnexpectedEof);
        });
    }

    #[test]
    fn another_thread_is_refused() {
        in_wal(|pages| {
            let read = thread::scope(|scope| {
                let other = scope.spawn(|| pages.read_exact_at(&mut [0; 100], 0));
                other.join().expect("no panic")
            });
            assert!(read.is_err());
        });
    }
}
