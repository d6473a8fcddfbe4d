//! Changing the archive's password.

use serde::Serialize;

use crate::archive::meter::watch;
use crate::archive::repository::{Repository, in_pool};
use crate::options::Password;
use crate::report::error::Result;
use crate::report::messages;
use crate::report::progress::ProgressFn;
use crate::store::Store;
use crate::store::kept_key::KeptKey;

/// The answer of [`Store::archive_key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveKeyChanged {
    /// Always true.
    pub changed: bool,
    /// What the owner must know of the password.
    pub key_note: &'static str,
}

impl Store {
    /// Changes the password of the archive from the store's to `new`. The store keeps the old one: open it anew.
    pub fn archive_key(&self, new: &Password, progress: ProgressFn<'_>) -> Result<ArchiveKeyChanged> {
        let options = self.archive_options()?;
        let (old, new) = (options.password.read()?, new.read()?);
        watch(progress, |meter| {
            in_pool(|| {
                let archive = Repository::open(options, &old, &KeptKey::default(), meter)?;
                archive.change_password(options, &new, meter)
            })
        })?;
        Ok(ArchiveKeyChanged {
            changed: true,
            key_note: messages::key_note(self.language),
        })
    }
}
