//! What is in the folder: listing, retention, the last backup, and the settings file.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant, UNIX_EPOCH};

use respaldo::{Kind, LastBackup, Options, Reason, RestoreRequest, Settings, Status, Store, unwatched};
use scene::{Scene, names};

fn set_modified(path: &std::path::Path, unix_seconds: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(unix_seconds);
    fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(time))
        .expect("set");
}

#[test]
fn newest_first_with_the_time_of_the_name_or_of_the_file() {
    let scene = Scene::new("delete");
    for name in [
        "backup_20260301_090000.db",
        "backup_20260303_235959.db",
        "backup_20260301_090000_2.db",
    ] {
        scene.put_whole_backup(name);
    }
    let renamed = scene.put_whole_backup("antes de migrar.db");
    set_modified(&renamed, 1_772_470_800); // 2026-03-02T17:00:00Z
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
            .all(|b| b.intact && b.path.is_absolute() && b.size > 0)
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
            ("backup_20260301_090000.db", true),
            ("backup_20260302_090000.db", false),
            ("sin extensión", true)
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
fn the_live_database_can_be_verified_and_its_damage_is_its_own() {
    let scene = Scene::new("wal");
    let open = scene.open();
    open.execute_batch("INSERT INTO clients(name) VALUES('in the log')")
        .expect("written");
    scene.store().verify(&scene.database(), &mut unwatched).expect("whole");
    drop(open);
    scene::damage(&scene.database(), 5 * 4096, &[0xff; 4096]);
    let error = scene
        .store()
        .verify(&scene.database(), &mut unwatched)
        .expect_err("damaged");
    assert_eq!(error.status(), Status::DatabaseCorrupt, "{error}");
}

#[test]
fn a_folder_that_is_not_there_holds_nothing() {
    let scene = Scene::empty();
    assert_eq!(scene.store().list(true).expect("listed").backups, []);
    assert_eq!(scene.store().prune(false).expect("pruned").removed, []);
    assert!(!scene.backups().exists(), "looking makes no folder");
}

#[test]
fn an_old_last_backup_is_a_warning() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260302_093011.db");
    let warned = || {
        let warnings = scene.store().list(false).expect("listed").warnings;
        warnings.first().map(|warning| warning.name)
    };
    assert_eq!(warned(), Some("LAST_BACKUP_OLD"));
    // One that was made since and moved to an external drive is still the last one.
    fs::write(
        scene.path("data/settings.json"),
        "{\"last_backup_at\": \"2026-03-04T09:00:00-07:00\"}",
    )
    .expect("written");
    assert_eq!(warned(), None);
}

#[test]
fn the_newest_stay_and_only_what_the_library_made_goes() {
    let scene = Scene::new("delete");
    for day in 1..=9 {
        scene.put_whole_backup(&format!("backup_2026020{day}_090000.db"));
    }
    for name in [
        "antes.db",
        "backup_20260101_090000 (copia).db",
        "backup_20260101.db",
        "backup_20260101_090000.db.bak",
    ] {
        scene.put_whole_backup(name);
    }
    fs::write(scene.path("data/studio.db.before_restore_20260101_090000"), "safety").expect("written");
    let store = Store::open(Options {
        max_backups: 3,
        ..scene.options()
    })
    .expect("valid");
    let planned = store.prune(true).expect("planned");
    assert_eq!(names(&scene.backups()).len(), 13, "a dry run deletes nothing");
    let created = store.create(&mut unwatched).expect("a backup");
    assert_eq!(created.removed.len(), 7);
    assert_eq!(
        names(&scene.backups()),
        [
            "antes.db",
            "backup_20260101.db",
            "backup_20260101_090000 (copia).db",
            "backup_20260101_090000.db.bak",
            "backup_20260208_090000.db",
            "backup_20260209_090000.db",
            "backup_20260304_093012.db",
        ]
    );
    assert!(scene.path("data/studio.db.before_restore_20260101_090000").exists());
    assert_eq!(planned.removed.len(), 6);
    assert!(
        planned
            .removed
            .iter()
            .all(|decision| decision.reason == Reason::OverLimit)
    );
    assert_eq!(
        planned
            .kept
            .iter()
            .filter(|decision| decision.reason == Reason::Preserved)
            .count(),
        4
    );
}

