//! Renaming a file, at once or not at all.
//!
//! On Windows the call tries again while another program has the file open, and returns when the name is on the disk, because
//! folders cannot be flushed there.

use std::io;
use std::path::Path;

use tempfile::TempPath;

#[cfg(not(windows))]
use crate::files::paths::is_free;
#[cfg(not(windows))]
use crate::report::system_error::cannot_be_asked;

/// Renames `file` to `target`. If `target` exists, returns the file with the error.
#[cfg(not(windows))]
pub(crate) fn to_new(file: TempPath, target: &Path) -> Result<(), (io::Error, TempPath)> {
    match file.persist_noclobber(target) {
        Ok(()) => Ok(()),
        Err(refused) if has_neither_way(&refused.error) && is_free(target) => refused
            .path
            .persist(target)
            .map_err(|refused| (refused.error, refused.path)),
        Err(refused) => Err((refused.error, refused.path)),
    }
}

/// Whether the file system may neither rename without replacing nor make hard links, as FAT and exFAT in user space. Then the caller's
/// lock on the folder keeps others of this library from the name between the look and the renaming.
#[cfg(not(windows))]
fn has_neither_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EPERM) || cannot_be_asked(error)
}

/// Renames `file` to `target`, replacing a file that has the name.
#[cfg(not(windows))]
pub(crate) fn over(file: TempPath, target: &Path) -> io::Result<()> {
    file.persist(target).map_err(|refused| refused.error)
}

#[cfg(windows)]
pub(crate) fn to_new(file: TempPath, target: &Path) -> Result<(), (io::Error, TempPath)> {
    rename(file, target, 0)
}

#[cfg(windows)]
pub(crate) fn over(file: TempPath, target: &Path) -> io::Result<()> {
    use windows_sys::Win32::Storage::FileSystem::MOVEFILE_REPLACE_EXISTING;
    rename(file, target, MOVEFILE_REPLACE_EXISTING).map_err(|(error, _)| error)
}

#[cfg(windows)]
fn rename(mut file: TempPath, target: &Path, flags: u32) -> Result<(), (io::Error, TempPath)> {
    use windows_sys::Win32::Storage::FileSystem::{MOVEFILE_WRITE_THROUGH, MoveFileExW};
    let (from, to) = (wide(&file), wide(target));
    // SAFETY: both names are NUL-terminated and outlive the call.
    let move_file = || match unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags | MOVEFILE_WRITE_THROUGH) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    match crate::files::sharing::retry_sharing_violations(move_file) {
        Ok(()) => {
            // The old name is free. Another process may use it by now, so it must not be deleted.
            file.disable_cleanup(true);
            Ok(())
        }
        Err(error) => Err((error, file)),
    }
}

/// A path as an argument of the system's functions.
#[cfg(windows)]
fn wide(path: &Path) -> Vec<u16> {
    use std::os::windows::ffi::OsStrExt;
    let path = crate::files::long_path::for_system(path);
    path.as_os_str().encode_wide().chain([0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn to_new_never_replaces_a_file_and_over_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("Ñandú 🐦.db");
        fs::write(&target, "there first").expect("written");
        let made = || {
            let file = tempfile::Builder::new().tempfile_in(folder.path()).expect("a file");
            fs::write(file.path(), "new").expect("written");
            file.into_temp_path()
        };
        let (error, file) = to_new(made(), &target).expect_err("the name is taken");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&target).expect("read"), b"there first");
        over(file, &target).expect("replaced");
        assert_eq!(fs::read(&target).expect("read"), b"new");
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
    }

    #[cfg(windows)]
    #[test]
    fn a_file_that_is_open_for_a_moment_is_renamed_when_it_is_closed() {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_SHARE_READ: u32 = 1;
        let folder = tempfile::tempdir().expect("a folder");
        let file = tempfile::Builder::new().tempfile_in(folder.path()).expect("a file");
        let file = file.into_temp_path();
        let antivirus = fs::File::options()
            .read(true)
            .share_mode(FILE_SHARE_READ)
            .open(&file)
            .expect("opened");
        let target = folder.path().join("target");
        let (refused, file) = to_new(file, &target).expect_err("open all the time");
        assert!(crate::report::system_error::is_sharing_violation(&refused), "{refused}");
        let closing = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            drop(antivirus);
        });
        to_new(file, &target).expect("renamed in the end");
        closing.join().expect("ended");
        assert!(target.exists());
    }
}
