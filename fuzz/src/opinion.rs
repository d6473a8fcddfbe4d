//! A second opinion on a database file, taken from a copy.

use std::fs;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::Files;

/// Schema and rows as text. Equal texts are equal databases.
pub type Contents = Vec<String>;

const SIDECARS: [&str; 3] = ["", "-wal", "-journal"];
/// A damaged tree can seem to be endless.
const MOST_ROWS: usize = 1000;

/// What SQLite reads from the database `name` among `files`, with its sidecars.
pub fn contents(files: &Files, name: &str) -> rusqlite::Result<Contents> {
    on_a_copy(files, name, |connection| {
        let mut contents = vec![
            format!("user_version {}", number(connection, "user_version")?),
            format!("application_id {}", number(connection, "application_id")?),
        ];
        // Rewriting a database may change the order of its schema, makes text of a name that is a blob, and writes the words
        // before a name anew: letter case and spaces do not count.
        let sql = "SELECT type, CAST(name AS TEXT), lower(replace(sql, ' ', '')) FROM sqlite_schema";
        let mut schema = rows(connection, sql)?;
        schema.sort();
        contents.extend(schema);
        for table in tables(connection)? {
            let quoted = table.replace('"', "\"\"");
            contents.push(format!("table {table}"));
            let read = rows(connection, &format!("SELECT rowid, * FROM \"{quoted}\""))
                .or_else(|_| rows(connection, &format!("SELECT * FROM \"{quoted}\"")));
            match read {
                Ok(rows) => contents.extend(rows),
                Err(error) => contents.push(error.to_string()),
            }
        }
        Ok(contents)
    })
}

/// What `integrity_check` finds in the database `name` among `files`; nothing when it is whole.
pub fn problems(files: &Files, name: &str) -> Vec<String> {
    let check = |connection: &Connection| {
        connection.pragma_update(None, "ignore_check_constraints", true)?;
        if number(connection, "page_count")? == 0 {
            return Ok(vec!["it is empty".to_owned()]);
        }
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    match on_a_copy(files, name, check) {
        Ok(answer) if answer == ["ok"] => vec![],
        Ok(problems) => problems,
        // What only the application has: SQLite cannot compare such an index, which is not damage.
        Err(error)
            if ["no such ", "unknown function", "unsafe use of"]
                .iter()
                .any(|start| error.to_string().contains(start)) =>
        {
            vec![]
        }
        Err(error) => vec![error.to_string()],
    }
}

fn on_a_copy<T>(
    files: &Files,
    name: &str,
    look: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let folder = tempfile::tempdir().expect("a folder");
    for suffix in SIDECARS {
        if let Some(bytes) = files.get(Path::new(&format!("{name}{suffix}"))) {
            fs::write(folder.path().join(format!("copy{suffix}")), bytes).expect("written");
        }
    }
    let connection = Connection::open(folder.path().join("copy"))?;
    // What is unsafe in the schema is no reason not to read the rest; it still may not run.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    look(&connection)
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
    )?;
    statement.query_map([], |row| Ok(text(row.get_ref(0)?)))?.collect()
}

fn rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let as_text = |row: &Row<'_>| {
        let values: rusqlite::Result<Vec<String>> = (0..columns).map(|n| Ok(text(row.get_ref(n)?))).collect();
        Ok(values?.join("|"))
    };
    statement.query_map([], as_text)?.take(MOST_ROWS).collect()
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    }
}
