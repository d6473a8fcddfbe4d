//! Reads the pages of a database as a connection's transaction sees them.

use std::path::Path;

use rusqlite::{Connection, Statement, ffi};

use crate::database::live_file::LiveFile;
use crate::database::sqlite_error::{Role, explain, remember_system_error};
use crate::report::error::Result;

/// Bytes of one read: a multiple of every page size.
pub(crate) const CHUNK: usize = 1 << 16;

/// The page with this byte is never written: <https://www.sqlite.org/fileformat2.html#the_lock_byte_page>.
const LOCK_BYTE: u64 = 0x4000_0000;

/// The number of the page that is never written, counted from 1 as SQLite does.
pub(crate) fn lock_byte_page(page_size: u64) -> u64 {
    LOCK_BYTE / page_size + 1
}

/// Whether `connection` has `sqlite_dbpage`, by which single pages are read through a WAL and written: SQLite was built with
/// it, and no table of a hostile file has its name. <https://www.sqlite.org/dbpage.html>
pub(crate) fn has_page_table(connection: &Connection) -> bool {
    let sql = "SELECT 1 FROM pragma_module_list WHERE name = 'sqlite_dbpage'
               AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE lower(name) = 'sqlite_dbpage')";
    connection.query_row(sql, [], |_| Ok(())).is_ok()
}

/// Reads the pages that `connection` sees in its transaction.
pub(crate) struct PageReader<'c> {
    way: Way<'c>,
    connection: &'c Connection,
    path: &'c Path,
    role: Role,
    page_size: u64,
}

enum Way<'c> {
    /// In a rollback mode every page is at its place in the file.
    File(LiveFile<'c>),
    /// In WAL mode SQLite finds the newest version of each page.
    Table(Statement<'c>),
}

impl<'c> PageReader<'c> {
    /// For a connection that is in a transaction. In WAL mode it needs `sqlite_dbpage`.
    pub fn of(connection: &'c Connection, path: &'c Path, role: Role, page_size: u64) -> Result<PageReader<'c>> {
        let mode: rusqlite::Result<String> = connection.pragma_query_value(None, "journal_mode", |row| row.get(0));
        let way = mode.and_then(|mode| {
            if mode == "wal" {
                let statement = connection.prepare("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
                return Ok(Way::Table(statement));
            }
            LiveFile::of(connection).map(Way::File).ok_or_else(unreadable)
        });
        let way = way.map_err(|error| explain(&error, path, role))?;
        Ok(PageReader {
            way,
            connection,
            path,
            role,
            page_size,
        })
    }

    /// Whether every page is at its place in the file.
    pub fn is_plain(&self) -> bool {
        matches!(self.way, Way::File(_))
    }

    /// Fills `pages` with whole pages from page `first` on. The contents of the lock-byte page are undefined.
    pub fn read(&mut self, first: u64, pages: &mut [u8]) -> Result<()> {
        let read = match &mut self.way {
            Way::File(file) => file.read_at(pages, (first - 1) * self.page_size),
            Way::Table(statement) => read_from_table(statement, first, pages, self.page_size),
        };
        if matches!(self.way, Way::Table(_)) {
            remember_system_error(self.connection, &read);
        }
        read.map_err(|error| explain(&error, self.path, self.role))
    }
}

fn read_from_table(
    statement: &mut Statement<'_>,
    first: u64,
    pages: &mut [u8],
    page_size: u64,
) -> rusqlite::Result<()> {
    let page_size = usize::try_from(page_size).unwrap_or(CHUNK);
    for (number, page) in (first..).zip(pages.chunks_exact_mut(page_size)) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        statement.query_row([number], |row| match row.get_ref(0)?.as_blob() {
            Ok(data) if data.len() == page.len() => {
                page.copy_from_slice(data);
                Ok(())
            }
            _ => Err(unreadable()),
        })?;
    }
    Ok(())
}

fn unreadable() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_READ), None)
}
