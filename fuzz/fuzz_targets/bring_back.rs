//! Any bytes as a backup, and any bytes as the live database into which rows of it are brought back.
//!
//! Input: two bytes for the length of the live database, little endian; the live database; the backup.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use respaldo::{BringBackRequest, Error, OnConflict, RowKey, Status, unwatched};
use respaldo_fuzz::{BACKUPS, DATABASE, Files, Studio, assert_same, assert_sensible, contents, problems};
use serde_json::{Value, json};

const BACKUP: &str = "backup_20260303_090000.db";

fuzz_target!(|input: &[u8]| {
    let Some((length, files)) = input.split_first_chunk() else {
        return;
    };
    let (live, backup) = files.split_at(usize::from(u16::from_le_bytes(*length)).min(files.len()));
    let studio = Studio::new();
    studio.write(DATABASE, live);
    studio.write(&format!("{BACKUPS}/{BACKUP}"), backup);
    for on_conflict in [OnConflict::Refuse, OnConflict::Skip, OnConflict::Overwrite] {
        for (table, key) in [
            ("clients", json!({"id": 1})),
            ("t", json!({"": 1})),
            ("t", json!({"": "k"})),
            ("sessions", json!({"client": 1, "day": "x"})),
        ] {
            bring_back(&studio, table, &key, on_conflict);
        }
    }
});

fn bring_back(studio: &Studio, table: &str, key: &Value, on_conflict: OnConflict) {
    let mut request = BringBackRequest {
        backup: BACKUP.into(),
        rows: vec![RowKey {
            table: table.to_owned(),
            key: key.as_object().expect("an object").clone(),
        }],
        with_dependents: true,
        on_conflict,
        triggers: false,
        dry_run: true,
        reason: None,
    };
    let before = studio.files();
    let planned = studio.store.bring_back(&request, &mut unwatched);
    assert_same(
        &without_wal(studio.files()),
        &without_wal(before.clone()),
        "after a dry run",
    );
    request.dry_run = false;
    let done = studio.store.bring_back(&request, &mut unwatched);
    let after = studio.files();
    match (planned, done) {
        (Ok(planned), Ok(done)) => {
            assert_eq!(planned.plan, done.plan);
            match &done.safety_backup {
                Some(safety) => {
                    let name = safety.file_name().expect("a name").to_string_lossy();
                    assert_eq!(contents(&after, &name), contents(&before, DATABASE), "the safety copy");
                    if problems(&before, DATABASE).is_empty() {
                        assert_eq!(problems(&after, DATABASE), [""; 0], "the live database");
                    }
                }
                None => assert_unchanged(&after, &before),
            }
        }
        (Err(planned), Err(done)) => {
            assert_eq!(planned.status(), done.status(), "{planned:?} {done:?}");
            assert_unchanged(&after, &before);
            assert_meant(&done);
        }
        // A dry run lists the conflicts, for which the run itself then fails.
        (Ok(planned), Err(done)) if planned.plan.iter().any(|table| !table.conflicts.is_empty()) => {
            assert_eq!(done.status(), Status::RowsInConflict, "{done:?}");
            assert_unchanged(&after, &before);
        }
        (planned, done) => panic!("planned {planned:?}, done {done:?}"),
    }
}

/// The row need not be there.
fn assert_meant(error: &Error) {
    if error.status() != Status::InvalidArgument {
        assert_sensible(error);
    }
}

/// But for the log of restores.
fn assert_unchanged(after: &Files, before: &Files) {
    let rest = |files: &Files| {
        let mut files = without_wal(files.clone());
        files.remove(Path::new(&format!("{BACKUPS}/restores.jsonl")));
        files
    };
    assert_same(&rest(after), &rest(before), "after nothing was brought back");
}

/// SQLite leaves an empty WAL beside a database in WAL mode.
fn without_wal(mut files: Files) -> Files {
    files.retain(|_, bytes| !bytes.is_empty());
    files
}
