//! Restoring backups that are damaged, hostile, or made by another program.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::path::{Path, PathBuf};

use respaldo::{Status, unwatched};
use rusqlite::Connection;
use scene::{SAFETY_COPY, Scene, clients, clients_in, clients_lost, damage, journal_mode, make_database, names};

#[test]
fn a_backup_that_is_not_whole_changes_nothing() {
    let (scene, backup) = clients_lost("delete");
    let whole = fs::read(scene.backups().join(&backup)).expect("read");
    let cut = scene.put_backup("cut.db", &whole[..whole.len() - 4096]);
    let damaged = scene.put_backup("damaged.db", &whole);
    damage(&damaged, 2 * 4096, &[0xff; 4096]);
    let empty = scene.put_backup("empty.db", b"");
    let letter = scene.put_backup("letter.db", b"Querida clienta");
    let before = fs::read(scene.database()).expect("read");
    for (path, status) in [
        (cut, Status::BackupCorrupt),
        (damaged, Status::BackupCorrupt),
        (empty, Status::NotADatabase),
        (letter, Status::NotADatabase),
        (scene.path("gone.db"), Status::BackupNotFound),
        (scene.path("data"), Status::BackupNotFound),
        (PathBuf::from("gone.db"), Status::BackupNotFound),
        (PathBuf::from("studio.db"), Status::BackupNotFound),
    ] {
        let restored = scene.restore(&path).expect_err("not usable");
        assert_eq!(restored.status(), status, "{}: {restored}", path.display());
        let verified = scene.store().verify(&path, &mut unwatched).expect_err("not usable");
        assert_eq!(verified.status(), status, "{}: {verified}", path.display());
        assert!(verified.path.is_some());
    }
    assert_eq!(fs::read(scene.database()).expect("read"), before);
    assert!(!scene.path("data").join(SAFETY_COPY).exists());
}

#[test]
fn a_backup_of_another_page_size_is_restored() {
    for mode in ["delete", "wal"] {
        for backup_size in [1024, 8192] {
            let (scene, _) = clients_lost(mode);
            let backup = scene.put_backup("other.db", b"");
            let connection = Connection::open(&backup).expect("opens");
            connection
                .execute_batch(&format!(
                    "PRAGMA page_size={backup_size}; CREATE TABLE clients(name); CREATE INDEX i ON clients(name);
                     INSERT INTO clients(rowid, name) VALUES(5, 'a'), (70, 'b'); PRAGMA user_version=9;"
                ))
                .expect("written");
            drop(connection);
            let open = scene.open();
            assert_eq!(clients(&open), 10);
            scene.restore("other.db").expect("restored");
            let rowids: i64 = open
                .query_row("SELECT sum(rowid) FROM clients", [], |row| row.get(0))
                .expect("a sum");
            assert_eq!(rowids, 75, "{mode}, {backup_size}");
            assert_eq!(journal_mode(&scene.open()), mode);
            assert_eq!(names(&scene.backups()).len(), 3, "nothing is left beside the backups");
        }
    }
}

#[test]
fn a_schema_that_another_page_size_would_lose_is_refused() {
    let (scene, _) = clients_lost("wal");
    let backup = scene.put_backup("other.db", b"");
    Connection::open(&backup)
        .and_then(|tampered| {
            tampered.execute_batch(
                "PRAGMA page_size=1024; CREATE TABLE clients(name); INSERT INTO clients VALUES('a');
                 PRAGMA writable_schema=ON; UPDATE sqlite_schema SET type='tAble';",
            )
        })
        .expect("written");
    let verified = scene.store().verify(Path::new("other.db"), &mut unwatched);
    verified.expect("every check passes");
    let error = scene.restore("other.db").expect_err("VACUUM would leave the table out");
    assert_eq!(error.status(), Status::BackupCorrupt, "{error}");
    assert_eq!(clients(&scene.open()), 10);
}

#[test]
fn an_index_that_only_the_application_can_build_is_not_called_damage() {
    let (scene, _) = clients_lost("wal");
    let backup = scene.put_backup("other.db", b"");
    let application = Connection::open(&backup).expect("opens");
    application
        .create_collation("spanish", |a: &str, b: &str| b.cmp(a))
        .expect("registered");
    application
        .execute_batch(
            "PRAGMA page_size=1024; CREATE TABLE clients(name COLLATE spanish); CREATE INDEX i ON clients(name);
             INSERT INTO clients VALUES('a'), ('b')",
        )
        .expect("written");
    drop(application);
    let error = scene
        .restore("other.db")
        .expect_err("its pages cannot be made larger here");
    assert_eq!(error.status(), Status::IoError, "{error}");
    assert_eq!(error.path, Some(backup));
    assert_eq!(clients(&scene.open()), 10);
}

