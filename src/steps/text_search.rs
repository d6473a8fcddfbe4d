//! The rows of a backup that have a text, read page by page.
//!
//! Only the pages of tables are read. A page that is the same in the backup that was read before has the same rows, so it is not
//! searched again: most pages of a daily backup are those of yesterday. Found rows are then read through SQLite, which knows
//! defaults and types.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::database::progress_poll::ProgressPoll;
use crate::database::row_table::RowTable;
use crate::database::row_value::RowValue;
use crate::pages::cell::Cell;
use crate::pages::header::Encoding;
use crate::pages::page::{Kind, Page};
use crate::pages::record::{self, Class, Field, Value};
use crate::pages::tree::{cell_of, payload_of};
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::Progress;
use crate::steps::found_rows::{FoundRows, RowNumber};
use crate::steps::row_differences::failed;
use crate::steps::search_words::SearchWords;
use crate::steps::single_row::{RowVersion, select};
use crate::steps::snapshot::Source;
use crate::steps::table_file::{TableFile, declaration};

/// How much of a row is searched.
const MOST_OF_A_ROW: usize = 16 << 20;

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
    page_size: u64,
    /// A hash of each page with its table; 0 where the page must be searched again.
    hashes: Vec<u64>,
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
        let tables = self.tables(source).map_err(|error| failed(source, &error))?;
        let mut file = TableFile::open(source)?;
        let (pages, mut lost) = pages_of_tables(&mut file, &tables)?;
        let mut now = SearchedPages {
            page_size: source.shape.page_size,
            hashes: vec![0; file.pages as usize + 1],
            rows: HashMap::new(),
        };
        let (mut chunk, mut scratch) = (Vec::new(), Scratch::default());
        let mut rest = pages.as_slice();
        while let Some((first, _)) = rest.first().copied() {
            progress.reach(first)?;
            let run = rest
                .iter()
                .take_while(|(page, _)| page - first < file.pages_at_once)
                .count();
            let (run, after) = rest.split_at_checked(run).unwrap_or((rest, &[]));
            rest = after;
            let last = run.last().map_or(first, |(page, _)| *page);
            file.read_run(first, last, &mut chunk)?;
            for (number, table) in run {
                let bytes = file.page_in(&chunk, first, *number);
                let Some(table) = tables.get(*table) else { continue };
                let hash = self.hasher.hash_one((table.hash, bytes)).max(1);
                let rows = if self.before.has(now.page_size, *number, hash) {
                    self.before.rows.remove(number).unwrap_or_default()
                } else {
                    scratch.depends_on_other_pages = false;
                    lost += search_page((*number, bytes), table, self.words, &mut file, findings, &mut scratch)?;
                    std::mem::take(&mut scratch.rows)
                };
                for row in &rows {
                    findings.rows.seen(*row, findings.backup);
                }
                findings.numbers.extend(&rows);
                if let Some(place) = now.hashes.get_mut(*number as usize) {
                    *place = if scratch.depends_on_other_pages { 0 } else { hash };
                }
                scratch.depends_on_other_pages = false;
                if !rows.is_empty() {
                    now.rows.insert(*number, rows);
                }
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

impl SearchedPages {
    fn has(&self, page_size: u64, number: u32, hash: u64) -> bool {
        self.page_size == page_size && self.hashes.get(number as usize) == Some(&hash)
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
        if self.poll.should_continue() {
            Ok(())
        } else {
            Err(Error::new(Cause::Cancelled))
        }
    }
}

struct SearchedTable {
    table: RowTable,
    root: u32,
    /// Of its name and declaration: the rows of equal pages of equal tables are equal.
    hash: u64,
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

/// Buffers that are used for every page.
#[derive(Default)]
struct Scratch {
    fields: Vec<Field>,
    payload: Vec<u8>,
    /// The rows found on the page.
    rows: Vec<RowNumber>,
    /// What was found does not stand on the page alone.
    depends_on_other_pages: bool,
}

/// Searches the rows of a page. Returns how many cannot be read.
fn search_page(
    (number, bytes): (u32, &[u8]),
    table: &SearchedTable,
    words: &SearchWords,
    file: &mut TableFile<'_>,
    findings: &mut Findings<'_>,
    scratch: &mut Scratch,
) -> Result<u64> {
    let page = Page::parse(number, bytes).ok();
    let page =
        page.filter(|page| page.kind.is_table() != table.table.without_rowid && page.kind != Kind::TableInterior);
    let Some(page) = page else {
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
                scratch.rows.extend(found);
            }
        }
    }
    Ok(lost)
}

/// Whether the texts of a row have all words; `None` where they cannot be read.
fn has_words(
    cell: &Cell<'_>,
    words: &SearchWords,
    file: &mut TableFile<'_>,
    scratch: &mut Scratch,
) -> Result<Option<bool>> {
    let Scratch {
        fields,
        payload,
        depends_on_other_pages,
        ..
    } = scratch;
    let mut record = cell.local;
    payload.clear();
    if cell.overflow != 0 {
        // Texts usually stand before the pictures that make a row long.
        let in_cell = record::header_length(cell.local, cell.length).filter(|header| *header <= cell.local.len());
        let whole = in_cell.and_then(|_| record::read_fields(cell.local, cell.length, usize::MAX, fields));
        let texts = fields.iter().filter(|field| field.class() == Class::Text);
        let needed = match whole {
            Some(_) => texts.map(|field| field.end()).max().unwrap_or(0),
            None => cell.length,
        };
        if needed > cell.local.len() as u64 {
            *depends_on_other_pages = true;
            let most = usize::try_from(needed).unwrap_or(usize::MAX).min(MOST_OF_A_ROW);
            let (limits, pages) = (file.limits, file.pages);
            if !payload_of(cell, most, (&limits, pages), file, payload)? {
                return Ok(None);
            }
            record = payload.as_slice();
        }
    }
    if record::header_length(record, cell.length).is_none_or(|header| header > record.len())
        || record::read_fields(record, cell.length, usize::MAX, fields).is_none()
    {
        return Ok(None);
    }
    let mut found = 0;
    for field in fields.iter().filter(|field| field.class() == Class::Text) {
        let end = usize::try_from(field.end()).unwrap_or(usize::MAX).min(record.len());
        let text = record.get(field.start..end).unwrap_or_default();
        found = match file.encoding {
            Encoding::Utf8 => words.search(text, found),
            encoding => words.search(utf8(text, encoding).as_bytes(), found),
        };
        if found == words.all() {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
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
            .map(|field| value(field.value(payload)?, file.encoding))
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

fn value(value: Value<'_>, encoding: Encoding) -> Option<RowValue> {
    Some(match value {
        Value::Null => RowValue::Null,
        Value::Integer(number) => RowValue::Integer(number),
        Value::Real(number) => RowValue::Real(number),
        Value::Text(bytes) if encoding == Encoding::Utf8 => RowValue::Text(bytes.to_vec()),
        Value::Text(bytes) => RowValue::Text(utf8(bytes, encoding).into_bytes()),
        Value::Blob(bytes) => RowValue::Blob(bytes.to_vec()),
    })
}

fn utf8(bytes: &[u8], encoding: Encoding) -> String {
    let unit: fn([u8; 2]) -> u16 = match encoding {
        Encoding::Utf16Be => u16::from_be_bytes,
        Encoding::Utf8 | Encoding::Utf16Le => u16::from_le_bytes,
    };
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units)
}
