//! Questions about paths, and about the files at them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::files::sharing::retry_sharing_violations;
use crate::report::system_error::is_missing;

/// The suffixes of the files that SQLite may keep beside a database: WAL, WAL index and rollback journal.
pub(crate) const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Whether a name ends like that of a file which SQLite keeps beside a database.
pub(crate) fn is_sidecar(name: &str) -> bool {
    SIDECARS.iter().any(|sidecar| name.ends_with(sidecar))
}

/// The folder of a file.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// `path` with `suffix` behind its file name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether nothing exists at `path`, not even a dangling link.
pub(crate) fn is_free(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| is_missing(&error))
}

/// Opens a plain file for reading, and nothing else: opening a pipe would wait for a writer.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        retry_sharing_violations(|| File::open(path))
    } else {
        Err(io::Error::other("it is not a plain file"))
    }
}

/// The path beside which SQLite keeps the sidecars of the database at `path`. SQLite follows links, except on Windows.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    if cfg!(windows) {
        path.to_owned()
    } else {
        follow_links(path)
    }
}

/// `path` with every link followed.
pub(crate) fn follow_links(path: &Path) -> PathBuf {
    // On Windows `canonicalize` returns the verbatim form, which people do not know; a path without a link is kept.
    if cfg!(windows) && !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return path.to_owned();
    }
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether two paths lead to one file, through any names or links. The file is not opened: closing it would drop the locks
/// that connections of this process hold on it.
#[cfg(unix)]
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Whether two paths lead to one file, through any names, links, 8.3 aliases or letter case. Only the attributes are asked
/// for, which works even if another program has the file open without sharing.
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
