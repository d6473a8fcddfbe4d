//! Are the data safe? One test for each thing that can be the matter.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;

use respaldo::{
    AnnotateRequest, Cause, Health, Language, Options, Overall, Retention, Severity, Store, Watch, unwatched,
};
use scene::{Scene, damage, names};

fn store(scene: &Scene) -> Store {
    Store::open(Options {
        language: Language::English,
        ..scene.options()
    })
    .expect("valid")
}

fn health(scene: &Scene) -> Health {
    store(scene).health(false, &mut unwatched).expect("an answer")
}

/// The names of the findings, without the note that the backups are on the disk of the database, as they are in a test.
fn found(health: &Health) -> Vec<&str> {
    let names = health.findings.iter().map(|finding| finding.name);
    names.filter(|name| *name != "SAME_DISK").collect()
}

#[test]
fn a_verified_backup_of_today_is_all_that_is_needed() {
    let scene = Scene::new("wal");
    let name = scene.create().backup.name;
    let health = health(&scene);
    assert_eq!((health.overall, found(&health)), (Overall::Ok, vec![]));
    assert_eq!(
        health.headline,
        "Your data are safe: the last verified backup is of today at 09:30."
    );
    assert_eq!(health.newest_verified.map(|backup| backup.name), Some(name));
    assert_eq!((health.days_without, health.damaged.len()), (Some(0), 0));
    assert!(health.room_for.is_some_and(|room| room > 0) && health.free_bytes.is_some());
    let same_disk = health.findings.iter().find(|finding| finding.name == "SAME_DISK");
    assert_eq!(same_disk.map(|finding| finding.severity), Some(Severity::Note));
}

#[test]
fn without_a_database_and_without_backups_there_is_nothing_to_lose() {
    let scene = Scene::empty();
    let health = health(&scene);
    assert_eq!(
        (health.overall, health.headline.as_str()),
        (Overall::Ok, "There is nothing to back up yet.")
    );
    assert_eq!(
        names(&scene.path("data")),
        <[&str; 0]>::default(),
        "asking writes nothing"
    );
}

#[test]
fn a_database_without_a_backup_is_in_danger() {
    let scene = Scene::new("delete");
    let health = health(&scene);
    assert_eq!((health.overall, found(&health)), (Overall::Danger, vec!["NO_BACKUP"]));
    assert_eq!((health.newest_verified, health.days_without), (None, None));
    assert!(
        health
            .headline
            .starts_with("Your data are in danger: There is no backup")
    );
}

#[test]
fn a_database_that_is_gone_is_told() {
    let scene = Scene::new("delete");
    scene.create();
    fs::remove_file(scene.database()).expect("removed");
    assert_eq!(found(&health(&scene)), ["DATABASE_MISSING"]);
}

#[test]
fn an_old_backup_matters_once_the_database_has_changed() {
    let scene = Scene::new("delete");
    scene.create();
    scene.set_clock("2026-03-07T16:30:12Z");
    assert_eq!(
        found(&health(&scene)),
        <[&str; 0]>::default(),
        "it holds what the database holds"
    );
    scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id = 1")
        .expect("written");
    let old = health(&scene);
    assert_eq!(
        (old.overall, found(&old)),
        (Overall::Attention, vec!["LAST_BACKUP_OLD"])
    );
    assert_eq!(old.days_without, Some(3));
    scene.set_clock("2026-03-14T16:30:12Z");
    let older = health(&scene);
    assert_eq!((older.overall, older.days_without), (Overall::Danger, Some(10)));
    let patient = Store::open(Options {
        watch: Watch {
            max_age_days: 10,
            rehearse_every_days: None,
            ..Watch::default()
        },
        ..scene.options()
    });
    let health = patient
        .and_then(|store| store.health(false, &mut unwatched))
        .expect("an answer");
    assert_eq!(found(&health), <[&str; 0]>::default());
}

