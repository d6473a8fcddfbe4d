//! Any bytes as the live database, with any bytes as its log and journal: to back up, and to be restored over.
//!
//! Input: the lengths of log and journal, two bytes each, little endian; log; journal; database.

#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use respaldo::{RestoreRequest, unwatched};
use respaldo_fuzz::{
    BACKUPS, DATABASE, Files, Studio, assert_same, assert_sensible, contents, problems, studio_database,
};

const GOOD: &str = "backups/good.db";
const LOG: &str = "backups/restores.jsonl";
const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

static BACKUP: LazyLock<Vec<u8>> = LazyLock::new(|| studio_database(1024, "delete"));

fuzz_target!(|input: &[u8]| {
    let Some((&[w0, w1, j0, j1], rest)) = input.split_first_chunk() else {
        return;
    };
    let (log, rest) = rest.split_at(rest.len().min(u16::from_le_bytes([w0, w1]).into()));
    let (journal, database) = rest.split_at(rest.len().min(u16::from_le_bytes([j0, j1]).into()));
    let given = || {
        let studio = Studio::new();
        studio.write(DATABASE, database);
        for (suffix, bytes) in [("-wal", log), ("-journal", journal)] {
            if !bytes.is_empty() {
                studio.write(&format!("{DATABASE}{suffix}"), bytes);
            }
        }
        studio
    };
    back_up(&given());
    restore(&given());
});

fn back_up(studio: &Studio) {
    let before = studio.files();
    let created = studio.store.create(&mut unwatched);
    let after = studio.files();
    let listed = studio.store.list(true).expect("the folder can be read").backups;
    match created {
        Err(error) => {
            assert_sensible(&error);
            assert_eq!(listed, [], "{error:?}");
        }
        Ok(created) => {
            assert_eq!(
                created
                    .warnings
                    .iter()
                    .filter(|warning| warning.name != "CHECKED_WITHOUT_INDEXES")
                    .count(),
                0
            );
            assert_eq!(listed, [created.backup.clone()]);
            assert_eq!(created.backup.intact, Some(true));
            let backup = format!("{BACKUPS}/{}", created.backup.name);
            assert_eq!(problems(&after, &backup), [""; 0], "the backup");
            assert_eq!(contents(&after, &backup), contents(&before, DATABASE), "the backup");
        }
    }
    // Only playing back a journal, as any program that opens the database would, may change anything.
    if before.contains_key(Path::new("studio.db-journal")) {
        return;
    }
    let rest = |mut files: Files| {
        files.retain(|path, _| !path.starts_with(BACKUPS));
        files
    };
    assert_same(&rest(after), &rest(before), "after creating");
}

fn restore(studio: &Studio) {
    studio.write(GOOD, &BACKUP);
    let before = studio.files();
    let request = RestoreRequest {
        allow_different: true,
        ..RestoreRequest::of("good.db")
    };
    let restored = studio.store.restore(&request, &mut unwatched).expect("a good backup");
    let after = studio.files();
    assert_eq!(restored.warnings, []);
    assert_eq!(problems(&after, DATABASE), [""; 0], "the live database");
    assert_eq!(contents(&after, DATABASE), contents(&before, GOOD), "the live database");
    for suffix in SIDECARS {
        assert!(
            fs::symlink_metadata(studio.path(&format!("{DATABASE}{suffix}"))).is_err(),
            "{suffix} is left"
        );
    }
    let safety = restored.safety_backup.expect("there was a file");
    let safety = safety.file_name().expect("a name").to_string_lossy().into_owned();
    assert_saved(&before, &after, &safety);
    let made_or_known = |path: &Path| {
        let path = path.to_string_lossy();
        [GOOD, LOG, DATABASE].contains(&path.as_ref()) || path.starts_with(&safety)
    };
    assert!(
        after.keys().all(|path| made_or_known(path)),
        "left behind: {:?}",
        after.keys()
    );
}

/// The safety copy is either a whole database with the same contents, or the same bytes.
fn assert_saved(before: &Files, after: &Files, safety: &str) {
    let bytes = |files: &Files, name: &str| {
        ["", "-wal", "-journal"].map(|suffix| files.get(Path::new(&format!("{name}{suffix}"))).cloned())
    };
    let (old, saved) = (bytes(before, DATABASE), bytes(after, safety));
    if old == saved {
        return;
    }
    let was = contents(before, DATABASE);
    let is_played_back = old[2].is_some();
    assert!(
        is_played_back || problems(after, safety).is_empty(),
        "the safety copy is neither whole nor the same bytes"
    );
    assert_eq!(contents(after, safety), was, "the safety copy");
    assert!(is_played_back || was.is_ok(), "{was:?}");
}
