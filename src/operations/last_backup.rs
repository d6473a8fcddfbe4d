//! When the last backup was made.

use serde::Serialize;

use crate::catalog::folder::Folder;
use crate::clock::{self, Moment};
use crate::files::paths::same_file;
use crate::files::settings;
use crate::report::error::Result;
use crate::store::Store;

/// The answer of [`Store::last_backup`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastBackup {
    /// RFC 3339 with the configured zone's offset; `None` when there never was a backup.
    pub last_backup_at: Option<String>,
    /// As people read it: `04/03/2026 09:30`, or `—`.
    pub display: String,
}

impl Store {
    /// When the last backup was made: the later of the time in `settings.json` and the newest own backup in the folder.
    ///
    /// `settings.json` covers a backup that was moved to an external drive; it counts only when no other database uses the folder.
    /// A time in the future never counts.
    pub fn last_backup(&self) -> Result<LastBackup> {
        let moment = self.last_in(&self.read_folder()?)?;
        Ok(LastBackup {
            last_backup_at: moment.as_ref().map(clock::rfc3339),
            display: moment.as_ref().map_or_else(|| "—".to_owned(), clock::display),
        })
    }

    /// When the last backup was made, for a folder that is already read.
    pub(crate) fn last_in(&self, folder: &Folder) -> Result<Option<Moment>> {
        let now = self.now()?;
        let in_settings = self
            .last_backup_in_settings()
            .filter(|moment| !folder.serves_others && *moment <= now);
        let newest = folder
            .own()
            .find(|backup| backup.may_be_whole() && backup.created_at <= now);
        Ok(in_settings.max(newest.map(|backup| backup.created_at)))
    }

    /// The time in `settings.json`.
    pub(crate) fn last_backup_in_settings(&self) -> Option<Moment> {
        // Opening and closing the database's file outside SQLite would drop the application's POSIX locks.
        let path = self.settings.as_ref().filter(|path| !same_file(path, &self.database))?;
        settings::last_backup_at(path, self.zone)
    }
}
