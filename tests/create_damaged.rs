//! Creating a backup of a database that is missing, damaged, or only looks so: guarantee 3 of the contract.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;

use respaldo::{Options, Status, Store, Verification, unwatched};
use rusqlite::Connection;
use scene::{Scene, damage, names};

#[test]
fn a_missing_database_is_an_error_and_not_an_empty_backup() {
    let scene = Scene::empty();
    let error = scene.store().create(&mut unwatched).expect_err("nothing to back up");
    assert_eq!(error.status(), Status::DatabaseNotFound);
    assert_eq!(error.path, Some(scene.database()));
    assert_eq!(names(&scene.path("data")), [] as [&str; 0]);
}

#[test]
fn what_is_not_a_database_is_refused_and_old_backups_stay() {
    for contents in [&b""[..], b"Estimada clienta:", &[0; 8192]] {
        let scene = Scene::empty();
        let old = scene.put_whole_backup("backup_20260301_090000.db");
        fs::write(scene.database(), contents).expect("written");
        let error = scene.store().create(&mut unwatched).expect_err("not a database");
        assert_eq!(error.status(), Status::NotADatabase, "{error}");
        assert_eq!(error.path, Some(scene.database()));
        assert_eq!(names(&scene.backups()), ["backup_20260301_090000.db"]);
        assert!(old.exists());
    }
}

#[test]
fn a_corrupt_database_removes_no_whole_backup() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260301_090000.db");
    damage(&scene.database(), 2 * 4096, &[0xff; 4096]);
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid");
    let error = store.create(&mut unwatched).expect_err("damaged");
    assert_eq!(error.status(), Status::DatabaseCorrupt, "{error}");
    assert_eq!(error.path, Some(scene.database()));
    assert!(error.problems().is_some_and(|problems| !problems.is_empty()));
    assert_eq!(names(&scene.backups()), ["backup_20260301_090000.db"]);
    assert!(!scene.path("data/settings.json").exists());
}

#[test]
fn a_truncated_database_is_refused() {
    let scene = Scene::new("delete");
    let file = fs::File::options().write(true).open(scene.database()).expect("opens");
    let size = file.metadata().expect("there").len();
    file.set_len(size - 4096).expect("cut");
    let error = scene.store().create(&mut unwatched).expect_err("cut short");
    assert_eq!(error.status(), Status::DatabaseCorrupt, "{error}");
    assert_eq!(names(&scene.backups()), [] as [&str; 0]);
}

#[test]
fn a_database_whose_last_page_is_cut_off_is_refused() {
    // The last page is an overflow page, which no check reads.
    for mode in ["delete", "wal"] {
        let scene = Scene::empty();
        Connection::open(scene.database())
            .and_then(|connection| {
                connection.execute_batch(&format!(
                    "PRAGMA journal_mode={mode}; CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(9000))"
                ))
            })
            .expect("written");
        scene.create();
        let file = fs::File::options().write(true).open(scene.database()).expect("opens");
        file.set_len(file.metadata().expect("there").len() - 7).expect("cut");
        let error = scene.store().create(&mut unwatched).expect_err("cut short");
        assert_eq!(error.status(), Status::DatabaseCorrupt, "{mode}: {error}");
        let backup = scene.store().list(false).expect("listed").backups.remove(0).name;
        let safety = scene
            .restore(&backup)
            .expect("restored")
            .safety_backup
            .expect("a safety copy");
        assert_eq!(
            fs::metadata(safety).expect("there").len() % 4096,
            4096 - 7,
            "{mode}: byte for byte"
        );
    }
}

#[test]
fn an_index_that_lost_a_row_is_found_by_full_verification_only() {
    let scene = Scene::new("delete");
    // The index is taken out of the schema, the table is changed, and the index is put back.
    scene
        .open()
        .execute_batch(
            "PRAGMA writable_schema=ON;
             CREATE TEMP TABLE kept AS SELECT * FROM sqlite_schema WHERE name='clients_by_name';
             DELETE FROM sqlite_schema WHERE name='clients_by_name';
             PRAGMA writable_schema=RESET;
             UPDATE clients SET name='renamed' WHERE id=5;
             PRAGMA writable_schema=ON;
             INSERT INTO sqlite_schema SELECT * FROM temp.kept;
             PRAGMA writable_schema=RESET;",
        )
        .expect("written");
    let error = scene
        .store()
        .create(&mut unwatched)
        .expect_err("the index has the old name");
    assert_eq!(error.status(), Status::DatabaseCorrupt, "{error}");
    let quick = Store::open(Options {
        verify: Verification::Quick,
        ..scene.options()
    })
    .expect("valid");
    quick.create(&mut unwatched).expect("its structure is sound");
}

#[test]
fn a_collation_that_only_the_application_has_gives_a_warning() {
    let scene = Scene::new("delete");
    let application = scene.open();
    application
        .create_collation("spanish", |a: &str, b: &str| b.cmp(a))
        .expect("registered");
    application
        .execute_batch(
            "CREATE TABLE t(x COLLATE spanish); CREATE INDEX i ON t(x); INSERT INTO t VALUES('a'),('b'),('c')",
        )
        .expect("written");
    let created = scene.create();
    let warned: Vec<&str> = created.warnings.iter().map(|warning| warning.name).collect();
    assert_eq!(warned, ["CHECKED_WITHOUT_INDEXES"]);
    scene.restore(&created.backup.name).expect("it can be restored too");
}

#[test]
fn a_broken_check_constraint_is_not_damage() {
    let scene = Scene::new("delete");
    scene
        .open()
        .execute_batch(
            "CREATE TABLE prices(amount CHECK(amount > 0)); PRAGMA ignore_check_constraints=ON;
             INSERT INTO prices VALUES(-1)",
        )
        .expect("written");
    assert_eq!(scene.create().warnings, []);
}
