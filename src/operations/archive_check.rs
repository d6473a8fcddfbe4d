//! Checking the archive.

use serde::Serialize;

use crate::report::error::{Cause, Error, Result};
use crate::report::progress::ProgressFn;
use crate::store::Store;

/// The answer of [`Store::archive_check`]. A damaged archive is an error, with the problems in
/// [`Error::problems`](crate::report::error::Error::problems).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveChecked {
    /// Always true.
    pub ok: bool,
    /// Whether every byte was read.
    pub read_data: bool,
    /// Always empty.
    pub problems: Vec<String>,
}

impl Store {
    /// Checks that the archive holds all that its snapshots need; with `read_data` also that every byte is as it was stored.
    ///
    /// Fails with `Cause::ArchiveDamaged`, and with the other causes that begin with `Archive`.
    pub fn archive_check(&self, read_data: bool, progress: ProgressFn<'_>) -> Result<ArchiveChecked> {
        let location = self.archive_options()?.location();
        let problems = self.with_archive(progress, |archive| {
            let unreadable = archive.list(self.zone)?.unreadable;
            let mut problems = archive.check(read_data)?;
            if unreadable > 0 {
                problems.push(format!("{unreadable} snapshots cannot be read"));
            }
            Ok(problems)
        })?;
        if !problems.is_empty() {
            return Err(Error::at(Cause::ArchiveDamaged(problems), location));
        }
        Ok(ArchiveChecked {
            ok: true,
            read_data,
            problems,
        })
    }
}
