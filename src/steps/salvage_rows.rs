//! A new database from the readable rows of a damaged one.

use std::collections::{HashMap, HashSet};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

use crate::database::schema::describe;
use crate::database::stored_value::StoredValue;
use crate::database::value::quoted;
use crate::pages::scavenge::{FoundRow, Image, Walk};
use crate::pages::schema::{Classes, Constant, Table};

/// An entry of `sqlite_schema`.
#[derive(Debug, Clone)]
pub(crate) struct SchemaRow {
    pub kind: String,
    pub name: String,
    pub root: u32,
    pub sql: String,
}

/// The result of a rebuild.
#[derive(Debug, Default)]
pub(crate) struct Rebuilt {
    /// The number of rows of each table, and of those that are cut off.
    pub tables: Vec<(String, u64, u64)>,
    pub lost_and_found: u64,
    /// Parts of the schema that could not be created.
    pub left_out: Vec<String>,
}

/// The readable part of the schema, and whether that is the whole schema.
pub(crate) fn schema_of(image: &Image<'_>) -> (Vec<SchemaRow>, bool) {
    let walk = image.walk(1, true, &HashSet::new());
    let is_whole = walk.lost == 0;
    let mut found: Vec<SchemaRow> = walk.rows.iter().filter_map(schema_row).collect();
    if !is_whole {
        for page in (2..=image.pages()).filter(|page| !walk.pages.contains(page)) {
            let Some(rows) = image.leaf(page) else { continue };
            let rows: Option<Vec<SchemaRow>> = rows.iter().map(schema_row).collect();
            for row in rows.unwrap_or_default() {
                if !found.iter().any(|known| known.name == row.name) {
                    found.push(row);
                }
            }
        }
    }
    (found, is_whole)
}

fn schema_row(row: &FoundRow) -> Option<SchemaRow> {
    let text = |value: &Constant| match value {
        Constant::Text(bytes) => String::from_utf8(bytes.clone()).ok(),
        Constant::Null => Some(String::new()),
        _ => None,
    };
    let [kind, name, _, Constant::Integer(root), sql] = row.values.as_slice() else {
        return None;
    };
    let kind = text(kind).filter(|kind| ["table", "index", "view", "trigger"].contains(&kind.as_str()))?;
    Some(SchemaRow {
        kind,
        name: text(name)?,
        root: u32::try_from(*root).ok()?,
        sql: text(sql)?,
    })
}

/// A table of the new database, and what its walk found.
struct TableRecovery {
    table: Table,
    root: u32,
    walk: Walk,
    rowids: HashSet<i64>,
    cut: u64,
    rows: u64,
}

