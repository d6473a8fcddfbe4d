//! Applying retention: now, or after a new backup.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::catalog::backup::Backup;
use crate::catalog::retention::Decision;
use crate::clock::Moment;
use crate::failpoint;
use crate::files::folder::flush_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::sharing::retry_sharing_violations;
use crate::report::error::Result;
use crate::report::messages::{self, Notice, Warning};
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
            && let Err(error) = flush_folder(&self.backup_dir)
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
    retry_sharing_violations(|| fs::remove_file(path))
}
