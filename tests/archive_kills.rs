//! The archive's program killed at every named step and at random instants, and its computer's clock wrong: what was stored before
//! can be fetched, by this library and by restic.

#![cfg(all(feature = "archive", feature = "failpoints", target_os = "linux"))]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;
mod server;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use respaldo::{Archive, ArchivePlace, Options, Password, Retention, SecretString, Status, Store, unwatched};
use scene::{Scene, clients_in};
use server::{PASSWORD, archive, clients_of, day, push, status, store};

const FOLDER: &str = "RESPALDO_TEST_FOLDER";
const CALLS: &str = "RESPALDO_TEST_CALLS";
const KEPT: usize = 2;

/// Does what the variables say. The tests below run it in a process of its own.
#[test]
fn the_child_works() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let calls = env::var(CALLS).expect("set beside it");
    let options = Options {
        archive: Some(on_the_stick(&folder)),
        ..Options::new(folder.join("data/studio.db"))
    };
    let store = Store::open(options).expect("valid");
    for call in calls.split(',') {
        let done = match call {
            "create" => store.create(&mut unwatched).map(drop),
            "init" => store.archive_init(&mut unwatched).map(drop),
            "push" => store.archive_push(None, &mut unwatched).map(drop),
            "prune" => store.archive_prune(false, &mut unwatched).map(drop),
            "key" => store.archive_key(&another_password(), &mut unwatched).map(drop),
            _ => unreachable!("{call}"),
        };
        done.expect(call);
    }
}

fn on_the_stick(folder: &Path) -> Archive {
    Archive {
        retention: Some(Retention::last(KEPT)),
        ..archive(ArchivePlace::Folder(folder.join("stick")), &[])
    }
}

fn another_password() -> Password {
    Password::Text(SecretString::from("another"))
}

