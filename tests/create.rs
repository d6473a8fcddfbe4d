//! Creating a backup of a sound database: guarantees 1, 2 and 4 of the contract.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

#[path = "../examples/rust/quickstart.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod quickstart;
mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use respaldo::{Cause, Options, Status, Store, unwatched};
use rusqlite::Connection;
use scene::{Scene, clients_in, journal_mode, make_database, names};

#[test]
fn the_example_backs_up_lists_and_restores() {
    let scene = Scene::new("delete");
    quickstart::run(&scene.database()).expect("runs");
    let made = names(&scene.backups());
    assert_eq!(
        made.iter().filter(|name| name.starts_with("backup_")).count(),
        1,
        "{made:?}"
    );
    let beside = names(&scene.path("data"));
    let safety_copies = beside.iter().filter(|name| name.contains(".before_restore_"));
    assert_eq!(safety_copies.count(), 1, "{beside:?}");
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn a_backup_is_one_plain_complete_file_in_rollback_mode() {
    for mode in ["delete", "wal"] {
        let scene = Scene::new(mode);
        // In WAL mode this row is only in the WAL, because the connection stays open.
        let open = scene.open();
        open.execute_batch("INSERT INTO clients(name) VALUES('new')")
            .expect("written");
        let created = scene.create();
        assert!(created.created && created.backup.intact == Some(true));
        assert_eq!(created.backup.name, "backup_20260304_093012.db");
        assert_eq!(created.backup.display, "04/03/2026 09:30");
        assert_eq!(created.warnings, []);
        assert_eq!(names(&scene.backups()), ["backup_20260304_093012.db"]);
        assert_eq!(clients_in(&created.backup.path), 101);
        let header = fs::read(&created.backup.path).expect("read");
        assert_eq!(header.get(18..20), Some(&[1, 1][..]), "{mode}: asks for WAL mode");
        assert_eq!(
            names(&scene.backups()),
            ["backup_20260304_093012.db"],
            "reading it leaves nothing beside it"
        );
        assert_eq!(journal_mode(&open), mode);
    }
}

#[test]
fn the_folder_of_the_database_is_left_as_it_was() {
    for mode in ["delete", "wal"] {
        let scene = Scene::new(mode);
        let before = fs::read(scene.database()).expect("read");
        scene.create();
        assert_eq!(
            names(&scene.path("data")),
            ["backups", "settings.json", "studio.db"],
            "{mode}"
        );
        assert!(
            fs::read(scene.database()).expect("read") == before,
            "{mode}: a backup only reads"
        );
    }
}

#[test]
fn nothing_is_added_to_the_contents() {
    let scene = Scene::new("delete");
    let created = scene.create();
    let copy = Connection::open(&created.backup.path).expect("opens");
    copy.execute("ATTACH ?1 AS live", [scene.database().to_string_lossy()])
        .expect("attached");
    for query in [
        "SELECT * FROM main.clients EXCEPT SELECT * FROM live.clients",
        "SELECT * FROM live.clients EXCEPT SELECT * FROM main.clients",
        "SELECT * FROM main.sqlite_schema EXCEPT SELECT * FROM live.sqlite_schema",
        "SELECT * FROM live.sqlite_schema EXCEPT SELECT * FROM main.sqlite_schema",
    ] {
        assert!(
            !copy.prepare(query).expect("valid").exists([]).expect("asked"),
            "{query}"
        );
    }
    let version: i64 = copy
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("a version");
    assert_eq!(version, 7);
}

#[test]
fn a_second_backup_of_the_same_second_gets_a_number() {
    let scene = Scene::new("delete");
    let made: Vec<String> = (0..3).map(|_| scene.create().backup.name).collect();
    assert_eq!(
        made,
        [
            "backup_20260304_093012.db",
            "backup_20260304_093012_2.db",
            "backup_20260304_093012_3.db"
        ]
    );
    let listed = scene.store().list(false).expect("listed").backups;
    assert_eq!(
        listed.first().map(|backup| backup.name.as_str()),
        Some("backup_20260304_093012_3.db")
    );
}

#[cfg(unix)]
#[test]
fn the_copy_keeps_the_permissions() {
    use std::os::unix::fs::PermissionsExt;
    for mode in [0o600, 0o640, 0o644, 0o444] {
        let scene = Scene::new("delete");
        fs::set_permissions(scene.database(), fs::Permissions::from_mode(mode)).expect("set");
        let created = scene.create();
        let copied = fs::metadata(&created.backup.path).expect("there").permissions().mode();
        assert_eq!(copied & 0o777, mode);
    }
}

#[test]
fn a_backup_folder_that_is_a_file_is_an_error_that_names_it() {
    let scene = Scene::new("delete");
    fs::write(scene.backups(), "not a folder").expect("written");
    for error in [
        scene.store().create(&mut unwatched).expect_err("no folder"),
        scene.store().list(false).expect_err("no folder"),
        scene.store().prune(false).expect_err("no folder"),
    ] {
        assert_eq!(error.status(), Status::IoError, "{error}");
        assert_eq!(error.path, Some(scene.backups()));
    }
}

#[test]
fn a_database_locked_by_another_program_ends_in_bounded_time() {
    let scene = Scene::new("delete");
    let other = scene.open();
    other.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    let started = Instant::now();
    let error = scene.store().create(&mut unwatched).expect_err("locked");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    assert!(started.elapsed() < Duration::from_secs(30), "it must end");
    assert_eq!(names(&scene.backups()), [] as [&str; 0]);
    other.execute_batch("COMMIT").expect("unlocked");
    scene.create();
}

#[test]
fn a_writer_that_has_not_committed_is_no_obstacle_and_not_in_the_backup() {
    for mode in ["delete", "wal"] {
        let scene = Scene::new(mode);
        let writer = scene.open();
        writer
            .execute_batch("BEGIN IMMEDIATE; DELETE FROM clients")
            .expect("begun");
        assert_eq!(clients_in(&scene.create().backup.path), 100, "{mode}");
    }
}

#[test]
fn a_running_backup_or_restore_makes_others_busy() {
    let scene = Scene::new("delete");
    let mut inner = None;
    let created = scene.store().create(&mut |_| {
        inner.get_or_insert_with(|| scene.store().create(&mut unwatched).expect_err("busy"));
        ControlFlow::Continue(())
    });
    assert_eq!(inner.map(|error| error.cause), Some(Cause::Busy));
    created.expect("the first goes on");
}

#[test]
fn constant_writers_neither_stop_a_backup_nor_tear_it() {
    for mode in ["delete", "wal"] {
        let scene = Scene::empty();
        Connection::open(scene.database())
            .and_then(|connection| {
                connection.execute_batch(&format!(
                    "PRAGMA journal_mode={mode}; CREATE TABLE accounts(id INTEGER PRIMARY KEY, money, filler);
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000)
                     INSERT INTO accounts SELECT i, 100, hex(randomblob(200)) FROM n;"
                ))
            })
            .expect("written");
        let store = Store::open(Options {
            busy_timeout: Duration::from_secs(20),
            ..scene.options()
        })
        .expect("valid");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let connection = Connection::open(scene.database()).expect("opens");
                connection.busy_timeout(Duration::from_secs(20)).expect("set");
                let mut commits = 0;
                while !done.load(Ordering::Relaxed) {
                    // Money moves between the first page and the last; the sum stays.
                    connection
                        .execute_batch(
                            "BEGIN IMMEDIATE; UPDATE accounts SET money=money-1 WHERE id=1;
                             UPDATE accounts SET money=money+1 WHERE id=5000; COMMIT",
                        )
                        .expect("a commit within the timeout");
                    commits += 1;
                }
                commits
            });
            for _ in 0..10 {
                let created = store.create(&mut unwatched).expect("a backup");
                let copy = Connection::open(&created.backup.path).expect("opens");
                let sum: i64 = copy
                    .query_row("SELECT sum(money) FROM accounts", [], |row| row.get(0))
                    .expect("a sum");
                assert_eq!(sum, 500_000, "{mode}: torn");
            }
            done.store(true, Ordering::Relaxed);
            assert!(writer.join().expect("the writer ended well") > 0);
        });
    }
}

