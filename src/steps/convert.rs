//! Converting a backup to the journal mode and page size of the live database.

use std::path::Path;

use crate::database::connection;
use crate::database::header::Header;
use crate::database::sqlite_error::{Role, explain};
use crate::files::long_path::for_system;
use crate::files::paths::parent;
use crate::files::staging::Staged;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::ProgressFn;
use crate::steps::overwrite::Live;
use crate::steps::snapshot::{self, Source};
use crate::store::Store;

impl Store {
    /// Returns the backup in a form that can be written into this live database. The database keeps its journal mode, and in WAL
    /// mode its page size, which SQLite cannot change there. The returned file, if any, holds the converted copy.
    pub(crate) fn convert_for_live(
        &self,
        source: Source,
        live: &Live,
        progress: ProgressFn<'_>,
    ) -> Result<(Source, Option<Staged>)> {
        let is_wal = matches!(Header::read(&source.path), Ok(Some(Header { wal: true, .. })));
        let resize = live.wal && source.shape.page_size != live.page_size;
        if !resize && (live.wal || !is_wal) {
            return Ok((source, None));
        }
        let folder = parent(&self.database);
        let backup = source.path.clone();
        let source_shape = source.shape.clone();
        let mut copy = snapshot::take(source, folder, None, self.verify, progress)?.file;
        if resize {
            copy = self
                .with_page_size(&copy, live.page_size, folder)
                .map_err(|error| match error {
                    // An index that only the application can rebuild is no damage.
                    Error {
                        cause: Cause::BackupCorrupt(why),
                        ..
                    } => Error::at(Cause::Io(why.problems.concat()), &backup),
                    other => other,
                })?;
        }
        let converted = self.hold_backup(copy.path())?;
        if !converted.shape.same_schema(&source_shape) {
            // A tampered schema can pass every check and still not be copied whole.
            let problem = "its schema does not survive a change of the page size".to_owned();
            return Err(Error::at(
                Cause::BackupCorrupt(Damage::new(DamageKind::Schema, problem)),
                backup,
            ));
        }
        Ok((converted, Some(copy)))
    }

    /// Copies the database with another page size. `VACUUM INTO` keeps every rowid.
    fn with_page_size(&self, original: &Staged, page_size: u64, folder: &Path) -> Result<Staged> {
        let resized = Staged::new(folder)?;
        let connection = connection::open_backup(original.path(), self.busy_timeout)?;
        connection
            .execute_batch(&format!("PRAGMA page_size={page_size}"))
            .and_then(|()| connection.execute("VACUUM INTO ?1", [for_system(resized.path()).to_string_lossy()]))
            .map_err(|error| explain(&error, folder, Role::Backup))?;
        Ok(resized)
    }
}
