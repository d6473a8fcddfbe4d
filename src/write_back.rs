//! Starting a file's way to the disk while it is still being written, so that the flush at the end finds little left.

use std::path::PathBuf;

/// What of a growing file is on its way. It promises nothing: only the flush at the end does.
#[cfg(target_os = "linux")]
pub(crate) struct WriteBack {
    path: PathBuf,
    file: Option<std::fs::File>,
    asked: u64,
}

#[cfg(target_os = "linux")]
impl WriteBack {
    /// Of the file at `path`, which need not be there yet. It must not be one that SQLite holds locks of: they would go when
    /// this closes it.
    pub fn of(path: PathBuf) -> WriteBack {
        WriteBack {
            path,
            file: None,
            asked: 0,
        }
    }

    /// Sends off what was written since.
    pub fn advance(&mut self) {
        use std::os::fd::AsRawFd;

        /// Bytes that are worth a request of their own.
        const PART: u64 = 4 << 20;

        // What cannot be opened or asked is left to the flush, and to it to say why.
        if self.file.is_none() {
            self.file = std::fs::File::open(&self.path).ok();
        }
        let Some(file) = &self.file else { return };
        let written = file.metadata().map_or(0, |file| file.len());
        if written < self.asked + PART {
            return;
        }
        if let (Ok(start), Ok(length)) = (i64::try_from(self.asked), i64::try_from(written - self.asked)) {
            // SAFETY: the descriptor is open, and no memory is passed.
            unsafe { libc::sync_file_range(file.as_raw_fd(), start, length, libc::SYNC_FILE_RANGE_WRITE) };
        }
        self.asked = written;
    }
}

/// Elsewhere the system has no such request.
#[cfg(not(target_os = "linux"))]
pub(crate) struct WriteBack;

#[cfg(not(target_os = "linux"))]
impl WriteBack {
    pub fn of(_path: PathBuf) -> WriteBack {
        WriteBack
    }

    pub fn advance(&mut self) {}
}
