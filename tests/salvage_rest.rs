//! Salvaging what is neither a row in its place nor lost: cut values, deleted rows, orphaned pages, journals, deceptive files.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use respaldo::{Cause, SalvageRequest, Salvaged, unwatched};
use rusqlite::Connection;
use scene::Scene;

const PAGE: usize = 4096;

fn made(sql: &str) -> Scene {
    let scene = Scene::empty();
    let connection = Connection::open(scene.database()).expect("opens");
    connection.execute_batch(sql).expect("made");
    drop(connection);
    scene
}

fn salvage(scene: &Scene, deleted: bool) -> Salvaged {
    let request = SalvageRequest {
        deleted,
        ..SalvageRequest::default()
    };
    scene.store().salvage(&request, &mut unwatched).expect("salvaged")
}

fn recovered(salvaged: &Salvaged) -> Connection {
    let path: PathBuf = salvaged.recovered.as_ref().expect("a file").path.clone();
    Connection::open(path).expect("opens")
}

fn one<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).expect(sql)
}

fn edit(scene: &Scene, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(scene.database()).expect("read");
    edit(&mut bytes);
    fs::write(scene.database(), bytes).expect("written");
}

const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000)";

fn warnings(salvaged: &Salvaged) -> Vec<&str> {
    salvaged.warnings.iter().map(|warning| warning.name).collect()
}

#[test]
fn a_cut_value_is_null_in_its_row_and_its_beginning_is_kept() {
    for (encoding, letter) in [("UTF-8", "ñ"), ("UTF-16le", "ñ")] {
        let scene = made(&format!(
            "PRAGMA encoding='{encoding}'; CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT, kind TEXT DEFAULT 'x');
             INSERT INTO notes VALUES(7, replace(hex(zeroblob(15000)), '00', '{letter}'), 'letter'), (8, 'short', 'letter');
             CREATE TABLE strict_notes(body TEXT NOT NULL);
             INSERT INTO strict_notes VALUES(replace(hex(zeroblob(15000)), '00', '{letter}'));"
        ));
        edit(&scene, |bytes| {
            // The overflow pages lie one after the other; the last page of each chain goes.
            let first = bytes[..16].to_vec();
            assert_eq!(&first[..6], b"SQLite");
            let pages = bytes.len() / PAGE;
            let ends: Vec<usize> = (3..pages)
                .filter(|page| bytes[page * PAGE..page * PAGE + 4] == [0; 4] && bytes[page * PAGE + 8] != 0)
                .collect();
            assert_eq!(ends.len(), 2, "two chains");
            for page in ends {
                bytes[page * PAGE..(page + 1) * PAGE].fill(0xff);
            }
        });
        let salvaged = salvage(&scene, false);
        assert_eq!(warnings(&salvaged), ["VALUES_CUT"]);
        assert_eq!(salvaged.warnings[0].tables, ["notes"]);
        let cuts: Vec<(&str, u64, u64)> = salvaged
            .tables
            .iter()
            .map(|t| (t.table.as_str(), t.rows, t.cut))
            .collect();
        assert_eq!(cuts, [("notes", 2, 1), ("strict_notes", 0, 0)]);
        assert_eq!(salvaged.lost_and_found, 1, "a row whose NOT NULL value is cut");
        let connection = recovered(&salvaged);
        let row: String = one(&connection, "SELECT quote(body) || quote(kind) FROM notes WHERE id = 7");
        assert_eq!(row, "NULLNULL");
        let row: String = one(&connection, "SELECT body || kind FROM notes WHERE id = 8");
        assert_eq!(row, "shortletter");
        let told: String = one(
            &connection,
            "SELECT table_name || '.' || column_name || ' ' || id || ' ' || typeof(start) FROM lost_and_found_cut WHERE table_name IS NOT NULL",
        );
        assert_eq!(told, "notes.body 7 text");
        let sound: bool = one(
            &connection,
            &format!(
                "SELECT min(bytes_read < bytes AND bytes = 30000 AND length(start) > 8000 AND replace(start, '{letter}', '') = '')
                 AND count(*) = 2 FROM lost_and_found_cut"
            ),
        );
        assert!(sound, "{encoding}: the beginning, and nothing else");
    }
}

