//! The catalogue: what it knows, and that nothing fails for it.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::path::{Path, PathBuf};

use respaldo::{Backup, Made, Options, Reason, RestoreRequest, Status, Store, unwatched};
use rusqlite::Connection;
use scene::{MORNING, Scene, damage, names};
use serde_json::Value;

fn path(scene: &Scene) -> PathBuf {
    scene.backups().join("catalog.json")
}

fn record(scene: &Scene, name: &str) -> Value {
    let text = fs::read_to_string(path(scene)).expect("there");
    let catalogue: Value = serde_json::from_str(&text).expect("JSON");
    catalogue["backups"][name].clone()
}

fn plain_hash(path: &Path) -> String {
    blake3::hash(&fs::read(path).expect("read")).to_hex().to_string()
}

fn warned(warnings: &[respaldo::Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.name).collect()
}

fn only(scene: &Scene) -> Backup {
    let mut backups = scene.store().list(false).expect("listed").backups;
    assert_eq!(backups.len(), 1);
    backups.remove(0)
}

/// Changes a letter in a text that is in no index, which no check of the structure can see. The file's time stays.
fn change_a_text(backup: &Path) {
    let bytes = fs::read(backup).expect("read");
    let name = bytes
        .windows(9)
        .rposition(|bytes| bytes == b"Client 50")
        .expect("there");
    let time = fs::metadata(backup).and_then(|file| file.modified()).expect("a time");
    damage(backup, name as u64 + 20, b"z");
    let file = fs::File::options().write(true).open(backup).expect("opens");
    file.set_modified(time).expect("set");
    let notes: String = Connection::open(backup)
        .and_then(|backup| backup.query_row("SELECT notes FROM clients WHERE id = 50", [], |row| row.get(0)))
        .expect("readable");
    assert!(notes.contains('z'), "{notes}");
}

#[test]
fn what_is_known_of_a_new_backup_is_written_down_and_told() {
    for mode in ["delete", "wal"] {
        let scene = Scene::new(mode);
        scene
            .open()
            .execute_batch("CREATE TABLE alembic_version(version_num); INSERT INTO alembic_version VALUES('9f2c')")
            .expect("written");
        let backup = scene.create().backup;
        assert_eq!(only(&scene), backup, "{mode}");
        assert_eq!(backup.made, Some(Made::Manual));
        assert_eq!(backup.verified_at.as_deref(), Some("2026-03-04T09:30:12-07:00"));
        assert_eq!(backup.database.as_deref(), Some("studio.db"));
        assert_eq!(
            (&backup.label, &backup.note, backup.pinned, &backup.rehearsed_at),
            (&None, &None, Some(false), &None)
        );
        let content = backup.content.expect("known");
        let tables: Vec<_> = content.tables.expect("counted").into_iter().collect();
        assert_eq!(tables, [("alembic_version".to_owned(), 1), ("clients".to_owned(), 100)]);
        assert_eq!(
            (content.user_version, content.alembic.as_deref()),
            (Some(7), Some("9f2c"))
        );
        let record = record(&scene, &backup.name);
        assert_eq!(record["blake3"], plain_hash(&backup.path), "{mode}");
        assert_eq!(
            (&record["folder"], &record["size"]),
            (&"..".into(), &backup.size.into())
        );
    }
    let scene = Scene::new("delete");
    let due = scene.store().create_if_due(&mut unwatched).expect("an answer");
    assert_eq!(due.backup.expect("made").made, Some(Made::Automatic));
}

#[test]
fn the_hash_is_that_of_the_file_whatever_its_size_and_journal() {
    for (mode, page_size, rows) in [
        ("delete", 512, 1),
        ("wal", 512, 4_000),
        ("delete", 4096, 30_000),
        ("wal", 4096, 5_000),
        ("wal", 65_536, 3_000),
    ] {
        let scene = Scene::empty();
        Connection::open(scene.database())
            .and_then(|connection| {
                connection.execute_batch(&format!(
                    "PRAGMA page_size={page_size}; PRAGMA journal_mode={mode}; CREATE TABLE clients(x);
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{rows})
                     INSERT INTO clients SELECT randomblob(300) FROM n; DELETE FROM clients WHERE rowid % 3 = 0"
                ))
            })
            .expect("made");
        let backup = scene.create().backup;
        assert_eq!(
            record(&scene, &backup.name)["blake3"],
            plain_hash(&backup.path),
            "{mode} {page_size} {rows}"
        );
    }
}

#[test]
fn a_changed_letter_is_damage_and_is_remembered() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let verify = || scene.store().verify(backup.name.as_ref(), &mut unwatched);
    scene.set_clock("2026-03-05T16:30:12Z");
    assert_eq!(verify().expect("whole").warnings, []);
    assert_eq!(only(&scene).verified_at.as_deref(), Some("2026-03-05T09:30:12-07:00"));
    change_a_text(&backup.path);
    let error = verify().expect_err("changed");
    assert_eq!(error.status(), Status::BackupCorrupt);
    let problems = error.problems().expect("told");
    assert!(problems.len() == 1 && problems[0].contains("BLAKE3"), "{problems:?}");
    let listed = only(&scene);
    assert_eq!((listed.intact, listed.verified_at), (Some(false), None));
    assert!(
        scene.store().create_if_due(&mut unwatched).expect("an answer").created,
        "a damaged one does not count"
    );
}

