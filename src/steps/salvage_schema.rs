//! The schema of a damaged database, as far as it can be read.

use std::collections::HashSet;
use std::ops::ControlFlow;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::pages::damaged_file::{DamagedFile, FoundRow};
use crate::pages::page::Kind;
use crate::pages::schema::Constant;
use crate::pages::usage::Usage;

/// An entry of `sqlite_schema`.
#[derive(Debug, Clone)]
pub(crate) struct SchemaRow {
    pub kind: String,
    pub name: String,
    pub root: u32,
    pub sql: String,
}

/// The readable part of a schema.
#[derive(Debug, Default)]
pub(crate) struct FoundSchema {
    pub rows: Vec<SchemaRow>,
    /// It is the whole schema.
    pub is_whole: bool,
}

/// The most entries that are declared. With each, SQLite reads all those before it.
const MOST_ENTRIES: usize = 10_000;
impl FoundSchema {
    /// Reads the schema from its tree, and from leaves that nothing leads to if the tree is not whole.
    pub fn read(file: &DamagedFile<'_>) -> FoundSchema {
        let mut found = FoundSchema::default();
        let mut names = HashSet::new();
        let mut add = |rows: &mut Vec<SchemaRow>, row: SchemaRow| {
            if rows.len() < MOST_ENTRIES && names.insert(row.name.to_ascii_lowercase()) {
                rows.push(row);
            }
        };
        let Some(none_taken) = Usage::new(file.pages) else {
            return found;
        };
        let mut unreadable = 0;
        let walked = file.walk(
            1,
            true,
            &none_taken,
            Some(&mut |row| {
                match schema_row(&row) {
                    Some(row) => add(&mut found.rows, row),
                    None => unreadable += 1,
                }
                ControlFlow::Continue(())
            }),
        );
        let Some(walked) = walked else {
            return found;
        };
        found.is_whole = walked.lost + unreadable == 0;
        if !found.is_whole {
            for page in walked.pages.unused().filter(|page| *page > 1) {
                let Some((Kind::TableLeaf, leaf)) = file.leaf(page) else {
                    continue;
                };
                let rows: Option<Vec<SchemaRow>> = leaf.rows.iter().map(schema_row).collect();
                for row in rows.unwrap_or_default() {
                    add(&mut found.rows, row);
                }
            }
        }
        found
    }

    /// Adds the entries of a whole database that are not there.
    pub fn complete_from(&mut self, model: &Connection) -> rusqlite::Result<()> {
        let mut names: HashSet<String> = self.rows.iter().map(|row| row.name.to_ascii_lowercase()).collect();
        let known = read_schema(model)?;
        let missing = known
            .into_iter()
            .filter(|row| names.insert(row.name.to_ascii_lowercase()));
        self.rows.extend(missing.take(MOST_ENTRIES));
        Ok(())
    }
}

/// The entry that a row of `sqlite_schema` is; `None` where it cannot be one.
pub(super) fn schema_row(row: &FoundRow) -> Option<SchemaRow> {
    let text = |value: &Constant| match value {
        Constant::Text(bytes) => String::from_utf8(bytes.clone()).ok(),
        Constant::Null => Some(String::new()),
        _ => None,
    };
    let [kind, name, _, Constant::Integer(root), sql] = row.values.as_slice() else {
        return None;
    };
    let kind = text(kind).filter(|kind| ["table", "index", "view", "trigger"].contains(&kind.as_str()))?;
    Some(SchemaRow {
        kind,
        name: text(name)?,
        root: u32::try_from(*root).ok()?,
        sql: text(sql)?,
    })
}

/// The schema of a whole database.
fn read_schema(connection: &Connection) -> rusqlite::Result<Vec<SchemaRow>> {
    let mut statement = connection.prepare("SELECT type, name, rootpage, sql FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| {
        let text = |column| -> rusqlite::Result<String> {
            Ok(match row.get_ref(column)? {
                ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                _ => String::new(),
            })
        };
        Ok(SchemaRow {
            kind: text(0)?,
            name: text(1)?,
            root: row
                .get::<_, i64>(2)
                .ok()
                .and_then(|root| u32::try_from(root).ok())
                .unwrap_or(0),
            sql: text(3)?,
        })
    })?;
    rows.collect()
}

impl SchemaRow {
    /// An ordinary table that is not SQLite's own.
    pub fn is_table(&self) -> bool {
        self.kind == "table" && self.root > 0 && !self.name.starts_with("sqlite_")
    }

    pub fn is_virtual_table(&self) -> bool {
        self.kind == "table" && self.root == 0
    }

    /// An index with a statement; those without belong to their table's.
    pub fn is_index(&self) -> bool {
        self.kind == "index" && !self.sql.is_empty()
    }
}
