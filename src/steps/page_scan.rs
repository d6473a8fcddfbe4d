//! Which pages of a backup may have the words of a search, and which are those of the backup that was searched before.
//!
//! The pages are read and hashed by several threads, each through a connection of its own. Rows are collected by the caller
//! alone, in the order of the pages: a search for one letter finds all of them, and few are kept.

use std::hash::BuildHasher;
use std::num::NonZero;
use std::panic;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use foldhash::quality::RandomState;

use crate::database::connection;
use crate::database::row_table::RowTable;
use crate::database::shape::Shape;
use crate::database::sqlite_error::Role;
use crate::pages::page::Page;
use crate::pages::tree::cell_of;
use crate::report::error::Result;
use crate::steps::row_words::{Scratch, has_words, rows_page};
use crate::steps::search_words::SearchWords;
use crate::steps::snapshot::Source;
use crate::steps::table_file::TableFile;

/// A table whose rows are searched.
pub(super) struct SearchedTable {
    pub table: RowTable,
    pub root: u32,
    /// Of its name and declaration: the rows of equal pages of equal tables are equal.
    pub hash: u64,
}

/// The pages of a backup that was searched, by a hash of each with its table.
#[derive(Default)]
pub(super) struct PageHashes {
    page_size: u64,
    /// 0 where the page must be searched again.
    hashes: Vec<u64>,
}

impl PageHashes {
    pub fn new(source: &Source) -> PageHashes {
        let pages = usize::try_from(source.shape.pages).unwrap_or(0);
        PageHashes {
            page_size: source.shape.page_size,
            hashes: vec![0; pages.saturating_add(1)],
        }
    }

    pub fn set(&mut self, page: u32, hash: u64) {
        if let Some(place) = self.hashes.get_mut(page as usize) {
            *place = hash;
        }
    }

    fn has(&self, page: u32, hash: u64) -> bool {
        self.hashes.get(page as usize) == Some(&hash)
    }
}

/// What was seen on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is that of the backup before.
    Same,
    /// None of its rows has the words.
    Nothing,
    /// A row has the words, or cannot be read.
    ToSearch,
}

/// A page, and its hash with its table; 0 where the next backup's page must be searched again.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenPage {
    pub seen: Seen,
    pub hash: u64,
}

impl SeenPage {
    const UNSEEN: SeenPage = SeenPage {
        seen: Seen::ToSearch,
        hash: 0,
    };
}

/// The pages of a backup to look at.
pub(super) struct PageScan<'s> {
    /// Ascending, each with the place of its table.
    pub pages: &'s [(u32, usize)],
    pub tables: &'s [SearchedTable],
    pub words: &'s SearchWords,
    pub hasher: &'s RandomState,
    pub before: &'s PageHashes,
}

/// Pages that a thread takes at a time.
const BLOCK: usize = 512;
/// Memory is then read as fast as it can be.
const MOST_THREADS: usize = 4;
/// The least number of pages for which a second thread is faster. Fuzzing uses small files, and must run the threads too.
const WORTH_TWO: usize = if cfg!(fuzzing) { 0 } else { 2 * BLOCK };

type Blocks = Vec<(usize, Vec<SeenPage>)>;