#[test]
fn a_file_that_was_changed_since_is_known_no_longer() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    Connection::open(&backup.path)
        .and_then(|backup| backup.execute_batch("DELETE FROM clients"))
        .expect("changed");
    let listed = only(&scene);
    assert_eq!(
        (listed.verified_at, listed.content, listed.intact),
        (None, None, Some(true))
    );
    assert_eq!(listed.database.as_deref(), Some("studio.db"), "whose it is stays known");
    let error = scene
        .store()
        .verify(backup.name.as_ref(), &mut unwatched)
        .expect_err("changed");
    assert_eq!(error.status(), Status::BackupCorrupt);
    scene.restore(&backup.name).expect("it can still be restored");
}

#[test]
fn a_file_of_a_copied_folder_is_known_again_once_it_is_verified() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    scene::set_modified(&backup.path, "2026-03-04T17:00:00Z");
    assert_eq!(only(&scene).verified_at, None);
    scene
        .store()
        .verify(backup.name.as_ref(), &mut unwatched)
        .expect("whole");
    let listed = only(&scene);
    assert!(listed.verified_at.is_some() && listed.content.is_some(), "{listed:?}");
}

#[test]
fn one_without_a_record_gets_one_when_it_is_verified() {
    let scene = Scene::new("delete");
    let path = scene.put_whole_backup("de la otra computadora.db");
    scene
        .store()
        .verify("de la otra computadora.db".as_ref(), &mut unwatched)
        .expect("whole");
    assert_eq!(record(&scene, "de la otra computadora.db")["blake3"], plain_hash(&path));
    let listed = only(&scene);
    assert_eq!((listed.verified_at.is_some(), listed.database), (true, None));
    let outside = scene.path("fuera.db");
    scene::make_database(&outside, "delete", 3);
    scene.store().verify(&outside, &mut unwatched).expect("whole");
    assert_eq!(record(&scene, "fuera.db"), Value::Null, "it is none of the folder's");
}

#[test]
fn a_rehearsal_is_remembered() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    scene.set_clock("2026-03-05T16:30:12Z");
    let request = RestoreRequest {
        target: Some(scene.path("ensayo.db")),
        ..RestoreRequest::of(&backup.name)
    };
    scene.store().restore(&request, &mut unwatched).expect("rehearsed");
    assert_eq!(only(&scene).rehearsed_at.as_deref(), Some("2026-03-05T09:30:12-07:00"));
}

#[test]
fn the_newest_known_whole_one_stays_whatever_looks_whole_after_it() {
    let scene = Scene::new("delete");
    scene.set_clock("2026-03-01T16:30:12Z");
    let good = scene.create().backup;
    for day in 2..=4 {
        let path = scene.put_whole_backup(&format!("backup_2026030{day}_080000.db"));
        damage(&path, 4096 + 2000, &[0xff; 2000]);
    }
    scene.set_clock(MORNING);
    let store = Store::open(Options {
        max_backups: 2,
        ..scene.options()
    })
    .expect("valid");
    let pruned = store.prune(false).expect("pruned");
    assert!(good.path.exists());
    let reason = pruned.kept.iter().find(|decision| decision.name == good.name);
    assert_eq!(reason.map(|decision| decision.reason), Some(Reason::NewestGood));
    assert_eq!(pruned.removed.len(), 1);
}

#[test]
fn a_pinned_backup_stays_and_what_others_wrote_too() {
    let scene = Scene::new("delete");
    scene.set_clock("2026-03-01T16:30:12Z");
    let first = scene.create().backup;
    let text = fs::read_to_string(path(&scene)).expect("there");
    let pinned = text.replace(
        "{\"database\"",
        "{\"pinned\":true,\"label\":\"antes de la 2.0\",\"note\":\"\",\"colour\":[1],\"database\"",
    );
    fs::write(path(&scene), pinned).expect("written");
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid");
    for day in 2..=4 {
        scene.set_clock(&format!("2026-03-0{day}T16:30:12Z"));
        store.create(&mut unwatched).expect("a backup");
    }
    let backups = store.list(false).expect("listed").backups;
    assert_eq!(backups.len(), 2);
    assert_eq!(
        (backups[1].label.as_deref(), backups[1].pinned),
        (Some("antes de la 2.0"), Some(true))
    );
    assert_eq!(record(&scene, &first.name)["colour"], serde_json::json!([1]));
    let records = fs::read_to_string(path(&scene)).expect("there");
    assert_eq!(
        records.matches("\"blake3\"").count(),
        2,
        "of what was removed nothing is left: {records}"
    );
}

