//! A restore that writes only the pages that differ: the same guarantees, and little to write.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use respaldo::{Progress, RestoreRequest, Restored, Result, Status};
use rusqlite::{Connection, OpenFlags};
use scene::{Scene, clients, journal_mode, make_database, names};

const CLIENTS: u32 = 1_500;
const MODES: [&str; 2] = ["delete", "wal"];
const A_DAYS_WORK: &str = "UPDATE clients SET notes = 'today' WHERE id % 300 = 7; DELETE FROM clients WHERE id = 90;
     INSERT INTO clients(name) VALUES('new today')";

/// A studio of some 700 kB, in this journal mode, after `pragmas`.
fn studio(mode: &str, pragmas: &str) -> Scene {
    let scene = Scene::empty();
    scene.open().execute_batch(pragmas).expect("set");
    make_database(&scene.database(), mode, CLIENTS);
    scene
}

/// Everything in a database that an application can ask for.
fn contents(path: &Path) -> Vec<String> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    let ask = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("valid");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values: rusqlite::Result<Vec<String>> = (0..columns)
                .map(|column| row.get_ref(column).map(|value| format!("{value:?}")))
                .collect();
            Ok(values?.join("|"))
        });
        rows.expect("readable").map(|row| row.expect("a row")).collect()
    };
    let verdict: String = connection
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .expect("checked");
    assert_eq!(verdict, "ok", "{}", path.display());
    let mut all = ask("SELECT type, name, sql FROM sqlite_schema ORDER BY name");
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .expect("readable");
    for table in tables {
        all.extend(ask(&format!("SELECT rowid, * FROM \"{table}\" ORDER BY rowid")));
    }
    all
}

/// Restores, and says of how many bytes the journal or the log was at its largest.
fn restore_and_look(scene: &Scene, backup: &str) -> (Result<Restored>, u64) {
    let mut largest = 0;
    let restored = scene.store().restore(&RestoreRequest::of(backup), &mut |_| {
        for sidecar in ["data/studio.db-journal", "data/studio.db-wal"] {
            largest = largest.max(fs::metadata(scene.path(sidecar)).map_or(0, |file| file.len()));
        }
        ControlFlow::Continue(())
    });
    (restored, largest)
}

#[test]
fn only_what_differs_is_written() {
    for mode in MODES {
        for auto_vacuum in ["none", "full", "incremental"] {
            let scene = studio(mode, &format!("PRAGMA auto_vacuum={auto_vacuum}"));
            let backup = scene.create().backup.name;
            let open = scene.open();
            open.execute_batch(A_DAYS_WORK).expect("worked");
            if mode == "wal" {
                open.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("moved");
            }
            let size = fs::metadata(scene.database()).expect("there").len();
            let before = contents(&scene.database());
            let (restored, journal) = restore_and_look(&scene, &backup);
            let safety = restored.expect("restored").safety_backup.expect("a safety copy");
            assert!(journal < size / 4, "{mode}, {auto_vacuum}: {journal} of {size} bytes");
            assert_eq!(clients(&open), i64::from(CLIENTS), "{mode}, {auto_vacuum}");
            open.execute_batch(A_DAYS_WORK).expect("it can write on");
            assert_eq!(contents(&scene.database()), before, "the same work again");
            assert_eq!(contents(&safety), before);
            assert_eq!(journal_mode(&scene.open()), mode);
        }
    }
}

#[test]
fn a_database_becomes_longer_or_shorter() {
    let much_more = "INSERT INTO clients(name, notes) SELECT name, notes FROM clients";
    let much_less = "DELETE FROM clients WHERE id > 300; VACUUM";
    for mode in MODES {
        for auto_vacuum in ["none", "full", "incremental"] {
            for since in [much_more, much_less] {
                let scene = studio(mode, &format!("PRAGMA auto_vacuum={auto_vacuum}"));
                let backup = scene.create().backup;
                let expected = contents(&backup.path);
                let open = scene.open();
                open.execute_batch(since).expect("worked");
                let before = contents(&scene.database());
                let restored = scene.restore(&backup.name).expect("restored");
                assert_eq!(contents(&scene.database()), expected, "{mode}, {auto_vacuum}, {since}");
                assert_eq!(contents(&restored.safety_backup.expect("a safety copy")), before);
                assert_eq!(clients(&open), i64::from(CLIENTS));
                drop(open);
                let size = fs::metadata(scene.database()).expect("there").len();
                assert_eq!(size, backup.size, "{mode}, {auto_vacuum}, {since}");
            }
        }
    }
}

