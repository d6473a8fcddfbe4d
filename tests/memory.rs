//! Memory that runs out inside SQLite is an error, and nothing is lost. In a process of its own: the limit is for all of it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

mod scene;

use respaldo::{RestoreRequest, Result, Status, unwatched};
use rusqlite::ffi::sqlite3_hard_heap_limit64;
use scene::{Scene, clients, clients_in, make_database, names};

/// Runs `work` with ever more memory until it succeeds; returns how often it failed before.
fn with_ever_more_memory<T>(mut work: impl FnMut() -> Result<T>, mut check: impl FnMut(&Result<T>)) -> usize {
    const STEP: i64 = 16_384;
    for failures in 0..10_000 {
        let limit = STEP * (1 + i64::try_from(failures).expect("few"));
        // SAFETY: the function takes an integer, and SQLite is thread-safe.
        unsafe { sqlite3_hard_heap_limit64(limit) };
        let result = work();
        // SAFETY: as above.
        unsafe { sqlite3_hard_heap_limit64(0) };
        check(&result);
        match result {
            Ok(_) => return failures,
            Err(error) => assert!(
                matches!(error.status(), Status::IoError | Status::RestoreFailed),
                "{limit} bytes: {error}"
            ),
        }
    }
    panic!("it never succeeds");
}

#[test]
fn every_operation_survives_every_limit() {
    for mode in ["delete", "wal"] {
        let scene = Scene::empty();
        make_database(&scene.database(), mode, 2000);
        let store = scene.store();
        let failures = with_ever_more_memory(
            || store.create(&mut unwatched),
            |_| {
                assert_eq!(clients(&scene.open()), 2000);
                let whole = store.list(false).expect("listed").backups;
                assert!(
                    whole
                        .iter()
                        .all(|backup| backup.intact == Some(true) && clients_in(&backup.path) == 2000)
                );
            },
        );
        assert!(failures > 5, "the limit was felt: {failures}");
        assert_eq!(names(&scene.backups()).len(), 1, "a failed one leaves nothing");

        let backup = store.list(false).expect("listed").backups.remove(0).name;
        let failures = with_ever_more_memory(|| store.verify(backup.as_ref(), &mut unwatched), |_| {});
        assert!(failures > 0, "the limit was felt");

        scene
            .open()
            .execute_batch("DELETE FROM clients WHERE id > 10")
            .expect("deleted");
        let failures = with_ever_more_memory(
            || store.restore(&RestoreRequest::of(&backup), &mut unwatched),
            |result| {
                // False when there was no memory either to check what is written or to take it back.
                let undone = result
                    .as_ref()
                    .map_or_else(|error| error.undone().unwrap_or(true), |_| false);
                let expected = if undone { 10 } else { 2000 };
                assert_eq!(clients(&scene.open()), expected, "{mode}: {result:?}");
                if !undone {
                    scene
                        .open()
                        .execute_batch("DELETE FROM clients WHERE id > 10")
                        .expect("deleted");
                }
            },
        );
        assert!(failures > 5, "the limit was felt: {failures}");
    }
}
