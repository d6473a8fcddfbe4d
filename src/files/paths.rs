//! Paths, and what is at them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::files::sharing::retry_sharing_violations;
use crate::report::system_error::is_missing;

/// What SQLite may keep beside a database file.
pub(crate) const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Whether a name is that of a file SQLite keeps beside a database.
pub(crate) fn is_sidecar(name: &str) -> bool {
    SIDECARS.iter().any(|sidecar| name.ends_with(sidecar))
}

/// The folder a file is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// `path` with `suffix` behind its file name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether nothing is at `path`, not even a link that leads nowhere.
pub(crate) fn is_free(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| is_missing(&error))
}

/// Opens a plain file for reading. Opening a pipe would wait for whoever writes into it.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        retry_sharing_violations(|| File::open(path))
    } else {
        Err(io::Error::other("it is not a plain file"))
    }
}

/// The path beside which SQLite keeps the sidecars of the database at `path`: that of the file it leads to through links,
/// except on Windows, where SQLite does not follow them.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    if cfg!(windows) {
        path.to_owned()
    } else {
        follow_links(path)
    }
}

/// The file that `path` leads to through links.
pub(crate) fn follow_links(path: &Path) -> PathBuf {
    // A path without a link stays as people know it: Windows would answer in its verbatim form.
    if cfg!(windows) && !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return path.to_owned();
    }
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether two paths lead to one file, under whatever names or links. It is not opened: that would drop the locks which
/// connections of this process have on it.
#[cfg(unix)]
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Whether two paths lead to one file, under whatever names, links, 8.3 aliases or letter case. Asking for its attributes
/// only, the file may be one that somebody else shares with nobody.
#[cfg(windows)]
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES};
    let identity = |path: &Path| {
        File::options()
            .access_mode(FILE_READ_ATTRIBUTES)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS) // without it folders cannot be opened
            .open(path)
            .and_then(same_file::Handle::from_file)
    };
    matches!((identity(a), identity(b)), (Ok(a), Ok(b)) if a == b)
}