#[test]
fn a_lost_or_broken_catalogue_is_made_anew_and_nothing_fails_for_it() {
    let deep = format!("{{\"version\":1,\"backups\":{}}}", "[".repeat(200_000));
    for text in ["", "{", "null", "{\"version\":1,\"backups\":7}", "\u{0}\u{0}", &deep] {
        let scene = Scene::new("delete");
        let first = scene.create().backup;
        fs::write(path(&scene), text).expect("written");
        let listing = scene.store().list(false).expect("listed");
        assert_eq!(warned(&listing.warnings), ["CATALOGUE_NOT_READ"], "{text:.30}");
        assert_eq!(listing.backups[0].intact, Some(true));
        scene.restore(&first.name).expect("restored");
        scene.store().last_backup().expect("an answer");
        assert!(!scene.store().create_if_due(&mut unwatched).expect("an answer").created);
        let second = scene.create();
        assert_eq!(warned(&second.warnings), ["CATALOGUE_REBUILT"], "{text:.30}");
        assert_eq!(second.backup.name, "backup_20260304_093012_2.db");
        assert_eq!(warned(&scene.store().list(false).expect("listed").warnings), [""; 0]);
        fs::remove_file(path(&scene)).expect("lost");
        assert_eq!(warned(&scene.create().warnings), [""; 0], "old folders have none");
    }
}

#[test]
fn one_of_a_newer_version_is_left_alone() {
    let scene = Scene::new("delete");
    let newer = "{\"version\":2,\"respaldos\":[]}";
    fs::create_dir(scene.backups()).expect("made");
    fs::write(path(&scene), newer).expect("written");
    let created = scene.create();
    assert_eq!(warned(&created.warnings), ["CATALOGUE_NOT_WRITTEN"]);
    scene
        .store()
        .verify(created.backup.name.as_ref(), &mut unwatched)
        .expect("whole");
    assert_eq!(fs::read_to_string(path(&scene)).expect("there"), newer);
}

#[test]
fn names_in_it_are_compared_and_never_opened() {
    let scene = Scene::new("delete");
    let victim = scene.path("data/victim.db");
    scene::make_database(&victim, "delete", 3);
    let name = scene.put_whole_backup("backup_20260301_080000.db");
    let records = [
        "../victim.db",
        "/etc/passwd",
        "..",
        "",
        ".",
        "backup_20260301_080000.db/x",
        "CON",
        "a\\\\b",
    ]
    .map(|name| format!("\"{name}\":{{\"database\":\"../../x\",\"folder\":\"/proc\",\"size\":1,\"mtime\":1}}"));
    let text = format!(
        "{{\"version\":1,\"names\":[\"../x\"],\"backups\":{{{}}}}}",
        records.join(",")
    );
    fs::write(path(&scene), text).expect("written");
    let backups = scene.store().list(false).expect("listed").backups;
    assert_eq!(backups.iter().map(|backup| &backup.path).collect::<Vec<_>>(), [&name]);
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid");
    let created = store.create(&mut unwatched).expect("a backup");
    assert_eq!(created.removed, ["backup_20260301_080000.db"]);
    assert!(victim.exists());
    assert_eq!(
        names(&scene.path("data")),
        ["backups", "settings.json", "studio.db", "victim.db"]
    );
}

#[cfg(unix)]
#[test]
fn where_it_cannot_be_written_the_backup_is_made_all_the_same() {
    let scene = Scene::new("delete");
    fs::create_dir_all(path(&scene)).expect("a folder with its name");
    let created = scene.create();
    assert_eq!(warned(&created.warnings), ["CATALOGUE_NOT_WRITTEN"]);
    assert_eq!(only(&scene).intact, Some(true));
    assert_eq!(
        names(&scene.backups()),
        [created.backup.name.as_str()],
        "no temporary file is left"
    );
}

#[test]
fn what_is_known_of_backups_that_are_gone_is_kept_for_a_while() {
    let scene = Scene::new("delete");
    let first = scene.create().backup;
    let elsewhere = scene.path("elsewhere.db");
    fs::rename(&first.path, &elsewhere).expect("moved to an external drive");
    scene.create();
    fs::rename(&elsewhere, &first.path).expect("moved back");
    let listed = scene.store().list(false).expect("listed").backups;
    assert_eq!(listed[1].verified_at, first.verified_at);
    // But not for ever.
    let text = fs::read_to_string(path(&scene)).expect("there");
    let gone: Vec<String> = (0..500)
        .map(|n| format!("\"gone {n:03}.db\":{{\"database\":\"studio.db\"}},\n"))
        .collect();
    fs::write(
        path(&scene),
        text.replace("\"backups\":{\n", &format!("\"backups\":{{\n{}", gone.concat())),
    )
    .expect("written");
    scene.create();
    let text = fs::read_to_string(path(&scene)).expect("there");
    assert_eq!(text.matches("gone").count(), 100);
    assert!(text.contains("gone 499") && text.contains(&first.name));
}
