//! The archive of a store, opened for one operation.

use std::path::PathBuf;

use crate::archive::meter::watch;
use crate::archive::repository::{Repository, in_pool, require_support};
use crate::options::Archive;
use crate::report::error::{Argument, Error, Result};
use crate::report::progress::ProgressFn;
use crate::store::Store;

impl Store {
    /// The options of the archive. Fails where the build has none, and where the store was opened without.
    pub(crate) fn archive_options(&self) -> Result<&Archive> {
        require_support()?;
        let options = self.archive.as_ref();
        options.ok_or_else(|| Error::argument(Argument::MissingKey("archive")))
    }

    /// Opens the archive, and runs `work` with it on a thread of its own.
    pub(crate) fn with_archive<T: Send>(
        &self,
        progress: ProgressFn<'_>,
        work: impl FnOnce(Repository) -> Result<T> + Send,
    ) -> Result<T> {
        let options = self.archive_options()?;
        let password = options.password.read()?;
        watch(progress, |meter| {
            in_pool(|| work(Repository::open(options, &password, &self.kept_key, meter)?))
        })
    }
}

impl Archive {
    /// Where it is, without anything secret.
    pub(crate) fn location(&self) -> PathBuf {
        self.place.location()
    }
}