#[test]
fn deleted_rows_come_on_request_into_a_table_of_their_own() {
    let scene = made(&format!(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE other(x);
         {NUMBERS} INSERT INTO clients SELECT i, 'Client ' || i || hex(zeroblob(40)) FROM n;
         {NUMBERS} INSERT INTO other SELECT 'other ' || i || hex(zeroblob(40)) FROM n;
         DELETE FROM clients WHERE id BETWEEN 200 AND 800;"
    ));
    // Something is damaged, or nothing would have to be looked for.
    let root: i64 = one(&scene.open(), "SELECT rootpage FROM sqlite_schema WHERE name = 'other'");
    edit(&scene, |bytes| {
        let root = usize::try_from(root).expect("small");
        bytes[(root - 1) * PAGE..root * PAGE].fill(0);
    });
    let plain = salvage(&scene, false);
    assert_eq!((plain.deleted, plain.lost_and_found), (0, 0));
    let asked = salvage(&scene, true);
    assert!(asked.deleted > 300, "{}", asked.deleted);
    let connection = recovered(&asked);
    assert_eq!(one::<i64>(&connection, "SELECT count(*) FROM clients"), 399);
    assert_eq!(one::<i64>(&connection, "SELECT count(*) FROM other"), 1000);
    let right: bool = one(
        &connection,
        "SELECT min(c1 LIKE 'Client ' || id || '0000%') FROM lost_and_found_deleted",
    );
    assert!(right);
    assert_eq!(
        one::<i64>(&connection, "SELECT count(*) FROM lost_and_found_deleted") as u64,
        asked.deleted
    );
}

#[test]
fn orphaned_pages_of_a_table_without_rowids_are_told_from_those_of_an_index() {
    let scene = made(&format!(
        "CREATE TABLE sessions(day TEXT, artist INTEGER, price REAL, PRIMARY KEY(day, artist)) WITHOUT ROWID;
         CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT, notes TEXT, phone TEXT); CREATE INDEX by_name ON clients(name, notes);
         {NUMBERS} INSERT INTO sessions SELECT 'day ' || i, i, i / 2.0 FROM n;
         {NUMBERS} INSERT INTO clients SELECT i, 'Client ' || i, 'notes', '555' FROM n;"
    ));
    let before: f64 = one(&scene.open(), "SELECT sum(price) FROM sessions");
    let roots: Vec<usize> = ["sessions", "by_name"]
        .map(|name| {
            one::<i64>(
                &scene.open(),
                &format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'"),
            )
        })
        .into_iter()
        .map(|root| usize::try_from(root).expect("small"))
        .collect();
    edit(&scene, |bytes| {
        for root in roots {
            bytes[(root - 1) * PAGE..root * PAGE].fill(0);
        }
    });
    let salvaged = salvage(&scene, false);
    let connection = recovered(&salvaged);
    // The rows on the root itself are gone; there is one for each boundary of two leaves.
    let rows: i64 = one(&connection, "SELECT count(*) FROM sessions");
    assert!((950..1000).contains(&rows), "{rows}");
    let after: f64 = one(&connection, "SELECT sum(price) FROM sessions");
    assert!(before - after < 60.0 * 500.0, "{before} {after}");
    assert_eq!(salvaged.lost_and_found, 0, "the entries of an index are no rows");
    assert_eq!(
        one::<i64>(
            &connection,
            "SELECT count(*) FROM clients INDEXED BY by_name WHERE name > ''"
        ),
        1000
    );
}

