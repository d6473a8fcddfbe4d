//! A snapshot of the archive, fetched into a temporary file and compared with what was backed up.

use std::path::{Path, PathBuf};

use crate::archive::snapshot::{Listed, Snapshot};
use crate::files::staging::Staged;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::messages;
use crate::report::progress::ProgressFn;
use crate::store::Store;

/// A fetched snapshot. Dropping it deletes the file.
pub(crate) struct FetchedSnapshot {
    pub file: Staged,
    pub snapshot: Snapshot,
    /// What errors, answers and the log of restores call it.
    pub location: PathBuf,
}

impl Store {
    /// Fetches a snapshot into a temporary file in `folder`. What arrives must have the hash that was stored with it.
    pub(crate) fn fetch_snapshot(&self, id: &str, folder: &Path, progress: ProgressFn<'_>) -> Result<FetchedSnapshot> {
        let place = self.archive_options()?.location();
        let file = Staged::unlocked(folder)?;
        let database = self.database_name();
        let (snapshot, hash) = self.with_archive(progress, |archive| {
            let listed = archive.list(self.zone)?;
            let snapshot = self.choose(&listed, id)?;
            let hash = archive.fetch(&snapshot.id, &database, file.path())?;
            Ok((snapshot, hash))
        })?;
        let location = place.join(&snapshot.id);
        let expected = snapshot.description.as_ref().and_then(|described| described.hash());
        if expected.is_some_and(|expected| expected != hash) {
            let changed = Damage::new(DamageKind::Changed, messages::contents_changed(self.language));
            return Err(Error::at(Cause::BackupCorrupt(changed), location));
        }
        Ok(FetchedSnapshot {
            file,
            snapshot,
            location,
        })
    }

    /// The snapshot with this identifier, or with this beginning of it; `latest` is the newest of this database.
    pub(crate) fn choose(&self, listed: &Listed, id: &str) -> Result<Snapshot> {
        const LEAST_DIGITS: usize = 6;
        let found: Vec<&Snapshot> = if id == "latest" {
            let mut own = listed.snapshots.iter().filter(|snapshot| self.owns_snapshot(snapshot));
            own.next().into_iter().collect()
        } else if id.len() >= LEAST_DIGITS {
            let id = id.to_ascii_lowercase();
            listed
                .snapshots
                .iter()
                .filter(|snapshot| snapshot.id.starts_with(&id))
                .collect()
        } else {
            vec![]
        };
        match found[..] {
            [one] => Ok(one.clone()),
            _ => Err(Error::new(Cause::SnapshotNotFound(id.to_owned()))),
        }
    }

    /// Whether a snapshot is of this store's database, by the database's file name.
    pub(crate) fn owns_snapshot(&self, snapshot: &Snapshot) -> bool {
        let database = match &snapshot.description {
            Some(described) => &described.database,
            None => &snapshot.name,
        };
        *database == self.database_name()
    }
}
