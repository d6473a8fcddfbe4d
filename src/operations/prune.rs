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

    /// Removes what retention gives up after a new backup; the names that went. The caller holds the folder's lock. The catalogue
    /// on the disk knows nothing of them any more, the one in `folder` does.
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
                // Somebody else was faster.
                Err(error) if is_missing(&error) => {}
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
