//! Verifying a backup or the live database.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::path::Path;

use respaldo::{Status, unwatched};
use scene::{Scene, damage};

#[test]
fn a_whole_backup_is_verified_by_its_name_and_by_its_path() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    for name in [Path::new(&backup.name), &backup.path] {
        let verified = scene.store().verify(name, &mut unwatched).expect("whole");
        assert_eq!(verified.path, backup.path);
        assert_eq!(verified.pages * verified.page_size, backup.size);
    }
}

#[test]
fn the_live_database_can_be_verified_and_its_damage_is_database_corrupt() {
    let scene = Scene::new("wal");
    let open = scene.open();
    open.execute_batch("INSERT INTO clients(name) VALUES('in the WAL')")
        .expect("written");
    scene.store().verify(&scene.database(), &mut unwatched).expect("whole");
    drop(open);
    damage(&scene.database(), 5 * 4096, &[0xff; 4096]);
    let error = scene
        .store()
        .verify(&scene.database(), &mut unwatched)
        .expect_err("damaged");
    assert_eq!(error.status(), Status::DatabaseCorrupt, "{error}");
}
