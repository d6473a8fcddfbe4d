//! The full check on two threads, reading everything in its order.
//!
//! Of an `integrity_check` the structure takes little. Looking up every row in every index takes nearly all the time, because
//! rows and indexes have different orders. A `quick_check` leaves just that out, and it can be had otherwise: read the rows
//! in their order, read each index in its own, and compare what was read ([`Index`]). What that cannot judge, an index of an
//! expression for example, `integrity_check` looks up, table by table. Whichever thread is free takes the next task.
//!
//! Nothing found here is final but finding nothing: the plain `integrity_check` has the last word on anything else.
//! <https://www.sqlite.org/pragma.html#pragma_integrity_check>

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Transaction};

use crate::database::check_indexes::{Index, read_rows};
use crate::database::check_pragma::ask;
use crate::database::progress_poll::ProgressPoll;
use crate::database::value::quoted;

/// Whether the whole database was checked and nothing is wrong with it. `false` also says that something could not be looked
/// at.
pub(crate) fn finds_no_problem(first: &Connection, second: &mut Connection, watch: &ProgressPoll<'_>) -> bool {
    // Rows and entries are compared across statements, so each connection has to see one state of the database.
    let Ok(_first_held) = hold(first) else {
        return false;
    };
    if second.execute_batch("BEGIN").is_err() {
        return false;
    }
    let Ok(tables) = tables_with_indexes(first) else {
        return false;
    };
    let tasks = &Mutex::new(tables.iter().flat_map(Table::tasks).collect());
    let (interrupt_first, interrupt_second) = (first.get_interrupt_handle(), second.get_interrupt_handle());
    let nothing = thread::scope(|scope| {
        let checker = thread::Builder::new().name("respaldo-check".to_owned());
        let spawned = checker.spawn_scoped(scope, move || {
            let nothing = run_tasks(second, tasks);
            if !nothing {
                interrupt_first.interrupt();
            }
            nothing
        });
        let nothing_here = structure_is_sound(first) && run_tasks(first, tasks);
        while spawned.as_ref().is_ok_and(|thread| !thread.is_finished()) {
            // A structure that is damaged on purpose can keep a reader of it busy for ever. Between two statements nothing can
            // be interrupted, so once is not enough.
            if !nothing_here || !watch.should_continue() {
                interrupt_second.interrupt();
            }
            thread::sleep(Duration::from_millis(1));
        }
        let nothing_there = spawned.is_ok_and(|thread| thread.join().unwrap_or(false));
        nothing_here && nothing_there
    });
    nothing && tables.iter().all(Table::agrees)
}

/// A read transaction, unless the connection is in one already.
fn hold(connection: &Connection) -> rusqlite::Result<Option<Transaction<'_>>> {
    connection
        .is_autocommit()
        .then(|| connection.unchecked_transaction())
        .transpose()
}

struct Table {
    name: String,
    /// To be compared with the rows; `None` when the rows have to be looked up.
    indexes: Option<Vec<Index>>,
}

enum Task<'a> {
    ReadRows(&'a str, &'a [Index]),
    ReadIndex(&'a Index),
    LookUpRows(&'a str),
}

impl Table {
    fn tasks(&self) -> Vec<Task<'_>> {
        let name = &self.name;
        match &self.indexes {
            None => vec![Task::LookUpRows(name)],
            Some(indexes) => {
                let rows = Task::ReadRows(name, indexes);
                let entries = indexes.iter().map(Task::ReadIndex);
                entries.chain([rows]).collect()
            }
        }
    }

    fn agrees(&self) -> bool {
        self.indexes.iter().flatten().all(Index::agrees)
    }
}

/// The tables that have more to check than their structure: rows with entries in indexes, or a `WITHOUT ROWID` table, which is
/// an index itself. The largest are last, where they are taken first.
fn tables_with_indexes(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    let utf8 = connection.pragma_query_value(None, "encoding", |row| row.get::<_, String>(0))? == "UTF-8";
    let mut statement = connection.prepare(
        "SELECT name, wr FROM pragma_table_list AS t WHERE schema = 'main' AND type IN ('table', 'shadow')
         AND (wr OR EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND tbl_name = t.name))",
    )?;
    let names = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut tables = Vec::new();
    for (name, without_rowid) in names {
        let size = highest_rowid(connection, &name);
        // Text of another encoding is converted when it is read, and what differed may come out alike.
        let comparable = utf8 && !without_rowid;
        let indexes = if comparable {
            Index::all_of(connection, &name)?
        } else {
            None
        };
        tables.push((size, Table { name, indexes }));
    }
    tables.sort_by_key(|(size, _)| *size);
    Ok(tables.into_iter().map(|(_, table)| table).collect())
}

/// What the number of rows can be guessed by without counting them.
fn highest_rowid(connection: &Connection, table: &str) -> i64 {
    let highest = format!("SELECT max(rowid) FROM {}", quoted(table));
    connection.query_row(&highest, [], |row| row.get(0)).unwrap_or(0)
}

fn structure_is_sound(connection: &Connection) -> bool {
    finds_nothing(ask(connection, "quick_check", None))
}

/// Runs tasks until none is left or one finds something.
fn run_tasks(connection: &Connection, tasks: &Mutex<Vec<Task<'_>>>) -> bool {
    loop {
        let next = tasks.lock().map(|mut tasks| tasks.pop());
        let done = match next {
            Ok(Some(Task::ReadRows(table, indexes))) => read_rows(connection, table, indexes).is_ok(),
            Ok(Some(Task::ReadIndex(index))) => index.read_entries(connection).is_ok_and(|in_order| in_order),
            Ok(Some(Task::LookUpRows(table))) => finds_nothing(ask(connection, "integrity_check", Some(table))),
            Ok(None) => return true,
            Err(_) => false,
        };
        if !done {
            return false;
        }
    }
}

