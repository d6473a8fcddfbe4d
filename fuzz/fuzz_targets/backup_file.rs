//! Any bytes, given as the backup to verify and to restore into a good database.
//!
//! Input: one byte that picks the live database, then the backup.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use respaldo::{RestoreRequest, unwatched};
use respaldo_fuzz::{DATABASE, Studio, assert_same, assert_sensible, contents, problems, studio_database};

const BACKUP: &str = "backups/given.db";
const LOG: &str = "backups/restores.jsonl";

struct Live {
    page_size: u32,
    journal_mode: &'static str,
    bytes: Vec<u8>,
}

static LIVE: LazyLock<[Live; 4]> = LazyLock::new(|| {
    [(512, "delete"), (512, "wal"), (4096, "delete"), (4096, "wal")].map(|(page_size, journal_mode)| Live {
        page_size,
        journal_mode,
        bytes: studio_database(page_size, journal_mode),
    })
});

fuzz_target!(|input: &[u8]| {
    let Some((pick, backup)) = input.split_first() else {
        return;
    };
    let live = &LIVE[usize::from(pick % 4)];
    let studio = Studio::new();
    studio.write(DATABASE, &live.bytes);
    studio.write(BACKUP, backup);
    let before = studio.files();

    let verified = studio.store.verify(Path::new("given.db"), &mut unwatched);
    assert_same(&studio.files(), &before, "after verifying");

    let request = RestoreRequest {
        allow_different: true,
        ..RestoreRequest::of("given.db")
    };
    let restored = studio.store.restore(&request, &mut unwatched);
    let mut after = studio.files();
    assert!(after.remove(Path::new(LOG)).is_some(), "the restore is not in the log");
    match restored {
        Err(error) => {
            assert_same(&after, &before, &format!("after {error:?}"));
            // A log's pages have one size. Bringing a backup to it takes everything that its indexes need.
            let fits = |page_size| live.journal_mode != "wal" || u64::from(live.page_size) == page_size;
            match verified {
                Ok(whole) => assert!(!fits(whole.page_size), "whole, but {error:?}"),
                Err(_) => assert_sensible(&error),
            }
        }
        Ok(restored) => {
            assert!(verified.is_ok(), "restored, but {verified:?}");
            assert_eq!(restored.warnings, []);
            assert_eq!(problems(&after, DATABASE), [""; 0], "the live database");
            assert_eq!(
                contents(&after, DATABASE),
                contents(&before, BACKUP),
                "the live database"
            );
            let safety = restored.safety_backup.expect("there was a database");
            let safety = safety.file_name().expect("a name").to_string_lossy().into_owned();
            assert_eq!(problems(&after, &safety), [""; 0], "the safety copy");
            assert_eq!(
                contents(&after, &safety),
                contents(&before, DATABASE),
                "the safety copy"
            );
            let names: Vec<&Path> = after.keys().map(|path| path.as_path()).collect();
            assert_eq!(names, [Path::new(BACKUP), Path::new(DATABASE), Path::new(&safety)]);
            assert_eq!(after[Path::new(BACKUP)], backup, "the backup was written to");
        }
    }
});
