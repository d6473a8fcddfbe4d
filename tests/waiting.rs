//! Waiting for another process's lock can be cancelled: progress is called meanwhile.

#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use respaldo::{
    BringBackRequest, Cause, CompareRequest, CreateRequest, OnConflict, Options, Progress, ProgressFn, RehearseRequest,
    RestoreRequest, Result, RowKey, SalvageRequest, Store,
};
use rusqlite::Connection;
use scene::{Scene, clients_in, names};
use serde_json::json;

/// What another process holds.
#[derive(Debug, Clone, Copy)]
enum Held {
    /// The lock of a folder.
    Folder,
    /// The whole database, as a program that commits.
    Database,
    /// The database for reading: nobody else can commit.
    Readers,
}

const HELD: &str = "RESPALDO_TEST_HELD";
const PATH: &str = "RESPALDO_TEST_PATH";

/// The other process: this program, running nothing but the function below.
struct Holder(Child);

impl Holder {
    fn start(held: Held, path: &Path) -> Holder {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "--nocapture", "the_other_process"])
            .env(HELD, format!("{held:?}"))
            .env(PATH, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        assert!(
            lines
                .map_while(std::result::Result::ok)
                .any(|line| line.contains("it is held"))
        );
        Holder(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "started by the tests of this file"]
fn the_other_process() {
    let (Ok(held), Some(path)) = (env::var(HELD), env::var_os(PATH)) else {
        return;
    };
    let path = PathBuf::from(path);
    let mut kept: (Option<File>, Option<Connection>) = (None, None);
    if held == "Folder" {
        let folder = File::open(&path).expect("opens");
        folder.lock().expect("locked");
        kept.0 = Some(folder);
    } else {
        let connection = Connection::open(&path).expect("opens");
        let begin = if held == "Database" {
            "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE clients SET notes = 'x' WHERE id = 1"
        } else {
            "BEGIN; SELECT count(*) FROM clients"
        };
        connection.execute_batch(begin).expect("held");
        kept.1 = Some(connection);
    }
    println!("it is held");
    // Until the test is done, or gone.
    let _ = std::io::stdin().read(&mut [0]);
    drop(kept);
}

type Operation = fn(&Store, &str, ProgressFn<'_>) -> Result<()>;

fn restore(store: &Store, backup: &str, progress: ProgressFn<'_>) -> Result<()> {
    store.restore(&RestoreRequest::of(backup), progress).map(drop)
}

fn bring_back(store: &Store, backup: &str, progress: ProgressFn<'_>) -> Result<()> {
    let key = json!({"id": 50}).as_object().expect("an object").clone();
    let table = "clients".to_owned();
    let request = BringBackRequest {
        backup: backup.into(),
        snapshot: None,
        rows: vec![RowKey { table, key }],
        with_dependents: true,
        on_conflict: OnConflict::Refuse,
        dry_run: false,
        triggers: false,
        reason: None,
    };
    store.bring_back(&request, progress).map(drop)
}

const ALL: [(&str, Held, Operation); 12] = [
    ("create", Held::Folder, |store, _, progress| {
        store.create(progress).map(drop)
    }),
    ("create", Held::Database, |store, _, progress| {
        store.create(progress).map(drop)
    }),
    ("create_with", Held::Folder, |store, _, progress| {
        store.create_with(&CreateRequest::default(), progress).map(drop)
    }),
    ("create_if_due", Held::Folder, |store, _, progress| {
        store.create_if_due(progress).map(drop)
    }),
    ("create_if_due", Held::Database, |store, _, progress| {
        store.create_if_due(progress).map(drop)
    }),
    ("restore", Held::Folder, restore),
    ("restore", Held::Database, restore),
    ("restore", Held::Readers, restore),
    ("bring_back", Held::Readers, bring_back),
    ("compare", Held::Database, |store, backup, progress| {
        store.compare(&CompareRequest::of(backup), progress).map(drop)
    }),
    ("rehearse", Held::Folder, |store, _, progress| {
        store.rehearse(&RehearseRequest::default(), progress).map(drop)
    }),
    ("salvage", Held::Folder, |store, _, progress| {
        store.salvage(&SalvageRequest::default(), progress).map(drop)
    }),
];

#[test]
fn every_wait_for_another_process_can_be_cancelled_and_changes_nothing() {
    for (name, held, operation) in ALL {
        let scene = Scene::new("delete");
        let backup = scene.create().backup.name;
        scene
            .open()
            .execute_batch("DELETE FROM clients WHERE id > 10")
            .expect("deleted");
        scene.set_clock("2026-03-05T16:30:12Z");
        let before = (names(&scene.backups()), names(&scene.path("data")));
        let store = Store::open(Options {
            // Longer than the test may take: a wait that is not cancelled fails with another error.
            busy_timeout: Duration::from_secs(60),
            ..scene.options()
        })
        .expect("valid");
        let holder = match held {
            Held::Folder => Holder::start(held, &scene.backups()),
            Held::Database | Held::Readers => Holder::start(held, &scene.database()),
        };
        let mut same = 0;
        let mut last = None;
        // Work that goes on reports something new, or comes to its end.
        let mut progress = |now: Progress| {
            same = if last == Some(now) { same + 1 } else { 0 };
            last = Some(now);
            if same < 4 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let error = operation(&store, &backup, &mut progress).expect_err("cancelled");
        assert_eq!(error.cause, Cause::Cancelled, "{name} {held:?}");
        drop(holder);
        let mut after = (names(&scene.backups()), names(&scene.path("data")));
        // Every restore leaves a line.
        after.0.retain(|name| name != "restores.jsonl");
        // What the killed writer left, which the next connection plays back.
        after.1.retain(|name| name != "studio.db-journal");
        assert_eq!(after, before, "{name} {held:?}");
        assert_eq!(clients_in_live(&scene), 10, "{name} {held:?}");
    }
}

fn clients_in_live(scene: &Scene) -> i64 {
    // For writing: a killed writer's journal is played back.
    scene::clients(&scene.open())
}

#[test]
fn progress_says_zero_of_zero_before_anything_is_known_and_what_is_cancelled_says_so_in_the_log() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup.name;
    let store = Store::open(Options {
        busy_timeout: Duration::from_secs(60),
        ..scene.options()
    })
    .expect("valid");
    let _holder = Holder::start(Held::Database, &scene.database());
    let mut seen = Vec::new();
    let mut progress = |now: Progress| {
        seen.push((now.pages_done, now.pages_total));
        ControlFlow::Break(())
    };
    restore(&store, &backup, &mut progress).expect_err("cancelled");
    assert_eq!(seen, [(0, 0)]);
    let log = std::fs::read_to_string(scene.backups().join("restores.jsonl")).expect("a log");
    assert!(log.contains("CANCELLED") && !log.contains("LOCKED"), "{log}");
}

#[test]
fn a_wait_that_is_not_cancelled_ends_when_the_lock_is_free() {
    let scene = Scene::new("delete");
    scene.create();
    let store = Store::open(Options {
        busy_timeout: Duration::from_secs(60),
        ..scene.options()
    })
    .expect("valid");
    let mut holder = Some(Holder::start(Held::Folder, &scene.backups()));
    let mut calls = 0;
    let mut progress = |_| {
        calls += 1;
        if calls == 3 {
            holder.take();
        }
        ControlFlow::Continue(())
    };
    store.create(&mut progress).expect("a backup");
    assert!(calls > 3);
    assert_eq!(clients_in(&scene.database()), 100);
}
