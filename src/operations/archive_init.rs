//! Making a new archive.

use serde::Serialize;

use crate::archive::meter::watch;
use crate::archive::repository::{Repository, in_pool};
use crate::options::ChunkSize;
use crate::report::error::Result;
use crate::report::messages;
use crate::report::progress::ProgressFn;
use crate::store::Store;

/// The answer of [`Store::archive_init`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveMade {
    /// Where it is.
    pub repository: String,
    /// What the owner must know of the password.
    pub key_note: &'static str,
}

/// How a new archive is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveInitRequest {
    /// In pieces of which size it stores backups.
    pub chunk: ChunkSize,
}

impl Store {
    /// Makes the archive of the store's options, with its password.
    ///
    /// Fails, among other causes, with `Cause::Unsupported` in a build without it, with `Cause::ArchiveExists` and with
    /// `Cause::ArchiveUnreachable`.
    pub fn archive_init(&self, progress: ProgressFn<'_>) -> Result<ArchiveMade> {
        self.archive_init_with(&ArchiveInitRequest::default(), progress)
    }

    /// Like [`archive_init`](Self::archive_init), with the caller's description of the archive.
    pub fn archive_init_with(&self, request: &ArchiveInitRequest, progress: ProgressFn<'_>) -> Result<ArchiveMade> {
        let options = self.archive_options()?;
        let password = options.password.read()?;
        watch(progress, |meter| {
            in_pool(|| Repository::create(options, &password, request.chunk, meter))
        })?;
        Ok(ArchiveMade {
            repository: options.location().to_string_lossy().into_owned(),
            key_note: messages::key_note(self.language),
        })
    }
}
