//! What careless programs and old files do, and plain SQLite serves.
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::ffi::c_int;
use std::fs;
use std::path::Path;

use chrono::{TimeDelta, Timelike, Utc};
#[cfg(target_os = "linux")]
use respaldo::Settings;
use respaldo::{Cause, Error, Language, Options, RestoreRequest, Status, Store, unwatched};
use rusqlite::{Connection, ffi};
use scene::{Scene, clients, clients_in, make_database};

/// Asks for room in advance, as Firefox and services that fear fragmentation do.
fn grow_in_chunks(connection: &Connection, bytes: c_int) {
    let mut bytes = bytes;
    // SAFETY: the handle is valid, and this control reads one int.
    let code = unsafe {
        ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_CHUNK_SIZE,
            (&raw mut bytes).cast(),
        )
    };
    assert_eq!(code, ffi::SQLITE_OK);
}

#[test]
fn bytes_behind_the_last_page_are_nothing() {
    let scene = Scene::empty();
    let application = Connection::open(scene.database()).expect("opens");
    grow_in_chunks(&application, 1 << 20);
    drop(application);
    make_database(&scene.database(), "delete", 100);
    let application = scene.open();
    grow_in_chunks(&application, 1 << 20);
    application
        .execute_batch("CREATE TABLE notes(x); INSERT INTO notes VALUES(zeroblob(100000))")
        .expect("written");
    let size = fs::metadata(scene.database()).expect("there").len();
    assert_eq!(size, 1 << 20, "there is room behind the last page");

    let backup = scene.create().backup;
    assert!(backup.size < size && backup.intact == Some(true), "{backup:?}");
    fs::create_dir_all(scene.backups()).expect("made");
    let copied = scene.backups().join("copia del servicio.db");
    fs::copy(scene.database(), &copied).expect("copied");
    let trailing = scene.put_backup(
        "con basura.db",
        &[&fs::read(&backup.path).expect("read")[..], b"basura"].concat(),
    );
    let listed = scene.store().list(false).expect("listed").backups;
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|backup| backup.intact == Some(true)), "{listed:?}");
    for plain_copy in [&copied, &trailing] {
        scene.store().verify(plain_copy, &mut unwatched).expect("whole");
        application.execute_batch("DELETE FROM clients").expect("deleted");
        let restored = scene.restore(plain_copy).expect("restored");
        assert_eq!(clients(&application), 100);
        let safety = restored.safety_backup.expect("a safety copy");
        assert_eq!(clients_in(&safety), 0);
        let target = scene
            .path("data")
            .join(plain_copy.with_extension("ensayo").file_name().expect("a name"));
        let request = RestoreRequest {
            target: Some(target.clone()),
            ..RestoreRequest::of(plain_copy)
        };
        scene.store().restore(&request, &mut unwatched).expect("rehearsed");
        assert_eq!(clients_in(&target), 100);
    }
}

#[test]
fn a_copy_that_is_too_short_by_a_byte_is_not_whole() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let bytes = fs::read(&backup.path).expect("read");
    let cut = scene.put_backup("cortado.db", &bytes[..bytes.len() - 1]);
    let listed = scene.store().list(false).expect("listed").backups;
    let intact = |path: &Path| {
        listed
            .iter()
            .find(|backup| backup.path == path)
            .and_then(|backup| backup.intact)
    };
    assert_eq!((intact(&backup.path), intact(&cut)), (Some(true), Some(false)));
    scene.store().verify(&cut, &mut unwatched).expect_err("cut off");
}

#[test]
fn a_lock_of_the_applications_own_is_said_to_be_possible() {
    let said = |error: Error| {
        assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
        for (language, itself) in [
            (Language::Spanish, "misma aplicación"),
            (Language::English, "application itself"),
        ] {
            let report = serde_json::to_value(error.report(language)).expect("JSON");
            let text = |key: &str| report["error"][key].as_str().expect("a text").to_owned();
            assert!(text("message").contains(itself), "{report}");
            assert!(
                text("hint").contains("COMMIT") && text("hint").contains("locking_mode"),
                "{report}"
            );
        }
    };

    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let application = scene.open();
    application
        .execute_batch("PRAGMA locking_mode=EXCLUSIVE; DELETE FROM clients WHERE id > 90")
        .expect("deleted");
    said(scene.store().create(&mut unwatched).expect_err("kept exclusively"));
    drop(application);

    let application = scene.open();
    application.execute_batch("BEGIN IMMEDIATE").expect("begun");
    said(scene.restore(&backup.name).expect_err("a write is going on"));
    application.execute_batch("COMMIT").expect("ended");

    let mut statement = application.prepare("SELECT id FROM clients").expect("prepared");
    let mut rows = statement.query([]).expect("begun");
    rows.next().expect("read").expect("a row");
    said(scene.restore(&backup.name).expect_err("a query is going on"));
    drop(rows);
    scene.restore(&backup.name).expect("free again");
}

