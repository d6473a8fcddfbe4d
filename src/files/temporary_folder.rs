//! A folder for the temporary files of work that does not keep others from making backups meanwhile.
//!
//! Its own lock says that its process lives. It is made, and swept, under the lock of the folder in which it lies, so nobody can
//! sweep it between its making and its locking.

use std::fs;
#[cfg(unix)]
use std::fs::Permissions;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::folder_lock::{FolderLock, LOCK_FILE};
use crate::files::staging::{self, TEMPORARY_PREFIX, TEMPORARY_SUFFIX};
use crate::report::error::{Error, Result};

/// A locked folder for temporary files, open to its owner only. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    lock: Option<FolderLock>,
}

impl TemporaryFolder {
    /// Makes one in `parent`, whose lock the caller holds.
    pub fn new(parent: &Path) -> Result<TemporaryFolder> {
        let mut name = tempfile::Builder::new();
        name.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).rand_bytes(6);
        #[cfg(unix)]
        name.permissions(Permissions::from_mode(0o700));
        let path = name
            .tempdir_in(parent)
            .map_err(|error| Error::io(&error, parent))?
            .keep();
        let lock = FolderLock::acquire(&path, Duration::ZERO).inspect_err(|_| remove(&path))?;
        Ok(TemporaryFolder { path, lock: Some(lock) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // On Windows the lock is an open file in the folder.
        self.lock.take();
        remove(&self.path);
    }
}

/// Removes the temporary files and folders of killed processes in `parent`, whose lock the caller holds. Returns whether a folder is
/// in use.
pub(crate) fn sweep(parent: &Path) -> bool {
    let mut in_use = false;
    staging::sweep_files(parent, |folder| match FolderLock::try_acquire(folder) {
        Ok(Some(lock)) => {
            drop(lock);
            remove(folder);
        }
        Ok(None) => in_use = true,
        // A folder that cannot be removed does no harm; the next call tries again.
        Err(_) => {}
    });
    in_use
}

/// Removes the folder and the temporary files in it. What else somebody put there keeps it.
fn remove(folder: &Path) {
    staging::sweep(folder);
    // Only where folders cannot be locked is there such a file.
    let _ = fs::remove_file(folder.join(LOCK_FILE));
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn it_is_swept_when_its_process_is_gone_and_not_before() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = TemporaryFolder::new(parent.path()).expect("made");
        let path = folder.path().to_owned();
        let file = path.join(".respaldo-abc123.tmp");
        File::create(&file).expect("made");
        assert!(sweep(parent.path()), "it is in use");
        assert!(file.exists());
        drop(folder);
        assert!(!path.exists());

        fs::create_dir(&path).expect("made");
        File::create(&file).expect("made");
        assert!(!sweep(parent.path()));
        assert!(!path.exists());
    }

    #[test]
    fn what_somebody_else_put_there_stays_and_other_folders_are_left_alone() {
        let parent = tempfile::tempdir().expect("a folder");
        let kept = [
            ".respaldo-abc123.tmp/mine.db",
            "respaldo-abc123.tmp/.respaldo-abc123.tmp",
        ]
        .map(|name| parent.path().join(name));
        for file in &kept {
            fs::create_dir(file.parent().expect("a folder")).expect("made");
            File::create(file).expect("made");
        }
        sweep(parent.path());
        assert!(kept.iter().all(|file| file.exists()));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_open_to_its_owner_only_and_no_link_is_followed() {
        use std::os::unix::fs::symlink;
        let parent = tempfile::tempdir().expect("a folder");
        let folder = TemporaryFolder::new(parent.path()).expect("made");
        let mode = fs::metadata(folder.path()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let elsewhere = tempfile::tempdir().expect("a folder");
        let file = elsewhere.path().join(".respaldo-abc123.tmp");
        File::create(&file).expect("made");
        let link = parent.path().join(".respaldo-def456.tmp");
        symlink(elsewhere.path(), &link).expect("linked");
        sweep(parent.path());
        assert!(file.exists() && link.exists());
    }
}