#[test]
fn a_backup_of_another_text_encoding_is_restored() {
    for (mode, encoding, live) in [("delete", "UTF-16le", "UTF-8"), ("wal", "UTF-8", "UTF-16be")] {
        let scene = Scene::empty();
        let make = |path: &Path, encoding: &str, name: &str| {
            let sql = format!(
                "PRAGMA encoding='{encoding}'; PRAGMA journal_mode={mode};
                 CREATE TABLE clients(name); INSERT INTO clients VALUES('{name}')"
            );
            Connection::open(path)
                .and_then(|connection| connection.execute_batch(&sql))
                .expect("written");
        };
        make(&scene.database(), live, "vieja");
        make(&scene.put_backup("ñ.db", b""), encoding, "año nuevo");
        scene.restore("ñ.db").expect("restored");
        let name: String = scene
            .open()
            .query_row("SELECT name FROM clients", [], |row| row.get(0))
            .expect("a row");
        assert_eq!(name, "año nuevo", "{mode}");
    }
}

#[test]
fn a_backup_in_wal_mode_does_not_change_the_journal_mode() {
    for mode in ["delete", "wal"] {
        let (scene, _) = clients_lost(mode);
        let backup = scene.put_backup("antes de migrar.db", b"");
        make_database(&backup, "wal", 42);
        let before = fs::read(&backup).expect("read");
        scene.restore("antes de migrar.db").expect("restored");
        assert_eq!(clients_in(&scene.database()), 42);
        assert_eq!(journal_mode(&scene.open()), mode);
        assert!(fs::read(&backup).expect("read") == before, "a backup is only read");
        assert!(!scene.backups().join("antes de migrar.db-wal").exists());
    }
}

#[test]
fn a_schema_without_an_end_is_refused() {
    // Thirteen pages of which each leads to the next by sixty pointers: SQLite would read 60^8 rows.
    let (scene, backup) = clients_lost("delete");
    let endless = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/endless.db");
    let error = scene.restore(endless).expect_err("refused");
    assert_eq!(error.status(), Status::BackupCorrupt, "{error}");
    fs::copy(endless, scene.database()).expect("copied");
    let error = scene.store().create(&mut unwatched).expect_err("refused");
    assert_eq!(error.status(), Status::DatabaseCorrupt, "{error}");
    scene.restore(&backup).expect("a whole backup can still be restored");
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn hostile_triggers_and_views_are_data() {
    let (scene, _) = clients_lost("delete");
    let backup = scene.put_backup("hostil.db", b"");
    Connection::open(&backup)
        .and_then(|connection| {
            connection.execute_batch(
                "CREATE TABLE clients(name); CREATE TABLE loot(x);
                 CREATE TRIGGER t AFTER INSERT ON clients BEGIN INSERT INTO loot VALUES(new.name); END;
                 CREATE VIEW v AS SELECT writefile('/tmp/respaldo-was-here', 'x');
                 INSERT INTO clients VALUES('a');",
            )
        })
        .expect("written");
    scene.restore("hostil.db").expect("restored");
    let loot: i64 = scene
        .open()
        .query_row("SELECT count(*) FROM loot", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(loot, 1, "only what it did to itself");
}

#[test]
fn a_table_with_the_name_of_the_one_that_writes_pages_is_data_like_any() {
    let (scene, _) = clients_lost("wal");
    let hostile = scene.path("hostile.db");
    make_database(&hostile, "wal", 200);
    let made = Connection::open(&hostile).expect("opens");
    made.execute_batch(
        "CREATE TABLE pages(pgno INTEGER PRIMARY KEY, data);
         WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60)
         INSERT INTO pages SELECT n, zeroblob(4096) FROM c; PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET name = 'sqlite_dbpage', tbl_name = 'sqlite_dbpage',
         sql = 'CREATE TABLE sqlite_dbpage(pgno INTEGER PRIMARY KEY, data)' WHERE name = 'pages'",
    )
    .expect("made");
    drop(made);
    scene.restore(&hostile).expect("restored");
    assert_eq!(clients(&scene.open()), 200);
}
