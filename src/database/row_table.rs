//! The tables of a database as rows: their columns, and the key that identifies a row.
//!
//! Only names are taken from a schema. Nothing in it is run: generated columns are left out, and views and virtual
//! tables are not read.

use std::cmp::Ordering;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::database::affinity::Affinity;
use crate::database::row_value;
use crate::database::value::quoted;

/// A table with rows of its own.
#[derive(Debug, Clone)]
pub(crate) struct RowTable {
    pub name: String,
    pub columns: Vec<RowColumn>,
    pub key: RowKey,
    /// The columns of the declared primary key, in their order; empty without one.
    pub primary: Vec<String>,
    /// The name of its rowid in SQL. `None` in a WITHOUT ROWID table, and where columns have all its names.
    pub rowid: Option<&'static str>,
    /// Its rows are an index b-tree, sorted by the primary key.
    pub without_rowid: bool,
    /// It belongs to a virtual table.
    pub is_shadow: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct RowColumn {
    pub name: String,
    /// It is declared for text.
    pub is_text: bool,
}

/// The key that identifies a row.
#[derive(Debug, Clone)]
pub(crate) enum RowKey {
    /// The rowid, under a name that no column has, and the name shown to people.
    Rowid { sql: &'static str, shown: String },
    /// The primary key, and the index that sorts by it; `None` where the table itself is sorted by it.
    Columns {
        parts: Vec<KeyColumn>,
        index: Option<String>,
    },
    /// No key that this library can order.
    None,
}

#[derive(Debug, Clone)]
pub(crate) struct KeyColumn {
    pub name: String,
    descending: bool,
    collation: KeyCollation,
}

/// SQLite's own collations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyCollation {
    Binary,
    NoCase,
    Rtrim,
}

impl RowKey {
    /// Whether both keys identify rows in the same way.
    pub fn is_like(&self, other: &RowKey) -> bool {
        match (self, other) {
            (RowKey::Rowid { shown: a, .. }, RowKey::Rowid { shown: b, .. }) => a.eq_ignore_ascii_case(b),
            (RowKey::Columns { parts: a, .. }, RowKey::Columns { parts: b, .. }) => {
                let alike = |(a, b): (&KeyColumn, &KeyColumn)| {
                    a.name.eq_ignore_ascii_case(&b.name) && a.descending == b.descending && a.collation == b.collation
                };
                a.len() == b.len() && a.iter().zip(b).all(alike)
            }
            _ => false,
        }
    }

    /// Whether it is the rowid.
    pub fn is_rowid(&self) -> bool {
        matches!(self, RowKey::Rowid { .. })
    }

    /// The column names as shown to people.
    pub fn names(&self) -> Vec<String> {
        match self {
            RowKey::Rowid { shown, .. } => vec![shown.clone()],
            RowKey::Columns { parts, .. } => parts.iter().map(|part| part.name.clone()).collect(),
            RowKey::None => vec![],
        }
    }

    /// The columns in SQL.
    fn expressions(&self) -> Vec<String> {
        match self {
            RowKey::Rowid { sql, .. } => vec![(*sql).to_owned()],
            RowKey::Columns { parts, .. } => parts.iter().map(|part| quoted(&part.name)).collect(),
            RowKey::None => vec![],
        }
    }

