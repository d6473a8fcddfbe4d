//! A rehearsal: a backup is restored elsewhere, opened, asked the application's own questions, and removed again.
//!
//! The copy is a temporary file that is made under the lock of its folder, so that the sweep finds what a killed process left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::block_io::file_hash::hash_of_path;
use crate::catalog::backup::{Backup, Kind};
use crate::catalog::file_facts::FileFacts;
use crate::catalog::record::{Changes, Record};
use crate::clock::{Moment, milliseconds};
use crate::database::app_checks;
use crate::database::connection;
use crate::database::contents::count_rows;
use crate::database::header::Header;
use crate::database::sqlite_error::{Role, explain};
use crate::failpoint;
use crate::files::folder_lock::FolderLock;
use crate::files::paths::same_file;
use crate::files::private_folder::private_folder;
use crate::files::staging;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Warning};
use crate::report::progress::{Progress, ProgressFn};
use crate::steps::catalogue_entry::Recorded;
use crate::steps::room;
use crate::steps::snapshot;
use crate::store::Store;

/// What to rehearse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RehearseRequest {
    /// A name or path, as for a restore; `None` is the newest.
    pub backup: Option<PathBuf>,
    /// The application's own questions: SQL whose first value is true where all is well.
    pub checks: Vec<String>,
}

/// The answer of [`Store::rehearse`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rehearsed {
    /// Whether nothing was found, and every check is true.
    pub ok: bool,
    /// The backup.
    pub backup: Backup,
    /// What came of each check.
    pub checks: Vec<Checked>,
    /// What is not as the catalogue says.
    pub problems: Vec<String>,
    /// What did not work beside the rehearsal.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The question.
    pub sql: String,
    /// Whether the first value is true, as SQLite sees it.
    pub ok: bool,
    /// That value, or the text of the error.
    pub got: Value,
}

impl Store {
    /// Restores a backup into a temporary file, verifies it, compares it with what is known of it, asks the checks, and removes
    /// it, whatever happens. The catalogue remembers how it ended.
    ///
    /// Fails with [`Cause::BackupNotFound`], [`Cause::BackupCorrupt`] and [`Cause::NotADatabase`] (which are remembered too),
    /// [`Cause::Busy`], [`Cause::DiskFull`] and [`Cause::Cancelled`]. A check that is not true is no failure, but `ok` is false.
    pub fn rehearse(&self, request: &RehearseRequest, progress: ProgressFn<'_>) -> Result<Rehearsed> {
        let started = Instant::now();
        if fs::metadata(&self.backup_dir).is_err() && request.backup.is_none() {
            return Err(Error::at(Cause::BackupNotFound, &self.backup_dir));
        }
        let place = self.rehearsal_place()?;
        let backup = self.backup_to_rehearse(request)?;
        let recorded = self.recorded(&backup.path);
        let tried = self.try_out(&backup, recorded.as_ref(), request, &place, progress);
        let now = self.now()?;
        let mut warnings = Vec::new();
        if let Some(recorded) = &recorded
            && let Some(changes) = outcome(recorded, &tried, &now)
        {
            warnings.extend(self.change_record(recorded, changes));
        }
        let tried = tried?;
        let ok = tried.problems.is_empty() && tried.checks.iter().all(|check| check.ok);
        let listed = self.read_folder()?.backups.into_iter().find(|b| b.path == backup.path);
        Ok(Rehearsed {
            ok,
            backup: listed.unwrap_or(backup),
            checks: tried.checks,
            problems: tried.problems,
            warnings,
            duration_ms: milliseconds(started),
        })
    }

    /// The lock of the backup folder, which must be there to be swept.
    fn rehearsal_place(&self) -> Result<FolderLock> {
        let lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        self.sweep_orphans();
        Ok(lock)
    }

    fn backup_to_rehearse(&self, request: &RehearseRequest) -> Result<Backup> {
        let folder = self.read_folder()?;
        let now = self.now()?;
        let Some(given) = &request.backup else {
            let newest = |is: &dyn Fn(&Backup) -> bool| folder.own().find(|b| b.created_at <= now && is(b)).cloned();
            return newest(&|backup| backup.known_whole == Some(true))
                .or_else(|| newest(&Backup::may_be_whole))
                .ok_or_else(|| Error::at(Cause::BackupNotFound, &self.backup_dir));
        };
        let path = self.find_backup(given)?;
        let listed = folder.backups.into_iter().find(|backup| same_file(&backup.path, &path));
        Ok(listed.unwrap_or_else(|| self.backup_elsewhere(&path)))
    }

