//! What is said of a backup when it is made, and later.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;

use respaldo::{
    AnnotateRequest, Backup, Cause, CreateRequest, Made, Options, Reason, RestoreRequest, Store, unwatched,
};
use scene::{Scene, names};

fn listed(scene: &Scene, name: &str) -> Backup {
    let backups = scene.store().list(false).expect("listed").backups;
    backups.into_iter().find(|backup| backup.name == name).expect("listed")
}

fn annotate(scene: &Scene, request: AnnotateRequest) -> Backup {
    scene.store().annotate(&request).expect("annotated").backup
}

#[test]
fn a_label_a_note_a_kind_and_a_pin_are_given_with_the_backup() {
    let scene = Scene::new("wal");
    let request = CreateRequest {
        label: Some("antes de actualizar 2.0".to_owned()),
        note: Some("pidió Ana".to_owned()),
        made: Some(Made::BeforeUpgrade),
        pinned: true,
        skip_unchanged: false,
    };
    let made = scene.store().create_with(&request, &mut unwatched).expect("made");
    let backup = made.backup.expect("a backup");
    for backup in [&backup, &listed(&scene, &backup.name)] {
        assert_eq!(backup.label.as_deref(), Some("antes de actualizar 2.0"));
        assert_eq!(backup.note.as_deref(), Some("pidió Ana"));
        assert_eq!((backup.made, backup.pinned), (Some(Made::BeforeUpgrade), Some(true)));
    }
    let plain = scene.create().backup;
    assert_eq!(
        (plain.label, plain.made, plain.pinned),
        (None, Some(Made::Manual), Some(false))
    );
}

#[test]
fn a_pinned_backup_is_never_deleted_until_it_is_unpinned() {
    let scene = Scene::new("delete");
    let pinned = scene.create().backup.name;
    let pin = |pinned: bool, backup: &str| AnnotateRequest {
        backup: backup.into(),
        pinned: Some(pinned),
        ..AnnotateRequest::default()
    };
    assert_eq!(annotate(&scene, pin(true, &pinned)).pinned, Some(true));
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid");
    scene.set_clock("2026-03-05T16:30:12Z");
    store.create(&mut unwatched).expect("made");
    scene.set_clock("2026-03-06T16:30:12Z");
    let removed = store.create(&mut unwatched).expect("made").removed;
    assert_eq!(removed, ["backup_20260305_093012.db"]);
    let kept = store.prune(true).expect("planned").kept;
    assert_eq!(kept[1].reason, Reason::Pinned);
    annotate(&scene, pin(false, &pinned));
    assert_eq!(store.prune(false).expect("pruned").removed[0].name, pinned);
}

#[test]
fn what_is_left_out_stays_and_an_empty_text_goes() {
    let scene = Scene::new("delete");
    let name = scene.create().backup.name;
    let request = AnnotateRequest {
        backup: scene.backups().join(&name),
        ..AnnotateRequest::default()
    };
    let labelled = AnnotateRequest {
        label: Some("cierre de mes".to_owned()),
        note: Some("enero".to_owned()),
        ..request.clone()
    };
    annotate(&scene, labelled);
    let emptied = AnnotateRequest {
        note: Some(String::new()),
        ..request
    };
    let backup = annotate(&scene, emptied);
    assert_eq!((backup.label.as_deref(), backup.note), (Some("cierre de mes"), None));
    assert!(backup.verified_at.is_some(), "what was known stays known");
}

#[test]
fn a_file_that_the_catalogue_does_not_know_can_be_annotated_and_one_elsewhere_cannot() {
    let scene = Scene::new("delete");
    scene.put_whole_backup("backup_20260301_090000.db");
    let request = |backup: &str| AnnotateRequest {
        backup: scene.path(backup),
        label: Some("vieja".to_owned()),
        ..AnnotateRequest::default()
    };
    let backup = annotate(&scene, request("data/backups/backup_20260301_090000.db"));
    assert_eq!(backup.label.as_deref(), Some("vieja"));
    let error = scene
        .store()
        .annotate(&request("data/studio.db"))
        .expect_err("no backup");
    assert_eq!(error.cause, Cause::BackupNotFound);
    let error = scene
        .store()
        .annotate(&request("data/backups/none.db"))
        .expect_err("no backup");
    assert_eq!(error.cause, Cause::BackupNotFound);
}

