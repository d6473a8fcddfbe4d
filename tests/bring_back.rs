//! Rows of a backup brought back into the database, with what belongs to them.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use respaldo::{
    BringBackRequest, BroughtBack, Cause, Clash, OnConflict, Result, RowConflict, RowKey, Status, unwatched,
};
use rusqlite::{Connection, OpenFlags};
use scene::Scene;
use serde_json::{Value, json};

const SCHEMA: &str = "
    CREATE TABLE artists(id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE, name TEXT NOT NULL);
    CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT NOT NULL, referred_by INTEGER REFERENCES clients,
        upper_name TEXT GENERATED ALWAYS AS (upper(name)) STORED);
    CREATE TABLE sessions(artist INTEGER REFERENCES artists(id), day TEXT, client INTEGER NOT NULL REFERENCES clients ON DELETE CASCADE,
        PRIMARY KEY(artist, day)) WITHOUT ROWID;
    CREATE TABLE photos(artist INTEGER, day TEXT, image BLOB, size REAL,
        FOREIGN KEY(artist, day) REFERENCES sessions ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE log(what TEXT);
    CREATE TRIGGER noted AFTER INSERT ON clients BEGIN INSERT INTO log VALUES(new.name); END;
    INSERT INTO artists(email, name) VALUES('eva@x', 'Eva'), ('leo@x', 'Leo');
    INSERT INTO clients(id, name, referred_by) VALUES(1, 'Ana', NULL), (2, 'Beto', 1), (3, 'Carla', 2), (4, 'Zoe', 4);
    INSERT INTO sessions VALUES(1, '2026-01-02', 1), (2, '2026-01-03', 1), (1, '2026-01-04', 2);
    INSERT INTO photos VALUES(1, '2026-01-02', x'00ff', 2.0), (1, '2026-01-02', x'', 0.1), (1, '2026-01-04', NULL, NULL);
    DELETE FROM log;";

/// A studio with a backup, and `since` done to its database afterwards.
fn studio(mode: &str, since: &str) -> (Scene, String) {
    let scene = Scene::empty();
    let connection = Connection::open(scene.database()).expect("opens");
    connection
        .execute_batch(&format!("PRAGMA journal_mode={mode}; {SCHEMA}"))
        .expect("made");
    drop(connection);
    let name = scene.create().backup.name;
    let connection = scene.open();
    connection
        .execute_batch(&format!("PRAGMA foreign_keys=ON; {since}"))
        .expect("done");
    (scene, name)
}

fn request(backup: &str, table: &str, key: Value) -> BringBackRequest {
    BringBackRequest {
        backup: backup.into(),
        snapshot: None,
        rows: vec![RowKey {
            table: table.to_owned(),
            key: key.as_object().expect("an object").clone(),
        }],
        with_dependents: true,
        on_conflict: OnConflict::Refuse,
        triggers: false,
        dry_run: false,
        reason: None,
    }
}

fn bring(scene: &Scene, request: &BringBackRequest) -> Result<BroughtBack> {
    scene.store().bring_back(request, &mut unwatched)
}

fn counts(done: &BroughtBack) -> Vec<(String, u64, u64, u64)> {
    let tables = done.plan.iter();
    tables
        .map(|table| (table.table.clone(), table.insert, table.update, table.same))
        .collect()
}

fn conflicts(result: Result<BroughtBack>) -> Vec<RowConflict> {
    let error = result.expect_err("refused");
    assert_eq!(error.status(), Status::RowsInConflict, "{error}");
    error.conflicts().expect("conflicts").to_vec()
}

/// Everything in the database, for comparisons.
fn dump(path: &Path) -> Vec<String> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    let mut all = Vec::new();
    for sql in [
        "SELECT id || '|' || email || '|' || name FROM artists ORDER BY id",
        "SELECT id || '|' || name || '|' || ifnull(referred_by, '-') || '|' || upper_name FROM clients ORDER BY id",
        "SELECT artist || '|' || day || '|' || client FROM sessions ORDER BY artist, day",
        "SELECT rowid || '|' || artist || '|' || day || '|' || quote(image) || typeof(image) || quote(size) || typeof(size) FROM photos ORDER BY rowid",
        "SELECT 'log ' || what FROM log",
        "SELECT name || seq FROM sqlite_sequence",
    ] {
        let mut statement = connection.prepare(sql).expect("prepared");
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("read");
        all.extend(rows.map(|row| row.expect("a row")));
    }
    all
}

