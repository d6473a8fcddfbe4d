//! What people say of a backup: a label, a note, that it is never to be deleted, that what it lacks is meant to be gone.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::catalog::backup::Backup;
use crate::catalog::record::Changes;
use crate::files::folder::flush_folder;
use crate::files::folder_lock::FolderLock;
use crate::report::error::{Cause, Error, Result};
use crate::store::Store;

/// What is to be said of a backup. `None` leaves it as it is, an empty text takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnotateRequest {
    /// A name in the backup folder, or its path.
    pub backup: PathBuf,
    /// A name for people.
    pub label: Option<String>,
    /// What a person has to say about it.
    pub note: Option<String>,
    /// Never to be deleted.
    pub pinned: Option<bool>,
    /// A person has seen what the shrink alarm says, and that is right.
    pub confirmed: Option<bool>,
}

/// The answer of [`Store::annotate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotated {
    /// The backup as it is listed from now on.
    pub backup: Backup,
}

impl Store {
    /// Notes in the catalogue what people say of a backup in the backup folder. The file itself is not touched.
    ///
    /// Fails with [`Cause::BackupNotFound`] where the folder has no such backup, with [`Cause::Busy`], and where the catalogue
    /// cannot be written: [`Cause::PermissionDenied`], [`Cause::DiskFull`], [`Cause::Io`].
    pub fn annotate(&self, request: &AnnotateRequest) -> Result<Annotated> {
        let path = self.find_backup(&request.backup)?;
        let recorded = self.recorded(&path);
        let name = recorded.ok_or_else(|| Error::at(Cause::BackupNotFound, &path))?.name;
        let _lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        self.sweep_orphans();
        let mut folder = self.read_folder()?;
        folder.catalogue.change(&name, changes(request));
        let model = fs::metadata(&self.database).ok();
        folder.catalogue.stage(model.as_ref())?.put_in_place()?;
        flush_folder(&self.backup_dir)?;
        self.listed(&name, &path)
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
