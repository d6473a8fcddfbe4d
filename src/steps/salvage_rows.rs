//! A new database from the readable rows of a damaged one.

use std::collections::HashSet;
use std::ops::ControlFlow;

use rusqlite::Connection;

use crate::database::progress_poll::ProgressPoll;
use crate::pages::damaged_file::{DamagedFile, FoundRow};
use crate::pages::page::Kind;
use crate::pages::scavenge::{LeafRows, Walk};
use crate::pages::schema::Table;
use crate::pages::usage::Usage;
use crate::steps::lost_and_found::{LostAndFound, Strays};
use crate::steps::salvage_declare::{Declared, Declaring, interruptible, restrict};
use crate::steps::salvage_schema::{FoundSchema, schema_row};
use crate::steps::salvage_table::{Fit, IndexShape, Inserted, RebuiltTable, TableRecovery};

/// The result of a rebuild.
#[derive(Debug, Default)]
pub(crate) struct Rebuilt {
    pub tables: Vec<RebuiltTable>,
    pub lost_and_found: u64,
    pub deleted: u64,
    /// Parts of the schema that could not be created.
    pub left_out: Vec<String>,
}

/// Creates the tables of `schema` in the empty database `target` and fills them from `file`. With `deleted` also keeps the rows on
/// pages of the freelist. Fails with `SQLITE_INTERRUPT` when `poll` cancels it.
pub(crate) fn rebuild(
    file: &DamagedFile<'_>,
    schema: &FoundSchema,
    deleted: bool,
    target: &mut Connection,
    poll: &ProgressPoll<'_>,
) -> rusqlite::Result<Rebuilt> {
    let file_size = u64::from(file.pages) * u64::from(file.layout.page_size);
    restrict(target, file_size)?;
    target.execute_batch("BEGIN")?;
    let mut declaring = Declaring::new(poll);
    let declared = Declared::read(&schema.rows, &mut declaring)?;
    let tables = declare_tables(target, schema, declared, &mut declaring)?;
    let names: HashSet<String> = schema.rows.iter().map(|row| row.name.to_ascii_lowercase()).collect();
    let rows_target: &Connection = target;
    let indexes = tables.iter().flat_map(IndexShape::of_table).collect();
    let recoveries = tables.into_iter().map(|table| TableRecovery::new(rows_target, table));
    let rebuild = Rebuild {
        file,
        tables: recoveries.collect::<rusqlite::Result<_>>()?,
        indexes,
        lost_and_found: LostAndFound::new(rows_target, &|name| names.contains(name)),
        strays: Strays::default(),
        taken: new_usage(file.pages)?,
    };
    let is_whole = schema.is_whole && declaring.left_out.is_empty();
    let mut done = interruptible(poll, rows_target, || rebuild.run(schema, is_whole, deleted))?;
    // Indexes are faster to make of all rows at once.
    for row in schema.rows.iter().filter(|row| row.is_index()) {
        declaring.declare(target, row)?;
    }
    for row in &schema.rows {
        if row.is_virtual_table() || row.kind == "view" || row.kind == "trigger" {
            declaring.declare(target, row)?;
        }
    }
    target.execute_batch("COMMIT; PRAGMA writable_schema=RESET")?;
    done.left_out = declaring.left_out;
    Ok(done)
}

/// Creates the tables. Returns those that the new database has.
fn declare_tables(
    target: &mut Connection,
    schema: &FoundSchema,
    declared: Declared,
    declaring: &mut Declaring<'_, '_>,
) -> rusqlite::Result<Vec<Table>> {
    let mut tables = Vec::new();
    let mut of_sqlite = Vec::new();
    for (table, entry) in declared.tables.into_iter().zip(declared.entries) {
        match entry.and_then(|entry| schema.rows.get(entry)) {
            Some(row) => {
                if declaring.declare(target, row)? {
                    tables.push(table);
                }
            }
            // SQLite's own tables come with those that need them.
            None => of_sqlite.push(table),
        }
    }
    for table in of_sqlite {
        if target.table_exists(None, table.name.as_str())? {
            tables.push(table);
        }
    }
    Ok(tables)
}

struct Rebuild<'a, 'f> {
    file: &'a DamagedFile<'f>,
    tables: Vec<TableRecovery<'a>>,
    indexes: Vec<IndexShape>,
    lost_and_found: LostAndFound<'a>,
    strays: Strays,
    /// The pages of all trees that were followed.
    taken: Usage,
}

impl Rebuild<'_, '_> {
    /// Fills the tables, and the tables of what has no place in them.
    fn run(mut self, schema: &FoundSchema, schema_is_whole: bool, deleted: bool) -> rusqlite::Result<Rebuilt> {
        self.find_whole_trees(schema)?;
        self.fill_tables()?;
        let freelist = self.file.freelist();
        if !schema_is_whole || self.tables.iter().any(|table| !table.is_whole) {
            self.adopt_orphans(freelist.as_ref())?;
        }
        let file = self.file;
        let mut done = Rebuilt {
            lost_and_found: self.lost_and_found.write_rows(file, &self.strays)?,
            ..Rebuilt::default()
        };
        if let Some(freelist) = freelist.filter(|_| deleted) {
            let rows = deleted_rows(file, &freelist, &self.taken);
            done.deleted = self.lost_and_found.write_deleted(file, &rows)?;
        }
        let own = self
            .tables
            .into_iter()
            .filter(|table| !table.name().starts_with("sqlite_"));
        done.tables = own.map(TableRecovery::result).collect();
        done.tables.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(done)
    }

