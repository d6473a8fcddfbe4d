//! The backup folder, read on a thread while the database is copied.

use std::panic;
use std::thread::{self, Scope, ScopedJoinHandle};

use crate::catalog::folder::Folder;
use crate::store::Store;

/// The contents of the backup folder, read on a thread while the database is copied.
pub(crate) enum FolderReading<'scope> {
    Read(Box<Folder>),
    Reading(ScopedJoinHandle<'scope, Folder>),
    /// No thread could be started; the folder is read by `wait`.
    Unread,
}

impl<'scope> FolderReading<'scope> {
    /// Reads it, unless it is `read` already.
    pub fn start<'env>(
        store: &'env Store,
        scope: &'scope Scope<'scope, 'env>,
        read: Option<Folder>,
    ) -> FolderReading<'scope> {
        let reader = thread::Builder::new().name("respaldo-list".to_owned());
        match read {
            Some(folder) => FolderReading::Read(Box::new(folder)),
            None => reader
                .spawn_scoped(scope, || store.read_folder_or_nothing())
                .map_or(FolderReading::Unread, FolderReading::Reading),
        }
    }

    /// What was read.
    pub fn wait(self, store: &Store) -> Folder {
        match self {
            FolderReading::Read(folder) => *folder,
            FolderReading::Reading(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            FolderReading::Unread => store.read_folder_or_nothing(),
        }
    }
}