#[test]
fn a_client_comes_back_with_everything_that_went_with_her_and_nothing_else() {
    for mode in ["delete", "wal"] {
        let (scene, backup) = studio(
            mode,
            "UPDATE clients SET referred_by = NULL WHERE id = 2; DELETE FROM clients WHERE id = 1;",
        );
        let before = dump(&scene.database());
        let other = scene.open();
        let rows = |connection: &Connection| scene::clients(connection);
        assert_eq!(rows(&other), 3);
        let mut asked = request(&backup, "clients", json!({"id": 1}));
        asked.dry_run = true;
        let planned = bring(&scene, &asked).expect("planned");
        assert_eq!((planned.applied, &planned.safety_backup), (false, &None));
        assert_eq!(dump(&scene.database()), before, "{mode}: a dry run changes nothing");
        asked.dry_run = false;
        let done = bring(&scene, &asked).expect("done");
        assert_eq!(done.plan, planned.plan, "{mode}: a dry run is exact");
        let expected = [("clients", 1, 0, 0), ("sessions", 2, 0, 0), ("photos", 2, 0, 0)];
        let expected = expected.map(|(table, insert, update, same)| (table.to_owned(), insert, update, same));
        assert_eq!(counts(&done), expected, "{mode}");
        assert_eq!(rows(&other), 4, "{mode}: other connections stay valid");
        let back = dump(&scene.database());
        let whole = dump(&scene.backups().join(&backup));
        let differing: Vec<_> = whole.iter().filter(|row| !back.contains(row)).collect();
        assert_eq!(
            differing,
            ["2|Beto|1|BETO"],
            "{mode}: a row that is there stays as it is"
        );
        assert!(
            !back.iter().any(|row| row.starts_with("log")),
            "{mode}: triggers do not fire"
        );
        let safety = done.safety_backup.expect("a safety copy");
        assert_eq!(dump(&safety), before, "{mode}");
        let log = fs::read_to_string(scene.backups().join("restores.jsonl")).expect("a log");
        assert_eq!(log.lines().count(), 1, "{mode}: {log}");
        assert!(log.contains("\"outcome\":\"OK\""), "{log}");
        let again = bring(&scene, &asked).expect("done");
        assert!(!again.applied, "{mode}: everything is there");
        assert_eq!(again.safety_backup, None);
    }
}

#[test]
fn missing_parents_come_too_and_siblings_do_not() {
    let (scene, backup) = studio(
        "delete",
        "DELETE FROM sessions; DELETE FROM clients; DELETE FROM artists;",
    );
    let mut asked = request(&backup, "photos", json!({"rowid": 3}));
    asked.with_dependents = false;
    let done = bring(&scene, &asked).expect("done");
    let tables: Vec<_> = counts(&done)
        .into_iter()
        .map(|(table, insert, ..)| (table, insert))
        .collect();
    let expected = [("photos", 1), ("sessions", 1), ("artists", 1), ("clients", 2)];
    for (table, insert) in expected {
        assert!(tables.contains(&(table.to_owned(), insert)), "{table}: {tables:?}");
    }
    let broken: i64 = scene
        .open()
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .expect("checked");
    assert_eq!(broken, 0);
}

#[test]
fn rows_that_refer_to_themselves_and_in_a_chain_come_back_once() {
    let (scene, backup) = studio("wal", "PRAGMA foreign_keys=OFF; DELETE FROM clients;");
    let done = bring(&scene, &request(&backup, "clients", json!({"id": 3}))).expect("done");
    assert_eq!(
        counts(&done)[0],
        ("clients".to_owned(), 3, 0, 0),
        "3, who refers to 2, who refers to 1"
    );
    let done = bring(&scene, &request(&backup, "clients", json!({"id": 4}))).expect("done");
    assert_eq!(counts(&done)[0], ("clients".to_owned(), 1, 0, 0));
}

