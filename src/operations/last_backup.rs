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
    /// RFC 3339 with the configured zone's offset; `None` when there never was one.
    pub last_backup_at: Option<String>,
    /// As people read it: `04/03/2026 09:30`, or `—`.
    pub display: String,
}

impl Store {
    /// When the last backup was made: the later of what `settings.json` says, since a backup that was moved to an external drive
    /// still was the last one, and of the newest own backup in the folder. Neither counts if it is in the future, and the
    /// settings only where no other database uses the folder.
    pub fn last_backup(&self) -> Result<LastBackup> {
        let moment = self.last_in(&self.read_folder()?)?;
        Ok(LastBackup {
            last_backup_at: moment.as_ref().map(clock::rfc3339),
            display: moment.as_ref().map_or_else(|| "—".to_owned(), clock::display),
        })
    }

    /// The same, of a folder that was read.
    pub(crate) fn last_in(&self, folder: &Folder) -> Result<Option<Moment>> {
        let now = self.now()?;
        let noted = self
            .noted_last_backup()
            .filter(|noted| !folder.serves_others && *noted <= now);
        let newest = folder
            .own()
            .find(|backup| backup.may_be_whole() && backup.created_at <= now);
        Ok(noted.max(newest.map(|backup| backup.created_at)))
    }

    /// What `settings.json` says.
    pub(crate) fn noted_last_backup(&self) -> Option<Moment> {
        // To open the database beside SQLite would drop the application's locks on it.
        let path = self.settings.as_ref().filter(|path| !same_file(path, &self.database))?;
        settings::last_backup_at(path, self.zone)
    }
}
