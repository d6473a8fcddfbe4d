//! Starting a file's way to the disk while it is still being written, so that the flush at the end finds little left.

use std::path::Path;

/// Bytes that are worth a request of their own.
#[cfg(target_os = "linux")]
const PART: u64 = 8 << 20;

/// What of a file is on its way. It promises nothing: only the flush at the end does.
#[cfg(target_os = "linux")]
pub(crate) struct WriteBack {
    file: Option<std::fs::File>,
    asked: u64,
}

#[cfg(target_os = "linux")]
impl WriteBack {
    /// Of the file at `path`; one that cannot be opened is left to the flush.
    pub fn of(path: &Path) -> WriteBack {
        let file = std::fs::File::open(path).ok();
        WriteBack { file, asked: 0 }
    }

    /// Says that everything before `end` is written.
    pub fn written(&mut self, end: u64) {
        use std::os::fd::AsRawFd;

        let length = end.saturating_sub(self.asked);
        let Some(file) = self.file.as_ref().filter(|_| length >= PART) else {
            return;
        };
        if let (Ok(start), Ok(length)) = (i64::try_from(self.asked), i64::try_from(length)) {
            // SAFETY: the descriptor is open, and no memory is passed. A file system that cannot do it says so, and the
            // flush does all the work; so does an error, which the flush reports again.
            unsafe { libc::sync_file_range(file.as_raw_fd(), start, length, libc::SYNC_FILE_RANGE_WRITE) };
        }
        self.asked = end;
    }
}

/// Elsewhere the system has no such request.
#[cfg(not(target_os = "linux"))]
pub(crate) struct WriteBack;

#[cfg(not(target_os = "linux"))]
impl WriteBack {
    pub fn of(_path: &Path) -> WriteBack {
        WriteBack
    }

    pub fn written(&mut self, _end: u64) {}
}