/// Creates the tables of `schema` in the empty database `target` and fills them from `image`.
pub(crate) fn rebuild(
    image: &Image<'_>,
    schema: &[SchemaRow],
    schema_is_whole: bool,
    target: &mut Connection,
) -> rusqlite::Result<Rebuilt> {
    let mut done = Rebuilt::default();
    // The schema can be hostile: it may call harmless functions only, and none of its triggers runs.
    target.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    target.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    target.execute_batch("PRAGMA ignore_check_constraints=ON; PRAGMA foreign_keys=OFF; BEGIN")?;
    for row in schema
        .iter()
        .filter(|row| row.kind == "table" && row.root > 0 && is_plain(row))
    {
        if run_declaration(target, &row.sql, "CREATE TABLE").is_err() {
            done.left_out.push(row.name.clone());
        }
    }
    let roots: HashMap<&str, u32> = schema
        .iter()
        .filter(|row| row.kind == "table")
        .map(|row| (row.name.as_str(), row.root))
        .collect();
    let mut wanted = Vec::new();
    for table in describe(target)?.schema.tables {
        if let Some(root) = roots.get(table.name.as_str()).filter(|_| table.name != "sqlite_schema") {
            wanted.push(TableRecovery {
                root: *root,
                table,
                walk: Walk::default(),
                rowids: HashSet::new(),
                cut: 0,
                rows: 0,
            });
        }
    }
    walk_all(image, &mut wanted);
    let mut strays: Vec<FoundRow> = Vec::new();
    for wanted in &mut wanted {
        for row in std::mem::take(&mut wanted.walk.rows) {
            if can_belong(&wanted.table, &row) && insert(target, wanted, &row)? {
                continue;
            }
            strays.push(row);
        }
    }
    if !schema_is_whole || wanted.iter().any(|wanted| wanted.walk.lost > 0) {
        adopt_orphans(image, target, &mut wanted, &mut strays)?;
    }
    for row in schema.iter().filter(|row| row.kind == "index" && !row.sql.is_empty()) {
        let made = run_declaration(target, &row.sql, "CREATE INDEX")
            .or_else(|_| run_declaration(target, &row.sql, "CREATE UNIQUE INDEX"));
        if made.is_err() {
            done.left_out.push(row.name.clone());
        }
    }
    for row in schema {
        let is_virtual = row.kind == "table" && row.root == 0;
        let made = match row.kind.as_str() {
            "view" => run_declaration(target, &row.sql, "CREATE VIEW"),
            "trigger" => run_declaration(target, &row.sql, "CREATE TRIGGER"),
            // A virtual table is declared only; its module does not run.
            _ if is_virtual => target.execute_batch("PRAGMA writable_schema=ON").and_then(|()| {
                let sql = "INSERT INTO sqlite_schema VALUES('table', ?1, ?1, 0, ?2)";
                target.execute(sql, [&row.name, &row.sql]).map(drop)
            }),
            _ => Ok(()),
        };
        if made.is_err() {
            done.left_out.push(row.name.clone());
        }
    }
    done.lost_and_found = strays.len() as u64;
    write_strays(target, &strays)?;
    target.execute_batch("COMMIT; PRAGMA writable_schema=RESET")?;
    let own = wanted
        .into_iter()
        .filter(|wanted| !wanted.table.name.starts_with("sqlite_"));
    done.tables = own.map(|wanted| (wanted.table.name, wanted.rows, wanted.cut)).collect();
    Ok(done)
}

fn is_plain(row: &SchemaRow) -> bool {
    !row.name.starts_with("sqlite_") && !row.sql.is_empty()
}

/// Runs one statement of an untrusted schema, if it starts with `beginning` and only declares: no query, no ATTACH, no PRAGMA.
fn run_declaration(target: &mut Connection, sql: &str, beginning: &str) -> rusqlite::Result<()> {
    let starts_so = sql
        .get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning));
    if !starts_so {
        return Err(rusqlite::Error::InvalidQuery);
    }
    target.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Select | AuthAction::Recursive | AuthAction::Attach { .. } | AuthAction::Pragma { .. } => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }))?;
    let made = target
        .prepare(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(drop);
    target.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    made
}

/// Walks complete tables first: their pages cannot belong to another table, even if a damaged page points to them.
fn walk_all(image: &Image<'_>, wanted: &mut [TableRecovery]) {
    let mut taken = HashSet::from([1]);
    for wanted in wanted.iter_mut() {
        let walk = image.walk(wanted.root, wanted.table.primary_key.is_none(), &HashSet::from([1]));
        if walk.lost == 0 && walk.rows.iter().all(|row| can_belong(&wanted.table, row)) {
            taken.extend(&walk.pages);
        }
        wanted.walk = walk;
    }
    for wanted in wanted.iter_mut() {
        let is_whole = wanted.walk.lost == 0 && wanted.walk.rows.iter().all(|row| can_belong(&wanted.table, row));
        if !is_whole {
            let walk = image.walk(wanted.root, wanted.table.primary_key.is_none(), &taken);
            taken.extend(&walk.pages);
            wanted.walk = Walk {
                lost: walk.lost.max(1),
                ..walk
            };
        }
    }
}

