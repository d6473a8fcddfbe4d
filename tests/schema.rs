//! The option `schema`: a backup of a newer version of the application is not restored, an older one with a warning.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use respaldo::{Cause, Options, RestoreRequest, Restored, Result, SchemaSupport, Status, Store, unwatched};
use scene::{Scene, clients_in, clients_lost, names};

fn restore(scene: &Scene, backup: &str, schema: SchemaSupport) -> Result<Restored> {
    let options = Options {
        schema: Some(schema),
        ..scene.options()
    };
    let store = Store::open(options).expect("valid");
    store.restore(&RestoreRequest::of(backup), &mut unwatched)
}

fn user_version(newest: i64) -> SchemaSupport {
    SchemaSupport {
        newest_user_version: Some(newest),
        ..SchemaSupport::default()
    }
}

fn alembic(heads: &[&str], revisions: &[&str]) -> SchemaSupport {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    SchemaSupport {
        newest_user_version: None,
        alembic_heads: texts(heads),
        alembic_revisions: texts(revisions),
    }
}

fn warnings(restored: &Restored) -> Vec<&str> {
    restored.warnings.iter().map(|warning| warning.name).collect()
}

#[test]
fn a_newer_user_version_is_refused_and_changes_nothing() {
    let (scene, backup) = clients_lost("wal"); // of version 7
    let error = restore(&scene, &backup, user_version(6)).expect_err("too new");
    assert_eq!((error.status(), error.status() as i32), (Status::SchemaTooNew, 46));
    assert_eq!(error.cause, Cause::SchemaTooNew("7".to_owned()));
    assert_eq!(clients_in(&scene.database()), 10);
    assert!(
        names(&scene.path("data"))
            .iter()
            .all(|name| !name.contains("before_restore"))
    );
}

#[test]
fn an_older_user_version_is_restored_with_a_warning_and_the_same_without() {
    let (scene, backup) = clients_lost("delete");
    assert_eq!(
        warnings(&restore(&scene, &backup, user_version(8)).expect("restored")),
        ["SCHEMA_OLDER"]
    );
    assert_eq!(clients_in(&scene.database()), 100);
    assert_eq!(
        warnings(&restore(&scene, &backup, user_version(7)).expect("restored")),
        <[&str; 0]>::default()
    );
}

#[test]
fn alembics_revision_decides_too() {
    let scene = Scene::new("delete");
    let table = "CREATE TABLE alembic_version(version_num VARCHAR(32) NOT NULL PRIMARY KEY)";
    let revision = "INSERT INTO alembic_version VALUES('b')";
    scene
        .open()
        .execute_batch(&format!("{table}; {revision}"))
        .expect("written");
    let backup = scene.create().backup.name;
    let error = restore(&scene, &backup, alembic(&["a"], &["a"])).expect_err("too new");
    assert_eq!(error.cause, Cause::SchemaTooNew("b".to_owned()));
    let told = |schema| warnings(&restore(&scene, &backup, schema).expect("restored")).len();
    assert_eq!(told(alembic(&["b"], &["a", "b"])), 0);
    assert_eq!(told(alembic(&["c"], &["a", "b", "c"])), 1);
    assert_eq!(
        told(alembic(&["c"], &[])),
        1,
        "it may be older, and the migration tells"
    );
}

#[test]
fn a_newer_backup_can_be_written_elsewhere() {
    let (scene, backup) = clients_lost("delete");
    let options = Options {
        schema: Some(user_version(1)),
        ..scene.options()
    };
    let target = scene.path("elsewhere.db");
    let request = RestoreRequest {
        target: Some(target.clone()),
        ..RestoreRequest::of(&backup)
    };
    let store = Store::open(options).expect("valid");
    assert!(store.restore(&request, &mut unwatched).is_ok());
    assert_eq!(clients_in(&target), 100);
}
