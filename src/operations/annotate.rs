//! Annotating a backup: its label, its note, whether it is pinned, and whether the shrink alarm about it is confirmed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::catalog::backup::Backup;
use crate::catalog::catalogue::Catalogue;
use crate::catalog::record::Changes;
use crate::files::folder::flush_folder;
use crate::files::folder_lock::FolderLock;
use crate::report::error::{Cause, Error, Result};
use crate::store::Store;

/// The annotations to change. `None` leaves one as it is, an empty text removes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnotateRequest {
    /// A name in the backup folder, or its path.
    pub backup: PathBuf,
    /// A name for people.
    pub label: Option<String>,
    /// A remark for people.
    pub note: Option<String>,
    /// Retention never deletes it.
    pub pinned: Option<bool>,
    /// A person confirms that the rows of the shrink alarm were deleted on purpose.
    pub confirmed: Option<bool>,
    /// Only says how the backup would be listed.
    pub dry_run: bool,
}

/// The answer of [`Store::annotate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotated {
    /// The backup as it is listed after the change.
    pub backup: Backup,
}

impl Store {
    /// Writes annotations of a backup in the backup folder into the catalogue. The backup's file does not change.
    ///
    /// Fails with [`Cause::BackupNotFound`] when the folder has no such backup, with [`Cause::Busy`], and when the catalogue
    /// cannot be written: [`Cause::PermissionDenied`], [`Cause::DiskFull`], [`Cause::Io`].
    pub fn annotate(&self, request: &AnnotateRequest) -> Result<Annotated> {
        let path = self.find_backup(&request.backup)?;
        let recorded = self.recorded(&path);
        let name = recorded.ok_or_else(|| Error::at(Cause::BackupNotFound, &path))?.name;
        if request.dry_run {
            return self.as_annotated(&name, &path, changes(request));
        }
        let _lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        self.sweep_orphans();
        let mut folder = self.read_folder()?;
        folder.catalogue.change(&name, changes(request));
        let model = fs::metadata(&self.database).ok();
        folder.catalogue.stage(model.as_ref())?.put_in_place()?;
        flush_folder(&self.backup_dir)?;
        self.listed(&name, &path)
    }

    fn as_annotated(&self, name: &str, path: &Path, changes: Changes) -> Result<Annotated> {
        let Annotated { mut backup } = self.listed(name, path)?;
        let mut catalogue = Catalogue::read(&self.backup_dir);
        catalogue.change(name, changes);
        if let Some(record) = catalogue.get(name) {
            self.describe(&mut backup, record);
        }
        Ok(Annotated { backup })
    }

    fn listed(&self, name: &str, path: &Path) -> Result<Annotated> {
        let listed = self
            .read_folder()?
            .backups
            .into_iter()
            .find(|backup| backup.name == name);
        let backup = listed.ok_or_else(|| Error::at(Cause::BackupNotFound, path))?;
        Ok(Annotated { backup })
    }
}

fn changes(request: &AnnotateRequest) -> Changes {
    let mut changes = Changes::default();
    if let Some(label) = &request.label {
        changes = changes.label(label);
    }
    if let Some(note) = &request.note {
        changes = changes.note(note);
    }
    if let Some(pinned) = request.pinned {
        changes = changes.pinned(pinned);
    }
    if let Some(confirmed) = request.confirmed {
        changes = changes.confirmed(confirmed);
    }
    changes
}
