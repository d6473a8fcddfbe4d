//! A backup compared with the live database, and with another backup.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::ops::ControlFlow;

use respaldo::{
    Cause, CompareRequest, Comparison, DifferentRow, Language, Options, RowDifference, RowValue, SchemaMatter, Store,
    TableDifference, TableWords, unwatched,
};
use rusqlite::Connection;
use scene::{Scene, names};

/// A database made by `before`, backed up, and changed by `after`; and the backup compared with it.
fn compared(before: &str, after: &str) -> Comparison {
    let scene = Scene::empty();
    let run = |sql: &str| {
        Connection::open(scene.database())
            .and_then(|connection| connection.execute_batch(sql))
            .expect("written");
    };
    run(before);
    let backup = scene.create().backup.name;
    run(after);
    let compared = scene
        .store()
        .compare(&CompareRequest::of(backup), &mut unwatched)
        .expect("compared");
    let left: Vec<String> = names(&scene.path("data"));
    assert_eq!(
        left,
        ["backups", "settings.json", "studio.db"],
        "nothing is left behind"
    );
    compared
}

/// Only here, only here, changed, the same.
fn counts(table: &TableDifference) -> [u64; 4] {
    [table.only_there, table.only_here, table.changed, table.same]
}

fn only_table(comparison: &Comparison) -> &TableDifference {
    assert_eq!(comparison.tables.len(), 1, "{:?}", comparison.tables);
    &comparison.tables[0]
}

fn of_kind(table: &TableDifference, what: RowDifference) -> Vec<&DifferentRow> {
    table.rows.iter().filter(|row| row.what == what).collect()
}

#[test]
fn what_a_restore_would_lose_bring_back_and_change() {
    let scene = Scene::new("wal");
    let backup = scene.create().backup.name;
    scene
        .open()
        .execute_batch(
            "DELETE FROM clients WHERE id IN (5, 6); UPDATE clients SET name = 'Another' WHERE id = 7;
             INSERT INTO clients(id, name) VALUES(200, 'Ana López');
             CREATE TABLE visits(id INTEGER PRIMARY KEY, day TEXT);
             INSERT INTO visits(day) VALUES('2026-03-04'), ('2026-03-05'), ('2026-03-06');",
        )
        .expect("written");
    let words = |one: &str, many: &str| TableWords {
        one: one.to_owned(),
        many: many.to_owned(),
        title: None,
    };
    let store = |language| {
        Store::open(Options {
            language,
            names: [
                ("clients".to_owned(), words("cliente", "clientes")),
                ("VISITS".to_owned(), words("visita", "visitas")),
            ]
            .into(),
            ..scene.options()
        })
        .expect("valid")
    };
    let compare = |language| {
        let request = CompareRequest::of(&backup);
        store(language).compare(&request, &mut unwatched).expect("compared")
    };
    let found = compare(Language::Spanish);
    assert!(!found.identical);
    assert_eq!(
        found.summary,
        "Perdería 3 visitas y 1 cliente; recuperaría 2 clientes; cambiaría 1 cliente. La estructura también es distinta."
    );
    let [visits, clients] = found.tables.as_slice() else {
        panic!("{:?}", found.tables);
    };
    assert_eq!((visits.table.as_str(), counts(visits)), ("visits", [0, 3, 0, 0]));
    assert_eq!((clients.table.as_str(), counts(clients)), ("clients", [2, 1, 1, 97]));
    let lost = &clients.rows[0];
    assert_eq!(
        (lost.what, lost.title.as_deref()),
        (RowDifference::OnlyHere, Some("Ana López"))
    );
    let key = lost.key.as_ref().and_then(|key| key.get("id"));
    assert_eq!(key, Some(&RowValue::Integer(200)));
    let changed = of_kind(clients, RowDifference::Changed)[0];
    assert_eq!(changed.columns, ["name"]);
    assert_eq!(changed.values.get("name"), Some(&RowValue::Text("Another".into())));
    let there = changed.there.as_ref().and_then(|there| there.get("name"));
    assert_eq!(there, Some(&RowValue::Text("Client 7".into())));
    assert_eq!(found.schema.len(), 1);
    let english = compare(Language::English).summary;
    assert!(
        english.starts_with("It would lose 3 visitas and 1 cliente; bring back 2"),
        "{english}"
    );
}

