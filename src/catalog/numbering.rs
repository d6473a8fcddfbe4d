//! Publishing a file under a name of its second that was never given before.

use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::names::Stamp;
use crate::files::paths::{SIDECARS, with_suffix};
use crate::files::staging::{Published, Staged};
use crate::report::error::{Error, Result};
use crate::report::system_error::is_missing;

/// The number above the highest given in a second. Above `u32::MAX`, which only a hostile file has, numbering starts
/// again at 1.
pub(crate) fn next_above(highest: u32) -> u32 {
    highest.checked_add(1).unwrap_or(1)
}

/// Publishes under the first free name from `first` on. `name` makes a name of a stamp. Returns the path and the stamp.
pub(crate) fn publish_numbered(
    mut file: Staged,
    folder: &Path,
    first: Stamp,
    name: impl Fn(Stamp) -> String,
) -> Result<(PathBuf, Stamp)> {
    let mut stamp = first;
    loop {
        let path = first_free(folder, &mut stamp, &name)?;
        match file.publish(&path)? {
            Published::Done => return Ok((path, stamp)),
            Published::NameTaken(again) => file = again,
        }
    }
}

/// The first path, from `stamp` on, that is free and has no sidecar beside it: SQLite would apply a WAL or rollback
/// journal left there to the new file. Fails where the system does not say whether a file exists: it may not say so for
/// any later name either, and the loop would not end.
pub(crate) fn first_free(folder: &Path, stamp: &mut Stamp, name: impl Fn(Stamp) -> String) -> Result<PathBuf> {
    'taken: loop {
        let path = folder.join(name(*stamp));
        let sidecars = SIDECARS.iter().map(|suffix| with_suffix(&path, suffix));
        for candidate in sidecars.chain([path.clone()]) {
            match fs::symlink_metadata(&candidate) {
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(Error::io(&error, &candidate)),
                Ok(_) => {
                    stamp.ordinal = next_above(stamp.ordinal);
                    continue 'taken;
                }
            }
        }
        return Ok(path);
    }
}
