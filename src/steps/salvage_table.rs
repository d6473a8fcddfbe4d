//! One table of a database that is rebuilt: which rows can be its own, and inserting them.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Statement, params_from_iter};

use crate::database::stored_value::StoredValue;
use crate::database::value::quoted;
use crate::pages::damaged_file::FoundRow;
use crate::pages::record::Class;
use crate::pages::schema::{Classes, Column, Constant, Source, Table};
use crate::steps::lost_and_found::{LostAndFound, stored_value};
use crate::steps::salvage_declare::is_of_system;

/// What was saved of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct RebuiltTable {
    pub name: String,
    pub rows: u64,
    /// Rows with a cut value.
    pub cut: u64,
}

/// A table of the new database.
pub(super) struct TableRecovery<'t> {
    target: &'t Connection,
    table: Table,
    /// Its columns in the order in which records hold them.
    order: Vec<usize>,
    /// Every page and cell of its tree can be read.
    pub is_whole: bool,
    /// The places in a record of the columns that are inserted, and the columns.
    inserted: Vec<(usize, usize)>,
    has_rowid_name: bool,
    insert: Lazy<'t>,
    exists: Lazy<'t>,
    rows: u64,
    cut: u64,
}

/// Whether a row was inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    Yes,
    /// A constraint refuses it, a row has its key, or it cannot be a row of this table.
    No,
}

