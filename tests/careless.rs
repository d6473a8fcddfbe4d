//! What careless programs and old files do, and plain SQLite serves.
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::ffi::c_int;
use std::fs;
use std::path::Path;

use respaldo::{Error, Language, RestoreRequest, Status, unwatched};
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
