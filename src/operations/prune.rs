//! Applying retention: now, or after a new backup.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::catalog::folder::Folder;
use crate::catalog::retention::Decision;
use crate::failpoint;
use crate::files::folder::flush_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::sharing::retry_sharing_violations;
use crate::report::error::Result;
use crate::report::messages::{self, Notice, Warning};
use crate::report::system_error::is_missing;
use crate::store::Store;

/// The answer of [`Store::prune`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// The backups that stay, newest first.
    pub kept: Vec<Decision>,
    /// The backups that were removed, or would be, newest first.
    pub removed: Vec<Decision>,
    /// Whether this is a plan only, and nothing was deleted.
    pub dry_run: bool,
    /// What could not be deleted.
    pub warnings: Vec<Warning>,
}

impl Store {
    /// Applies retention. With `dry_run` it only returns the plan.
    pub fn prune(&self, dry_run: bool) -> Result<Pruned> {
        // A missing folder holds nothing; an unreadable one is an error, which taking its lock reports.
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
        let mut folder = self.read_folder()?;
        let (kept, removed) = self.plan(&folder.backups, None, &self.now()?, dry_run);
        if dry_run {
            return Ok(Pruned {
                kept,
                removed,
                dry_run,
                warnings: vec![],
            });
        }
        let (removed, mut warnings) = self.remove(removed);
        removed
            .iter()
            .for_each(|decision| folder.catalogue.forget(&decision.name));
        if !removed.is_empty() {
            warnings.extend(self.write_catalogue(&folder.catalogue));
        }
        Ok(Pruned {
            kept,
            removed,
            dry_run,
            warnings,
        })
    }

    /// Removes the backups that retention gives up after a new one, and returns their names. The caller holds the folder's lock.
    /// The catalogue on the disk no longer contains them, the one in `folder` does.
    pub(crate) fn prune_after(&self, folder: &Folder, planned: Vec<Decision>) -> (Vec<String>, Vec<Warning>) {
        let wanted = planned.len();
        let (removed, mut warnings) = self.remove(planned);
        if removed.len() < wanted {
            let mut left = folder.catalogue.clone();
            removed.iter().for_each(|decision| left.forget(&decision.name));
            warnings.extend(self.write_catalogue(&left));
        }
        (removed.into_iter().map(|decision| decision.name).collect(), warnings)
    }

    /// Deletes these backups durably. Returns the deleted ones, with a warning for each failure and for a failed flush.
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
                // Another process removed it first.
                Err(error) if is_missing(&error) => {}
                Err(error) => warn(&decision.name, error.to_string()),
            }
        }
        if !removed.is_empty()
            && let Err(error) = flush_folder(&self.backup_dir)
        {
            // After a power cut they may be there again.
            removed
                .iter()
                .for_each(|decision| warn(&decision.name, error.to_string()));
        }
        (removed, warnings)
    }
}

/// Deletes a plain file. A link may have taken its name since the scan.
fn remove_file(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no longer a plain file"));
    }
    // On Windows a read-only file must not be deleted, but only some versions enforce that.
    if cfg!(windows) && metadata.permissions().readonly() {
        return Err(std::io::Error::other("it is marked as read-only"));
    }
    retry_sharing_violations(|| fs::remove_file(path))
}
