//! Flushing a file to the disk itself, past every cache.

use std::fs::File;
use std::io;

/// Flushes a file or folder to the disk.
///
/// On macOS `sync_all` uses `F_FULLFSYNC`, which also empties the drive's own cache. Network drives and some external drives
/// do not support it; they get the ordinary `fsync`.
pub(crate) fn flush(file: &File) -> io::Result<()> {
    file.sync_all().or_else(|error| flush_with_fsync(file, error))
}

#[cfg(target_vendor = "apple")]
fn flush_with_fsync(file: &File, error: io::Error) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    if !matches!(error.raw_os_error(), Some(libc::ENOTSUP | libc::ENOTTY | libc::EINVAL)) {
        return Err(error);
    }
    // SAFETY: the descriptor is open while `file` is borrowed.
    match unsafe { libc::fsync(file.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_vendor = "apple"))]
fn flush_with_fsync(_file: &File, error: io::Error) -> io::Result<()> {
    Err(error)
}
