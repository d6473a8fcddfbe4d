//! When the last backup was made.

use serde::Serialize;

use crate::clock::{self, Moment};
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
    /// When the last backup was made: as `settings.json` says, since a backup moved to an external drive still was
    /// the last one; where that says nothing usable, as the newest backup in the folder says.
    pub fn last_backup(&self) -> Result<LastBackup> {
        let moment = match self.noted_last_backup() {
            Some(moment) => Some(moment),
            None => self.newest_intact()?,
        };
        Ok(LastBackup {
            last_backup_at: moment.as_ref().map(clock::rfc3339),
            display: moment.as_ref().map_or_else(|| "—".to_owned(), clock::display),
        })
    }

    /// What `settings.json` says.
    pub(crate) fn noted_last_backup(&self) -> Option<Moment> {
        let path = self.settings.as_ref()?;
        settings::last_backup_at(path, self.zone)
    }

    fn newest_intact(&self) -> Result<Option<Moment>> {
        let backups = self.scan_backups()?.backups;
        let newest = backups.iter().find(|backup| backup.may_be_whole());
        Ok(newest.map(|backup| backup.created_at))
    }
}
