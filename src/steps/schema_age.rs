//! Whether the application supports the schema of a backup.

use std::path::Path;

use crate::database::app_schema::{SchemaAge, age};
use crate::database::contents::Contents;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::store::Store;

impl Store {
    /// Fails with [`Cause::SchemaTooNew`] for a backup with a newer schema. Warns of an older schema, which the application has to
    /// migrate. An unreadable backup is no failure here: the restore reports it.
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
