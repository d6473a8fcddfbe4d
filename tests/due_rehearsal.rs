//! The rehearsal that `create_if_due` does by itself when one is due.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant};

use respaldo::{CreatedIfDue, Options, Overall, RehearseRequest, Store, Watch, unwatched};
use scene::{Scene, names};

/// A store that rehearses every 30 days, and waits so long for it.
fn store(scene: &Scene, rehearse_wait: Duration, checks: &[&str]) -> Store {
    Store::open(Options {
        watch: Watch {
            max_age_days: 365,
            rehearse_every_days: Some(30),
            rehearse_wait,
            rehearse_checks: checks.iter().map(|sql| (*sql).to_owned()).collect(),
        },
        ..scene.options()
    })
    .expect("valid")
}

const PATIENCE: Duration = Duration::from_secs(60);

fn due(store: &Store) -> CreatedIfDue {
    store.create_if_due(&mut unwatched).expect("an answer")
}

fn rehearsed_at(created: &CreatedIfDue) -> Option<String> {
    created.backup.as_ref().expect("a backup").rehearsed_at.clone()
}

fn warnings(created: &CreatedIfDue) -> Vec<&str> {
    created.warnings.iter().map(|warning| warning.name).collect()
}

fn findings(store: &Store) -> Vec<&'static str> {
    let health = store.health(false, &mut unwatched).expect("an answer");
    health.findings.iter().map(|finding| finding.name).collect()
}

#[test]
fn the_backup_of_the_day_is_rehearsed_when_it_is_time_and_not_before() {
    let scene = Scene::new("wal");
    let store = store(&scene, PATIENCE, &["SELECT count(*) = 100 FROM clients"]);
    let first = due(&store);
    assert_eq!(warnings(&first), Vec::<&str>::new());
    assert_eq!(rehearsed_at(&first).as_deref(), Some("2026-03-04T09:30:12-07:00"));
    assert!(!findings(&store).contains(&"REHEARSAL_DUE"));
    assert_eq!(names(&scene.backups()), ["backup_20260304_093012.db"]);

    scene.set_clock("2026-03-04T17:30:12Z");
    assert_eq!(rehearsed_at(&due(&store)), rehearsed_at(&first), "not again");
    scene.set_clock("2026-04-03T16:30:12Z"); // 30 days later
    assert_eq!(rehearsed_at(&due(&store)), None);
    scene.set_clock("2026-04-04T16:30:12Z");
    assert!(rehearsed_at(&due(&store)).is_some());
}

#[test]
fn one_that_could_not_be_done_is_done_later_also_without_a_new_backup() {
    let scene = Scene::new("delete");
    assert_eq!(
        rehearsed_at(&scene.store().create_if_due(&mut unwatched).expect("made")),
        None
    );
    let late = due(&store(&scene, PATIENCE, &[]));
    assert_eq!((late.created, late.reason), (false, Some("already_backed_up_today")));
    assert!(rehearsed_at(&late).is_some());
}

#[test]
fn the_answer_does_not_wait_longer_than_it_may_and_the_outcome_is_remembered() {
    let scene = Scene::new("delete");
    let store = store(&scene, Duration::ZERO, &[]);
    assert!(due(&store).created);
    let deadline = Instant::now() + PATIENCE;
    while store.list(false).expect("listed").backups[0].rehearsed_at.is_none() {
        assert!(Instant::now() < deadline, "it was never rehearsed");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_failure_is_a_warning_once_and_a_finding_and_the_next_backup_is_tried_again() {
    let scene = Scene::new("delete");
    let failing = store(&scene, PATIENCE, &["SELECT count(*) > 500 FROM clients"]);
    let created = due(&failing);
    assert!(created.created);
    assert_eq!(warnings(&created), ["REHEARSAL_FAILED"]);
    assert!(created.warnings[0].message.contains("backup_20260304_093012.db"));
    let health = failing.health(false, &mut unwatched).expect("an answer");
    assert_eq!(
        (health.overall, health.findings[0].name),
        (Overall::Danger, "REHEARSAL_FAILED")
    );
    assert_eq!(
        warnings(&due(&failing)),
        Vec::<&str>::new(),
        "the same backup would fail again"
    );
    scene.set_clock("2026-03-05T16:30:12Z");
    assert_eq!(warnings(&due(&failing)), ["REHEARSAL_FAILED"]);
}

#[test]
fn nobody_asked_for_a_rehearsal_and_none_is_done() {
    let scene = Scene::new("delete");
    let store = scene.store();
    assert_eq!(rehearsed_at(&due(&store)), None);
    assert_eq!(rehearsed_at(&due(&store)), None);
}

#[test]
fn backups_are_made_during_a_rehearsal_which_is_neither_swept_nor_doubled() {
    let scene = Scene::new("delete");
    scene.create();
    let busy = store(&scene, PATIENCE, &[]);
    let folders = |scene: &Scene| {
        let names = names(&scene.backups());
        names.iter().filter(|name| name.starts_with(".respaldo-")).count()
    };
    let mut calls = 0;
    let mut progress = |_| {
        calls += 1;
        if calls == 1 {
            scene.set_clock("2026-03-05T16:30:12Z");
            let created = due(&busy);
            assert!(created.created, "the folder's lock is free");
            assert_eq!(rehearsed_at(&created), None, "one rehearsal is going on");
            assert_eq!(folders(&scene), 1);
        }
        ControlFlow::Continue(())
    };
    let request = RehearseRequest::default();
    let rehearsed = scene.store().rehearse(&request, &mut progress).expect("rehearsed");
    assert!(rehearsed.ok && calls > 0);
    assert_eq!(folders(&scene), 0);
}

#[test]
fn what_a_killed_rehearsal_left_is_removed_by_the_next_backup() {
    let scene = Scene::new("delete");
    scene.create();
    let left = scene.backups().join(".respaldo-abc123.tmp");
    fs::create_dir(&left).expect("made");
    for name in [
        ".respaldo-def456.tmp",
        ".respaldo-def456.tmp-wal",
        ".respaldo-def456.tmp-journal",
    ] {
        fs::write(left.join(name), "left").expect("written");
    }
    assert_eq!(scene.store().list(false).expect("listed").backups.len(), 1);
    scene.create();
    assert!(!left.exists());
}
