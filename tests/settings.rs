//! `settings.json`, in which a backup writes its time.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use respaldo::{Options, Settings, Status, Store, unwatched};
use scene::{Scene, names};

#[test]
fn settings_that_cannot_be_changed_stay_and_give_a_warning() {
    let scene = Scene::new("delete");
    let settings = scene.path("data/settings.json");
    for text in ["", "{not json", "[1, 2]", "\"text\"", "{\"a\": 1} trailing"] {
        fs::write(&settings, text).expect("written");
        let created = scene.create();
        assert_eq!(
            created.warnings.first().map(|warning| warning.name),
            Some("SETTINGS_NOT_UPDATED"),
            "{text}"
        );
        assert_eq!(fs::read_to_string(&settings).expect("there"), text);
    }
    assert!(
        !names(&scene.path("data"))
            .iter()
            .any(|name| name.starts_with(".respaldo"))
    );
}

/// The new contents of the settings, which are staged in a temporary file before the backup is made.
fn staged_settings(scene: &Scene) -> PathBuf {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = names(&scene.path("data"))
            .into_iter()
            .find(|name| name.starts_with(".respaldo"));
        match found {
            Some(name) => return scene.path("data").join(name),
            None => assert!(Instant::now() < deadline, "nothing was staged"),
        }
    }
}

#[test]
fn changes_to_the_settings_while_a_backup_is_made_stay() {
    type Meanwhile = fn(&Scene);
    let cases: [(Meanwhile, &str); 4] = [
        (|_| {}, "{\"tema\": 1, "),
        (
            |scene| fs::write(scene.path("data/settings.json"), "{\"tema\": 2, \"b\": []}").expect("written"),
            "{\"tema\": 2, \"b\": [], ",
        ),
        (
            |scene| fs::remove_file(scene.path("data/settings.json")).expect("removed"),
            "{\n  ",
        ),
        (
            |scene| fs::remove_file(staged_settings(scene)).expect("swept"),
            "{\"tema\": 1, ",
        ),
    ];
    for (meanwhile, beginning) in cases {
        let scene = Scene::new("delete");
        let settings = scene.path("data/settings.json");
        fs::write(&settings, "{\"tema\": 1}").expect("written");
        let mut done = false;
        let created = scene.store().create(&mut |_| {
            if !done {
                staged_settings(&scene);
                meanwhile(&scene);
            }
            done = true;
            ControlFlow::Continue(())
        });
        assert_eq!(created.expect("a backup").warnings, []);
        let text = fs::read_to_string(&settings).expect("there");
        assert!(
            text.starts_with(&format!("{beginning}\"last_backup_at\": \"2026-")),
            "{text}"
        );
        assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
    }
}

#[test]
fn a_cancelled_backup_leaves_the_settings_as_they_are() {
    let scene = Scene::new("delete");
    let settings = scene.path("data/settings.json");
    fs::write(&settings, "{\"tema\": 1}").expect("written");
    let cancelled = scene.store().create(&mut |_| {
        staged_settings(&scene);
        ControlFlow::Break(())
    });
    assert_eq!(cancelled.expect_err("cancelled").status(), Status::Cancelled);
    assert_eq!(fs::read_to_string(&settings).expect("there"), "{\"tema\": 1}");
    assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
}

#[cfg(unix)]
#[test]
fn the_settings_file_keeps_its_permissions_and_its_link() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new("delete");
    let real = scene.path("real.json");
    fs::write(&real, "{\"tema\": \"oscuro\"}").expect("written");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("set");
    std::os::unix::fs::symlink(&real, scene.path("data/settings.json")).expect("linked");
    assert_eq!(scene.create().warnings, []);
    assert!(
        fs::symlink_metadata(scene.path("data/settings.json"))
            .expect("there")
            .is_symlink()
    );
    assert_eq!(
        fs::read_to_string(&real).expect("there"),
        "{\"tema\": \"oscuro\", \"last_backup_at\": \"2026-03-04T09:30:12-07:00\"}"
    );
    assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_store_without_settings_makes_no_settings_file() {
    let scene = Scene::new("delete");
    let store = Store::open(Options {
        settings: Settings::Nowhere,
        ..scene.options()
    })
    .expect("valid");
    store.create(&mut unwatched).expect("a backup");
    assert_eq!(names(&scene.path("data")), ["backups", "studio.db"]);
}
