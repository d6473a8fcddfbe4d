//! Rows found in every backup, by a text and by their key.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;

use respaldo::{
    Argument, Cause, FindRequest, FindResult, FoundRow, Options, RestoreRequest, RowValue, SearchWords, SecondPlace,
    Store, TableWords, Values, Wanted, unwatched,
};
use rusqlite::Connection;
use scene::{Scene, damage, names};
use serde_json::{Value, json};

fn text(table: Option<&str>, text: &str) -> FindRequest {
    FindRequest {
        table: table.map(str::to_owned),
        rows: Wanted::Words(SearchWords::parse(text).expect("words")),
        most: 100,
        snapshots: false,
    }
}

fn key(table: &str, key: Value) -> FindRequest {
    FindRequest {
        table: Some(table.to_owned()),
        rows: Wanted::Key(key.as_object().expect("an object").clone()),
        most: 100,
        snapshots: false,
    }
}

/// A studio whose days each end with a backup.
struct Days {
    scene: Scene,
    day: u32,
}

impl Days {
    fn new(sql: &str) -> Days {
        let scene = Scene::empty();
        let days = Days { scene, day: 0 };
        days.run(sql);
        days
    }

    fn run(&self, sql: &str) {
        let connection = Connection::open(self.scene.database()).expect("opens");
        connection.execute_batch(sql).expect("written");
    }

    /// Changes the database and backs it up. Returns the backup's name.
    fn day(&mut self, sql: &str) -> String {
        self.run(sql);
        self.day += 1;
        self.scene.set_clock(&format!("2026-03-{:02}T16:30:12Z", self.day));
        self.scene.create().backup.name
    }

    fn find(&self, request: &FindRequest) -> FindResult {
        let found = self.scene.store().find(request, &mut unwatched).expect("searched");
        let left = names(&self.scene.path("data"));
        let left: Vec<&String> = left.iter().filter(|name| !name.contains("before_restore")).collect();
        assert_eq!(
            left,
            ["backups", "settings.json", "studio.db"],
            "nothing is left behind"
        );
        let hidden = names(&self.scene.backups())
            .into_iter()
            .filter(|name| !name.starts_with("backup_"));
        let hidden: Vec<String> = hidden.filter(|name| !name.ends_with(".db")).collect();
        assert_eq!(hidden, Vec::<String>::new());
        found
    }
}

fn titles(found: &FindResult) -> Vec<&str> {
    found.found.iter().filter_map(|row| row.title.as_deref()).collect()
}

/// Newest backup, oldest backup, and how many.
fn seen(row: &FoundRow) -> (&str, &str, u64) {
    (&row.backup, &row.first_seen, row.backups)
}

const CLIENTS: &str = "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT, surname TEXT, photo BLOB, notes TEXT);
    CREATE TABLE sessions(id INTEGER PRIMARY KEY, what TEXT);
    INSERT INTO clients VALUES(7, 'Ana', 'López', NULL, ''), (8, 'Juana', 'Muñoz', x'00ff', 'prefiere mañanas');";

#[test]
fn each_version_of_a_row_is_told_once_the_newest_first() {
    let mut days = Days::new(CLIENTS);
    let first = days.day("");
    let second = days.day("INSERT INTO sessions(what) VALUES('rosa')");
    let third = days.day("UPDATE clients SET notes = 'llamar' WHERE id = 7");
    let fourth = days.day("DELETE FROM clients WHERE id = 7");
    let found = days.find(&text(None, "lopez ana"));
    let rows: Vec<_> = found.found.iter().map(seen).collect();
    assert_eq!(rows, [(third.as_str(), third.as_str(), 1), (&second, &first, 2)]);
    assert_eq!(found.found[0].table, "clients");
    assert_eq!(
        found.found[0].key,
        Some(Values(vec![("id".to_owned(), RowValue::Integer(7))]))
    );
    assert_eq!(
        found.found[0].values.get("notes"),
        Some(&RowValue::Text(b"llamar".to_vec()))
    );
    assert_eq!(found.found[0].title.as_deref(), Some("Ana"));
    assert_eq!(found.found[0].display, "03/03/2026 09:30");
    assert!(found.complete && found.warnings.is_empty());
    assert_eq!(found.backups, 4);
    let found = days.find(&text(Some("CLIENTS"), "munoz"));
    assert_eq!(seen(&found.found[0]), (fourth.as_str(), first.as_str(), 4));
    assert_eq!(days.find(&text(Some("sessions"), "ana")).found, []);
    assert_eq!(
        days.find(&text(None, "muñoz mananas")).found.len(),
        1,
        "words of two columns"
    );
    assert_eq!(days.find(&text(None, "muñoz lopez")).found, []);
}

