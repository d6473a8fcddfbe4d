//! One row of one file, and what tells two versions of it apart.

use rusqlite::{Row, params_from_iter};
use serde_json::{Map, Value};

use crate::database::row_table::RowTable;
use crate::database::row_value::{RowValue, Values, hash_value};
use crate::report::error::{Argument, Error, Expected, Result};
use crate::steps::row_differences::failed;
use crate::steps::snapshot::Source;

/// A row as it is in a file.
#[derive(Debug, Clone)]
pub(crate) struct RowVersion {
    /// `None` in a table without a key.
    pub key: Option<Values>,
    pub values: Values,
    /// A hash of each value that is not NULL, by its column in lower case. A column that is missing is like one without a value, so
    /// that adding a column makes no new version.
    hashes: Vec<(String, blake3::Hash)>,
}

impl RowVersion {
    /// Reads a row of a statement of [`RowTable::select_where`].
    fn read(table: &RowTable, row: &Row<'_>) -> rusqlite::Result<RowVersion> {
        let (names, columns) = (table.key.names(), table.column_names());
        let mut hashes = Vec::new();
        for (place, name) in columns.iter().enumerate() {
            let value = row.get_ref(names.len() + place)?;
            if value != rusqlite::types::ValueRef::Null {
                let mut hasher = blake3::Hasher::new();
                hash_value(&mut hasher, value);
                hashes.push((name.to_ascii_lowercase(), hasher.finalize()));
            }
        }
        // The order of the columns is not part of a version.
        hashes.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(RowVersion {
            key: (!names.is_empty()).then_some(Values::told(&names, row, 0)?),
            values: Values::told(&columns, row, names.len())?,
            hashes,
        })
    }

    /// Whether both have the same values.
    pub fn is_same(&self, other: &RowVersion) -> bool {
        self.hashes == other.hashes
    }

    /// A hash of the values.
    pub fn identity(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for (name, hash) in &self.hashes {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update(hash.as_bytes());
        }
        hasher.finalize()
    }

    /// The columns whose values differ from those of the version before, in the order of the table.
    pub fn changed_since(&self, before: &RowVersion) -> Vec<String> {
        let of = |version: &RowVersion, column: &str| {
            let column = column.to_ascii_lowercase();
            let mut named = version.hashes.iter().filter(|(name, _)| *name == column);
            named.next().map(|(_, hash)| *hash)
        };
        let own = self.values.0.iter().map(|(name, _)| name);
        let gone = before.values.0.iter().map(|(name, _)| name);
        let gone = gone.filter(|name| self.values.get(name).is_none());
        own.chain(gone)
            .filter(|name| of(self, name) != of(before, name))
            .cloned()
            .collect()
    }
}

/// The key of a row as a caller gives it. An empty name stands for the only column of a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GivenKey(Vec<(String, RowValue)>);

/// What looking for a row comes to.
#[derive(Debug)]
pub(crate) enum Lookup {
    Found(Box<RowTable>, Box<RowVersion>),
    NoSuchRow,
    /// Some tables that there are.
    NoSuchTable(Vec<String>),
    /// The table's key has other columns.
    OtherKey(Vec<String>),
}

impl GivenKey {
    /// Fails for a value that no column can hold.
    pub fn parse(key: &Map<String, Value>) -> Result<GivenKey> {
        let part = |(name, value): (&String, &Value)| Some((name.clone(), RowValue::from_json(value)?));
        let parts: Option<Vec<_>> = key.iter().map(part).collect();
        let parts = parts.filter(|parts| !parts.is_empty());
        let invalid = Argument::BadValue {
            key: "key",
            expected: Expected::Key,
        };
        parts.map(GivenKey).ok_or_else(|| Error::argument(invalid))
    }

    /// Looks for the row of this key.
    pub fn look_up(&self, source: &Source, table: &str) -> Result<Lookup> {
        self.look_up_through(source, table)
            .map_err(|error| failed(source, &error))
    }

    fn look_up_through(&self, source: &Source, table: &str) -> rusqlite::Result<Lookup> {
        let Some(table) = RowTable::read(&source.connection, table)? else {
            return RowTable::some_names(&source.connection).map(Lookup::NoSuchTable);
        };
        let own = table.key.names();
        let Some(names) = self.names_in(&table) else {
            let expected = if table.primary.is_empty() { own } else { table.primary };
            return Ok(Lookup::OtherKey(expected));
        };
        let values: Vec<&RowValue> = self.0.iter().map(|(_, value)| value).collect();
        let found = select(source, &table, &names, &values)?;
        Ok(match found {
            Some(row) => Lookup::Found(Box::new(table), Box::new(row)),
            None => Lookup::NoSuchRow,
        })
    }

    /// The names of the key's columns in SQL, if they are the primary key of the table or its rowid.
    fn names_in<'t>(&'t self, table: &'t RowTable) -> Option<Vec<&'t str>> {
        let is_given = |name: &String| self.0.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let is = |key: &[String]| !key.is_empty() && key.len() == self.0.len() && key.iter().all(is_given);
        if is(&table.primary) {
            return Some(self.0.iter().map(|(name, _)| name.as_str()).collect());
        }
        let is_rowid = table.key.is_rowid();
        if is_rowid && is(&table.key.names()) {
            return table.rowid.map(|rowid| vec![rowid]);
        }
        let is_unnamed = self.0.len() == 1 && is_given(&String::new());
        match table.primary.as_slice() {
            [column] if is_unnamed => Some(vec![column]),
            [] if is_unnamed && is_rowid => table.rowid.map(|rowid| vec![rowid]),
            _ => None,
        }
    }
}

/// The row with these values in these columns.
pub(crate) fn select(
    source: &Source,
    table: &RowTable,
    names: &[&str],
    values: &[&RowValue],
) -> rusqlite::Result<Option<RowVersion>> {
    let mut statement = source.connection.prepare(&table.select_where(names))?;
    let mut rows = statement.query(params_from_iter(values))?;
    rows.next()?.map(|row| RowVersion::read(table, row)).transpose()
}
