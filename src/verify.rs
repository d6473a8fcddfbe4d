//! Verifying a backup that was made earlier, perhaps elsewhere.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::check::{self, Shape};
use crate::connection::{self, has_log};
use crate::error::Result;
use crate::log_index::LogIndex;
use crate::progress::ProgressFn;
use crate::snapshot::Source;
use crate::sqlite_error::Role;
use crate::staging::same_file;
use crate::store::Store;

/// The answer of [`Store::verify`]. A backup that is not whole is an error, with what is wrong in
/// [`Error::problems`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Always true.
    pub ok: bool,
    /// The absolute path.
    pub path: PathBuf,
    /// Pages of the database.
    pub pages: u64,
    /// Bytes of a page.
    pub page_size: u64,
    /// Always empty.
    pub problems: Vec<String>,
}

impl Store {
    /// Verifies a backup, given by its name or path, as thoroughly as the store's options say.
    ///
    /// Fails with [`Cause::BackupNotFound`], [`Cause::NotADatabase`] and [`Cause::BackupCorrupt`].
    pub fn verify(&self, backup: &Path, progress: ProgressFn<'_>) -> Result<Verified> {
        let path = self.find_backup(backup)?;
        let mut source = self.hold_backup(&path)?;
        self.check_backup(&mut source, progress)?;
        let Shape { pages, page_size, .. } = source.shape;
        Ok(Verified {
            ok: true,
            path,
            pages,
            page_size,
            problems: vec![],
        })
    }

    /// A backup held in one read transaction.
    pub(crate) fn hold_backup(&self, path: &Path) -> Result<Source> {
        if same_file(path, &self.database) {
            // Verifying the live database is fine too, but its file must not be opened beside SQLite.
            let connection = connection::open_live_for_reading(path, self.busy_timeout)?;
            return Source::hold(connection, path, Role::Live);
        }
        let log_index = LogIndex::before_reading(path);
        let source = Source::hold(connection::open_backup(path, self.busy_timeout)?, path, Role::Backup)?;
        Ok(Source {
            _log_index: log_index,
            ..source
        })
    }

    /// Whether a held backup is whole.
    pub(crate) fn check_backup(&self, source: &mut Source, progress: ProgressFn<'_>) -> Result<()> {
        let mut problems = Vec::new();
        if !has_log(&source.path) {
            problems.extend(check::length_problem(&source.path, &source.shape)?);
        }
        let Source {
            connection,
            shape,
            path,
            role,
            ..
        } = source;
        let findings = check::run(connection, path, *role, self.verify, shape, progress)?;
        problems.extend(findings.problems);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(source.corrupt(problems))
        }
    }
}
