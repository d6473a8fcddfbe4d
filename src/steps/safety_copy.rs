//! The safety copy: the database as it was before a restore, so that the restore can be undone.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::catalog::names;
use crate::catalog::numbering::{first_free, publish_numbered};
use crate::database::connection;
use crate::database::live_file::{self, LiveFile};
use crate::database::shape::Shape;
use crate::database::sqlite_error::{self, Role};
use crate::files::paths::{open_plain, parent, real_path, with_suffix};
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::{Published, Staged};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::ProgressFn;
use crate::steps::snapshot::{self, Source};
use crate::store::Store;

/// A published, durable safety copy.
#[derive(Debug)]
pub(crate) struct SafetyCopy {
    pub path: PathBuf,
    sidecars: Vec<PathBuf>,
}

impl SafetyCopy {
    /// Whether no WAL or rollback journal was saved with it.
    pub fn is_alone(&self) -> bool {
        self.sidecars.is_empty()
    }

    /// Removes the copy, after a restore that changed nothing.
    pub fn discard(self) {
        // A copy that cannot be removed is only one copy too many.
        for path in self.sidecars.iter().chain([&self.path]) {
            let _ = retry_sharing_violations(|| fs::remove_file(path));
        }
    }
}

impl Store {
    /// Copies the live database: as a verified snapshot, or byte for byte when it is damaged.
    ///
    /// The caller holds the write lock, so that nothing is committed between the copy and the overwrite.
    pub(crate) fn save_current(&self, wal: bool, progress: ProgressFn<'_>) -> Result<SafetyCopy> {
        match self.save_snapshot(progress) {
            Err(error) if is_damage(&error) => self.save_damaged(wal),
            saved => saved,
        }
    }

    /// Copies the live database byte for byte.
    pub(crate) fn save_damaged(&self, wal: bool) -> Result<SafetyCopy> {
        let connection = self.open_live_file()?;
        let file = LiveFile::of(&connection).ok_or_else(|| no_file(&self.database))?;
        // The WAL index, -shm, is left out: SQLite rebuilds it, and closing it here would drop this process's locks on it.
        // A rollback journal now belongs to the caller's own transaction.
        self.save_bytes(Some(&file), if wal { &["-wal"] } else { &[] })
    }

    fn save_snapshot(&self, progress: ProgressFn<'_>) -> Result<SafetyCopy> {
        let (snapshot, _) = self.copy_current(progress)?;
        self.publish_safety_copy(snapshot)
    }

    /// A verified, flushed copy of the live database without a name, and its shape.
    pub(crate) fn copy_current(&self, progress: ProgressFn<'_>) -> Result<(Staged, Shape)> {
        let connection = connection::open_live_for_reading(&self.database, self.busy_timeout)?;
        let source = Source::hold(connection, &self.database, Role::Live)?;
        let shape = source.shape.clone();
        let folder = parent(&self.database);
        let model = fs::metadata(&self.database).ok();
        let model = model.as_ref();
        let snapshot = snapshot::take(source, folder, model, self.verify, progress)?;
        Ok((snapshot.file, shape))
    }

    /// Gives the copy its name.
    pub(crate) fn publish_safety_copy(&self, copy: Staged) -> Result<SafetyCopy> {
        let first = self.next_safety_name(self.now()?.naive_local());
        let database = self.database_name();
        let folder = parent(&self.database);
        let (path, _) = publish_numbered(copy, folder, first, |stamp| names::safety(&database, stamp))?;
        Ok(SafetyCopy { path, sidecars: vec![] })
    }

    /// Copies the bytes of `file`, if given, and of these sidecars. The main file gets its name last, so that its name
    /// means a complete copy.
    pub(crate) fn save_bytes(&self, file: Option<&LiveFile<'_>>, sidecars: &[&str]) -> Result<SafetyCopy> {
        let folder = parent(&self.database);
        let mut stamp = self.next_safety_name(self.now()?.naive_local());
        let path = first_free(folder, &mut stamp, |stamp| names::safety(&self.database_name(), stamp))?;
        let real = real_path(&self.database);
        let mut saved = Vec::new();
        for suffix in sidecars {
            let sidecar = with_suffix(&real, suffix);
            let mut original = match open_plain(&sidecar) {
                Ok(original) => original,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io(&error, &sidecar)),
            };
            let copy = Staged::new(folder)?;
            copy_into(&copy, &sidecar, |target| std::io::copy(&mut original, target).map(drop))?;
            copy.finish(fs::metadata(&sidecar).ok().as_ref())?;
            let target = with_suffix(&path, suffix);
            publish_as(copy, &target)?;
            saved.push(target);
        }
        if let Some(file) = file {
            let copy = Staged::new(folder)?;
            let metadata = fs::metadata(&self.database).map_err(|error| Error::io(&error, &self.database))?;
            copy_into(&copy, &self.database, |target| file.copy_to(target, metadata.len()))?;
            copy.finish(Some(&metadata))?;
            publish_as(copy, &path)?;
        }
        Ok(SafetyCopy { path, sidecars: saved })
    }

    /// The error of a failed restore; `undone` says that the database is as it was.
    pub(crate) fn failed(&self, cause: Error, safety: &SafetyCopy, undone: bool) -> Error {
        let cause = Box::new(cause);
        let safety_backup = safety.path.clone();
        Error::at(
            Cause::RestoreFailed {
                cause,
                safety_backup,
                undone,
            },
            &self.database,
        )
    }

    pub(crate) fn open_live_file(&self) -> Result<rusqlite::Connection> {
        live_file::open(&self.database).map_err(|error| sqlite_error::explain(&error, &self.database, Role::Live))
    }
}

/// Whether an error means that the file itself is damaged, not that reading it failed.
pub(crate) fn is_damage(error: &Error) -> bool {
    matches!(error.cause, Cause::DatabaseCorrupt(_) | Cause::NotADatabase)
}

fn copy_into(copy: &Staged, original: &Path, copy_bytes: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    retry_sharing_violations(|| File::options().write(true).open(copy.path()))
        .and_then(|mut target| copy_bytes(&mut target))
        .map_err(|error| Error::io(&error, original))
}

fn publish_as(copy: Staged, target: &Path) -> Result<()> {
    match copy.publish(target)? {
        Published::Done => Ok(()),
        Published::NameTaken(_) => Err(Error::at(Cause::TargetExists, target)),
    }
}

pub(crate) fn no_file(path: &Path) -> Error {
    Error::at(Cause::Internal("SQLite has no file open".to_owned()), path)
}