#[test]
fn a_database_with_the_longest_name_is_restored_and_its_safety_copies_are_found() {
    let scene = Scene::empty();
    let database = scene.path("data").join(format!("{}.db", "ñ".repeat(116))); // 235 bytes
    make_database(&database, "delete", 10);
    let store = Store::open(Options {
        database: database.clone(),
        ..scene.options()
    })
    .expect("valid options");
    let backup = store.create(&mut unwatched).expect("a backup").backup;
    let mut safety = Vec::new();
    for _ in 0..3 {
        let restored = store
            .restore(&RestoreRequest::of(&backup.name), &mut unwatched)
            .expect("restored");
        safety.push(restored.safety_backup.expect("a safety copy"));
    }
    let listed = store.list(true).expect("listed").backups;
    for copy in &safety {
        assert!(listed.iter().any(|backup| &backup.path == copy), "{}", copy.display());
    }
    let name = safety[0].file_name().expect("a name");
    store
        .restore(&RestoreRequest::of(name), &mut unwatched)
        .expect("found by its bare name");
}

/// Closing a file drops every lock that the process has on it.
#[cfg(target_os = "linux")]
#[test]
fn a_database_given_as_settings_is_not_opened_beside_sqlite() {
    use std::os::unix::fs::MetadataExt;
    let scene = Scene::new("delete");
    let store = Store::open(Options {
        settings: Settings::File(scene.database()),
        ..scene.options()
    })
    .expect("valid options");
    let application = scene.open();
    application.execute_batch("BEGIN IMMEDIATE").expect("begun");
    let file = fs::metadata(scene.database()).expect("there");
    let (major, minor) = (libc::major(file.dev()), libc::minor(file.dev()));
    let inode = format!(" {major:02x}:{minor:02x}:{} ", file.ino());
    let locks = || {
        let locks = fs::read_to_string("/proc/locks").expect("Linux' locks");
        locks.lines().filter(|line| line.contains(&inode)).count()
    };
    let held = locks();
    assert!(held > 0);
    store.last_backup().expect("answered");
    let created = store.create(&mut unwatched).expect("a backup");
    let names: Vec<_> = created.warnings.iter().map(|warning| warning.name).collect();
    assert_eq!(names, ["SETTINGS_NOT_UPDATED"]);
    store.list(false).expect("listed");
    assert_eq!(locks(), held);
    application.execute_batch("COMMIT").expect("ended");
    assert_eq!(clients_in(&scene.database()), 100);
}

#[test]
fn a_folder_in_the_place_of_the_database_is_said_to_be_one() {
    let scene = Scene::empty();
    let store = Store::open(Options::new(scene.path("data"))).expect("valid options");
    let error = store.create(&mut unwatched).expect_err("a folder");
    assert_eq!(
        (error.status(), &error.cause),
        (Status::DatabaseNotFound, &Cause::DatabaseIsAFolder)
    );
}

#[cfg(unix)]
#[test]
fn a_backup_folder_that_is_a_link_to_an_absent_drive_is_said_to_be_one() {
    let scene = Scene::new("delete");
    std::os::unix::fs::symlink(scene.path("disco/respaldos"), scene.backups()).expect("linked");
    let error = scene.store().create(&mut unwatched).expect_err("no folder");
    assert_eq!(error, Error::at(Cause::LinkLeadsNowhere, scene.backups()));
    fs::create_dir_all(scene.path("disco/respaldos")).expect("connected");
    scene.create();
}

