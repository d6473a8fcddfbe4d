//! Rehearsals: restored elsewhere, verified, asked, removed, remembered.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use respaldo::{Cause, Options, Overall, RehearseRequest, Rehearsed, Result, Status, Store, Watch, unwatched};
use scene::{Scene, clients_in, damage, names};
use serde_json::json;

fn rehearse(scene: &Scene, backup: Option<PathBuf>, checks: &[&str]) -> Result<Rehearsed> {
    let checks = checks.iter().map(|sql| (*sql).to_owned()).collect();
    scene
        .store()
        .rehearse(&RehearseRequest { backup, checks }, &mut unwatched)
}

fn backup_files(scene: &Scene) -> Vec<String> {
    let mut names = names(&scene.backups());
    names.retain(|name| name != "catalog.json");
    names
}

#[test]
fn the_newest_is_rehearsed_with_the_applications_questions_and_nothing_is_left() {
    for mode in ["delete", "wal"] {
        let scene = Scene::new(mode);
        scene.create();
        scene.set_clock("2026-03-05T16:30:12Z");
        let newest = scene.create().backup.name;
        let before = (backup_files(&scene), names(&scene.path("data")));
        let checks = ["SELECT count(*) = 100 FROM clients", "SELECT count(*) FROM names"];
        let rehearsed = rehearse(&scene, None, &checks).expect("rehearsed");
        assert!(rehearsed.ok && rehearsed.problems.is_empty() && rehearsed.warnings.is_empty());
        assert_eq!(rehearsed.backup.name, newest);
        assert!(rehearsed.backup.rehearsed_at.is_some(), "it is remembered");
        let got: Vec<_> = rehearsed
            .checks
            .iter()
            .map(|check| (check.ok, check.got.clone()))
            .collect();
        assert_eq!(got, [(true, json!(1)), (true, json!(100))]);
        assert_eq!((backup_files(&scene), names(&scene.path("data"))), before);
        assert_eq!(clients_in(&scene.database()), 100);
    }
}

#[test]
fn a_check_that_is_not_true_makes_it_not_well_and_health_says_so() {
    let scene = Scene::new("delete");
    let name = scene.create().backup.name;
    let rehearsed = rehearse(&scene, None, &["SELECT count(*) > 500 FROM clients"]).expect("rehearsed");
    assert!(!rehearsed.ok && !rehearsed.checks[0].ok);
    assert_eq!(rehearsed.backup.rehearsed_at, None);
    let health = scene.store().health(false, &mut unwatched).expect("an answer");
    assert_eq!(
        (health.overall, health.findings[0].name),
        (Overall::Danger, "REHEARSAL_FAILED")
    );
    assert!(health.findings[0].message.contains(&name));
    assert!(rehearse(&scene, None, &[]).expect("rehearsed").ok);
    let health = scene.store().health(false, &mut unwatched).expect("an answer");
    assert_eq!(health.overall, Overall::Ok);
    assert_eq!(health.last_rehearsal.map(|backup| backup.name), Some(name));
}

#[test]
fn a_check_cannot_change_anything_nor_reach_another_file() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let bytes = fs::read(&backup.path).expect("read");
    let attach = format!("ATTACH '{}' AS live", scene.database().display());
    let checks = [
        "DELETE FROM clients",
        &attach,
        "PRAGMA writable_schema = 1",
        "SELECT 1; SELECT 2",
    ];
    let rehearsed = rehearse(&scene, Some(backup.name.into()), &checks).expect("rehearsed");
    assert!(!rehearsed.ok);
    assert!(
        rehearsed.checks.iter().all(|check| !check.ok && check.got.is_string()),
        "{:?}",
        rehearsed.checks
    );
    assert_eq!(fs::read(&backup.path).expect("read"), bytes);
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn a_damaged_backup_fails_is_remembered_and_leaves_nothing() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    damage(&backup.path, 4096, &[0xff; 4096]);
    let before = backup_files(&scene);
    let error = rehearse(&scene, None, &[]).expect_err("damaged");
    assert_eq!(error.status(), Status::BackupCorrupt);
    assert_eq!(backup_files(&scene), before);
    let health = scene.store().health(false, &mut unwatched).expect("an answer");
    assert_eq!(health.damaged, [backup.name]);
}

