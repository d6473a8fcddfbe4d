//! The properties by which a copy is compared with its source.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::database::value::bytes;

/// The properties by which a copy is compared with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub pages: u64,
    pub page_size: u64,
    user_version: i64,
    application_id: i64,
    /// Type, name and SQL, as bytes: SQLite accepts text that is not UTF-8.
    schema: BTreeSet<[Vec<u8>; 3]>,
}

impl Shape {
    /// The shape of the database as `connection` sees it now.
    pub fn read(connection: &Connection) -> rusqlite::Result<Shape> {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let mut statement = connection.prepare("SELECT type, name, sql FROM sqlite_schema")?;
        let schema = statement
            .query_map([], |row| Ok([bytes(row, 0)?, bytes(row, 1)?, bytes(row, 2)?]))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Shape {
            pages: number("page_count")?.try_into().unwrap_or(0),
            page_size: number("page_size")?.try_into().unwrap_or(0),
            user_version: number("user_version")?,
            application_id: number("application_id")?,
            schema,
        })
    }

    /// Bytes of the whole file.
    pub fn bytes(&self) -> u64 {
        self.pages * self.page_size
    }

    /// How `copy` differs from this shape; nothing when the two are the same.
    pub fn differences(&self, copy: &Shape) -> Vec<String> {
        let mut found = Vec::new();
        if (self.pages, self.page_size) != (copy.pages, copy.page_size) {
            found.push(format!(
                "the copy has {} pages of {} bytes, the source {} of {}",
                copy.pages, copy.page_size, self.pages, self.page_size
            ));
        }
        if !self.same_schema(copy) {
            found.push("the copy has another schema than the source".to_owned());
        }
        found
    }

    /// Whether the two have the same tables, indexes, triggers, views and version numbers.
    pub fn same_schema(&self, other: &Shape) -> bool {
        self.schema == other.schema
            && self.user_version == other.user_version
            && self.application_id == other.application_id
    }
}
