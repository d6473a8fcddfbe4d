//! Databases that are whole although SQLite's own check finds something, and some that are not.

use super::*;
use crate::database::fuzzing;
use crate::pages::verify::Why;

/// A database made by a script; then its schema is changed under its rows, as careless migrations do.
fn made_and_edited(sql: &str, edits: &[(&str, &str)]) -> (tempfile::TempDir, std::path::PathBuf) {
    let (folder, path) = made(sql);
    let connection = open(&path);
    connection.pragma_update(None, "writable_schema", true).expect("set");
    for (old, new) in edits {
        connection
            .execute("UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2)", [old, new])
            .expect("edited");
    }
    (folder, path)
}

fn said(path: &Path) -> Vec<String> {
    let connection = open(path);
    let mut statement = connection.prepare("PRAGMA integrity_check").expect("prepared");
    let rows = statement.query_map([], |row| row.get(0)).expect("asked");
    rows.collect::<rusqlite::Result<_>>()
        .unwrap_or_else(|error| vec![error.to_string()])
}

#[test]
fn a_null_in_a_not_null_column_is_whole() {
    let (_folder, path) = made_and_edited(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO clients(name) VALUES (NULL), ('Ana')",
        &[("name TEXT", "name TEXT NOT NULL")],
    );
    assert_eq!(said(&path), ["NULL value in clients.name"]);
    let verified = verify(&path).expect("verified");
    assert_eq!(verified.problems, []);
    assert_eq!(verified.broken_columns, ["clients.name"]);
    assert_eq!(verified.rows, [("clients".to_owned(), 2)]);
}

#[test]
fn a_number_in_a_text_column_is_whole() {
    let (_folder, path) = made_and_edited(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, phone); INSERT INTO clients(phone) VALUES (6621234567), ('6621234567')",
        &[("phone)", "phone TEXT)")],
    );
    assert_eq!(said(&path), ["NUMERIC value in clients.phone"]);
    let verified = verify(&path).expect("verified");
    assert_eq!(verified.problems, []);
    assert_eq!(verified.broken_columns, ["clients.phone"]);
}