#[test]
fn a_row_is_found_by_its_key_in_any_backup_that_has_it() {
    let mut days = Days::new(CLIENTS);
    days.run(
        "CREATE TABLE prices(what TEXT COLLATE NOCASE, size INTEGER, price, PRIMARY KEY(what, size)) WITHOUT ROWID;
         INSERT INTO prices VALUES('Rosa', 3, 900); CREATE TABLE loose(a); INSERT INTO loose VALUES('x')",
    );
    let first = days.day("");
    let second = days.day("DELETE FROM clients WHERE id = 7; DELETE FROM prices");
    let found = days.find(&key("clients", json!({"ID": 7})));
    assert_eq!(
        found.found.iter().map(seen).collect::<Vec<_>>(),
        [(first.as_str(), first.as_str(), 1)]
    );
    assert_eq!(
        days.find(&key("clients", json!({"id": "8"}))).found.len(),
        1,
        "as SQLite compares"
    );
    assert_eq!(days.find(&key("clients", json!({"id": 99}))).found, []);
    assert_eq!(
        days.find(&key("clients", json!({"": 7}))).found[0].backup,
        first,
        "the key's only column"
    );
    assert_eq!(days.find(&key("loose", json!({"": 1}))).found.len(), 1, "the rowid");
    assert_eq!(
        days.find(&key("prices", json!({"size": 3, "what": "ROSA"}))).found[0].backup,
        first
    );
    assert_eq!(days.find(&key("loose", json!({"rowid": 1}))).found[0].backup, second);
    let refused = |request: &FindRequest| {
        let error = days.scene.store().find(request, &mut unwatched).expect_err("refused");
        error.cause
    };
    for wrong in [
        json!({"": 7, "id": 7}),
        json!({"name": "Ana"}),
        json!({"id": 7, "name": "Ana"}),
        json!({"rowid": 7}),
    ] {
        let not_the_key = Argument::NotTheKey {
            table: "clients".to_owned(),
            key: vec!["id".to_owned()],
        };
        assert_eq!(refused(&key("clients", wrong)), Cause::InvalidArgument(not_the_key));
    }
    let nowhere = Argument::TableNowhere {
        table: "client".to_owned(),
        tables: ["clients", "loose", "prices", "sessions"].map(str::to_owned).to_vec(),
    };
    assert_eq!(
        refused(&key("client", json!({"id": 7}))),
        Cause::InvalidArgument(nowhere.clone())
    );
    assert_eq!(refused(&text(Some("client"), "ana")), Cause::InvalidArgument(nowhere));
}

#[test]
fn a_table_that_later_backups_no_longer_have_is_found_in_the_earlier_ones() {
    let mut days = Days::new(CLIENTS);
    let first = days.day("");
    days.day("DROP TABLE clients; CREATE TABLE visits(who TEXT); INSERT INTO visits VALUES('Ana López')");
    let found = days.find(&text(Some("clients"), "ana lopez"));
    assert_eq!(
        found.found.iter().map(seen).collect::<Vec<_>>(),
        [(first.as_str(), first.as_str(), 1)]
    );
    let found = days.find(&text(None, "ana lopez"));
    let tables: Vec<&str> = found.found.iter().map(|row| row.table.as_str()).collect();
    assert_eq!(tables, ["visits", "clients"]);
}

#[test]
fn a_new_column_makes_no_new_version_until_it_has_a_value() {
    let mut days = Days::new(CLIENTS);
    let first = days.day("");
    let second = days.day("ALTER TABLE clients ADD COLUMN phone TEXT");
    let third = days.day("ALTER TABLE clients ADD COLUMN city TEXT DEFAULT 'Hermosillo'");
    let found = days.find(&text(None, "ana lopez"));
    let rows: Vec<_> = found.found.iter().map(seen).collect();
    assert_eq!(rows, [(third.as_str(), third.as_str(), 1), (&second, &first, 2)]);
    assert_eq!(
        found.found[0].values.get("city"),
        Some(&RowValue::Text(b"Hermosillo".to_vec()))
    );
}

