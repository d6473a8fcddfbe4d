//! The archive of a build without the cargo feature `archive`: there is none, and every operation says so.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use secrecy::SecretString;

use crate::archive::chunks::Question;
use crate::archive::description::Description;
use crate::archive::meter::Meter;
use crate::archive::snapshot::{Listed, Pushed, Reclaimed};
use crate::clock::Moment;
use crate::options::{Archive, ChunkSize};
use crate::report::error::{Cause, Error, Result};
use crate::store::kept_key::KeptKey;

/// Fails: this build has no archive.
pub(crate) fn require_support() -> Result<()> {
    Err(Error::new(Cause::Unsupported("archive")))
}

/// Would run `work` in a pool of threads.
pub(crate) fn in_pool<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    work()
}

/// A repository that cannot exist.
pub(crate) struct Repository(Infallible);

impl Repository {
    pub fn create(_: &Archive, _: &SecretString, _: ChunkSize, _: &Arc<Meter>) -> Result<()> {
        require_support()
    }

    pub fn open(_: &Archive, _: &SecretString, _: &KeptKey, _: &Arc<Meter>) -> Result<Repository> {
        require_support()?;
        Err(Error::new(Cause::Unsupported("archive")))
    }

    pub fn list(&self, _: chrono_tz::Tz) -> Result<Listed> {
        match self.0 {}
    }

    pub fn stored_bytes(&self) -> Result<u64> {
        match self.0 {}
    }

    pub fn id(&self) -> String {
        match self.0 {}
    }

    pub fn holds(&self, _: &str, _: &Description) -> bool {
        match self.0 {}
    }

    pub fn push(self, _: &Path, _: &Description, _: &Moment, _: &str) -> Result<Pushed> {
        match self.0 {}
    }

    pub fn fetch(self, _: &str, _: &str, _: &Path) -> Result<blake3::Hash> {
        match self.0 {}
    }

    pub fn answer(self, _: impl FnOnce(), _: &Receiver<Question>) -> Result<()> {
        match self.0 {}
    }

    pub fn check(&self, _: bool) -> Result<Vec<String>> {
        match self.0 {}
    }

    pub fn remove(&self, _: &[String], _: bool) -> Result<Reclaimed> {
        match self.0 {}
    }

    pub fn change_password(self, _: &Archive, _: &SecretString, _: &Arc<Meter>) -> Result<()> {
        match self.0 {}
    }
}