/// Whether a row can belong to the table: its number of values and their storage classes match.
fn can_belong(table: &Table, row: &FoundRow) -> bool {
    let order = table.record_order();
    let has_class = |(value, number): (&Constant, &usize)| {
        let Some(column) = table.columns.get(*number) else {
            return false;
        };
        if table.rowid_alias == Some(*number) {
            return *value == Constant::Null;
        }
        let class = stored_value(value);
        let bit = match class {
            StoredValue::Null => return true,
            StoredValue::Integer(_) => Classes::bit(crate::pages::record::Class::Integer),
            StoredValue::Real(_) => Classes::bit(crate::pages::record::Class::Real),
            StoredValue::Text(_) => Classes::bit(crate::pages::record::Class::Text),
            StoredValue::Blob(_) => Classes::bit(crate::pages::record::Class::Blob),
        };
        column.classes.forbidden & bit == 0 || column.classes.numeric_text
    };
    !row.values.is_empty() && row.values.len() <= order.len() && row.values.iter().zip(&order).all(has_class)
}

fn stored_value(value: &Constant) -> StoredValue {
    match value {
        Constant::Null => StoredValue::Null,
        Constant::Integer(number) => StoredValue::Integer(*number),
        Constant::Real(number) => StoredValue::Real(*number),
        Constant::Text(bytes) => StoredValue::Text(bytes.clone()),
        Constant::Blob(bytes) => StoredValue::Blob(bytes.clone()),
    }
}

/// Inserts the row, if no constraint refuses it and no row has its key. Returns whether it did.
fn insert(target: &Connection, wanted: &mut TableRecovery, row: &FoundRow) -> rusqlite::Result<bool> {
    let table = &wanted.table;
    let order = table.record_order();
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    let is_rowid_table = table.primary_key.is_none();
    let free = |alias: &&str| {
        !table
            .columns
            .iter()
            .any(|column| column.name.eq_ignore_ascii_case(alias))
    };
    if let Some(alias) = ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(free)
        .filter(|_| is_rowid_table)
    {
        columns.push(alias.to_owned());
        values.push(StoredValue::Integer(row.rowid));
    }
    let generated = generated_columns(target, &table.name)?;
    for (place, number) in order.iter().enumerate() {
        let Some(column) = table.columns.get(*number) else {
            continue;
        };
        if table.rowid_alias == Some(*number) || generated.contains(&column.name) {
            continue;
        }
        let value = match row.values.get(place) {
            Some(value) => stored_value(value),
            // The values behind the cut are unknown.
            None if row.cut => StoredValue::Null,
            None => stored_value(&column.default),
        };
        columns.push(column.name.clone());
        values.push(value);
    }
    let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let places: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
    let (names, places) = (names.join(", "), places.join(", "));
    let sql = format!(
        "INSERT OR IGNORE INTO {}({names}) VALUES({places})",
        quoted(&table.name)
    );
    if table.name == "sqlite_sequence" {
        target.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [values.get(1)])?;
    }
    let added = target.prepare(&sql)?.execute(params_from_iter(&values)).unwrap_or(0) > 0;
    if added {
        wanted.rows += 1;
        wanted.cut += u64::from(row.cut);
        wanted.rowids.insert(row.rowid);
    }
    Ok(added)
}

