//! Making folders, and flushing the names in them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::files::flush::flush;
use crate::files::paths::parent;
use crate::report::error::{Cause, Error, Result};

/// Makes `folder` if it does not exist, durably.
pub(crate) fn ensure_folder(folder: &Path) -> Result<()> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(Error::at(Cause::NotAFolder, folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io(&error, folder)),
    }
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(folder).map_err(|error| Error::io(&error, folder))?;
    missing.into_iter().try_for_each(|made| flush_folder(parent(made)))
}

/// Flushes the names in `folder` to the disk. On Windows nothing is needed: `rename` flushes each name.
pub(crate) fn flush_folder(folder: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder)
        .and_then(|folder| flush(&folder))
        .map_err(|error| Error::io(&error, folder))
}
