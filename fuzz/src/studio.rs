//! A studio: a folder with a database, its backups, and the store that looks after them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::DateTime;
use respaldo::{Clock, Language, Options, Settings, Store};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::hostile;

/// The database's file name.
pub const DATABASE: &str = "studio.db";
/// The backup folder's name.
pub const BACKUPS: &str = "backups";
/// What the studio's clock says: 2026-03-04 14:23:05 in Hermosillo.
pub const NOW: i64 = 1_772_659_385;

/// Every plain file below a folder, by its path in there.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A folder with a store.
pub struct Studio {
    pub folder: TempDir,
    pub store: Store,
}

impl Studio {
    /// An empty studio, with no database yet.
    pub fn new() -> Studio {
        Studio::with(|_| {})
    }

    /// An empty studio whose store has some options of its own.
    pub fn with(change: impl FnOnce(&mut Options)) -> Studio {
        hostile::set_trap();
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(BACKUPS)).expect("a folder");
        let mut options = Options::new(folder.path().join(DATABASE));
        options.busy_timeout = Duration::ZERO;
        options.settings = Settings::Nowhere;
        options.language = Language::English;
        options.clock = Clock::from_fn(|| DateTime::from_timestamp(NOW, 0).expect("a time"));
        change(&mut options);
        let store = Store::open(options).expect("valid options");
        Studio { folder, store }
    }

    /// The path of a file in the studio.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file there.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("written");
    }

    /// Every plain file. SQLite's shared memory is left out, which holds nothing, and the catalogue, which any call may write.
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        read_into(&mut files, self.folder.path(), Path::new(""));
        files.retain(|path, _| !path.to_string_lossy().ends_with("-shm") && !path.ends_with("catalog.json"));
        files
    }
}

impl Default for Studio {
    fn default() -> Self {
        Studio::new()
    }
}

const MOST_BYTES: u64 = 64 << 20;

fn read_into(files: &mut Files, root: &Path, below: &Path) {
    for entry in fs::read_dir(root.join(below)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = below.join(entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            read_into(files, root, &path);
        } else if kind.is_file() {
            // A hostile journal can make a database gigabytes long, all of them holes.
            let mut bytes = Vec::new();
            let file = fs::File::open(entry.path()).expect("opens");
            file.take(MOST_BYTES).read_to_end(&mut bytes).expect("read");
            files.insert(path, bytes);
        }
    }
}

/// The bytes of a small whole database.
pub fn studio_database(page_size: u32, journal_mode: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(DATABASE);
    let connection = Connection::open(&path).expect("open");
    connection
        .execute_batch(&format!(
            "PRAGMA page_size={page_size}; PRAGMA journal_mode={journal_mode};
             CREATE TABLE clients(id INTEGER PRIMARY KEY, name TEXT NOT NULL, note);
             CREATE INDEX by_name ON clients(name);
             INSERT INTO clients(name, note) VALUES('Ana', 'tinta'), ('Beto', NULL), ('Caro', zeroblob(900));
             PRAGMA user_version=7;"
        ))
        .expect("written");
    drop(connection);
    fs::read(path).expect("read")
}

/// Nothing was written, but for what `expected` says; the find names the files only, not their bytes.
pub fn assert_same(found: &Files, expected: &Files, what: &str) {
    let paths: BTreeSet<&PathBuf> = found.keys().chain(expected.keys()).collect();
    let differing: Vec<String> = paths
        .into_iter()
        .filter(|path| found.get(*path) != expected.get(*path))
        .map(|path| {
            let length = |files: &Files| files.get(path).map(Vec::len);
            format!(
                "{} has {:?} bytes, expected {:?}",
                path.display(),
                length(found),
                length(expected)
            )
        })
        .collect();
    assert!(differing.is_empty(), "{what}: {differing:#?}");
}
