//! Retention: the newest backups stay, older ones of the library's own making go.
//!
//! Nothing goes that the library did not name, that was renamed, that is a link, or that is dated in the future: such
//! a date means that a clock was wrong once, and a wrong clock must not decide what is old.

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::clock::Moment;
use crate::store::Store;

/// What becomes of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The file name.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// Why a backup stays or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One of the `max_backups` newest.
    WithinLimit,
    /// The newest intact one, whatever the limit says.
    NewestGood,
    /// Dated after the clock, and therefore not judged.
    DatedInFuture,
    /// Renamed or somebody else's.
    Preserved,
    /// Older than the `max_backups` newest.
    OverLimit,
}

impl Store {
    /// What stays and what goes, of `backups`, newest first.
    pub(crate) fn plan(&self, backups: &[Backup], now: &Moment) -> (Vec<Decision>, Vec<Decision>) {
        let newest = |intact: Option<bool>| {
            let ours = |backup: &Backup| backup.kind == Kind::Backup && backup.intact == intact;
            backups.iter().position(ours)
        };
        // One that is not here may be whole as well, but only where none is known to be.
        let newest_good = newest(Some(true)).or_else(|| newest(None));
        let mut counted = 0;
        let mut kept = Vec::new();
        let mut removed = Vec::new();
        for (place, backup) in backups.iter().enumerate() {
            let judged = backup.kind == Kind::Backup && backup.created_at <= *now;
            counted += usize::from(judged);
            let reason = match () {
                () if backup.kind != Kind::Backup => Reason::Preserved,
                () if !judged => Reason::DatedInFuture,
                () if counted <= self.max_backups => Reason::WithinLimit,
                () if newest_good == Some(place) => Reason::NewestGood,
                () => Reason::OverLimit,
            };
            let list = if reason == Reason::OverLimit {
                &mut removed
            } else {
                &mut kept
            };
            list.push(Decision {
                name: backup.name.clone(),
                reason,
            });
        }
        (kept, removed)
    }
}
