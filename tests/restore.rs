//! Restoring a backup: guarantees 5 and 6 of the contract.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use respaldo::{Options, RestoreRequest, Status, Store, unwatched};
use rusqlite::Connection;
use scene::{Scene, clients, clients_in, damage, journal_mode, make_database, names};

const SAFETY: &str = "studio.db.before_restore_20260304_093012";

/// A studio with one backup of 100 clients, whose database has lost all but ten since.
fn disaster(mode: &str) -> (Scene, String) {
    let scene = Scene::new(mode);
    let name = scene.create().backup.name;
    scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id > 10")
        .expect("deleted");
    (scene, name)
}

#[test]
fn other_connections_stay_valid_and_see_the_new_contents() {
    for mode in ["delete", "wal"] {
        let (scene, backup) = disaster(mode);
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
        assert_eq!(restored.safety_backup, Some(scene.path("data").join(SAFETY)));
        assert_eq!(restored.warnings, []);
        assert_eq!(
            clients_in(&scene.path("data").join(SAFETY)),
            10,
            "{mode}: the safety copy"
        );
    }
}

#[test]
fn nothing_stale_is_left_beside_the_database() {
    for mode in ["delete", "wal"] {
        let (scene, backup) = disaster(mode);
        scene.restore(&backup).expect("restored");
        assert_eq!(
            names(&scene.path("data")),
            ["backups", "settings.json", "studio.db", SAFETY],
            "{mode}"
        );
        assert_eq!(names(&scene.backups()), [backup.as_str(), "restores.jsonl"]);
    }
}

#[test]
fn a_restore_can_be_undone_by_its_safety_copys_name() {
    let (scene, backup) = disaster("delete");
    scene.restore(&backup).expect("restored");
    let undone = scene.restore(SAFETY).expect("undone");
    assert_eq!(clients_in(&scene.database()), 10);
    assert_eq!(
        undone.safety_backup,
        Some(scene.path("data").join(format!("{SAFETY}_2")))
    );
    let listed = scene.store().list(true).expect("listed").backups;
    let kinds: Vec<String> = listed
        .iter()
        .map(|backup| format!("{:?} {}", backup.kind, backup.name))
        .collect();
    assert_eq!(
        kinds,
        [
            format!("Safety {SAFETY}_2"),
            format!("Safety {SAFETY}"),
            format!("Backup {backup}")
        ]
    );
}