#[test]
fn values_of_another_type_are_whole() {
    let (_folder, path) = made_and_edited(
        "CREATE TABLE a(x, y); INSERT INTO a VALUES ('2026-03-04', '7'), (NULL, 5);
         CREATE TABLE s(i ANY, r ANY, t ANY, b ANY) STRICT; INSERT INTO s VALUES ('x', 'x', 1, 1);
         CREATE TABLE w(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES ('k', NULL)",
        &[
            ("x, y", "x DATETIME, y INTEGER"),
            ("i ANY, r ANY, t ANY, b ANY", "i INT, r REAL, t TEXT, b BLOB"),
            ("v)", "v NOT NULL)"),
        ],
    );
    let mut expected = said(&path);
    expected.sort();
    assert_eq!(
        expected,
        [
            "NULL value in w.v",
            "TEXT value in a.y",
            "non-BLOB value in s.b",
            "non-INT value in s.i",
            "non-REAL value in s.r",
            "non-TEXT value in s.t"
        ]
    );
    let mut verified = verify(&path).expect("verified");
    assert_eq!(verified.problems, []);
    verified.broken_columns.sort();
    assert_eq!(verified.broken_columns, ["a.y", "s.b", "s.i", "s.r", "s.t", "w.v"]);
}

#[test]
fn a_tokenizer_of_the_applications_own_is_named() {
    let (_folder, path) = made_and_edited(
        "CREATE VIRTUAL TABLE notes USING fts5(body, tokenize='unicode61'); INSERT INTO notes VALUES ('hola mundo')",
        &[("unicode61", "studio_tokenizer")],
    );
    let verified = verify(&path).expect("verified");
    assert_eq!(verified.problems, []);
    assert_eq!(verified.stale_search_indexes, [""; 0]);
    let [unchecked] = verified.checked_without.as_slice() else {
        panic!("{verified:?}");
    };
    assert_eq!(unchecked.table, "notes");
}

#[test]
fn a_module_of_the_applications_own_is_named() {
    let (_folder, path) = made_and_edited(
        "CREATE VIRTUAL TABLE notes USING fts5(body); INSERT INTO notes VALUES ('hola mundo')",
        &[("fts5", "studio_search")],
    );
    let verified = verify(&path).expect("verified");
    assert_eq!(verified.problems, []);
    assert_eq!(verified.checked_without.len(), 1, "{verified:?}");
}

#[test]
fn a_search_index_that_is_stale_is_whole() {
    for (sql, text) in [
        (
            "CREATE VIRTUAL TABLE notes USING fts5(body); INSERT INTO notes VALUES ('hola mundo'), ('tinta negra');
             UPDATE notes_content SET c0 = 'otra cosa' WHERE id = 1",
            "fts5: checksum mismatch for table \"notes\"",
        ),
        (
            "CREATE VIRTUAL TABLE notes USING fts4(body); INSERT INTO notes VALUES ('hola mundo'), ('tinta negra');
             UPDATE notes_content SET c0body = 'otra cosa' WHERE docid = 1",
            "malformed inverted index for FTS4 table main.notes",
        ),
        (
            "CREATE VIRTUAL TABLE notes USING fts5(body); INSERT INTO notes VALUES ('hola mundo'), ('tinta negra');
             DELETE FROM notes_data WHERE id = 10",
            "fts5: corruption found reading blob 10 from table \"notes\"",
        ),
        (
            "CREATE VIRTUAL TABLE notes USING rtree(id, a, b); INSERT INTO notes VALUES (1, 2, 3), (4, 5, 6);
             DELETE FROM notes_rowid WHERE rowid = 1",
            "In RTree main.notes:\nMapping (1 -> 1) missing from %_rowid table\nWrong number of entries in %_rowid table - expected 2, actual 1",
        ),
    ] {
        let (_folder, path) = made(sql);
        assert_eq!(said(&path), [text]);
        let verified = verify(&path).expect("verified");
        assert_eq!(verified.problems, []);
        assert_eq!(verified.stale_search_indexes, ["notes"]);
        assert_eq!(verified.checked_without, []);
    }
}

#[test]
fn a_collation_of_the_applications_own_is_named_and_its_entries_are_compared() {
    let (_folder, path) = made("");
    let sql = "CREATE TABLE clients(name TEXT COLLATE studio, phone); CREATE INDEX by_name ON clients(name);
               CREATE INDEX by_phone ON clients(phone);
               INSERT INTO clients VALUES ('Ana', 1), ('bea', 2), ('Áurea', 3)";
    let connection = open(&path);
    connection
        .create_collation("studio", |left, right| right.cmp(left))
        .and_then(|()| connection.execute_batch(sql))
        .expect("made");
    drop(connection);
    let verified = verify(&path).expect("verified");
    assert_eq!(verified.problems, []);
    let named = Unchecked {
        table: "clients".to_owned(),
        what: "by_name".to_owned(),
    };
    assert_eq!(verified.checked_without, [named]);
    // Structure is SQLite's to judge all the same, whatever bytes the collation's name has.
    let mut bytes = fs::read(&path).expect("read");
    let places: Vec<usize> = (0..bytes.len() - 6)
        .filter(|at| bytes[*at..].starts_with(b"studio"))
        .collect();
    places.iter().for_each(|at| bytes[*at] = 0xff);
    bytes[3 * 4096 + 7] = 9;
    let damaged = path.with_extension("damaged");
    fs::write(&damaged, bytes).expect("written");
    let said = sqlite_check::check_all(&open(&damaged), true).expect("an answer");
    assert!(said.missing.is_some());
    assert_eq!(said.damage, ["Fragmentation of 0 bytes reported as 9 on page 4"]);
    // Without the application SQLite has no word on this.
    let mut bytes = fs::read(&path).expect("read");
    let places: Vec<usize> = (0..bytes.len() - 3)
        .filter(|at| bytes[*at..].starts_with(b"bea"))
        .collect();
    bytes[places[0]] = b'B';
    fs::write(&path, bytes).expect("written");
    let verified = verify(&path).expect("verified");
    let problems: Vec<String> = verified.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["index by_name has other entries than table clients"]);
    assert!(is_repairable(&verified));
}

#[test]
fn a_function_of_the_applications_own_is_named() {
    let (_folder, path) = made_and_edited(
        "CREATE TABLE clients(name TEXT); CREATE INDEX by_name ON clients(lower(name)); INSERT INTO clients VALUES ('Ana')",
        &[("lower(", "studio(")],
    );
    let verified = verify(&path).expect("verified");
    assert_eq!(verified.problems, []);
    assert_eq!(verified.checked_without.len(), 1, "{verified:?}");
}

