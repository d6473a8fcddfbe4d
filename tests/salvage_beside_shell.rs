//! What is saved of damaged databases, beside what `.recover` of the `sqlite3` shell saves of the same files: at least as many right
//! rows in every case, and no wrong one more.
//!
//! `make test-recover` builds shells that can; Debian's is built without `SQLITE_ENABLE_DBPAGE_VTAB`, and its `.recover` fails with
//! "SQL logic error" on a sound database too. Without `RESPALDO_SHELLS` the test checks only that enough is saved.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use respaldo::{SalvageRequest, unwatched};
use rusqlite::{Connection, OpenFlags};
use scene::Scene;

const PAGE: usize = 4096;

/// A repeatable sequence of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        // Knuth's MMIX generator; its upper bits are the better ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % most
    }

    fn page(&mut self) -> [u8; PAGE] {
        std::array::from_fn(|_| u8::try_from(self.below(256)).expect("a byte"))
    }
}

fn studio() -> Scene {
    let scene = Scene::empty();
    let connection = Connection::open(scene.database()).expect("opens");
    connection
        .execute_batch(
            "CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT NOT NULL, notes TEXT);
             CREATE INDEX clients_by_name ON clients(name);
             CREATE TABLE sessions(day TEXT, artist INTEGER, price REAL, PRIMARY KEY(day, artist)) WITHOUT ROWID;
             CREATE TABLE photos(client INTEGER, image BLOB, title TEXT, taken TEXT, size INTEGER);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000)
             INSERT INTO clients SELECT i, 'Client '||i, hex(randomblob(100)) FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500)
             INSERT INTO sessions SELECT 'day '||i, i, i/2.0 FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<40)
             INSERT INTO photos SELECT i, randomblob(20000), 'photo '||i, 'today', 20000 FROM n;
             ALTER TABLE clients ADD COLUMN phone TEXT DEFAULT '555'; DELETE FROM clients WHERE id % 97 = 0;",
        )
        .expect("made");
    drop(connection);
    scene
}

/// Every row of every table, and those of which the file itself says that a value is cut.
fn rows(path: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    let read = |sql: &str| -> BTreeSet<String> {
        let Ok(mut statement) = connection.prepare(sql) else {
            return BTreeSet::new();
        };
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("read");
        rows.flatten().collect()
    };
    let mut all = BTreeSet::new();
    for sql in [
        "SELECT 'clients ' || id || '|' || quote(name) || quote(notes) || quote(phone) FROM clients",
        "SELECT 'sessions ' || quote(day) || quote(artist) || quote(price) FROM sessions",
        "SELECT 'photos ' || rowid || '|' || quote(client) || quote(image) || quote(title) || quote(taken) || quote(size) FROM photos",
    ] {
        all.extend(read(sql));
    }
    let told = read("SELECT table_name || ' ' || id || '|' FROM lost_and_found_cut WHERE table_name IS NOT NULL");
    let (told, whole) = all
        .into_iter()
        .partition(|row| told.iter().any(|start| row.starts_with(start)));
    (whole, told)
}

/// What a shell makes of the damaged file.
fn recover(shell: &Path, damaged: &Path, into: &Path) -> BTreeSet<String> {
    let script = Command::new(shell)
        .arg(damaged)
        .arg(".recover")
        .output()
        .expect("it starts");
    let mut reading = Command::new(shell)
        .arg(into)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // A shell that stops at an error closes its end.
    let _ = reading.stdin.take().expect("piped").write_all(&script.stdout);
    reading.wait().expect("it ends");
    if into.exists() { rows(into).0 } else { BTreeSet::new() }
}

/// The shells that `make test-recover` names, each tried on a sound database first.
fn shells() -> Vec<PathBuf> {
    let Some(named) = std::env::var_os("RESPALDO_SHELLS") else {
        return vec![];
    };
    let scene = studio();
    let sound = rows(&scene.database()).0;
    let shells: Vec<PathBuf> = std::env::split_paths(&named).collect();
    for (number, shell) in shells.iter().enumerate() {
        let into = scene.path(&format!("sound{number}.db"));
        assert_eq!(
            recover(shell, &scene.database(), &into),
            sound,
            "{} recovers nothing",
            shell.display()
        );
    }
    shells
}

/// Of how many rows some must be saved at least, and whether a wrong row can be noticed at all.
type Case = (String, usize, bool, Box<dyn Fn(&mut Vec<u8>)>);

