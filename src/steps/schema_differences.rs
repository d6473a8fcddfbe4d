//! The differences between two schemas: tables, columns, indexes, triggers and views.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::database::row_table::RowTable;
use crate::database::value::bytes;
use crate::report::error::Result;
use crate::steps::row_differences::failed;
use crate::steps::snapshot::Source;

/// A part of the schema that differs between the sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemaDifference {
    /// `table`, `column`, `index`, `trigger` or `view`.
    pub kind: String,
    /// The table of a column, index or trigger; `None` for a table or view.
    pub table: Option<String>,
    /// Its name.
    pub name: String,
    /// How it differs.
    pub what: SchemaMatter,
}

/// How a part of the schema differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaMatter {
    /// Only the live database, or the other backup, has it.
    OnlyHere,
    /// Only the backup has it.
    OnlyThere,
    /// Both sides have it, with different SQL.
    Differs,
}

/// The parts of a schema by kind and lower-case name: their name, table and SQL.
type Parts = BTreeMap<(String, String), (String, String, String)>;

/// The differences between two schemas with these tables.
pub(crate) fn between(here: (&Source, &[RowTable]), there: (&Source, &[RowTable])) -> Result<Vec<SchemaDifference>> {
    let (ours, theirs) = (parts(here.0)?, parts(there.0)?);
    let mut found = Vec::new();
    let mut find = |(kind, _): &(String, String), part: &(String, String, String), what| {
        found.push(SchemaDifference {
            kind: kind.clone(),
            table: (kind != "table" && kind != "view").then(|| part.1.clone()),
            name: part.0.clone(),
            what,
        });
    };
    let differ_in_columns = |name: &str| {
        let columns = |tables: &[RowTable]| {
            let table = tables.iter().find(|table| table.name.eq_ignore_ascii_case(name));
            let names = table.map(RowTable::column_names).unwrap_or_default();
            let mut names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            names.sort();
            names
        };
        columns(here.1) != columns(there.1)
    };
    for (key, part) in &ours {
        match theirs.get(key) {
            None => find(key, part, SchemaMatter::OnlyHere),
            // Different columns are listed one by one below.
            Some(other) if other.2 != part.2 && !(key.0 == "table" && differ_in_columns(&part.0)) => {
                find(key, part, SchemaMatter::Differs);
            }
            Some(_) => {}
        }
    }
    let new = theirs.iter().filter(|(key, _)| !ours.contains_key(*key));
    new.for_each(|(key, part)| find(key, part, SchemaMatter::OnlyThere));
    let lacking = |a: &[RowTable], b: &[RowTable], what, found: &mut Vec<SchemaDifference>| {
        for table in a {
            let Some(other) = b.iter().find(|other| other.name.eq_ignore_ascii_case(&table.name)) else {
                continue;
            };
            for column in table
                .columns
                .iter()
                .filter(|column| other.column(&column.name).is_none())
            {
                found.push(SchemaDifference {
                    kind: "column".to_owned(),
                    table: Some(table.name.clone()),
                    name: column.name.clone(),
                    what,
                });
            }
        }
    };
    lacking(here.1, there.1, SchemaMatter::OnlyHere, &mut found);
    lacking(there.1, here.1, SchemaMatter::OnlyThere, &mut found);
    Ok(found)
}

/// Reads the parts of a schema, without SQLite's internal ones.
fn parts(source: &Source) -> Result<Parts> {
    let read = || {
        let mut statement = source.connection.prepare(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('table', 'index', 'trigger', 'view')
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )?;
        let mut rows = statement.query([])?;
        let mut parts = Parts::new();
        while let Some(row) = rows.next()? {
            let text = |column| bytes(row, column).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let (kind, name) = (text(0)?, text(1)?);
            let sql = text(3)?.split_whitespace().collect::<Vec<_>>().join(" ");
            parts.insert((kind, name.to_ascii_lowercase()), (name, text(2)?, sql));
        }
        Ok(parts)
    };
    read().map_err(|error: rusqlite::Error| failed(source, &error))
}
