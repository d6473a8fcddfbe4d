//! Beside SQLite's own check.

mod cases;
mod flips;
mod measure;
mod mutations;
mod schemas;

use std::env;
use std::fs::{self, File};
use std::path::Path;

use rusqlite::Connection;

use crate::database::verify::{Unchecked, Unfinished, Verified, check_undecided, verify_pages};
use crate::database::{damage, schema, sqlite_check};
use crate::pages::sums::Keys;
use crate::pages::verify::{self as pages, Effort, Report};

const FULL: Effort = Effort {
    compare: true,
    threads: 2,
};

fn open(path: &Path) -> Connection {
    Connection::open(path).expect("opens")
}

fn verify(path: &Path) -> Result<Verified, Unfinished> {
    verify_pages(&open(path), &File::open(path).expect("opens"), FULL, &|| true)
}

fn is_repairable(verified: &Verified) -> bool {
    damage::sum_up(&verified.problems).is_some_and(|damage| damage.repairable)
}

fn made(sql: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.db");
    let connection = open(&path);
    connection
        .execute_batch("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF")
        .expect("set");
    connection
        .execute_batch(&format!("BEGIN; COMMIT; {sql}"))
        .expect("made");
    (folder, path)
}

/// Every kind of table and index, on small pages.
const STUDIO: &str = "
    CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT, phone, price REAL, note TEXT COLLATE NOCASE);
    CREATE UNIQUE INDEX by_phone ON clients(phone);
    CREATE INDEX by_name ON clients(name, price DESC);
    CREATE INDEX by_price ON clients(price);
    CREATE INDEX by_note ON clients(note DESC, name COLLATE RTRIM);
    CREATE TABLE links(a TEXT, b INTEGER, extra BLOB, PRIMARY KEY(b, a DESC)) WITHOUT ROWID;
    CREATE INDEX links_by_extra ON links(extra);
    CREATE TABLE tags(tag TEXT UNIQUE, color TEXT, up AS (upper(tag)) STORED, down AS (lower(tag)));
    CREATE INDEX tags_by_color ON tags(color) WHERE color > 'color 4';
    CREATE INDEX tags_by_length ON tags(length(tag), up, down);
    CREATE TABLE scans(id INTEGER PRIMARY KEY, image BLOB, title TEXT);
    CREATE INDEX scans_by_title ON scans(title);
    CREATE TABLE old(a, b);
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200)
    INSERT INTO clients SELECT n * 3, 'client ' || n % 40,
        CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN n WHEN 2 THEN n + 0.5 WHEN 3 THEN 'p' || n ELSE randomblob(9) END,
        CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN n ELSE n / 7.0 END,
        CASE n % 2 WHEN 0 THEN 'note ' || n % 7 ELSE 'NOTE ' || n || '  ' END FROM c;
    INSERT INTO links SELECT name || id, id % 9, zeroblob(id % 60) FROM clients;
    INSERT INTO tags(tag, color) SELECT 'Tag ' || id, 'color ' || id % 9 FROM clients;
    INSERT INTO scans SELECT id, randomblob(id * 13), 'scan ' || id || hex(zeroblob(id)) FROM clients WHERE id % 5 = 0;
    INSERT INTO old SELECT id, name FROM clients;
    ALTER TABLE old ADD COLUMN c TEXT DEFAULT 'none';
    CREATE INDEX old_by_c ON old(c, b);
    INSERT INTO old SELECT id, name, phone FROM clients;
    ANALYZE;
    DELETE FROM clients WHERE id % 11 = 0; DELETE FROM scans WHERE id % 20 = 0; DELETE FROM tags WHERE rowid % 7 = 0;
    UPDATE clients SET name = name || ' and more' WHERE id % 13 = 0;
";

fn settings() -> Vec<String> {
    let mut settings = Vec::new();
    for page_size in [512, 1024, 4096, 65536] {
        for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
            for auto_vacuum in ["NONE", "FULL", "INCREMENTAL"] {
                settings.push(format!(
                    "PRAGMA page_size={page_size}; PRAGMA encoding='{encoding}'; PRAGMA auto_vacuum={auto_vacuum};"
                ));
            }
        }
    }
    settings
}

/// A number from the environment, for runs that take longer: `make test-pages-soak`.
fn rounds(variable: &str, usual: usize) -> usize {
    let number = env::var(variable).ok().map(|number| number.parse().expect("a number"));
    number.unwrap_or(usual)
}

/// What is random, and the same in every run.
struct Dice(u64);

impl Dice {
    /// `RESPALDO_SEED` makes others of them.
    fn new(seed: u64) -> Dice {
        let other = rounds("RESPALDO_SEED", 0) as u64;
        Dice(seed ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() >> 16) as usize % limit.max(1)
    }
}

/// How often each could happen.
#[derive(Debug, Default)]
struct Score {
    found: u32,
    both_whole: u32,
    only_pages: u32,
}

/// Compares our opinion with SQLite's on damaged bytes; fails where ours overlooks something.
fn compare(path: &Path, bytes: &[u8], what: &str, score: &mut Score) {
    fs::write(path, bytes).expect("written");
    let connection = open(path);
    let Ok(described) = schema::describe(&connection) else {
        return;
    };
    let said = sqlite_check::check_all(&connection, true).expect("an answer");
    let file = File::open(path).expect("opens");
    let keys = Keys::random();
    let [report, with_many] = [1, 4].map(|threads| {
        let effort = Effort { threads, ..FULL };
        let report = pages::verify(&file, &described.schema, &keys, effort, &|| true);
        report.expect("readable").expect("to the end")
    });
    let both = [&report, &with_many].map(|report| report.problems.is_empty());
    assert_eq!(both[0], both[1], "{what}: the threads differ");
    let mut verified = Verified::default();
    check_undecided(&connection, &described, &keys, &report.left, &mut verified).expect("judged");
    let ours = !report.problems.is_empty() || !verified.problems.is_empty();
    match (ours, said.damage.is_empty()) {
        (false, false) => panic!("{what} was overlooked: {:?}", said.damage),
        (true, false) => score.found += 1,
        (false, true) => score.both_whole += 1,
        (true, true) => {
            score.only_pages += 1;
            if env::var_os("RESPALDO_TEST_VERBOSE").is_some() {
                println!(
                    "{what}: only ours: {:?}",
                    report.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
                );
            }
        }
    }
}

/// What pages alone say.
fn report(path: &Path) -> Report {
    let described = schema::describe(&open(path)).expect("described");
    let file = File::open(path).expect("opens");
    let report = pages::verify(&file, &described.schema, &Keys::random(), FULL, &|| true);
    report.expect("readable").expect("to the end")
}
