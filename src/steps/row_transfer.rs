//! Writing rows of a backup into the live database, inside a transaction that the caller ends.
//!
//! Triggers do not fire unless that is asked for, and foreign keys are not enforced row by row. The foreign keys are checked at the end, as
//! <https://www.sqlite.org/lang_altertable.html#otheralter> and
//! <https://www.sqlite.org/pragma.html#pragma_foreign_key_check> recommend for rows that are copied as they were.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use rusqlite::{Connection, ffi, params_from_iter};
use serde::Serialize;
use serde_json::{Map, json};

use crate::database::sqlite_error::extended_code;
use crate::database::stored_value::StoredValue;
use crate::database::value::quoted;
use crate::report::row_conflict::{Clash, RowConflict};
use crate::steps::row_transfer_plan::{Row, json_of, read};
use crate::steps::row_transfer_tables::{Table, Tables, list, matches};

/// What to do with a row that conflicts with an existing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Changes nothing at all.
    #[default]
    Refuse,
    /// Leaves the existing row.
    Skip,
    /// Writes the row of the backup over it. Deletes an existing row that has the same unique value.
    Overwrite,
}

/// What happens in one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TablePlan {
    /// The table.
    pub table: String,
    /// Rows that are inserted.
    pub insert: u64,
    /// Rows that are overwritten.
    pub update: u64,
    /// Rows that already exist with the same values.
    pub same: u64,
    /// Rows that conflict with existing ones.
    pub conflicts: Vec<RowConflict>,
}

/// The result of writing.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub plan: Vec<TablePlan>,
    /// A conflict remains that the requested mode does not resolve.
    pub refused: bool,
}

impl Written {
    pub fn conflicts(&self) -> Vec<RowConflict> {
        self.plan.iter().flat_map(|table| table.conflicts.clone()).collect()
    }

    pub fn changes(&self) -> u64 {
        self.plan.iter().map(|table| table.insert + table.update).sum()
    }

    fn table(&mut self, name: &str) -> &mut TablePlan {
        let number = self.plan.iter().position(|plan| plan.table == name);
        let number = number.unwrap_or_else(|| {
            self.plan.push(TablePlan {
                table: name.to_owned(),
                ..TablePlan::default()
            });
            self.plan.len() - 1
        });
        &mut self.plan[number]
    }
}

/// Writes all rows. `before` opens a connection that sees the old state; without it every broken reference counts as new.
pub(crate) fn write(
    live: &Connection,
    before: impl FnOnce() -> Option<Connection>,
    rows: &[Row],
    tables: &Tables<'_>,
    (mode, triggers): (OnConflict, bool),
) -> rusqlite::Result<Written> {
    let mut written = Written::default();
    let mut brought_back = HashSet::new();
    for row in rows {
        write_row(live, row, mode, &mut written, &mut brought_back)?;
        if live.is_autocommit() {
            // A trigger has ended the transaction, by RAISE(ROLLBACK). What is written after that could not be undone.
            written.refused = true;
            return Ok(written);
        }
    }
    check_foreign_keys(live, before, rows, tables, (mode, triggers), &mut written)?;
    Ok(written)
}

enum Outcome {
    Inserted,
    Updated,
    Same,
    /// The conflict, and whether leaving the row out resolves it.
    Clash(Box<RowConflict>, bool),
}

