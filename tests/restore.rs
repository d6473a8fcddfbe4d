//! Restoring a backup: guarantees 5 and 6 of the contract.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use respaldo::{Options, RestoreRequest, Status, Store, unwatched};
use scene::{SAFETY_COPY, Scene, clients, clients_in, clients_lost, journal_mode, make_database, names};

#[test]
fn other_connections_stay_valid_and_see_the_new_contents() {
    for mode in ["delete", "wal"] {
        let (scene, backup) = clients_lost(mode);
        let open = scene.open();
        assert_eq!(clients(&open), 10);
        let restored = scene.restore(&backup).expect("restored");
        assert_eq!(clients(&open), 100, "{mode}");
        assert_eq!(journal_mode(&open), mode);
        assert_eq!(journal_mode(&scene.open()), mode);
        open.execute_batch("INSERT INTO clients(name) VALUES('after')")
            .expect("it can write on");
        assert_eq!(restored.restored_from, scene.backups().join(&backup));
        assert_eq!(restored.database, scene.database());
        assert_eq!(restored.safety_backup, Some(scene.path("data").join(SAFETY_COPY)));
        assert_eq!(restored.warnings, []);
        assert_eq!(
            clients_in(&scene.path("data").join(SAFETY_COPY)),
            10,
            "{mode}: the safety copy"
        );
    }
}

#[test]
fn nothing_stale_is_left_beside_the_database() {
    for mode in ["delete", "wal"] {
        let (scene, backup) = clients_lost(mode);
        scene.restore(&backup).expect("restored");
        assert_eq!(
            names(&scene.path("data")),
            ["backups", "settings.json", "studio.db", SAFETY_COPY],
            "{mode}"
        );
        assert_eq!(names(&scene.backups()), [backup.as_str(), "restores.jsonl"]);
    }
}

#[test]
fn a_restore_can_be_undone_by_its_safety_copys_name() {
    let (scene, backup) = clients_lost("delete");
    scene.restore(&backup).expect("restored");
    let undone = scene.restore(SAFETY_COPY).expect("undone");
    assert_eq!(clients_in(&scene.database()), 10);
    assert_eq!(
        undone.safety_backup,
        Some(scene.path("data").join(format!("{SAFETY_COPY}_2")))
    );
    let listed = scene.store().list(true).expect("listed").backups;
    let kinds: Vec<String> = listed
        .iter()
        .map(|backup| format!("{:?} {}", backup.kind, backup.name))
        .collect();
    assert_eq!(
        kinds,
        [
            format!("Safety {SAFETY_COPY}_2"),
            format!("Safety {SAFETY_COPY}"),
            format!("Backup {backup}")
        ]
    );
}

#[test]
fn a_commit_just_before_the_restore_is_in_the_safety_copy() {
    let (scene, backup) = clients_lost("wal");
    let other = scene.open();
    let mut tried = Vec::new();
    scene
        .store()
        .restore(&RestoreRequest::of(&backup), &mut |_| {
            tried.push(
                other
                    .execute_batch("INSERT INTO clients(name) VALUES('last minute')")
                    .is_ok(),
            );
            ControlFlow::Continue(())
        })
        .expect("restored");
    let committed = i64::try_from(tried.iter().filter(|ok| **ok).count()).expect("few");
    let after = clients(&other) - 100;
    let saved = clients_in(&scene.path("data").join(SAFETY_COPY)) - 10;
    assert!(
        tried.contains(&true) && tried.contains(&false),
        "some get in before, none in between: {tried:?}"
    );
    assert_eq!(
        saved + after,
        committed,
        "every commit is in the safety copy or in the restored database"
    );
}

#[test]
fn the_live_database_is_not_a_backup_under_any_name() {
    let (scene, _) = clients_lost("delete");
    #[cfg_attr(windows, expect(unused_mut))]
    let mut aliases = vec![scene.database(), scene.folder.path().join("data/../data/./studio.db")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(scene.database(), scene.path("link.db")).expect("linked");
        fs::hard_link(scene.database(), scene.path("hard.db")).expect("linked");
        aliases.extend([scene.path("link.db"), scene.path("hard.db")]);
    }
    for alias in aliases {
        let error = scene.restore(&alias).expect_err("onto itself");
        assert_eq!(error.status(), Status::SameFile, "{}", alias.display());
    }
    assert_eq!(clients_in(&scene.database()), 10);
}

