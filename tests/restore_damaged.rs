//! Restoring where the live database is missing, damaged or no database at all.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;

use respaldo::{Status, unwatched};
use rusqlite::Connection;
use scene::{SAFETY_COPY, Scene, clients, clients_in, clients_lost, damage, journal_mode};

#[test]
fn a_missing_database_is_made_again() {
    let (scene, backup) = clients_lost("delete");
    fs::remove_file(scene.database()).expect("lost");
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(restored.safety_backup, None);
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn a_wal_left_by_a_vanished_database_does_not_undo_the_restore() {
    let (scene, backup) = clients_lost("wal");
    // The program crashed, and then the main file was deleted by hand. Its WAL is still there.
    let open = scene.open();
    open.execute_batch("DELETE FROM clients").expect("deleted");
    let wal = fs::read(scene.path("data/studio.db-wal")).expect("a WAL");
    drop(open);
    fs::remove_file(scene.database()).expect("lost");
    fs::write(scene.path("data/studio.db-wal"), &wal).expect("left behind");
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(restored.safety_backup, None);
    assert_eq!(clients_in(&scene.database()), 100);
    assert!(!scene.path("data/studio.db-wal").exists());
    assert_eq!(
        fs::read(scene.path("data").join(format!("{SAFETY_COPY}-wal"))).expect("saved"),
        wal
    );
}

#[test]
fn a_safety_copy_is_not_put_beside_the_wal_of_another() {
    let (scene, backup) = clients_lost("wal");
    let open = scene.open();
    open.execute_batch("DELETE FROM clients").expect("deleted");
    let wal = fs::read(scene.path("data/studio.db-wal")).expect("a WAL");
    drop(open);
    fs::remove_file(scene.database()).expect("lost");
    fs::write(scene.path("data/studio.db-wal"), &wal).expect("left behind");
    // The first restore saves the WAL alone; the second, in the same second, saves the whole database.
    scene.restore(&backup).expect("restored");
    let safety = scene
        .restore(&backup)
        .expect("restored")
        .safety_backup
        .expect("a safety copy");
    assert_eq!(safety, scene.path("data").join(format!("{SAFETY_COPY}_2")));
    assert_eq!(clients(&Connection::open(&safety).expect("opens")), 100);
}

#[test]
fn what_is_not_a_database_is_saved_byte_for_byte_with_its_sidecars() {
    let (scene, backup) = clients_lost("delete");
    let data = scene.path("data");
    fs::write(scene.database(), b"a disk error wrote this").expect("written");
    for sidecar in ["-wal", "-shm", "-journal"] {
        fs::write(data.join(format!("studio.db{sidecar}")), format!("old{sidecar}")).expect("written");
    }
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(restored.safety_backup, Some(data.join(SAFETY_COPY)));
    assert_eq!(clients_in(&scene.database()), 100);
    assert_eq!(
        fs::read(data.join(SAFETY_COPY)).expect("saved"),
        b"a disk error wrote this"
    );
    for sidecar in ["-wal", "-shm", "-journal"] {
        assert!(!data.join(format!("studio.db{sidecar}")).exists());
        let saved = fs::read_to_string(data.join(format!("{SAFETY_COPY}{sidecar}"))).expect("saved");
        assert_eq!(saved, format!("old{sidecar}"));
    }
    let safety = scene.store().list(true).expect("listed").backups;
    assert_eq!(
        safety.iter().filter(|backup| backup.name.starts_with("studio")).count(),
        1,
        "sidecars are not backups"
    );
}

#[test]
fn a_damaged_database_is_saved_byte_for_byte() {
    for (mode, cut) in [("delete", false), ("wal", false), ("delete", true)] {
        let (scene, backup) = clients_lost(mode);
        if cut {
            let file = fs::File::options().write(true).open(scene.database()).expect("opens");
            file.set_len(5 * 4096 + 100).expect("cut");
        } else {
            damage(&scene.database(), 2 * 4096, &[0xff; 4096]);
        }
        let damaged = fs::read(scene.database()).expect("read");
        let restored = scene.restore(&backup).expect("restored");
        let saved = restored.safety_backup.expect("a safety copy");
        assert!(fs::read(&saved).expect("read") == damaged, "{mode}, cut: {cut}");
        assert_eq!(clients_in(&scene.database()), 100);
        assert_eq!(journal_mode(&scene.open()), if cut { "delete" } else { mode });
    }
}

#[test]
fn a_damaged_write_version_does_not_prevent_a_restore() {
    let (scene, backup) = clients_lost("delete");
    damage(&scene.database(), 18, &[3]);
    let damaged = fs::read(scene.database()).expect("read");
    let safety = scene
        .restore(&backup)
        .expect("restored")
        .safety_backup
        .expect("a safety copy");
    assert!(fs::read(safety).expect("read") == damaged);
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn the_open_wal_of_a_damaged_database_is_saved_with_it() {
    let scene = Scene::new("wal");
    let backup = scene.create().backup.name;
    let open = scene.open();
    open.execute_batch("PRAGMA wal_autocheckpoint=0; INSERT INTO clients(name) VALUES('in the WAL')")
        .expect("written");
    damage(&scene.database(), 5 * 4096, &[0xff; 4096]);
    let wal = fs::read(scene.path("data/studio.db-wal")).expect("a WAL");
    scene.restore(&backup).expect("restored");
    assert!(
        fs::read(scene.path("data").join(format!("{SAFETY_COPY}-wal")))
            .expect("saved")
            .starts_with(&wal)
    );
    assert_eq!(clients(&open), 100, "the open connection goes on");
}

#[test]
fn an_empty_database_file_receives_the_backup() {
    let (scene, backup) = clients_lost("delete");
    fs::write(scene.database(), b"").expect("emptied");
    let open = scene.open();
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(
        fs::read(restored.safety_backup.expect("a safety copy")).expect("read"),
        b""
    );
    assert_eq!(clients(&open), 100);
}

#[test]
fn the_wal_of_a_database_file_of_one_byte_or_none_is_kept() {
    // SQLite treats a file of one byte as an empty one, and deletes the WAL of an empty database.
    for contents in [&b""[..], b"x"] {
        let (scene, backup) = clients_lost("wal");
        let wal = scene.path("data/studio.db-wal");
        fs::write(scene.database(), contents).expect("emptied");
        fs::write(&wal, "all that is left").expect("written");
        let error = scene.store().create(&mut unwatched).expect_err("no database");
        assert_eq!(error.status(), Status::NotADatabase);
        assert_eq!(fs::read_to_string(&wal).expect("still there"), "all that is left");
        let restored = scene.restore(&backup).expect("restored");
        let safety = restored.safety_backup.expect("a safety copy");
        assert_eq!(fs::read(&safety).expect("read"), contents);
        let saved_wal = format!("{}-wal", safety.display());
        assert_eq!(fs::read_to_string(saved_wal).expect("saved"), "all that is left");
        assert_eq!(clients(&scene.open()), 100);
    }
}