#[test]
fn no_more_rows_are_told_than_asked_for_and_their_backups_are_counted_on() {
    let mut days = Days::new(CLIENTS);
    days.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) INSERT INTO sessions SELECT i, 'rosa '||i FROM n");
    let first = days.day("");
    let second = days.day("UPDATE sessions SET what = 'rosa roja' WHERE id = 2");
    let request = FindRequest {
        most: 3,
        ..text(None, "rosa")
    };
    let found = days.find(&request);
    assert!(!found.complete);
    assert_eq!(titles(&found), ["rosa 1", "rosa roja", "rosa 3"]);
    assert_eq!(seen(&found.found[0]), (second.as_str(), first.as_str(), 2));
    assert_eq!(seen(&found.found[1]), (second.as_str(), second.as_str(), 1));
    let exactly = FindRequest {
        most: 1,
        ..text(None, "lopez")
    };
    assert!(days.find(&exactly).complete);
}

#[test]
fn the_second_place_and_safety_copies_are_searched_too() {
    let mut days = Days::new(CLIENTS);
    let place = days.scene.path("stick");
    let options = || Options {
        second_place: Some(SecondPlace::new(place.clone())),
        ..days.scene.options()
    };
    let store = Store::open(options()).expect("valid");
    days.scene.set_clock("2026-02-27T16:30:12Z");
    let only_there = store.create(&mut unwatched).expect("made").backup.name;
    fs::remove_file(days.scene.backups().join(&only_there)).expect("removed");
    let find = |store: &Store| {
        let found = store.find(&text(None, "ana lopez"), &mut unwatched).expect("searched");
        found
            .found
            .iter()
            .map(|row| (row.backup.clone(), row.first_seen.clone(), row.backups))
            .collect::<Vec<_>>()
    };
    assert_eq!(find(&store), [(only_there.clone(), only_there.clone(), 1)]);
    let second = {
        days.run("DELETE FROM clients WHERE id = 7");
        days.scene.set_clock("2026-03-01T16:30:12Z");
        store.create(&mut unwatched).expect("made").backup.name
    };
    days.run("INSERT INTO clients(id, name) VALUES(70, 'Ana Lopez')");
    days.scene.set_clock("2026-03-02T16:30:12Z");
    let restored = store
        .restore(&RestoreRequest::of(second), &mut unwatched)
        .expect("restored");
    let safety = restored.safety_backup.expect("a safety copy");
    let safety = safety.file_name().expect("a name").to_string_lossy().into_owned();
    let expected = [(safety.clone(), safety, 1), (only_there.clone(), only_there, 1)];
    assert_eq!(find(&store), expected);
    fs::rename(&place, days.scene.path("drawer")).expect("taken out");
    assert_eq!(find(&store), expected[..1]);
    let warnings = store
        .find(&text(None, "ana"), &mut unwatched)
        .expect("searched")
        .warnings;
    assert!(
        warnings.is_empty(),
        "it is no fault of a drive that it is not connected"
    );
    days.day += 1;
}

#[test]
fn a_damaged_backup_is_a_warning_and_what_can_be_read_of_it_is_searched() {
    let mut days = Days::new(CLIENTS);
    days.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO sessions SELECT i, 'rosa '||i FROM n");
    let first = days.day("INSERT INTO sessions VALUES(9000, 'lirio')");
    let second = days.day("DELETE FROM sessions WHERE id = 9000");
    let third = days.day("INSERT INTO sessions VALUES(9001, 'clavel')");
    let pages = fs::metadata(days.scene.backups().join(&first)).expect("there").len() / 4096;
    damage(&days.scene.backups().join(&first), (pages - 20) * 4096, &[7; 100]);
    fs::write(days.scene.backups().join(&second), b"no database at all").expect("written");
    let found = days.find(&text(None, "lirio"));
    assert_eq!(
        found.found.iter().map(seen).collect::<Vec<_>>(),
        [(first.as_str(), first.as_str(), 1)]
    );
    let warnings: Vec<_> = found.warnings.iter().map(|warning| warning.name).collect();
    assert_eq!(warnings, ["BACKUP_NOT_SEARCHED"; 2]);
    assert!(found.warnings[0].message.contains(&second) && found.warnings[1].message.contains(&first));
    let found = days.find(&text(None, "clavel"));
    assert_eq!(
        found.found.iter().map(seen).collect::<Vec<_>>(),
        [(third.as_str(), third.as_str(), 1)]
    );
}