#[test]
fn yesterdays_backup_is_of_yesterday_by_the_calendar() {
    let scene = Scene::new("delete");
    scene.set_clock("2026-03-05T06:59:00Z"); // a minute before midnight in Hermosillo
    scene.create();
    scene.set_clock("2026-03-05T07:01:00Z");
    let health = health(&scene);
    assert_eq!(health.days_without, Some(1));
    assert!(
        health.headline.ends_with("of yesterday at 23:59."),
        "{}",
        health.headline
    );
}

#[test]
fn a_single_flipped_bit_is_seen_by_a_deep_look_and_remembered() {
    let scene = Scene::new("delete");
    scene.create();
    scene.set_clock("2026-03-05T16:30:12Z");
    let newest = scene.create().backup;
    let modified = fs::metadata(&newest.path)
        .and_then(|found| found.modified())
        .expect("a time");
    damage(&newest.path, newest.size - 20, b"X");
    let file = fs::File::options().write(true).open(&newest.path).expect("opens");
    file.set_modified(modified).expect("set");
    assert_eq!(
        found(&health(&scene)),
        <[&str; 0]>::default(),
        "nothing tells without reading it"
    );
    let deep = store(&scene).health(true, &mut unwatched).expect("an answer");
    assert_eq!((deep.overall, found(&deep)), (Overall::Danger, vec!["BACKUP_DAMAGED"]));
    assert_eq!(deep.damaged, std::slice::from_ref(&newest.name));
    let after = health(&scene);
    assert_eq!(after.damaged, [newest.name], "the catalogue remembers");
    assert_eq!(
        after.newest_verified.map(|backup| backup.name).as_deref(),
        Some("backup_20260304_093012.db")
    );
}

#[test]
fn a_backup_that_was_changed_is_told_and_a_deep_look_decides() {
    let scene = Scene::new("delete");
    scene.create();
    scene.set_clock("2026-03-05T16:30:12Z");
    let newest = scene.create().backup;
    scene::set_modified(&newest.path, "2026-03-06T00:00:00Z");
    let changed = health(&scene);
    assert_eq!(
        (changed.overall, found(&changed)),
        (Overall::Attention, vec!["BACKUP_CHANGED"])
    );
    let deep = store(&scene).health(true, &mut unwatched).expect("an answer");
    assert_eq!(found(&deep), <[&str; 0]>::default(), "its contents are what they were");
}

#[test]
fn damage_of_an_older_one_is_attention_and_of_the_newest_danger() {
    let scene = Scene::new("delete");
    scene.put_backup("backup_20260303_090000.db", b"cut short");
    scene.create();
    let older = health(&scene);
    assert_eq!(
        (older.overall, found(&older)),
        (Overall::Attention, vec!["BACKUP_DAMAGED"])
    );
    scene.put_backup("backup_20260304_093013.db", b"");
    scene.set_clock("2026-03-04T17:00:00Z");
    assert_eq!(health(&scene).overall, Overall::Danger);
}

#[test]
fn a_newest_that_is_gone_is_told_and_an_older_one_that_was_moved_is_not() {
    let scene = Scene::new("delete");
    let older = scene.create().backup;
    scene.set_clock("2026-03-05T16:30:12Z");
    let newest = scene.create().backup;
    fs::remove_file(older.path).expect("removed");
    assert_eq!(found(&health(&scene)), <[&str; 0]>::default());
    fs::remove_file(newest.path).expect("removed");
    assert!(found(&health(&scene)).contains(&"NEWEST_MISSING"));
}

#[test]
fn what_retention_has_deleted_is_not_missing() {
    let scene = Scene::new("delete");
    let store = Store::open(Options {
        retention: Some(Retention::last(1)),
        ..scene.options()
    })
    .expect("valid");
    store.create(&mut unwatched).expect("made");
    scene.set_clock("2026-03-05T16:30:12Z");
    store.create(&mut unwatched).expect("made");
    assert_eq!(found(&health(&scene)), <[&str; 0]>::default());
}

