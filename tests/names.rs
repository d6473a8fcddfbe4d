//! Names: none is given twice, and the list is in the order of making.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use respaldo::{Options, Store, unwatched};
use scene::{MORNING, Scene, names};

fn keeping(scene: &Scene, max_backups: usize) -> Store {
    let options = Options {
        max_backups,
        busy_timeout: Duration::from_secs(60),
        ..scene.options()
    };
    Store::open(options).expect("valid")
}

#[test]
fn no_call_removes_what_it_made_when_the_clock_stands_still() {
    let scene = Scene::new("delete");
    for max_backups in [1, 2] {
        let store = keeping(&scene, max_backups);
        for _ in 0..5 {
            let created = store.create(&mut unwatched).expect("a backup");
            assert!(created.backup.path.exists(), "{created:?}");
            assert!(!created.removed.contains(&created.backup.name), "{created:?}");
            let newest = &store.list(false).expect("listed").backups[0];
            assert_eq!(
                newest.name, created.backup.name,
                "the last made is the first of the list"
            );
        }
        assert_eq!(names(&scene.backups()).len(), max_backups);
    }
}

#[test]
fn a_name_is_not_given_again_whatever_was_deleted() {
    let scene = Scene::new("delete");
    let mut given = BTreeSet::new();
    let mut create = || {
        let created = scene.create();
        assert!(
            given.insert(created.backup.name.clone()),
            "{} was given twice",
            created.backup.name
        );
        created.backup
    };
    let first = create();
    let second = create();
    fs::remove_file(&second.path).expect("deleted by hand");
    let third = create();
    assert_eq!(third.name, "backup_20260304_093012_3.db");
    for backup in [&first, &third] {
        fs::remove_file(&backup.path).expect("deleted by hand");
    }
    assert_eq!(create().name, "backup_20260304_093012_4.db");
    // The clock goes on and comes back to the same second.
    scene.set_clock("2026-03-04T16:30:13Z");
    fs::remove_file(create().path).expect("deleted by hand");
    scene.set_clock(MORNING);
    assert_eq!(create().name, "backup_20260304_093012_5.db");
    scene.set_clock("2026-03-04T16:30:13Z");
    assert_eq!(create().name, "backup_20260304_093013_2.db");
}

#[test]
fn without_a_catalogue_the_files_there_tell_what_was_given() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260304_093012_7.db");
    let created = scene.create();
    assert_eq!(created.backup.name, "backup_20260304_093012_8.db");
    fs::remove_file(scene.backups().join("catalog.json")).expect("lost");
    assert_eq!(scene.create().backup.name, "backup_20260304_093012_9.db");
}

#[test]
fn a_number_that_has_no_next_one_stops_nobody() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260304_093012_4294967295.db");
    let names: Vec<String> = (0..3).map(|_| scene.create().backup.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 3, "{names:?}");
}

#[test]
fn several_callers_in_one_second_get_names_of_their_own() {
    let scene = Scene::new("delete");
    let given = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = keeping(&scene, 1);
                for _ in 0..5 {
                    let created = store.create(&mut unwatched).expect("a backup");
                    given.lock().expect("unbroken").push(created.backup.name);
                }
            });
        }
    });
    let given = given.into_inner().expect("unbroken");
    assert_eq!(given.len(), 20);
    assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), 20, "{given:?}");
    assert_eq!(names(&scene.backups()).len(), 1);
}

#[test]
fn a_safety_copy_gets_a_name_above_those_there() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    fs::write(scene.path("data/studio.db.before_restore_20260304_093012_3"), "by hand").expect("written");
    let restored = scene.restore(&backup.name).expect("restored");
    let safety = restored.safety_backup.expect("one");
    assert_eq!(safety, scene.path("data/studio.db.before_restore_20260304_093012_4"));
}
