//! Whether a backup is of the database into which it is restored.

use std::path::Path;

use crate::catalog::catalogue::Catalogue;
use crate::catalog::names;
use crate::catalog::whose::{Judge, Whose};
use crate::database::connection;
use crate::database::contents::own_tables;
use crate::files::paths::parent;
use crate::report::error::{Cause, Error, Result};
use crate::steps::safety_copy::is_damage;
use crate::steps::snapshot::Source;
use crate::store::Store;

impl Store {
    /// Refuses a backup that its folder's catalogue records as one of another database.
    pub(crate) fn refuse_recorded_as_different(&self, backup: &Path) -> Result<()> {
        match self.recorded_whose(backup) {
            Some((Whose::Other, name)) => Err(Error::at(Cause::DifferentDatabase(name), backup)),
            _ => Ok(()),
        }
    }

    /// Refuses a backup that has no table in common with the live database, unless that is empty. Accepts a safety copy, and a
    /// backup recorded as this database's: all tables can have been renamed since.
    pub(crate) fn refuse_without_common_table(&self, backup: &Source) -> Result<()> {
        let name = backup.path.file_name().and_then(|name| name.to_str());
        let is_safety = name.is_some_and(|name| names::parse_safety(&self.database_name(), name).is_some());
        if is_safety
            || self
                .recorded_whose(&backup.path)
                .is_some_and(|(whose, _)| whose == Whose::Own)
        {
            return Ok(());
        }
        let live = match connection::open_live_for_reading(&self.database, self.busy_timeout) {
            Ok(live) => own_tables(&live),
            Err(error) if is_damage(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        // A backup that cannot be compared is not refused.
        let (Ok(live), Ok(its)) = (live, own_tables(&backup.connection)) else {
            return Ok(());
        };
        if live.is_empty() || !live.is_disjoint(&its) {
            return Ok(());
        }
        Err(Error::at(Cause::DifferentDatabase(None), &backup.path))
    }

    /// Whose backup it is by the record in its folder's catalogue, and the file name of its database.
    fn recorded_whose(&self, backup: &Path) -> Option<(Whose, Option<String>)> {
        let folder = parent(backup);
        let record = Catalogue::read(folder).get(backup.file_name()?.to_str()?)?;
        let whose = Judge::new(self, folder).by_record(&record)?;
        Some((whose, record.database))
    }
}