    /// Finds the trees that are whole. Their pages cannot belong to another tree, even if a damaged page points to them.
    fn find_whole_trees(&mut self, schema: &FoundSchema) -> rusqlite::Result<()> {
        let _ = self.taken.claim(1);
        for table in &mut self.tables {
            let mut fits = true;
            let walk = self.file.walk(
                table.root(),
                table.has_rowid(),
                &self.taken,
                Some(&mut |row| {
                    fits &= table.can_hold(&row);
                    if fits {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                }),
            );
            let walk = walk.ok_or_else(no_memory)?;
            table.is_whole = fits && walk.lost == 0;
            if table.is_whole {
                self.taken.include(&walk.pages);
            }
        }
        for index in &mut self.indexes {
            let walk = self
                .file
                .walk(index.root, false, &self.taken, None)
                .ok_or_else(no_memory)?;
            index.is_whole = walk.lost == 0;
            if index.is_whole {
                self.taken.include(&walk.pages);
            }
        }
        // The statistics of ANALYZE are left to the next ANALYZE.
        let names: HashSet<&str> = self.tables.iter().map(TableRecovery::name).collect();
        let of_sqlite = schema.rows.iter().filter(|row| {
            row.kind == "table" && row.name.starts_with("sqlite_stat") && !names.contains(row.name.as_str())
        });
        for row in of_sqlite {
            let walk = self
                .file
                .walk(row.root, true, &self.taken, None)
                .ok_or_else(no_memory)?;
            self.taken.include(&walk.pages);
        }
        Ok(())
    }

    /// Inserts the rows that the trees lead to: the pages of a tree that is not whole may be those of another one that is not.
    fn fill_tables(&mut self) -> rusqlite::Result<()> {
        let none_taken = new_usage(self.file.pages)?;
        let (file, strays) = (self.file, &mut self.strays);
        for table in &mut self.tables {
            let mut failed = Ok(());
            let (root, has_rowid) = (table.root(), table.has_rowid());
            let taken = if table.is_whole { &none_taken } else { &self.taken };
            let mut insert = |row: FoundRow| match table.insert(&row, &mut self.lost_and_found) {
                Ok(Inserted::Yes) => ControlFlow::Continue(()),
                Ok(Inserted::No) => {
                    strays.add(&row);
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Err(error);
                    ControlFlow::Break(())
                }
            };
            let walk: Option<Walk> = file.walk(root, has_rowid, taken, Some(&mut insert));
            failed?;
            let walk = walk.ok_or_else(no_memory)?;
            self.taken.include(&walk.pages);
        }
        for index in self.indexes.iter().filter(|index| !index.is_whole) {
            let walk = file.walk(index.root, false, &self.taken, None).ok_or_else(no_memory)?;
            self.taken.include(&walk.pages);
        }
        Ok(())
    }

    /// Assigns each leaf that nothing leads to to the only incomplete table that its rows fit, or else to the strays.
    fn adopt_orphans(&mut self, freelist: Option<&Usage>) -> rusqlite::Result<()> {
        for page in self.taken.unused() {
            if freelist.is_some_and(|freelist| freelist.is_used(page)) {
                continue;
            }
            let Some((kind, leaf)) = self.file.leaf(page) else {
                continue;
            };
            if kind == Kind::TableLeaf && leaf.rows.iter().all(|row| schema_row(row).is_some()) {
                continue;
            }
            let home = home_of(&mut self.tables, &self.indexes, kind, &leaf)?;
            let Home::Table(home) = home else {
                if home == Home::Unknown {
                    leaf.rows.iter().for_each(|row| self.strays.add(row));
                }
                continue;
            };
            for row in &leaf.rows {
                let inserted = match self.tables.get_mut(home) {
                    Some(table) => table.insert(row, &mut self.lost_and_found)?,
                    None => Inserted::No,
                };
                if inserted == Inserted::No {
                    self.strays.add(row);
                }
            }
        }
        Ok(())
    }
}

/// Where the rows of a page belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    Table(usize),
    Index,
    Unknown,
}

/// The only incomplete table or index that the rows of a leaf fit, or that they fit well.
fn home_of(
    tables: &mut [TableRecovery<'_>],
    indexes: &[IndexShape],
    kind: Kind,
    leaf: &LeafRows,
) -> rusqlite::Result<Home> {
    let mut homes = Vec::new();
    let incomplete = indexes.iter().filter(|index| !index.is_whole && !kind.is_table());
    // An index holds nothing that its table's rows do not, so it makes no difference which one it is.
    let of_index = incomplete.map(|index| index.fit_of_orphans(&leaf.rows)).max();
    homes.extend(of_index.map(|fit| (fit, Home::Index)));
    if leaf.is_trusted {
        for (number, table) in tables.iter_mut().enumerate() {
            if !table.is_whole && table.has_rowid() == kind.is_table() {
                homes.push((table.fit_of_orphans(&leaf.rows)?, Home::Table(number)));
            }
        }
    }
    for least in [Fit::Odd, Fit::Good] {
        let mut fitting = homes.iter().filter(|(fit, _)| *fit >= least);
        if let (Some((_, home)), None) = (fitting.next(), fitting.next()) {
            return Ok(*home);
        }
    }
    Ok(Home::Unknown)
}

/// The rows of the freelist's pages that no tree leads to.
fn deleted_rows(file: &DamagedFile<'_>, freelist: &Usage, taken: &Usage) -> Strays {
    let mut rows = Strays::default();
    for page in taken.unused().filter(|page| freelist.is_used(*page)) {
        if let Some((Kind::TableLeaf, leaf)) = file.leaf(page) {
            leaf.rows.iter().for_each(|row| rows.add(row));
        }
    }
    rows
}

fn new_usage(pages: u32) -> rusqlite::Result<Usage> {
    Usage::new(pages).ok_or_else(no_memory)
}

fn no_memory() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOMEM), None)
}
