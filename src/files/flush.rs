//! Forcing what was written to the disk itself, beyond every cache.

use std::fs::File;
use std::io;

/// Forces a file or folder to the disk.
///
/// On macOS Rust asks for `F_FULLFSYNC`, without which the drive's own cache may keep what was written. Network drives and
/// some external ones do not know it; there the ordinary flush is all there is.
pub(crate) fn flush(file: &File) -> io::Result<()> {
    file.sync_all().or_else(|error| flush_ordinarily(file, error))
}

#[cfg(target_vendor = "apple")]
fn flush_ordinarily(file: &File, error: io::Error) -> io::Result<()> {
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
fn flush_ordinarily(_file: &File, error: io::Error) -> io::Result<()> {
    Err(error)
}
