//! Keeps backups and restores apart, across threads and processes.
//!
//! The operating system's lock is taken on the folder itself, so that it dies with its process and leaves no
//! file behind. Where folders cannot be locked (Windows, some network file systems) a hidden file stands in.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

#[cfg(windows)]
use crate::files::paths::is_free;
use crate::report::error::{Cause, Error, Result};
#[cfg(windows)]
use crate::report::system_error::is_sharing_violation;

const LOCK_FILE: &str = ".respaldo.lock";
const RETRY: Duration = Duration::from_millis(10);

/// Held while a folder's files are being changed; dropping it lets go.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Waits for the lock on `folder`, at the most for `timeout`.
    pub fn acquire(folder: &Path, timeout: Duration) -> Result<FolderLock> {
        let deadline = Instant::now() + timeout;
        loop {
            match FolderLock::try_acquire(folder)? {
                Some(lock) => return Ok(lock),
                None if Instant::now() >= deadline => return Err(Error::at(Cause::Busy, folder)),
                None => thread::sleep(RETRY),
            }
        }
    }

    /// The lock on `folder` if nobody holds it.
    pub fn try_acquire(folder: &Path) -> Result<Option<FolderLock>> {
        let Some(file) = open(folder)? else {
            return Ok(None);
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(FolderLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(_)) => lock_stand_in(folder),
        }
    }
}

/// The folder itself, open.
#[cfg(unix)]
fn open(folder: &Path) -> Result<Option<File>> {
    File::open(folder).map(Some).map_err(|error| Error::io(&error, folder))
}

/// A hidden file, open, or `None` when somebody else has it open: without sharing the open itself is the lock,
/// and the system deletes the file with its last handle.
#[cfg(windows)]
fn open(folder: &Path) -> Result<Option<File>> {
    use std::io::ErrorKind;
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_HIDDEN, FILE_FLAG_DELETE_ON_CLOSE};
    let path = folder.join(LOCK_FILE);
    let open = || {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .share_mode(0)
            .attributes(FILE_ATTRIBUTE_HIDDEN)
            .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
            .open(&path)
    };
    // A file that is about to be deleted is refused like one that is forbidden, but it is there; or it was, a moment ago.
    let mut more_tries = 0..3;
    loop {
        match open() {
            Ok(file) => return Ok(Some(file)),
            Err(error) if is_sharing_violation(&error) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::PermissionDenied && !is_free(&path) => return Ok(None),
            Err(error) if more_tries.next().is_none() => return Err(Error::io(&error, folder)),
            Err(_) => {}
        }
    }
}

/// For file systems that lock files but not folders, such as NFS.
fn lock_stand_in(folder: &Path) -> Result<Option<FolderLock>> {
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| Error::io(&error, &path))?;
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
    fn a_second_caller_waits_for_its_timeout_and_leaves_nothing_behind() {
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
    fn many_callers_take_turns_and_none_is_refused() {
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
    fn the_stand_in_excludes_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = lock_stand_in(folder.path()).expect("no error");
        assert!(first.is_some());
        assert!(lock_stand_in(folder.path()).expect("no error").is_none());
    }
}
