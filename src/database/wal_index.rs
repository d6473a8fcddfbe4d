//! The index of a log, which SQLite makes to read a database in WAL mode, and a connection that only reads leaves behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::database::connection::has_wal;
use crate::database::live_file::{self, LiveFile};
use crate::files::paths::{is_free, real_path, with_suffix};

/// Removes, when dropped, the index that came to a backup since. Whoever reads the backup is dropped before.
#[derive(Debug)]
pub(crate) struct WalIndexCleanup {
    backup: PathBuf,
    index: PathBuf,
}

impl WalIndexCleanup {
    /// `None` for a backup that needs no index, or has one already: then somebody may have it open.
    pub fn before_reading(backup: &Path) -> Option<WalIndexCleanup> {
        let backup = real_path(backup);
        let index = with_suffix(&backup, "-shm");
        (has_wal(&backup) && is_free(&index)).then_some(WalIndexCleanup { backup, index })
    }
}

impl Drop for WalIndexCleanup {
    fn drop(&mut self) {
        // Whoever has the backup open holds a lock, and whoever opens it takes one before looking for the index.
        let Ok(connection) = live_file::open(&self.backup) else {
            return;
        };
        let alone =
            LiveFile::of(&connection).is_some_and(|file| matches!(file.lock_exclusively(Duration::ZERO), Ok(true)));
        if alone {
            // An index that stays harms nobody.
            let _ = fs::remove_file(&self.index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::connection;
    use rusqlite::Connection;

    /// A copy of a database whose row is in its log only.
    fn backup_with_log(folder: &Path) -> PathBuf {
        let (original, copy) = (folder.join("original.db"), folder.join("copy.db"));
        let writer = Connection::open(&original).expect("opens");
        writer
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t(x)")
            .expect("written");
        for suffix in ["", "-wal"] {
            fs::copy(with_suffix(&original, suffix), with_suffix(&copy, suffix)).expect("copied");
        }
        copy
    }

    fn read(backup: &Path) -> Connection {
        connection::open_backup(backup, Duration::ZERO).expect("opens")
    }

    #[test]
    fn reading_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let backup = backup_with_log(folder.path());
        let index = WalIndexCleanup::before_reading(&backup).expect("a log without an index");
        drop(read(&backup));
        assert!(
            !is_free(&with_suffix(&backup, "-shm")),
            "SQLite left none: there is nothing to test"
        );
        drop(index);
        assert!(is_free(&with_suffix(&backup, "-shm")));
        assert!(has_wal(&backup));
    }

    #[test]
    fn an_index_that_is_in_use_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let backup = backup_with_log(folder.path());
        let index = WalIndexCleanup::before_reading(&backup).expect("a log without an index");
        let reader = read(&backup);
        assert!(WalIndexCleanup::before_reading(&backup).is_none());
        drop(index);
        assert!(!is_free(&with_suffix(&backup, "-shm")));
        drop(reader);
    }
}
