//! A restore whose result is spoiled between the commit and the check, as by a disk that reports what it has not written.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use respaldo::{Error, Progress, RestoreRequest, Status};
use rusqlite::{Connection, OpenFlags};
use scene::{Scene, clients_in, damage};

/// Restores 100 clients over 10, and spoils the live file from byte `at` on once it is committed.
fn restore_onto_a_bad_disk(scene: &Scene, at: u64) -> Error {
    restore_and_spoil(scene, |database| {
        let length = fs::metadata(database).expect("there").len();
        let rubbish = vec![0xff; usize::try_from(length - at).expect("small")];
        damage(database, at, &rubbish);
    })
}

/// The same, spoiled by `spoil`.
fn restore_and_spoil(scene: &Scene, spoil: impl Fn(&Path)) -> Error {
    let backup = scene.create().backup.name;
    scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id > 10")
        .expect("deleted");
    let mut spoiled = false;
    let mut spoil_when_committed = |now: Progress| {
        if now.pages_done == now.pages_total && !spoiled {
            spoiled = true;
            spoil(&scene.database());
        }
        ControlFlow::Continue(())
    };
    let request = RestoreRequest::of(&backup);
    let error = scene
        .store()
        .restore(&request, &mut spoil_when_committed)
        .expect_err("it is spoiled");
    assert!(spoiled);
    assert_eq!(error.status(), Status::RestoreFailed);
    error
}

#[test]
fn what_was_spoiled_is_put_back_from_the_safety_copy() {
    let scene = Scene::new("delete");
    let error = restore_onto_a_bad_disk(&scene, 8192);
    assert_eq!(error.undone(), Some(true), "{error}");
    assert_eq!(clients_in(&scene.database()), 10);
    assert_eq!(clients_in(error.safety_backup().expect("a safety copy")), 10);
}

#[test]
fn a_row_that_is_not_what_was_written_is_put_back_though_no_check_would_find_it() {
    let scene = Scene::new("delete");
    let error = restore_and_spoil(&scene, |database| {
        let bytes = fs::read(database).expect("read");
        let notes: String = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .and_then(|connection| {
                connection.query_row("SELECT notes FROM clients WHERE id = 11", [], |row| row.get(0))
            })
            .expect("restored");
        let places = bytes.windows(notes.len()).enumerate();
        for (at, _) in places.filter(|(_, bytes)| *bytes == notes.as_bytes()) {
            damage(database, u64::try_from(at).expect("small"), b"other notes");
        }
    });
    assert_eq!(error.undone(), Some(true), "{error}");
    assert_eq!(clients_in(&scene.database()), 10);
}

#[test]
fn where_no_connection_can_write_any_more_the_safety_copy_restores_it() {
    let scene = Scene::new("delete");
    let error = restore_onto_a_bad_disk(&scene, 100); // the schema itself
    assert_eq!(error.undone(), Some(false), "{error}");
    let safety = error.safety_backup().expect("a safety copy").to_owned();
    assert_eq!(clients_in(&safety), 10);
    let text = error.to_string();
    assert!(
        text.contains(&safety.display().to_string()),
        "it says where the safety copy is: {text}"
    );
    scene.restore(&safety).expect("what is unusable is replaced");
    assert_eq!(clients_in(&scene.database()), 10);
}
