//! What can be saved of a damaged database. `salvage_beside_shell.rs` compares it with what the `sqlite3` shell saves.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use respaldo::{Cause, Kind, Method, Options, RestoreRequest, SalvageRequest, Salvaged, Status, Store, unwatched};
use rusqlite::{Connection, OpenFlags};
use scene::Scene;

const PAGE: usize = 4096;

fn studio(mode: &str) -> Scene {
    let scene = Scene::empty();
    let connection = Connection::open(scene.database()).expect("opens");
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode={mode};
             CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT NOT NULL, notes TEXT);
             CREATE INDEX clients_by_name ON clients(name);
             CREATE TABLE sessions(day TEXT, artist INTEGER, price REAL, PRIMARY KEY(day, artist)) WITHOUT ROWID;
             CREATE TABLE photos(client INTEGER, image BLOB, title TEXT, taken TEXT, size INTEGER);
             CREATE VIEW names AS SELECT name FROM clients;
             CREATE TRIGGER noted AFTER INSERT ON clients BEGIN UPDATE clients SET notes = 'x' WHERE id = new.id; END;
             DROP TRIGGER noted;
             PRAGMA user_version=7;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000)
             INSERT INTO clients SELECT i, 'Client '||i, hex(randomblob(100)) FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) INSERT INTO sessions SELECT 'day '||i, i, i/2.0 FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<40)
             INSERT INTO photos SELECT i, randomblob(20000), 'photo '||i, 'today', 20000 FROM n;
             CREATE TRIGGER noted AFTER INSERT ON clients BEGIN UPDATE clients SET notes = 'x' WHERE id = new.id; END;"
        ))
        .expect("made");
    drop(connection);
    scene
}

fn salvage(scene: &Scene) -> Salvaged {
    let request = SalvageRequest::default();
    scene.store().salvage(&request, &mut unwatched).expect("salvaged")
}

fn path_of(salvaged: &Salvaged) -> PathBuf {
    salvaged.recovered.as_ref().expect("a file").path.clone()
}

/// Every row of every table, by the table.
fn rows(path: &Path) -> BTreeSet<String> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    let mut all = BTreeSet::new();
    for sql in [
        "SELECT 'c' || id || '|' || quote(name) || quote(notes) FROM clients",
        "SELECT 's' || quote(day) || quote(artist) || quote(price) FROM sessions",
        "SELECT 'p' || rowid || quote(client) || quote(image) || quote(title) || quote(taken) || quote(size) FROM photos",
    ] {
        let Ok(mut statement) = connection.prepare(sql) else {
            continue;
        };
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("read");
        all.extend(rows.flatten());
    }
    all
}

#[test]
fn a_damaged_index_is_made_anew_and_no_row_is_missing() {
    let scene = studio("wal");
    let right = rows(&scene.database());
    let connection = scene.open();
    let sql = "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX clients_by_name ON clients(notes)' WHERE name = 'clients_by_name';";
    connection.execute_batch(sql).expect("written");
    drop(connection);
    let salvaged = salvage(&scene);
    assert_eq!(salvaged.method, Method::Reindex);
    assert_eq!(rows(&path_of(&salvaged)), right);
}

#[test]
fn what_is_in_the_wal_is_saved_too() {
    let scene = studio("wal");
    let connection = scene.open();
    connection
        .execute_batch("PRAGMA wal_autocheckpoint=0; INSERT INTO clients VALUES(9999, 'Zoe', 'in the WAL');")
        .expect("written");
    // The page of the sessions in the middle of the main file.
    let copy = scene.path("copy");
    fs::create_dir(&copy).expect("made");
    let mut bytes = fs::read(scene.database()).expect("read");
    let wal = fs::read(scene.path("data/studio.db-wal")).expect("read");
    drop(connection);
    bytes[30 * PAGE..31 * PAGE].fill(0xee);
    fs::write(scene.database(), &bytes).expect("written");
    fs::write(scene.path("data/studio.db-wal"), &wal).expect("written");
    let salvaged = salvage(&scene);
    assert!(rows(&path_of(&salvaged)).iter().any(|row| row.starts_with("c9999|")));
    assert_eq!(fs::read(scene.path("data/studio.db-wal")).expect("read"), wal);
}

