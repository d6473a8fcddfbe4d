//! Temporary files that get their name when they are whole: written under a temporary name, flushed, then renamed at once.
//!
//! Every temporary file is made under the folder's lock. One that is found under the lock belongs to a killed process and may
//! be removed.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempPath;

use crate::failpoint;
use crate::files::flush::flush;
use crate::files::folder::flush_folder;
use crate::files::paths::{SIDECARS, parent, with_suffix};
use crate::files::permissions::copy_permissions;
use crate::files::rename;
use crate::files::sharing::retry_sharing_violations;
use crate::report::error::{Error, Result};

/// A file without its final name. Dropping it deletes the file and its sidecars.
#[derive(Debug)]
pub(crate) struct Staged {
    path: TempPath,
    sidecars: Sidecars,
}

/// Deletes, when dropped, what SQLite may have left beside the temporary file.
#[derive(Debug)]
struct Sidecars(PathBuf);

impl Drop for Sidecars {
    fn drop(&mut self) {
        for suffix in SIDECARS {
            let _ = fs::remove_file(with_suffix(&self.0, suffix));
        }
    }
}

impl Staged {
    /// A new empty file in `folder`, readable by its owner only.
    pub fn new(folder: &Path) -> Result<Staged> {
        Staged::with_prefix(TEMPORARY_PREFIX, folder)
    }

    fn with_prefix(prefix: &str, folder: &Path) -> Result<Staged> {
        let file = tempfile::Builder::new()
            .prefix(prefix)
            .suffix(TEMPORARY_SUFFIX)
            .rand_bytes(6)
            .make_in(folder, create_new)
            .map_err(|error| Error::io(&error, folder))?;
        let path = file.into_temp_path();
        let sidecars = Sidecars(path.to_path_buf());
        Ok(Staged { path, sidecars })
    }

