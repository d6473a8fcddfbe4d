//! The files that SQLite may keep beside a database.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::failpoint;
use crate::files::flush::flush;
use crate::files::folder::flush_folder;
use crate::files::paths::{SIDECARS, parent, real_path, with_suffix};
use crate::files::sharing::retry_sharing_violations;
use crate::report::error::{Error, Result};
use crate::report::system_error::is_sharing_violation;

/// Whether `path` has a write-ahead log with something in it.
pub(crate) fn has_wal(path: &Path) -> bool {
    fs::metadata(with_suffix(&real_path(path), "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Removes WAL, WAL index and rollback journal of `database`, durably.
pub(crate) fn remove_sidecars(database: &Path) -> Result<()> {
    for suffix in SIDECARS {
        let path = with_suffix(database, suffix);
        match remove_or_empty(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io(&error, &path)),
            _ => {}
        }
    }
    failpoint::reach("sidecars_removed");
    flush_folder(parent(database))
}

/// Removes a sidecar. If an idle connection has it open on Windows, empties it instead: to SQLite an empty sidecar is the same
/// as none.
fn remove_or_empty(path: &Path) -> io::Result<()> {
    retry_sharing_violations(|| fs::remove_file(path)).or_else(|error| {
        if is_sharing_violation(&error) {
            let file = File::options().write(true).open(path)?;
            file.set_len(0).and_then(|()| flush(&file))
        } else {
            Err(error)
        }
    })
}
