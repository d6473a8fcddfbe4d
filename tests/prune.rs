//! Retention: which backups stay and which are removed.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;

#[cfg(unix)]
use respaldo::Kind;
use respaldo::{Options, Reason, Store, unwatched};
#[cfg(unix)]
use scene::make_database;
use scene::{Scene, names};

#[test]
fn the_newest_backups_stay_and_only_those_of_the_library_are_removed() {
    let scene = Scene::new("delete");
    for day in 1..=9 {
        scene.put_whole_backup(&format!("backup_2026020{day}_090000.db"));
    }
    for name in [
        "antes.db",
        "backup_20260101_090000 (copia).db",
        "backup_20260101.db",
        "backup_20260101_090000.db.bak",
    ] {
        scene.put_whole_backup(name);
    }
    fs::write(scene.path("data/studio.db.before_restore_20260101_090000"), "safety").expect("written");
    let store = Store::open(Options {
        max_backups: 3,
        ..scene.options()
    })
    .expect("valid");
    let planned = store.prune(true).expect("planned");
    assert_eq!(names(&scene.backups()).len(), 13, "a dry run deletes nothing");
    let created = store.create(&mut unwatched).expect("a backup");
    assert_eq!(created.removed.len(), 7);
    assert_eq!(
        names(&scene.backups()),
        [
            "antes.db",
            "backup_20260101.db",
            "backup_20260101_090000 (copia).db",
            "backup_20260101_090000.db.bak",
            "backup_20260208_090000.db",
            "backup_20260209_090000.db",
            "backup_20260304_093012.db",
        ]
    );
    assert!(scene.path("data/studio.db.before_restore_20260101_090000").exists());
    assert_eq!(planned.removed.len(), 6);
    assert!(
        planned
            .removed
            .iter()
            .all(|decision| decision.reason == Reason::OverLimit)
    );
    assert_eq!(
        planned
            .kept
            .iter()
            .filter(|decision| decision.reason == Reason::Preserved)
            .count(),
        4
    );
}

#[test]
fn twenty_backups_are_kept_by_default() {
    let scene = Scene::new("delete");
    for day in 1..=28 {
        scene.put_whole_backup(&format!("backup_202602{day:02}_090000.db"));
    }
    scene.create();
    assert_eq!(names(&scene.backups()).len(), 20);
}

#[test]
fn the_newest_whole_backup_stays_whatever_the_limit() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260201_090000.db");
    scene.put_whole_backup("backup_20260202_090000.db");
    for day in 3..=6 {
        scene.put_backup(&format!("backup_2026020{day}_090000.db"), b"cut short");
    }
    let store = Store::open(Options {
        max_backups: 2,
        ..scene.options()
    })
    .expect("valid");
    let pruned = store.prune(false).expect("pruned");
    assert_eq!(
        names(&scene.backups()),
        [
            "backup_20260202_090000.db",
            "backup_20260205_090000.db",
            "backup_20260206_090000.db"
        ]
    );
    let reason = pruned
        .kept
        .iter()
        .find(|decision| decision.name == "backup_20260202_090000.db");
    assert_eq!(reason.map(|decision| decision.reason), Some(Reason::NewestGood));
}

#[cfg(unix)]
#[test]
fn links_are_listed_and_never_deleted() {
    let scene = Scene::new("delete");
    let elsewhere = scene.path("elsewhere.db");
    make_database(&elsewhere, "delete", 3);
    fs::create_dir(scene.backups()).expect("made");
    std::os::unix::fs::symlink(&elsewhere, scene.backups().join("backup_20200101_090000.db")).expect("linked");
    std::os::unix::fs::symlink("nowhere", scene.backups().join("backup_20200102_090000.db")).expect("linked");
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid");
    let created = store.create(&mut unwatched).expect("a backup");
    assert_eq!(created.removed, [] as [&str; 0]);
    assert_eq!(names(&scene.backups()).len(), 3);
    let listed = store.list(false).expect("listed").backups;
    assert_eq!(listed.iter().filter(|backup| backup.kind == Kind::Preserved).count(), 1);
}
