//! The rows of a backup that have a text, read page by page.
//!
//! Only the pages of tables are read. A page that is the same in the backup that was read before has the same rows, so it is not
//! searched again: most pages of a daily backup are those of yesterday. Which pages have the words is found out by several threads;
//! found rows are then read through SQLite, which knows defaults and types.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::database::progress_poll::ProgressPoll;
use crate::database::row_table::RowTable;
use crate::database::row_value::RowValue;
use crate::pages::cell::Cell;
use crate::pages::page::Page;
use crate::pages::tree::{ReadPage, cell_of};
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::Progress;
use crate::steps::found_rows::{FoundRows, RowNumber};
use crate::steps::page_scan::{PageHashes, PageScan, SearchedTable, Seen, SeenPage};
use crate::steps::row_differences::failed;
use crate::steps::row_words::{Scratch, has_words, rows_page, stored};
use crate::steps::search_words::SearchWords;
use crate::steps::single_row::{RowVersion, select};
use crate::steps::snapshot::Source;
use crate::steps::table_file::{TableFile, declaration};

/// What a search of several backups keeps between two of them.
pub(crate) struct TextSearch<'s> {
    pub words: &'s SearchWords,
    /// `None` for all tables.
    pub table: Option<&'s str>,
    /// A hostile file cannot be made to fit a key that is drawn after it was written.
    hasher: RandomState,
    before: SearchedPages,
}

/// The pages of a backup that was searched.
#[derive(Default)]
struct SearchedPages {
    hashes: PageHashes,
    rows: HashMap<u32, Vec<RowNumber>>,
}

/// What a search finds, and in which backup.
pub(crate) struct Findings<'f> {
    pub rows: &'f mut FoundRows,
    /// The number of the backup, counted from the newest.
    pub backup: usize,
    /// A title for a row.
    pub title: &'f dyn Fn(&RowTable, &RowVersion) -> Option<String>,
    /// The rows that this backup has.
    pub numbers: Vec<RowNumber>,
}

impl Findings<'_> {
    /// Adds a row of this backup. `None` when it is not kept.
    pub fn add(&mut self, table: &RowTable, key: &[u8], rowid: i64, version: RowVersion) -> Option<RowNumber> {
        let title = |version: &RowVersion| (self.title)(table, version);
        self.rows.add(table, (key, rowid), version, title, self.backup)
    }
}

/// How far a search of several backups is.
pub(crate) struct SearchProgress<'a, 'p> {
    pub poll: &'a ProgressPoll<'p>,
    /// Pages of the backups before.
    pub done: u64,
    pub total: u64,
}

impl<'s> TextSearch<'s> {
    pub fn new(words: &'s SearchWords, table: Option<&'s str>) -> TextSearch<'s> {
        TextSearch {
            words,
            table,
            hasher: RandomState::default(),
            before: SearchedPages::default(),
        }
    }

    /// Searches a backup. Returns whether it has the table. Fails after searching what can be read of a damaged one.
    pub fn search(
        &mut self,
        source: &Source,
        findings: &mut Findings<'_>,
        progress: &SearchProgress<'_, '_>,
    ) -> Result<bool> {
        // Taken: where this search fails, the next backup is searched whole.
        let mut before = std::mem::take(&mut self.before);
        let tables = self.tables(source).map_err(|error| failed(source, &error))?;
        let mut file = TableFile::open(source)?;
        let (pages, mut lost) = pages_of_tables(&mut file, &tables)?;
        let scan = PageScan {
            pages: &pages,
            tables: &tables,
            words: self.words,
            hasher: &self.hasher,
            before: &before.hashes,
        };
        let seen = scan.run(&mut file, &|page| progress.reach(page))?;
        let mut now = SearchedPages {
            hashes: PageHashes::new(source),
            rows: HashMap::new(),
        };
        let (mut bytes, mut scratch) = (Vec::new(), Scratch::default());
        for ((number, table), SeenPage { seen, hash }) in pages.iter().zip(seen) {
            let Some(table) = tables.get(*table) else { continue };
            scratch.depends_on_other_pages = false;
            let lost_before = lost;
            let rows = match seen {
                Seen::Same => before.rows.remove(number).unwrap_or_default(),
                Seen::Nothing => vec![],
                Seen::ToSearch => {
                    progress.goes_on()?;
                    file.read_page(*number, &mut bytes)?;
                    let mut rows = Vec::new();
                    let page = (*number, bytes.as_slice());
                    lost += search_page(page, table, self.words, &mut file, findings, (&mut scratch, &mut rows))?;
                    rows
                }
            };
            for row in &rows {
                findings.rows.seen(*row, findings.backup);
            }
            findings.numbers.extend(&rows);
            // What cannot be read is told of each backup.
            let is_final = !scratch.depends_on_other_pages && lost == lost_before;
            now.hashes.set(*number, if is_final { hash } else { 0 });
            if !rows.is_empty() {
                now.rows.insert(*number, rows);
            }
        }
        self.before = now;
        if lost > 0 {
            let damage = Damage::new(
                DamageKind::Structure,
                format!("{lost} references to pages or rows lead nowhere"),
            );
            return Err(source.corrupt(damage));
        }
        Ok(!tables.is_empty())
    }

    /// The tables to search, with their roots.
    fn tables(&self, source: &Source) -> rusqlite::Result<Vec<SearchedTable>> {
        let tables = match self.table {
            Some(name) => RowTable::read(&source.connection, name)?.into_iter().collect(),
            None => RowTable::read_all(&source.connection)?,
        };
        let mut found = Vec::new();
        for table in tables {
            // A search index holds the texts of other tables once more.
            if table.is_shadow && self.table.is_none() {
                continue;
            }
            if let Some((root, sql)) = declaration(source, &table.name)? {
                let hash = self.hasher.hash_one((&table.name, sql));
                found.push(SearchedTable { table, root, hash });
            }
        }
        Ok(found)
    }
}