#[test]
fn a_reader_in_rollback_mode_blocks_a_restore_which_then_changes_nothing() {
    let (scene, backup) = clients_lost("delete");
    let reader = scene.open();
    reader.execute_batch("BEGIN; SELECT * FROM clients").expect("reading");
    let mut statement = reader.prepare("SELECT * FROM clients").expect("valid");
    let mut rows = statement.query([]).expect("reading");
    rows.next().expect("a row");
    let error = scene.restore(&backup).expect_err("locked");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    assert!(
        !scene.path("data").join(SAFETY_COPY).exists(),
        "a safety copy of an untouched database is one too many"
    );
    drop(rows);
    drop(statement);
    reader.execute_batch("COMMIT").expect("done");
    assert_eq!(clients(&reader), 10);
    scene.restore(&backup).expect("now it goes");
}

#[test]
fn a_reader_in_wal_mode_keeps_its_view_while_the_restore_goes_on() {
    let (scene, backup) = clients_lost("wal");
    let reader = scene.open();
    reader.execute_batch("BEGIN").expect("begun");
    assert_eq!(clients(&reader), 10);
    scene.restore(&backup).expect("restored");
    assert_eq!(clients(&reader), 10);
    reader.execute_batch("COMMIT").expect("done");
    assert_eq!(clients(&reader), 100);
}

#[test]
fn a_writer_blocks_a_restore() {
    for mode in ["delete", "wal"] {
        let (scene, backup) = clients_lost(mode);
        let writer = scene.open();
        writer
            .execute_batch("BEGIN IMMEDIATE; DELETE FROM clients")
            .expect("begun");
        let error = scene.restore(&backup).expect_err("locked");
        assert_eq!(error.status(), Status::DatabaseLocked, "{mode}: {error}");
        writer.execute_batch("COMMIT").expect("its own change stands");
        assert_eq!(clients(&writer), 0);
        assert!(!scene.path("data").join(SAFETY_COPY).exists());
    }
}

#[test]
fn a_rehearsal_writes_a_new_file_and_never_over_another() {
    let (scene, backup) = clients_lost("wal");
    let target = scene.path("ensayo.db");
    let request = RestoreRequest {
        target: Some(target.clone()),
        ..RestoreRequest::of(&backup)
    };
    let restored = scene.store().restore(&request, &mut unwatched).expect("rehearsed");
    assert_eq!((restored.database, restored.safety_backup), (target.clone(), None));
    assert_eq!(clients_in(&target), 100);
    assert_eq!(clients_in(&scene.database()), 10);

    let refuse = |target: PathBuf| {
        let request = RestoreRequest {
            target: Some(target),
            ..RestoreRequest::of(&backup)
        };
        let error = scene.store().restore(&request, &mut unwatched).expect_err("refused");
        (error.status(), error.path.expect("a path"))
    };
    assert_eq!(refuse(target.clone()), (Status::TargetExists, target.clone()));
    assert_eq!(refuse(scene.database()), (Status::TargetExists, scene.database()));
    assert_eq!(
        refuse(scene.backups().join(&backup)),
        (Status::SameFile, scene.backups().join(&backup))
    );
    let wal = scene.path("otro.db-wal");
    fs::write(&wal, b"a WAL").expect("written");
    assert_eq!(refuse(scene.path("otro.db")), (Status::TargetExists, wal));
    assert_eq!(refuse(scene.path("no/such/folder.db")).0, Status::IoError);
}

