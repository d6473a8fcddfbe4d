//! Retention of the backups in the folder: applies the policy to them.
//!
//! Retention never deletes a file that the library did not name, that was renamed, that is a link, or that is dated in
//! the future: such a date means that the clock was wrong once, and a wrong clock must not decide which backups are
//! old.

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::catalog::retention_policy::{Candidate, Reason, decide};
use crate::catalog::retention_text::sentence;
use crate::catalog::shrink::alarm;
use crate::catalog::whose::Whose;
use crate::clock::Moment;
use crate::store::Store;

/// The decision on one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The file name.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// The decision and its reason as a sentence, in the store's language.
    pub text: String,
}

impl Store {
    /// Splits `backups`, newest first, into those that stay and those that retention deletes. In a dry run the
    /// sentences say what would happen.
    pub(crate) fn plan(
        &self,
        backups: &[Backup],
        just_made: Option<&str>,
        now: &Moment,
        dry_run: bool,
    ) -> (Vec<Decision>, Vec<Decision>) {
        let whole = newest_whole(backups, now);
        let candidates: Vec<Candidate> = backups
            .iter()
            .enumerate()
            .map(|(place, backup)| Candidate {
                created_at: backup.created_at,
                size: backup.size,
                protected: protection(backup, just_made),
                whole: whole == Some(place),
            })
            .collect();
        let mut reasons = decide(&candidates, &self.retention, now);
        if reasons.iter().any(|reason| !reason.keeps()) && alarm(backups).is_some() {
            // The backups that retention would delete may be the last with the lost rows.
            let going = reasons.iter_mut().filter(|reason| !reason.keeps());
            going.for_each(|reason| *reason = Reason::HeldBack);
        }
        let decisions = backups.iter().zip(reasons).map(|(backup, reason)| Decision {
            name: backup.name.clone(),
            reason,
            text: sentence(reason, &backup.created_at, dry_run, self.language),
        });
        decisions.partition(|decision| decision.reason.keeps())
    }
}

/// The reason why a backup stays regardless of the policy, if there is one.
fn protection(backup: &Backup, just_made: Option<&str>) -> Option<Reason> {
    match () {
        () if backup.whose != Whose::Own => Some(Reason::OtherDatabase),
        () if backup.kind != Kind::Backup => Some(Reason::Preserved),
        () if backup.pinned == Some(true) => Some(Reason::Pinned),
        () if just_made == Some(backup.name.as_str()) => Some(Reason::JustMade),
        () => None,
    }
}

/// The index of the newest backup that a verification found whole. Without one, of the newest unverified backup that is
/// intact; without that, of the newest that is not known to be damaged, whose file may not be on this computer.
fn newest_whole(backups: &[Backup], now: &Moment) -> Option<usize> {
    let newest = |is_good: fn(&Backup) -> bool| {
        backups.iter().position(|backup| {
            let is_judged = backup.kind == Kind::Backup && backup.whose == Whose::Own && backup.created_at <= *now;
            is_judged && is_good(backup)
        })
    };
    newest(|backup| backup.known_whole == Some(true))
        .or_else(|| newest(|backup| backup.known_whole.is_none() && backup.intact == Some(true)))
        .or_else(|| newest(Backup::may_be_whole))
}