    /// The order of two keys.
    pub fn order<'v>(&self, a: impl Iterator<Item = ValueRef<'v>>, b: impl Iterator<Item = ValueRef<'v>>) -> Ordering {
        let mut parts = match self {
            RowKey::Columns { parts, .. } => parts.as_slice(),
            RowKey::Rowid { .. } | RowKey::None => &[],
        }
        .iter();
        for (a, b) in a.zip(b) {
            let part = parts.next();
            let collation = part.map_or(KeyCollation::Binary, |part| part.collation);
            let order = row_value::order(a, b, |a, b| collation.order(a, b));
            if order.is_ne() {
                let descending = part.is_some_and(|part| part.descending);
                return if descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

impl KeyCollation {
    fn order(self, a: &[u8], b: &[u8]) -> Ordering {
        let lower = |bytes: &[u8]| bytes.to_ascii_lowercase();
        let trimmed = |bytes: &[u8]| {
            let kept = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
            bytes.get(..kept).unwrap_or_default().to_vec()
        };
        match self {
            KeyCollation::Binary => a.cmp(b),
            KeyCollation::NoCase => lower(a).cmp(&lower(b)),
            KeyCollation::Rtrim => trimmed(a).cmp(&trimmed(b)),
        }
    }
}

impl RowTable {
    /// The tables of a database that are not SQLite's own.
    pub fn read_all(connection: &Connection) -> rusqlite::Result<Vec<RowTable>> {
        let mut statement = connection.prepare(
            "SELECT name, type = 'shadow', wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )?;
        let mut rows = statement.query([])?;
        let mut tables = Vec::new();
        while let Some(row) = rows.next()? {
            // A name that is not UTF-8 cannot be written in SQL.
            if let Some(name) = text(row, 0)? {
                tables.push(read_table(connection, name, row.get(1)?, row.get(2)?)?);
            }
        }
        Ok(tables)
    }

    /// The table of this name, which SQLite compares without regard to the case of ASCII letters.
    pub fn read(connection: &Connection, name: &str) -> rusqlite::Result<Option<RowTable>> {
        let mut statement = connection.prepare(
            "SELECT name, type = 'shadow', wr FROM pragma_table_list(?1) WHERE schema = 'main' AND type IN ('table', 'shadow')",
        )?;
        let mut rows = statement.query([name])?;
        match rows.next()? {
            Some(row) => match text(row, 0)? {
                Some(name) => read_table(connection, name, row.get(1)?, row.get(2)?).map(Some),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }

    /// Some of the names of the tables, for a message about one that is not there.
    pub fn some_names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(
            "SELECT substr(name, 1, 64) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT 30",
        )?;
        let mut rows = statement.query([])?;
        let mut names = Vec::new();
        while let Some(row) = rows.next()? {
            names.extend(text(row, 0)?);
        }
        Ok(names)
    }

    pub fn column(&self, name: &str) -> Option<&RowColumn> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }

    pub fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// A statement for all rows: the key first, then these columns. Sorted by the key if `order` is set.
    pub fn select(&self, columns: &[String], in_order: bool) -> String {
        let keys = self.key.expressions();
        let columns = columns.iter().map(|column| quoted(column));
        let mut list: Vec<String> = keys.iter().cloned().chain(columns).collect();
        if list.is_empty() {
            list.push("NULL".to_owned());
        }
        let mut sql = format!("SELECT {} FROM main.{}", list.join(", "), quoted(&self.name));
        if !in_order {
            return sql;
        }
        let mut order = keys;
        if let RowKey::Columns { parts, index } = &self.key {
            // Without the index SQLite may sort all rows in memory.
            if let Some(index) = index {
                sql += &format!(" INDEXED BY {}", quoted(index));
            }
            for (term, part) in order.iter_mut().zip(parts) {
                *term += if part.descending { " DESC" } else { "" };
            }
        }
        format!("{sql} ORDER BY {}", order.join(", "))
    }

    /// A statement for the rows of a table with rowids from one number to another, in their order.
    pub fn select_range(&self, columns: &[String]) -> String {
        let rowid = self.rowid.unwrap_or("rowid");
        let select = self.select(columns, false);
        format!("{select} WHERE {rowid} BETWEEN ?1 AND ?2 ORDER BY {rowid}")
    }

    /// A statement for the keys of the rows of a table with rowids from one number to another, each followed by its rowid.
    pub fn select_keys_in_range(&self) -> String {
        let rowid = self.rowid.unwrap_or("rowid");
        let mut list = self.key.expressions();
        list.push(rowid.to_owned());
        let (list, table) = (list.join(", "), quoted(&self.name));
        format!("SELECT {list} FROM main.{table} WHERE {rowid} BETWEEN ?1 AND ?2")
    }

    /// A statement for the rows with these values: the key first, then all columns.
    pub fn select_where(&self, names: &[&str]) -> String {
        let terms: Vec<String> = names
            .iter()
            .zip(1..)
            .map(|(name, number)| match self.rowid {
                // Not quoted: SQLite takes a quoted name that it does not find for a text.
                Some(rowid) if *name == rowid => format!("{rowid} IS ?{number}"),
                _ => format!("{} IS ?{number}", quoted(name)),
            })
            .collect();
        format!(
            "{} WHERE {}",
            self.select(&self.column_names(), false),
            terms.join(" AND ")
        )
    }
}

fn read_table(
    connection: &Connection,
    name: String,
    is_shadow: bool,
    without_rowid: bool,
) -> rusqlite::Result<RowTable> {
    let mut columns = Vec::new();
    let mut all_names = Vec::new();
    let mut key = Vec::new();
    let mut statement = connection
        .prepare("SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY cid")?;
    let mut rows = statement.query([&name])?;
    while let Some(row) = rows.next()? {
        let Some(column) = text(row, 0)? else {
            continue;
        };
        let declared = text(row, 1)?.unwrap_or_default();
        all_names.push(column.clone());
        if row.get::<_, i64>(4)? != 0 {
            continue;
        }
        let place: i64 = row.get(3)?;
        if place > 0 {
            key.push((
                place,
                column.clone(),
                declared.eq_ignore_ascii_case("INTEGER"),
                row.get::<_, bool>(2)?,
            ));
        }
        let is_text = Affinity::of(&declared) == Affinity::Text;
        columns.push(RowColumn { name: column, is_text });
    }
    key.sort();
    let primary = key.iter().map(|(_, column, _, _)| column.clone()).collect();
    let index = primary_index(connection, &name)?;
    let has_name = |wanted: &str| all_names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let rowid = ["rowid", "_rowid_", "oid"].into_iter().find(|name| !has_name(name));
    let rowid_key = |shown: Option<&String>| match rowid {
        Some(sql) if !without_rowid => {
            let shown = shown.cloned().unwrap_or_else(|| sql.to_owned());
            RowKey::Rowid { sql, shown }
        }
        _ => RowKey::None,
    };
    let key = match (key.as_slice(), index) {
        // An INTEGER PRIMARY KEY is the rowid itself.
        ([(_, column, true, _)], None) if !without_rowid => match rowid_key(Some(column)) {
            RowKey::None => RowKey::None,
            key => key,
        },
        (_, Some(index)) => {
            let may_be_null = !without_rowid && !key.iter().all(|(_, _, _, not_null)| *not_null);
            let names = key.iter().map(|(_, column, _, _)| column.as_str());
            match key_columns(connection, &index)? {
                Some(parts) if !(may_be_null && has_null(connection, &name, names)?) => RowKey::Columns {
                    parts,
                    index: (!without_rowid).then_some(index),
                },
                _ => rowid_key(None),
            }
        }
        _ => rowid_key(None),
    };
    Ok(RowTable {
        name,
        columns,
        key,
        primary,
        rowid: rowid.filter(|_| !without_rowid),
        without_rowid,
        is_shadow,
    })
}

/// The index of the primary key; an INTEGER PRIMARY KEY has none.
fn primary_index(connection: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_index_list(?1, 'main') WHERE origin = 'pk'")?;
    let mut rows = statement.query([table])?;
    match rows.next()? {
        Some(row) => text(row, 0),
        None => Ok(None),
    }
}

/// The columns of a primary key in the order of its index; `None` where only the application can order them.
fn key_columns(connection: &Connection, index: &str) -> rusqlite::Result<Option<Vec<KeyColumn>>> {
    let encoding: String = connection.pragma_query_value(None, "encoding", |row| row.get(0))?;
    // SQLite orders UTF-16 by its bytes.
    if encoding != "UTF-8" {
        return Ok(None);
    }
    let mut statement = connection
        .prepare("SELECT name, \"desc\", coll FROM pragma_index_xinfo(?1, 'main') WHERE key ORDER BY seqno")?;
    let mut rows = statement.query([index])?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        let collation = match text(row, 2)?.unwrap_or_default().to_ascii_uppercase().as_str() {
            "BINARY" => KeyCollation::Binary,
            "NOCASE" => KeyCollation::NoCase,
            "RTRIM" => KeyCollation::Rtrim,
            _ => return Ok(None),
        };
        let Some(name) = text(row, 0)? else {
            return Ok(None);
        };
        parts.push(KeyColumn {
            name,
            descending: row.get(1)?,
            collation,
        });
    }
    Ok((!parts.is_empty()).then_some(parts))
}

/// SQLite allows NULL in a primary key, and then more than one row has it.
fn has_null<'n>(
    connection: &Connection,
    table: &str,
    columns: impl Iterator<Item = &'n str>,
) -> rusqlite::Result<bool> {
    let nulls: Vec<String> = columns.map(|column| format!("{} IS NULL", quoted(column))).collect();
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM main.{} WHERE {})",
        quoted(table),
        nulls.join(" OR ")
    );
    connection.query_row(&sql, [], |row| row.get(0))
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec()).ok(),
        _ => None,
    })
}
