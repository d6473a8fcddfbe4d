//! The backup that a request names: a file, or a snapshot of the archive that is read where it is.

use std::path::{Path, PathBuf};

use crate::archive::reader::ArchiveReader;
use crate::archive::snapshot::Snapshot;
use crate::block_io::archive_vfs::ArchivedFile;
use crate::database::connection;
use crate::files::paths::{parent, same_file};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::ProgressFn;
use crate::steps::fetched_snapshot::FetchedSnapshot;
use crate::steps::snapshot::Source;
use crate::store::Store;

impl Store {
    /// Opens the archive if one of these snapshots is asked for.
    pub(crate) fn archive_of(&self, snapshots: &[&Option<String>]) -> Result<Option<ArchiveReader>> {
        let is_asked_for = snapshots.iter().any(|snapshot| snapshot.is_some());
        is_asked_for.then(|| self.read_archive()).transpose()
    }

    /// Opens a snapshot, or else the backup, in a read transaction.
    pub(crate) fn hold_given(
        &self,
        backup: &Path,
        snapshot: Option<&str>,
        archive: Option<&ArchiveReader>,
    ) -> Result<Source> {
        match (snapshot, archive) {
            (Some(id), Some(archive)) => self.hold_snapshot(&self.choose(&archive.listed, id)?.id, archive),
            _ => self.hold_backup(&self.find_backup(backup)?),
        }
    }

    /// Opens a snapshot of the archive in a read transaction. Only what is read of it is fetched.
    pub(crate) fn hold_snapshot(&self, id: &str, archive: &ArchiveReader) -> Result<Source> {
        let database = archive.open(id, &self.database_name())?;
        let (location, bytes) = (database.location.clone(), database.size());
        connection::open_archived(database, &location)
            .and_then(|connection| Source::hold_archived(connection, &location, bytes))
    }

    /// Finds where rows are to come from, and refuses what is not a backup of this database.
    pub(crate) fn rows_from(
        &self,
        backup: &Path,
        snapshot: Option<&str>,
        progress: ProgressFn<'_>,
    ) -> Result<RowsFrom> {
        let Some(id) = snapshot else {
            let file = self.find_backup(backup)?;
            if same_file(&file, &self.database) {
                return Err(Error::at(Cause::SameFile, file));
            }
            self.refuse_recorded_as_different(&file)?;
            return Ok(RowsFrom::File(file));
        };
        let archive = self.read_archive()?;
        let snapshot = self.choose(&archive.listed, id)?;
        let location = archive.location.join(&snapshot.id);
        match &snapshot.description {
            Some(described) if described.database != self.database_name() => {
                let cause = Cause::DifferentDatabase(Some(described.database.clone()));
                Err(Error::at(cause, location))
            }
            Some(_) => Ok(RowsFrom::Archive {
                archive,
                snapshot,
                location,
            }),
            // Nobody has verified what another program stored.
            None => {
                drop(archive);
                let fetched = self.fetch_snapshot(&snapshot.id, parent(&self.database), progress)?;
                Ok(RowsFrom::Fetched(fetched))
            }
        }
    }
}

/// Where rows come from.
pub(crate) enum RowsFrom {
    /// A backup.
    File(PathBuf),
    /// A snapshot that another program made.
    Fetched(FetchedSnapshot),
    /// A snapshot of a backup, which was verified before it was stored.
    Archive {
        archive: ArchiveReader,
        snapshot: Snapshot,
        location: PathBuf,
    },
}

impl RowsFrom {
    /// What errors and the log of restores call it.
    pub fn name(&self) -> &Path {
        match self {
            RowsFrom::File(path) => path,
            RowsFrom::Fetched(fetched) => &fetched.location,
            RowsFrom::Archive { location, .. } => location,
        }
    }

    /// Whether it has to be checked before its rows are taken.
    pub fn is_unchecked(&self) -> bool {
        !matches!(self, RowsFrom::Archive { .. })
    }

    /// Opens it in a read transaction.
    pub fn hold(&self, store: &Store) -> Result<Source> {
        match self {
            RowsFrom::File(path) => store.hold_backup(path),
            RowsFrom::Fetched(fetched) => store.hold_backup(fetched.file.path()),
            RowsFrom::Archive { archive, snapshot, .. } => store.hold_snapshot(&snapshot.id, archive),
        }
    }

    /// What work with its rows came to, with the name that the caller knows it by.
    pub fn settle<T>(&self, done: Result<T>) -> Result<T> {
        match self {
            RowsFrom::File(_) => done,
            RowsFrom::Fetched(fetched) => done.map_err(|error| Error {
                path: error.path.map(|path| match path == fetched.file.path() {
                    true => fetched.location.clone(),
                    false => path,
                }),
                cause: error.cause,
            }),
            RowsFrom::Archive { archive, .. } => archive.settle(done),
        }
    }
}
