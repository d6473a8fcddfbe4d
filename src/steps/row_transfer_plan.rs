//! Planning which rows of a backup are brought back: the requested rows, and the rows that belong to them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value};

use crate::database::row_table::RowTable;
use crate::database::stored_value::StoredValue;
use crate::database::value::quoted;
use crate::steps::row_transfer_tables::{ForeignKey, Missing, Table, Tables, list, matches};

/// A row of the backup, its values in the order of the table's columns.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub table: Rc<Table>,
    pub values: Vec<StoredValue>,
}

impl Row {
    /// The values of the key.
    pub fn key(&self) -> Vec<&StoredValue> {
        let positions = self.table.key_positions();
        positions
            .iter()
            .filter_map(|position| self.values.get(*position))
            .collect()
    }

    /// The values of these columns; `None` when the backup lacks a column.
    fn values_of(&self, columns: &[String]) -> Option<Vec<StoredValue>> {
        let value = |column: &String| self.values.get(self.table.position(column)?).cloned();
        columns.iter().map(value).collect()
    }

    fn identity(&self) -> (String, Vec<u8>) {
        let key = self.key().into_iter().flat_map(StoredValue::identity).collect();
        (self.table.name.to_ascii_lowercase(), key)
    }

    pub fn key_json(&self) -> Map<String, Value> {
        let named = self.table.key.iter().cloned().zip(self.key());
        named.map(|(column, value)| (column, value.to_json())).collect()
    }
}

/// The values of a row by column.
pub(crate) fn json_of(table: &Table, values: &[StoredValue]) -> Map<String, Value> {
    let named = table.columns.iter().cloned().zip(values);
    named.map(|(column, value)| (column, value.to_json())).collect()
}

/// Why planning failed.
pub(crate) enum NotFound {
    /// An error of SQLite in the backup.
    Sqlite(rusqlite::Error),
    /// An error of SQLite in the live database.
    Live(rusqlite::Error),
    /// The requested table or row that the backup lacks.
    Missing(String),
    /// The requested table, which the live database lacks, and some that it has.
    NoSuchTable(String, Vec<String>),
    /// The given columns are not the table's key; the table and the columns of its key.
    NotTheKey(String, Vec<String>),
    Cancelled,
}

/// Finds rows, and follows the foreign keys of the live schema from them.
pub(crate) struct Planner<'c> {
    live: &'c Connection,
    backup: &'c Connection,
    tables: Tables<'c>,
    rows: Vec<Row>,
    found: HashMap<(String, Vec<u8>), usize>,
    descended: HashSet<usize>,
    /// Rows whose parents are still to be found; with `true` their children too.
    queue: VecDeque<(usize, bool)>,
}