#[test]
fn an_unchanged_database_is_identical() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup.name;
    let found = scene
        .store()
        .compare(&CompareRequest::of(backup), &mut unwatched)
        .expect("compared");
    assert!(found.identical && found.schema.is_empty());
    assert_eq!(found.summary, "No cambiaría nada: son iguales.");
    assert_eq!(counts(only_table(&found)), [0, 0, 0, 100]);
}

#[test]
fn two_backups_are_compared_in_the_order_that_is_asked_for() {
    let scene = Scene::new("wal");
    let first = scene.create().backup.name;
    scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id > 90")
        .expect("deleted");
    scene.set_clock("2026-03-05T16:30:12Z");
    let second = scene.create().backup.name;
    let request = CompareRequest {
        with: Some(second.into()),
        ..CompareRequest::of(first)
    };
    let found = scene.store().compare(&request, &mut unwatched).expect("compared");
    assert_eq!(counts(only_table(&found)), [10, 0, 0, 90]);
    assert_eq!(found.summary, "Solo en este: 10 filas de clients.");
}

#[test]
fn rows_are_told_by_every_kind_of_key() {
    let change =
        "DELETE FROM t WHERE a = 'x'; INSERT INTO t(a, b, v) VALUES('new', 1, 1); UPDATE t SET v = 9 WHERE a = 'y'";
    let rows = "INSERT INTO t(a, b, v) VALUES('x', 1, 1), ('y', 2, 2), ('Z', 3, 3), ('é', -4, 4), ('', 0, 0)";
    for columns in [
        "a TEXT, b INTEGER, v",
        "a TEXT PRIMARY KEY NOT NULL, b INTEGER, v",
        "a TEXT PRIMARY KEY, b INTEGER, v",
        "a TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, b INTEGER, v",
        "a TEXT COLLATE RTRIM, b INTEGER, v, PRIMARY KEY(b DESC, a)",
        "a TEXT, b INTEGER, v, rowid TEXT, PRIMARY KEY(b, a)",
        "id INTEGER PRIMARY KEY, a TEXT, b INTEGER, v",
    ] {
        let found = compared(&format!("CREATE TABLE t({columns}); {rows}"), change);
        assert_eq!(counts(only_table(&found)), [1, 1, 1, 3], "{columns}");
    }
    for columns in [
        "a TEXT PRIMARY KEY, b, v",
        "a TEXT, b INTEGER, v, PRIMARY KEY(b DESC, a)",
    ] {
        let found = compared(&format!("CREATE TABLE t({columns}) WITHOUT ROWID; {rows}"), change);
        assert_eq!(counts(only_table(&found)), [1, 1, 1, 3], "{columns} WITHOUT ROWID");
    }
}

#[test]
fn nulls_in_a_key_tell_no_rows_apart() {
    let found = compared(
        "CREATE TABLE t(a TEXT PRIMARY KEY, v); INSERT INTO t VALUES(NULL, 1), (NULL, 2), ('x', 3)",
        "UPDATE t SET v = 5 WHERE v = 2",
    );
    let table = only_table(&found);
    assert_eq!(counts(table), [0, 0, 1, 2]);
    let key = table.rows[0].key.as_ref().and_then(|key| key.get("rowid"));
    assert_eq!(key, Some(&RowValue::Integer(2)), "the rowid tells them");
}