fn generated_columns(target: &Connection, table: &str) -> rusqlite::Result<HashSet<String>> {
    let mut statement = target.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden > 1")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Assigns each orphaned leaf to the only incomplete table that its rows match, or else to the strays.
fn adopt_orphans(
    image: &Image<'_>,
    target: &Connection,
    wanted: &mut [TableRecovery],
    strays: &mut Vec<FoundRow>,
) -> rusqlite::Result<()> {
    let mut known: HashSet<u32> = wanted
        .iter()
        .flat_map(|wanted| wanted.walk.pages.iter().copied())
        .collect();
    known.extend(image.freelist().unwrap_or_default());
    for page in (2..=image.pages()).filter(|page| !known.contains(page)) {
        let Some(rows) = image.leaf(page) else { continue };
        if rows.iter().all(|row| schema_row(row).is_some()) {
            continue;
        }
        let mut candidates: Vec<usize> = Vec::new();
        for (number, wanted) in wanted.iter().enumerate() {
            let is_candidate = wanted.walk.lost > 0
                && wanted.table.primary_key.is_none()
                && rows.iter().all(|row| {
                    can_belong(&wanted.table, row)
                        && row.values.len() == wanted.table.record_order().len()
                        && !wanted.rowids.contains(&row.rowid)
                });
            if is_candidate {
                candidates.push(number);
            }
        }
        let home = match candidates.as_slice() {
            [home] => wanted.get_mut(*home),
            _ => None,
        };
        match home {
            Some(home) => {
                for row in rows {
                    if !insert(target, home, &row)? {
                        strays.push(row);
                    }
                }
            }
            None => strays.extend(rows),
        }
    }
    Ok(())
}

/// Writes the rows of no known table into `lost_and_found`.
fn write_strays(target: &Connection, strays: &[FoundRow]) -> rusqlite::Result<()> {
    let Some(most) = strays.iter().map(|row| row.values.len()).max() else {
        return Ok(());
    };
    let is_taken = |name: &str| target.table_exists(None, name).unwrap_or(false);
    let numbered = (0..).map(|number| format!("lost_and_found_{number}"));
    let mut names = std::iter::once("lost_and_found".to_owned()).chain(numbered);
    let Some(name) = names.find(|name| !is_taken(name)) else {
        return Ok(());
    };
    let most = most.min(1_900);
    let columns: String = (0..most).map(|number| format!(", c{number}")).collect();
    let name = quoted(&name);
    target.execute_batch(&format!("CREATE TABLE {name}(page INTEGER, id INTEGER{columns})"))?;
    for row in strays {
        let places: String = (0..row.values.len().min(most))
            .map(|number| format!(", ?{}", number + 3))
            .collect();
        let names: String = (0..row.values.len().min(most))
            .map(|number| format!(", c{number}"))
            .collect();
        let sql = format!("INSERT INTO {name}(page, id{names}) VALUES(?1, ?2{places})");
        let first = [StoredValue::Integer(row.page.into()), StoredValue::Integer(row.rowid)];
        let values = first.into_iter().chain(row.values.iter().take(most).map(stored_value));
        target.prepare(&sql)?.execute(params_from_iter(values))?;
    }
    Ok(())
}

/// The schema of a whole database.
pub(crate) fn read_schema(connection: &Connection) -> rusqlite::Result<Vec<SchemaRow>> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| {
        let text = |column| -> rusqlite::Result<String> {
            Ok(match row.get_ref(column)? {
                ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                _ => String::new(),
            })
        };
        Ok(SchemaRow {
            kind: text(0)?,
            name: text(1)?,
            root: row
                .get::<_, i64>(3)
                .ok()
                .and_then(|root| u32::try_from(root).ok())
                .unwrap_or(0),
            sql: text(4)?,
        })
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_schema_declares_and_does_nothing_else() {
        let mut target = Connection::open_in_memory().expect("opens");
        for hostile in [
            "CREATE TABLE t AS SELECT randomblob(100) AS x",
            "CREATE TABLE t(x); ATTACH '/tmp/other.db' AS other",
            "ATTACH '/tmp/other.db' AS other",
            "PRAGMA writable_schema=ON",
        ] {
            assert!(
                run_declaration(&mut target, hostile, "CREATE TABLE").is_err(),
                "{hostile}"
            );
        }
        run_declaration(
            &mut target,
            "CREATE TABLE t(x DEFAULT (abs(-1)), y AS (x + 1))",
            "CREATE TABLE",
        )
        .expect("declared");
        run_declaration(&mut target, "CREATE VIEW v AS SELECT x FROM t", "CREATE VIEW").expect("declared");
        let rows: i64 = target
            .query_row("SELECT count(*) FROM v", [], |row| row.get(0))
            .expect("queries run again");
        assert_eq!(rows, 0);
    }
}