#[test]
fn every_restore_leaves_a_line_in_restores_jsonl() {
    let (scene, backup) = clients_lost("delete");
    let request = RestoreRequest {
        reason: Some("se borró una clienta".into()),
        ..RestoreRequest::of(&backup)
    };
    scene.store().restore(&request, &mut unwatched).expect("restored");
    scene.put_backup("roto.db", b"SQLite format 3");
    scene.restore("roto.db").expect_err("broken");
    let log = fs::read_to_string(scene.backups().join("restores.jsonl")).expect("a log");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [restored, failed] = lines.as_slice() else {
        panic!("two lines: {log}")
    };
    assert_eq!(restored["at"], "2026-03-04T09:30:12-07:00");
    assert_eq!(restored["reason"], "se borró una clienta");
    assert_eq!(restored["outcome"], "OK");
    assert_eq!(
        restored["backup"],
        scene.backups().join(&backup).to_str().expect("UTF-8")
    );
    assert_eq!(
        restored["safety_backup"],
        scene.path("data").join(SAFETY_COPY).to_str().expect("UTF-8")
    );
    assert_eq!(failed["outcome"], "NOT_A_DATABASE");
    assert!(failed["message"].as_str().is_some_and(|text| text.contains("roto.db")));
}

#[test]
fn a_cancelled_restore_changes_nothing() {
    for mode in ["delete", "wal"] {
        let scene = Scene::empty();
        make_database(&scene.database(), mode, 20_000);
        let backup = scene.create().backup.name;
        scene
            .open()
            .execute_batch("DELETE FROM clients WHERE id > 10")
            .expect("deleted");
        let mut seen = Vec::new();
        let store = scene.store();
        for fraction in [0, 1, 5, 9] {
            let error = store
                .restore(&RestoreRequest::of(&backup), &mut |now| {
                    seen.push(now);
                    let reached = now.pages_done * 10 >= now.pages_total * fraction;
                    if reached {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .expect_err("cancelled");
            assert_eq!(error.status(), Status::Cancelled, "{mode} at {fraction} tenths");
            assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
            assert_eq!(clients(&scene.open()), 10);
        }
        assert!(seen.iter().all(|now| now.pages_done <= now.pages_total));
    }
}

#[cfg(unix)]
#[test]
fn a_linked_database_stays_a_link() {
    for ruin in [false, true] {
        let (scene, backup) = clients_lost("delete");
        fs::create_dir(scene.path("disk")).expect("made");
        fs::rename(scene.database(), scene.path("disk/real.db")).expect("moved");
        std::os::unix::fs::symlink(scene.path("disk/real.db"), scene.database()).expect("linked");
        if ruin {
            fs::write(scene.path("disk/real.db"), b"ruined").expect("written");
            // SQLite keeps the WAL beside the real file, and not beside the link.
            fs::write(scene.path("disk/real.db-wal"), b"its WAL").expect("written");
        }
        scene.restore(&backup).expect("restored");
        assert_eq!(names(&scene.path("disk")), ["real.db"], "no stale WAL");
        let saved_wal = scene.path("data").join(format!("{SAFETY_COPY}-wal"));
        assert_eq!(fs::read(saved_wal).ok(), ruin.then(|| b"its WAL".to_vec()));
        assert!(fs::symlink_metadata(scene.database()).expect("there").is_symlink());
        assert_eq!(clients_in(&scene.path("disk/real.db")), 100);
    }
}

#[cfg(unix)]
#[test]
fn the_restored_database_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    for ruin in [false, true] {
        let (scene, backup) = clients_lost("delete");
        fs::set_permissions(scene.database(), fs::Permissions::from_mode(0o640)).expect("set");
        if ruin {
            fs::write(scene.database(), b"ruined").expect("written");
        }
        let restored = scene.restore(&backup).expect("restored");
        for path in [scene.database(), restored.safety_backup.expect("a safety copy")] {
            assert_eq!(
                fs::metadata(&path).expect("there").permissions().mode() & 0o777,
                0o640,
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn a_store_with_another_backup_folder_restores_too() {
    let (scene, backup) = clients_lost("delete");
    let store = Store::open(Options {
        backup_dir: Some(scene.path("usb/respaldos")),
        ..scene.options()
    })
    .expect("valid");
    let path = scene.backups().join(backup);
    store
        .restore(&RestoreRequest::of(path), &mut unwatched)
        .expect("restored");
    assert_eq!(names(&scene.path("usb/respaldos")), ["restores.jsonl"]);
    assert_eq!(clients_in(&scene.database()), 100);
}
