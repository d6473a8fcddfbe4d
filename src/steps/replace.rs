//! Putting a new file where the live database is missing, or is something SQLite cannot write to.

use std::fs;
use std::path::Path;
#[cfg(not(windows))]
use std::time::SystemTime;

use crate::database::live_file::LiveFile;
use crate::database::sqlite_error;
use crate::failpoint;
use crate::files::paths::{SIDECARS, parent, real_path};
#[cfg(windows)]
use crate::files::sharing::retry_sharing_violations;
use crate::files::sidecars::remove_sidecars;
use crate::files::staging::{Published, Staged};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::ProgressFn;
use crate::steps::safety_copy::{SafetyCopy, no_file};
use crate::steps::snapshot::{self, Source};
use crate::store::Store;

impl Store {
    /// Puts the backup where no database is. A log or journal that a vanished database left behind would be applied to
    /// the new file, so it is saved and goes first.
    pub(crate) fn restore_missing(&self, source: Source, progress: ProgressFn<'_>) -> Result<()> {
        let new = self.stage(source, &self.database, progress)?;
        self.save_bytes(None, &SIDECARS)?;
        remove_sidecars(&self.database)?;
        match new.publish(&self.database)? {
            Published::Done => Ok(()),
            // The application has just made a new one.
            Published::NameTaken(_) => Err(Error::at(Cause::DatabaseLocked, &self.database)),
        }
    }

    /// Puts the backup in place of a file that is not a usable database, whose bytes are saved first.
    ///
    /// The new file is complete and flushed before anything is touched. Sidecars go before the rename: a stale log
    /// beside the new file would silently undo the restore.
    pub(crate) fn replace_unusable(&self, source: Source, progress: ProgressFn<'_>) -> Result<SafetyCopy> {
        // A link stays a link: the file it leads to is what is replaced.
        let real = real_path(&self.database);
        let new = self.stage(source, &real, progress)?;
        let live = self.open_live_file()?;
        let file = LiveFile::of(&live).ok_or_else(|| no_file(&self.database))?;
        match file.lock_exclusively(self.busy_timeout) {
            Ok(true) => {}
            Ok(false) => return Err(Error::at(Cause::DatabaseLocked, &self.database)),
            Err(error) => {
                // What SQLite may not open for writing it opens for reading, where no exclusive lock is to be had.
                let cause = if live.is_readonly("main").unwrap_or(false) {
                    Cause::PermissionDenied("it is read-only".to_owned())
                } else if sqlite_error::may_write(&self.database) {
                    Cause::Io(error.to_string())
                } else {
                    Cause::PermissionDenied(error.to_string())
                };
                return Err(Error::at(cause, &self.database));
            }
        }
        let safety = self.save_bytes(Some(&file), &SIDECARS)?;
        failpoint::reach("replace_saved");
        self.put_in_place(new, &real, &file, &safety)?;
        Ok(safety)
    }

    /// The new file takes the old one's name.
    #[cfg(not(windows))]
    fn put_in_place(&self, new: Staged, real: &Path, _old: &LiveFile<'_>, safety: &SafetyCopy) -> Result<()> {
        let before = look(real);
        remove_sidecars(real).and_then(|()| new.replace(real)).map_err(|error| {
            let undone = look(real) == before && safety.is_alone();
            self.failed(error, safety, undone)
        })
    }

    /// A file that any program has open cannot be replaced on Windows, so the new one's bytes are written into it.
    #[cfg(windows)]
    fn put_in_place(&self, new: Staged, real: &Path, old: &LiveFile<'_>, safety: &SafetyCopy) -> Result<()> {
        let write = |path: &Path| {
            let mut file = retry_sharing_violations(|| fs::File::open(path))?;
            old.overwrite(&mut file, fs::metadata(real)?.len())
        };
        remove_sidecars(real)
            .and_then(|()| write(new.path()).map_err(|error| Error::io(&error, real)))
            .map_err(|error| {
                let undone = write(&safety.path).is_ok() && safety.is_alone();
                self.failed(error, safety, undone)
            })
    }

    fn stage(&self, source: Source, target: &Path, progress: ProgressFn<'_>) -> Result<Staged> {
        let model = fs::metadata(target).or_else(|_| fs::metadata(&source.path)).ok();
        let folder = parent(target);
        let model = model.as_ref();
        Ok(snapshot::take(source, folder, model, self.verify, progress)?.file)
    }
}

/// What tells the old file from the new one.
#[cfg(not(windows))]
fn look(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}
