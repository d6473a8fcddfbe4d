//! Removes the WAL index that reading a backup in WAL mode creates: a read-only connection leaves it behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::database::live_file::{self, LiveFile};
use crate::files::paths::{is_free, real_path, with_suffix};
use crate::files::sidecars::has_wal;

/// Removes, when dropped, a WAL index that was made beside a backup. Drop the connection that reads the backup first.
#[derive(Debug)]
pub(crate) struct WalIndexCleanup {
    backup: PathBuf,
    index: PathBuf,
}

impl WalIndexCleanup {
    /// `None` for a backup that needs no WAL index, or has one already: another program may have it open.
    pub fn before_reading(backup: &Path) -> Option<WalIndexCleanup> {
        let backup = real_path(backup);
        let index = with_suffix(&backup, "-shm");
        (has_wal(&backup) && is_free(&index)).then_some(WalIndexCleanup { backup, index })
    }
}

impl Drop for WalIndexCleanup {
    fn drop(&mut self) {
        // Every connection holds a lock on an open backup, and takes it before it looks for the WAL index.
        let Ok(connection) = live_file::open(&self.backup) else {
            return;
        };
        let is_alone =
            LiveFile::of(&connection).is_some_and(|file| matches!(file.lock_exclusively(Duration::ZERO), Ok(true)));
        if is_alone {
            // A failure is ignored: a WAL index that stays does no harm.
            let _ = fs::remove_file(&self.index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::connection;
    use rusqlite::Connection;

    /// A copy of a database whose table is in its WAL only.
    fn backup_with_wal(folder: &Path) -> PathBuf {
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
    fn reading_a_backup_leaves_no_wal_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let backup = backup_with_wal(folder.path());
        let cleanup = WalIndexCleanup::before_reading(&backup).expect("a WAL without a WAL index");
        drop(read(&backup));
        assert!(
            !is_free(&with_suffix(&backup, "-shm")),
            "SQLite made no WAL index to remove"
        );
        drop(cleanup);
        assert!(is_free(&with_suffix(&backup, "-shm")));
        assert!(has_wal(&backup));
    }

    #[test]
    fn a_wal_index_in_use_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let backup = backup_with_wal(folder.path());
        let cleanup = WalIndexCleanup::before_reading(&backup).expect("a WAL without a WAL index");
        let reader = read(&backup);
        assert!(WalIndexCleanup::before_reading(&backup).is_none());
        drop(cleanup);
        assert!(!is_free(&with_suffix(&backup, "-shm")));
        drop(reader);
    }
}