    /// The same, for work that takes too long to keep the folder's lock, such as a download. No sweep under the lock removes it;
    /// [`sweep_unlocked`] does once it is surely abandoned.
    pub fn unlocked(folder: &Path) -> Result<Staged> {
        sweep_unlocked(folder);
        Staged::with_prefix(UNLOCKED_PREFIX, folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file the permissions of `model` and flushes it to the disk.
    pub fn finish(&self, model: Option<&Metadata>) -> Result<()> {
        let file = retry_sharing_violations(|| File::options().read(true).write(true).open(&self.path))
            .map_err(|error| Error::io(&error, parent(&self.path)))?;
        if let Some(model) = model {
            copy_permissions(&file, model).map_err(|error| Error::io(&error, parent(&self.path)))?;
        }
        flush(&file).map_err(|error| Error::io(&error, parent(&self.path)))
    }

    /// Renames the file to `target`, durably, and never over an existing file: then the file is returned, for another name.
    pub fn publish(self, target: &Path) -> Result<Published> {
        let Staged { path, sidecars } = self;
        match rename::to_new(path, target) {
            Ok(()) => {
                failpoint::reach("named_not_flushed");
                // The name may not survive a power cut: the file is removed, because the caller reports a failure.
                flush_folder(parent(target)).inspect_err(|_| drop(fs::remove_file(target)))?;
                Ok(Published::Done)
            }
            Err((refused, path)) if refused.kind() == io::ErrorKind::AlreadyExists => {
                Ok(Published::NameTaken(Staged { path, sidecars }))
            }
            Err((refused, _)) => Err(Error::io(&refused, target)),
        }
    }

    /// Renames the file to `target`, durably, replacing the file that has the name. If the flush at the end fails, the file is
    /// replaced, but perhaps not durably.
    pub fn replace(self, target: &Path) -> Result<()> {
        self.replace_unflushed(target)?;
        failpoint::reach("replaced_not_flushed");
        flush_folder(parent(target))
    }

    /// The same, for a caller that flushes the folder itself once it has done more in it.
    pub fn replace_unflushed(self, target: &Path) -> Result<()> {
        rename::over(self.path, target).map_err(|refused| Error::io(&refused, target))
    }
}

/// The result of [`Staged::publish`].
#[derive(Debug)]
pub(crate) enum Published {
    Done,
    NameTaken(Staged),
}

/// The dot hides temporary files in listings.
pub(crate) const TEMPORARY_PREFIX: &str = ".respaldo-";
/// The end of a temporary file's name.
pub(crate) const TEMPORARY_SUFFIX: &str = ".tmp";

/// The beginning of the name of a temporary file that is made without the folder's lock.
const UNLOCKED_PREFIX: &str = ".respaldo-fetch-";
/// After this time without a write, such a file belongs to a killed process.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Removes the temporary files of killed processes that were made without the folder's lock.
fn sweep_unlocked(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_one = entry.file_name().to_string_lossy().starts_with(UNLOCKED_PREFIX);
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_one && is_plain && age().is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a name is that of a temporary file, or of its sidecar.
pub(crate) fn is_temporary(name: &str) -> bool {
    let name = SIDECARS
        .iter()
        .find_map(|sidecar| name.strip_suffix(sidecar))
        .unwrap_or(name);
    name.strip_prefix(TEMPORARY_PREFIX)
        .and_then(|rest| rest.strip_suffix(TEMPORARY_SUFFIX))
        .is_some_and(|random| random.len() == 6 && random.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Removes the temporary files of killed processes in `folder`. The caller holds the folder's lock.
pub(crate) fn sweep(folder: &Path) {
    sweep_files(folder, |_| {});
}

/// The same, and calls `on_folder` with each folder that has such a name.
pub(crate) fn sweep_files(folder: &Path, mut on_folder: impl FnMut(&Path)) {
    // A file that cannot be removed does no harm; the next call tries again.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(is_temporary) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_file() => drop(fs::remove_file(entry.path())),
            Ok(kind) if kind.is_dir() => on_folder(&entry.path()),
            _ => {}
        }
    }
}

#[cfg(unix)]
fn create_new(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// `tempfile` itself would set the attribute of a temporary file, which allows Windows not to write it to the disk.
#[cfg(windows)]
fn create_new(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishing_never_overwrites_and_dropping_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("target");
        fs::write(&target, "there first").expect("written");
        let staged = Staged::new(folder.path()).expect("staged");
        let Ok(Published::NameTaken(staged)) = staged.publish(&target) else {
            panic!("the name is taken");
        };
        assert_eq!(fs::read(&target).expect("read"), b"there first");
        drop(staged);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
    }

    #[test]
    fn sweeping_removes_temporary_files_only() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [
            ".respaldo-abc123.tmp",
            ".respaldo-abc123.tmp-journal",
            "backup_20260304_142305.db",
            "x.tmp",
        ] {
            fs::write(folder.path().join(name), "x").expect("written");
        }
        sweep(folder.path());
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["backup_20260304_142305.db", "x.tmp"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_finished_file_has_the_permissions_of_its_model() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("model");
        fs::write(&model, "x").expect("written");
        fs::set_permissions(&model, fs::Permissions::from_mode(0o640)).expect("set");
        let staged = Staged::new(folder.path()).expect("staged");
        assert_eq!(
            fs::metadata(staged.path()).expect("there").permissions().mode() & 0o777,
            0o600
        );
        staged
            .finish(Some(&fs::metadata(&model).expect("there")))
            .expect("finished");
        assert_eq!(
            fs::metadata(staged.path()).expect("there").permissions().mode() & 0o777,
            0o640
        );
    }

    #[test]
    fn only_the_librarys_own_names_are_temporary() {
        assert!(is_temporary(".respaldo-a1B2c3.tmp"));
        assert!(is_temporary(".respaldo-a1B2c3.tmp-journal"));
        assert!(!is_temporary("respaldo-a1B2c3.tmp"));
        assert!(!is_temporary(".respaldo-a1B2c3d.tmp"));
        assert!(!is_temporary(".respaldo-.tmp"));
        assert!(!is_temporary("backup_20260304_142305.db"));
    }
}