fn write_row(
    live: &Connection,
    row: &Row,
    mode: OnConflict,
    written: &mut Written,
    brought_back: &mut HashSet<(String, Vec<u8>)>,
) -> rusqlite::Result<()> {
    let table = &row.table;
    let key: Vec<StoredValue> = row.key().into_iter().cloned().collect();
    let identity = |table: &Table, key: &[StoredValue]| {
        let key = key.iter().flat_map(StoredValue::identity).collect::<Vec<u8>>();
        (table.name.clone(), key)
    };
    let existing = read(live, table, &table.key, &key)?.into_iter().next();
    brought_back.insert(identity(table, &key));
    if existing.as_ref().is_some_and(|existing| existing.values == row.values) {
        written.table(&table.name).same += 1;
        return Ok(());
    }
    let mut clashes = Vec::new();
    if let Some(existing) = &existing {
        clashes.push(conflict(row, Clash::Different, None, Some(existing)));
    }
    let mut conflicting_keys = Vec::new();
    for other in rows_with_same_unique_value(live, row, &key)? {
        let other_key: Vec<StoredValue> = other.key().into_iter().cloned().collect();
        // Overwriting must not delete a row that this transfer has just written.
        let is_brought_back = brought_back.contains(&identity(table, &other_key));
        clashes.push(conflict(row, Clash::Unique, None, Some(&other)));
        written.refused |= is_brought_back && mode == OnConflict::Overwrite;
        conflicting_keys.push(other_key);
    }
    let outcome = if clashes.is_empty() || mode == OnConflict::Overwrite {
        for key in conflicting_keys {
            let sql = format!("DELETE FROM main.{} WHERE {}", quoted(&table.name), matches(&table.key));
            live.prepare(&sql)?.execute(params_from_iter(&key))?;
        }
        insert_or_update(live, row, &key, existing.is_some())?
    } else {
        written.refused |= mode == OnConflict::Refuse;
        Outcome::Same
    };
    let left_out = !clashes.is_empty() && mode != OnConflict::Overwrite;
    let plan = written.table(&table.name);
    plan.conflicts.extend(clashes);
    match outcome {
        Outcome::Inserted => plan.insert += 1,
        Outcome::Updated => plan.update += 1,
        Outcome::Same if left_out => {}
        Outcome::Same => plan.same += 1,
        Outcome::Clash(clash, may_skip) => {
            plan.conflicts.push(*clash);
            written.refused |= !(may_skip && mode == OnConflict::Skip);
        }
    }
    Ok(())
}

/// The other live rows that share a unique value with the row.
fn rows_with_same_unique_value(live: &Connection, row: &Row, key: &[StoredValue]) -> rusqlite::Result<Vec<Row>> {
    let table = &row.table;
    let mut found: Vec<Row> = Vec::new();
    for unique in &table.unique {
        let values = unique
            .iter()
            .map(|column| row.values.get(table.position(column)?).cloned());
        let Some(values) = values.collect::<Option<Vec<_>>>() else {
            continue;
        };
        // In a UNIQUE constraint NULLs are distinct.
        if values.iter().any(StoredValue::is_null) {
            continue;
        }
        for other in read(live, table, unique, &values)? {
            let is_other = |known: &Row| known.key() == other.key();
            if !other.key().into_iter().eq(key) && !found.iter().any(is_other) {
                found.push(other);
            }
        }
    }
    Ok(found)
}

/// Inserts the row, or updates the existing row with its key. ABORT takes precedence over the ON CONFLICT clauses of a table, which
/// could end the transaction, or delete other rows: <https://www.sqlite.org/lang_conflict.html>.
fn insert_or_update(live: &Connection, row: &Row, key: &[StoredValue], exists: bool) -> rusqlite::Result<Outcome> {
    let table = &row.table;
    let name = quoted(&table.name);
    let done = if exists {
        let others: Vec<(&String, &StoredValue)> = table
            .columns
            .iter()
            .zip(&row.values)
            .filter(|(column, _)| !table.is_key(column))
            .collect();
        let first = key.len() + 1;
        let set = others
            .iter()
            .zip(first..)
            .map(|((column, _), number)| format!("{} = ?{number}", quoted(column)));
        let set = set.collect::<Vec<_>>().join(", ");
        if set.is_empty() {
            return Ok(Outcome::Same);
        }
        let sql = format!("UPDATE OR ABORT main.{name} SET {set} WHERE {}", matches(&table.key));
        let values = key.iter().chain(others.into_iter().map(|(_, value)| value));
        live.prepare(&sql)
            .and_then(|mut statement| statement.execute(params_from_iter(values)))
            .map(|_| Outcome::Updated)
    } else {
        let places: Vec<String> = (1..=table.columns.len()).map(|number| format!("?{number}")).collect();
        let sql = format!(
            "INSERT OR ABORT INTO main.{name}({}) VALUES({})",
            list(&table.columns),
            places.join(", ")
        );
        live.prepare(&sql)
            .and_then(|mut statement| statement.execute(params_from_iter(&row.values)))
            .map(|_| Outcome::Inserted)
    };
    done.or_else(|error| {
        if is_refusal(&error) {
            let clash = conflict(row, Clash::Constraint, Some(error.to_string()), None);
            Ok(Outcome::Clash(Box::new(clash), !live.is_autocommit()))
        } else {
            Err(error)
        }
    })
}

