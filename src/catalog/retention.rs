//! Retention: the newest backups stay, older ones of the library's own making go.
//!
//! Nothing goes that the library did not name, that was renamed, that is a link, or that is dated in the future: such
//! a date means that a clock was wrong once, and a wrong clock must not decide what is old.

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::catalog::whose::Whose;
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
    /// The newest that is known to be whole, or looks whole where none is known to be; whatever the limit says.
    NewestGood,
    /// Just made, whatever the limit says.
    JustMade,
    /// Pinned.
    Pinned,
    /// Dated after the clock, and therefore not judged.
    DatedInFuture,
    /// Renamed, or not made by the library.
    Preserved,
    /// Of another database, or nothing tells of which one.
    OtherDatabase,
    /// Older than the `max_backups` newest.
    OverLimit,
}

impl Store {
    /// What stays and what goes, of `backups`, newest first.
    pub(crate) fn plan(
        &self,
        backups: &[Backup],
        just_made: Option<&str>,
        now: &Moment,
    ) -> (Vec<Decision>, Vec<Decision>) {
        let is_ours = |backup: &Backup| backup.kind == Kind::Backup && backup.whose == Whose::Own;
        let is_judged = |backup: &Backup| is_ours(backup) && backup.created_at <= *now;
        let newest =
            |is_good: fn(&Backup) -> bool| backups.iter().position(|backup| is_judged(backup) && is_good(backup));
        // One that is not on this computer may be whole as well, but only where nothing better is known.
        let newest_good = newest(|backup| backup.known_whole == Some(true))
            .or_else(|| newest(|backup| backup.known_whole.is_none() && backup.intact == Some(true)))
            .or_else(|| newest(Backup::may_be_whole));
        let mut counted = 0;
        let mut kept = Vec::new();
        let mut removed = Vec::new();
        for (place, backup) in backups.iter().enumerate() {
            let judged = is_judged(backup);
            counted += usize::from(judged);
            let reason = match () {
                () if backup.whose != Whose::Own => Reason::OtherDatabase,
                () if backup.kind != Kind::Backup => Reason::Preserved,
                () if backup.pinned == Some(true) => Reason::Pinned,
                () if !judged => Reason::DatedInFuture,
                () if counted <= self.max_backups => Reason::WithinLimit,
                () if newest_good == Some(place) => Reason::NewestGood,
                () if just_made == Some(backup.name.as_str()) => Reason::JustMade,
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