#[test]
fn a_hot_journal_is_played_back_into_the_copy_and_stays_as_it_is() {
    let scene = made(&format!(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, x); CREATE TABLE gone(x); INSERT INTO gone VALUES(1);
         {NUMBERS} INSERT INTO t SELECT i, 'before' || hex(zeroblob(100)) FROM n;"
    ));
    let root: i64 = one(&scene.open(), "SELECT rootpage FROM sqlite_schema WHERE name = 'gone'");
    let writer = scene.open();
    writer
        .execute_batch(
            "PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN; UPDATE t SET x = 'torn' || hex(zeroblob(100));",
        )
        .expect("spilled");
    let journal = scene.path("data/studio.db-journal");
    let (torn, hot) = (
        fs::read(scene.database()).expect("read"),
        fs::read(&journal).expect("read"),
    );
    drop(writer);
    assert!(torn.windows(4).any(|four| four == b"torn"), "it has spilled");
    fs::write(scene.database(), &torn).expect("written");
    fs::write(&journal, &hot).expect("written");
    edit(&scene, |bytes| {
        let root = usize::try_from(root).expect("small");
        bytes[(root - 1) * PAGE..root * PAGE].fill(0xee);
    });
    let damaged = fs::read(scene.database()).expect("read");
    let salvaged = salvage(&scene, false);
    let connection = recovered(&salvaged);
    assert_eq!(
        one::<i64>(&connection, "SELECT count(*) FROM t WHERE x LIKE 'before%'"),
        1000
    );
    assert_eq!(fs::read(scene.database()).expect("read"), damaged);
    assert_eq!(fs::read(&journal).expect("read"), hot);

    // Of a transaction in several databases that was committed: its super-journal is gone.
    let name = scene.path("data/studio.db-mj12345").display().to_string();
    let sum = name.bytes().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(byte)));
    let mut committed = hot.clone();
    let lock_byte_page = (1_u32 << 30) / PAGE as u32 + 1;
    committed.extend(lock_byte_page.to_be_bytes());
    committed.extend(name.as_bytes());
    committed.extend(u32::try_from(name.len()).expect("short").to_be_bytes());
    committed.extend(sum.to_be_bytes());
    committed.extend([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    fs::write(&journal, &committed).expect("written");
    let salvaged = salvage(&scene, false);
    let torn: i64 = one(&recovered(&salvaged), "SELECT count(*) FROM t WHERE x LIKE 'torn%'");
    assert!(torn > 0);
    fs::write(&name, "a file that a hostile journal names").expect("written");
    let salvaged = salvage(&scene, false);
    assert_eq!(
        one::<i64>(&recovered(&salvaged), "SELECT count(*) FROM t WHERE x LIKE 'before%'"),
        1000
    );
    assert!(fs::exists(&name).expect("asked"), "SQLite would have deleted it");
}

#[test]
fn a_program_that_is_writing_is_waited_for() {
    let scene = made("CREATE TABLE t(x); INSERT INTO t VALUES(1);");
    let writer = scene.open();
    writer.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    let error = scene
        .store()
        .salvage(&SalvageRequest::default(), &mut unwatched)
        .expect_err("locked");
    assert_eq!(error.cause, Cause::DatabaseLocked);
    drop(writer);
    assert_eq!(salvage(&scene, false).tables[0].rows, 1);
}

#[test]
fn missing_rows_are_counted_by_their_keys() {
    let scene = made(&format!(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT); {NUMBERS} INSERT INTO clients SELECT i, hex(zeroblob(40)) FROM n;"
    ));
    let backup = scene.create().backup.name;
    // As many rows as the backup has, but other ones.
    scene
        .open()
        .execute_batch(
            "DELETE FROM clients WHERE id <= 10; INSERT INTO clients SELECT id + 5000, 'new' FROM clients LIMIT 10;",
        )
        .expect("written");
    let salvaged = salvage(&scene, false);
    let missing = salvaged.tables[0].missing_since.clone().expect("missing");
    assert_eq!(
        (missing.backup, missing.rows, salvaged.tables[0].rows),
        (backup, 10, 1000)
    );
}