#[test]
fn the_recovered_file_is_of_its_database_alone() {
    let scene = studio("delete");
    scene.create();
    let mut bytes = fs::read(scene.database()).expect("read");
    bytes[20 * PAGE..30 * PAGE].fill(0);
    fs::write(scene.database(), &bytes).expect("written");
    let recovered = salvage(&scene).recovered.expect("a file").name;
    let beside = scene.database().with_file_name("inventory.db");
    let store = Store::open(Options::new(&beside)).expect("valid options");
    for is_there in [false, true] {
        if is_there {
            fs::copy(scene.database(), &beside).expect("another database with the same tables");
        }
        assert_eq!(store.list(false).expect("listed").backups, [], "{is_there}");
    }
    let restored = store.restore(&RestoreRequest::of(&recovered), &mut unwatched);
    assert_eq!(restored.expect_err("refused").status(), Status::DifferentDatabase);
}

#[test]
fn the_recovered_file_is_listed_and_kept_and_restored_and_says_what_is_missing() {
    let scene = studio("delete");
    let backup = scene.create().backup.name;
    let mut bytes = fs::read(scene.database()).expect("read");
    bytes[20 * PAGE..30 * PAGE].fill(0);
    fs::write(scene.database(), &bytes).expect("written");
    let planned = SalvageRequest {
        dry_run: true,
        ..SalvageRequest::default()
    };
    let planned = scene.store().salvage(&planned, &mut unwatched).expect("planned");
    assert_eq!(planned.recovered, None);
    let salvaged = salvage(&scene);
    assert_eq!(planned.tables, salvaged.tables);
    let recovered = salvaged.recovered.expect("a file");
    assert_eq!(
        (recovered.kind, recovered.name.as_str()),
        (Kind::Recovered, "recovered_20260304_093012.db")
    );
    let clients = salvaged
        .tables
        .iter()
        .find(|table| table.table == "clients")
        .expect("clients");
    let missing = clients.missing_since.clone().expect("missing");
    assert_eq!((missing.backup, missing.rows + clients.rows), (backup, 2000));
    assert!(scene.store().prune(false).expect("pruned").removed.is_empty());
    let listed = scene.store().list(false).expect("listed").backups;
    assert!(listed.iter().any(|backup| backup.name == recovered.name));
    scene.restore(&recovered.name).expect("restored");
    let connection = scene.open();
    let state: (i64, String) = connection
        .query_row("SELECT (SELECT user_version FROM pragma_user_version), (SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type IN ('view', 'trigger', 'index') AND sql > '' ORDER BY name))", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("read");
    assert_eq!(state, (7, "clients_by_name,names,noted".to_owned()));
    assert_eq!(scene::clients(&connection), i64::try_from(clients.rows).expect("small"));
}

#[test]
fn what_is_deleted_stays_deleted_and_text_stays_text() {
    let scene = studio("delete");
    scene
        .open()
        .execute_batch("INSERT INTO clients VALUES(5000, CAST(x'ff41' AS TEXT), NULL); DELETE FROM clients WHERE id BETWEEN 300 AND 900;")
        .expect("written");
    let right = rows(&scene.database());
    let mut bytes = fs::read(scene.database()).expect("read");
    let photos = bytes.len() - 5 * PAGE;
    bytes[photos..photos + PAGE].fill(0);
    fs::write(scene.database(), &bytes).expect("written");
    let salvaged = salvage(&scene);
    let found = rows(&path_of(&salvaged));
    assert!(
        !found
            .iter()
            .any(|row| row.starts_with("c500|") || row.starts_with("c301|"))
    );
    let connection = Connection::open(path_of(&salvaged)).expect("opens");
    let text: String = connection
        .query_row(
            "SELECT typeof(name) || hex(name) FROM clients WHERE id = 5000",
            [],
            |row| row.get(0),
        )
        .expect("there");
    assert_eq!(text, "textFF41");
    let wrong = found.difference(&right).count() as u64;
    let cut: u64 = salvaged.tables.iter().map(|table| table.cut).sum();
    assert!(wrong <= cut, "{wrong} wrong, {cut} cut");
}

#[test]
fn what_is_no_database_is_said_to_be_none() {
    let scene = Scene::empty();
    fs::write(scene.database(), "a diary".repeat(3000)).expect("written");
    let error = scene
        .store()
        .salvage(&SalvageRequest::default(), &mut unwatched)
        .expect_err("nothing");
    assert_eq!(error.cause, Cause::NotADatabase);
    assert!(scene::names(&scene.backups()).is_empty());
}