impl<'t> TableRecovery<'t> {
    /// For a table that `target` has.
    pub fn new(target: &'t Connection, table: Table) -> rusqlite::Result<TableRecovery<'t>> {
        let generated = generated_columns(target, &table.name)?;
        let has_name = |name: &str| {
            table
                .columns
                .iter()
                .any(|column| column.name.eq_ignore_ascii_case(name))
        };
        let rowid = ["rowid", "_rowid_", "oid"].into_iter().find(|name| !has_name(name));
        let rowid = rowid.filter(|_| table.primary_key.is_none());
        let order = table.record_order();
        let places = order.iter().copied().enumerate();
        let inserted: Vec<(usize, usize)> = places
            .filter(|(_, number)| {
                let column = table.columns.get(*number);
                table.rowid_alias != Some(*number) && column.is_some_and(|column| !generated.contains(&column.name))
            })
            .collect();
        let columns = inserted.iter().filter_map(|(_, number)| table.columns.get(*number));
        let columns = columns.map(|column| quoted(&column.name));
        let names: Vec<String> = rowid.map(str::to_owned).into_iter().chain(columns).collect();
        let parameters: Vec<String> = (1..=names.len()).map(|number| format!("?{number}")).collect();
        let name = quoted(&table.name);
        Ok(TableRecovery {
            target,
            insert: Lazy::Sql(format!(
                "INSERT OR IGNORE INTO {name}({}) VALUES({})",
                names.join(", "),
                parameters.join(", ")
            )),
            exists: Lazy::Sql(format!("SELECT 1 FROM {name} WHERE {}", key_condition(&table, rowid))),
            has_rowid_name: rowid.is_some(),
            inserted,
            order,
            table,
            is_whole: false,
            rows: 0,
            cut: 0,
        })
    }

    pub fn name(&self) -> &str {
        &self.table.name
    }

    pub fn root(&self) -> u32 {
        self.table.root
    }

    pub fn has_rowid(&self) -> bool {
        self.table.primary_key.is_none()
    }

    pub fn result(self) -> RebuiltTable {
        RebuiltTable {
            name: self.table.name,
            rows: self.rows,
            cut: self.cut,
        }
    }

    /// Whether a row can be of this table.
    pub fn can_hold(&self, row: &FoundRow) -> bool {
        self.fit(row) > Fit::No
    }

    /// How well the number of a row's values and their storage classes fit.
    fn fit(&self, row: &FoundRow) -> Fit {
        if row.fields == 0 || row.fields > self.order.len() {
            return Fit::No;
        }
        let fits = row.values.iter().zip(&self.order).map(|(value, number)| {
            if self.table.rowid_alias == Some(*number) {
                return if *value == Constant::Null { Fit::Good } else { Fit::No };
            }
            let column = self.table.columns.get(*number);
            column.map_or(Fit::No, |column| fit(column, value))
        });
        fits.min().unwrap_or(Fit::Good)
    }

    /// How well the rows of a leaf fit this table. They do not if one of them is in it.
    pub fn fit_of_orphans(&mut self, rows: &[FoundRow]) -> rusqlite::Result<Fit> {
        let most = rows.iter().map(|row| row.fields).max();
        let mut fit = rows.iter().map(|row| self.fit(row)).min().unwrap_or(Fit::No);
        if fit == Fit::No {
            return Ok(Fit::No);
        }
        // Rows that are older than the last column lack it; a page of nothing but such rows may be of another table.
        if most != Some(self.order.len()) {
            fit = Fit::Odd;
        }
        let Some(statement) = self.exists.prepared(self.target) else {
            return Ok(Fit::No);
        };
        for row in rows {
            let key: Vec<StoredValue> = match &self.table.primary_key {
                None => vec![StoredValue::Integer(row.rowid)],
                // The key comes first in the records of a WITHOUT ROWID table.
                Some(key) => row.values.iter().take(key.declared).map(stored_value).collect(),
            };
            let found = statement.query_row(params_from_iter(&key), |_| Ok(())).optional();
            match found {
                Ok(None) => {}
                Ok(Some(())) => return Ok(Fit::No),
                Err(error) if is_of_system(&error) => return Err(error),
                Err(_) => return Ok(Fit::No),
            }
        }
        Ok(fit)
    }

    /// Inserts a row. Fails only where no row can be written.
    pub fn insert(&mut self, row: &FoundRow, lost_and_found: &mut LostAndFound<'_>) -> rusqlite::Result<Inserted> {
        if !self.can_hold(row) {
            return Ok(Inserted::No);
        }
        let mut values = Vec::new();
        if self.has_rowid_name {
            values.push(StoredValue::Integer(row.rowid));
        }
        for (place, number) in &self.inserted {
            values.push(match row.values.get(*place) {
                Some(value) => stored_value(value),
                // The values behind the cut are unknown.
                None if *place < row.fields => StoredValue::Null,
                // The column was added after the row was written.
                None => {
                    let column = self.table.columns.get(*number);
                    column.map_or(StoredValue::Null, |column| stored_value(&column.default))
                }
            });
        }
        if self.table.name == "sqlite_sequence" {
            // Creating the tables has made rows of its own.
            self.target
                .execute("DELETE FROM sqlite_sequence WHERE name = ?1", [values.get(1)])?;
        }
        let Some(statement) = self.insert.prepared(self.target) else {
            return Ok(Inserted::No);
        };
        match statement.execute(params_from_iter(&values)) {
            Ok(0) => return Ok(Inserted::No),
            Ok(_) => self.rows += 1,
            Err(error) if is_of_system(&error) => return Err(error),
            Err(_) => return Ok(Inserted::No),
        }
        if let Some(cut) = &row.cut {
            self.cut += 1;
            let number = self.order.get(row.values.len()).copied();
            let column = number.and_then(|number| self.table.columns.get(number));
            let column = column.map_or("", |column| &column.name);
            lost_and_found.keep_cut((Some(&self.table.name), column), row, cut)?;
        }
        Ok(Inserted::Yes)
    }
}

/// A statement that is prepared when it is first needed.
enum Lazy<'t> {
    Sql(String),
    Prepared(Statement<'t>),
    /// SQLite refuses it: the schema is hostile, or it needs what only the application has.
    Refused,
}

impl<'t> Lazy<'t> {
    fn prepared(&mut self, target: &'t Connection) -> Option<&mut Statement<'t>> {
        if let Lazy::Sql(sql) = self {
            *self = target.prepare(sql).map_or(Lazy::Refused, Lazy::Prepared);
        }
        match self {
            Lazy::Prepared(statement) => Some(statement),
            Lazy::Sql(_) | Lazy::Refused => None,
        }
    }
}

/// The condition that finds a row by its key, with parameters for its values.
fn key_condition(table: &Table, rowid: Option<&str>) -> String {
    let column = |number: usize| table.columns.get(number).map(|column| quoted(&column.name));
    match &table.primary_key {
        None => format!("{} = ?1", rowid.unwrap_or("NULL")),
        Some(key) => {
            let columns = key
                .columns
                .iter()
                .take(key.declared)
                .filter_map(|part| match part.source {
                    Source::Column(number) => column(number),
                    Source::Rowid | Source::Expression => None,
                });
            let terms: Vec<String> = columns
                .zip(1..)
                .map(|(name, number)| format!("{name} = ?{number}"))
                .collect();
            terms.join(" AND ")
        }
    }
}

fn generated_columns(target: &Connection, table: &str) -> rusqlite::Result<HashSet<String>> {
    let mut statement = target.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden > 1")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// How well a value fits a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    No,
    /// Possible, but seldom: a word in a column of numbers, rows with too few values.
    Odd,
    Good,
}

fn fit(column: &Column, value: &Constant) -> Fit {
    let class = match value {
        Constant::Null => return Fit::Good,
        Constant::Integer(_) => Class::Integer,
        Constant::Real(_) => Class::Real,
        Constant::Text(_) => Class::Text,
        Constant::Blob(_) => Class::Blob,
    };
    match column.classes.forbidden & Classes::bit(class) {
        0 => Fit::Good,
        _ if column.classes.numeric_text => Fit::Odd,
        _ => Fit::No,
    }
}

/// What an index holds, which tells its pages from those of a WITHOUT ROWID table.
pub(super) struct IndexShape {
    pub root: u32,
    pub is_whole: bool,
    /// The column of each value; `None` for the value of an expression.
    columns: Vec<Option<Column>>,
}

impl IndexShape {
    pub fn of_table(table: &Table) -> impl Iterator<Item = IndexShape> {
        table.indexes.iter().map(|index| IndexShape {
            root: index.root,
            is_whole: false,
            columns: index
                .key
                .columns
                .iter()
                .map(|part| match part.source {
                    Source::Column(number) => table.columns.get(number).cloned(),
                    Source::Rowid | Source::Expression => None,
                })
                .collect(),
        })
    }

    /// How well the rows of a leaf fit the index as its entries.
    pub fn fit_of_orphans(&self, rows: &[FoundRow]) -> Fit {
        let of_row = |row: &FoundRow| {
            let values = row.values.iter().zip(&self.columns);
            let fits = values.map(|(value, column)| column.as_ref().map_or(Fit::Good, |column| fit(column, value)));
            match row.fields == self.columns.len() {
                true => fits.min().unwrap_or(Fit::Good),
                false => Fit::No,
            }
        };
        rows.iter().map(of_row).min().unwrap_or(Fit::No)
    }
}