#[test]
fn cancelling_leaves_nothing() {
    let scene = made(&format!(
        "CREATE TABLE t(x); {NUMBERS} INSERT INTO t SELECT randomblob(3000) FROM n; {NUMBERS} INSERT INTO t SELECT randomblob(3000) FROM n;"
    ));
    edit(&scene, |bytes| bytes[PAGE..2 * PAGE].fill(0));
    let before = scene::names(&scene.path("data"));
    for calls in 0..4 {
        let mut left = calls;
        let error = scene
            .store()
            .salvage(&SalvageRequest::default(), &mut |_| {
                left -= 1;
                if left < 0 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .expect_err("cancelled");
        assert_eq!(error.cause, Cause::Cancelled, "after {calls} calls");
        assert!(scene::names(&scene.backups()).is_empty());
    }
    assert_eq!(
        scene::names(&scene.path("data")).len(),
        before.len() + 1,
        "and the folder of backups"
    );
}

/// Files that are made to take endless time, memory or room.
#[test]
fn a_file_that_repeats_itself_ends() {
    let scene = made("CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(3000));");
    let sound = fs::read(scene.database()).expect("read");
    let root = PAGE;
    // Every cell pointer of the leaf points to the same cell.
    edit(&scene, |bytes| {
        let cell = [bytes[root + 8], bytes[root + 9]];
        bytes[root + 3..root + 5].copy_from_slice(&500_u16.to_be_bytes());
        for number in 0..500 {
            bytes[root + 8 + 2 * number..root + 10 + 2 * number].copy_from_slice(&cell);
        }
    });
    let salvaged = salvage(&scene, false);
    assert_eq!((salvaged.tables[0].rows, salvaged.lost_and_found), (1, 1));

    // Interior pages that all lead to all others.
    fs::write(scene.database(), &sound).expect("written");
    edit(&scene, |bytes| {
        let pages = 400_u32;
        bytes.resize(pages as usize * PAGE, 0);
        for page in 2..=pages {
            let start = (page as usize - 1) * PAGE;
            let content = &mut bytes[start..start + PAGE];
            content.fill(0);
            content[0] = 5;
            content[3..5].copy_from_slice(&400_u16.to_be_bytes());
            content[5..7].copy_from_slice(&1000_u16.to_be_bytes());
            content[8..12].copy_from_slice(&pages.to_be_bytes());
            for cell in 0..400_u32 {
                let at = 1000 + 5 * cell as usize;
                let pointer = 12 + 2 * cell as usize;
                content[pointer..pointer + 2].copy_from_slice(&u16::try_from(at).expect("small").to_be_bytes());
                content[at..at + 4].copy_from_slice(&(2 + (page + cell) % (pages - 1)).to_be_bytes());
                content[at + 4] = 1;
            }
        }
    });
    let salvaged = salvage(&scene, false);
    assert_eq!((salvaged.tables[0].rows, salvaged.lost_and_found), (0, 0));

    // A WAL that states a database of terabytes.
    fs::write(scene.database(), &sound).expect("written");
    edit(&scene, |bytes| bytes[root..root + PAGE].fill(0));
    fs::write(scene.path("data/studio.db-wal"), huge_wal()).expect("written");
    let salvaged = salvage(&scene, false);
    assert_eq!(salvaged.tables[0].rows, 0);
    assert!(salvaged.recovered.expect("a file").size < 1 << 20);
}

/// One frame, of page 4,000,000,000 of as many.
fn huge_wal() -> Vec<u8> {
    let sum = |bytes: &[u8], start: (u32, u32)| {
        bytes.chunks(8).fold(start, |(one, other), pair| {
            let word = |at: usize| u32::from_be_bytes(pair[at..at + 4].try_into().expect("four"));
            let one = one.wrapping_add(word(0)).wrapping_add(other);
            (one, other.wrapping_add(word(4)).wrapping_add(one))
        })
    };
    let put = |wal: &mut Vec<u8>, sum: (u32, u32)| wal.extend([sum.0.to_be_bytes(), sum.1.to_be_bytes()].concat());
    let mut wal: Vec<u8> = [0x377f_0683_u32, 3_007_000, 4096, 0, 1, 2]
        .iter()
        .flat_map(|n| n.to_be_bytes())
        .collect();
    let header = sum(&wal, (0, 0));
    put(&mut wal, header);
    let page = [7; PAGE];
    let head: Vec<u8> = [4_000_000_000_u32, 4_000_000_000]
        .iter()
        .flat_map(|n| n.to_be_bytes())
        .collect();
    let frame = sum(&page, sum(&head, header));
    wal.extend(head);
    wal.extend([1_u32.to_be_bytes(), 2_u32.to_be_bytes()].concat());
    put(&mut wal, frame);
    wal.extend(page);
    wal
}

/// Expressions of the schema that would take all the memory, or load a module.
#[test]
fn a_hostile_schema_neither_runs_nor_stops_the_other_tables() {
    let scene = made(&format!(
        "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT); {NUMBERS} INSERT INTO clients SELECT i, hex(zeroblob(40)) FROM n;
         CREATE TABLE big(a, b AS (a) STORED); INSERT INTO big VALUES(1);
         CREATE TABLE even(a); {NUMBERS} INSERT INTO even SELECT i FROM n; CREATE INDEX long ON even(a); CREATE VIEW v AS SELECT 1 AS x;
         CREATE TABLE checked(a); INSERT INTO checked VALUES(1);
         PRAGMA writable_schema=ON;
         UPDATE sqlite_schema SET sql = 'CREATE TABLE big(a, b AS (hex(zeroblob(900000000 + a))) STORED)' WHERE name = 'big';
         UPDATE sqlite_schema SET sql = 'CREATE INDEX long ON even(hex(zeroblob(900000000 + a)))' WHERE name = 'long';
         UPDATE sqlite_schema SET sql = 'CREATE TABLE checked(a CHECK (hex(zeroblob(10000000)) = a), b DEFAULT (hex(zeroblob(900000000))))' WHERE name = 'checked';
         INSERT INTO sqlite_schema VALUES('table', 'spy', 'spy', 0, 'CREATE VIRTUAL TABLE spy USING csv(filename=''/etc/passwd'')');
         INSERT INTO sqlite_schema VALUES('table', 'twice', 'clients', 0, 'CREATE TABLE clients(x)');
         INSERT INTO sqlite_schema VALUES('trigger', 'fired', 'clients', 0, 'CREATE TRIGGER fired AFTER INSERT ON clients BEGIN DELETE FROM clients; END');"
    ));
    let salvaged = salvage(&scene, false);
    let rows: Vec<(&str, u64)> = salvaged
        .tables
        .iter()
        .map(|table| (table.table.as_str(), table.rows))
        .collect();
    assert_eq!(rows, [("big", 0), ("checked", 1), ("clients", 1000), ("even", 1000)]);
    assert_eq!(
        salvaged.lost_and_found, 1,
        "the row of the table that computes too much"
    );
    let left_out = salvaged
        .warnings
        .iter()
        .find(|warning| warning.name == "NOT_SALVAGED")
        .expect("told");
    assert!(
        left_out.message.contains("long") && left_out.message.contains("twice"),
        "{}",
        left_out.message
    );
    let spy: String = one(
        &recovered(&salvaged),
        "SELECT sql FROM sqlite_schema WHERE name = 'spy'",
    );
    assert!(spy.contains("csv"), "declared, and not run");
}