impl PageScan<'_> {
    /// Looks at the pages. `reach` is called with pages on the way; where it fails, so does the scan.
    pub fn run(&self, file: &mut TableFile<'_>, reach: &dyn Fn(u32) -> Result<()>) -> Result<Vec<SeenPage>> {
        let next = AtomicUsize::new(0);
        let (path, shape) = (file.source.path.as_path(), &file.source.shape);
        let blocks = thread::scope(|scope| {
            let help = || {
                let builder = thread::Builder::new().name("respaldo-find".to_owned());
                builder.spawn_scoped(scope, || self.help(path, shape, &next)).ok()
            };
            let others: Vec<_> = (1..self.threads_for(file)).map_while(|_| help()).collect();
            let own = self.scan_blocks(file, &next, reach);
            if own.is_err() {
                next.store(self.pages.len(), Ordering::Relaxed);
            }
            let mut blocks = own?;
            for other in others {
                blocks.extend(other.join().unwrap_or_else(|payload| panic::resume_unwind(payload)));
            }
            Ok(blocks)
        })?;
        // A page that no thread has looked at is searched.
        let mut all = vec![SeenPage::UNSEEN; self.pages.len()];
        for (block, seen) in blocks {
            for (place, seen) in all.iter_mut().skip(block * BLOCK).zip(seen) {
                *place = seen;
            }
        }
        Ok(all)
    }

    fn threads_for(&self, file: &TableFile<'_>) -> usize {
        // Through a WAL another connection may see other pages.
        if self.pages.len() < WORTH_TWO || file.source.role != Role::Backup || !file.is_plain() {
            return 1;
        }
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        processors.min(MOST_THREADS)
    }

    /// What a further thread does. Where it cannot open the file, the first does it all.
    fn help(&self, path: &Path, shape: &Shape, next: &AtomicUsize) -> Blocks {
        let held = connection::open_backup(path, Duration::ZERO)
            .and_then(|connection| Source::hold(connection, path, Role::Backup));
        let Some(source) = held.ok().filter(|source| source.shape == *shape) else {
            return vec![];
        };
        let file = TableFile::open(&source).ok().filter(TableFile::is_plain);
        file.and_then(|mut file| self.scan_blocks(&mut file, next, &|_| Ok(())).ok())
            .unwrap_or_default()
    }

    fn scan_blocks(
        &self,
        file: &mut TableFile<'_>,
        next: &AtomicUsize,
        reach: &dyn Fn(u32) -> Result<()>,
    ) -> Result<Blocks> {
        let is_comparable = self.before.page_size == file.page_size as u64;
        let (mut chunk, mut scratch, mut done) = (Vec::new(), Scratch::default(), Blocks::new());
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            let start = block.saturating_mul(BLOCK);
            let Some(mut rest) = self.pages.get(start..self.pages.len().min(start.saturating_add(BLOCK))) else {
                return Ok(done);
            };
            let Some((reached, _)) = rest.first() else {
                return Ok(done);
            };
            reach(*reached)?;
            let mut seen = Vec::with_capacity(rest.len());
            while let Some((first, _)) = rest.first().copied() {
                let length = rest.iter().take_while(|(page, _)| page - first < file.pages_at_once);
                let (run, after) = rest.split_at_checked(length.count()).unwrap_or((rest, &[]));
                rest = after;
                let last = run.last().map_or(first, |(page, _)| *page);
                // The caller reads what cannot be read once more, in its turn, and says why.
                let is_read = file.read_run(first, last, &mut chunk).is_ok();
                for (number, table) in run {
                    let page = file.page_in(&chunk, first, *number);
                    seen.push(match self.tables.get(*table) {
                        Some(table) if is_read => {
                            let hash = self.hasher.hash_one((table.hash, page)).max(1);
                            if is_comparable && self.before.has(*number, hash) {
                                let seen = Seen::Same;
                                SeenPage { seen, hash }
                            } else {
                                self.look_at((*number, page), hash, table, file, &mut scratch)
                            }
                        }
                        _ => SeenPage::UNSEEN,
                    });
                }
            }
            done.push((block, seen));
        }
    }

    /// Looks whether a row of a page has the words.
    fn look_at(
        &self,
        (number, bytes): (u32, &[u8]),
        hash: u64,
        table: &SearchedTable,
        file: &mut TableFile<'_>,
        scratch: &mut Scratch,
    ) -> SeenPage {
        scratch.depends_on_other_pages = false;
        let has_none = rows_page(Page::parse(number, bytes).ok(), table.table.without_rowid).is_some_and(|page| {
            (0..page.cells()).all(|place| {
                let cell = cell_of(&page, place, &file.limits);
                cell.is_some_and(|cell| matches!(has_words(&cell, self.words, file, scratch), Ok(Some(false))))
            })
        });
        SeenPage {
            seen: if has_none { Seen::Nothing } else { Seen::ToSearch },
            hash: if scratch.depends_on_other_pages { 0 } else { hash },
        }
    }
}
