//! What looks wrong and is no damage: it never keeps anybody from having a backup, and a warning says what it is.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use respaldo::{Cause, RestoreRequest, Store, Warning, unwatched};
use rusqlite::Connection;
use scene::Scene;

/// A studio whose database is made by `script`; then its schema is changed under its rows, as careless migrations do.
fn studio(script: &str, edit: Option<(&str, &str)>) -> (Scene, Store) {
    let scene = Scene::empty();
    let connection = Connection::open(scene.database()).expect("opens");
    connection.execute_batch(script).expect("written");
    if let Some((old, new)) = edit {
        connection.pragma_update(None, "writable_schema", true).expect("set");
        connection
            .execute("UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2)", [old, new])
            .expect("changed");
    }
    drop(connection);
    let store = scene.store();
    (scene, store)
}

/// Makes a backup, verifies it and restores it, here and elsewhere; the warnings that each of these gives.
fn warnings_of_everything(scene: &Scene, store: &Store) -> Vec<Warning> {
    let created = store.create(&mut unwatched).expect("a backup");
    let name = created.backup.name;
    let verified = store.verify(name.as_ref(), &mut unwatched).expect("whole");
    assert_eq!(verified.warnings, created.warnings);
    let elsewhere = RestoreRequest {
        target: Some(scene.folder.path().join("elsewhere.db")),
        ..RestoreRequest::of(&name)
    };
    let tried = store.restore(&elsewhere, &mut unwatched).expect("written elsewhere");
    assert_eq!(tried.warnings, created.warnings);
    let restored = store
        .restore(&RestoreRequest::of(&name), &mut unwatched)
        .expect("restored");
    assert_eq!(restored.warnings, created.warnings);
    assert!(restored.safety_backup.is_some());
    created.warnings
}

fn names(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.name).collect()
}

#[test]
fn a_null_in_a_column_that_became_not_null_is_named_and_backed_up() {
    let (scene, store) = studio(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO clients(name) VALUES (NULL), ('Ana')",
        Some(("name TEXT", "name TEXT NOT NULL")),
    );
    let warnings = warnings_of_everything(&scene, &store);
    assert_eq!(names(&warnings), ["ROWS_BREAK_CONSTRAINTS"]);
    assert_eq!(warnings[0].columns, ["clients.name"]);
    assert!(warnings[0].message.contains("clients.name"));
}

#[test]
fn numbers_in_a_column_that_became_text_are_named_and_backed_up() {
    let (scene, store) = studio(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, phone);
         INSERT INTO clients(phone) VALUES (6621234567), ('6621234567')",
        Some(("phone)", "phone TEXT)")),
    );
    let warnings = warnings_of_everything(&scene, &store);
    assert_eq!(names(&warnings), ["ROWS_BREAK_CONSTRAINTS"]);
    assert_eq!(warnings[0].columns, ["clients.phone"]);
}

#[test]
fn a_tokenizer_that_only_the_application_has_is_named_and_backed_up() {
    let (scene, store) = studio(
        "CREATE VIRTUAL TABLE notes USING fts5(body, tokenize='unicode61'); INSERT INTO notes VALUES ('hola mundo')",
        Some(("unicode61", "studio_tokenizer")),
    );
    let warnings = warnings_of_everything(&scene, &store);
    assert_eq!(names(&warnings), ["CHECKED_WITHOUT_INDEXES"]);
    assert_eq!(warnings[0].tables, ["notes"]);
}

#[test]
fn a_search_index_that_a_rebuild_heals_is_named_and_backed_up() {
    let (scene, store) = studio(
        "CREATE VIRTUAL TABLE notes USING fts5(body); INSERT INTO notes VALUES ('hola mundo'), ('tinta negra');
         UPDATE notes_content SET c0 = 'otra cosa' WHERE id = 1",
        None,
    );
    let warnings = warnings_of_everything(&scene, &store);
    assert_eq!(names(&warnings), ["SEARCH_INDEX_DIFFERS"]);
    assert_eq!(warnings[0].tables, ["notes"]);
}

