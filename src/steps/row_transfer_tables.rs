//! The tables and foreign keys of two databases, for the transfer of rows.

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::Connection;

use crate::database::value::quoted;

/// A table in both databases, described by the live schema.
#[derive(Debug)]
pub(crate) struct Table {
    pub name: String,
    /// The primary key, or the rowid where none is declared.
    pub key: Vec<String>,
    /// The stored columns of both databases, with the key. A rowid key comes first.
    pub columns: Vec<String>,
    /// The columns that only the backup has.
    pub left_out: Vec<String>,
    /// The columns of each unique index, beside the primary key.
    pub unique: Vec<Vec<String>>,
}

impl Table {
    /// The position of a column in `columns`. SQLite ignores the case of names.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|own| own.eq_ignore_ascii_case(column))
    }

    /// The positions of the key's columns.
    pub fn key_positions(&self) -> Vec<usize> {
        self.key.iter().filter_map(|column| self.position(column)).collect()
    }

    pub fn is_key(&self, column: &str) -> bool {
        self.key.iter().any(|own| own.eq_ignore_ascii_case(column))
    }
}

/// A foreign key of the live schema.
#[derive(Debug, Clone)]
pub(crate) struct ForeignKey {
    pub child: String,
    pub parent: String,
    pub from: Vec<String>,
    /// As declared; empty for the parent's primary key.
    pub to: Vec<String>,
}

/// Why a table's rows cannot be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    InBackup,
    InDatabase,
}

/// The tables and foreign keys of two databases, each read once.
pub(crate) struct Tables<'c> {
    live: &'c Connection,
    backup: &'c Connection,
    known: HashMap<String, Result<Rc<Table>, Missing>>,
    foreign_keys: Vec<ForeignKey>,
}

impl<'c> Tables<'c> {
    pub fn new(live: &'c Connection, backup: &'c Connection) -> rusqlite::Result<Tables<'c>> {
        Ok(Tables {
            live,
            backup,
            known: HashMap::new(),
            foreign_keys: foreign_keys(live)?,
        })
    }

    /// The table of this name.
    pub fn get(&mut self, name: &str) -> rusqlite::Result<Result<Rc<Table>, Missing>> {
        let lower = name.to_ascii_lowercase();
        if let Some(known) = self.known.get(&lower) {
            return Ok(known.clone());
        }
        let found = describe(self.live, self.backup, name)?.map(Rc::new);
        self.known.insert(lower, found.clone());
        Ok(found)
    }

    /// The tables that have a foreign key.
    pub fn children(&self) -> impl Iterator<Item = &str> {
        self.foreign_keys.iter().map(|key| key.child.as_str())
    }

    /// The foreign keys of a table.
    pub fn parents_of(&self, table: &str) -> Vec<ForeignKey> {
        let own = |key: &&ForeignKey| key.child.eq_ignore_ascii_case(table);
        self.foreign_keys.iter().filter(own).cloned().collect()
    }

    /// The foreign keys that refer to a table.
    pub fn children_of(&self, table: &str) -> Vec<ForeignKey> {
        let own = |key: &&ForeignKey| key.parent.eq_ignore_ascii_case(table);
        self.foreign_keys.iter().filter(own).cloned().collect()
    }
}

struct Column {
    name: String,
    in_key: i64,
}

