//! Restoring a file where the live database is missing, or where SQLite cannot write to it.

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
    /// Puts the backup where no database is. SQLite would apply an orphaned WAL or rollback journal to the new file, so it is
    /// saved and removed first.
    pub(crate) fn restore_missing(&self, source: Source, progress: ProgressFn<'_>) -> Result<()> {
        let new = self.stage(source, &self.database, progress)?;
        self.save_bytes(None, &SIDECARS)?;
        remove_sidecars(&self.database)?;
        match new.publish(&self.database)? {
            Published::Done => Ok(()),
            // The application has just created a new database.
            Published::NameTaken(_) => Err(Error::at(Cause::DatabaseLocked, &self.database)),
        }
    }

    /// Puts the backup in place of a file that is no usable database. The safety copy holds that file's bytes.
    ///
    /// The new file is complete and flushed before anything changes. Sidecars are removed before the rename: a stale WAL
    /// beside the new file would silently undo the restore.
    pub(crate) fn replace_unusable(&self, source: Source, progress: ProgressFn<'_>) -> Result<SafetyCopy> {
        // A link stays a link: its target is replaced.
        let real = real_path(&self.database);
        let new = self.stage(source, &real, progress)?;
        let live = self.open_live_file()?;
        let file = LiveFile::of(&live).ok_or_else(|| no_file(&self.database))?;
        match file.lock_exclusively(self.busy_timeout) {
            Ok(true) => {}
            Ok(false) => return Err(Error::at(Cause::DatabaseLocked, &self.database)),
            Err(error) => {
                // SQLite opens a file without write permission for reading, and then cannot take an exclusive lock.
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

    /// Renames the new file over the old one.
    #[cfg(not(windows))]
    fn put_in_place(&self, new: Staged, real: &Path, _old: &LiveFile<'_>, safety: &SafetyCopy) -> Result<()> {
        let before = size_and_time(real);
        remove_sidecars(real).and_then(|()| new.replace(real)).map_err(|error| {
            let undone = size_and_time(real) == before && safety.is_alone();
            self.failed(error, safety, undone)
        })
    }

    /// Windows cannot replace a file that a program has open, so the new file's bytes are written into it.
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

/// Distinguishes the old file from the new one.
#[cfg(not(windows))]
fn size_and_time(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}