#[test]
fn a_row_with_other_contents_is_refused_skipped_or_written_over() {
    let (scene, backup) = studio("delete", "UPDATE clients SET name = 'Ana María' WHERE id = 1;");
    let before = dump(&scene.database());
    let mut asked = request(&backup, "clients", json!({"id": 1}));
    let clashes = conflicts(bring(&scene, &asked));
    assert_eq!((clashes.len(), clashes[0].what), (1, Clash::Different));
    assert_eq!(clashes[0].backup["name"], json!("Ana"));
    assert_eq!(clashes[0].live.as_ref().expect("both")["name"], json!("Ana María"));
    assert_eq!(dump(&scene.database()), before);
    asked.dry_run = true;
    assert_eq!(bring(&scene, &asked).expect("planned").plan[0].conflicts, clashes);
    asked.dry_run = false;
    asked.on_conflict = OnConflict::Skip;
    assert!(!bring(&scene, &asked).expect("skipped").applied);
    assert_eq!(dump(&scene.database()), before);
    asked.on_conflict = OnConflict::Overwrite;
    let done = bring(&scene, &asked).expect("done");
    assert_eq!(counts(&done), [("clients".to_owned(), 0, 1, 0)]);
    assert_eq!(dump(&scene.database()), dump(&scene.backups().join(&backup)));
}

#[test]
fn what_has_to_be_unique_and_was_taken_is_a_conflict() {
    let (scene, backup) = studio(
        "wal",
        "PRAGMA foreign_keys=OFF; DELETE FROM artists WHERE id = 2;
         INSERT INTO artists(id, email, name) VALUES(9, 'leo@x', 'Leonor');",
    );
    let mut asked = request(&backup, "artists", json!({"id": 2}));
    let clashes = conflicts(bring(&scene, &asked));
    assert_eq!(clashes[0].what, Clash::Unique);
    assert_eq!(clashes[0].live.as_ref().expect("both")["name"], json!("Leonor"));
    asked.on_conflict = OnConflict::Overwrite;
    bring(&scene, &asked).expect("done");
    let rows = dump(&scene.database());
    assert!(rows.contains(&"2|leo@x|Leo".to_owned()) && !rows.iter().any(|row| row.contains("Leonor")));
    assert!(
        rows.contains(&"artists9".to_owned()),
        "AUTOINCREMENT gives no number twice: {rows:?}"
    );
}

#[test]
fn a_row_that_others_refer_to_is_not_replaced() {
    let (scene, backup) = studio(
        "delete",
        "PRAGMA foreign_keys=OFF; DELETE FROM artists WHERE id = 2; UPDATE sessions SET artist = 1 WHERE artist = 2;
         INSERT INTO artists(id, email, name) VALUES(9, 'leo@x', 'Leonor'); INSERT INTO sessions VALUES(9, '2026-05-05', 1);",
    );
    let before = dump(&scene.database());
    let mut asked = request(&backup, "artists", json!({"id": 2}));
    asked.on_conflict = OnConflict::Overwrite;
    let clashes = conflicts(bring(&scene, &asked));
    assert!(
        clashes.iter().any(|clash| clash.what == Clash::ForeignKey),
        "{clashes:?}"
    );
    assert_eq!(dump(&scene.database()), before);
}

#[test]
fn references_that_were_broken_before_do_not_refuse_anything() {
    let (scene, backup) = studio(
        "delete",
        "PRAGMA foreign_keys=OFF; INSERT INTO sessions VALUES(1, '2020-01-01', 77);
         DELETE FROM sessions WHERE day = '2026-01-04';",
    );
    let asked = request(&backup, "sessions", json!({"artist": 1, "day": "2026-01-04"}));
    assert!(bring(&scene, &asked).expect("done").applied);
}

#[test]
fn columns_that_are_new_or_gone_and_constraints_that_are_new() {
    let (scene, backup) = studio(
        "wal",
        "DELETE FROM photos; ALTER TABLE photos ADD COLUMN title TEXT NOT NULL DEFAULT 'sin título'; ALTER TABLE photos DROP COLUMN size;",
    );
    let done = bring(&scene, &request(&backup, "photos", json!({"rowid": 1}))).expect("done");
    assert_eq!(done.warnings[0].name, "COLUMNS_LEFT_OUT");
    assert_eq!(done.warnings[0].columns, ["photos.size"]);
    let title: String = scene
        .open()
        .query_row("SELECT title || hex(image) FROM photos", [], |row| row.get(0))
        .expect("a row");
    assert_eq!(title, "sin título00FF");

    let (scene, backup) = studio(
        "delete",
        "DELETE FROM photos; DROP TABLE photos; CREATE TABLE photos(artist INTEGER, day TEXT, image BLOB NOT NULL);",
    );
    let mut asked = request(&backup, "photos", json!({"rowid": 3}));
    assert_eq!(conflicts(bring(&scene, &asked))[0].what, Clash::Constraint);
    asked.on_conflict = OnConflict::Skip;
    assert!(!bring(&scene, &asked).expect("skipped").applied);
}

