//! Verifying an existing backup.
//!
//! The check finds structural damage, but not a changed letter in a text. So the contents are also compared with the hash in the
//! catalogue, on a thread of their own while the check runs.

use std::path::{Path, PathBuf};
use std::thread;

use serde::Serialize;

use crate::block_io::file_hash::hash_of_path;
use crate::catalog::record::{Changes, Record};
use crate::database::check::Remarks;
use crate::database::shape::Shape;
use crate::files::folder_lock::FolderLock;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Warning};
use crate::report::progress::ProgressFn;
use crate::report::waiting;
use crate::steps::catalogue_entry::Recorded;
use crate::store::Store;

/// The answer of [`Store::verify`]. A damaged backup is an error, with the problems in
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
    /// What did not work beside the verification.
    pub warnings: Vec<Warning>,
}

impl Store {
    /// Verifies a backup, given by its name or path, as thoroughly as the store's options say. For a backup in the backup
    /// folder it also compares the contents with the recorded hash, and records the outcome in the catalogue.
    ///
    /// Fails with `Cause::BackupNotFound`, `Cause::NotADatabase` and `Cause::BackupCorrupt`.
    pub fn verify(&self, backup: &Path, progress: ProgressFn<'_>) -> Result<Verified> {
        waiting::watched(progress, |progress| self.verify_watched(backup, progress))
    }

    pub(super) fn verify_watched(&self, backup: &Path, progress: ProgressFn<'_>) -> Result<Verified> {
        let path = self.find_backup(backup)?;
        let recorded = self.recorded(&path);
        let (checked, hash) = thread::scope(|scope| {
            let hashing = recorded.is_some().then(|| {
                let hasher = thread::Builder::new().name("respaldo-hash".to_owned());
                hasher.spawn_scoped(scope, || hash_of_path(&path))
            });
            let checked = self.check_file(&path, progress);
            let hash = hashing.map(|thread| match thread {
                Ok(thread) => thread.join().ok().flatten(),
                Err(_) => hash_of_path(&path),
            });
            (checked, hash.flatten())
        });
        let outcome = match &recorded {
            Some(recorded) => self.compare_contents(&path, recorded, hash, checked),
            None => checked,
        };
        let warning = match (recorded, &outcome) {
            (Some(recorded), Ok(_)) => self.record_outcome(recorded, hash, None),
            (Some(recorded), Err(error)) if is_verdict(error) => self.record_outcome(recorded, hash, Some(error)),
            _ => None,
        };
        let (Shape { pages, page_size, .. }, remarks) = outcome?;
        let mut warnings = remarks.warnings(self.language);
        warnings.extend(warning);
        Ok(Verified {
            ok: true,
            path,
            pages,
            page_size,
            problems: vec![],
            warnings,
        })
    }

    fn check_file(&self, path: &Path, progress: ProgressFn<'_>) -> Result<CheckedDatabase> {
        let mut source = self.hold_backup(path)?;
        let remarks = self.check_backup(&mut source, progress)?;
        Ok((source.shape, remarks))
    }

    /// Adds changed contents to the result of the check.
    fn compare_contents(
        &self,
        path: &Path,
        recorded: &Recorded,
        hash: Option<blake3::Hash>,
        checked: Result<CheckedDatabase>,
    ) -> Result<CheckedDatabase> {
        let expected = recorded.record.as_ref().and_then(Record::hash);
        if expected.is_none() || hash.is_none() || hash == expected {
            return checked;
        }
        let changed = Damage::new(DamageKind::Changed, messages::contents_changed(self.language));
        let damage = match checked {
            Ok(_) => changed,
            Err(Error {
                cause: Cause::BackupCorrupt(found),
                ..
            }) => changed.and(found),
            Err(error) => return Err(error),
        };
        Err(Error::at(Cause::BackupCorrupt(damage), path))
    }

    /// Records the outcome in the catalogue, unless the file changed meanwhile.
    fn record_outcome(
        &self,
        recorded: Recorded,
        hash: Option<blake3::Hash>,
        damage: Option<&Error>,
    ) -> Option<Warning> {
        let now = self.now().ok()?;
        // A backup that is being made writes the catalogue too.
        let _lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout).ok()?;
        self.sweep_orphans();
        let mut changes = Changes::default().state(recorded.state);
        if let Some(error) = damage {
            changes = changes.damaged(&now, error.repairable() == Some(true));
        } else {
            changes = changes.verified(&now).hash(hash);
            let before = recorded.record.as_ref();
            if before.is_some_and(|record| record.state() != recorded.state && record.hash() != hash) {
                changes = changes.without_content();
            }
        }
        self.change_record(&recorded, changes)
    }
}

/// The shape of a sound database, and the remarks of its check.
type CheckedDatabase = (Shape, Remarks);

/// Whether an error is about the backup itself, not about reading it.
fn is_verdict(error: &Error) -> bool {
    matches!(error.cause, Cause::BackupCorrupt(_) | Cause::NotADatabase)
}