#[test]
fn backups_that_nobody_has_verified_are_told() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260304_090000.db");
    let told = health(&scene);
    assert_eq!(
        (told.overall, found(&told)),
        (Overall::Attention, vec!["NONE_VERIFIED"])
    );
    let deep = store(&scene).health(true, &mut unwatched).expect("an answer");
    assert_eq!(found(&deep), <[&str; 0]>::default(), "a deep look verifies them");
}

#[test]
fn lost_rows_are_told_until_they_are_confirmed() {
    let scene = Scene::new("delete");
    scene.create();
    scene.open().execute_batch("DELETE FROM clients").expect("written");
    let shrunk = scene.create().backup;
    let told = health(&scene);
    assert_eq!((told.overall, found(&told)), (Overall::Attention, vec!["SHRUNK"]));
    let request = AnnotateRequest {
        backup: shrunk.name.into(),
        confirmed: Some(true),
        ..AnnotateRequest::default()
    };
    scene.store().annotate(&request).expect("annotated");
    assert_eq!(found(&health(&scene)), <[&str; 0]>::default());
}

#[test]
fn the_clock_the_safety_copies_and_the_catalogue_are_looked_at() {
    let scene = Scene::new("delete");
    scene.create();
    scene.put_whole_backup("backup_20990101_090000.db");
    for second in 0..11 {
        fs::write(
            scene.path(&format!("data/studio.db.before_restore_20260101_0900{second:02}")),
            "copy",
        )
        .expect("written");
    }
    let told = health(&scene);
    assert_eq!(found(&told), ["CLOCK_WENT_BACKWARDS", "MANY_SAFETY_COPIES"]);
    assert_eq!((told.safety_copies.count, told.safety_copies.bytes), (11, 44));
    fs::write(scene.backups().join("catalog.json"), "{").expect("written");
    assert!(found(&health(&scene)).contains(&"CATALOGUE_NOT_READ"));
}

#[test]
fn a_database_in_a_synced_folder_is_told() {
    let scene = Scene::empty();
    fs::create_dir(scene.path("Dropbox")).expect("made");
    let database = scene.path("Dropbox/studio.db");
    scene::make_database(&database, "delete", 3);
    let store = Store::open(Options {
        database,
        ..scene.options()
    })
    .expect("valid");
    store.create(&mut unwatched).expect("made");
    let health = store.health(false, &mut unwatched).expect("an answer");
    assert_eq!(found(&health), ["DATABASE_SYNCED"]);
}

#[test]
fn a_deep_look_can_be_called_off_and_the_backups_of_others_do_not_count() {
    let scene = Scene::new("delete");
    scene.create();
    let error = store(&scene)
        .health(true, &mut |_| ControlFlow::Break(()))
        .expect_err("cancelled");
    assert_eq!(error.cause, Cause::Cancelled);
    let other = Store::open(Options {
        database: scene.path("data/other.db"),
        ..scene.options()
    })
    .expect("valid");
    let connection = rusqlite::Connection::open(scene.path("data/other.db")).expect("opens");
    connection.execute_batch("CREATE TABLE other(x)").expect("written");
    let health = other.health(false, &mut unwatched).expect("an answer");
    assert_eq!(found(&health), ["NO_BACKUP"]);
}

/// Overwrites the first page of the table of clients. Opening the database shows nothing of it.
fn damage_rows(scene: &Scene) {
    damage(&scene.database(), 4096, &[0xff; 4096]);
}