fn describe(live: &Connection, backup: &Connection, name: &str) -> rusqlite::Result<Result<Table, Missing>> {
    let Some(name) = ordinary_table(live, name)? else {
        return Ok(Err(Missing::InDatabase));
    };
    if ordinary_table(backup, &name)?.is_none() {
        return Ok(Err(Missing::InBackup));
    }
    let (own, theirs) = (stored_columns(live, &name)?, stored_columns(backup, &name)?);
    let has = |columns: &[Column], name: &str| columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let mut key: Vec<&Column> = own.iter().filter(|column| column.in_key > 0).collect();
    key.sort_by_key(|column| column.in_key);
    let mut key: Vec<String> = key.into_iter().map(|column| column.name.clone()).collect();
    let common = own.iter().filter(|column| has(&theirs, &column.name));
    let mut columns: Vec<String> = common.map(|column| column.name.clone()).collect();
    if key.is_empty() {
        // A column of such a name hides the rowid.
        let free = |alias: &&str| !has(&own, alias) && !has(&theirs, alias);
        match ["rowid", "_rowid_", "oid"].into_iter().find(free) {
            Some(alias) => {
                key.push(alias.to_owned());
                columns.insert(0, alias.to_owned());
            }
            None => return Ok(Err(Missing::InDatabase)),
        }
    }
    let left_out = theirs.iter().filter(|column| !has(&own, &column.name));
    let left_out = left_out.map(|column| column.name.clone()).collect();
    let unique = unique_keys(live, &name)?;
    let table = Table {
        name,
        key,
        columns,
        left_out,
        unique,
    };
    let whole_key = table.key_positions().len() == table.key.len();
    Ok(if whole_key { Ok(table) } else { Err(Missing::InBackup) })
}

/// The name of an ordinary table in the case of its declaration; `None` for views and virtual tables.
fn ordinary_table(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name = ?1 COLLATE NOCASE
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(|row| row.get(0)).transpose()
}

/// The columns of a table without its generated ones.
fn stored_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Column>> {
    let mut statement =
        connection.prepare("SELECT name, pk FROM pragma_table_xinfo(?1, 'main') WHERE hidden = 0 ORDER BY cid")?;
    let columns = statement.query_map([table], |row| {
        Ok(Column {
            name: row.get(0)?,
            in_key: row.get(1)?,
        })
    })?;
    columns.collect()
}

/// The columns of each unique index. Partial indexes and those on expressions are left out: SQLite refuses a conflict with them.
fn unique_keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Vec<String>>> {
    let mut statement = connection.prepare(
        "SELECT name FROM pragma_index_list(?1, 'main') WHERE \"unique\" AND NOT partial AND origin <> 'pk' ORDER BY name",
    )?;
    let names: Vec<String> = statement
        .query_map([table], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut keys = Vec::new();
    for name in names {
        let mut statement = connection.prepare("SELECT name FROM pragma_index_info(?1, 'main') ORDER BY seqno")?;
        let columns: rusqlite::Result<Vec<Option<String>>> = statement.query_map([name], |row| row.get(0))?.collect();
        keys.extend(columns?.into_iter().collect::<Option<Vec<String>>>());
    }
    Ok(keys)
}

fn foreign_keys(connection: &Connection) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut statement = connection.prepare(
        "SELECT t.name, f.id, f.\"table\", f.\"from\", f.\"to\" FROM pragma_table_list AS t, pragma_foreign_key_list(t.name, 'main') AS f
         WHERE t.schema = 'main' AND t.type = 'table' ORDER BY t.name, f.id, f.seq",
    )?;
    let mut rows = statement.query([])?;
    let mut found: Vec<ForeignKey> = Vec::new();
    let mut last = None;
    while let Some(row) = rows.next()? {
        let (child, id): (String, i64) = (row.get(0)?, row.get(1)?);
        let (from, to): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        if last != Some((child.clone(), id)) {
            found.push(ForeignKey {
                child: child.clone(),
                parent: row.get(2)?,
                from: Vec::new(),
                to: Vec::new(),
            });
            last = Some((child, id));
        }
        if let Some(key) = found.last_mut() {
            key.from.push(from);
            key.to.extend(to);
        }
    }
    Ok(found)
}

/// `"a", "b"`
pub(crate) fn list(columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    columns.join(", ")
}

/// `"a" IS ?1 AND "b" IS ?2`; `IS` matches NULL too.
pub(crate) fn matches(columns: &[String]) -> String {
    let conditions = columns
        .iter()
        .zip(1..)
        .map(|(column, number)| format!("{} IS ?{number}", quoted(column)));
    conditions.collect::<Vec<_>>().join(" AND ")
}
