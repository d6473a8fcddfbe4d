//! The application's own checks of a rehearsed backup: SQL that only reads.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, types};
use serde_json::{Value, json};

use crate::database::progress_poll::ProgressPoll;
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn};

/// The time limit of one check.
const LIMIT: Duration = Duration::from_secs(10);

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether the first column of the first row is true, as SQLite sees it.
    pub ok: bool,
    /// The value, or the reason why there is none.
    pub got: Value,
}

/// Prepares a read-only connection for such checks: views are enabled, and no other file can be opened.
pub(crate) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, true)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.authorizer(Some(|asked: AuthContext<'_>| {
        if is_allowed(&asked.action) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }))
}

/// Allows reading tables, calling functions, and the pragmas that only read.
fn is_allowed(action: &AuthAction<'_>) -> bool {
    match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => true,
        AuthAction::Function { function_name } => !function_name.eq_ignore_ascii_case("load_extension"),
        AuthAction::Pragma {
            pragma_name,
            pragma_value: None,
        } => matches!(
            pragma_name.to_ascii_lowercase().as_str(),
            "integrity_check"
                | "quick_check"
                | "foreign_key_check"
                | "user_version"
                | "application_id"
                | "table_info"
                | "table_list"
        ),
        _ => false,
    }
}

/// Runs one check. `progress` is called meanwhile, and can cancel it.
pub(crate) fn ask(connection: &Connection, sql: &str, now: Progress, progress: ProgressFn<'_>) -> Result<Answer> {
    ask_within(connection, sql, LIMIT, now, progress)
}

fn ask_within(
    connection: &Connection,
    sql: &str,
    limit: Duration,
    now: Progress,
    progress: ProgressFn<'_>,
) -> Result<Answer> {
    let deadline = Instant::now() + limit;
    let mut is_late = false;
    let mut watch = |now| {
        is_late = Instant::now() >= deadline;
        if is_late { ControlFlow::Break(()) } else { progress(now) }
    };
    let answer = ProgressPoll::new(&mut watch, now).during(connection, || answer(connection, sql));
    let failed = |why: String| Answer {
        ok: false,
        got: Value::String(why),
    };
    match answer {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Ok(failed(error.to_string())),
        None if is_late => Ok(failed(format!("it took longer than {} s", limit.as_secs()))),
        None => Err(Error::new(Cause::Cancelled)),
    }
}

fn answer(connection: &Connection, sql: &str) -> rusqlite::Result<Answer> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Ok(Answer {
            ok: false,
            got: Value::Null,
        });
    };
    let value = row.get_ref(0)?;
    let got = match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => json!(format!("{} bytes", bytes.len())),
    };
    let value = types::Value::try_from(value)?;
    let ok = connection.query_row("SELECT ?1 IS TRUE", [value], |row| row.get(0))?;
    Ok(Answer { ok, got })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::unwatched;

    const NOW: Progress = Progress {
        pages_done: 1,
        pages_total: 1,
    };

    fn clients() -> Connection {
        let mut connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch(
                "CREATE TABLE clients(name); INSERT INTO clients VALUES('Ana'); CREATE VIEW names AS SELECT name FROM clients",
            )
            .expect("made");
        prepare(&mut connection).expect("prepared");
        connection
    }

    #[test]
    fn the_first_value_decides_as_sqlite_sees_it() {
        let connection = clients();
        for (sql, ok, got) in [
            ("SELECT count(*) > 0 FROM clients", true, json!(1)),
            ("SELECT count(*) FROM names", true, json!(1)),
            ("SELECT name FROM clients", false, json!("Ana")),
            ("SELECT '7 clients'", true, json!("7 clients")),
            ("SELECT 0.0", false, json!(0.0)),
            ("SELECT NULL", false, Value::Null),
            ("SELECT 1 WHERE 0", false, Value::Null),
            ("SELECT x'0102'", false, json!("2 bytes")),
            (
                "SELECT integrity_check = 'ok' FROM pragma_integrity_check",
                true,
                json!(1),
            ),
            ("PRAGMA user_version", false, json!(0)),
        ] {
            let answer = ask(&connection, sql, NOW, &mut unwatched).expect("an answer");
            assert_eq!((answer.ok, answer.got), (ok, got), "{sql}");
        }
    }

    #[test]
    fn whatever_is_not_reading_is_refused() {
        let connection = clients();
        for sql in [
            "DELETE FROM clients",
            "CREATE TABLE t(x)",
            "ATTACH 'other.db' AS other",
            "SELECT load_extension('evil')",
            "PRAGMA query_only = 0",
            "PRAGMA journal_mode = wal",
            "VACUUM INTO 'copy.db'",
            "BEGIN IMMEDIATE",
            "SELECT 1; DELETE FROM clients",
            "SELECT * FROM none",
            "",
        ] {
            let answer = ask(&connection, sql, NOW, &mut unwatched).expect("an answer");
            assert!(!answer.ok && answer.got.is_string(), "{sql}: {:?}", answer.got);
        }
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM clients", [], |row| row.get(0))
            .expect("counted");
        assert_eq!(rows, 1);
    }

    #[test]
    fn a_question_without_an_end_is_ended_and_the_caller_can_end_it_sooner() {
        let connection = clients();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let answer = ask_within(&connection, endless, Duration::ZERO, NOW, &mut unwatched).expect("an answer");
        assert_eq!((answer.ok, answer.got), (false, json!("it took longer than 0 s")));
        let ended = ask(&connection, endless, NOW, &mut |_| ControlFlow::Break(())).expect_err("cancelled");
        assert_eq!(ended.cause, Cause::Cancelled);
    }
}
