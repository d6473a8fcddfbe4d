//! Applying the archive's own retention.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::archive::snapshot::Snapshot;
use crate::catalog::folder::Folder;
use crate::catalog::retention_policy::{Candidate, Reason, decide};
use crate::catalog::retention_text::sentence;
use crate::clock::Moment;
use crate::options::Retention;
use crate::report::error::Result;
use crate::report::progress::ProgressFn;
use crate::store::Store;

/// The answer of [`Store::archive_prune`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchivePruned {
    /// The snapshots that stay, newest first.
    pub kept: Vec<ArchiveDecision>,
    /// The snapshots that were removed, or would be, newest first.
    pub removed: Vec<ArchiveDecision>,
    /// Bytes that no snapshot needs any more. They are marked, and given back by the next prune a day later, because another
    /// computer may be using them.
    pub freed_bytes: u64,
    /// Whether this is a plan only, and nothing was deleted.
    pub dry_run: bool,
}

/// The decision on one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveDecision {
    /// The snapshot.
    pub snapshot: String,
    /// The name of its backup.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// The decision and its reason as a sentence, in the store's language.
    pub text: String,
}

impl Store {
    /// Applies the archive's retention. Without one, every snapshot stays. With `dry_run` it only returns the plan.
    ///
    /// Only snapshots that this library made of this database are judged. Those of each computer are judged by themselves.
    pub fn archive_prune(&self, dry_run: bool, progress: ProgressFn<'_>) -> Result<ArchivePruned> {
        let policy = self.archive_options()?.retention.clone();
        let now = self.now()?;
        let folder = self.read_folder_or_nothing();
        self.with_archive(progress, |archive| {
            let listed = archive.list(self.zone)?;
            let reasons = self.judge(&listed.snapshots, policy.as_ref(), &folder, &now);
            let decisions = listed
                .snapshots
                .iter()
                .zip(reasons)
                .map(|(snapshot, reason)| ArchiveDecision {
                    snapshot: snapshot.id.clone(),
                    name: snapshot.name.clone(),
                    reason,
                    text: sentence(reason, &snapshot.created_at, dry_run, self.language),
                });
            let (kept, removed): (Vec<_>, Vec<_>) = decisions.partition(|decision| decision.reason.keeps());
            let going: Vec<String> = removed.iter().map(|decision| decision.snapshot.clone()).collect();
            let freed = archive.remove(&going, dry_run)?;
            Ok(ArchivePruned {
                kept,
                removed,
                freed_bytes: freed.freed_bytes,
                dry_run,
            })
        })
    }

    /// The reason for each snapshot, newest first. Each origin has its own quotas, so that one computer does not use up another's.
    fn judge(&self, snapshots: &[Snapshot], policy: Option<&Retention>, folder: &Folder, now: &Moment) -> Vec<Reason> {
        let mut reasons = vec![Reason::WithinLimit; snapshots.len()];
        let mut by_origin: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, snapshot) in snapshots.iter().enumerate() {
            by_origin.entry(&snapshot.origin).or_default().push(place);
        }
        for places in by_origin.values() {
            let candidates: Vec<Candidate> = places
                .iter()
                .map(|place| &snapshots[*place])
                .map(|snapshot| Candidate {
                    created_at: snapshot.created_at,
                    size: snapshot.size,
                    protected: self.protection_of(snapshot, folder),
                    whole: true,
                })
                .collect();
            let decided = match policy {
                Some(policy) => decide(&candidates, policy, now),
                None => candidates
                    .iter()
                    .map(|one| one.protected.unwrap_or(Reason::WithinLimit))
                    .collect(),
            };
            places
                .iter()
                .zip(decided)
                .for_each(|(place, reason)| reasons[*place] = reason);
        }
        reasons
    }

    fn protection_of(&self, snapshot: &Snapshot, folder: &Folder) -> Option<Reason> {
        let Some(described) = &snapshot.description else {
            return Some(Reason::Preserved);
        };
        let record = folder.catalogue.get(&snapshot.name).unwrap_or_default();
        // A pin that was set or taken away since stands in the catalogue, as long as the backup does.
        let is_here = record.database.is_some() && record.blake3.as_ref() == Some(&described.blake3);
        let pinned = if is_here { record.pinned } else { described.pinned };
        match () {
            () if !self.owns_snapshot(snapshot) => Some(Reason::OtherDatabase),
            () if pinned == Some(true) => Some(Reason::Pinned),
            () => None,
        }
    }
}