/// The child, whose clock is so many days off.
fn child(scene: &Scene, calls: &str, days: i32) -> Command {
    let mut command = Command::new(env::current_exe().expect("a path"));
    if days != 0 {
        command
            .env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
            .env("FAKETIME", format!("{days:+}d"))
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
    command
        .args(["--exact", "the_child_works"])
        .env(FOLDER, scene.folder.path())
        .env(CALLS, calls)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn run(scene: &Scene, calls: &str, days: i32) {
    let done = child(scene, calls, days).output().expect("started");
    assert!(done.status.success(), "{calls}, {days} days off");
}

fn restic(scene: &Scene, arguments: &[&str]) -> Output {
    Command::new("restic")
        .args(["--no-cache", "-r"])
        .arg(scene.path("stick"))
        .args(arguments)
        .env("RESTIC_PASSWORD", PASSWORD)
        .current_dir(scene.folder.path())
        .output()
        .expect("restic, which `make test-archive` says how to install")
}

/// The archive is whole, and this snapshot can be fetched by both.
fn check(scene: &Scene, studio: &Store, snapshot: &str, clients: i64, what: &str) {
    studio.archive_check(true, &mut unwatched).expect(what);
    assert_eq!(clients_of(scene, studio, snapshot).expect(what), clients, "{what}");
    let folder = scene.path("by-restic");
    let _ = fs::remove_dir_all(&folder);
    let restored = restic(scene, &["restore", snapshot, "--target", "by-restic"]);
    assert!(restored.status.success(), "{what}: {restored:?}");
    assert_eq!(clients_in(&folder.join("studio.db")), clients, "{what}");
}

#[test]
fn a_making_that_was_killed_at_any_step_is_made_again() {
    for step in ["archive_key_stored", "archive_config_stored"] {
        let scene = Scene::new("wal");
        scene.create();
        let killed = child(&scene, "init", 0).env("RESPALDO_KILL_AT", step).status();
        assert_eq!(killed.expect("started").code(), None, "{step}");
        let studio = store(&scene, &on_the_stick(scene.folder.path()));
        let again = studio.archive_init(&mut unwatched).map(drop);
        if step == "archive_config_stored" {
            // It was all of it.
            assert_eq!(status(again), Status::TargetExists);
        } else {
            again.expect(step);
        }
        let snapshot = push(&studio).expect(step);
        check(&scene, &studio, &snapshot, 100, step);
    }
}

#[test]
fn a_push_that_was_killed_at_any_step_loses_nothing_and_is_repeated() {
    let scene = Scene::new("wal");
    scene.create();
    let studio = store(&scene, &on_the_stick(scene.folder.path()));
    studio.archive_init(&mut unwatched).expect("made");
    let first = push(&studio).expect("pushed");
    let steps = [
        "archive_opened",
        "archive_pack_stored",
        "archive_index_stored",
        "archive_snapshot_stored",
    ];
    for (today, step) in (5..).zip(steps) {
        // What the push before has stored is not stored again, and its steps are not reached.
        day(&scene, today, 500);
        for time in 1..=3 {
            let what = format!("{step}:{time}");
            let ended = child(&scene, "push", 0).env("RESPALDO_KILL_AT", &what).status();
            let ended = ended.expect("started");
            check(&scene, &studio, &first, 100, &what);
            if ended.success() {
                assert!(time > 1, "{step} was never reached");
                break;
            }
            assert_eq!(ended.code(), None, "{what}: it failed, and was not killed");
        }
    }
    let last = push(&studio).expect("repeated");
    check(&scene, &studio, &last, 2100, "in the end");
}

/// Studio with four snapshots, of which a prune keeps two; their identifiers, newest first.
fn to_be_pruned() -> (Scene, Store, Vec<String>) {
    let scene = Scene::new("wal");
    scene.create();
    let studio = store(&scene, &on_the_stick(scene.folder.path()));
    studio.archive_init(&mut unwatched).expect("made");
    let mut snapshots = vec![push(&studio).expect("pushed")];
    for today in 5..8 {
        day(&scene, today, 1000);
        // Old rows too, so that packs are needed in part.
        let change = "UPDATE clients SET notes = hex(randomblob(200)) WHERE id % 3 = 0";
        scene.open().execute_batch(change).expect("changed");
        snapshots.insert(0, push(&studio).expect("pushed"));
    }
    (scene, studio, snapshots)
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").args([from, to]).status().expect("cp");
    assert!(copied.success());
}

#[test]
fn a_prune_that_was_killed_at_any_step_removes_nothing_that_is_kept() {
    let (scene, studio, snapshots) = to_be_pruned();
    let (stick, before) = (scene.path("stick"), scene.path("stick-before"));
    // What the first prune marks, one that comes days later removes.
    let first = ["archive_forgotten", "archive_index_stored", "archive_file_removed"];
    let second = ["archive_index_stored", "archive_file_removed"];
    for (days, steps) in [(0, &first[..]), (3, &second[..])] {
        copy_folder(&stick, &before);
        for step in steps {
            for time in 1..=3 {
                copy_folder(&before, &stick);
                let what = format!("{step}:{time}, {days} days later");
                let mut pruning = child(&scene, "prune", days);
                let pruning = pruning.env("RESPALDO_KILL_AT", format!("{step}:{time}"));
                let ended = pruning.status().expect("started");
                assert!(!ended.success() || time > 1, "{step} was never reached");
                check(&scene, &studio, &snapshots[0], 3100, &what);
                let older = clients_of(&scene, &studio, &snapshots[1]);
                assert_eq!(older.expect(&what), 2100, "{what}");
                if ended.success() {
                    break;
                }
                assert_eq!(ended.code(), None, "{what}: it failed, and was not killed");
            }
        }
        copy_folder(&before, &stick);
        run(&scene, "prune", days);
    }
    assert!(restic(&scene, &["check", "--read-data"]).status.success());
    assert_eq!(clients_of(&scene, &studio, &snapshots[1]).expect("kept"), 2100);
    let left = studio.archive_list(false, &mut unwatched).expect("a list");
    assert_eq!(left.snapshots.len(), KEPT);
}

#[test]
fn a_change_of_the_key_that_was_killed_at_any_step_leaves_a_key_that_opens() {
    for step in ["archive_key_stored", "archive_key_added", "archive_file_removed"] {
        let scene = Scene::new("wal");
        scene.create();
        let place = on_the_stick(scene.folder.path());
        let studio = store(&scene, &place);
        studio.archive_init(&mut unwatched).expect("made");
        let snapshot = push(&studio).expect("pushed");
        let killed = child(&scene, "key", 0).env("RESPALDO_KILL_AT", step).status();
        assert_eq!(killed.expect("started").code(), None, "{step}");
        let renewed = Archive {
            password: another_password(),
            ..place
        };
        let renewed = store(&scene, &renewed);
        assert_eq!(clients_of(&scene, &renewed, &snapshot).expect(step), 100, "{step}");
        let by_old = clients_of(&scene, &studio, &snapshot).map_err(|error| error.status());
        let is_removed = step == "archive_file_removed";
        assert_eq!(
            by_old,
            if is_removed {
                Err(Status::ArchiveWrongPassword)
            } else {
                Ok(100)
            },
            "{step}"
        );
    }
}

/// Kills the child at instants spread evenly over the time that it takes.
fn kill_at_random(times: u32, start: impl Fn() -> Command, prepare: impl Fn(), after: impl Fn(&str)) {
    prepare();
    let started = Instant::now();
    assert!(start().status().expect("started").success());
    let whole = started.elapsed();
    for turn in 0..times {
        prepare();
        let mut working: Child = start().spawn().expect("started");
        let instant = whole * turn / times + Duration::from_millis(u64::from(turn * 7 % 11));
        thread::sleep(instant);
        let _ = working.kill();
        working.wait().expect("ended");
        after(&format!("after {instant:?} of {whole:?}"));
    }
}

#[test]
fn killed_at_random_instants_a_push_and_a_prune_lose_nothing() {
    let scene = Scene::new("wal");
    scene.create();
    let studio = store(&scene, &on_the_stick(scene.folder.path()));
    studio.archive_init(&mut unwatched).expect("made");
    let first = push(&studio).expect("pushed");
    day(&scene, 5, 30_000);
    let forget = || {
        // What is known of the archive, so that it is stored again; and what was stored.
        let _ = fs::remove_file(scene.backups().join("archive.json"));
    };
    kill_at_random(
        8,
        || child(&scene, "push", 0),
        forget,
        |what| check(&scene, &studio, &first, 100, what),
    );
    let second = push(&studio).expect("repeated");
    check(&scene, &studio, &second, 30_100, "in the end");

    let (scene, studio, snapshots) = to_be_pruned();
    kill_at_random(
        6,
        || child(&scene, "prune", 3),
        || (),
        |what| check(&scene, &studio, &snapshots[0], 3100, what),
    );
}

#[test]
fn a_wrong_clock_keeps_nobody_from_pushing_and_removes_nothing_that_is_kept() {
    let scene = Scene::new("wal");
    let place = on_the_stick(scene.folder.path());
    let today = |calls: &str| run(&scene, calls, 0);
    today("init,create,push");
    // A year ahead, and a year back: each backup is stored, and each prune judges only what lies before its clock.
    run(&scene, "create,push", 400);
    run(&scene, "create,push,prune", -400);
    today("create,push,prune");
    let studio = Store::open(Options {
        archive: Some(place),
        ..Options::new(scene.database())
    });
    let studio = studio.expect("valid");
    let listed = studio.archive_list(false, &mut unwatched).expect("a list");
    // One is dated after the clock, two are kept, and the oldest is the one of the wrong clock.
    let ids: Vec<&str> = listed.snapshots.iter().map(|one| one.snapshot.as_str()).collect();
    assert_eq!(ids.len(), 1 + KEPT, "{listed:?}");
    assert_eq!(listed.warnings.len(), 1, "{listed:?}");
    assert_eq!(listed.warnings[0].name, "CLOCK_WENT_BACKWARDS");
    for days in [-400, 0] {
        run(&scene, "prune", days);
        for id in &ids {
            check(&scene, &studio, id, 100, &format!("{days} days off"));
        }
    }
    // What was marked a moment ago is old to a clock that is ahead. By it two are newest, and what they need stays.
    run(&scene, "prune", 400);
    for id in &ids[..KEPT] {
        check(&scene, &studio, id, 100, "a clock that is ahead");
    }
}
