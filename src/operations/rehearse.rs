//! A rehearsal: restores a backup into a temporary file, runs the application's checks on it, and removes it.
//!
//! The copy lies in a temporary folder with a lock of its own, so that backups can be made meanwhile, also while a rehearsal takes
//! long. The next backup removes what a killed process left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::block_io::file_hash::hash_of_path;
use crate::catalog::backup::{Backup, Kind};
use crate::catalog::file_facts::FileFacts;
use crate::catalog::folder::Folder;
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
use crate::files::temporary_folder::{self, TemporaryFolder};
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Warning};
use crate::report::progress::{Progress, ProgressFn, unwatched};
use crate::report::waiting;
use crate::steps::catalogue_entry::Recorded;
use crate::steps::room;
use crate::steps::snapshot::{self, Source};
use crate::store::Store;

/// What to rehearse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RehearseRequest {
    /// A name or path, as for a restore; `None` is the newest.
    pub backup: Option<PathBuf>,
    /// The application's checks: SQL whose first value is true when all is well.
    pub checks: Vec<String>,
}

/// The answer of [`Store::rehearse`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rehearsed {
    /// Whether there is no problem and every check is true.
    pub ok: bool,
    /// The backup.
    pub backup: Backup,
    /// The result of each check.
    pub checks: Vec<Checked>,
    /// Differences from the catalogue.
    pub problems: Vec<String>,
    /// What did not work beside the rehearsal.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The check.
    pub sql: String,
    /// Whether SQLite takes the first value as true.
    pub ok: bool,
    /// That value, or the text of the error.
    pub got: Value,
}

impl Store {
    /// Restores a backup into a temporary file, verifies it, compares it with the catalogue and runs the checks. Always removes the
    /// file. Records the outcome in the catalogue.
    ///
    /// Fails with [`Cause::BackupNotFound`], [`Cause::BackupCorrupt`] and [`Cause::NotADatabase`] (the last two are recorded too),
    /// [`Cause::Busy`], [`Cause::DiskFull`] and [`Cause::Cancelled`]. A check that is not true sets `ok` to false.
    pub fn rehearse(&self, request: &RehearseRequest, progress: ProgressFn<'_>) -> Result<Rehearsed> {
        waiting::watched(progress, |progress| self.rehearse_watched(request, progress))
    }

    fn rehearse_watched(&self, request: &RehearseRequest, progress: ProgressFn<'_>) -> Result<Rehearsed> {
        let started = Instant::now();
        if fs::metadata(&self.backup_dir).is_err() && request.backup.is_none() {
            return Err(Error::at(Cause::BackupNotFound, &self.backup_dir));
        }
        let (rehearsal, _) = self.prepare_rehearsal(request)?;
        self.conduct(rehearsal, request, started, progress)
    }

    /// Rehearses the newest backup, unless a rehearsal is going on already.
    pub(super) fn rehearse_newest(&self, checks: &[String]) -> Result<Option<Rehearsed>> {
        let started = Instant::now();
        let request = RehearseRequest {
            backup: None,
            checks: checks.to_vec(),
        };
        let (rehearsal, is_another_running) = self.prepare_rehearsal(&request)?;
        if is_another_running {
            return Ok(None);
        }
        self.conduct(rehearsal, &request, started, &mut unwatched).map(Some)
    }

    /// Finds and opens the backup, and makes the folder for its copy, under the backup folder's lock. Also returns whether another
    /// rehearsal is going on.
    fn prepare_rehearsal(&self, request: &RehearseRequest) -> Result<(Rehearsal, bool)> {
        let _lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        let is_another_running = self.sweep_orphans();
        let backup = self.backup_to_rehearse(request)?;
        let recorded = self.recorded(&backup.path);
        let opened = self.hold_backup(&backup.path).and_then(|source| {
            let folder = self.folder_with_room(source.shape.bytes())?;
            Ok((source, folder))
        });
        let rehearsal = Rehearsal {
            backup,
            recorded,
            opened,
        };
        Ok((rehearsal, is_another_running))
    }

    fn conduct(
        &self,
        rehearsal: Rehearsal,
        request: &RehearseRequest,
        started: Instant,
        progress: ProgressFn<'_>,
    ) -> Result<Rehearsed> {
        let Rehearsal {
            backup,
            recorded,
            opened,
        } = rehearsal;
        let trial = opened
            .and_then(|(source, folder)| self.try_out(&backup, source, recorded.as_ref(), request, folder, progress));
        let warnings = recorded.and_then(|recorded| self.record_trial(&recorded, &trial));
        let trial = trial?;
        let ok = trial.problems.is_empty() && trial.checks.iter().all(|check| check.ok);
        let listed = self.read_folder()?.backups.into_iter().find(|b| b.path == backup.path);
        Ok(Rehearsed {
            ok,
            backup: listed.unwrap_or(backup),
            checks: trial.checks,
            problems: trial.problems,
            warnings: warnings.into_iter().collect(),
            duration_ms: milliseconds(started),
        })
    }

