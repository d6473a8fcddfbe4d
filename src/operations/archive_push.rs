//! Storing a finished, verified backup in the archive.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::archive::description::Description;
use crate::archive::repository::Repository;
use crate::archive::snapshot::Pushed;
use crate::block_io::file_hash::hash_of_path;
use crate::catalog::archive_state::{ArchiveState, Archives};
use crate::catalog::backup::{Backup, Kind};
use crate::catalog::record::Record;
use crate::clock::{self, Moment};
use crate::files::folder_lock::FolderLock;
use crate::files::paths::same_file;
use crate::files::sidecars::has_wal;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::Warning;
use crate::report::progress::ProgressFn;
use crate::store::Store;

/// The answer of [`Store::archive_push`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchivePushed {
    /// The snapshot.
    pub snapshot: String,
    /// The backup's file name.
    pub name: String,
    /// Bytes that the archive grew by; 0 where the backup was there already.
    pub added_bytes: u64,
    /// Bytes of the backup.
    pub total_bytes: u64,
    /// What did not work beside it.
    pub warnings: Vec<Warning>,
}

impl Store {
    /// Stores a backup, or the newest whole one, in the archive. One that is not known to be whole is verified first. Cancelled or
    /// broken off, it leaves an archive that is whole, and can be repeated.
    ///
    /// Fails with `Cause::BackupNotFound`, `Cause::BackupCorrupt`, and with the causes that begin with `Archive`.
    pub fn archive_push(&self, backup: Option<&Path>, progress: ProgressFn<'_>) -> Result<ArchivePushed> {
        let location = self.archive_options()?.location();
        let backup = self.backup_to_archive(backup, progress)?;
        let state = Archives::read(&self.backup_dir).get(&location);
        let description = self.description_of(&backup)?;
        let (repository, pushed) = self.with_archive(progress, |archive| {
            let repository = archive.id();
            store_once(archive, &backup, &description, &state).map(|pushed| (repository, pushed))
        })?;
        self.change_archive_state(&location, |known| {
            // The first push has made it up.
            known.origin = state.origin;
            known.is_of(repository);
            known.pushed.insert(backup.name.clone(), pushed.snapshot.clone());
            known.last_push = self.now().ok().as_ref().map(clock::rfc3339);
            known.last_failure = None;
        });
        Ok(ArchivePushed {
            snapshot: pushed.snapshot,
            name: backup.name,
            added_bytes: pushed.added_bytes,
            total_bytes: pushed.total_bytes,
            warnings: vec![],
        })
    }

    /// The backup that was asked for, verified, or the newest one that is known to be whole.
    fn backup_to_archive(&self, given: Option<&Path>, progress: ProgressFn<'_>) -> Result<Backup> {
        let folder = self.read_folder()?;
        let Some(given) = given else {
            let newest = self.finished(&folder.backups, &self.now()?).into_iter().next();
            return newest.ok_or_else(|| Error::at(Cause::BackupNotFound, &self.backup_dir));
        };
        let path = self.find_backup(given)?;
        if has_wal(&path) {
            // A program uses it, or crashed: the file alone is not all of it.
            return Err(Error::at(Cause::DatabaseLocked, path));
        }
        let listed = folder.backups.into_iter().find(|backup| same_file(&backup.path, &path));
        let backup = listed.unwrap_or_else(|| self.backup_elsewhere(&path));
        if backup.known_whole != Some(true) {
            self.verify(&backup.path, progress)?;
        }
        Ok(backup)
    }

    /// The store's own finished and whole backups, newest first.
    pub(crate) fn finished(&self, backups: &[Backup], now: &Moment) -> Vec<Backup> {
        let own = self.backups_to_copy(backups, now);
        own.into_iter().filter(|backup| backup.kind == Kind::Backup).collect()
    }

    fn description_of(&self, backup: &Backup) -> Result<Description> {
        let metadata = fs::metadata(&backup.path).map_err(|error| Error::io(&error, &backup.path))?;
        let recorded = backup.record.as_deref().filter(|_| backup.known_whole == Some(true));
        let hash = match recorded.and_then(Record::hash) {
            Some(hash) => hash,
            None => hash_of_path(&backup.path)
                .ok_or_else(|| Error::at(Cause::Io("it cannot be read".to_owned()), &backup.path))?,
        };
        Ok(Description {
            name: backup.name.clone(),
            database: backup.database.clone().unwrap_or_else(|| self.database_name()),
            blake3: hash.to_hex().as_str().to_owned(),
            size: metadata.len(),
            label: backup.label.clone(),
            note: backup.note.clone(),
            made: backup.made,
            pinned: backup.pinned.filter(|pinned| *pinned),
            content: backup.content.clone(),
            ..Description::new()
        })
    }

    /// Changes what the backup folder knows of the archive. Only backups that are still in the folder are remembered. A failure is
    /// ignored: at worst a backup is stored again, which takes hardly any room.
    pub(crate) fn change_archive_state(&self, location: &Path, change: impl FnOnce(&mut ArchiveState)) {
        let Ok(_lock) = FolderLock::acquire(&self.backup_dir, self.busy_timeout) else {
            return;
        };
        let mut state = Archives::read(&self.backup_dir).get(location);
        change(&mut state);
        state
            .pushed
            .retain(|name, _| fs::symlink_metadata(self.backup_dir.join(name)).is_ok());
        let model = fs::metadata(&self.database).ok();
        let _ = Archives::put(&self.backup_dir, location, state, model.as_ref());
    }
}

/// Stores the backup, unless the snapshot that it is known to have is there.
fn store_once(archive: Repository, backup: &Backup, description: &Description, state: &ArchiveState) -> Result<Pushed> {
    if let Some(snapshot) = state.pushed.get(&backup.name)
        && archive.holds(snapshot, description)
    {
        return Ok(Pushed {
            snapshot: snapshot.clone(),
            added_bytes: 0,
            total_bytes: description.size,
        });
    }
    archive.push(&backup.path, description, &backup.created_at, &state.origin)
}