#[test]
fn a_catalogue_that_cannot_be_written_is_an_error_that_names_it() {
    let scene = Scene::new("delete");
    let name = scene.create().backup.name;
    let catalogue = scene.backups().join("catalog.json");
    fs::remove_file(&catalogue).expect("removed");
    fs::create_dir(&catalogue).expect("made");
    let request = AnnotateRequest {
        backup: name.into(),
        pinned: Some(true),
        ..AnnotateRequest::default()
    };
    let error = scene.store().annotate(&request).expect_err("not written");
    assert_eq!(error.path, Some(catalogue));
}

#[test]
fn an_unchanged_database_gives_no_second_backup_and_any_change_does() {
    for mode in ["delete", "wal"] {
        let scene = Scene::new(mode);
        let store = scene.store();
        let skip = CreateRequest {
            skip_unchanged: true,
            ..CreateRequest::default()
        };
        let create = || store.create_with(&skip, &mut unwatched).expect("an answer");
        let first = create();
        assert!(first.created, "there was none to compare with");
        let again = create();
        assert_eq!((again.created, again.reason), (false, Some("unchanged")), "{mode}");
        assert_eq!(
            again.backup.map(|backup| backup.name),
            first.backup.map(|backup| backup.name)
        );
        // A change that leaves the size and the number of rows as they are.
        scene
            .open()
            .execute_batch("UPDATE clients SET name = 'Client X' WHERE id = 77")
            .expect("written");
        assert!(create().created, "{mode}");
        // Opening it for writing touches the file's time and nothing else.
        scene::set_modified(&scene.database(), "2031-01-01T00:00:00Z");
        assert!(!create().created, "{mode}");
        assert_eq!(
            names(&scene.backups())
                .iter()
                .filter(|name| name.ends_with(".db"))
                .count(),
            2
        );
    }
}

#[test]
fn an_unchanged_database_is_backed_up_all_the_same_when_the_newest_was_tampered_with() {
    let scene = Scene::new("delete");
    let newest = scene.create().backup;
    scene::damage(&newest.path, 5000, b"XX");
    let skip = CreateRequest {
        skip_unchanged: true,
        ..CreateRequest::default()
    };
    assert!(
        scene
            .store()
            .create_with(&skip, &mut unwatched)
            .expect("an answer")
            .created
    );
}

#[test]
fn a_database_with_writes_in_its_wal_is_compared_as_it_is_now() {
    let scene = Scene::new("wal");
    let connection = scene.open();
    connection
        .execute_batch("INSERT INTO clients(name) VALUES('Zoe')")
        .expect("written");
    let first = scene.create().backup;
    let skip = CreateRequest {
        skip_unchanged: true,
        ..CreateRequest::default()
    };
    let again = scene
        .store()
        .create_if_due_with(&skip, &mut unwatched)
        .expect("an answer");
    assert_eq!(again.reason, Some("already_backed_up_today"));
    scene.set_clock("2026-03-05T16:30:12Z");
    let tomorrow = scene
        .store()
        .create_if_due_with(&skip, &mut unwatched)
        .expect("an answer");
    assert_eq!(tomorrow.reason, Some("unchanged"));
    connection
        .execute_batch("DELETE FROM clients WHERE name = 'Zoe'")
        .expect("written");
    assert!(
        scene
            .store()
            .create_if_due_with(&skip, &mut unwatched)
            .expect("an answer")
            .created
    );
    drop(connection);
    let restored = scene.store().restore(&RestoreRequest::of(first.name), &mut unwatched);
    assert!(restored.is_ok());
}

#[test]
fn a_comparison_that_is_called_off_leaves_nothing_beside_the_database() {
    let scene = Scene::new("wal");
    scene.create();
    let before = names(&scene.path("data"));
    let skip = CreateRequest {
        skip_unchanged: true,
        ..CreateRequest::default()
    };
    let error = scene
        .store()
        .create_with(&skip, &mut |_| std::ops::ControlFlow::Break(()))
        .expect_err("cancelled");
    assert_eq!(error.cause, Cause::Cancelled);
    assert_eq!(names(&scene.path("data")), before);
}
