//! The shrink alarm: most of a table's rows are gone, and until somebody says that this is right, no backup is deleted.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use respaldo::{AnnotateRequest, Created, Language, Options, Reason, Store, unwatched};
use scene::{Scene, names};

struct Studio {
    scene: Scene,
    store: Store,
    day: u32,
}

impl Studio {
    /// A studio with 100 clients that keeps two backups, and has two.
    fn new() -> Studio {
        let scene = Scene::new("delete");
        let options = Options {
            max_backups: 2,
            language: Language::English,
            ..scene.options()
        };
        let store = Store::open(options).expect("valid");
        let mut studio = Studio { scene, store, day: 4 };
        studio.next_day();
        studio.next_day();
        studio
    }

    fn next_day(&mut self) -> Created {
        self.day += 1;
        self.scene.set_clock(&format!("2026-03-{:02}T16:30:12Z", self.day));
        self.store.create(&mut unwatched).expect("made")
    }

    fn sql(&self, sql: &str) {
        self.scene.open().execute_batch(sql).expect("written");
    }

    fn backups(&self) -> usize {
        let names = names(&self.scene.backups());
        names.iter().filter(|name| name.ends_with(".db")).count()
    }
}

fn shrunk(created: &Created) -> Option<&str> {
    let warning = created.warnings.iter().find(|warning| warning.name == "SHRUNK");
    warning.map(|warning| warning.message.as_str())
}

#[test]
fn nothing_is_deleted_while_the_rows_are_missing_and_nobody_has_confirmed() {
    let mut studio = Studio::new();
    studio.sql("DELETE FROM clients WHERE id > 10");
    for backups in 3..=5 {
        let created = studio.next_day();
        let message = shrunk(&created).expect("told at each backup");
        assert!(message.contains("“clients” went from 100 rows to 10"), "{message}");
        assert_eq!((created.removed.len(), studio.backups()), (0, backups));
    }
    let planned = studio.store.prune(true).expect("planned");
    let held: Vec<_> = planned
        .kept
        .iter()
        .filter(|kept| kept.reason == Reason::HeldBack)
        .collect();
    assert_eq!((held.len(), planned.removed.len()), (3, 0));
    assert!(held[0].text.contains("many rows were lost"), "{}", held[0].text);
}

#[test]
fn confirming_ends_the_alarm() {
    let mut studio = Studio::new();
    studio.sql("DELETE FROM clients");
    let first = studio.next_day();
    assert!(shrunk(&first).is_some_and(|message| message.contains("“clients” is empty: it had 100 rows")));
    let request = AnnotateRequest {
        backup: first.backup.name.into(),
        confirmed: Some(true),
        ..AnnotateRequest::default()
    };
    studio.store.annotate(&request).expect("annotated");
    let next = studio.next_day();
    assert_eq!(shrunk(&next), None);
    assert_eq!((next.removed.len(), studio.backups()), (2, 2));
}

#[test]
fn rows_that_are_back_end_the_alarm() {
    let mut studio = Studio::new();
    let whole = studio.next_day().backup.name;
    studio.sql("DELETE FROM clients WHERE id > 10");
    assert!(shrunk(&studio.next_day()).is_some());
    studio.scene.restore(whole).expect("restored");
    let healed = studio.next_day();
    assert_eq!(shrunk(&healed), None);
    assert_eq!(studio.backups(), 2);
}

#[test]
fn a_table_that_is_gone_is_told_and_one_that_was_renamed_is_not() {
    let mut studio = Studio::new();
    studio.sql("DROP VIEW names; ALTER TABLE clients RENAME TO customers");
    assert_eq!(shrunk(&studio.next_day()), None);
    studio.sql("DROP TABLE customers");
    let created = studio.next_day();
    assert!(shrunk(&created).is_some_and(|message| message.contains("“customers”, which had 100 rows, is gone")));
}

#[test]
fn a_few_rows_fewer_are_nobodys_business() {
    let mut studio = Studio::new();
    studio.sql("DELETE FROM clients WHERE id > 50");
    let created = studio.next_day();
    assert_eq!((shrunk(&created), created.removed.len()), (None, 1));
}
