//! A function that no file may ever get to run.

use std::ffi::c_int;
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

/// Gives every connection of this process, the library's included, a function `hostile`. The seeds call it from triggers,
/// views, generated columns, defaults, constraints and indexes; running it ends the process as a find.
pub fn set_trap() {
    static ONCE: Once = Once::new();
    // SAFETY: `arm` has the signature of an extension's entry point.
    ONCE.call_once(|| unsafe {
        ffi::sqlite3_auto_extension(Some(arm));
    });
}

unsafe extern "C" fn arm(
    connection: *mut ffi::sqlite3,
    _error: *mut *mut std::ffi::c_char,
    _routines: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite calls this with a connection it is just opening; the name is static.
    unsafe {
        ffi::sqlite3_create_function_v2(
            connection,
            c"hostile".as_ptr(),
            -1,
            ffi::SQLITE_UTF8 | ffi::SQLITE_DETERMINISTIC,
            ptr::null_mut(),
            Some(sprung),
            None,
            None,
            None,
        )
    }
}

unsafe extern "C" fn sprung(_: *mut ffi::sqlite3_context, _: c_int, _: *mut *mut ffi::sqlite3_value) {
    eprintln!("something in a file was run");
    std::process::abort();
}

/// Without these, a trap that never springs would look like files that are never run.
#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Output};

    use rusqlite::Connection;

    use super::*;

    const SQL: &str = "RESPALDO_FUZZ_TRAP_SQL";
    /// What a file can hold, and the statement with which a connection that is not hardened runs it.
    const RUN: [[&str; 2]; 7] = [
        [
            "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT hostile(new.a); END",
            "INSERT INTO t VALUES(1)",
        ],
        [
            "CREATE VIEW v AS SELECT hostile(1) AS a",
            "CREATE TABLE t AS SELECT a FROM v",
        ],
        [
            "CREATE TABLE t(a, b AS (hostile(a)))",
            "INSERT INTO t VALUES(1); CREATE TABLE u AS SELECT b FROM t",
        ],
        ["CREATE TABLE t(a, CHECK(hostile(a)))", "INSERT INTO t VALUES(1)"],
        [
            "CREATE TABLE t(a, b DEFAULT (hostile(1)))",
            "INSERT INTO t(a) VALUES(1)",
        ],
        [
            "CREATE TABLE t(a); CREATE INDEX i ON t(hostile(a))",
            "INSERT INTO t VALUES(1)",
        ],
        [
            "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE hostile(a)",
            "INSERT INTO t VALUES(1)",
        ],
    ];

    /// Runs `sql` in a process of its own, since the trap ends it.
    fn in_a_process(sql: &str) -> Output {
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "hostile::tests::the_process", "--nocapture"])
            .env(SQL, sql)
            .output()
            .expect("it starts")
    }

    /// Not a test of its own: what [`in_a_process`] starts.
    #[test]
    fn the_process() {
        if let Ok(sql) = std::env::var(SQL) {
            set_trap();
            let connection = Connection::open_in_memory().expect("opens");
            connection.execute_batch(&sql).expect("runs");
        }
    }

    #[test]
    fn what_is_run_springs_the_trap() {
        for [file, statement] in RUN {
            let ended = in_a_process(&format!("{file}; {statement}"));
            assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{file}: {ended:?}");
            assert!(String::from_utf8_lossy(&ended.stderr).contains("something in a file was run"));
        }
    }

    #[test]
    fn what_only_lies_there_does_not() {
        for [file, _] in RUN {
            let ended = in_a_process(file);
            assert!(ended.status.success(), "{file}: {ended:?}");
        }
    }
}
