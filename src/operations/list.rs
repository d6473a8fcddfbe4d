//! Listing the backups.

use chrono::TimeDelta;

use crate::catalog::backup::{Listing, newest_first};
use crate::catalog::whose::Whose;
use crate::clock::{self, Moment};
use crate::report::error::Result;
use crate::report::messages::{self, Notice, Warning};
use crate::store::Store;

/// An older last backup causes a warning.
const OLD_AFTER: TimeDelta = TimeDelta::days(2);

/// What to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// Includes the safety copies.
    pub include_safety: bool,
    /// Includes the backups of other databases in the same folder.
    pub include_others: bool,
    /// Lists the second place instead of the backup folder.
    pub second_place: bool,
}

impl Store {
    /// Lists the backups, newest first, with the safety copies if `include_safety`. A missing folder
    /// holds no backups.
    pub fn list(&self, include_safety: bool) -> Result<Listing> {
        self.list_with(&ListRequest {
            include_safety,
            ..ListRequest::default()
        })
    }

    /// Lists the backups that `request` selects, newest first.
    pub fn list_with(&self, request: &ListRequest) -> Result<Listing> {
        if request.second_place {
            let Some(there) = self.in_second_place() else {
                return Ok(Listing {
                    backups: vec![],
                    warnings: vec![],
                });
            };
            return there.list_with(&ListRequest {
                second_place: false,
                ..*request
            });
        }
        let mut folder = self.read_folder()?;
        let last = self.last_in(&folder)?;
        let mut warnings = std::mem::take(&mut folder.warnings);
        warnings.extend(self.catalogue_warning(&folder));
        warnings.extend(self.age_warning(last)?);
        let mut backups = folder.backups;
        if !request.include_others {
            backups.retain(|backup| backup.whose != Whose::Other);
        }
        if request.include_safety {
            backups.extend(self.scan_safety_copies()?);
            newest_first(&mut backups);
        }
        Ok(Listing { backups, warnings })
    }

    /// Warns when the last backup is old.
    fn age_warning(&self, last: Option<Moment>) -> Result<Option<Warning>> {
        let now = self.now()?;
        let old = last.filter(|last| now - *last > OLD_AFTER);
        let display = old.map(|last| clock::display(&last));
        Ok(display.map(|display| messages::warning(&Notice::LastBackupOld(&display), self.language)))
    }
}