#[test]
fn tables_without_a_common_key_are_multisets() {
    let shadowed = "CREATE TABLE t(rowid TEXT, _rowid_ TEXT, oid TEXT)";
    let found = compared(
        &format!("{shadowed}; INSERT INTO t VALUES('a', 1, 1), ('a', 1, 1), ('b', 2, 2)"),
        "DELETE FROM t WHERE rowid = 'a'; INSERT INTO t VALUES('a', 1, 1), ('c', 3, 3), ('c', 3, 3)",
    );
    let table = only_table(&found);
    assert_eq!(counts(table), [1, 2, 0, 2]);
    assert!(table.rows.iter().all(|row| row.key.is_none()));
    let found = compared(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES(1, 'Ana'), (2, 'Beto')",
        "DROP TABLE t; CREATE TABLE t(id TEXT PRIMARY KEY, name TEXT, phone TEXT);
         INSERT INTO t(id, name) VALUES(1, 'Ana'), (2, 'Beto')",
    );
    assert_eq!(counts(only_table(&found)), [2, 2, 0, 0], "an INTEGER is no TEXT");
}

#[test]
fn values_are_compared_by_their_class_and_told_as_they_are() {
    let found = compared(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 1), (2, x'00ff'), (3, CAST(x'ff' AS TEXT)),
         (4, 9007199254740993), (5, 'same'), (6, 9e999), (7, zeroblob(70000))",
        "UPDATE t SET v = 1.0 WHERE id = 1; UPDATE t SET v = '' WHERE id IN (2, 3, 4, 6, 7)",
    );
    let table = only_table(&found);
    assert_eq!(counts(table), [0, 0, 6, 1]);
    let json = serde_json::to_value(table).expect("JSON");
    let values: Vec<String> = (0..6).map(|row| json["rows"][row]["there"]["v"].to_string()).collect();
    assert_eq!(
        values,
        [
            "1",
            r#"{"blob":"00ff"}"#,
            r#"{"text":"ff"}"#,
            "9007199254740993",
            r#"{"real":"inf"}"#,
            r#"{"blob":null,"bytes":70000}"#
        ]
    );
}

#[test]
fn schemas_that_differ_are_named_and_rows_compared_by_their_common_columns() {
    let found = compared(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, old TEXT, twice AS (id * 2)); CREATE INDEX i ON t(name);
         CREATE TABLE gone(x); INSERT INTO t(name, old) VALUES('Ana', 'x')",
        "DROP INDEX i; ALTER TABLE t DROP COLUMN old; ALTER TABLE t ADD COLUMN phone TEXT; DROP TABLE gone;
         CREATE INDEX j ON t(phone); CREATE VIEW w AS SELECT 1; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
    );
    let mut parts: Vec<(&str, &str, SchemaMatter)> = found
        .schema
        .iter()
        .map(|part| (part.kind.as_str(), part.name.as_str(), part.what))
        .collect();
    parts.sort_by_key(|(kind, name, _)| (*kind, *name));
    use SchemaMatter::{OnlyHere, OnlyThere};
    assert_eq!(
        parts,
        [
            ("column", "old", OnlyThere),
            ("column", "phone", OnlyHere),
            ("index", "i", OnlyThere),
            ("index", "j", OnlyHere),
            ("table", "gone", OnlyThere),
            ("trigger", "r", OnlyHere),
            ("view", "w", OnlyHere),
        ]
    );
    assert_eq!(found.summary, "Las filas son las mismas; la estructura es distinta.");
    let t = found.tables.iter().find(|table| table.table == "t").expect("t");
    assert_eq!(counts(t), [0, 0, 0, 1]);
}

#[test]
fn samples_are_bounded_and_losses_come_first() {
    let scene = Scene::new("wal");
    let backup = scene.create().backup.name;
    scene
        .open()
        .execute_batch("UPDATE clients SET name = 'x' WHERE id < 50; INSERT INTO clients VALUES(900, 'Nueva', '')")
        .expect("written");
    let request = CompareRequest {
        rows: 3,
        ..CompareRequest::of(backup)
    };
    let found = scene.store().compare(&request, &mut unwatched).expect("compared");
    let table = only_table(&found);
    assert_eq!(counts(table), [0, 1, 49, 51]);
    assert_eq!(table.rows.len(), 3);
    assert_eq!(table.rows[0].what, RowDifference::OnlyHere);
}

