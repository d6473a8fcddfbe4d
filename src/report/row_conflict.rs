//! A row of a backup that clashes with the live database.

use serde::Serialize;
use serde_json::{Map, Value};

/// Why a row cannot be brought back as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clash {
    /// A row with the same key has other contents.
    Different,
    /// Another row has what has to be unique.
    Unique,
    /// The live schema does not take the row: NOT NULL, CHECK, a type of a STRICT table, or what only the application has.
    Constraint,
    /// It refers to a row that is neither in the database nor brought back; or a row that is to be replaced is referred to.
    ForeignKey,
}

/// A row of a backup that clashes with the live database, with both versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowConflict {
    /// The table.
    pub table: String,
    /// The key of the row of the backup.
    pub key: Map<String, Value>,
    /// Why.
    pub what: Clash,
    /// SQLite's text or the table that is referred to; `None` where the two versions say it all.
    pub detail: Option<String>,
    /// The row of the backup. Empty for a foreign key.
    pub backup: Map<String, Value>,
    /// The row of the live database that is in the way.
    pub live: Option<Map<String, Value>>,
}