    /// Records the outcome in the catalogue, if the rehearsal has one.
    fn record_trial(&self, recorded: &Recorded, trial: &Result<Trial>) -> Option<Warning> {
        let changes = outcome(recorded, trial, &self.now().ok()?)?;
        let _lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout).ok()?;
        self.change_record(recorded, changes)
    }

    fn backup_to_rehearse(&self, request: &RehearseRequest) -> Result<Backup> {
        let folder = self.read_folder()?;
        let now = self.now()?;
        let Some(given) = &request.backup else {
            let newest = newest_to_rehearse(&folder, &now).cloned();
            return newest.ok_or_else(|| Error::at(Cause::BackupNotFound, &self.backup_dir));
        };
        let path = self.find_backup(given)?;
        let listed = folder.backups.into_iter().find(|backup| same_file(&backup.path, &path));
        Ok(listed.unwrap_or_else(|| self.backup_elsewhere(&path)))
    }

    /// Describes a safety copy, or a file in another folder.
    pub(super) fn backup_elsewhere(&self, path: &Path) -> Backup {
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
        source: Source,
        recorded: Option<&Recorded>,
        request: &RehearseRequest,
        folder: TemporaryFolder,
        progress: ProgressFn<'_>,
    ) -> Result<Trial> {
        let now = Progress {
            pages_done: source.shape.pages,
            pages_total: source.shape.pages,
        };
        let model = fs::metadata(&self.database)
            .or_else(|_| fs::metadata(&backup.path))
            .ok();
        let copy = snapshot::take(source, folder.path(), model.as_ref(), self.verify, progress)?.file;
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
        Ok(Trial { checks, problems, hash })
    }

    /// A temporary folder in the backup folder; without room there, in a private folder of the system.
    fn folder_with_room(&self, bytes: u64) -> Result<TemporaryFolder> {
        let has_room = |folder: &Path| room::free(folder).is_none_or(|free| free > bytes);
        if !has_room(&self.backup_dir)
            && let Ok(folder) = private_folder(&self.database)
            && has_room(&folder)
        {
            let _lock = FolderLock::acquire(&folder, self.busy_timeout)?;
            temporary_folder::sweep(&folder);
            return TemporaryFolder::new(&folder);
        }
        // With no room at all, copying reports how much is missing.
        TemporaryFolder::new(&self.backup_dir)
    }
}

/// The newest backup that is known to be whole; without one, the newest that may be.
pub(super) fn newest_to_rehearse<'a>(folder: &'a Folder, now: &Moment) -> Option<&'a Backup> {
    let newest = |is: &dyn Fn(&Backup) -> bool| folder.own().find(|b| b.created_at <= *now && is(b));
    newest(&|backup| backup.known_whole == Some(true)).or_else(|| newest(&Backup::may_be_whole))
}

/// A rehearsal that can begin: the backup, open, and the folder for its copy.
struct Rehearsal {
    backup: Backup,
    recorded: Option<Recorded>,
    /// An error can be the outcome: a backup that does not open.
    opened: Result<(Source, TemporaryFolder)>,
}

/// The findings of a rehearsal that ran to the end.
struct Trial {
    checks: Vec<Checked>,
    problems: Vec<String>,
    hash: Option<blake3::Hash>,
}

/// Whether the file is in the state that the catalogue records.
fn is_as_recorded(recorded: &Recorded) -> bool {
    let known = recorded.record.as_ref().and_then(Record::state);
    known.is_some() && known == recorded.state
}

/// What the catalogue records; `None` for a rehearsal that did not finish.
fn outcome(recorded: &Recorded, trial: &Result<Trial>, now: &Moment) -> Option<Changes> {
    let changes = Changes::default().state(recorded.state);
    match trial {
        Ok(trial) => {
            // Verifying the copy verifies the backup.
            let is_whole = trial.problems.is_empty();
            let ok = is_whole && trial.checks.iter().all(|check| check.ok);
            let changes = if is_as_recorded(recorded) {
                changes
            } else {
                changes.hash(trial.hash).without_content()
            };
            let changes = if is_whole {
                changes.verified(now)
            } else {
                changes.damaged(now, false)
            };
            Some(changes.rehearsed(now, ok))
        }
        Err(error) if matches!(error.cause, Cause::BackupCorrupt(_) | Cause::NotADatabase) => {
            let repairable = error.repairable() == Some(true);
            Some(changes.damaged(now, repairable).rehearsed(now, false))
        }
        Err(_) => None,
    }
}
