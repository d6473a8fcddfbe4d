//! A folder whose files are opened by their names alone.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A folder whose files are opened. Where the system can, it looks up the folder's own path once, and not for each file.
pub(crate) struct OpenFolder {
    path: PathBuf,
    #[cfg(unix)]
    folder: Option<File>,
}

impl OpenFolder {
    /// The folder at `path`. One that cannot be opened is still a folder: then its files are opened by their paths.
    pub fn at(path: &Path) -> OpenFolder {
        OpenFolder {
            path: path.to_owned(),
            #[cfg(unix)]
            folder: File::open(path).ok(),
        }
    }

    /// Opens the file `name` for reading. A link is followed.
    pub fn open(&self, name: &OsStr) -> io::Result<File> {
        #[cfg(unix)]
        if let Some(folder) = &self.folder {
            use rustix::fs::{Mode, OFlags, openat};
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            return Ok(openat(folder, name, flags, Mode::empty())?.into());
        }
        File::open(self.path.join(name))
    }
}
