//! The lock under which backups and restores run one at a time, across threads and processes.
//!
//! It is the operating system's lock on the folder itself, so it ends with its process and leaves no file behind. Where
//! folders cannot be locked (Windows, some network file systems), a hidden file in the folder is locked instead.

#[cfg(windows)]
use std::fs::OpenOptions;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::files::own_file::open_at_end;
#[cfg(windows)]
use crate::files::paths::is_free;
use crate::report::error::{Cause, Error, Result};
#[cfg(windows)]
use crate::report::system_error::is_sharing_violation;
use crate::report::waiting;

/// The hidden file that is locked where folders cannot be.
pub(crate) const LOCK_FILE: &str = ".respaldo.lock";
const RETRY: Duration = Duration::from_millis(1);

/// Held while a folder's files are changed. Dropping it releases the lock.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Waits for the lock on `folder`, `timeout` at most, and as long as the progress function lets it.
    pub fn acquire(folder: &Path, timeout: Duration) -> Result<FolderLock> {
        let deadline = Instant::now() + timeout;
        loop {
            match FolderLock::try_acquire(folder)? {
                Some(lock) => return Ok(lock),
                None if Instant::now() >= deadline || !waiting::goes_on() => {
                    return Err(Error::at(Cause::Busy, folder));
                }
                None => thread::sleep(RETRY),
            }
        }
    }

    /// The lock on `folder`, or `None` if it is held.
    pub fn try_acquire(folder: &Path) -> Result<Option<FolderLock>> {
        let Some(file) = open(folder)? else {
            return Ok(None);
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(FolderLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(_)) => lock_hidden_file(folder),
        }
    }
}

/// Opens the folder itself.
#[cfg(unix)]
fn open(folder: &Path) -> Result<Option<File>> {
    File::open(folder).map(Some).map_err(|error| Error::io(&error, folder))
}

/// Opens the hidden file, or returns `None` if it is open elsewhere: it is opened without sharing, so the open file is the
/// lock. The system deletes it with its last handle.
#[cfg(windows)]
fn open(folder: &Path) -> Result<Option<File>> {
    use std::io::ErrorKind;
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::{
        FILE_ATTRIBUTE_HIDDEN, FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_OPEN_REPARSE_POINT,
    };
    let path = folder.join(LOCK_FILE);
    let open = || {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .share_mode(0)
            .attributes(FILE_ATTRIBUTE_HIDDEN)
            // A link that has the name is opened itself, and not what it leads to.
            .custom_flags(FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT)
            .open(&path)
    };
    // Opening a file whose deletion is pending fails like opening a forbidden one, but the file exists, or did a moment ago.
    let mut retries = 0..3;
    loop {
        match open() {
            Ok(file) => return Ok(Some(file)),
            Err(error) if is_sharing_violation(&error) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::PermissionDenied && !is_free(&path) => return Ok(None),
            Err(error) if retries.next().is_none() => return Err(Error::io(&error, folder)),
            Err(_) => {}
        }
    }
}

/// Locks the hidden file, on file systems that lock files but not folders, such as NFS.
fn lock_hidden_file(folder: &Path) -> Result<Option<FolderLock>> {
    let path = folder.join(LOCK_FILE);
    let file = open_at_end(&path, None).map_err(|error| Error::io(&error, &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(FolderLock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io(&error, &path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_caller_fails_after_its_timeout_and_no_file_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = FolderLock::acquire(folder.path(), Duration::ZERO).expect("free");
        let error = FolderLock::acquire(folder.path(), Duration::from_millis(30)).expect_err("held");
        assert_eq!(error.cause, Cause::Busy);
        drop(first);
        let again = FolderLock::acquire(folder.path(), Duration::ZERO).expect("free again");
        drop(again);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    }

    #[test]
    fn many_callers_take_turns_and_none_fails() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = std::sync::atomic::AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let lock = FolderLock::acquire(folder.path(), Duration::from_secs(60)).expect("a turn");
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
    }

    #[test]
    fn the_hidden_file_excludes_a_second_caller_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = lock_hidden_file(folder.path()).expect("no error");
        assert!(first.is_some());
        assert!(lock_hidden_file(folder.path()).expect("no error").is_none());
    }
}
