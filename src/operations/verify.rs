//! Verifying a backup that was made earlier, perhaps elsewhere.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::database::shape::Shape;
use crate::report::error::Result;
use crate::report::progress::ProgressFn;
use crate::store::Store;

/// The answer of [`Store::verify`]. A backup that is not whole is an error, with what is wrong in
/// [`Error::problems`](crate::report::error::Error::problems).
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
    /// Fails with `Cause::BackupNotFound`, `Cause::NotADatabase` and `Cause::BackupCorrupt`.
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
}