fn finds_nothing(answer: rusqlite::Result<Vec<String>>) -> bool {
    answer.is_ok_and(|problems| problems.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::{Progress, unwatched};
    use std::fs;
    use std::path::Path;

    /// Small pages and every kind of index.
    fn make_database(path: &Path) {
        let connection = Connection::open(path).expect("open");
        connection
            .execute_batch(
                "PRAGMA page_size=512;
                 CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT, phone, price REAL, rowid TEXT);
                 CREATE UNIQUE INDEX by_phone ON clients(phone);
                 CREATE INDEX by_name ON clients(name, price DESC);
                 CREATE INDEX by_price ON clients(price);
                 CREATE INDEX by_rowid ON clients(rowid);
                 CREATE TABLE links(id INTEGER PRIMARY KEY, to_id INTEGER, UNIQUE(to_id, id));
                 CREATE TABLE notes(client TEXT UNIQUE, note TEXT COLLATE NOCASE, done INT);
                 CREATE INDEX by_note ON notes(note);
                 CREATE INDEX open_notes ON notes(client) WHERE done = 0;
                 CREATE INDEX by_length ON notes(length(note));
                 CREATE TABLE tags(tag TEXT PRIMARY KEY, color TEXT) WITHOUT ROWID;
                 CREATE INDEX by_color ON tags(color);
                 CREATE TABLE \"plain 'table'\"(a);
                 WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 150)
                 INSERT INTO clients SELECT n, 'client ' || n % 40,
                     CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN n WHEN 2 THEN n + 0.5 WHEN 3 THEN 'p' || n ELSE randomblob(9) END,
                     CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN n ELSE n / 7.0 END, 'row ' || n FROM c;
                 INSERT INTO notes SELECT 'client ' || id, 'Note ' || id % 20, id % 2 FROM clients;
                 INSERT INTO tags SELECT 'tag ' || id, 'color ' || id % 9 FROM clients;
                 INSERT INTO links SELECT id, 1000 - id FROM clients;
                 INSERT INTO \"plain 'table'\" SELECT zeroblob(900) FROM clients LIMIT 20;",
            )
            .expect("written");
    }

    fn open(path: &Path) -> Connection {
        let connection = Connection::open(path).expect("open");
        let _ = connection.pragma_update(None, "ignore_check_constraints", true);
        connection
    }

    fn plain_check(path: &Path) -> rusqlite::Result<Vec<String>> {
        ask(&open(path), "integrity_check", None)
    }

    fn finds_nothing_in(path: &Path) -> bool {
        let now = Progress {
            pages_done: 1,
            pages_total: 1,
        };
        finds_no_problem(&open(path), &mut open(path), &ProgressPoll::new(&mut unwatched, now))
    }

    #[test]
    fn a_whole_database_is_found_whole_and_most_indexes_are_compared() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("whole.db");
        make_database(&path);
        assert!(finds_nothing(plain_check(&path)));
        assert!(finds_nothing_in(&path));
        let tables = tables_with_indexes(&open(&path)).expect("readable");
        let compared = |name: &str| tables.iter().any(|table| table.name == name && table.indexes.is_some());
        assert!(compared("clients") && compared("links"));
        assert!(
            !["notes", "tags"].iter().any(|name| compared(name)),
            "they have to be looked up"
        );
        assert_eq!(tables.len(), 4, "a table without an index has nothing to look up");
    }

    #[test]
    fn an_index_that_does_not_fit_its_table_is_found() {
        for (what, from, to) in [
            (
                "another column",
                "by_price ON clients(price)",
                "by_price ON clients(phone)",
            ),
            (
                "another order",
                "by_price ON clients(price)",
                "by_price ON clients(price DESC)",
            ),
            (
                "not unique",
                "INDEX by_name ON clients(name,",
                "UNIQUE INDEX by_name ON clients(name,",
            ),
            (
                "another order of rows",
                "tag TEXT PRIMARY KEY, color",
                "tag TEXT, color PRIMARY KEY",
            ),
            ("another condition", "WHERE done = 0", "WHERE done = 1"),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("unfit.db");
            make_database(&path);
            let connection = open(&path);
            if what == "not unique" {
                connection
                    .execute_batch("UPDATE clients SET price = 1")
                    .expect("updated");
            }
            let changed = connection
                .pragma_update(None, "writable_schema", true)
                .and_then(|()| connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2)", [from, to]));
            changed.expect("changed");
            drop(connection);
            assert!(!finds_nothing(plain_check(&path)), "{what}: the case is no case");
            assert!(!finds_nothing_in(&path), "{what}");
        }
    }

    const ROUNDS: u32 = 600;

    #[test]
    fn whatever_the_plain_check_finds_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let (whole, damaged) = (folder.path().join("whole.db"), folder.path().join("damaged.db"));
        make_database(&whole);
        let bytes = fs::read(&whole).expect("read");
        let mut random = 88_172_645_463_325_252_u64;
        let mut found = 0;
        for round in 0..ROUNDS {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut copy = bytes.clone();
            // Not in the first page, where the schema is: with that nothing can be asked.
            let place = 512 + usize::try_from(random >> 8).unwrap_or(0) % (bytes.len() - 512);
            copy[place] ^= 1 << (random % 8);
            fs::write(&damaged, &copy).expect("written");
            let nothing = finds_nothing_in(&damaged);
            let expected = plain_check(&damaged);
            let overlooked = nothing && expected != Ok(vec![]);
            assert!(!overlooked, "round {round}, byte {place} was overlooked: {expected:?}");
            found += u32::from(!nothing);
        }
        assert!(
            found > 100,
            "only {found} of the flipped bits were found: do they hit anything?"
        );
    }
}
