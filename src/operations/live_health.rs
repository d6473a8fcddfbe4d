//! The live database, as health sees it.
//!
//! Reading a whole database takes too long for every call of health. What opening it shows (no database, an unreadable schema, a file
//! that is cut short) is found by each call. Other damage is found by a deep call, and where a backup failed because of it: the
//! catalogue remembers that, and the database is read whole until it is sound again.

use std::path::Path;
use std::time::Duration;

use crate::catalog::catalogue::Catalogue;
use crate::database::connection;
use crate::database::sqlite_error::Role;
use crate::files::folder_lock::FolderLock;
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn};
use crate::steps::safety_copy::is_damage;
use crate::steps::snapshot::Source;
use crate::store::Store;

/// How long health waits for a database that is locked, and for the lock of the backup folder.
const MOST_WAIT: Duration = Duration::from_millis(250);

/// What is known of a damaged database.
#[derive(Debug)]
pub(super) enum LiveDamage {
    /// What was found now.
    Found(Box<Error>),
    /// It was damaged, and cannot be read now.
    Remembered,
}

impl LiveDamage {
    pub fn found(&self) -> Option<&Error> {
        match self {
            LiveDamage::Found(error) => Some(error),
            LiveDamage::Remembered => None,
        }
    }
}

impl Store {
    /// Looks for damage in the live database, which exists.
    pub(super) fn find_live_damage(
        &self,
        catalogue: &Catalogue,
        deep: bool,
        progress: ProgressFn<'_>,
    ) -> Result<Option<LiveDamage>> {
        let name = self.database_name();
        let was_damaged = catalogue.is_database_damaged(&name);
        let is_read_whole = deep || was_damaged;
        let checked = self.check_live(is_read_whole, progress);
        connection::remove_empty_wal(&self.database);
        match checked {
            Ok(()) => {
                if was_damaged {
                    self.record_live_state(false);
                }
                Ok(None)
            }
            Err(error) if is_damage(&error) => {
                if deep {
                    self.record_live_state(true);
                }
                Ok(Some(LiveDamage::Found(Box::new(self.point_to_salvage(error)))))
            }
            Err(error) if error.cause == Cause::Cancelled => Err(error),
            Err(_) => Ok(was_damaged.then_some(LiveDamage::Remembered)),
        }
    }

    fn check_live(&self, is_read_whole: bool, progress: ProgressFn<'_>) -> Result<()> {
        let timeout = if is_read_whole {
            self.busy_timeout
        } else {
            self.busy_timeout.min(MOST_WAIT)
        };
        let path: &Path = &self.database;
        let connection = connection::open_live_for_reading(path, timeout)?;
        let mut source = Source::hold(connection, path, Role::Live)?;
        if is_read_whole {
            // The pages that progress counts are those of the backups.
            let not_begun = Progress {
                pages_done: 0,
                pages_total: 0,
            };
            self.check_backup(&mut source, &mut |_| progress(not_begun))?;
        }
        Ok(())
    }

    /// Remembers that no backup could be made, if that is because of damage. The caller holds the lock of the backup folder.
    pub(super) fn remember_live_damage(&self, error: &Error) {
        if matches!(error.cause, Cause::DatabaseCorrupt(_)) {
            self.write_live_state(true);
        }
    }

    /// Another backup or restore that holds the lock does not matter: the next call records it.
    fn record_live_state(&self, is_damaged: bool) {
        if let Ok(_lock) = FolderLock::acquire(&self.backup_dir, self.busy_timeout.min(MOST_WAIT)) {
            self.write_live_state(is_damaged);
        }
    }

    fn write_live_state(&self, is_damaged: bool) {
        let mut catalogue = Catalogue::read(&self.backup_dir);
        if catalogue.set_database_damaged(&self.database_name(), is_damaged) {
            // Not written, it is found by a deep call only. The caller's own answer says that the database is damaged.
            let _ = self.write_catalogue(&catalogue);
        }
    }
}