#[test]
fn an_index_without_its_rows_is_repairable() {
    for (from, to, text) in [
        (
            "clients(price)",
            "clients(phone)",
            "index by_price has other entries than table clients",
        ),
        (
            "clients(price)",
            "clients(price DESC)",
            "index by_price of table clients: page 4 cell 1 is out of order",
        ),
        (
            "note COLLATE NOCASE",
            "note",
            "index by_note of table clients: page 5 cell 3 is out of order",
        ),
    ] {
        let (_folder, path) = made_and_edited(
            "CREATE TABLE clients(phone, price, note COLLATE NOCASE); CREATE INDEX by_phone ON clients(phone);
             CREATE INDEX by_price ON clients(price); CREATE INDEX by_note ON clients(note);
             INSERT INTO clients VALUES (NULL, 1, 'b'), (2, 3, 'B'), (3, 2, 'A'), (4, 5, 'a')",
            &[(from, to)],
        );
        let verified = verify(&path).expect("verified");
        assert!(is_repairable(&verified), "{from}");
        assert_eq!(verified.problems[0].to_string(), text);
        open(&path).execute_batch("REINDEX").expect("made anew");
        assert_eq!(verify(&path).expect("verified").problems, []);
    }
}

#[test]
fn rows_that_an_index_lacks_are_counted() {
    let (_folder, path) = made(
        "CREATE TABLE clients(name); INSERT INTO clients VALUES ('Ana'), ('Bea'), ('Cora');
         CREATE INDEX by_name ON clients(name) WHERE name <> 'Bea'; PRAGMA writable_schema=ON;
         UPDATE sqlite_schema SET sql = replace(sql, ' WHERE name <> ''Bea''', '')",
    );
    let verified = verify(&path).expect("verified");
    let problems: Vec<String> = verified.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["index by_name lacks 1 entry of table clients"]);
    assert!(is_repairable(&verified));
}

#[test]
fn keys_that_are_not_unique_are_not_repairable() {
    let (_folder, path) = made_and_edited(
        "CREATE TABLE clients(a, b); INSERT INTO clients VALUES (1, 2), (1, 3), (NULL, 4), (NULL, 5);
         CREATE INDEX i ON clients(a); CREATE INDEX j ON clients(a, b)",
        &[("CREATE INDEX", "CREATE UNIQUE INDEX")],
    );
    let verified = verify(&path).expect("verified");
    let problems: Vec<String> = verified.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["index i of table clients: page 3 cell 3: a unique key that is there twice"]
    );
    assert!(!is_repairable(&verified));
}

#[test]
fn bytes_behind_the_last_page_are_nothing_and_missing_ones_are_damage() {
    let (_folder, path) = made(STUDIO);
    let bytes = fs::read(&path).expect("read");
    let mut longer = bytes.clone();
    longer.extend([7; 5000]);
    fs::write(&path, &longer).expect("written");
    assert_eq!(verify(&path).expect("verified").problems, []);
    fs::write(&path, &bytes[..bytes.len() - 1]).expect("written");
    // SQLite itself opens no file that is shorter than it says.
    let file = File::open(&path).expect("opens");
    let report = pages::verify(&file, &Default::default(), &Keys::random(), FULL, &|| true);
    let problems = report.expect("readable").expect("to the end").problems;
    assert!(problems[0].to_string().starts_with("the file has "), "{problems:?}");
}

#[test]
fn whoever_waits_can_stop_it() {
    let (_folder, path) = made(
        "PRAGMA page_size=512; CREATE TABLE t(x); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 300000)
         INSERT INTO t SELECT hex(zeroblob(100)) FROM c",
    );
    let file = File::open(&path).expect("opens");
    for threads in [1, 2] {
        let effort = Effort { threads, ..FULL };
        let stopped = verify_pages(&open(&path), &file, effort, &|| false);
        assert!(matches!(stopped, Err(Unfinished::Cancelled)));
    }
}

/// Trees of several levels, with more rows than a thread takes at once.
const LARGE: &str = "PRAGMA page_size=512; CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b);
    CREATE INDEX t_a ON t(a DESC, b); CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID; CREATE INDEX w_v ON w(v);
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 12000)
    INSERT INTO t SELECT n * 2, 'text ' || ((n * 7919) % 12000) || '.' || hex(zeroblob(n % 50)), n % 11 FROM c;
    INSERT INTO w SELECT a, id FROM t";

#[test]
fn threads_share_trees_and_overlook_nothing_between_them() {
    let (folder, path) = made(LARGE);
    let whole = fs::read(&path).expect("read");
    let described = schema::describe(&open(&path)).expect("described");
    let report = |path: &Path, threads| {
        let effort = Effort { threads, ..FULL };
        let file = File::open(path).expect("opens");
        let report = pages::verify(&file, &described.schema, &Keys::random(), effort, &|| true);
        report.expect("readable").expect("to the end")
    };
    for threads in [1, 2, 3, 8] {
        let report = report(&path, threads);
        assert_eq!(report.problems, [], "{threads} threads");
        let mut rows = report.rows.clone();
        rows.sort();
        assert_eq!(rows, [4, 12_000, 12_000], "{threads} threads");
    }
    // Two neighbours of a leaf far from the beginning change places.
    let damaged = folder.path().join("damaged.db");
    let mut dice = Dice::new(99);
    for _ in 0..15 {
        let page = 500 + dice.below(whole.len() / 512 - 501);
        let start = page * 512;
        if ![10, 13].contains(&whole[start]) || whole[start + 4] < 2 {
            continue;
        }
        let mut bytes = whole.clone();
        bytes.swap(start + 8, start + 10);
        bytes.swap(start + 9, start + 11);
        fs::write(&damaged, &bytes).expect("written");
        let found = [1, 2, 8].map(|threads| report(&damaged, threads).problems);
        assert_ne!(found[0], []);
        assert!(
            found.iter().all(|problems| *problems == found[0]),
            "page {page}: {found:?}"
        );
    }
}