    /// A safety copy, or a file in another folder.
    fn backup_elsewhere(&self, path: &Path) -> Backup {
        let facts = FileFacts {
            metadata: fs::metadata(path).ok(),
            header: Header::read(path).ok().flatten(),
            is_elsewhere: false,
            is_known_whole: false,
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.backup_at(path, &name, &facts, Kind::Preserved, None)
    }

    fn try_out(
        &self,
        backup: &Backup,
        recorded: Option<&Recorded>,
        request: &RehearseRequest,
        _lock: &FolderLock,
        progress: ProgressFn<'_>,
    ) -> Result<Tried> {
        let source = self.hold_backup(&backup.path)?;
        let now = Progress {
            pages_done: source.shape.pages,
            pages_total: source.shape.pages,
        };
        let (folder, _elsewhere) = self.folder_with_room(source.shape.bytes())?;
        let model = fs::metadata(&self.database)
            .or_else(|_| fs::metadata(&backup.path))
            .ok();
        let copy = snapshot::take(source, &folder, model.as_ref(), self.verify, progress)?.file;
        failpoint::reach("rehearsal_copied");
        let mut connection = connection::open_backup(copy.path(), Duration::ZERO)?;
        let mut problems = Vec::new();
        let known = recorded.and_then(|recorded| recorded.record.as_ref().filter(|_| is_as_recorded(recorded)));
        let hash = hash_of_path(&backup.path);
        if hash.is_some() && known.and_then(Record::hash).is_some_and(|known| Some(known) != hash) {
            problems.push(messages::contents_changed(self.language));
        }
        let rows = known.and_then(|record| record.content.as_ref()?.tables.clone());
        if let (Some(known), Some(counted)) = (rows, count_rows(&connection))
            && counted.iter().cloned().collect::<BTreeMap<_, _>>() != known
        {
            problems.push(messages::rows_differ(self.language));
        }
        app_checks::prepare(&mut connection).map_err(|error| explain(&error, copy.path(), Role::Backup))?;
        let mut checks = Vec::new();
        for sql in &request.checks {
            let answer = app_checks::ask(&connection, sql, now, progress)?;
            checks.push(Checked {
                sql: sql.clone(),
                ok: answer.ok,
                got: answer.got,
            });
        }
        Ok(Tried { checks, problems, hash })
    }

    /// The backup folder, or where that has no room a private folder of the system's, with its lock.
    fn folder_with_room(&self, bytes: u64) -> Result<(PathBuf, Option<FolderLock>)> {
        let has_room = |folder: &Path| room::free(folder).is_none_or(|free| free > bytes);
        if !has_room(&self.backup_dir)
            && let Ok(folder) = private_folder(&self.database)
            && has_room(&folder)
        {
            let lock = FolderLock::acquire(&folder, self.busy_timeout)?;
            staging::sweep(&folder);
            return Ok((folder, Some(lock)));
        }
        // Where there is no room at all, copying says how much is missing.
        Ok((self.backup_dir.clone(), None))
    }
}

struct Tried {
    checks: Vec<Checked>,
    problems: Vec<String>,
    hash: Option<blake3::Hash>,
}

/// Whether the file is what it was when the catalogue got to know it.
fn is_as_recorded(recorded: &Recorded) -> bool {
    let known = recorded.record.as_ref().and_then(Record::state);
    known.is_some() && known == recorded.state
}

/// What the catalogue is to remember; nothing of a rehearsal that did not get to an end.
fn outcome(recorded: &Recorded, tried: &Result<Tried>, now: &Moment) -> Option<Changes> {
    let changes = Changes::default().state(recorded.state);
    match tried {
        Ok(tried) => {
            // The copy was verified against the backup, so the backup was.
            let is_whole = tried.problems.is_empty();
            let ok = is_whole && tried.checks.iter().all(|check| check.ok);
            let changes = if is_as_recorded(recorded) {
                changes
            } else {
                changes.hash(tried.hash).without_content()
            };
            Some(changes.verified(now, is_whole).rehearsed(now, ok))
        }
        Err(error) if matches!(error.cause, Cause::BackupCorrupt(_) | Cause::NotADatabase) => {
            Some(changes.verified(now, false).rehearsed(now, false))
        }
        Err(_) => None,
    }
}
