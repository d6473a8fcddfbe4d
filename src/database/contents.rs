//! The contents of a database for a listing: its tables with their rows, and the version of its schema.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::database::value::quoted;

/// The contents of a database. A field that could not be read is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The rows of each table.
    #[serde(default)]
    pub tables: Option<BTreeMap<String, u64>>,
    /// `PRAGMA user_version`.
    #[serde(default)]
    pub user_version: Option<i64>,
    /// Alembic's revision in `alembic_version`; several are separated by a comma and a space.
    #[serde(default)]
    pub alembic: Option<String>,
}

/// Where Alembic keeps the revision: <https://alembic.sqlalchemy.org/en/latest/tutorial.html>. Databases of different
/// applications can both have it.
const ALEMBIC: &str = "alembic_version";

impl Contents {
    /// The version numbers of the database as `connection` sees it now; the rows are left out.
    pub fn versions(connection: &Connection) -> Contents {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0)).ok();
        Contents {
            tables: None,
            user_version: number("user_version"),
            alembic: alembic_revision(connection),
        }
    }
}

/// `None` where there is no such table, or a view or virtual table of that name, which could run any code.
fn alembic_revision(connection: &Connection) -> Option<String> {
    const MOST: i64 = 16;
    const LONGEST: usize = 64;
    if !ordinary_tables(connection).ok()?.contains(ALEMBIC) {
        return None;
    }
    let sql = format!("SELECT version_num FROM {ALEMBIC} ORDER BY 1 LIMIT {MOST}");
    let mut statement = connection.prepare(&sql).ok()?;
    let revisions = statement.query_map([], |row| row.get::<_, String>(0)).ok()?;
    let revisions: Vec<String> = revisions.collect::<rusqlite::Result<_>>().ok()?;
    let are_revisions = !revisions.is_empty() && revisions.iter().all(|revision| revision.len() <= LONGEST);
    are_revisions.then(|| revisions.join(", "))
}

/// The tables that identify a database: all but those of SQLite and Alembic.
pub(crate) fn own_tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut tables = ordinary_tables(connection)?;
    tables.remove(ALEMBIC);
    Ok(tables)
}

/// The rows of each table, counted by SQLite; `None` where it cannot.
pub(crate) fn count_rows(connection: &Connection) -> Option<Vec<(String, u64)>> {
    let count = |name: String| {
        let sql = format!("SELECT count(*) FROM {}", quoted(&name));
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0)).ok()?;
        Some((name, rows.try_into().ok()?))
    };
    ordinary_tables(connection).ok()?.into_iter().map(count).collect()
}

/// Without views and virtual tables, which have no pages of their own, and SQLite's own tables.
fn ordinary_tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' COLLATE NOCASE AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(sql: &str) -> Connection {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect("made");
        connection
    }

    #[test]
    fn tables_with_any_name_are_counted_and_others_are_not() {
        let connection = database(
            "CREATE TABLE clients(id INTEGER PRIMARY KEY AUTOINCREMENT, name);
             INSERT INTO clients(name) VALUES('Ana'), ('Beto');
             CREATE TABLE \"it's \"\"quoted\"\"\"(x); CREATE TABLE sqliteish(x); CREATE VIEW names AS SELECT 1/0;",
        );
        let counted = count_rows(&connection).expect("counted");
        let expected = [("clients", 2), ("it's \"quoted\"", 0), ("sqliteish", 0)];
        assert_eq!(counted, expected.map(|(name, rows)| (name.to_owned(), rows)));
    }

    #[test]
    fn alembics_revisions_are_read_from_its_table_and_from_nothing_else() {
        let made = |sql: &str| Contents::versions(&database(sql)).alembic;
        let table = "CREATE TABLE alembic_version(version_num VARCHAR(32) NOT NULL)";
        assert_eq!(made(table), None);
        assert_eq!(
            made(&format!("{table}; INSERT INTO alembic_version VALUES('9f2c')")).as_deref(),
            Some("9f2c")
        );
        assert_eq!(
            made(&format!("{table}; INSERT INTO alembic_version VALUES('b'), ('a')")).as_deref(),
            Some("a, b")
        );
        assert_eq!(made("CREATE VIEW alembic_version AS SELECT 'x' AS version_num"), None);
        assert_eq!(
            made(&format!("{table}; INSERT INTO alembic_version VALUES(x'ff')")),
            None
        );
        assert_eq!(made("PRAGMA user_version = 7"), None);
    }
}
