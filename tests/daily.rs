//! One backup a day: the calendar, the clock, and callers that start at the same time.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use respaldo::{Backup, CreatedIfDue, Options, Status, Store, unwatched};
use scene::{MORNING, Scene, names, set_modified};

fn due(scene: &Scene) -> CreatedIfDue {
    scene.store().create_if_due(&mut unwatched).expect("an answer")
}

fn the_backup(answer: &CreatedIfDue) -> &Backup {
    answer.backup.as_ref().expect("there is a database")
}

fn warned(created: &CreatedIfDue) -> Vec<&str> {
    created.warnings.iter().map(|warning| warning.name).collect()
}

#[test]
fn one_backup_a_day_by_the_zones_own_midnight() {
    let scene = Scene::new("delete");
    assert!(due(&scene).created);
    let again = due(&scene);
    assert_eq!((again.created, again.reason), (false, Some("already_backed_up_today")));
    assert_eq!(the_backup(&again).name, "backup_20260304_093012.db");
    // It is the 5th in Greenwich and everywhere east of it, and still the 4th in Hermosillo.
    scene.set_clock("2026-03-05T06:59:59Z");
    assert!(!due(&scene).created);
    scene.set_clock("2026-03-05T07:00:00Z");
    assert!(due(&scene).created);
    // Another zone, another day.
    let tokyo = Store::open(Options {
        timezone: "Asia/Tokyo".into(),
        ..scene.options()
    })
    .expect("valid");
    scene.set_clock("2026-03-05T15:00:00Z");
    assert!(
        tokyo.create_if_due(&mut unwatched).expect("an answer").created,
        "the 6th has begun there"
    );
}

#[test]
fn the_settings_entry_does_not_count_when_the_backup_is_gone() {
    let scene = Scene::new("delete");
    fs::remove_file(&the_backup(&due(&scene)).path).expect("deleted by hand");
    assert!(
        fs::read_to_string(scene.path("data/settings.json"))
            .expect("there")
            .contains("2026-03-04")
    );
    assert!(due(&scene).created);
}

#[test]
fn a_damaged_backup_of_today_does_not_count() {
    let scene = Scene::new("delete");
    scene.put_backup("backup_20260304_080000.db", b"");
    assert!(due(&scene).created);
}

#[test]
fn a_clock_that_went_backwards_gives_a_backup_and_a_warning() {
    let scene = Scene::new("delete");
    assert!(due(&scene).created);
    // An hour back, the same day: the only backup of today is in the future.
    scene.set_clock("2026-03-04T15:30:00Z");
    let created = due(&scene);
    assert!(created.created);
    assert_eq!(warned(&created), ["CLOCK_WENT_BACKWARDS"]);
    // It is done for today, but the warning stays as long as the clock is wrong.
    let again = due(&scene);
    assert!(!again.created);
    assert_eq!(warned(&again), ["CLOCK_WENT_BACKWARDS"]);
    // Years back.
    scene.set_clock("2020-01-01T12:00:00Z");
    let created = due(&scene);
    assert!(created.created);
    assert_eq!(the_backup(&created).name, "backup_20200101_050000.db");
    assert_eq!(created.removed, [] as [&str; 0]);
}

#[test]
fn a_wrong_clock_prunes_no_recent_backup() {
    let scene = Scene::new("delete");
    let store = Store::open(Options {
        max_backups: 3,
        ..scene.options()
    })
    .expect("valid");
    let create = |now: &str| {
        scene.set_clock(now);
        store.create(&mut unwatched).expect("a backup").backup.name
    };
    let recent: Vec<String> = ["2026-03-02T17:00:00Z", "2026-03-03T17:00:00Z", MORNING]
        .map(create)
        .to_vec();
    // A week in the wrong year fills the folder with the future.
    for day in 1..=7 {
        create(&format!("2031-01-0{day}T17:00:00Z"));
    }
    let in_the_future = names(&scene.backups());
    // With the right clock again, the new backup stays although three have later dates.
    let newest = create("2026-03-05T17:00:00Z");
    let left = names(&scene.backups());
    assert!(left.contains(&newest));
    assert_eq!(
        left.len(),
        in_the_future.len() + 1,
        "nothing is judged old by a clock that was wrong"
    );
    assert!(
        recent.iter().all(|name| !left.contains(name)),
        "within 2031 retention went on as always"
    );
}

