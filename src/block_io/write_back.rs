//! Starting a file's way to the disk while it is still being written, so that the flush at the end finds little left.

use std::path::PathBuf;

/// A file that is being written. Sending it off early promises nothing: only the flush at the end does.
#[cfg(target_os = "linux")]
pub(crate) struct WriteBack {
    path: PathBuf,
    descriptor: Option<libc::c_int>,
    calls: u32,
}

#[cfg(target_os = "linux")]
impl WriteBack {
    /// Of the file at `path`, which need not be there yet.
    pub fn of(path: PathBuf) -> WriteBack {
        WriteBack {
            path,
            descriptor: None,
            calls: 0,
        }
    }

    /// Sends off what was written since; to be called between the steps of a copy.
    pub fn advance(&mut self) {
        /// A request of its own is worth several steps.
        const CALLS: u32 = 4;

        self.calls += 1;
        if !self.calls.is_multiple_of(CALLS) {
            return;
        }
        if self.descriptor.is_none() {
            self.descriptor = descriptor_of(&self.path);
        }
        if let Some(descriptor) = self.descriptor {
            // SAFETY: no memory is passed. A number that is no longer this file's does no harm: another file of this process
            // is sent off earlier than it would be, or the system refuses. What fails here the flush will tell.
            unsafe { libc::sync_file_range(descriptor, 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
        }
    }
}

/// The descriptor that SQLite has of a file. Opening one beside it would not do: closing that drops SQLite's locks.
#[cfg(target_os = "linux")]
fn descriptor_of(path: &std::path::Path) -> Option<libc::c_int> {
    use std::os::unix::fs::MetadataExt;

    let wanted = std::fs::metadata(path).ok()?;
    // A thread may have descriptors of its own.
    let open = std::fs::read_dir("/proc/thread-self/fd").ok()?;
    open.flatten().find_map(|entry| {
        let found = std::fs::metadata(entry.path()).ok()?;
        let is_it = (found.dev(), found.ino()) == (wanted.dev(), wanted.ino());
        is_it.then(|| entry.file_name().to_str()?.parse().ok()).flatten()
    })
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