#[test]
fn a_hostile_backup_runs_nothing() {
    let scene = Scene::new("wal");
    let backup = scene.create().backup;
    let hostile = Connection::open(&backup.path).expect("opens");
    hostile
        .execute_batch(
            "DROP TABLE clients; CREATE VIEW clients AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n;
             CREATE TABLE \"it's \"\"x\"\"; DROP TABLE t\"(\"a\"\"b\" TEXT, id INTEGER PRIMARY KEY);
             INSERT INTO \"it's \"\"x\"\"; DROP TABLE t\"(\"a\"\"b\") VALUES('Ana');
             ALTER TABLE \"it's \"\"x\"\"; DROP TABLE t\" ADD COLUMN g AS (abs(-9223372036854775808));",
        )
        .expect("written");
    drop(hostile);
    let request = CompareRequest::of(&backup.name);
    let found = scene.store().compare(&request, &mut unwatched).expect("compared");
    let mut all: Vec<[u64; 4]> = found.tables.iter().map(counts).collect();
    all.sort_unstable();
    assert_eq!(all, [[0, 100, 0, 0], [1, 0, 0, 0]]);
}

#[test]
fn a_comparison_can_be_cancelled_and_tells_how_far_it_is() {
    let scene = Scene::new("wal");
    let backup = scene.create().backup.name;
    let request = CompareRequest::of(backup);
    let error = scene.store().compare(&request, &mut |_| ControlFlow::Break(()));
    assert_eq!(error.expect_err("cancelled").cause, Cause::Cancelled);
    let mut last = None;
    let mut watch = |now| {
        last = Some(now);
        ControlFlow::Continue(())
    };
    scene.store().compare(&request, &mut watch).expect("compared");
    let last = last.expect("told");
    assert!(last.pages_total > 0 && last.pages_done == last.pages_total, "{last:?}");
}

#[test]
fn without_the_database_or_the_backup_there_is_nothing_to_compare() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup.name;
    let compare = |name: &str| {
        let compared = scene.store().compare(&CompareRequest::of(name), &mut unwatched);
        compared.map(drop).expect_err("nothing to compare").cause
    };
    assert_eq!(compare("backup_20200101_000000.db"), Cause::BackupNotFound);
    std::fs::remove_file(scene.database()).expect("removed");
    assert_eq!(compare(&backup), Cause::DatabaseNotFound);
}

