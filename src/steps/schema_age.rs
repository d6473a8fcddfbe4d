//! Whether the application understands what is about to be restored.

use std::path::Path;

use crate::database::app_schema::{SchemaAge, age};
use crate::database::contents::Contents;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::store::Store;

impl Store {
    /// Fails with [`Cause::SchemaTooNew`] for a backup that the application does not understand; a warning for one that it has to
    /// migrate. What else is wrong with the backup is not told here.
    pub(crate) fn check_schema(&self, backup: &Path) -> Result<Option<Warning>> {
        let Some(supported) = &self.schema else { return Ok(None) };
        let Ok(source) = self.hold_backup(backup) else {
            return Ok(None);
        };
        match age(&Contents::versions(&source.connection), supported) {
            SchemaAge::Current => Ok(None),
            SchemaAge::Newer(version) => Err(Error::at(Cause::SchemaTooNew(version), backup)),
            SchemaAge::Older(version) => {
                let notice = Notice::SchemaOlder(backup, &version);
                Ok(Some(messages::warning(&notice, self.language)))
            }
        }
    }
}