#[test]
fn a_database_that_could_not_be_backed_up_is_in_danger_until_it_is_sound_again() {
    for mode in ["delete", "wal"] {
        let scene = Scene::new(mode);
        let whole = scene.create().backup;
        damage_rows(&scene);
        assert_eq!(health(&scene).overall, Overall::Ok, "nothing tells without reading it");
        let error = scene.store().create(&mut unwatched).expect_err("damaged");
        assert!(matches!(error.cause, Cause::DatabaseCorrupt(_)), "{error}");

        let told = health(&scene);
        assert_eq!(
            (told.overall, found(&told)),
            (Overall::Danger, vec!["DATABASE_DAMAGED"]),
            "{mode}"
        );
        assert!(
            told.headline.starts_with("Your data are in danger: The database "),
            "{}",
            told.headline
        );
        let finding = &told.findings[0];
        assert!(
            finding.hint.contains("salvage") && finding.hint.contains(&whole.display),
            "{}",
            finding.hint
        );
        assert_eq!(told.newest_verified.map(|backup| backup.name), Some(whole.name.clone()));

        scene.restore(&whole.name).expect("restored");
        assert_eq!(found(&health(&scene)), <[&str; 0]>::default(), "{mode}");
        let catalogue = fs::read_to_string(scene.backups().join("catalog.json")).expect("there");
        assert!(!catalogue.contains("damaged_databases"), "forgotten: {catalogue}");
    }
}

#[test]
fn a_deep_look_reads_the_database_too_and_is_remembered() {
    let scene = Scene::new("delete");
    scene.create();
    damage_rows(&scene);
    let deep = store(&scene).health(true, &mut unwatched).expect("an answer");
    assert_eq!(
        (deep.overall, found(&deep)),
        (Overall::Danger, vec!["DATABASE_DAMAGED"])
    );
    assert_eq!(found(&health(&scene)), ["DATABASE_DAMAGED"], "the catalogue remembers");
    let error = store(&scene)
        .health(false, &mut |_| ControlFlow::Break(()))
        .expect_err("cancelled while the database is read");
    assert_eq!(error.cause, Cause::Cancelled);
}

#[test]
fn a_damaged_database_that_is_locked_is_told_without_reading_it() {
    let scene = Scene::new("delete");
    scene.create();
    damage_rows(&scene);
    scene.store().create(&mut unwatched).expect_err("damaged");
    let holder = scene.open();
    holder.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    let told = health(&scene);
    assert_eq!(found(&told), ["DATABASE_DAMAGED"]);
    assert!(told.findings[0].message.ends_with("it cannot be read now."));
}

#[test]
fn what_opening_the_database_shows_needs_no_earlier_failure() {
    let scene = Scene::new("delete");
    scene.create();
    let whole = fs::read(scene.database()).expect("read");
    for broken in [&b""[..], b"this is a text", &whole[..whole.len() - 4096]] {
        fs::write(scene.database(), broken).expect("written");
        assert_eq!(found(&health(&scene)), ["DATABASE_DAMAGED"], "{} bytes", broken.len());
    }
    fs::write(scene.database(), whole).expect("written");
    assert_eq!(found(&health(&scene)), <[&str; 0]>::default());
}

#[test]
fn a_locked_database_is_no_damage_and_an_empty_file_at_the_first_start_neither() {
    let scene = Scene::new("delete");
    scene.create();
    let holder = scene.open();
    holder.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    assert_eq!(found(&health(&scene)), <[&str; 0]>::default());
    let first = Scene::empty();
    fs::write(first.database(), "").expect("written");
    assert_eq!(found(&health(&first)), ["NO_BACKUP"]);
}

#[test]
fn another_database_in_the_folder_is_not_called_damaged() {
    let scene = Scene::new("delete");
    let other = scene.path("data/shop.db");
    scene::make_database(&other, "delete", 100);
    let other = Store::open(Options {
        database: other,
        ..scene.options()
    })
    .expect("valid");
    other.create(&mut unwatched).expect("made");
    damage_rows(&scene);
    scene.store().create(&mut unwatched).expect_err("damaged");
    assert!(found(&health(&scene)).contains(&"DATABASE_DAMAGED"));
    let health = other.health(false, &mut unwatched).expect("an answer");
    assert_eq!(found(&health), <[&str; 0]>::default());
}
