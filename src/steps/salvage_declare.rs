//! The statements of a damaged database's schema, run in a new database.
//!
//! The statements can be hostile. Each only declares: the authorizer refuses queries, ATTACH and PRAGMA, and every name but the one
//! that the entry has. What they declare may call SQLite's harmless functions only, no trigger runs and no virtual table's module
//! is loaded. Their number, length and depth have limits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, ffi};

use crate::database::progress_poll::ProgressPoll;
use crate::database::schema::describe;
use crate::pages::schema::Table;
use crate::steps::salvage_schema::SchemaRow;

/// The longest statement, in bytes; 2,000 columns take a tenth of it.
const LONGEST_SQL: i32 = 1_000_000;
/// The deepest expression.
const DEEPEST: i32 = 200;
/// The most instructions of a statement.
const MOST_INSTRUCTIONS: i32 = 250_000;
/// The longest pattern of LIKE and GLOB, whose time grows with its square.
const LONGEST_PATTERN: i32 = 100;

/// The tables and indexes of a schema, as SQLite understands their statements.
pub(super) struct Declared {
    /// Those that a statement could be run for. The roots are those of the damaged file.
    pub tables: Vec<Table>,
    /// The entries of their statements, in the same order; without a statement, those of SQLite itself.
    pub entries: Vec<Option<usize>>,
}

impl Declared {
    /// Runs the statements in an empty database in memory.
    pub fn read(schema: &[SchemaRow], done: &mut Declaring<'_, '_>) -> rusqlite::Result<Declared> {
        let mut empty = Connection::open_in_memory()?;
        restrict(&mut empty, 0)?;
        let mut entries = HashMap::new();
        for (number, row) in schema.iter().enumerate().filter(|(_, row)| row.is_table()) {
            if done.declare(&mut empty, row)? {
                entries.insert(row.name.as_str(), number);
            }
        }
        // Their shape tells the pages of an index from those of a WITHOUT ROWID table. What fails here fails again in the end.
        let mut unheard = Declaring::new(done.poll);
        for row in schema.iter().filter(|row| row.is_index()) {
            unheard.declare(&mut empty, row)?;
        }
        let roots = |kind: &'static str| -> HashMap<&str, u32> {
            let rows = schema.iter().filter(move |row| row.kind == kind);
            rows.map(|row| (row.name.as_str(), row.root)).collect()
        };
        let (table_roots, index_roots) = (roots("table"), roots("index"));
        let mut declared = Declared {
            tables: vec![],
            entries: vec![],
        };
        for mut table in describe(&empty)?.schema.tables {
            if let Some(root) = table_roots
                .get(table.name.as_str())
                .filter(|_| table.name != "sqlite_schema")
            {
                table.root = *root;
                for index in &mut table.indexes {
                    index.root = index_roots.get(index.name.as_str()).copied().unwrap_or(0);
                }
                declared.entries.push(entries.get(table.name.as_str()).copied());
                declared.tables.push(table);
            }
        }
        Ok(declared)
    }
}

/// Limits what the statements of an untrusted schema, and the expressions in them, can do. `longest` is the longest value that
/// the damaged file can hold.
pub(super) fn restrict(connection: &mut Connection, longest: u64) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    let longest = i32::try_from(longest).unwrap_or(i32::MAX).max(LONGEST_SQL);
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, longest),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, DEEPEST),
        (Limit::SQLITE_LIMIT_VDBE_OP, MOST_INSTRUCTIONS),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    connection.execute_batch("PRAGMA ignore_check_constraints=ON; PRAGMA foreign_keys=OFF")
}

/// Declares entries of a schema one by one.
pub(super) struct Declaring<'p, 'f> {
    poll: &'p ProgressPoll<'f>,
    /// Those whose statement was refused.
    pub left_out: Vec<String>,
}

impl<'p, 'f> Declaring<'p, 'f> {
    pub fn new(poll: &'p ProgressPoll<'f>) -> Self {
        Declaring { poll, left_out: vec![] }
    }

    /// Runs the statement of an entry. Returns whether it is declared now. Fails only where no statement can be run.
    pub fn declare(&mut self, target: &mut Connection, row: &SchemaRow) -> rusqlite::Result<bool> {
        let made = match row.kind.as_str() {
            "table" if row.root > 0 => declare(target, row, &["CREATE TABLE"], self.poll),
            // A virtual table is written into the schema: creating it would run its module.
            "table" => declare_virtual_table(target, row),
            "index" => declare(target, row, &["CREATE INDEX", "CREATE UNIQUE INDEX"], self.poll),
            "view" => declare(target, row, &["CREATE VIEW"], self.poll),
            "trigger" => declare(target, row, &["CREATE TRIGGER"], self.poll),
            _ => Err(rusqlite::Error::InvalidQuery),
        };
        match made {
            Ok(()) => Ok(true),
            Err(error) if is_of_system(&error) => Err(error),
            Err(_) => {
                self.left_out.push(row.name.clone());
                Ok(false)
            }
        }
    }
}