#[test]
fn a_changed_letter_that_every_check_of_sqlite_passes_is_a_problem() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let modified = fs::metadata(&backup.path)
        .and_then(|found| found.modified())
        .expect("a time");
    let bytes = fs::read(&backup.path).expect("read");
    // In the notes, which no index holds.
    let place = bytes
        .windows(9)
        .rposition(|window| window == b"Client 77")
        .expect("there")
        + 12;
    damage(&backup.path, place as u64, b"Z");
    let file = fs::File::options().write(true).open(&backup.path).expect("opens");
    file.set_modified(modified).expect("set");
    let rehearsed = rehearse(&scene, None, &[]).expect("rehearsed");
    assert_eq!((rehearsed.ok, rehearsed.problems.len()), (false, 1));
    assert_eq!(
        scene.store().list(false).expect("listed").backups[0].intact,
        Some(false)
    );
}

#[test]
fn a_file_of_elsewhere_can_be_rehearsed_and_a_missing_one_cannot() {
    let scene = Scene::new("delete");
    let missing = rehearse(&scene, None, &[]).expect_err("no backup");
    assert_eq!(missing.cause, Cause::BackupNotFound);
    let backup = scene.create().backup;
    let elsewhere = scene.path("elsewhere.db");
    fs::copy(&backup.path, &elsewhere).expect("copied");
    assert!(
        rehearse(&scene, Some(elsewhere), &["SELECT count(*) FROM clients"])
            .expect("rehearsed")
            .ok
    );
    assert_eq!(scene.store().list(false).expect("listed").backups[0].rehearsed_at, None);
    let missing = rehearse(&scene, Some("none.db".into()), &[]).expect_err("no backup");
    assert_eq!(missing.cause, Cause::BackupNotFound);
}

#[test]
fn it_can_be_called_off_and_what_a_killed_process_left_is_swept() {
    let scene = Scene::new("delete");
    scene.create();
    fs::write(scene.backups().join(".respaldo-abc123.tmp"), "left").expect("written");
    let before = ["backup_20260304_093012.db"];
    let request = RehearseRequest::default();
    let error = scene
        .store()
        .rehearse(&request, &mut |_| ControlFlow::Break(()))
        .expect_err("cancelled");
    assert_eq!(error.cause, Cause::Cancelled);
    assert_eq!(backup_files(&scene), before);
    let listed = scene.store().list(false).expect("listed").backups;
    assert_eq!(listed[0].rehearsed_at, None, "nothing was found out");
}

#[test]
fn health_asks_for_a_rehearsal_when_it_is_time() {
    let scene = Scene::new("delete");
    scene.create();
    let store = Store::open(Options {
        watch: Watch {
            max_age_days: 365,
            rehearse_every_days: Some(30),
            ..Watch::default()
        },
        ..scene.options()
    })
    .expect("valid");
    let due = || {
        let health = store.health(false, &mut unwatched).expect("an answer");
        health.findings.iter().any(|finding| finding.name == "REHEARSAL_DUE")
    };
    assert!(due(), "there never was one");
    rehearse(&scene, None, &[]).expect("rehearsed");
    assert!(!due());
    scene.set_clock("2026-04-03T16:30:12Z"); // 30 days later
    assert!(!due());
    scene.set_clock("2026-04-04T16:30:12Z");
    assert!(due());
}

#[cfg(unix)]
#[test]
fn the_copy_has_the_mode_of_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new("delete");
    scene.create();
    fs::set_permissions(scene.database(), fs::Permissions::from_mode(0o600)).expect("set");
    let backups = scene.backups();
    let mut modes = Vec::new();
    let mut look = |_| {
        let temporary = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(".respaldo-");
        let folders = fs::read_dir(&backups).expect("a folder").flatten().filter(temporary);
        for entry in folders.flat_map(|folder| fs::read_dir(folder.path()).expect("a folder").flatten()) {
            modes.push(entry.metadata().expect("there").permissions().mode() & 0o777);
        }
        ControlFlow::Continue(())
    };
    let request = RehearseRequest {
        backup: None,
        checks: vec!["SELECT 1".to_owned()],
    };
    scene.store().rehearse(&request, &mut look).expect("rehearsed");
    assert!(
        !modes.is_empty() && modes.iter().all(|mode| *mode == 0o600),
        "{modes:?}"
    );
}