#[test]
fn pages_that_are_skipped_change_no_answer() {
    // A small generator: the same sequence at every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let shapes = [
        "PRAGMA page_size=512; PRAGMA auto_vacuum=FULL;",
        "PRAGMA page_size=1024; PRAGMA journal_mode=WAL;",
        "PRAGMA page_size=512; PRAGMA encoding='UTF-16le';",
        "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;",
        "PRAGMA page_size=65536;",
    ];
    let mut seen = [0; 4];
    for shape in shapes {
        let scene = Scene::empty();
        let live = Connection::open(scene.database()).expect("opens");
        let run = |sql: &str| live.execute_batch(sql).expect("written");
        run(shape);
        run("CREATE TABLE plain(id INTEGER PRIMARY KEY, a TEXT, b REAL, c BLOB);
             CREATE TABLE texts(k TEXT COLLATE NOCASE PRIMARY KEY, v);
             CREATE TABLE keyed(k TEXT, n INTEGER, v, PRIMARY KEY(k, n)) WITHOUT ROWID;
             CREATE TABLE wide(id INTEGER PRIMARY KEY, a TEXT);
             CREATE TABLE loose(a, b); CREATE INDEX loose_a ON loose(a);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1500)
             INSERT INTO plain SELECT i * 3 - 900, 'name '||i, i, zeroblob(CASE WHEN i % 40 = 0 THEN 3000 ELSE i % 50 END) FROM n;
             INSERT INTO texts SELECT 'k'||id, a FROM plain; INSERT INTO keyed SELECT a, id, c FROM plain LIMIT 300;
             INSERT INTO loose SELECT a, b FROM plain;
             INSERT INTO wide SELECT id, hex(zeroblob(190)) FROM plain;");
        for round in 0..6 {
            let backup = scene.create().backup;
            run("BEGIN");
            for _ in 0..random(6) {
                let (id, many) = (i64::try_from(random(5000)).expect("small") - 1000, random(90));
                run(&match random(14) {
                    0 => format!("DELETE FROM plain WHERE id BETWEEN {id} AND {id} + {many} * 3"),
                    1 => format!("UPDATE plain SET a = a || 'x' WHERE id BETWEEN {id} AND {id} + {many}"),
                    // Only an overflow page changes.
                    2 => format!("UPDATE plain SET c = CAST(zeroblob(2999) || char({many} + 35) AS BLOB) WHERE length(c) = 3000 AND id % 2 = 0"),
                    3 => format!("INSERT OR REPLACE INTO plain SELECT id + 1, 'new', 1.5, c FROM plain WHERE id BETWEEN {id} AND {id} + {many}"),
                    4 => format!("UPDATE texts SET v = {id} WHERE rowid = {id}"),
                    5 => format!("DELETE FROM keyed WHERE n < {id} AND n > {id} - {many}"),
                    6 => format!("UPDATE loose SET b = b + 0.5 WHERE rowid = {id}; INSERT INTO loose SELECT a, b FROM plain LIMIT {many}"),
                    7 => "INSERT INTO plain VALUES(9223372036854775807, 'last', 0, NULL) ON CONFLICT DO UPDATE SET b = b + 1".to_owned(),
                    // In small pages a leaf has one row, and goes with it.
                    10 => format!("UPDATE texts SET k = 'n' || k WHERE rowid BETWEEN {id} AND {id} + {many} * 3"),
                    11 => format!("DELETE FROM texts WHERE rowid % 89 = {many}; INSERT INTO texts VALUES('T{id}', {many}) ON CONFLICT DO NOTHING"),
                    12 => format!("INSERT OR REPLACE INTO keyed SELECT a, id, hex(zeroblob({many} * 9)) FROM plain WHERE id BETWEEN {id} AND {id} + {many}"),
                    8 | 9 => format!("DELETE FROM wide WHERE id % 97 = {many}"),
                    _ => "INSERT OR REPLACE INTO plain VALUES(-9223372036854775808, 'first', 0, NULL)".to_owned(),
                });
            }
            run("COMMIT");
            // The same rows under a declaration that is written otherwise: of these every row is read.
            let path = scene.path("every_row.db");
            std::fs::copy(&backup.path, &path).expect("copied");
            let edited = Connection::open(&path).expect("opens");
            edited
                .execute_batch(
                    "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = sql || ' ' WHERE type = 'table'",
                )
                .expect("edited");
            drop(edited);
            let compare = |backup: &std::path::Path, with: Option<&std::path::Path>| {
                let request = CompareRequest {
                    rows: 7,
                    with: with.map(Into::into),
                    ..CompareRequest::of(backup)
                };
                let compared = scene.store().compare(&request, &mut unwatched);
                compared.expect("compared").tables
            };
            let fast = compare(&backup.path, None);
            assert_eq!(fast, compare(&path, None), "{shape} {round}");
            let newer = scene.create().backup;
            let other_way = compare(&newer.path, Some(&backup.path));
            assert_eq!(other_way, compare(&newer.path, Some(&path)), "{shape} {round}");
            for table in &fast {
                seen[0] += table.only_here;
                seen[1] += table.only_there;
                seen[2] += table.changed;
                seen[3] += table.same;
            }
        }
    }
    assert!(seen.iter().all(|rows| *rows > 50), "{seen:?}");
}