/// Whether an error is of the disk, of memory or of cancelling, and not of the statement or the row.
pub(super) fn is_of_system(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OperationInterrupted
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
        )
    )
}

/// Runs one statement of an untrusted schema, if it begins with one of `beginnings`, declares this entry and nothing else.
fn declare(
    target: &mut Connection,
    row: &SchemaRow,
    beginnings: &[&str],
    poll: &ProgressPoll<'_>,
) -> rusqlite::Result<()> {
    let begins = |beginning: &&str| {
        let start = row.sql.get(..beginning.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    };
    if !beginnings.iter().any(begins) {
        return Err(rusqlite::Error::InvalidQuery);
    }
    authorized(target, &row.name, |target| {
        interruptible(poll, target, || target.prepare(&row.sql)?.execute([]).map(drop))
    })
}

/// Runs `work` until `poll` cancels it: then it fails with `SQLITE_INTERRUPT`.
pub(super) fn interruptible<T>(
    poll: &ProgressPoll<'_>,
    target: &Connection,
    work: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let interrupted = || rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None);
    poll.during(target, work).unwrap_or_else(|| Err(interrupted()))
}

fn declare_virtual_table(target: &mut Connection, row: &SchemaRow) -> rusqlite::Result<()> {
    const BEGINNING: &str = "CREATE VIRTUAL TABLE";
    let start = row.sql.get(..BEGINNING.len());
    if !start.is_some_and(|start| start.eq_ignore_ascii_case(BEGINNING)) {
        return Err(rusqlite::Error::InvalidQuery);
    }
    // Preparing the statement parses it. Its module is looked for when it is executed.
    authorized(target, &row.name, |target| target.prepare(&row.sql).map(drop))?;
    target.execute_batch("PRAGMA writable_schema=ON")?;
    let sql = "INSERT INTO sqlite_schema VALUES('table', ?1, ?1, 0, ?2)";
    let written = target.execute(sql, [&row.name, &row.sql]);
    target.execute_batch("PRAGMA writable_schema=OFF")?;
    written.map(drop)
}

