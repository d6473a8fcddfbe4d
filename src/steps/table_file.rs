//! The file of a held database, read by the pages of its tables.

use rusqlite::OptionalExtension;

use crate::database::page_reader::{CHUNK, PageReader};
use crate::database::value::bytes;
use crate::pages::cell::Limits;
use crate::pages::header::{Encoding, Header};
use crate::pages::tree::{self, ReadPage, TreePages};
use crate::pages::usage::Usage;
use crate::report::error::{Cause, Error, Result};
use crate::steps::snapshot::Source;

/// A file that is read by pages, as its connection's transaction sees them.
pub(crate) struct TableFile<'s> {
    pub source: &'s Source,
    reader: PageReader<'s>,
    pub pages: u32,
    pub page_size: usize,
    pub usable: usize,
    /// How many pages are read at once where they follow each other.
    pub pages_at_once: u32,
    pub encoding: Encoding,
    pub limits: Limits,
}

impl ReadPage for TableFile<'_> {
    type Error = Error;

    fn read_page(&mut self, number: u32, page: &mut Vec<u8>) -> Result<()> {
        page.resize(self.page_size, 0);
        self.reader.read(u64::from(number), page)?;
        page.truncate(self.usable);
        Ok(())
    }
}

impl<'s> TableFile<'s> {
    pub fn open(source: &'s Source) -> Result<TableFile<'s>> {
        let mut reader = source.pages()?;
        let page_size = usize::try_from(source.shape.page_size).unwrap_or(CHUNK);
        let mut first = vec![0; page_size];
        reader.read(1, &mut first)?;
        let header = Header::parse(&first).map_err(|_| Error::at(Cause::NotADatabase, &source.path))?;
        Ok(TableFile {
            source,
            reader,
            pages: u32::try_from(source.shape.pages).unwrap_or(u32::MAX),
            page_size,
            usable: (header.usable as usize).min(page_size),
            pages_at_once: u32::try_from(CHUNK / page_size).unwrap_or(1).max(1),
            encoding: header.encoding,
            limits: Limits::new(header.usable),
        })
    }

    /// Whether all its pages lie in the file itself, and none in a WAL.
    pub fn is_plain(&self) -> bool {
        self.reader.is_plain()
    }

    /// Which of its pages are used.
    pub fn usage(&self) -> Result<Usage> {
        let no_memory = || Error::at(Cause::Io("out of memory".to_owned()), &self.source.path);
        Usage::new(self.pages).ok_or_else(no_memory)
    }

    /// The pages of a tree.
    pub fn pages_of(&mut self, root: u32, is_table: bool, usage: &Usage) -> Result<TreePages> {
        let limits = self.limits;
        tree::pages_of(root, is_table, usage, &limits, self)
    }

    /// Reads the pages from `first` to `last`.
    pub fn read_run(&mut self, first: u32, last: u32, chunk: &mut Vec<u8>) -> Result<()> {
        chunk.resize((last - first + 1) as usize * self.page_size, 0);
        self.reader.read(u64::from(first), chunk)
    }

    /// The usable bytes of a page of a run that was read.
    pub fn page_in<'c>(&self, chunk: &'c [u8], first: u32, number: u32) -> &'c [u8] {
        let start = (number - first) as usize * self.page_size;
        chunk.get(start..start + self.usable).unwrap_or_default()
    }
}

/// The root page and the declaration of a table.
pub(crate) fn declaration(source: &Source, table: &str) -> rusqlite::Result<Option<(u32, Vec<u8>)>> {
    let sql = "SELECT rootpage, sql FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0).unwrap_or(0), bytes(row, 1)?));
    source.connection.query_row(sql, [table], read).optional()
}
