//! A studio's data folder with a real database, and a clock that tests can set.

#![allow(dead_code, reason = "each test file uses its own part of the scene")]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use respaldo::{Clock, Created, Options, RestoreRequest, Restored, Result, Store, unwatched};
use rusqlite::Connection;

/// Midnight in Hermosillo is 07:00 UTC.
pub const MORNING: &str = "2026-03-04T16:30:12Z";

/// The first safety copy of a restore in the [`MORNING`].
pub const SAFETY_COPY: &str = "studio.db.before_restore_20260304_093012";

pub struct Scene {
    pub folder: tempfile::TempDir,
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl Scene {
    /// `data/studio.db` with 100 clients, in this journal mode.
    pub fn new(mode: &str) -> Scene {
        let scene = Scene::empty();
        make_database(&scene.database(), mode, 100);
        scene
    }

    pub fn empty() -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("data")).expect("made");
        Scene {
            folder,
            now: Arc::new(Mutex::new(MORNING.parse().expect("a time"))),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        // In the system's own spelling: backslashes on Windows.
        self.folder
            .path()
            .join(Path::new(name).components().collect::<PathBuf>())
    }

    pub fn database(&self) -> PathBuf {
        self.path("data/studio.db")
    }

    pub fn backups(&self) -> PathBuf {
        self.path("data/backups")
    }

    pub fn set_clock(&self, now: &str) {
        *self.now.lock().expect("a clock") = now.parse().expect("a time");
    }

    pub fn options(&self) -> Options {
        let now = Arc::clone(&self.now);
        Options {
            busy_timeout: Duration::from_millis(200),
            clock: Clock::from_fn(move || *now.lock().expect("a clock")),
            ..Options::new(self.database())
        }
    }

    pub fn store(&self) -> Store {
        Store::open(self.options()).expect("valid options")
    }

    pub fn create(&self) -> Created {
        self.store().create(&mut unwatched).expect("a backup")
    }

    pub fn restore(&self, backup: impl Into<PathBuf>) -> Result<Restored> {
        self.store().restore(&RestoreRequest::of(backup), &mut unwatched)
    }

    pub fn open(&self) -> Connection {
        let connection = Connection::open(self.database()).expect("opens");
        connection.busy_timeout(Duration::ZERO).expect("set");
        connection
    }

    /// A file in the backup folder.
    pub fn put_backup(&self, name: &str, contents: &[u8]) -> PathBuf {
        fs::create_dir_all(self.backups()).expect("made");
        let path = self.backups().join(name);
        fs::write(&path, contents).expect("written");
        path
    }

    /// A whole backup in the backup folder.
    pub fn put_whole_backup(&self, name: &str) -> PathBuf {
        fs::create_dir_all(self.backups()).expect("made");
        let path = self.backups().join(name);
        make_database(&path, "delete", 3);
        path
    }
}

/// A studio with one backup of 100 clients, whose database has lost all but ten since; and that backup's name.
pub fn clients_lost(mode: &str) -> (Scene, String) {
    let scene = Scene::new(mode);
    let name = scene.create().backup.name;
    scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id > 10")
        .expect("deleted");
    (scene, name)
}

pub fn make_database(path: &Path, mode: &str, clients: u32) {
    let connection = Connection::open(path).expect("opens");
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode={mode};
             CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT NOT NULL, notes TEXT);
             CREATE INDEX clients_by_name ON clients(name);
             CREATE VIEW names AS SELECT name FROM clients;
             PRAGMA user_version=7;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{clients})
             INSERT INTO clients SELECT i, 'Client '||i, hex(randomblob(200)) FROM n;"
        ))
        .expect("written");
}

pub fn clients(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM clients", [], |row| row.get(0))
        .expect("counted")
}

pub fn clients_in(path: &Path) -> i64 {
    clients(&Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens"))
}

pub fn journal_mode(connection: &Connection) -> String {
    connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .expect("a mode")
}

/// The names in a folder, sorted; but that of the catalogue, which is in every backup folder.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "catalog.json")
        .collect();
    names.sort();
    names
}

/// Gives a file this modification time.
pub fn set_modified(path: &Path, time: &str) {
    let time: DateTime<Utc> = time.parse().expect("a time");
    fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(time.into()))
        .expect("set");
}

/// Overwrites part of the file, as a failing disk would.
pub fn damage(path: &Path, at: u64, bytes: &[u8]) {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = fs::File::options().write(true).open(path).expect("opens");
    file.seek(SeekFrom::Start(at)).expect("there");
    file.write_all(bytes).expect("written");
}