/// In rollback mode SQLite never looks for a WAL index.
#[test]
fn a_folder_with_the_name_of_a_wal_index_is_none() {
    let scene = Scene::new("delete");
    fs::create_dir(scene.path("data/studio.db-shm")).expect("made");
    let backup = scene.create().backup;
    scene.restore(&backup.name).expect("restored");
}

#[cfg(unix)]
#[test]
fn a_path_too_long_for_sqlite_is_said_to_be() {
    let scene = Scene::empty();
    let mut folder = scene.path("data");
    while folder.as_os_str().len() < 485 {
        let room = 485 - folder.as_os_str().len();
        folder.push("d".repeat(room.clamp(2, 101) - 1));
    }
    fs::create_dir_all(&folder).expect("made");
    let database = folder.join("a.db");
    make_database(&database, "delete", 10);
    let store = Store::open(Options::new(&database)).expect("valid options");
    let error = store.create(&mut unwatched).expect_err("too long");
    assert_eq!((error.status(), &error.cause), (Status::IoError, &Cause::PathTooLong));
}

#[test]
fn a_schema_that_sqlite_cannot_read_is_named() {
    let scene = Scene::new("delete");
    let connection = scene.open();
    connection
        .execute_batch(
            "PRAGMA writable_schema=ON;
             UPDATE sqlite_schema SET sql='CREATE VIEW names AS SELECT FROM' WHERE name='names';",
        )
        .expect("broken");
    drop(connection);
    let error = scene.store().create(&mut unwatched).expect_err("unreadable");
    let problems = error.problems().expect("problems").concat();
    assert!(problems.contains("malformed database schema (names)"), "{problems}");
}

/// Backups are told from the database by what the files are, and not by their paths.
#[cfg(unix)]
#[test]
fn a_database_in_its_own_backup_folder_is_no_backup_whatever_path_leads_to_it() {
    use std::os::unix::fs::symlink;
    let scene = Scene::empty();
    fs::create_dir(scene.backups()).expect("made");
    let real = scene.backups().join("backup_20200101_000000.db"); // retention would take it for the oldest
    make_database(&real, "delete", 10);
    symlink(&real, scene.database()).expect("linked");
    symlink(scene.backups(), scene.path("otra ruta")).expect("linked");
    symlink(&real, scene.backups().join("actual.db")).expect("linked");
    fs::hard_link(&real, scene.backups().join("otro nombre.db")).expect("linked");
    for database in [
        scene.database(),
        real.clone(),
        scene.path("otra ruta/backup_20200101_000000.db"),
    ] {
        let shown = database.display().to_string();
        let store = Store::open(Options {
            database,
            backup_dir: Some(scene.backups()),
            max_backups: 1,
            ..scene.options()
        })
        .expect("valid options");
        assert_eq!(store.list(false).expect("listed").backups, [], "{shown}");
        let created = store.create_if_due(&mut unwatched).expect("a backup");
        assert!(created.created, "{shown}: nothing there is today's");
        assert_eq!(created.removed, <[String; 0]>::default(), "{shown}");
        assert_eq!(clients_in(&real), 10, "{shown}");
        let backup = created.backup.expect("a backup");
        for left in [&backup.path, &scene.backups().join("catalog.json")] {
            fs::remove_file(left).expect("removed");
        }
    }
}

#[test]
fn an_old_copy_that_is_put_into_the_folder_is_not_the_backup_of_today() {
    let scene = Scene::new("delete");
    // What files have is the real time, to which the store's clock is set here, and a zone where it is noon.
    let now = Utc::now() + TimeDelta::minutes(1);
    scene.set_clock(&now.to_rfc3339());
    let store = Store::open(Options {
        timezone: format!("Etc/GMT{:+}", i64::from(now.hour()) - 12),
        ..scene.options()
    })
    .expect("valid options");
    scene.put_whole_backup("copia vieja de la memoria.db");
    let first = store.create_if_due(&mut unwatched).expect("a backup");
    assert!(first.created, "nothing there is known to hold today's data");

    // A renamed one of today is.
    let made = first.backup.expect("a backup").path;
    fs::rename(made, scene.backups().join("antes de la feria.db")).expect("renamed");
    let second = store.create_if_due(&mut unwatched).expect("answered");
    assert!(!second.created);
    assert_eq!(second.backup.expect("that of today").name, "antes de la feria.db");
}
