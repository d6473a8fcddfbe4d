//! Listing the backup folder.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
#[cfg(unix)]
use std::path::Path;
#[cfg(unix)]
use std::time::{Duration, UNIX_EPOCH};

use respaldo::{Kind, Options, RestoreRequest, Store, unwatched};
#[cfg(unix)]
use scene::names;
use scene::{Scene, set_modified};

#[test]
fn backups_are_listed_newest_first_by_the_time_in_the_name_or_of_the_file() {
    let scene = Scene::new("delete");
    for name in [
        "backup_20260301_090000.db",
        "backup_20260303_235959.db",
        "backup_20260301_090000_2.db",
    ] {
        scene.put_whole_backup(name);
    }
    let renamed = scene.put_whole_backup("antes de migrar.db");
    set_modified(&renamed, "2026-03-02T17:00:00Z");
    let listing = scene.store().list(false).expect("listed");
    let listed: Vec<_> = listing
        .backups
        .iter()
        .map(|b| (b.name.as_str(), b.display.as_str(), b.kind))
        .collect();
    assert_eq!(
        listed,
        [
            ("backup_20260303_235959.db", "03/03/2026 23:59", Kind::Backup),
            ("antes de migrar.db", "02/03/2026 10:00", Kind::Preserved),
            ("backup_20260301_090000_2.db", "01/03/2026 09:00", Kind::Backup),
            ("backup_20260301_090000.db", "01/03/2026 09:00", Kind::Backup),
        ]
    );
    assert!(
        listing
            .backups
            .iter()
            .all(|b| b.intact == Some(true) && b.path.is_absolute() && b.size > 0)
    );
    assert_eq!(listing.warnings, []);
}

#[test]
fn only_what_can_be_a_backup_is_listed() {
    let scene = Scene::new("delete");
    let whole = fs::read(scene.put_whole_backup("backup_20260301_090000.db")).expect("read");
    scene.put_backup("sin extensión", &whole);
    scene.put_backup("notas.txt", b"no es un respaldo");
    scene.put_backup("restores.jsonl", b"{}\n");
    scene.put_backup(".respaldo-abc123.tmp", &whole);
    scene.put_backup("._backup_20260301_090000.db", b"a file of another system");
    scene.put_backup("backup_20260301_090000.db-wal", b"");
    scene.put_backup("backup_20260302_090000.db", &whole[..whole.len() - 1]);
    fs::create_dir(scene.backups().join("carpeta.db")).expect("made");
    let listing = scene.store().list(false).expect("listed");
    let mut listed: Vec<_> = listing.backups.iter().map(|b| (b.name.as_str(), b.intact)).collect();
    listed.sort_unstable();
    assert_eq!(
        listed,
        [
            ("backup_20260301_090000.db", Some(true)),
            ("backup_20260302_090000.db", Some(false)),
            ("sin extensión", Some(true))
        ]
    );
}

#[test]
fn the_backup_folder_may_be_the_databases_own() {
    let scene = Scene::new("delete");
    let store = Store::open(Options {
        backup_dir: Some(scene.path("data")),
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid");
    let first = store.create(&mut unwatched).expect("a backup").backup;
    store
        .restore(&RestoreRequest::of(&first.name), &mut unwatched)
        .expect("restored");
    store.create(&mut unwatched).expect("a backup");
    let listed = store.list(true).expect("listed").backups;
    let kinds: Vec<Kind> = listed.iter().map(|backup| backup.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Backup, Kind::Safety],
        "neither the database itself nor a safety copy twice"
    );
    assert!(scene.database().exists());
}

#[test]
fn a_missing_backup_folder_holds_nothing_and_is_not_made() {
    let scene = Scene::empty();
    assert_eq!(scene.store().list(true).expect("listed").backups, []);
    assert_eq!(scene.store().prune(false).expect("pruned").removed, []);
    assert!(!scene.backups().exists(), "looking makes no folder");
}

#[test]
fn an_old_last_backup_gives_a_warning() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260302_093011.db");
    let warned = || {
        let warnings = scene.store().list(false).expect("listed").warnings;
        warnings.first().map(|warning| warning.name)
    };
    assert_eq!(warned(), Some("LAST_BACKUP_OLD"));
    // A backup that was made later and moved to an external drive still counts.
    fs::write(
        scene.path("data/settings.json"),
        "{\"last_backup_at\": \"2026-03-04T09:00:00-07:00\"}",
    )
    .expect("written");
    assert_eq!(warned(), None);
}

#[cfg(unix)]
#[test]
fn pipes_and_strange_times_block_no_operation() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
        assert!(made.success());
    };
    pipe(&scene.backups().join("restores.jsonl"));
    pipe(&scene.backups().join("tubo.db"));
    pipe(&scene.backups().join(".respaldo-abc123.tmp"));
    fs::remove_file(scene.path("data/settings.json")).expect("removed");
    pipe(&scene.path("data/settings.json"));
    let strange = scene.put_whole_backup("raro.db");
    let far = UNIX_EPOCH + Duration::from_secs(1 << 35);
    // Not every file system holds such a time.
    let _ = fs::File::options()
        .write(true)
        .open(&strange)
        .and_then(|file| file.set_modified(far));

    let created = scene.create();
    assert_eq!(
        created.warnings.iter().map(|warning| warning.name).collect::<Vec<_>>(),
        ["SETTINGS_NOT_UPDATED"]
    );
    assert!(scene.store().last_backup().expect("an answer").last_backup_at.is_some());
    assert_eq!(scene.store().list(true).expect("listed").backups.len(), 3);
    let restored = scene.restore(&backup.name).expect("restored");
    assert_eq!(
        restored.warnings.iter().map(|warning| warning.name).collect::<Vec<_>>(),
        ["RESTORE_NOT_LOGGED"]
    );
    assert!(
        names(&scene.backups()).contains(&".respaldo-abc123.tmp".to_owned()),
        "the library makes no pipes"
    );

    pipe(&scene.backups().join("raro.db-journal"));
    let error = scene
        .store()
        .verify("raro.db".as_ref(), &mut unwatched)
        .expect_err("refused");
    assert_eq!(error.path, Some(scene.backups().join("raro.db-journal")));
}
