//! Listing the backups.

use chrono::TimeDelta;

use crate::catalog::backup::{Listing, newest_first};
use crate::clock;
use crate::report::error::Result;
use crate::report::messages::{self, Notice};
use crate::store::Store;

/// A last backup older than this is worth a warning.
const OLD: TimeDelta = TimeDelta::days(2);

impl Store {
    /// Lists the backups, newest first, with the safety copies if `include_safety`. A folder that is not there
    /// holds no backups.
    pub fn list(&self, include_safety: bool) -> Result<Listing> {
        let mut listing = self.scan_backups()?;
        self.warn_if_old(&mut listing)?;
        if include_safety {
            listing.backups.extend(self.scan_safety_copies()?);
            newest_first(&mut listing.backups);
        }
        Ok(listing)
    }

    /// Warns when neither the settings nor the folder know of a recent backup.
    fn warn_if_old(&self, listing: &mut Listing) -> Result<()> {
        let last = self
            .noted_last_backup()
            .or_else(|| listing.backups.first().map(|newest| newest.created_at));
        if let Some(last) = last
            && self.now()? - last > OLD
        {
            let display = clock::display(&last);
            listing
                .warnings
                .push(messages::warning(&Notice::LastBackupOld(&display), self.language));
        }
        Ok(())
    }
}