#[test]
fn a_commit_just_before_the_restore_is_in_the_safety_copy() {
    let (scene, backup) = disaster("wal");
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
    let saved = clients_in(&scene.path("data").join(SAFETY)) - 10;
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
    let (scene, _) = disaster("delete");
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
fn a_backup_that_is_not_whole_changes_nothing() {
    let (scene, backup) = disaster("delete");
    let whole = fs::read(scene.backups().join(&backup)).expect("read");
    let cut = scene.put_backup("cut.db", &whole[..whole.len() - 4096]);
    let longer = scene.put_backup("longer.db", &[&whole[..], &[0; 4096]].concat());
    let damaged = scene.put_backup("damaged.db", &whole);
    damage(&damaged, 2 * 4096, &[0xff; 4096]);
    let empty = scene.put_backup("empty.db", b"");
    let letter = scene.put_backup("letter.db", b"Querida clienta");
    let before = fs::read(scene.database()).expect("read");
    for (path, status) in [
        (cut, Status::BackupCorrupt),
        (longer, Status::BackupCorrupt),
        (damaged, Status::BackupCorrupt),
        (empty, Status::NotADatabase),
        (letter, Status::NotADatabase),
        (scene.path("gone.db"), Status::BackupNotFound),
        (scene.path("data"), Status::BackupNotFound),
        (PathBuf::from("gone.db"), Status::BackupNotFound),
        (PathBuf::from("studio.db"), Status::BackupNotFound),
    ] {
        let restored = scene.restore(&path).expect_err("not usable");
        assert_eq!(restored.status(), status, "{}: {restored}", path.display());
        let verified = scene.store().verify(&path, &mut unwatched).expect_err("not usable");
        assert_eq!(verified.status(), status, "{}: {verified}", path.display());
        assert!(verified.path.is_some());
    }
    assert_eq!(fs::read(scene.database()).expect("read"), before);
    assert!(!scene.path("data").join(SAFETY).exists());
}

#[test]
fn a_reader_in_rollback_mode_holds_up_a_restore_which_then_changes_nothing() {
    let (scene, backup) = disaster("delete");
    let reader = scene.open();
    reader.execute_batch("BEGIN; SELECT * FROM clients").expect("reading");
    let mut statement = reader.prepare("SELECT * FROM clients").expect("valid");
    let mut rows = statement.query([]).expect("reading");
    rows.next().expect("a row");
    let error = scene.restore(&backup).expect_err("held up");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    assert!(
        !scene.path("data").join(SAFETY).exists(),
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
    let (scene, backup) = disaster("wal");
    let reader = scene.open();
    reader.execute_batch("BEGIN").expect("begun");
    assert_eq!(clients(&reader), 10);
    scene.restore(&backup).expect("restored");
    assert_eq!(clients(&reader), 10);
    reader.execute_batch("COMMIT").expect("done");
    assert_eq!(clients(&reader), 100);
}

#[test]
fn a_writer_holds_up_a_restore() {
    for mode in ["delete", "wal"] {
        let (scene, backup) = disaster(mode);
        let writer = scene.open();
        writer
            .execute_batch("BEGIN IMMEDIATE; DELETE FROM clients")
            .expect("begun");
        let error = scene.restore(&backup).expect_err("held up");
        assert_eq!(error.status(), Status::DatabaseLocked, "{mode}: {error}");
        writer.execute_batch("COMMIT").expect("its own change stands");
        assert_eq!(clients(&writer), 0);
        assert!(!scene.path("data").join(SAFETY).exists());
    }
}

#[test]
fn a_missing_database_is_put_there_again() {
    let (scene, backup) = disaster("delete");
    fs::remove_file(scene.database()).expect("lost");
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(restored.safety_backup, None);
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn a_log_left_by_a_vanished_database_does_not_undo_the_restore() {
    let (scene, backup) = disaster("wal");
    // The log of a database whose main file was deleted by hand while its program had crashed.
    let open = scene.open();
    open.execute_batch("DELETE FROM clients").expect("deleted");
    let log = fs::read(scene.path("data/studio.db-wal")).expect("a log");
    drop(open);
    fs::remove_file(scene.database()).expect("lost");
    fs::write(scene.path("data/studio.db-wal"), &log).expect("left behind");
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(restored.safety_backup, None);
    assert_eq!(clients_in(&scene.database()), 100);
    assert!(!scene.path("data/studio.db-wal").exists());
    assert_eq!(
        fs::read(scene.path("data").join(format!("{SAFETY}-wal"))).expect("saved"),
        log
    );
}

#[test]
fn what_is_not_a_database_is_saved_byte_for_byte_with_its_sidecars() {
    let (scene, backup) = disaster("delete");
    let data = scene.path("data");
    fs::write(scene.database(), b"a disk error wrote this").expect("written");
    for sidecar in ["-wal", "-shm", "-journal"] {
        fs::write(data.join(format!("studio.db{sidecar}")), format!("old{sidecar}")).expect("written");
    }
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(restored.safety_backup, Some(data.join(SAFETY)));
    assert_eq!(clients_in(&scene.database()), 100);
    assert_eq!(fs::read(data.join(SAFETY)).expect("saved"), b"a disk error wrote this");
    for sidecar in ["-wal", "-shm", "-journal"] {
        assert!(!data.join(format!("studio.db{sidecar}")).exists());
        let saved = fs::read_to_string(data.join(format!("{SAFETY}{sidecar}"))).expect("saved");
        assert_eq!(saved, format!("old{sidecar}"));
    }
    let safety = scene.store().list(true).expect("listed").backups;
    assert_eq!(
        safety.iter().filter(|backup| backup.name.starts_with("studio")).count(),
        1,
        "sidecars are not backups"
    );
}

#[test]
fn a_damaged_database_is_saved_byte_for_byte() {
    for (mode, cut) in [("delete", false), ("wal", false), ("delete", true)] {
        let (scene, backup) = disaster(mode);
        if cut {
            let file = fs::File::options().write(true).open(scene.database()).expect("opens");
            file.set_len(5 * 4096 + 100).expect("cut");
        } else {
            damage(&scene.database(), 2 * 4096, &[0xff; 4096]);
        }
        let damaged = fs::read(scene.database()).expect("read");
        let restored = scene.restore(&backup).expect("restored");
        let saved = restored.safety_backup.expect("a safety copy");
        assert!(fs::read(&saved).expect("read") == damaged, "{mode}, cut: {cut}");
        assert_eq!(clients_in(&scene.database()), 100);
        assert_eq!(journal_mode(&scene.open()), if cut { "delete" } else { mode });
    }
}

#[test]
fn a_flipped_write_version_does_not_make_a_restore_impossible() {
    let (scene, backup) = disaster("delete");
    damage(&scene.database(), 18, &[3]);
    let damaged = fs::read(scene.database()).expect("read");
    let safety = scene
        .restore(&backup)
        .expect("restored")
        .safety_backup
        .expect("a safety copy");
    assert!(fs::read(safety).expect("read") == damaged);
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn an_open_log_of_a_damaged_database_is_saved_with_it() {
    let scene = Scene::new("wal");
    let backup = scene.create().backup.name;
    let open = scene.open();
    open.execute_batch("PRAGMA wal_autocheckpoint=0; INSERT INTO clients(name) VALUES('in the log')")
        .expect("written");
    damage(&scene.database(), 5 * 4096, &[0xff; 4096]);
    let log = fs::read(scene.path("data/studio.db-wal")).expect("a log");
    scene.restore(&backup).expect("restored");
    assert!(
        fs::read(scene.path("data").join(format!("{SAFETY}-wal")))
            .expect("saved")
            .starts_with(&log)
    );
    assert_eq!(clients(&open), 100, "the open connection goes on");
}

#[test]
fn an_empty_database_file_is_restored_into() {
    let (scene, backup) = disaster("delete");
    fs::write(scene.database(), b"").expect("emptied");
    let open = scene.open();
    let restored = scene.restore(&backup).expect("restored");
    assert_eq!(
        fs::read(restored.safety_backup.expect("a safety copy")).expect("read"),
        b""
    );
    assert_eq!(clients(&open), 100);
}

#[test]
fn of_a_database_that_is_as_good_as_empty_the_log_is_kept() {
    // SQLite takes a file of one byte for an empty one, and deletes the log of an empty one.
    for contents in [&b""[..], b"x"] {
        let (scene, backup) = disaster("wal");
        let log = scene.path("data/studio.db-wal");
        fs::write(scene.database(), contents).expect("emptied");
        fs::write(&log, "all that is left").expect("written");
        let error = scene.store().create(&mut unwatched).expect_err("no database");
        assert_eq!(error.status(), Status::NotADatabase);
        assert_eq!(fs::read_to_string(&log).expect("still there"), "all that is left");
        let restored = scene.restore(&backup).expect("restored");
        let safety = restored.safety_backup.expect("a safety copy");
        assert_eq!(fs::read(&safety).expect("read"), contents);
        let saved_log = format!("{}-wal", safety.display());
        assert_eq!(fs::read_to_string(saved_log).expect("saved"), "all that is left");
        assert_eq!(clients(&scene.open()), 100);
    }
}

#[test]
fn page_sizes_may_differ() {
    for mode in ["delete", "wal"] {
        for backup_size in [1024, 8192] {
            let (scene, _) = disaster(mode);
            let backup = scene.put_backup("other.db", b"");
            let connection = Connection::open(&backup).expect("opens");
            connection
                .execute_batch(&format!(
                    "PRAGMA page_size={backup_size}; CREATE TABLE clients(name); CREATE INDEX i ON clients(name);
                     INSERT INTO clients(rowid, name) VALUES(5, 'a'), (70, 'b'); PRAGMA user_version=9;"
                ))
                .expect("written");
            drop(connection);
            let open = scene.open();
            assert_eq!(clients(&open), 10);
            scene.restore("other.db").expect("restored");
            let rowids: i64 = open
                .query_row("SELECT sum(rowid) FROM clients", [], |row| row.get(0))
                .expect("a sum");
            assert_eq!(rowids, 75, "{mode}, {backup_size}");
            assert_eq!(journal_mode(&scene.open()), mode);
            assert_eq!(names(&scene.backups()).len(), 3, "nothing is left beside the backups");
        }
    }
}

#[test]
fn a_schema_that_another_page_size_would_lose_is_refused() {
    let (scene, _) = disaster("wal");
    let backup = scene.put_backup("other.db", b"");
    Connection::open(&backup)
        .and_then(|tampered| {
            tampered.execute_batch(
                "PRAGMA page_size=1024; CREATE TABLE clients(name); INSERT INTO clients VALUES('a');
                 PRAGMA writable_schema=ON; UPDATE sqlite_schema SET type='tAble';",
            )
        })
        .expect("written");
    let verified = scene
        .store()
        .verify(std::path::Path::new("other.db"), &mut respaldo::unwatched);
    verified.expect("every check passes");
    let error = scene.restore("other.db").expect_err("VACUUM would leave the table out");
    assert_eq!(error.status(), Status::BackupCorrupt, "{error}");
    assert_eq!(clients(&scene.open()), 10);
}

#[test]
fn an_index_that_only_the_application_can_build_is_not_called_damage() {
    let (scene, _) = disaster("wal");
    let backup = scene.put_backup("other.db", b"");
    let application = Connection::open(&backup).expect("opens");
    application
        .create_collation("spanish", |a: &str, b: &str| b.cmp(a))
        .expect("registered");
    application
        .execute_batch(
            "PRAGMA page_size=1024; CREATE TABLE clients(name COLLATE spanish); CREATE INDEX i ON clients(name);
             INSERT INTO clients VALUES('a'), ('b')",
        )
        .expect("written");
    drop(application);
    let error = scene
        .restore("other.db")
        .expect_err("its pages cannot be made larger here");
    assert_eq!(error.status(), Status::IoError, "{error}");
    assert_eq!(error.path, Some(backup));
    assert_eq!(clients(&scene.open()), 10);
}

#[test]
fn a_backup_of_another_text_encoding_is_restored() {
    for (mode, encoding, live) in [("delete", "UTF-16le", "UTF-8"), ("wal", "UTF-8", "UTF-16be")] {
        let scene = Scene::empty();
        let make = |path: &std::path::Path, encoding: &str, name: &str| {
            let sql = format!(
                "PRAGMA encoding='{encoding}'; PRAGMA journal_mode={mode};
                 CREATE TABLE clients(name); INSERT INTO clients VALUES('{name}')"
            );
            Connection::open(path)
                .and_then(|connection| connection.execute_batch(&sql))
                .expect("written");
        };
        make(&scene.database(), live, "vieja");
        make(&scene.put_backup("ñ.db", b""), encoding, "año nuevo");
        scene.restore("ñ.db").expect("restored");
        let name: String = scene
            .open()
            .query_row("SELECT name FROM clients", [], |row| row.get(0))
            .expect("a row");
        assert_eq!(name, "año nuevo", "{mode}");
    }
}

#[test]
fn a_safety_copy_is_not_put_beside_anothers_log() {
    let (scene, backup) = disaster("wal");
    let open = scene.open();
    open.execute_batch("DELETE FROM clients").expect("deleted");
    let log = fs::read(scene.path("data/studio.db-wal")).expect("a log");
    drop(open);
    fs::remove_file(scene.database()).expect("lost");
    fs::write(scene.path("data/studio.db-wal"), &log).expect("left behind");
    // Saves the log alone, and in the same second the whole database.
    scene.restore(&backup).expect("restored");
    let safety = scene
        .restore(&backup)
        .expect("restored")
        .safety_backup
        .expect("a safety copy");
    assert_eq!(safety, scene.path("data").join(format!("{SAFETY}_2")));
    assert_eq!(clients(&Connection::open(&safety).expect("opens")), 100);
}

#[test]
fn a_backup_in_wal_mode_does_not_change_the_journal_mode() {
    for mode in ["delete", "wal"] {
        let (scene, _) = disaster(mode);
        let backup = scene.put_backup("antes de migrar.db", b"");
        make_database(&backup, "wal", 42);
        let before = fs::read(&backup).expect("read");
        scene.restore("antes de migrar.db").expect("restored");
        assert_eq!(clients_in(&scene.database()), 42);
        assert_eq!(journal_mode(&scene.open()), mode);
        assert!(fs::read(&backup).expect("read") == before, "a backup is only read");
        assert!(!scene.backups().join("antes de migrar.db-wal").exists());
    }
}

#[test]
fn a_rehearsal_writes_a_new_file_and_never_over_another() {
    let (scene, backup) = disaster("wal");
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
    let log = scene.path("otro.db-wal");
    fs::write(&log, b"a log").expect("written");
    assert_eq!(refuse(scene.path("otro.db")), (Status::TargetExists, log));
    assert_eq!(refuse(scene.path("no/such/folder.db")).0, Status::IoError);
}

#[test]
fn every_restore_leaves_a_line() {
    let (scene, backup) = disaster("delete");
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
        scene.path("data").join(SAFETY).to_str().expect("UTF-8")
    );
    assert_eq!(failed["outcome"], "NOT_A_DATABASE");
    assert!(failed["message"].as_str().is_some_and(|text| text.contains("roto.db")));
}

#[test]
fn cancelling_changes_nothing() {
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
        let (scene, backup) = disaster("delete");
        fs::create_dir(scene.path("disk")).expect("made");
        fs::rename(scene.database(), scene.path("disk/real.db")).expect("moved");
        std::os::unix::fs::symlink(scene.path("disk/real.db"), scene.database()).expect("linked");
        if ruin {
            fs::write(scene.path("disk/real.db"), b"ruined").expect("written");
            // SQLite keeps the log beside the real file, whatever the link is called.
            fs::write(scene.path("disk/real.db-wal"), b"its log").expect("written");
        }
        scene.restore(&backup).expect("restored");
        assert_eq!(names(&scene.path("disk")), ["real.db"], "no stale log");
        let saved_log = scene.path("data").join(format!("{SAFETY}-wal"));
        assert_eq!(fs::read(saved_log).ok(), ruin.then(|| b"its log".to_vec()));
        assert!(fs::symlink_metadata(scene.database()).expect("there").is_symlink());
        assert_eq!(clients_in(&scene.path("disk/real.db")), 100);
    }
}

#[cfg(unix)]
#[test]
fn the_restored_database_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    for ruin in [false, true] {
        let (scene, backup) = disaster("delete");
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
fn a_schema_without_an_end_is_refused() {
    // Thirteen pages of which each leads to the next by sixty pointers: SQLite would read 60^8 rows.
    let (scene, backup) = disaster("delete");
    let endless = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/endless.db");
    let error = scene.restore(endless).expect_err("refused");
    assert_eq!(error.status(), Status::BackupCorrupt, "{error}");
    fs::copy(endless, scene.database()).expect("copied");
    let error = scene.store().create(&mut unwatched).expect_err("refused");
    assert_eq!(error.status(), Status::DatabaseCorrupt, "{error}");
    scene.restore(&backup).expect("a whole backup can still be restored");
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn hostile_triggers_and_views_are_data() {
    let (scene, _) = disaster("delete");
    let backup = scene.put_backup("hostil.db", b"");
    Connection::open(&backup)
        .and_then(|connection| {
            connection.execute_batch(
                "CREATE TABLE clients(name); CREATE TABLE loot(x);
                 CREATE TRIGGER t AFTER INSERT ON clients BEGIN INSERT INTO loot VALUES(new.name); END;
                 CREATE VIEW v AS SELECT writefile('/tmp/respaldo-was-here', 'x');
                 INSERT INTO clients VALUES('a');",
            )
        })
        .expect("written");
    scene.restore("hostil.db").expect("restored");
    let loot: i64 = scene
        .open()
        .query_row("SELECT count(*) FROM loot", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(loot, 1, "only what it did to itself");
}

#[test]
fn a_store_elsewhere_restores_too() {
    let (scene, backup) = disaster("delete");
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
