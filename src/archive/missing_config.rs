//! A place without the file `config`: there is nothing yet, or what an `init` has left that was broken off, or an archive that has
//! lost it.

use std::sync::Arc;

use rustic_core::{FileType, ReadBackend as _, RusticResult, WriteBackend};

use crate::archive::meter::Meter;
use crate::archive::{place, trouble};
use crate::options::Archive;
use crate::report::error::{Cause, Error, Result};

/// Why the archive cannot be opened.
pub(super) fn cause(options: &Archive, meter: &Arc<Meter>) -> Result<Cause> {
    let place = place::backends(options, meter)?.repository();
    // A folder that cannot be listed is none.
    let has_snapshots = place.list(FileType::Snapshot).is_ok_and(|found| !found.is_empty());
    Ok(if has_snapshots { lost() } else { Cause::ArchiveNotFound })
}

/// Makes way for a new archive: removes the keys of one that was never finished. They open nothing, but rustic takes the first key
/// that the password fits, and that could be one of them. Refuses where there is more than keys.
pub(super) fn make_way(options: &Archive, meter: &Arc<Meter>) -> Result<()> {
    let place = place::backends(options, meter)?.repository();
    let only_keys = remove_keys(&*place).map_err(|error| trouble::of_operation(&error, meter, options))?;
    match only_keys {
        true => Ok(()),
        false => Err(Error::at(lost(), options.location())),
    }
}

fn remove_keys(place: &dyn WriteBackend) -> RusticResult<bool> {
    // Before it there is nothing to list.
    place.create()?;
    for kind in [FileType::Snapshot, FileType::Index, FileType::Pack] {
        if !place.list(kind)?.is_empty() {
            return Ok(false);
        }
    }
    for key in place.list(FileType::Key)? {
        place.remove(FileType::Key, &key, false)?;
    }
    Ok(true)
}

fn lost() -> Cause {
    Cause::ArchiveDamaged(vec!["its file config is missing".to_owned()])
}
