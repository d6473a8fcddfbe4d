//! What damage comes down to for people: what is damaged, whether rows are lost, and a remedy that really is one.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::path::PathBuf;

use respaldo::{Cause, Damage, DamageKind, DamagedIndex, Error, Store, unwatched};
use rusqlite::Connection;
use scene::Scene;

const PAGE: usize = 512;

/// Clients on small pages, with an index, free pages and, last in the file, `extra`.
fn studio(extra: &str) -> (Scene, Store) {
    let scene = Scene::empty();
    let made = Connection::open(scene.database()).expect("opens");
    made.execute_batch(&format!(
        "PRAGMA page_size={PAGE}; CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT, notes TEXT);
         CREATE INDEX by_name ON clients(name); CREATE TABLE gone(x);
         WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200)
         INSERT INTO clients SELECT n, 'client ' || n, 'seen ' || n FROM c; INSERT INTO gone SELECT zeroblob(2000); DROP TABLE gone; {extra}"
    ))
    .expect("made");
    drop(made);
    let store = scene.store();
    (scene, store)
}

fn change(scene: &Scene, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(scene.database()).expect("read");
    change(&mut bytes);
    fs::write(scene.database(), bytes).expect("written");
}

fn root_of(scene: &Scene, name: &str) -> usize {
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    scene
        .open()
        .query_row(sql, [name], |row| row.get::<_, u32>(0))
        .expect("a root page") as usize
}

/// What `create` fails with.
fn damage_of(store: &Store) -> (Damage, Error) {
    let error = store.create(&mut unwatched).expect_err("damaged");
    match error.cause.clone() {
        Cause::DatabaseCorrupt(damage) => (damage, error),
        other => unreachable!("{other:?}"),
    }
}

fn index(name: &str) -> Box<DamagedIndex> {
    Box::new(DamagedIndex {
        index: name.to_owned(),
        table: "clients".to_owned(),
    })
}

/// Does what the hint says, and puts the new file in the place of the database.
fn vacuum_into_a_new_file(scene: &Scene) -> PathBuf {
    let new = scene.path("new.db");
    let target = new.to_str().expect("UTF-8").to_owned();
    scene.open().execute("VACUUM INTO ?1", [target]).expect("all is read");
    fs::copy(&new, scene.database()).expect("put in place");
    new
}

#[test]
fn a_wrong_account_of_free_pages_loses_no_row_and_vacuum_into_mends_it() {
    let (scene, store) = studio("");
    change(&scene, |bytes| bytes[36..40].copy_from_slice(&1u32.to_be_bytes()));
    let (damage, error) = damage_of(&store);
    assert_eq!((damage.kind, damage.repairable), (DamageKind::Bookkeeping, false));
    assert!(error.to_string().contains("VACUUM INTO"), "{error}");
    vacuum_into_a_new_file(&scene);
    store.create(&mut unwatched).expect("mended");
    assert_eq!(scene::clients_in(&scene.database()), 200);
}

#[test]
fn a_damaged_page_of_an_index_loses_no_row() {
    let (scene, store) = studio("");
    let root = root_of(&scene, "by_name");
    change(&scene, |bytes| bytes[(root - 1) * PAGE..][..8].fill(0xff));
    let (damage, error) = damage_of(&store);
    assert_eq!(
        (damage.kind, damage.repairable),
        (DamageKind::Index(index("by_name")), false)
    );
    assert!(error.to_string().contains(".dump"), "{error}");
    // REINDEX and VACUUM INTO fail on such a page; what `.dump` does is reading every table without its indexes.
    let rows = scene
        .open()
        .query_row("SELECT count(notes) FROM clients NOT INDEXED", [], |row| row.get(0));
    assert_eq!(rows, Ok(200));
}

#[test]
fn a_damaged_page_of_a_table_names_the_table() {
    let (scene, store) = studio("");
    let root = root_of(&scene, "clients");
    change(&scene, |bytes| bytes[(root - 1) * PAGE..][..8].fill(0xff));
    let (damage, error) = damage_of(&store);
    assert_eq!(damage.kind, DamageKind::Rows("clients".to_owned()));
    assert!(error.to_string().contains("rows may be lost"), "{error}");
}

#[test]
fn a_file_that_ends_too_early_says_how_much_is_missing() {
    let (scene, store) = studio("");
    change(&scene, |bytes| bytes.truncate(bytes.len() - 700));
    let (damage, _) = damage_of(&store);
    assert_eq!(damage.kind, DamageKind::CutOff(700));
}

#[test]
fn the_precise_lines_are_in_the_problems_and_not_in_the_message() {
    let (scene, store) = studio("");
    change(&scene, |bytes| bytes[36..40].copy_from_slice(&1u32.to_be_bytes()));
    let (damage, error) = damage_of(&store);
    assert!(damage.problems[0].contains("freelist"), "{damage:?}");
    assert!(!error.to_string().contains(&damage.problems[0]), "{error}");
}