impl SearchProgress<'_, '_> {
    /// Reports that the backup at hand is read up to this page. Fails once the caller has cancelled.
    pub fn reach(&self, page: u32) -> Result<()> {
        let pages_done = (self.done + u64::from(page)).min(self.total);
        self.poll.set(Progress {
            pages_done,
            pages_total: self.total,
        });
        self.goes_on()
    }

    /// Fails once the caller has cancelled.
    fn goes_on(&self) -> Result<()> {
        if self.poll.should_continue() {
            Ok(())
        } else {
            Err(Error::new(Cause::Cancelled))
        }
    }
}

/// The pages with rows of these tables, in the order of the file, with the place of their table; and how many could not be found.
fn pages_of_tables(file: &mut TableFile<'_>, tables: &[SearchedTable]) -> Result<(Vec<(u32, usize)>, u64)> {
    let usage = file.usage()?;
    let (mut pages, mut lost) = (Vec::new(), 0);
    for (place, table) in tables.iter().enumerate() {
        let is_table = !table.table.without_rowid;
        let found = file.pages_of(table.root, is_table, &usage)?;
        pages.extend(found.leaves.into_iter().map(|page| (page, place)));
        if !is_table {
            // The interior pages of an index hold entries too.
            pages.extend(found.interior.into_iter().map(|page| (page, place)));
        }
        lost += found.lost;
    }
    pages.sort_unstable();
    Ok((pages, lost))
}

/// Searches the rows of a page, and adds those that are kept to `rows`. Returns how many cannot be read.
fn search_page(
    (number, bytes): (u32, &[u8]),
    table: &SearchedTable,
    words: &SearchWords,
    file: &mut TableFile<'_>,
    findings: &mut Findings<'_>,
    (scratch, rows): (&mut Scratch, &mut Vec<RowNumber>),
) -> Result<u64> {
    let Some(page) = rows_page(Page::parse(number, bytes).ok(), table.table.without_rowid) else {
        return Ok(1);
    };
    let mut lost = 0;
    for place in 0..page.cells() {
        let Some(cell) = cell_of(&page, place, &file.limits) else {
            lost += 1;
            continue;
        };
        match has_words(&cell, words, file, scratch)? {
            None => lost += 1,
            Some(false) => {}
            Some(true) => {
                let found = add_row(&cell, table, file, findings, scratch);
                let found = found.map_err(|error| failed(file.source, &error))?;
                scratch.depends_on_other_pages |= found.is_some() && cell.overflow != 0;
                rows.extend(found);
            }
        }
    }
    Ok(lost)
}

/// Reads a row that was found through SQLite.
fn add_row(
    cell: &Cell<'_>,
    SearchedTable { table, .. }: &SearchedTable,
    file: &TableFile<'_>,
    findings: &mut Findings<'_>,
    scratch: &Scratch,
) -> rusqlite::Result<Option<RowNumber>> {
    let key = if table.without_rowid {
        let payload = if cell.overflow != 0 && !scratch.payload.is_empty() {
            scratch.payload.as_slice()
        } else {
            cell.local
        };
        let fields = scratch.fields.iter().take(table.primary.len());
        let values: Option<Vec<RowValue>> = fields
            .map(|field| stored(field.value(payload)?, file.encoding))
            .collect();
        values.unwrap_or_default()
    } else {
        vec![RowValue::Integer(cell.rowid)]
    };
    let names: Vec<&str> = match (table.without_rowid, table.rowid) {
        (true, _) => table.primary.iter().map(String::as_str).collect(),
        (false, Some(rowid)) => vec![rowid],
        // Columns have all names of the rowid, which then cannot be asked for.
        (false, None) => vec![],
    };
    if names.is_empty() || names.len() != key.len() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    for part in &key {
        bytes.extend(format!("{part:?}\0").into_bytes());
    }
    if !findings.rows.wants(table, &bytes) {
        return Ok(None);
    }
    let key: Vec<&RowValue> = key.iter().collect();
    let Some(version) = select(file.source, table, &names, &key)? else {
        return Ok(None);
    };
    Ok(findings.add(table, &bytes, cell.rowid, version))
}