#[test]
fn twenty_are_kept_by_default() {
    let scene = Scene::new("delete");
    for day in 1..=28 {
        scene.put_whole_backup(&format!("backup_202602{day:02}_090000.db"));
    }
    scene.create();
    assert_eq!(names(&scene.backups()).len(), 20);
}

#[test]
fn the_newest_good_one_stays_whatever_the_limit() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260201_090000.db");
    scene.put_whole_backup("backup_20260202_090000.db");
    for day in 3..=6 {
        scene.put_backup(&format!("backup_2026020{day}_090000.db"), b"cut short");
    }
    let store = Store::open(Options {
        max_backups: 2,
        ..scene.options()
    })
    .expect("valid");
    let pruned = store.prune(false).expect("pruned");
    assert_eq!(
        names(&scene.backups()),
        [
            "backup_20260202_090000.db",
            "backup_20260205_090000.db",
            "backup_20260206_090000.db"
        ]
    );
    let reason = pruned
        .kept
        .iter()
        .find(|decision| decision.name == "backup_20260202_090000.db");
    assert_eq!(reason.map(|decision| decision.reason), Some(Reason::NewestGood));
}

#[cfg(unix)]
#[test]
fn links_are_listed_and_never_deleted() {
    let scene = Scene::new("delete");
    let elsewhere = scene.path("elsewhere.db");
    scene::make_database(&elsewhere, "delete", 3);
    fs::create_dir(scene.backups()).expect("made");
    std::os::unix::fs::symlink(&elsewhere, scene.backups().join("backup_20200101_090000.db")).expect("linked");
    std::os::unix::fs::symlink("nowhere", scene.backups().join("backup_20200102_090000.db")).expect("linked");
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid");
    let created = store.create(&mut unwatched).expect("a backup");
    assert_eq!(created.removed, [] as [&str; 0]);
    assert_eq!(names(&scene.backups()).len(), 3);
    let listed = store.list(false).expect("listed").backups;
    assert_eq!(listed.iter().filter(|backup| backup.kind == Kind::Preserved).count(), 1);
}

#[cfg(unix)]
#[test]
fn pipes_and_strange_times_hold_nobody_up() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let pipe = |path: &std::path::Path| {
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

#[test]
fn the_last_backup_is_what_the_settings_say_or_else_the_newest_file() {
    let scene = Scene::new("delete");
    let last = || scene.store().last_backup().expect("an answer");
    let none = LastBackup {
        last_backup_at: None,
        display: "—".into(),
    };
    assert_eq!(last(), none);
    scene.put_whole_backup("backup_20260301_090000.db");
    scene.put_backup("backup_20260302_090000.db", b"not a backup at all");
    assert_eq!(last().display, "01/03/2026 09:00");
    let created = scene.create();
    assert_eq!(last().last_backup_at.as_deref(), Some("2026-03-04T09:30:12-07:00"));
    // Moved to an external drive it still was the last one.
    fs::remove_file(&created.backup.path).expect("moved");
    assert_eq!(last().display, "04/03/2026 09:30");
    for unusable in [
        "",
        "{}",
        "[]",
        "{\"last_backup_at\": null}",
        "{\"last_backup_at\": \"ayer\"}",
        "{\"last_backup_at\": 5}",
    ] {
        fs::write(scene.path("data/settings.json"), unusable).expect("written");
        assert_eq!(last().display, "01/03/2026 09:00", "{unusable}");
    }
}

#[test]
fn settings_that_cannot_be_changed_are_a_warning_and_stay() {
    let scene = Scene::new("delete");
    let settings = scene.path("data/settings.json");
    for text in ["", "{not json", "[1, 2]", "\"text\"", "{\"a\": 1} trailing"] {
        fs::write(&settings, text).expect("written");
        let created = scene.create();
        assert_eq!(
            created.warnings.first().map(|warning| warning.name),
            Some("SETTINGS_NOT_UPDATED"),
            "{text}"
        );
        assert_eq!(fs::read_to_string(&settings).expect("there"), text);
    }
    assert!(
        !names(&scene.path("data"))
            .iter()
            .any(|name| name.starts_with(".respaldo"))
    );
}

/// The note that is ready for the settings before the backup is made.
fn prepared_note(scene: &Scene) -> PathBuf {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = names(&scene.path("data"))
            .into_iter()
            .find(|name| name.starts_with(".respaldo"));
        match found {
            Some(name) => return scene.path("data").join(name),
            None => assert!(Instant::now() < deadline, "no note was made ready"),
        }
    }
}