/// What SQLite has to be asked about is repairable like the rest: an index of an expression, and a database whose newest pages are
/// in the WAL.
#[test]
fn an_index_of_which_sqlite_says_that_it_differs_is_repairable() {
    let (scene, store) = studio("CREATE INDEX by_length ON clients(length(name))");
    let connection = scene.open();
    connection.pragma_update(None, "writable_schema", true).expect("set");
    connection
        .execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'length(name)', '-length(name)')",
            [],
        )
        .expect("changed");
    drop(connection);
    let expected = index("by_length");
    let (damage, error) = damage_of(&store);
    assert!(damage.repairable, "{damage:?}");
    assert_eq!(damage.kind, DamageKind::IndexDiffers(expected.clone()));
    assert!(error.to_string().contains("REINDEX"), "{error}");

    let connection = scene.open();
    connection.pragma_update(None, "journal_mode", "wal").expect("set");
    connection
        .execute("UPDATE clients SET name = name WHERE id = 1", [])
        .expect("in the WAL");
    let error = store.verify(&scene.database(), &mut unwatched).expect_err("damaged");
    assert_eq!(error.repairable(), Some(true), "{error}");
    let Cause::DatabaseCorrupt(damage) = error.cause else {
        unreachable!("{error}")
    };
    assert_eq!(damage.kind, DamageKind::IndexDiffers(expected));
    connection.execute_batch("REINDEX").expect("made anew");
    store.verify(&scene.database(), &mut unwatched).expect("healed");
}

#[test]
fn a_backup_whose_contents_have_changed_can_be_restored_as_its_hint_says() {
    let (scene, store) = studio("");
    let backup = store.create(&mut unwatched).expect("a backup").backup;
    let mut bytes = fs::read(&backup.path).expect("read");
    let at = bytes.windows(7).position(|found| found == b"seen 77").expect("a note");
    bytes[at] = b'S';
    fs::write(&backup.path, bytes).expect("written");
    let error = store.verify(backup.name.as_ref(), &mut unwatched).expect_err("changed");
    let Cause::BackupCorrupt(damage) = &error.cause else {
        unreachable!("{error}")
    };
    assert_eq!(damage.kind, DamageKind::Changed, "{damage:?}");
    assert!(error.to_string().contains("can be restored"), "{error}");
    scene.restore(&backup.name).expect("restored");
    let notes: String = scene
        .open()
        .query_row("SELECT notes FROM clients WHERE id = 77", [], |row| row.get(0))
        .expect("a note");
    assert_eq!(notes, "Seen 77");
}

#[test]
fn what_is_repairable_is_remembered_as_that_and_an_older_record_says_nothing() {
    let (scene, store) = studio("");
    let path = store.create(&mut unwatched).expect("made").backup.path;
    let connection = rusqlite::Connection::open(&path).expect("opens");
    connection
        .execute_batch(
            "PRAGMA writable_schema=ON;
             UPDATE sqlite_schema SET sql = replace(sql, '(name)', '(notes)') WHERE type = 'index'",
        )
        .expect("changed");
    drop(connection);
    let error = store.verify(&path, &mut unwatched).expect_err("damaged");
    // Its contents are not what was recorded: that alone is not repairable.
    assert_eq!(error.repairable(), Some(false));

    let copy = scene.backups().join("copy.db");
    std::fs::rename(&path, &copy).expect("renamed");
    let catalogue = scene.backups().join("catalog.json");
    std::fs::remove_file(&catalogue).expect("removed");
    let error = store.verify(&copy, &mut unwatched).expect_err("damaged");
    assert_eq!(error.repairable(), Some(true));
    let listed = || store.list(false).expect("listed").backups.remove(0);
    assert_eq!((listed().intact, listed().repairable), (Some(false), Some(true)));
    let findings = || {
        let health = store.health(false, &mut unwatched).expect("an answer");
        let names: Vec<_> = health.findings.iter().map(|finding| finding.name).collect();
        assert_eq!(health.damaged, ["copy.db"]);
        names
    };
    assert!(findings().contains(&"BACKUP_REPAIRABLE") && !findings().contains(&"BACKUP_DAMAGED"));

    // As an older version of the library wrote it.
    let text = std::fs::read_to_string(&catalogue).expect("read");
    assert!(text.contains(r#","repairable":true"#), "{text}");
    std::fs::write(&catalogue, text.replace(r#","repairable":true"#, "")).expect("written");
    assert_eq!((listed().intact, listed().repairable), (Some(false), None));
    assert!(findings().contains(&"BACKUP_DAMAGED"));
}

#[test]
fn damage_is_the_same_where_a_wal_has_newer_pages() {
    let (scene, store) = studio("PRAGMA journal_mode=WAL");
    change(&scene, |bytes| {
        let entry = b"client 150";
        let mut places = (0..bytes.len() - entry.len()).filter(|at| bytes[*at..].starts_with(entry));
        // The table's row goes on with the notes.
        let in_index = places.find(|at| !bytes[at + entry.len()..].starts_with(b"seen"));
        bytes[in_index.expect("an entry")] = b'k';
    });
    let damage = || {
        let error = store.verify(&scene.database(), &mut unwatched).expect_err("damaged");
        match error.cause {
            Cause::DatabaseCorrupt(damage) => damage,
            other => unreachable!("{other:?}"),
        }
    };
    let in_the_file = damage();
    assert_eq!(in_the_file.kind, DamageKind::IndexDiffers(index("by_name")));
    let writer = scene.open();
    writer
        .execute_batch("CREATE TABLE later(x); INSERT INTO later VALUES(1)")
        .expect("written");
    assert!(fs::metadata(scene.path("data/studio.db-wal")).is_ok_and(|wal| wal.len() > 0));
    assert_eq!(damage(), in_the_file);
}
