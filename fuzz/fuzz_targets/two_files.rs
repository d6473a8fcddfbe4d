//! Any bytes, given as two backups that are compared, searched and followed back.
//!
//! Input: two bytes for the length of the first backup, then both.

#![no_main]

use libfuzzer_sys::fuzz_target;
use respaldo::{CompareRequest, FindRequest, HistoryRequest, SearchWords, Wanted, unwatched};
use respaldo_fuzz::{DATABASE, Studio, assert_same, assert_sensible, studio_database};
use serde_json::json;

fuzz_target!(|input: &[u8]| {
    let Some((length, files)) = input.split_first_chunk() else {
        return;
    };
    let (older, newer) = files.split_at(usize::from(u16::from_le_bytes(*length)).min(files.len()));
    let studio = Studio::new();
    studio.write(DATABASE, &studio_database(512, "delete"));
    studio.write("backups/backup_20260303_090000.db", older);
    studio.write("backups/backup_20260304_090000.db", newer);
    let before = studio.files();

    for (one, other) in [(older, newer), (newer, older)] {
        let name = |file: &[u8]| match std::ptr::eq(file, older) {
            true => "backup_20260303_090000.db",
            false => "backup_20260304_090000.db",
        };
        let request = CompareRequest {
            with: Some(name(other).into()),
            rows: 5,
            ..CompareRequest::of(name(one))
        };
        match studio.store.compare(&request, &mut unwatched) {
            Ok(compared) => {
                let told = |table: &respaldo::TableDifference| table.rows.len() <= 5;
                assert!(compared.tables.iter().all(told));
                assert!(!compared.identical || compared.tables.iter().all(|table| table.rows.is_empty()));
            }
            Err(error) => assert_sensible(&error),
        }
    }

    for (table, words) in [(None, "a"), (Some("clients"), "ana")] {
        let request = FindRequest {
            table: table.map(str::to_owned),
            rows: Wanted::Words(SearchWords::parse(words).expect("a word")),
            most: 5,
            snapshots: false,
        };
        if let Ok(found) = studio.store.find(&request, &mut unwatched) {
            assert!(found.found.len() <= 5);
        }
    }
    let request = HistoryRequest {
        table: "clients".to_owned(),
        key: json!({"id": 1}).as_object().expect("an object").clone(),
        snapshots: false,
    };
    if let Ok(history) = studio.store.history(&request, &mut unwatched) {
        assert!(history.versions.len() <= 2);
        assert!(history.live.is_some());
    }
    assert_same(&studio.files(), &before, "after reading");
});
