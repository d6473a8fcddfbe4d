//! Fetching a backup from the archive into a new file.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::clock::milliseconds;
use crate::files::folder::ensure_folder;
use crate::files::given_path::absolute;
use crate::files::paths::{SIDECARS, is_free, parent, with_suffix};
use crate::files::staging::Published;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::Warning;
use crate::report::progress::ProgressFn;
use crate::steps::fetched_snapshot::FetchedSnapshot;
use crate::store::Store;

/// What to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFetchRequest {
    /// The snapshot's identifier, its first digits, or `latest`.
    pub snapshot: String,
    /// The new file; `None` is the backup's own name in the backup folder.
    pub target: Option<PathBuf>,
}

/// The answer of [`Store::archive_fetch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveFetched {
    /// The new file.
    pub path: PathBuf,
    /// The snapshot.
    pub snapshot: String,
    /// Its bytes.
    pub size: u64,
    /// What a verification of it remarks.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Store {
    /// Fetches a snapshot, compares it with what was backed up, verifies it, and only then gives it its name. Never over a file.
    ///
    /// Fails with `Cause::SnapshotNotFound`, `Cause::TargetExists`, `Cause::BackupCorrupt`, and with the causes that begin with
    /// `Archive`.
    pub fn archive_fetch(&self, request: &ArchiveFetchRequest, progress: ProgressFn<'_>) -> Result<ArchiveFetched> {
        let started = Instant::now();
        self.archive_options()?;
        let target = request.target.as_deref();
        let target = target.map(|target| absolute("target", target)).transpose()?;
        let folder = match &target {
            Some(target) => {
                require_free(target)?;
                parent(target)
            }
            None => {
                ensure_folder(&self.backup_dir, parent(&self.database))?;
                &self.backup_dir
            }
        };
        let fetched = self.fetch_snapshot(&request.snapshot, folder, progress)?;
        let target = target.unwrap_or_else(|| self.backup_dir.join(own_name(&fetched)));
        require_free(&target)?;
        let warnings = self.verify_fetched(&fetched, &target, progress)?;
        let model = fs::metadata(&self.database).ok();
        fetched.file.finish(model.as_ref())?;
        let size = fetched.snapshot.size;
        match fetched.file.publish(&target)? {
            Published::Done => Ok(ArchiveFetched {
                path: target,
                snapshot: fetched.snapshot.id,
                size,
                warnings,
                duration_ms: milliseconds(started),
            }),
            Published::NameTaken(_) => Err(Error::at(Cause::TargetExists, target)),
        }
    }

    /// Verifies the fetched file like any backup. Errors name the file that it is to become.
    fn verify_fetched(
        &self,
        fetched: &FetchedSnapshot,
        target: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Vec<Warning>> {
        let checked = self
            .hold_backup(fetched.file.path())
            .and_then(|mut source| self.check_backup(&mut source, progress));
        let remarks = checked.map_err(|error| Error {
            path: error.path.map(|_| target.to_owned()),
            cause: error.cause,
        })?;
        Ok(remarks.warnings(self.language))
    }
}

fn require_free(target: &Path) -> Result<()> {
    let sidecars = SIDECARS.iter().map(|suffix| with_suffix(target, suffix));
    match [target.to_owned()]
        .into_iter()
        .chain(sidecars)
        .find(|path| !is_free(path))
    {
        Some(taken) => Err(Error::at(Cause::TargetExists, taken)),
        None => Ok(()),
    }
}

/// The backup's name, if that is a plain file name: what the archive says may be of any program.
fn own_name(fetched: &FetchedSnapshot) -> String {
    let name = &fetched.snapshot.name;
    let mut components = Path::new(name).components();
    let is_plain = matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == name.as_str());
    if is_plain && !name.starts_with('.') && !name.contains(['\0', ':', '\\']) {
        name.clone()
    } else {
        format!("snapshot_{}.db", &fetched.snapshot.id[..8])
    }
}