/// Runs `work` while nothing but the declaration of `name` is allowed.
fn authorized(
    target: &mut Connection,
    name: &str,
    work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let name = name.to_owned();
    // The statement must declare what its entry says, or the schema that is left has two entries for one name.
    let declared = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&declared);
    target.authorizer(Some(move |context: AuthContext<'_>| {
        let named = match context.action {
            AuthAction::Select
            | AuthAction::Recursive
            | AuthAction::Attach { .. }
            | AuthAction::Detach { .. }
            | AuthAction::Pragma { .. } => return Authorization::Deny,
            AuthAction::CreateTable { table_name: named }
            | AuthAction::CreateIndex { index_name: named, .. }
            | AuthAction::CreateView { view_name: named }
            | AuthAction::CreateTrigger {
                trigger_name: named, ..
            }
            | AuthAction::CreateVtable { table_name: named, .. } => named,
            _ => return Authorization::Allow,
        };
        // What SQLite makes along with a table; no statement of a schema can use these names itself.
        if named.starts_with("sqlite_") {
            return Authorization::Allow;
        }
        if named != name {
            return Authorization::Deny;
        }
        seen.store(true, Ordering::Relaxed);
        Authorization::Allow
    }))?;
    let done = work(target);
    target.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    done.and_then(|()| {
        let is_declared = declared.load(Ordering::Relaxed);
        is_declared.then_some(()).ok_or(rusqlite::Error::InvalidQuery)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::{Progress, unwatched};

    fn row(kind: &str, name: &str, root: u32, sql: &str) -> SchemaRow {
        SchemaRow {
            kind: kind.to_owned(),
            name: name.to_owned(),
            root,
            sql: sql.to_owned(),
        }
    }

    /// Whether an entry can be declared in an empty database with a table `t(x)`, and what is in that database then.
    fn declared(row: &SchemaRow) -> (bool, i64) {
        let mut target = Connection::open_in_memory().expect("opens");
        target.execute_batch("CREATE TABLE t(x)").expect("made");
        restrict(&mut target, 0).expect("limited");
        let mut progress = unwatched;
        let now = Progress {
            pages_done: 0,
            pages_total: 0,
        };
        let poll = ProgressPoll::new(&mut progress, now);
        let mut declaring = Declaring::new(&poll);
        let made = declaring.declare(&mut target, row).expect("it is not the disk");
        assert_eq!(declaring.left_out.is_empty(), made, "{row:?}");
        let entries = target
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .expect("queries run again");
        (made, entries)
    }

    #[test]
    fn an_honest_schema_is_declared() {
        for row in [
            row(
                "table",
                "a",
                2,
                "CREATE TABLE a(x DEFAULT (abs(-1)), y AS (x + 1) STORED, z CHECK (length(z) > 1))",
            ),
            row("table", "b", 2, "create table b(id INTEGER PRIMARY KEY AUTOINCREMENT)"),
            row("table", "c", 2, "CREATE TABLE c(x PRIMARY KEY, y UNIQUE) WITHOUT ROWID"),
            row("index", "i", 2, "CREATE UNIQUE INDEX i ON t(lower(x)) WHERE x > 1"),
            row("view", "v", 0, "CREATE VIEW v AS SELECT x, load_extension('x') FROM t"),
            row(
                "trigger",
                "r",
                0,
                "CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END",
            ),
            row(
                "table",
                "f",
                0,
                "CREATE VIRTUAL TABLE f USING module_of_the_application('an argument')",
            ),
        ] {
            let (made, entries) = declared(&row);
            assert!(made && entries > 1, "{row:?}: {entries}");
        }
    }

    #[test]
    fn a_hostile_schema_declares_nothing_else() {
        let deep = format!("CREATE TABLE a(x CHECK ({} x))", "NOT ".repeat(900));
        let sum = format!("CREATE INDEX a ON t({})", vec!["x"; 900].join("+"));
        let long = format!("CREATE TABLE a(x DEFAULT '{}')", "x".repeat(1_100_000));
        for row in [
            row("table", "a", 2, "CREATE TABLE a AS SELECT randomblob(100) AS x"),
            row("table", "a", 2, "CREATE TABLE a(x); ATTACH '/tmp/other.db' AS other"),
            row("table", "a", 2, "ATTACH '/tmp/other.db' AS other"),
            row("table", "a", 2, "PRAGMA writable_schema=ON"),
            row("table", "a", 2, "DROP TABLE t"),
            row("table", "a", 2, "CREATE TABLE b(x)"),
            row("table", "a", 2, "CREATE TABLE sqlite_a(x)"),
            row("table", "sqlite_a", 2, "CREATE TABLE sqlite_a(x)"),
            row("table", "sqlite_schema", 2, "CREATE TABLE sqlite_schema(x)"),
            row("table", "a", 2, "CREATE TABLE a(x AS (load_extension('/tmp/x.so')))"),
            row("table", "a", 2, "CREATE TABLE a(x AS (hostile(1)) STORED)"),
            row("table", "a", 2, "CREATE TABLE a(x AS ((SELECT 1)))"),
            row("table", "a", 2, &deep),
            row("table", "a", 2, &long),
            row("index", "a", 2, &sum),
            row("index", "a", 2, "CREATE INDEX a ON sqlite_schema(sql)"),
            row("index", "a", 2, "CREATE INDEX a ON t(load_extension(x))"),
            row("view", "a", 0, "CREATE VIEW b AS SELECT 1"),
            row("view", "a", 0, "CREATE TABLE a(x)"),
            row(
                "trigger",
                "a",
                0,
                "CREATE TRIGGER b AFTER INSERT ON t BEGIN DELETE FROM t; END",
            ),
            row(
                "trigger",
                "a",
                0,
                "CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN DELETE FROM t; END",
            ),
            row("table", "a", 0, "CREATE TABLE a(x)"),
            row("table", "a", 0, "CREATE VIRTUAL TABLE b USING fts5(x)"),
            row("table", "a", 0, "CREATE VIRTUAL TABLE a USING fts5(x); DROP TABLE t"),
            row("table", "t", 0, "CREATE VIRTUAL TABLE t USING fts5(x)"),
            row("table", "a", 0, "CREATE VIRTUAL TABLE a"),
            row("nothing", "a", 2, "CREATE TABLE a(x)"),
        ] {
            let what: String = format!("{row:?}").chars().take(200).collect();
            assert_eq!(declared(&row), (false, 1), "{what}");
        }
    }
}
