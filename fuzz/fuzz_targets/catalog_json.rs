//! Any text as `catalog.json`: the files decide what backups there are, and nothing fails.

#![no_main]

use std::collections::BTreeSet;
use std::fs;

use libfuzzer_sys::fuzz_target;
use respaldo::{Kind, ListRequest, Warning, unwatched};
use respaldo_fuzz::{BACKUPS, DATABASE, Studio, assert_same, studio_database};
use serde_json::Value;

const RECORDED: &str = "backup_20260301_090000.db";
const RENAMED: &str = "antes.db";

thread_local! {
    static BYTES: Vec<u8> = studio_database(512, "delete");
}

fuzz_target!(|before: &[u8]| BYTES.with(|bytes| {
    let studio = Studio::new();
    studio.write(DATABASE, bytes);
    studio.write("victim.db", b"untouched");
    for name in [RECORDED, RENAMED] {
        studio.write(&format!("{BACKUPS}/{name}"), bytes);
    }
    let catalogue = format!("{BACKUPS}/catalog.json");
    studio.write(&catalogue, before);
    let files = studio.files();
    let store = &studio.store;

    let request = ListRequest {
        include_others: true,
        ..ListRequest::default()
    };
    let all = store.list_with(&request).expect("the folder can be read");
    let names: BTreeSet<&str> = all.backups.iter().map(|backup| backup.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from([RECORDED, RENAMED]));
    let own = store.list(false).expect("the folder can be read").backups;
    let is_own = all.backups.iter().filter(|backup| backup.kind != Kind::Other);
    assert!(is_own.eq(&own), "{own:?}");
    store.last_backup().expect("the folder can be read");
    store.prune(true).expect("a plan");
    assert_eq!(fs::read(studio.path(&catalogue)).expect("there"), before, "listing writes nothing");

    let created = store.create(&mut unwatched).expect("a good database");
    assert!(created.backup.path.exists() && created.removed.is_empty());
    let again = store.create(&mut unwatched).expect("a good database");
    assert!(again.backup.path.exists() && again.backup.name != created.backup.name);
    let warned: Vec<&str> = created.warnings.iter().map(|warning: &Warning| warning.name).collect();
    let after = fs::read(studio.path(&catalogue)).expect("there");
    match warned.as_slice() {
        ["CATALOGUE_NOT_WRITTEN"] => assert_eq!(after, before),
        [] | ["CATALOGUE_REBUILT"] => {
            let after: Value = serde_json::from_slice(&after).expect("JSON");
            assert_eq!(after["version"], 1);
            assert!(after["backups"][&again.backup.name]["blake3"].is_string());
            assert_eq!(again.backup.verified_at.as_deref(), Some("2026-03-04T14:23:05-07:00"));
        }
        other => panic!("{other:?}"),
    }
    let mut left = studio.files();
    for backup in [&created.backup, &again.backup] {
        let path = format!("{BACKUPS}/{}", backup.name);
        assert_eq!(left.remove(path.as_ref() as &std::path::Path).as_ref(), Some(bytes));
    }
    assert_same(&left, &files, "but for the new backups");
}));
