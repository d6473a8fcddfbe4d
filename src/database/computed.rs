//! The expected entries of an index on expressions, on columns that are not stored, or with a condition. SQLite
//! computes the values, and their hashes are added up as the verifier adds up the entries of the index.

use std::collections::HashSet;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::database::index_sql::{self, Declared};
use crate::database::value::quoted;
use crate::pages::record::Value;
use crate::pages::schema::{Index, Source, Table};
use crate::pages::sums::{Hash, Keys, Sum};

/// Computes expected index entries through a connection.
pub(super) struct Computer<'c> {
    connection: &'c Connection,
    keys: &'c Keys,
    /// SQLite's built-in functions that an untrusted schema may call.
    functions: HashSet<String>,
    /// Whether the database is UTF-8. SQLite returns text as UTF-8, so text of another encoding cannot be compared byte
    /// by byte.
    comparable: bool,
}

const FUNCTIONS: &str = "SELECT lower(name) FROM pragma_function_list GROUP BY 1
    HAVING min(builtin) = 1 AND min(flags & 0x200000) > 0 AND min(flags & 0x800) > 0 AND min(type = 's') = 1";

impl<'c> Computer<'c> {
    pub fn new(connection: &'c Connection, keys: &'c Keys) -> rusqlite::Result<Computer<'c>> {
        let encoding: String = connection.pragma_query_value(None, "encoding", |row| row.get(0))?;
        let mut statement = connection.prepare(FUNCTIONS)?;
        let functions = statement.query_map([], |row| row.get(0))?;
        Ok(Computer {
            connection,
            keys,
            functions: functions.collect::<rusqlite::Result<_>>()?,
            comparable: encoding == "UTF-8",
        })
    }

    /// The expected entries; `None` where only SQLite's own check can tell.
    pub fn entries(&self, table: &Table, index: &Index) -> rusqlite::Result<Option<Sum>> {
        if !self.comparable {
            return Ok(None);
        }
        let Some(select) = self.select(table, index)? else {
            return Ok(None);
        };
        let Ok(mut statement) = self.connection.prepare(&select) else {
            return Ok(None);
        };
        let columns = index.key.columns.len();
        let mut rows = statement.query([])?;
        let mut sum = Sum::default();
        while let Some(row) = rows.next()? {
            let mut entry = Hash::default();
            for column in 0..columns {
                let value = match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => Value::Integer(number),
                    ValueRef::Real(number) => Value::Real(number),
                    ValueRef::Text(bytes) => Value::Text(bytes),
                    ValueRef::Blob(bytes) => Value::Blob(bytes),
                };
                entry = self.keys.append(entry, self.keys.value(value));
            }
            sum.add(entry);
        }
        Ok(Some(sum))
    }

    /// A query for the entries. Expressions from the schema are run only if they do nothing but compute.
    fn select(&self, table: &Table, index: &Index) -> rusqlite::Result<Option<String>> {
        let sql = self.connection.query_row(
            "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?1",
            [&index.name],
            |row| row.get::<_, Option<String>>(0),
        )?;
        let declared = sql.as_deref().and_then(index_sql::declared);
        Ok(declared
            .filter(|declared| self.only_computes(declared))
            .and_then(|declared| query(table, index, &declared)))
    }

    fn only_computes(&self, declared: &Declared<'_>) -> bool {
        let mut expressions = declared.parts.iter().chain(&declared.condition);
        expressions.all(|expression| index_sql::only_computes(expression, |name| self.functions.contains(name)))
    }
}

fn query(table: &Table, index: &Index, declared: &Declared<'_>) -> Option<String> {
    let has_column = |name: &&str| {
        table
            .columns
            .iter()
            .any(|column| column.name.eq_ignore_ascii_case(name))
    };
    let rowid = ["rowid", "_rowid_", "oid"].into_iter().find(|name| !has_column(name));
    let mut values = Vec::new();
    for (number, part) in index.key.columns.iter().enumerate() {
        values.push(match part.source {
            Source::Rowid => rowid?.to_owned(),
            Source::Column(column) => quoted(&table.columns.get(column)?.name),
            Source::Expression => format!("({})", declared.parts.get(number)?),
        });
    }
    let condition = declared
        .condition
        .map_or_else(String::new, |condition| format!(" WHERE {condition}"));
    let values = values.join(", ");
    Some(format!(
        "SELECT {values} FROM main.{} NOT INDEXED{condition}",
        quoted(&table.name)
    ))
}