#[test]
fn an_open_connection_sees_another_schema() {
    for mode in MODES {
        for since in [
            "CREATE TABLE artists(name); CREATE INDEX by_notes ON clients(notes); INSERT INTO artists VALUES('Eva')",
            "DROP VIEW names; DROP INDEX clients_by_name; ALTER TABLE clients RENAME COLUMN notes TO remarks",
            "CREATE TABLE artists(name); CREATE VIEW v AS SELECT 1; DROP VIEW v; VACUUM",
        ] {
            let scene = studio(mode, "");
            let backup = scene.create().backup.name;
            let open = scene.open();
            open.execute_batch(since).expect("migrated");
            let mut statement = open
                .prepare("SELECT count(*) FROM sqlite_schema")
                .expect("valid before and after");
            let objects = |statement: &mut rusqlite::Statement<'_>| -> i64 {
                statement.query_row([], |row| row.get(0)).expect("counted")
            };
            objects(&mut statement);
            scene.restore(&backup).expect("restored");
            assert_eq!(objects(&mut statement), 3, "{mode}, {since}");
            open.prepare("SELECT name FROM artists")
                .expect_err("there is no such table any more");
            let plan: String = open
                .query_row(
                    "EXPLAIN QUERY PLAN SELECT id FROM clients WHERE name = 'x' AND notes > ''",
                    [],
                    |row| row.get(3),
                )
                .expect("a plan");
            assert!(plan.contains("clients_by_name"), "{plan}");
            open.execute_batch("INSERT INTO clients(name, notes) VALUES('after', '')")
                .expect("written");
            assert_eq!(
                contents(&scene.database())
                    .iter()
                    .filter(|row| row.contains("after"))
                    .count(),
                0
            );
            assert_eq!(clients(&open), i64::from(CLIENTS) + 1);
        }
    }
}

/// Does `work` on another connection when the safety copy has been made and writers are not kept out yet.
fn restore_with_work_in_between(scene: &Scene, backup: &str, work: &str) -> Restored {
    let other = scene.open();
    let saved = fs::metadata(scene.database()).expect("there").len() / 4096;
    let mut done = false;
    let restored = scene
        .store()
        .restore(&RestoreRequest::of(backup), &mut |now: Progress| {
            if now.pages_done == saved && !done {
                // While the copy is being read, nobody commits in rollback mode.
                done = other.execute_batch(work).is_ok();
            }
            ControlFlow::Continue(())
        });
    assert!(done, "nothing happened in between");
    restored.expect("restored")
}

#[test]
fn what_is_committed_after_the_safety_copy_was_made_is_in_it() {
    for mode in MODES {
        for work in [
            "INSERT INTO clients(name) VALUES('last minute')",
            "INSERT INTO clients(name, notes) SELECT name, notes FROM clients; CREATE TABLE artists(name)",
            "DELETE FROM clients WHERE id > 700; VACUUM",
            "UPDATE clients SET notes = 'another' WHERE id = 1490; PRAGMA user_version = 8",
        ] {
            let scene = studio(mode, "");
            let backup = scene.create().backup;
            let expected = contents(&backup.path);
            scene.open().execute_batch(A_DAYS_WORK).expect("worked");
            if mode == "wal" {
                let moved = scene
                    .open()
                    .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                moved.expect("moved");
            }
            let twin = scene.path("twin.db");
            fs::copy(scene.database(), &twin).expect("copied");
            let restored = restore_with_work_in_between(&scene, &backup.name, work);
            Connection::open(&twin)
                .and_then(|twin| twin.execute_batch(work))
                .expect("worked");
            let saved = contents(&restored.safety_backup.expect("a safety copy"));
            assert!(saved == contents(&twin), "{mode}, {work}");
            assert!(contents(&scene.database()) == expected, "{mode}, {work}");
        }
    }
}