#[test]
fn a_backup_cancelled_at_any_step_leaves_nothing() {
    let scene = Scene::empty();
    make_database(&scene.database(), "delete", 20_000);
    let mut steps = 0;
    scene
        .store()
        .create(&mut |now| {
            assert!(now.pages_done <= now.pages_total && now.pages_total > 0);
            steps += 1;
            ControlFlow::Continue(())
        })
        .expect("a backup");
    assert!(steps > 3, "copying and checking both report progress");
    // How often the check calls the progress function depends on its speed: only the steps of the copy are counted.
    for stop_at in 1..=3 {
        let mut step = 0;
        let error = scene
            .store()
            .create(&mut |_| {
                step += 1;
                if step == stop_at {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .expect_err("cancelled");
        assert_eq!(error.status(), Status::Cancelled);
        assert_eq!(names(&scene.backups()).len(), 1);
    }
    let error = scene
        .store()
        .create(&mut |now| {
            if now.pages_done == now.pages_total {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .expect_err("cancelled while verifying");
    assert_eq!(error.status(), Status::Cancelled);
    assert_eq!(names(&scene.backups()).len(), 1);
}

#[test]
fn a_call_with_nothing_to_do_sweeps_temporary_files_too() {
    let scene = Scene::new("delete");
    scene.create();
    let orphan = scene.path("data/.respaldo-abc123.tmp");
    let store = scene.store();
    fs::write(&orphan, "x").expect("written");
    assert!(!store.create_if_due(&mut unwatched).expect("an answer").created);
    assert!(!orphan.exists());
    fs::write(&orphan, "x").expect("written");
    store.prune(false).expect("pruned");
    assert!(!orphan.exists());
}

#[test]
fn what_a_killed_process_left_is_swept_and_nothing_else() {
    let scene = Scene::new("delete");
    for name in [
        ".respaldo-abc123.tmp",
        ".respaldo-abc123.tmp-journal",
        "mine.tmp",
        ".hidden",
        "notes.txt",
    ] {
        scene.put_backup(name, b"x");
    }
    fs::write(scene.path("data/.respaldo-xyz789.tmp"), "x").expect("written");
    scene.create();
    assert_eq!(
        names(&scene.backups()),
        [".hidden", "backup_20260304_093012.db", "mine.tmp", "notes.txt"]
    );
    assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
}
