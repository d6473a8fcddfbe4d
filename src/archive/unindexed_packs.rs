//! Packs that no index names: a push that was killed has stored them.

use std::collections::HashSet;

use rustic_core::repofile::IndexFile;
use rustic_core::{Credentials, Id, RusticResult};

use crate::archive::opening::closed_on;
use crate::archive::place;
use crate::archive::repository::Repository;
use crate::report::error::Result;

impl Repository {
    /// The repository, opened again as if the packs were not there that no index names. A push that was killed has left them. Rustic
    /// reads what they hold as well, and would not store it again, nor name it in an index: nobody could read the snapshot.
    pub(super) fn without_unindexed(self) -> Result<Repository> {
        if self.options.place.folder().is_none() {
            return Ok(self);
        }
        let indexed = self.indexed_packs().map_err(|error| self.failed(error))?;
        let backends = place::backends_with(&self.options, &self.meter, Some(indexed))?;
        let key = Credentials::Masterkey(self.repository.key());
        let again = closed_on(&backends, &self.options, &self.meter)?.open(&key);
        let repository = again.map_err(|error| self.failed(error))?;
        Ok(Repository { repository, ..self })
    }

    fn indexed_packs(&self) -> RusticResult<HashSet<Id>> {
        let mut packs = HashSet::new();
        for file in self.repository.stream_files::<IndexFile>()? {
            packs.extend(file?.1.packs.iter().map(|pack| *pack.id));
        }
        Ok(packs)
    }
}
