//! Starting the write-back of a file while it is still being written, so that the flush at the end has little left to do.

use std::path::PathBuf;

/// Starts the write-back of one file, a portion at a time. It makes nothing durable: only the flush at the end does.
#[cfg(target_os = "linux")]
pub(crate) struct WriteBack {
    path: PathBuf,
    descriptor: Option<libc::c_int>,
    steps: u32,
}

#[cfg(target_os = "linux")]
impl WriteBack {
    /// For the file at `path`, which need not exist yet.
    pub fn of(path: PathBuf) -> WriteBack {
        WriteBack {
            path,
            descriptor: None,
            steps: 0,
        }
    }

    /// Starts the write-back of what was written since. Called between the steps of a copy.
    pub fn advance(&mut self) {
        /// Steps for each request: a request takes time of its own.
        const STEPS_PER_REQUEST: u32 = 4;

        self.steps += 1;
        if !self.steps.is_multiple_of(STEPS_PER_REQUEST) {
            return;
        }
        if self.descriptor.is_none() {
            self.descriptor = descriptor_of(&self.path);
        }
        if let Some(descriptor) = self.descriptor {
            // SAFETY: no memory is passed. A descriptor that belongs to another file by now does no harm: that file is written
            // back earlier, or the system refuses. An error is ignored: the flush reports it.
            unsafe { libc::sync_file_range(descriptor, 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
        }
    }
}

/// The descriptor that SQLite has open for a file. Opening another one is not possible: closing it would drop SQLite's locks.
#[cfg(target_os = "linux")]
fn descriptor_of(path: &std::path::Path) -> Option<libc::c_int> {
    use std::os::unix::fs::MetadataExt;

    let wanted = std::fs::metadata(path).ok()?;
    // Threads of one process can have different descriptor tables.
    let open = std::fs::read_dir("/proc/thread-self/fd").ok()?;
    open.flatten().find_map(|entry| {
        let found = std::fs::metadata(entry.path()).ok()?;
        let is_same = (found.dev(), found.ino()) == (wanted.dev(), wanted.ino());
        is_same.then(|| entry.file_name().to_str()?.parse().ok()).flatten()
    })
}

/// Other systems have no such request.
#[cfg(not(target_os = "linux"))]
pub(crate) struct WriteBack;

#[cfg(not(target_os = "linux"))]
impl WriteBack {
    pub fn of(_path: PathBuf) -> WriteBack {
        WriteBack
    }

    pub fn advance(&mut self) {}
}
