//! What a row was in every backup, and what it is now.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;

use respaldo::{Argument, Cause, History, HistoryRequest, RowValue, unwatched};
use rusqlite::Connection;
use scene::{Scene, names};
use serde_json::{Value, json};

/// A studio whose days each begin with a change and end with a backup; the history of the client with number 7.
fn days(changes: &[&str], today: &str) -> (Scene, History) {
    let scene = Scene::empty();
    let run = |sql: &str| {
        let connection = Connection::open(scene.database()).expect("opens");
        connection.execute_batch(sql).expect("written");
    };
    run(
        "PRAGMA journal_mode=WAL; CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT, phone TEXT);
         INSERT INTO clients VALUES(1, 'Eva', '')",
    );
    for (change, day) in changes.iter().zip(1..) {
        run(change);
        scene.set_clock(&format!("2026-03-{day:02}T16:30:12Z"));
        scene.create();
    }
    run(today);
    let history = scene.store().history(&of("clients", json!({"id": 7})), &mut unwatched);
    let history = history.expect("read");
    assert_eq!(names(&scene.path("data")), ["backups", "settings.json", "studio.db"]);
    (scene, history)
}

fn of(table: &str, key: Value) -> HistoryRequest {
    HistoryRequest {
        table: table.to_owned(),
        key: key.as_object().expect("an object").clone(),
        snapshots: false,
    }
}

/// Phone, first and last day, changed columns.
fn versions(history: &History) -> Vec<(String, String, String, Vec<&str>)> {
    let day = |name: &str| name[11..15].to_owned();
    let versions = history.versions.iter().map(|version| {
        let phone = match version.values.get("phone") {
            Some(RowValue::Text(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            _ => "-".to_owned(),
        };
        let (first, last) = (day(&version.first_seen.name), day(&version.last_seen.name));
        (phone, first, last, version.changed.iter().map(String::as_str).collect())
    });
    versions.collect()
}

fn version<'v>(phone: &str, first: &str, last: &str, changed: &[&'v str]) -> (String, String, String, Vec<&'v str>) {
    (
        phone.to_owned(),
        format!("03{first}"),
        format!("03{last}"),
        changed.to_vec(),
    )
}

#[test]
fn every_version_with_what_changed_and_when_it_went() {
    let (_, history) = days(
        &[
            "",
            "INSERT INTO clients VALUES(7, 'Ana', '1')",
            "",
            "UPDATE clients SET phone = '2' WHERE id = 7",
            "UPDATE clients SET phone = '1', name = 'Ana López' WHERE id = 7",
            "DELETE FROM clients WHERE id = 7",
            "",
        ],
        "",
    );
    let expected = [
        version("1", "05", "05", &["name", "phone"]),
        version("2", "04", "04", &["phone"]),
        version("1", "02", "03", &[]),
    ];
    assert_eq!(versions(&history), expected);
    assert_eq!(history.gone_since.expect("gone").name, "backup_20260306_093012.db");
    assert_eq!((history.live, history.title.as_deref()), (None, Some("Ana López")));
    assert!(history.warnings.is_empty());
}

#[test]
fn a_row_that_went_and_came_back_has_two_versions_and_the_live_one_is_told() {
    let ana = "INSERT INTO clients VALUES(7, 'Ana', '1')";
    let gone = "DELETE FROM clients WHERE id = 7";
    let (_, history) = days(&[ana, gone, ana, ""], "UPDATE clients SET phone = '3' WHERE id = 7");
    assert_eq!(
        versions(&history),
        [version("1", "03", "04", &[]), version("1", "01", "01", &[])]
    );
    assert_eq!(history.gone_since, None);
    let live = history.live.expect("there");
    assert_eq!(live.changed, ["phone"]);
    assert_eq!(live.values.get("phone"), Some(&RowValue::Text(b"3".to_vec())));
}

#[test]
fn columns_that_come_and_go_are_compared_by_name() {
    let (_, history) = days(
        &[
            "INSERT INTO clients VALUES(7, 'Ana', '1')",
            "ALTER TABLE clients ADD COLUMN city TEXT",
            "UPDATE clients SET city = 'Nogales'",
            "ALTER TABLE clients DROP COLUMN phone",
        ],
        "",
    );
    let expected = [
        version("-", "04", "04", &["phone"]),
        version("1", "03", "03", &["city"]),
        version("1", "01", "02", &[]),
    ];
    assert_eq!(versions(&history), expected);
}

#[test]
fn a_row_that_no_backup_has_has_no_versions_and_a_mistake_is_named() {
    let (scene, history) = days(&["", ""], "");
    assert_eq!(versions(&history), []);
    assert_eq!((history.gone_since, history.live), (None, None));
    let refused = |request: &HistoryRequest| {
        scene
            .store()
            .history(request, &mut unwatched)
            .expect_err("refused")
            .cause
    };
    let nowhere = Argument::TableNowhere {
        table: "cliente".to_owned(),
        tables: vec!["clients".to_owned()],
    };
    assert_eq!(
        refused(&of("cliente", json!({"id": 7}))),
        Cause::InvalidArgument(nowhere)
    );
    let not_the_key = Argument::NotTheKey {
        table: "clients".to_owned(),
        key: vec!["id".to_owned()],
    };
    assert_eq!(
        refused(&of("clients", json!({"name": "Ana"}))),
        Cause::InvalidArgument(not_the_key)
    );
    let cancelled = scene
        .store()
        .history(&of("clients", json!({"id": 1})), &mut |_| ControlFlow::Break(()));
    assert_eq!(cancelled.expect_err("cancelled").cause, Cause::Cancelled);
}

#[test]
fn a_file_that_cannot_be_read_is_a_warning() {
    let (scene, _) = days(&["INSERT INTO clients VALUES(7, 'Ana', '1')", ""], "");
    let names = names(&scene.backups());
    fs::write(scene.backups().join(&names[1]), b"no database").expect("written");
    fs::write(scene.database(), b"none either").expect("written");
    let history = scene
        .store()
        .history(&of("clients", json!({"id": 7})), &mut unwatched)
        .expect("read");
    assert_eq!(versions(&history), [version("1", "01", "01", &[])]);
    let warnings: Vec<_> = history.warnings.iter().map(|warning| warning.name).collect();
    assert_eq!(warnings, ["BACKUP_NOT_SEARCHED", "DATABASE_NOT_READ"]);
    assert_eq!(history.gone_since, None, "nobody knows");
}