#[test]
fn what_others_do_to_the_settings_while_a_backup_is_made_stays() {
    type Meanwhile = fn(&Scene);
    let cases: [(Meanwhile, &str); 4] = [
        (|_| {}, "{\"tema\": 1, "),
        (
            |scene| fs::write(scene.path("data/settings.json"), "{\"tema\": 2, \"b\": []}").expect("written"),
            "{\"tema\": 2, \"b\": [], ",
        ),
        (
            |scene| fs::remove_file(scene.path("data/settings.json")).expect("removed"),
            "{\n  ",
        ),
        (
            |scene| fs::remove_file(prepared_note(scene)).expect("swept"),
            "{\"tema\": 1, ",
        ),
    ];
    for (meanwhile, beginning) in cases {
        let scene = Scene::new("delete");
        let settings = scene.path("data/settings.json");
        fs::write(&settings, "{\"tema\": 1}").expect("written");
        let mut done = false;
        let created = scene.store().create(&mut |_| {
            if !done {
                prepared_note(&scene);
                meanwhile(&scene);
            }
            done = true;
            ControlFlow::Continue(())
        });
        assert_eq!(created.expect("a backup").warnings, []);
        let text = fs::read_to_string(&settings).expect("there");
        assert!(
            text.starts_with(&format!("{beginning}\"last_backup_at\": \"2026-")),
            "{text}"
        );
        assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
    }
}

#[test]
fn a_backup_that_is_called_off_leaves_the_settings_as_they_are() {
    let scene = Scene::new("delete");
    let settings = scene.path("data/settings.json");
    fs::write(&settings, "{\"tema\": 1}").expect("written");
    let called_off = scene.store().create(&mut |_| {
        prepared_note(&scene);
        ControlFlow::Break(())
    });
    assert_eq!(called_off.expect_err("called off").status(), Status::Cancelled);
    assert_eq!(fs::read_to_string(&settings).expect("there"), "{\"tema\": 1}");
    assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
}

#[cfg(unix)]
#[test]
fn the_settings_file_keeps_its_permissions_and_its_link() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new("delete");
    let real = scene.path("real.json");
    fs::write(&real, "{\"tema\": \"oscuro\"}").expect("written");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("set");
    std::os::unix::fs::symlink(&real, scene.path("data/settings.json")).expect("linked");
    assert_eq!(scene.create().warnings, []);
    assert!(
        fs::symlink_metadata(scene.path("data/settings.json"))
            .expect("there")
            .is_symlink()
    );
    assert_eq!(
        fs::read_to_string(&real).expect("there"),
        "{\"tema\": \"oscuro\", \"last_backup_at\": \"2026-03-04T09:30:12-07:00\"}"
    );
    assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn without_settings_none_are_made() {
    let scene = Scene::new("delete");
    let store = Store::open(Options {
        settings: Settings::Nowhere,
        ..scene.options()
    })
    .expect("valid");
    store.create(&mut unwatched).expect("a backup");
    assert_eq!(names(&scene.path("data")), ["backups", "studio.db"]);
}

#[test]
fn options_are_checked_when_the_store_is_opened() {
    let scene = Scene::empty();
    let refused = |options: Options| Store::open(options).expect_err("refused").status();
    assert_eq!(
        refused(Options {
            timezone: "Mars/Olympus".into(),
            ..scene.options()
        }),
        Status::UnknownTimezone
    );
    assert_eq!(
        refused(Options {
            timezone: String::new(),
            ..scene.options()
        }),
        Status::UnknownTimezone
    );
    assert_eq!(
        refused(Options {
            max_backups: 0,
            ..scene.options()
        }),
        Status::InvalidArgument
    );
    assert_eq!(refused(Options::new("")), Status::InvalidArgument);
    assert_eq!(refused(Options::new("/")), Status::InvalidArgument);
    assert_eq!(
        refused(Options {
            backup_dir: Some("".into()),
            ..scene.options()
        }),
        Status::InvalidArgument
    );
}