#[test]
fn equal_backups_are_read_once() {
    let mut days = Days::new(CLIENTS);
    let first = days.day("");
    let second = days.day("");
    // It is still what the catalogue says by size and time, and no database any more.
    let path = days.scene.backups().join(&first);
    let (length, time) = (
        fs::metadata(&path).expect("there").len(),
        fs::metadata(&path).and_then(|m| m.modified()).expect("a time"),
    );
    fs::write(&path, vec![b' '; usize::try_from(length).expect("short")]).expect("written");
    fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_modified(time))
        .expect("set");
    let found = days.find(&text(None, "ana lopez"));
    assert_eq!(
        found.found.iter().map(seen).collect::<Vec<_>>(),
        [(second.as_str(), first.as_str(), 2)]
    );
    assert!(found.warnings.is_empty());
}

#[test]
fn a_hostile_schema_runs_nothing_and_an_application_s_title_is_used() {
    let mut days = Days::new(CLIENTS);
    days.day(
        "CREATE VIEW everybody AS SELECT load_extension('/tmp/evil') FROM clients;
         CREATE TABLE computed(id INTEGER PRIMARY KEY, name TEXT, twice TEXT GENERATED ALWAYS AS (name || name));
         INSERT INTO computed(name) VALUES('margarita');
         CREATE VIRTUAL TABLE words USING fts5(name); INSERT INTO words VALUES('margarita');",
    );
    let found = days.find(&text(None, "margarita"));
    assert_eq!(found.found.len(), 1, "not in the search index too");
    assert_eq!(found.found[0].table, "computed");
    assert_eq!(found.found[0].values.get("twice"), None);
    assert_eq!(
        days.find(&text(Some("words_content"), "margarita")).found.len(),
        1,
        "unless it is named"
    );
    let words = TableWords {
        one: "cliente".to_owned(),
        many: "clientes".to_owned(),
        title: Some("surname".to_owned()),
    };
    let store = Store::open(Options {
        names: BTreeMap::from([("clients".to_owned(), words)]),
        ..days.scene.options()
    });
    let found = store
        .expect("valid")
        .find(&text(None, "ana lopez"), &mut unwatched)
        .expect("searched");
    assert_eq!(titles(&found), ["López"]);
}

#[test]
fn a_search_tells_how_far_it_is_and_can_be_cancelled() {
    let mut days = Days::new(CLIENTS);
    days.day("");
    days.day("INSERT INTO sessions(what) VALUES('rosa')");
    let mut last = None;
    let store = days.scene.store();
    let request = text(None, "ana");
    store
        .find(&request, &mut |now| {
            last = Some(now);
            ControlFlow::Continue(())
        })
        .expect("searched");
    assert!(last.is_some_and(|now| now.pages_total > 0 && now.pages_done <= now.pages_total));
    for request in [request, key("clients", json!({"id": 7}))] {
        let error = store
            .find(&request, &mut |_| ControlFlow::Break(()))
            .expect_err("cancelled");
        assert_eq!(error.cause, Cause::Cancelled);
    }
}

/// What SQL finds in one database after the other: the model for what pages that are skipped must not change.
fn slowly(days: &Days, word: &str) -> BTreeMap<(String, String), (String, String, u64)> {
    let mut found = BTreeMap::new();
    for name in names(&days.scene.backups()).iter().rev() {
        let connection = Connection::open(days.scene.backups().join(name)).expect("opens");
        let mut tables = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .expect("a schema");
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("names");
        for table in tables.map(|name| name.expect("a name")) {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).expect("a table");
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query([]).expect("rows");
            while let Some(row) = rows.next().expect("a row") {
                let mut has = false;
                let mut values = String::new();
                for (place, column) in columns.iter().enumerate() {
                    let value = row.get_ref(place).expect("a value");
                    if let rusqlite::types::ValueRef::Text(text) = value {
                        has |= String::from_utf8_lossy(text).to_lowercase().contains(word);
                    }
                    if value != rusqlite::types::ValueRef::Null {
                        values += &format!("{column}={value:?};");
                    }
                }
                if has {
                    let place = (table.clone(), values);
                    let known = found.entry(place).or_insert((name.clone(), name.clone(), 0_u64));
                    if known.1 != *name || known.2 == 0 {
                        known.1.clone_from(name);
                        known.2 += 1;
                    }
                }
            }
        }
    }
    found
}

