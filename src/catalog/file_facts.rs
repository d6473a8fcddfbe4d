//! What the system and the first bytes say of a file.

use std::fs::{self, DirEntry, File, Metadata};

use crate::database::header::Header;
use crate::report::system_error::is_missing;

/// What the system and the first bytes say of a file. Of one that the system lets nobody look at that is nothing, and such a
/// backup is not intact.
pub(crate) struct FileFacts {
    pub metadata: Option<Metadata>,
    pub header: Option<Header>,
}

impl FileFacts {
    /// The facts of an entry's file, or `None` when it is no file, or gone. One that cannot be looked at now is still there,
    /// and a search for it must find it.
    pub fn of_entry(entry: &DirEntry) -> Option<FileFacts> {
        let path = entry.path();
        // Opening a pipe would wait for whoever writes into it.
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_plain
            && let Ok(file) = File::open(&path)
            && let Ok(metadata) = file.metadata()
        {
            let header = Header::read_from(file).ok().flatten();
            return Some(FileFacts {
                metadata: Some(metadata),
                header,
            });
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Some(metadata),
            Err(error) if is_plain && !is_missing(&error) => None,
            _ => return None,
        };
        let header = Header::read(&path).ok().flatten();
        Some(FileFacts { metadata, header })
    }
}