#[test]
fn what_is_done_in_between_may_make_single_pages_useless() {
    for work in ["PRAGMA page_size=1024; VACUUM", "PRAGMA auto_vacuum=full; VACUUM"] {
        let scene = studio("delete", "");
        scene
            .open()
            .execute_batch("DELETE FROM clients WHERE id > 1200")
            .expect("deleted");
        let backup = scene.create().backup;
        let expected = contents(&backup.path);
        scene.open().execute_batch(A_DAYS_WORK).expect("worked");
        let restored = restore_with_work_in_between(&scene, &backup.name, work);
        assert!(contents(&scene.database()) == expected, "{work}");
        assert!(restored.safety_backup.is_some());
        assert_eq!(names(&scene.path("data")).len(), 4, "no second safety copy");
    }
}

#[test]
fn unused_pages_do_not_mislead_a_database_that_vacuums_itself() {
    // At the end of its transaction such a database gives back the unused pages, which here are the backup's.
    for mode in MODES {
        let scene = studio(mode, "PRAGMA auto_vacuum=full");
        let backup = scene.put_backup("other.db", b"");
        make_database(&backup, "delete", CLIENTS);
        Connection::open(&backup)
            .and_then(|connection| connection.execute_batch("DELETE FROM clients WHERE id BETWEEN 300 AND 1200"))
            .expect("deleted");
        let expected = contents(&backup);
        scene.restore("other.db").expect("restored");
        assert!(contents(&scene.database()) == expected, "{mode}");
    }
}

#[test]
fn it_can_be_cancelled_at_every_call_until_it_is_committed() {
    for mode in MODES {
        let scene = studio(mode, "");
        let backup = scene.create().backup.name;
        scene.open().execute_batch(A_DAYS_WORK).expect("worked");
        let before = contents(&scene.database());
        let mut last = 0;
        for call in 0..1_000 {
            let mut calls = 0;
            let mut committed = false;
            let restored = scene.store().restore(&RestoreRequest::of(&backup), &mut |now| {
                calls += 1;
                committed |= now.pages_done == now.pages_total;
                if calls > call {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            last = call;
            match restored {
                Ok(_) => {
                    assert!(committed, "{mode}: a call that asked to stop was not heard");
                    break;
                }
                Err(error) => {
                    assert_eq!(error.status(), Status::Cancelled, "{mode}, call {call}: {error}");
                    assert!(contents(&scene.database()) == before, "{mode}, call {call}");
                    let left = names(&scene.path("data"));
                    // Looking at a database in WAL mode leaves an empty log.
                    let of_the_restore = left
                        .iter()
                        .find(|name| name.contains("restore") || name.starts_with('.'));
                    assert_eq!(of_the_restore, None, "{mode}, call {call}");
                }
            }
        }
        assert!(last > 4, "only {last} calls");
        assert_eq!(clients(&scene.open()), i64::from(CLIENTS), "{mode}");
    }
}

#[test]
fn a_reader_that_stays_leaves_the_old_database() {
    let scene = studio("delete", "");
    let backup = scene.create().backup.name;
    scene.open().execute_batch(A_DAYS_WORK).expect("worked");
    let before = contents(&scene.database());
    let reader = scene.open();
    let mut statement = reader.prepare("SELECT * FROM clients").expect("valid");
    let mut rows = statement.query([]).expect("reading");
    rows.next().expect("a row");
    let error = scene.restore(&backup).expect_err("held up");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    drop(rows);
    assert!(contents(&scene.database()) == before);
    assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
    scene.restore(&backup).expect("now it goes");
}

#[test]
fn a_reader_that_stays_is_waited_for_once_however_much_is_to_be_written() {
    // More pages than SQLite keeps in memory while they are written.
    let scene = Scene::empty();
    make_database(&scene.database(), "delete", 25_000);
    let backup = scene.create().backup.name;
    scene
        .open()
        .execute_batch("UPDATE clients SET notes = hex(randomblob(200))")
        .expect("worked");
    let reader = scene.open();
    let mut statement = reader.prepare("SELECT * FROM clients").expect("valid");
    let mut rows = statement.query([]).expect("reading");
    rows.next().expect("a row");
    let mut written = 0;
    let error = scene
        .store()
        .restore(&RestoreRequest::of(&backup), &mut |now| {
            written = written.max(now.pages_done.saturating_sub(now.pages_total / 2));
            ControlFlow::Continue(())
        })
        .expect_err("held up");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    assert_eq!(written, 0, "nothing is written beside a reader");
}