fn fast(found: &FindResult) -> BTreeMap<(String, String), (String, String, u64)> {
    let text = |row: &FoundRow| {
        let value = |(name, value): &(String, RowValue)| match value {
            RowValue::Null => String::new(),
            RowValue::Integer(number) => format!("{name}=Integer({number});"),
            RowValue::Real(number) => format!("{name}=Real({number:?});"),
            RowValue::Text(bytes) => format!("{name}=Text({bytes:?});"),
            RowValue::Blob(bytes) => format!("{name}=Blob({bytes:?});"),
            long => format!("{long:?}"),
        };
        row.values.0.iter().map(value).collect::<String>()
    };
    let rows = found.found.iter();
    rows.map(|row| {
        (
            (row.table.clone(), text(row)),
            (row.backup.clone(), row.first_seen.clone(), row.backups),
        )
    })
    .collect()
}

#[test]
fn what_is_skipped_changes_no_answer() {
    let shapes = [
        "PRAGMA page_size=512; PRAGMA auto_vacuum=FULL;",
        "PRAGMA page_size=1024; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA encoding='UTF-16le';",
        "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;",
        "PRAGMA page_size=65536; PRAGMA encoding='UTF-16be';",
    ];
    // Pages enough for several threads, where they are small. A small generator: the same sequence at every run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for shape in shapes {
        let mut days = Days::new(shape);
        days.run(
            "CREATE TABLE plain(id INTEGER PRIMARY KEY, a TEXT, b REAL, c BLOB, d TEXT);
             CREATE TABLE keyed(k TEXT COLLATE NOCASE, n INTEGER, v TEXT, PRIMARY KEY(k, n)) WITHOUT ROWID;
             CREATE TABLE loose(a, b);
             CREATE INDEX plain_a ON plain(a);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2500)
             INSERT INTO plain SELECT i + 300, CASE WHEN i % 60 = 0 THEN 'Ana ' ELSE 'eva ' END || i, i, zeroblob(400), 'y' FROM n;",
        );
        for _ in 0..7 {
            let mut sql = String::from("BEGIN;");
            for _ in 0..random(60) {
                let (id, long) = (random(200), if random(8) == 0 { random(9000) } else { random(40) });
                let word = ["ana", "rosa", "LILA", "x"][usize::try_from(random(4)).expect("small")];
                sql += &match random(9) {
                    // The row keeps its length, so only an overflow page changes.
                    0 => format!("UPDATE plain SET d = CASE d WHEN 'ana' THEN 'eva' ELSE 'ana' END WHERE id > {id};"),
                    1 => format!(
                        "INSERT OR REPLACE INTO plain VALUES({id}, '{word} {id}', {id}, zeroblob({long}), '{word}');"
                    ),
                    2 => format!("UPDATE plain SET d = '{word}' || c WHERE id = {id};"),
                    3 => format!("DELETE FROM plain WHERE id BETWEEN {id} AND {id} + 5;"),
                    4 => format!(
                        "INSERT OR REPLACE INTO keyed VALUES(hex(zeroblob({long}/9)) || '{word}', {id}, '{word} {id}');"
                    ),
                    5 => format!("UPDATE keyed SET v = '{word}' WHERE n < {id} / 9;"),
                    8 => format!(
                        "UPDATE plain SET a = '{word} ' || id WHERE id BETWEEN {id} * 13 AND {id} * 13 + {long} % 99;"
                    ),
                    6 => format!("INSERT INTO loose VALUES('{word}', hex(zeroblob({long})) || '{id}{word}');"),
                    _ => format!("UPDATE plain SET c = zeroblob(length(c) + {id} % 3), b = {id}.5 WHERE id = {id};"),
                };
            }
            if random(4) == 0 {
                sql += "DROP TABLE loose; CREATE TABLE loose(b, a); INSERT INTO loose SELECT a, d FROM plain;";
            }
            days.day(&(sql + "COMMIT;"));
        }
        let found = days.scene.store().find(
            &FindRequest {
                most: 10_000,
                ..text(None, "ana")
            },
            &mut unwatched,
        );
        let found = found.expect("searched");
        assert!(found.complete && found.warnings.is_empty(), "{:?}", found.warnings);
        let slow = slowly(&days, "ana");
        assert!(slow.len() > 20, "{shape}: {}", slow.len());
        assert_eq!(fast(&found), slow, "{shape}");
    }
}