#[test]
fn what_is_not_there_is_named() {
    let (scene, backup) = studio("delete", "SELECT 1;");
    for (table, key, told) in [
        ("clients", json!({"id": 99}), "99"),
        ("nobody", json!({"id": 1}), "nobody"),
        ("sqlite_sequence", json!({"rowid": 1}), "sqlite_sequence"),
        ("clients", json!({"name": "Ana"}), "id"),
        ("sessions", json!({"artist": 1}), "artist, day"),
    ] {
        let error = bring(&scene, &request(&backup, table, key)).expect_err("missing");
        assert_eq!(error.status(), Status::InvalidArgument, "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
    let error = bring(&scene, &request("none.db", "clients", json!({"id": 1}))).expect_err("missing");
    assert_eq!(error.cause, Cause::BackupNotFound);
}

#[test]
fn a_writer_a_cancel_and_a_damaged_backup_leave_everything_as_it_is() {
    let (scene, backup) = studio(
        "delete",
        "UPDATE clients SET referred_by = NULL WHERE id = 2; DELETE FROM clients WHERE id = 1;",
    );
    let asked = request(&backup, "clients", json!({"id": 1}));
    let before = dump(&scene.database());
    let writer = scene.open();
    writer.execute_batch("BEGIN IMMEDIATE").expect("free");
    let error = bring(&scene, &asked).expect_err("locked");
    assert_eq!(error.cause, Cause::DatabaseLocked);
    drop(writer);
    let reader = scene.open();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM clients")
        .expect("reads");
    let error = bring(&scene, &asked).expect_err("a reader is in the way of the commit");
    assert_eq!(error.cause, Cause::DatabaseLocked);
    drop(reader);
    let cancelled = scene.store().bring_back(&asked, &mut |_| ControlFlow::Break(()));
    assert_eq!(cancelled.expect_err("cancelled").cause, Cause::Cancelled);
    scene::damage(&scene.backups().join(&backup), 4096, &[0xff; 4000]);
    let error = bring(&scene, &asked).expect_err("damaged");
    assert_eq!(error.status(), Status::BackupCorrupt);
    assert_eq!(dump(&scene.database()), before);
    let copies = scene::names(&scene.path("data"));
    assert!(!copies.iter().any(|name| name.contains("before_restore")), "{copies:?}");
}

#[test]
fn a_hostile_backup_runs_nothing() {
    let (scene, backup) = studio(
        "delete",
        "UPDATE clients SET referred_by = NULL WHERE id = 2; DELETE FROM clients WHERE id = 1;",
    );
    let path = scene.backups().join(&backup);
    Connection::open(&path)
        .and_then(|connection| {
            connection.execute_batch(
                "ALTER TABLE photos RENAME TO p; CREATE VIEW photos AS SELECT 1 AS artist, '2026-01-02' AS day, randomblob(9) AS image FROM p;
                 CREATE TRIGGER evil AFTER INSERT ON sessions BEGIN DELETE FROM clients; END;",
            )
        })
        .expect("written");
    let done = bring(&scene, &request(&backup, "clients", json!({"id": 1}))).expect("done");
    assert!(
        done.plan.iter().all(|table| table.table != "photos"),
        "a view is no table"
    );
    assert_eq!(scene::clients(&scene.open()), 4);
}

#[test]
fn text_that_is_not_utf8_stays_what_it_is() {
    let (scene, backup) = studio("delete", "SELECT 1;");
    let path = scene.backups().join(&backup);
    Connection::open(&path)
        .and_then(|connection| {
            connection.execute_batch("INSERT INTO clients(id, name) VALUES(50, CAST(x'ff41' AS TEXT))")
        })
        .expect("written");
    bring(&scene, &request(&backup, "clients", json!({"id": 50}))).expect("done");
    let name: String = scene
        .open()
        .query_row(
            "SELECT typeof(name) || hex(name) FROM clients WHERE id = 50",
            [],
            |row| row.get(0),
        )
        .expect("a row");
    assert_eq!(name, "textFF41");
}

fn logged(scene: &Scene) -> Vec<String> {
    let connection = scene.open();
    let mut statement = connection.prepare("SELECT what FROM log").expect("a table");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("texts")
}

#[test]
fn triggers_fire_only_when_that_is_asked_for() {
    for triggers in [false, true] {
        let (scene, backup) = studio("wal", "DELETE FROM clients WHERE id = 3; DELETE FROM log;");
        let asked = BringBackRequest {
            triggers,
            ..request(&backup, "clients", json!({"id": 3}))
        };
        let dry = BringBackRequest {
            dry_run: true,
            ..asked.clone()
        };
        let planned = bring(&scene, &dry).expect("planned");
        assert_eq!(logged(&scene), [""; 0]);
        assert_eq!(bring(&scene, &asked).expect("brought back").plan, planned.plan);
        assert_eq!(logged(&scene), vec!["Carla"; usize::from(triggers)]);
    }
}

#[test]
fn a_trigger_that_refuses_a_row_or_leaves_a_broken_reference_is_a_conflict() {
    for (body, clash) in [
        ("SELECT RAISE(ABORT, 'no')", Clash::Constraint),
        ("SELECT RAISE(ROLLBACK, 'no')", Clash::Constraint),
        ("UPDATE sessions SET client = 99", Clash::ForeignKey),
    ] {
        let since = format!(
            "DELETE FROM clients WHERE id IN (2, 3);
             CREATE TRIGGER guard AFTER INSERT ON clients WHEN new.id = 2 BEGIN {body}; END; DELETE FROM log;"
        );
        let (scene, backup) = studio("delete", &since);
        let mut asked = BringBackRequest {
            triggers: true,
            with_dependents: false,
            ..request(&backup, "clients", json!({"id": 2}))
        };
        asked
            .rows
            .push(request(&backup, "clients", json!({"id": 3})).rows.remove(0));
        for on_conflict in [OnConflict::Refuse, OnConflict::Overwrite] {
            let asked = BringBackRequest {
                on_conflict,
                ..asked.clone()
            };
            let found = conflicts(bring(&scene, &asked));
            assert_eq!(found[0].what, clash, "{body}");
            assert_eq!(scene::clients(&scene.open()), 2, "{body}");
            assert_eq!(logged(&scene), [""; 0], "{body}");
        }
    }
}

#[test]
fn a_clause_on_conflict_of_a_table_neither_ends_the_transaction_nor_deletes_a_row() {
    for clause in ["ROLLBACK", "REPLACE", "IGNORE", "FAIL"] {
        let (scene, backup) = studio("delete", "");
        let connection = scene.open();
        let sql = format!(
            "PRAGMA foreign_keys=OFF; DELETE FROM clients; DROP TABLE clients;
             CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK(name <> 'Beto'), referred_by INTEGER,
                 phone TEXT NOT NULL ON CONFLICT {clause} DEFAULT NULL);
             INSERT INTO clients VALUES(50, 'Old', NULL, '')"
        );
        connection.execute_batch(&sql).expect("changed");
        drop(connection);
        let mut asked = request(&backup, "clients", json!({"id": 3}));
        asked.with_dependents = false;
        asked
            .rows
            .push(request(&backup, "clients", json!({"id": 4})).rows.remove(0));
        for dry_run in [true, false] {
            let asked = BringBackRequest {
                dry_run,
                ..asked.clone()
            };
            let done = bring(&scene, &asked);
            match (done, dry_run) {
                (Ok(planned), true) => assert!(planned.plan.iter().any(|table| !table.conflicts.is_empty())),
                (done, false) => assert_eq!(conflicts(done)[0].what, Clash::Constraint, "{clause}"),
                (Err(error), true) => panic!("{error}"),
            }
            assert_eq!(scene::clients(&scene.open()), 1, "{clause}");
        }
    }
}
