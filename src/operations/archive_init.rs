//! Making a new archive.

use serde::Serialize;

use crate::archive::meter::watch;
use crate::archive::repository::{Repository, in_pool};
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

impl Store {
    /// Makes the archive of the store's options, with its password.
    ///
    /// Fails, among other causes, with `Cause::Unsupported` in a build without it, with `Cause::ArchiveExists` and with
    /// `Cause::ArchiveUnreachable`.
    pub fn archive_init(&self, progress: ProgressFn<'_>) -> Result<ArchiveMade> {
        let options = self.archive_options()?;
        let password = options.password.read()?;
        watch(progress, |meter| {
            in_pool(|| Repository::create(options, &password, meter))
        })?;
        Ok(ArchiveMade {
            repository: options.location().to_string_lossy().into_owned(),
            key_note: messages::key_note(self.language),
        })
    }
}