/// Whether the schema refuses the row: by a constraint, or for a collation or function that only the application has.
fn is_refusal(error: &rusqlite::Error) -> bool {
    matches!(
        extended_code(error).map(|code| code & 0xff),
        Some(ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH | ffi::SQLITE_TOOBIG | ffi::SQLITE_ERROR)
    )
}

fn conflict(row: &Row, what: Clash, detail: Option<String>, live: Option<&Row>) -> RowConflict {
    RowConflict {
        table: row.table.name.clone(),
        key: row.key_json(),
        what,
        detail,
        backup: json_of(&row.table, &row.values),
        live: live.map(|live| json_of(&live.table, &live.values)),
    }
}

/// A row of one table that refers to a missing row of another.
type Violation = (String, Option<i64>, String, i64);

/// Adds newly broken references to the conflicts. No mode resolves them.
fn check_foreign_keys(
    live: &Connection,
    before: impl FnOnce() -> Option<Connection>,
    rows: &[Row],
    tables: &Tables<'_>,
    (mode, triggers): (OnConflict, bool),
    written: &mut Written,
) -> rusqlite::Result<()> {
    let mut checked: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !checked.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            checked.push(name.to_owned());
        }
    };
    let touched: Vec<&Rc<Table>> = rows.iter().map(|row| &row.table).collect();
    for table in touched {
        add(&table.name);
        if mode == OnConflict::Overwrite {
            // Overwriting can delete a referenced row or change its key.
            tables.children_of(&table.name).iter().for_each(|key| add(&key.child));
        }
    }
    if triggers {
        // A trigger can write to any table.
        tables.children().for_each(&mut add);
    }
    let now = violations(live, &checked);
    if now.is_empty() {
        return Ok(());
    }
    let before = before().map(|before| violations(&before, &checked)).unwrap_or_default();
    let mut new: Vec<(Violation, u64)> = now
        .into_iter()
        .filter(|(violation, count)| before.get(violation).is_none_or(|old| old < count))
        .collect();
    new.sort();
    for ((table, rowid, parent, _), _) in new {
        written.refused = true;
        let clash = RowConflict {
            table: table.clone(),
            key: rowid
                .map(|rowid| Map::from_iter([("rowid".to_owned(), json!(rowid))]))
                .unwrap_or_default(),
            what: Clash::ForeignKey,
            detail: Some(parent),
            backup: Map::new(),
            live: None,
        };
        written.table(&table).conflicts.push(clash);
    }
    Ok(())
}

/// The violations of foreign keys, with their number: rows of a WITHOUT ROWID table have no rowid that tells them apart. A foreign
/// key that SQLite cannot check is skipped, because SQLite does not enforce it either.
fn violations(connection: &Connection, tables: &[String]) -> HashMap<Violation, u64> {
    let mut found = HashMap::new();
    for table in tables {
        let collect = || -> rusqlite::Result<Vec<Violation>> {
            let sql = format!("PRAGMA main.foreign_key_check({})", quoted(table));
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            rows.collect()
        };
        for violation in collect().unwrap_or_default() {
            *found.entry(violation).or_insert(0) += 1;
        }
    }
    found
}