#[test]
fn a_backup_made_across_midnight_is_of_the_day_it_shows() {
    let scene = Scene::new("delete");
    scene.set_clock("2026-03-05T06:59:59Z");
    let created = scene
        .store()
        .create(&mut |_| {
            scene.set_clock("2026-03-05T07:00:30Z");
            ControlFlow::Continue(())
        })
        .expect("a backup");
    assert_eq!(created.backup.name, "backup_20260304_235959.db");
    assert!(due(&scene).created, "the new day has none yet");
}

#[test]
fn every_year_up_to_9999_works() {
    for (now, name) in [
        ("2038-01-19T03:14:08Z", "backup_20380118_201408.db"),
        ("2106-02-07T06:28:16Z", "backup_21060206_232816.db"),
        ("9999-12-31T12:00:00Z", "backup_99991231_050000.db"),
        ("1970-01-01T12:00:00Z", "backup_19700101_050000.db"),
    ] {
        let scene = Scene::new("delete");
        scene.set_clock(now);
        assert_eq!(the_backup(&due(&scene)).name, name);
        assert!(!due(&scene).created, "{now}: it counts as today's");
        assert_eq!(
            scene
                .store()
                .last_backup()
                .expect("an answer")
                .last_backup_at
                .map(|at| at.len()),
            Some(25)
        );
    }
    let scene = Scene::new("delete");
    scene.set_clock("9999-12-31T23:00:00Z");
    let utc_plus = Store::open(Options {
        timezone: "Asia/Tokyo".into(),
        ..scene.options()
    })
    .expect("valid");
    let error = utc_plus
        .create(&mut unwatched)
        .expect_err("it is the year 10000 in Tokyo");
    assert_eq!(error.status(), Status::IoError);
    assert!(error.to_string().contains("10000"));
    assert_eq!(names(&scene.backups()), [] as [&str; 0]);
}

#[test]
fn the_hour_that_occurs_twice_keeps_its_order() {
    let scene = Scene::new("delete");
    let store = Store::open(Options {
        timezone: "America/New_York".into(),
        ..scene.options()
    })
    .expect("valid");
    // 01:30 in summer time, and an hour later 01:30 again.
    for now in ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"] {
        scene.set_clock(now);
        let created = store.create(&mut unwatched).expect("a backup");
        set_modified(&created.backup.path, now);
    }
    let listed = store.list(false).expect("listed").backups;
    let listed: Vec<_> = listed
        .iter()
        .map(|b| (b.name.as_str(), b.created_at.to_rfc3339()))
        .collect();
    assert_eq!(
        listed,
        [
            ("backup_20261101_013000_2.db", "2026-11-01T01:30:00-05:00".to_owned()),
            ("backup_20261101_013000.db", "2026-11-01T01:30:00-04:00".to_owned()),
        ]
    );
    assert!(!store.create_if_due(&mut unwatched).expect("an answer").created);
}

#[test]
fn of_several_callers_at_once_one_makes_the_backup() {
    let scene = Scene::new("delete");
    let start = Barrier::new(8);
    let store = Store::open(Options {
        busy_timeout: Duration::from_secs(20),
        ..scene.options()
    })
    .expect("valid");
    let made: Vec<bool> = thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    store.create_if_due(&mut unwatched).expect("an answer").created
                })
            })
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().expect("it ended well"))
            .collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
    assert_eq!(names(&scene.backups()).len(), 1);
}