impl<'c> Planner<'c> {
    /// `live` is in a write transaction, `backup` in a read transaction.
    pub fn new(live: &'c Connection, backup: &'c Connection) -> Result<Planner<'c>, NotFound> {
        Ok(Planner {
            live,
            backup,
            tables: Tables::new(live, backup).map_err(NotFound::Live)?,
            rows: Vec::new(),
            found: HashMap::new(),
            descended: HashSet::new(),
            queue: VecDeque::new(),
        })
    }

    /// Adds a requested row.
    pub fn request_row(
        &mut self,
        table: &str,
        key: &Map<String, Value>,
        with_dependents: bool,
    ) -> Result<(), NotFound> {
        let described = self.tables.get(table).map_err(NotFound::Live)?;
        let table = match described {
            Ok(described) => described,
            Err(Missing::InBackup) => return Err(NotFound::Missing(table.to_owned())),
            Err(Missing::InDatabase) => {
                let tables = RowTable::some_names(self.live).map_err(NotFound::Live)?;
                return Err(NotFound::NoSuchTable(table.to_owned(), tables));
            }
        };
        // An empty name stands for the only column of a key.
        let is_unnamed = |name: &str| name.is_empty() && table.key.len() == 1;
        let named = |column: &String| {
            key.iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(column) || is_unnamed(name))
        };
        let values = table
            .key
            .iter()
            .map(|column| StoredValue::from_json(named(column)?.1))
            .collect::<Option<Vec<_>>>()
            .filter(|values| values.len() == key.len());
        let values = values.ok_or_else(|| NotFound::NotTheKey(table.name.clone(), table.key.clone()))?;
        let mut rows = read(self.backup, &table, &table.key, &values).map_err(NotFound::Sqlite)?;
        if rows.is_empty() {
            let given = table.key.iter().filter_map(|column| Some((column, named(column)?.1)));
            let key: Map<String, Value> = given.map(|(column, value)| (column.clone(), value.clone())).collect();
            return Err(NotFound::Missing(format!("{} {}", table.name, Value::Object(key))));
        }
        rows.truncate(1);
        rows.into_iter().for_each(|row| self.add(row, with_dependents));
        Ok(())
    }

    /// Follows the foreign keys until no row is missing, and returns all rows in the order of their discovery.
    pub fn follow(mut self, should_continue: &mut dyn FnMut() -> bool) -> Result<(Vec<Row>, Tables<'c>), NotFound> {
        while let Some((number, descend)) = self.queue.pop_front() {
            if !should_continue() {
                return Err(NotFound::Cancelled);
            }
            let Some(row) = self.rows.get(number).cloned() else {
                continue;
            };
            for key in self.tables.parents_of(&row.table.name) {
                self.add_parent(&row, &key)?;
            }
            if descend {
                for key in self.tables.children_of(&row.table.name) {
                    self.add_children(&row, &key)?;
                }
            }
        }
        Ok((self.rows, self.tables))
    }

    fn add(&mut self, row: Row, descend: bool) {
        let identity = row.identity();
        let number = *self.found.entry(identity).or_insert(self.rows.len());
        let is_new = number == self.rows.len();
        if is_new {
            self.rows.push(row);
        }
        if is_new || (descend && !self.descended.contains(&number)) {
            if descend {
                self.descended.insert(number);
            }
            self.queue.push_back((number, descend));
        }
    }

    /// Adds the row that `row` refers to, if the live database lacks it. If the backup lacks it too, the foreign key check
    /// reports it.
    fn add_parent(&mut self, row: &Row, key: &ForeignKey) -> Result<(), NotFound> {
        let Some(values) = row.values_of(&key.from) else {
            return Ok(());
        };
        if values.iter().any(StoredValue::is_null) {
            return Ok(());
        }
        let Ok(parent) = self.tables.get(&key.parent).map_err(NotFound::Live)? else {
            return Ok(());
        };
        let columns = if key.to.is_empty() { &parent.key } else { &key.to };
        if columns.len() != values.len() || exists(self.live, &parent, columns, &values).map_err(NotFound::Live)? {
            return Ok(());
        }
        let known = columns.iter().all(|column| parent.position(column).is_some());
        let rows = if known {
            read(self.backup, &parent, columns, &values).map_err(NotFound::Sqlite)?
        } else {
            vec![]
        };
        rows.into_iter().take(1).for_each(|row| self.add(row, false));
        Ok(())
    }

    /// Adds the rows of the backup that refer to `row` and that the live database lacks.
    fn add_children(&mut self, row: &Row, key: &ForeignKey) -> Result<(), NotFound> {
        let Ok(child) = self.tables.get(&key.child).map_err(NotFound::Live)? else {
            return Ok(());
        };
        let columns = if key.to.is_empty() { &row.table.key } else { &key.to };
        let Some(values) = row.values_of(columns) else {
            return Ok(());
        };
        let known = key.from.iter().all(|column| child.position(column).is_some());
        if !known || values.len() != key.from.len() || values.iter().any(StoredValue::is_null) {
            return Ok(());
        }
        for row in read(self.backup, &child, &key.from, &values).map_err(NotFound::Sqlite)? {
            let own: Vec<StoredValue> = row.key().into_iter().cloned().collect();
            if !exists(self.live, &child, &child.key, &own).map_err(NotFound::Live)? {
                self.add(row, true);
            }
        }
        Ok(())
    }
}

/// The rows of a table with these values.
pub(crate) fn read(
    connection: &Connection,
    table: &Rc<Table>,
    columns: &[String],
    values: &[StoredValue],
) -> rusqlite::Result<Vec<Row>> {
    let (name, wanted) = (quoted(&table.name), list(&table.columns));
    let sql = format!("SELECT {wanted} FROM main.{name} WHERE {}", matches(columns));
    let mut statement = connection.prepare(&sql)?;
    let found = statement.query_map(params_from_iter(values), |row| {
        let value = |column| Ok(StoredValue::from(row.get_ref(column)?));
        let values = (0..table.columns.len()).map(value).collect::<rusqlite::Result<_>>()?;
        Ok(Row {
            table: Rc::clone(table),
            values,
        })
    })?;
    found.collect()
}

fn exists(
    connection: &Connection,
    table: &Table,
    columns: &[String],
    values: &[StoredValue],
) -> rusqlite::Result<bool> {
    let sql = format!(
        "SELECT 1 FROM main.{} WHERE {} LIMIT 1",
        quoted(&table.name),
        matches(columns)
    );
    connection.prepare(&sql)?.exists(params_from_iter(values))
}
