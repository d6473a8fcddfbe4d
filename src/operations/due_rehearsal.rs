//! The rehearsal that `create_if_due` does by itself when one is due.
//!
//! It runs on a thread of its own, so a large backup does not delay the answer. The catalogue remembers its outcome. One that the
//! end of the process cuts off is still due at the next call.

use std::sync::mpsc;
use std::thread;

use chrono::DateTime;

use crate::catalog::backup::Backup;
use crate::catalog::folder::Folder;
use crate::clock::{Moment, days_between};
use crate::operations::rehearse::{Rehearsed, newest_to_rehearse};
use crate::report::error::{Cause, Result};
use crate::report::findings::Observation;
use crate::report::messages::Warning;
use crate::report::waiting;
use crate::store::Store;

impl Store {
    /// Rehearses the newest backup if a rehearsal is due. Returns that backup's name and the outcome, if it is known in the time that
    /// the options allow.
    pub(super) fn rehearse_if_due(&self) -> Option<(String, Result<Rehearsed>)> {
        self.watch.rehearse_every_days?;
        let now = self.now().ok()?;
        let folder = self.read_folder().ok()?;
        let newest = newest_to_rehearse(&folder, &now)?;
        // It would fail again.
        if newest.rehearsal_failed || !self.is_rehearsal_due(days_since_rehearsal(&folder, &now)) {
            return None;
        }
        let store = self.clone();
        let (sender, receiver) = mpsc::channel();
        let rehearsing = thread::Builder::new()
            .name("respaldo-rehearse".to_owned())
            .spawn(move || {
                // After the timeout the receiver is gone.
                let _ = sender.send(store.rehearse_newest(&store.watch.rehearse_checks));
            });
        rehearsing.ok()?;
        let rehearsed = waiting::receive(&receiver, self.watch.rehearse_wait).ok()?;
        Some((newest.name.clone(), rehearsed.transpose()?))
    }

    /// Whether a rehearsal is due so many days after the last one.
    pub(super) fn is_rehearsal_due(&self, days: Option<u64>) -> bool {
        let most = self.watch.rehearse_every_days.map(u64::from);
        most.is_some_and(|most| days.is_none_or(|days| days > most))
    }

    /// The warning of a rehearsal that failed. One that could not be done is not one that failed: it stays due.
    pub(super) fn rehearsal_warning(&self, backup: &str, rehearsed: &Result<Rehearsed>) -> Option<Warning> {
        let has_failed = match rehearsed {
            Ok(rehearsed) => !rehearsed.ok,
            Err(error) => matches!(error.cause, Cause::BackupCorrupt(_) | Cause::NotADatabase),
        };
        let finding = Observation::RehearsalFailed(backup).finding(self.language);
        has_failed.then(|| finding.into())
    }
}

/// The own backup that was rehearsed last.
pub(super) fn last_rehearsed(folder: &Folder) -> Option<&Backup> {
    let rehearsed = folder.own().filter(|backup| backup.rehearsed_at.is_some());
    rehearsed.max_by_key(|backup| rehearsed_at(backup))
}

/// Calendar days since the last rehearsal; `None` if there never was one.
pub(super) fn days_since_rehearsal(folder: &Folder, now: &Moment) -> Option<u64> {
    let last = last_rehearsed(folder).and_then(rehearsed_at)?;
    Some(days_between(&last.with_timezone(&now.timezone()), now))
}

fn rehearsed_at(backup: &Backup) -> Option<DateTime<chrono::FixedOffset>> {
    DateTime::parse_from_rfc3339(backup.rehearsed_at.as_ref()?).ok()
}
