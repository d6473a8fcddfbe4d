//! Publishing a file under the first free name of its second.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use crate::catalog::names::Stamp;
use crate::files::paths::{SIDECARS, with_suffix};
use crate::files::staging::{Published, Staged};
use crate::report::error::{Error, Result};
use crate::report::system_error::is_missing;

/// Publishes under the first free name of the second `local`, as `name` writes it. Returns the path and the stamp.
pub(crate) fn publish_numbered(
    mut file: Staged,
    folder: &Path,
    local: NaiveDateTime,
    name: impl Fn(Stamp) -> String,
) -> Result<(PathBuf, Stamp)> {
    let mut stamp = Stamp { local, ordinal: 1 };
    loop {
        let path = first_free(folder, &mut stamp, &name)?;
        match file.publish(&path)? {
            Published::Done => return Ok((path, stamp)),
            Published::NameTaken(again) => file = again,
        }
    }
}

/// The first path, from `stamp` on, that is free and has no sidecar waiting beside it: SQLite would take a log or journal
/// that is there for the new file's. Fails where the system does not say whether something is there: of the next name it
/// might not say it either, and so on for ever.
pub(crate) fn first_free(folder: &Path, stamp: &mut Stamp, name: impl Fn(Stamp) -> String) -> Result<PathBuf> {
    'taken: loop {
        let path = folder.join(name(*stamp));
        let sidecars = SIDECARS.iter().map(|suffix| with_suffix(&path, suffix));
        for wanted in sidecars.chain([path.clone()]) {
            match fs::symlink_metadata(&wanted) {
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(Error::io(&error, &wanted)),
                Ok(_) => {
                    stamp.ordinal += 1;
                    continue 'taken;
                }
            }
        }
        return Ok(path);
    }
}