/// A text in the schema, and what it becomes.
type Edit = Option<(&'static str, &'static str)>;
/// What is no damage: a script, a careless change of the schema, and the warning.
const SOUND: [(&str, Edit, &str); 4] = [
    (
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO clients(name) VALUES (NULL), ('Ana')",
        Some(("name TEXT", "name TEXT NOT NULL")),
        "ROWS_BREAK_CONSTRAINTS",
    ),
    (
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, phone); INSERT INTO clients(phone) VALUES (6621234567)",
        Some(("phone)", "phone TEXT)")),
        "ROWS_BREAK_CONSTRAINTS",
    ),
    (
        "CREATE VIRTUAL TABLE notes USING fts5(body, tokenize='unicode61'); INSERT INTO notes VALUES ('hola mundo')",
        Some(("unicode61", "studio_tokenizer")),
        "CHECKED_WITHOUT_INDEXES",
    ),
    (
        "CREATE VIRTUAL TABLE notes USING fts5(body); INSERT INTO notes VALUES ('hola mundo'), ('tinta negra');
         UPDATE notes_content SET c0 = 'otra cosa' WHERE id = 1",
        None,
        "SEARCH_INDEX_DIFFERS",
    ),
];

#[test]
fn none_of_it_is_damage_where_a_wal_has_newer_pages() {
    for (script, edit, warning) in SOUND {
        let (scene, store) = studio(&format!("PRAGMA journal_mode=WAL; {script}"), edit);
        let writer = scene.open();
        writer
            .execute_batch("CREATE TABLE later(x); INSERT INTO later VALUES(1)")
            .expect("written");
        for suffix in ["", "-wal"] {
            let copied = scene.path(&format!("copia.db{suffix}"));
            std::fs::copy(format!("{}{suffix}", scene.database().display()), copied).expect("copied");
        }
        let backup = scene.path("copia.db");
        let verified = store.verify(&backup, &mut unwatched).expect("whole");
        assert_eq!(names(&verified.warnings), [warning]);
        let restored = store
            .restore(&RestoreRequest::of(backup), &mut unwatched)
            .expect("restored");
        assert_eq!(names(&restored.warnings), [warning]);
    }
}

#[test]
fn an_index_without_its_tables_rows_is_damage_that_reindex_heals() {
    let (scene, store) = studio(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT, phone TEXT);
         INSERT INTO clients(name, phone) VALUES ('Ana', '662'), ('Luz', '644');
         CREATE INDEX by_name ON clients(name)",
        Some(("clients(name)", "clients(phone)")),
    );
    let error = store.create(&mut unwatched).expect_err("damaged");
    let Cause::DatabaseCorrupt(damage) = &error.cause else {
        unreachable!("{error}")
    };
    assert!(damage.repairable, "{damage:?}");
    assert!(damage.problems[0].contains("by_name"), "{damage:?}");
    assert!(error.to_string().contains("REINDEX"), "{error}");
    assert!(scene.open().execute_batch("REINDEX").is_ok());
    assert_eq!(store.create(&mut unwatched).expect("healed").warnings, []);
}

#[test]
fn damage_to_rows_is_not_called_repairable() {
    let (scene, store) = studio(
        "PRAGMA page_size=512; CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT);
         WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200)
         INSERT INTO clients SELECT n, 'client ' || n FROM c",
        None,
    );
    let mut bytes = std::fs::read(scene.database()).expect("read");
    // The cell pointers of the last page, a leaf, lead nowhere.
    let last = bytes.len() - 512;
    bytes[last + 8..last + 12].fill(0xff);
    std::fs::write(scene.database(), bytes).expect("written");
    let error = store.create(&mut unwatched).expect_err("damaged");
    assert_eq!(error.repairable(), Some(false), "{error}");
}
