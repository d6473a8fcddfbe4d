//! The schema of a database, as SQLite reports it: the pages alone do not tell which table a tree belongs to, nor how
//! it is ordered.

use crate::pages::record::Class;

/// The tables that have a b-tree, `sqlite_schema` included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    pub tables: Vec<Table>,
}

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub name: String,
    pub root: u32,
    /// As declared.
    pub columns: Vec<Column>,
    /// The column that is the rowid by another name, an INTEGER PRIMARY KEY; records hold NULL in its place.
    pub rowid_alias: Option<usize>,
    /// Of a WITHOUT ROWID table, which is an index b-tree itself: the order of its rows, and all stored columns in the order in
    /// which its records hold them.
    pub primary_key: Option<Key>,
    pub indexes: Vec<Index>,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub name: String,
    /// A generated column that is computed when it is read. All others are stored.
    pub is_virtual: bool,
    pub classes: Classes,
    /// The value of a row that was written before the column was added.
    pub default: Constant,
}

/// Which values a column may hold by its own declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Classes {
    /// A bit for each [`Class`] that it may not hold.
    pub forbidden: u8,
    /// Text is forbidden only if it is a number, as a column of numbers would have stored it.
    pub numeric_text: bool,
}

impl Classes {
    /// Any value.
    pub const ANY: Classes = Classes {
        forbidden: 0,
        numeric_text: false,
    };

    pub fn bit(class: Class) -> u8 {
        1 << class as u8
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Constant {
    #[default]
    Null,
    Integer(i64),
    Real(f64),
    /// In the encoding of the database.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub name: String,
    pub root: u32,
    pub unique: bool,
    /// Not every row has an entry.
    pub partial: bool,
    pub key: Key,
}

/// What an entry is made of, and its order.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub columns: Vec<KeyPart>,
    /// How many of the columns were declared; what makes an entry one of a kind follows.
    pub declared: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPart {
    pub source: Source,
    /// `None` where only the application has it.
    pub collation: Option<Collation>,
    pub descending: bool,
}

/// Where the value of a column of an index comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The column of the table with this number.
    Column(usize),
    Rowid,
    Expression,
}

/// The collations that every SQLite has: <https://www.sqlite.org/datatype3.html#collation>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collation {
    Binary,
    NoCase,
    Rtrim,
}

impl Table {
    /// Whether entries of an index can be computed from the stored columns of a row alone.
    pub fn can_compute(&self, index: &Index) -> bool {
        let stored = |part: &KeyPart| match part.source {
            Source::Column(number) => self.columns.get(number).is_some_and(|column| !column.is_virtual),
            Source::Rowid => self.primary_key.is_none(),
            Source::Expression => false,
        };
        !index.partial && index.key.columns.iter().all(stored)
    }

    /// The columns in the order in which records hold them.
    pub fn record_order(&self) -> Vec<usize> {
        match &self.primary_key {
            None => (0..self.columns.len())
                .filter(|number| self.columns.get(*number).is_some_and(|column| !column.is_virtual))
                .collect(),
            Some(key) => {
                let number = |part: &KeyPart| match part.source {
                    Source::Column(number) => Some(number),
                    Source::Rowid | Source::Expression => None,
                };
                key.columns.iter().filter_map(number).collect()
            }
        }
    }
}