#[test]
fn a_key_that_is_longer_than_is_kept_is_left_to_sqlite() {
    let (_folder, path) = made(
        "CREATE TABLE t(a, b); CREATE INDEX t_b ON t(b); CREATE TABLE w(k PRIMARY KEY, a, b) WITHOUT ROWID; CREATE INDEX w_b ON w(b);
         INSERT INTO t VALUES (1, zeroblob(3000000)), (2, 'x'), (zeroblob(3000000), 'y'); INSERT INTO w SELECT b, a, b FROM t",
    );
    let left: Vec<_> = report(&path).left.iter().map(|left| (left.index, left.why)).collect();
    assert_eq!(left, [(None, Why::TooLong), (None, Why::TooLong)]);
    assert_eq!(verify(&path).expect("verified").problems, []);
}

#[test]
fn any_bytes_are_read_to_an_end() {
    let (_folder, path) = made(STUDIO);
    assert_eq!(fuzzing::problems(&path), Some(vec![]));
    let mut bytes = fs::read(&path).expect("read");
    let mut dice = Dice::new(5);
    for _ in 0..60 {
        for _ in 0..200 {
            let at = 100 + dice.below(bytes.len() - 100);
            bytes[at] = dice.roll() as u8;
            let page = at / 4096 * 4096;
            bytes[page] = [2, 5, 10, 13][dice.below(4)];
            bytes[..16].copy_from_slice(b"SQLite format 3\0");
        }
        fuzzing::read_anyhow(&bytes.as_slice());
    }
}

/// What stands in a file must never run, whoever computes the entries of an index.
#[test]
fn a_function_in_a_schema_is_never_run() {
    use std::ffi::c_int;
    use std::sync::atomic::{AtomicU32, Ordering};

    use rusqlite::config::DbConfig;
    use rusqlite::ffi;

    static RUNS: AtomicU32 = AtomicU32::new(0);

    unsafe extern "C" fn hostile(context: *mut ffi::sqlite3_context, _: c_int, _: *mut *mut ffi::sqlite3_value) {
        RUNS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: SQLite passes a context that is valid during the call.
        unsafe { ffi::sqlite3_result_int(context, 1) };
    }

    fn register(connection: &Connection) {
        let flags = ffi::SQLITE_UTF8 | ffi::SQLITE_DETERMINISTIC;
        let (name, none) = (c"hostile".as_ptr(), std::ptr::null_mut());
        // SAFETY: the handle is valid while the connection is borrowed, the name is NUL-terminated, and the function lives for ever.
        let code = unsafe {
            ffi::sqlite3_create_function_v2(
                connection.handle(),
                name,
                1,
                flags,
                none,
                Some(hostile),
                None,
                None,
                None,
            )
        };
        assert_eq!(code, ffi::SQLITE_OK);
    }

    for sql in [
        "CREATE INDEX i ON t(hostile(a))",
        "CREATE INDEX i ON t(\"hostile\"(a))",
        "CREATE INDEX i ON t(a) WHERE hostile(a)",
        "ALTER TABLE t ADD COLUMN g AS (hostile(a)); CREATE INDEX i ON t(g)",
    ] {
        let (_folder, path) = made("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)");
        let connection = open(&path);
        register(&connection);
        connection.execute_batch(sql).expect("made");
        assert!(RUNS.swap(0, Ordering::Relaxed) > 0, "{sql}: it can be run");
        drop(connection);
        let connection = open(&path);
        register(&connection);
        // Read before, or SQLite does not even open such a schema.
        connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            .expect("read");
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
            .expect("set");
        let verified = verify_pages(&connection, &File::open(&path).expect("opens"), FULL, &|| true);
        let verified = verified.expect("verified");
        assert_eq!(verified.problems, []);
        assert_eq!(verified.checked_without.len(), 1, "{sql}: {verified:?}");
        assert_eq!(RUNS.load(Ordering::Relaxed), 0, "{sql} was run");
    }
}
