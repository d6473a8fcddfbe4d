//! Every backup of this database that a search reads: those in the backup folder, the safety copies, those that only the second place
//! has, and on request those that only the archive has.

use std::collections::{HashMap, HashSet};

use crate::archive::reader::ArchiveReader;
use crate::catalog::backup::{Backup, newest_first};
use crate::catalog::place_identity::Places;
use crate::catalog::whose::Whose;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::waiting;
use crate::steps::second_place::check_presence;
use crate::steps::snapshot::Source;
use crate::store::Store;

/// The backups of a search, newest first, and what keeps some of them from being read.
pub(crate) struct BackupsToSearch {
    pub backups: Vec<Backup>,
    pub warnings: Vec<Warning>,
    /// The archive, where it is searched too.
    pub archive: Option<ArchiveReader>,
}

impl Store {
    /// Lists the backups to search, with `snapshots` those in the archive too. A second place that is not connected has none; an
    /// archive that cannot be opened is an error.
    pub(crate) fn backups_to_search(&self, snapshots: bool) -> Result<BackupsToSearch> {
        let archive = snapshots.then(|| self.read_archive()).transpose()?;
        let mut folder = self.read_folder()?;
        let mut warnings = std::mem::take(&mut folder.warnings);
        warnings.extend(self.catalogue_warning(&folder));
        let mut backups = folder.backups;
        let names: HashSet<String> = backups.iter().map(|backup| backup.name.clone()).collect();
        backups.extend(self.scan_safety_copies()?);
        let there = self.backups_in_second_place();
        backups.extend(there.into_iter().filter(|backup| !names.contains(&backup.name)));
        backups.retain(|backup| backup.whose != Whose::Other);
        if let Some(archive) = &archive {
            let archived = self.archived_backups(archive, &backups);
            backups.extend(archived);
            warnings.extend(self.archive_warning(archive));
        }
        newest_first(&mut backups);
        // Reading a file that is not on this computer would download it.
        let (here, elsewhere): (Vec<_>, Vec<_>) = backups
            .into_iter()
            .partition(|backup| backup.intact.is_some() || backup.snapshot.is_some());
        let not_here = |backup: &Backup| messages::warning(&Notice::BackupIsElsewhere(&backup.path), self.language);
        warnings.extend(elsewhere.iter().map(not_here));
        Ok(BackupsToSearch {
            backups: here,
            warnings,
            archive,
        })
    }

    fn backups_in_second_place(&self) -> Vec<Backup> {
        let Some(place) = &self.second_place else {
            return vec![];
        };
        let known = Places::read(&self.backup_dir).get(&place.folder);
        if check_presence(place, &known).is_err() {
            return vec![];
        }
        let mut there = self.clone();
        there.backup_dir.clone_from(&place.folder);
        there.second_place = None;
        there.read_folder_or_nothing().backups
    }

    /// Opens a backup for a search and reads it with `read`. A backup that cannot be read is a warning; being cancelled is an error,
    /// and so is an archive that is out of reach.
    pub(crate) fn search_backup<T>(
        &self,
        backup: &Backup,
        archive: Option<&ArchiveReader>,
        warnings: &mut Vec<Warning>,
        read: impl FnOnce(&Source) -> Result<T>,
    ) -> Result<Option<T>> {
        let searched = match (&backup.snapshot, archive) {
            (Some(id), Some(archive)) => {
                archive.settle_one(self.hold_snapshot(id, archive).and_then(|source| read(&source)))
            }
            _ => self.hold_backup(&backup.path).and_then(|source| read(&source)),
        };
        match waiting::as_cancelled(searched) {
            Ok(found) => Ok(Some(found)),
            Err(error) if matches!(error.cause, Cause::Cancelled | Cause::ArchiveUnreachable(_)) => Err(error),
            Err(error) => {
                warnings.push(self.not_searched(backup, &error));
                Ok(None)
            }
        }
    }

    fn not_searched(&self, backup: &Backup, error: &Error) -> Warning {
        let why = messages::error(error, self.language).message;
        messages::warning(&Notice::BackupNotSearched(&backup.path, why), self.language)
    }
}

/// What was found in the backups that were read, so that one with the same contents need not be read.
pub(crate) struct SameContents<T>(HashMap<blake3::Hash, T>);

impl<T> SameContents<T> {
    pub fn new() -> SameContents<T> {
        SameContents(HashMap::new())
    }

    /// What was found in a backup with the same contents.
    pub fn get(&self, backup: &Backup) -> Option<&T> {
        self.0.get(&backup.hash()?)
    }

    pub fn remember(&mut self, backup: &Backup, found: T) {
        if let Some(hash) = backup.hash() {
            self.0.insert(hash, found);
        }
    }
}
