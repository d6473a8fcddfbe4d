//! Retention: the newest backups stay, older ones of the library's own making go.
//!
//! Nothing goes that the library did not name, that was renamed, that is a link, or that is dated in the future: such
//! a date means that a clock was wrong once, and a wrong clock must not decide what is old.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::catalog::{Backup, Kind};
use crate::clock::Moment;
use crate::error::Result;
use crate::failpoint;
use crate::held::patiently;
use crate::lock::FolderLock;
use crate::messages::{self, Notice, Warning};
use crate::staging;
use crate::store::Store;

/// The answer of [`Store::prune`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// What stays, newest first.
    pub kept: Vec<Decision>,
    /// What went, or would go, newest first.
    pub removed: Vec<Decision>,
    /// Nothing was deleted; this is what would be.
    pub dry_run: bool,
    /// What could not be deleted.
    pub warnings: Vec<Warning>,
}

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
    /// Applies retention now, or with `dry_run` only says what it would do.
    pub fn prune(&self, dry_run: bool) -> Result<Pruned> {
        // A folder that is not there holds nothing; one that cannot be looked at is an error.
        if fs::metadata(&self.backup_dir).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(Pruned {
                kept: vec![],
                removed: vec![],
                dry_run,
                warnings: vec![],
            });
        }
        let _lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        if !dry_run {
            self.sweep_orphans();
        }
        let (kept, removed) = self.plan(&self.scan_backups()?.backups, &self.now()?);
        if dry_run {
            return Ok(Pruned {
                kept,
                removed,
                dry_run,
                warnings: vec![],
            });
        }
        let (removed, warnings) = self.remove(removed);
        Ok(Pruned {
            kept,
            removed,
            dry_run,
            warnings,
        })
    }

    /// Retention after a new backup; the names that went. The caller holds the folder's lock.
    pub(crate) fn prune_after(&self, backups: &[Backup], now: &Moment) -> (Vec<String>, Vec<Warning>) {
        let (removed, warnings) = self.remove(self.plan(backups, now).1);
        (removed.into_iter().map(|decision| decision.name).collect(), warnings)
    }

    /// What stays and what goes, of `backups`, newest first.
    fn plan(&self, backups: &[Backup], now: &Moment) -> (Vec<Decision>, Vec<Decision>) {
        let newest_good = backups
            .iter()
            .position(|backup| backup.kind == Kind::Backup && backup.intact);
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

    /// Deletes these, durably; what was deleted comes back, with a warning for what was not or may not last.
    fn remove(&self, decisions: Vec<Decision>) -> (Vec<Decision>, Vec<Warning>) {
        let mut warnings = Vec::new();
        let mut removed = Vec::new();
        let mut warn = |name: &str, why: String| {
            let notice = Notice::OldBackupNotRemoved(&self.backup_dir.join(name), why);
            warnings.push(messages::warning(&notice, self.language));
        };
        for decision in decisions {
            match remove_file(&self.backup_dir.join(&decision.name)) {
                Ok(()) => {
                    failpoint::reach("backup_removed");
                    removed.push(decision);
                }
                Err(error) => warn(&decision.name, error.to_string()),
            }
        }
        if !removed.is_empty()
            && let Err(error) = staging::flush_folder(&self.backup_dir)
        {
            // They are gone now, and after a power cut may be there again.
            removed
                .iter()
                .for_each(|decision| warn(&decision.name, error.to_string()));
        }
        (removed, warnings)
    }
}

/// Deletes a file that is still a plain file: not a link that took its name since.
fn remove_file(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no longer a plain file"));
    }
    // Windows' mark forbids deleting, and only some of its versions keep to that.
    if cfg!(windows) && metadata.permissions().readonly() {
        return Err(std::io::Error::other("it is marked as read-only"));
    }
    patiently(|| fs::remove_file(path))
}
