//! Files of the library's own are as private as the database, from their first instant, and are never reached through a link.

#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use respaldo::{RestoreRequest, unwatched};
use scene::{Scene, make_database};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("there").mode() & 0o7777
}

/// The widest mode that each path was ever seen with, until it is told to stop.
fn watch(folder: &Path, stop: &AtomicBool) -> BTreeMap<PathBuf, u32> {
    let mut seen = BTreeMap::new();
    loop {
        let last = stop.load(Ordering::SeqCst);
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            // Removed meanwhile, perhaps.
            if let Ok(metadata) = entry.metadata() {
                *seen.entry(entry.path()).or_insert(0) |= metadata.mode() & 0o777;
            }
        }
        if last {
            return seen;
        }
    }
}

#[test]
fn nothing_is_ever_wider_than_the_database() {
    // The mode with which the system makes files is that of the whole process: this test is alone in its program with it.
    // SAFETY: umask takes an integer.
    let before = unsafe { libc::umask(0) };
    let scene = Scene::empty();
    make_database(&scene.database(), "delete", 3000);
    set_mode(&scene.database(), 0o600);
    set_mode(&scene.path("data"), 0o750);
    let (data, backups) = (scene.path("data"), scene.backups());
    let stop = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let watchers = [&data, &backups].map(|folder| scope.spawn(|| watch(folder, &stop)));
        for _ in 0..10 {
            let backup = scene.create().backup;
            scene.restore(&backup.name).expect("restored");
            scene
                .store()
                .verify(backup.name.as_ref(), &mut unwatched)
                .expect("whole");
        }
        stop.store(true, Ordering::SeqCst);
        watchers.map(|watcher| watcher.join().expect("watched"))
    });
    // SAFETY: as above.
    unsafe { libc::umask(before) };
    assert!(seen[1].keys().any(|path| path.ends_with("catalog.json")));
    assert!(seen[1].keys().any(|path| path.ends_with("restores.jsonl")));
    for (path, mode) in seen.iter().flatten() {
        let most = if *path == backups { 0o750 } else { 0o600 };
        assert_eq!(mode & !most, 0, "{} was {mode:o}", path.display());
    }
    assert_eq!(mode(&backups), 0o750);
}

#[test]
fn they_have_the_mode_of_the_database_and_a_new_folder_that_of_its_folder() {
    let scene = Scene::new("delete");
    set_mode(&scene.database(), 0o640);
    set_mode(&scene.path("data"), 0o2770);
    let backup = scene.create().backup;
    scene.restore(&backup.name).expect("restored");
    for name in ["catalog.json", "restores.jsonl", backup.name.as_str()] {
        assert_eq!(mode(&scene.backups().join(name)), 0o640, "{name}");
    }
    assert_eq!(mode(&scene.backups()), 0o2770);
    // An older version made the log for everybody to read.
    set_mode(&scene.backups().join("restores.jsonl"), 0o644);
    scene.restore(&backup.name).expect("restored");
    assert_eq!(mode(&scene.backups().join("restores.jsonl")), 0o640);
}

#[test]
fn no_link_is_written_through() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let victims: Vec<PathBuf> = ["restores.jsonl", "catalog.json"]
        .into_iter()
        .map(|name| {
            let victim = scene.path(name);
            fs::write(&victim, "untouched").expect("written");
            let own = scene.backups().join(name);
            let _ = fs::remove_file(&own);
            symlink(&victim, &own).expect("linked");
            victim
        })
        .collect();
    let restored = scene.restore(&backup.name).expect("restored");
    assert_eq!(
        restored.warnings.iter().map(|warning| warning.name).collect::<Vec<_>>(),
        ["RESTORE_NOT_LOGGED"]
    );
    let created = scene.create();
    assert_eq!(
        created.warnings.iter().map(|warning| warning.name).collect::<Vec<_>>(),
        ["CATALOGUE_NOT_WRITTEN"]
    );
    let request = RestoreRequest {
        reason: Some("the log of a restore into a link that leads nowhere".into()),
        ..RestoreRequest::of(&backup.name)
    };
    for victim in &victims {
        assert_eq!(fs::read_to_string(victim).expect("there"), "untouched");
        fs::remove_file(victim).expect("removed");
    }
    scene.store().restore(&request, &mut unwatched).expect("restored");
    scene.create();
    for victim in &victims {
        assert!(!victim.exists(), "nothing was made where the link leads");
    }
}