fn cases() -> Vec<Case> {
    let case = |name: &str, least, is_told, damage: fn(&mut Vec<u8>)| -> Case {
        (name.to_owned(), least, is_told, Box::new(damage))
    };
    let mut cases = vec![
        case("truncated in the middle", 2400, true, |bytes| {
            bytes.truncate(bytes.len() / 2 / PAGE * PAGE)
        }),
        case("truncated within a page", 1600, true, |bytes| {
            bytes.truncate(bytes.len() / 3 + 100)
        }),
        case("first page gone", 2500, true, |bytes| bytes[..PAGE].fill(0)),
        case("schema page unreadable, header left", 2500, true, |bytes| {
            bytes[100..PAGE].fill(0xa5)
        }),
        case("root of the clients gone", 2500, true, |bytes| {
            bytes[PAGE..2 * PAGE].fill(0)
        }),
        case("zeros from a bad disk", 1800, true, |bytes| {
            bytes[20 * PAGE..60 * PAGE].fill(0)
        }),
    ];
    let turns: u64 = std::env::var("RESPALDO_DAMAGES")
        .ok()
        .and_then(|turns| turns.parse().ok())
        .unwrap_or(3);
    for seed in 0..turns {
        let name = format!("random pages overwritten, {seed}");
        let damage = move |bytes: &mut Vec<u8>| {
            let mut numbers = Numbers(seed);
            for _ in 0..6 {
                let page = 1 + numbers.below(bytes.len() / PAGE - 1);
                bytes[page * PAGE..(page + 1) * PAGE].copy_from_slice(&numbers.page());
            }
        };
        cases.push((name, 1000, true, Box::new(damage)));
        // A byte within a value tells nobody that it was another one.
        let damage = move |bytes: &mut Vec<u8>| {
            let mut numbers = Numbers(seed + 1_000_000);
            for _ in 0..12 {
                let at = PAGE + numbers.below(bytes.len() - PAGE);
                bytes[at] ^= 1 << numbers.below(8);
            }
        };
        cases.push((format!("some bits flipped, {seed}"), 1000, false, Box::new(damage)));
    }
    cases
}

#[test]
fn at_least_as_many_right_rows_as_the_shell_and_no_wrong_one_more() {
    let shells = shells();
    let scene = studio();
    let backup = scene.create();
    let right = rows(&scene.database()).0;
    let sound = fs::read(scene.database()).expect("read");
    for (name, least, is_told, damage) in cases() {
        let mut bytes = sound.clone();
        damage(&mut bytes);
        fs::write(scene.database(), &bytes).expect("written");
        let salvaged = scene
            .store()
            .salvage(&SalvageRequest::default(), &mut unwatched)
            .expect(&name);
        assert_eq!(
            fs::read(scene.database()).expect("read"),
            bytes,
            "{name}: it is not touched"
        );
        let recovered = salvaged.recovered.expect("a file").path;
        let (found, cut) = rows(&recovered);
        let (ours, wrong) = (found.intersection(&right).count(), found.difference(&right).count());
        let strays = salvaged.lost_and_found;
        println!(
            "{name}: {ours} of {} right, {wrong} wrong, {} cut, {strays} stray",
            right.len(),
            cut.len()
        );
        assert!(ours >= least, "{name}: {ours} right rows");
        assert!(!is_told || wrong == 0, "{name}: {wrong} wrong rows");
        for (number, shell) in shells.iter().enumerate() {
            let into = scene.path(&format!("shell{number}.db"));
            let _ = fs::remove_file(&into);
            let theirs = recover(shell, &scene.database(), &into);
            let their_right = theirs.intersection(&right).count();
            let their_wrong = theirs.difference(&right).count();
            println!("    {}: {their_right} right, {their_wrong} wrong", shell.display());
            for row in theirs.intersection(&right).filter(|row| !found.contains(*row)).take(5) {
                let row: String = row.chars().take(60).collect();
                println!("        only the shell has {row}");
            }
            assert!(
                ours >= their_right,
                "{name}: {ours} right rows, {} has {their_right}",
                shell.display()
            );
            assert!(
                wrong <= their_wrong,
                "{name}: {wrong} wrong rows, {} has {their_wrong}",
                shell.display()
            );
        }
        fs::remove_file(recovered).expect("removed");
    }
    assert!(backup.backup.path.exists());
}
