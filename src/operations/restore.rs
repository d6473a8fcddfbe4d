//! Restoring a backup into the live database, or into a new file.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::catalog::file_facts::is_elsewhere;
use crate::catalog::record::Changes;
use crate::clock::milliseconds;
use crate::database::check::Remarks;
use crate::database::connection;
use crate::database::header;
use crate::database::live_file::LiveFile;
use crate::files::folder::ensure_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::given_path::absolute;
use crate::files::paths::{SIDECARS, is_free, parent, real_path, same_file, with_suffix};
use crate::files::sidecars::has_wal;
use crate::files::staging::{self, Published};
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::system_error::is_missing;
use crate::report::waiting;
use crate::steps::overwrite::Live;
use crate::steps::safety_copy::{SafetyCopy, is_damage, no_file};
use crate::steps::snapshot;
use crate::store::Store;

/// What to restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreRequest {
    /// A bare name, looked up in the backup folder and then among the safety copies; or any path.
    pub backup: PathBuf,
    /// The reason, for `restores.jsonl`.
    pub reason: Option<String>,
    /// Writes this new file instead of the live database.
    pub target: Option<PathBuf>,
    /// Restores also a backup of another database.
    pub allow_different: bool,
    /// Restores this snapshot of the archive: its identifier, its first digits, or `latest`. Then `backup` is not looked at.
    pub snapshot: Option<String>,
    /// Only checks whether the backup could be restored into the live database.
    pub dry_run: bool,
}

impl RestoreRequest {
    /// Restores this backup into the live database.
    pub fn of(backup: impl Into<PathBuf>) -> RestoreRequest {
        RestoreRequest {
            backup: backup.into(),
            reason: None,
            target: None,
            allow_different: false,
            snapshot: None,
            dry_run: false,
        }
    }

    /// Restores this snapshot of the archive into the live database.
    pub fn of_snapshot(snapshot: impl Into<String>) -> RestoreRequest {
        RestoreRequest {
            snapshot: Some(snapshot.into()),
            ..RestoreRequest::of(PathBuf::new())
        }
    }
}

/// The answer of [`Store::restore`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The backup.
    pub restored_from: PathBuf,
    /// The file that was written.
    pub database: PathBuf,
    /// The database as it was; `None` when there was none, with a target, and in a dry run.
    pub safety_backup: Option<PathBuf>,
    /// Whether this was a check only, and nothing was restored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What did not work beside the restore.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

enum LiveState {
    Missing,
    Unusable,
    Usable(Live),
}

impl Store {
    /// Verifies a backup, makes a durable safety copy, and writes the backup as one transaction.
    ///
    /// Fails, with the database as it was, with [`Cause::BackupNotFound`], [`Cause::NotADatabase`] and
    /// [`Cause::BackupCorrupt`] when the backup is not usable, [`Cause::DifferentDatabase`] when it is of another database,
    /// [`Cause::SchemaTooNew`] when its schema is newer than the application's, [`Cause::SameFile`] when it is the live database,
    /// [`Cause::DatabaseLocked`] when another program keeps the database locked, [`Cause::Busy`],
    /// [`Cause::DiskFull`], [`Cause::PermissionDenied`], [`Cause::Cancelled`], and [`Cause::RestoreFailed`] when
    /// writing fails. With a target, [`Cause::TargetExists`] instead of overwriting anything.
    pub fn restore(&self, request: &RestoreRequest, progress: ProgressFn<'_>) -> Result<Restored> {
        waiting::watched(progress, |progress| self.restore_watched(request, progress))
    }

    fn restore_watched(&self, request: &RestoreRequest, progress: ProgressFn<'_>) -> Result<Restored> {
        match &request.snapshot {
            None => {
                let backup = self.find_backup(&request.backup)?;
                self.restore_file(request, &backup, &backup, progress)
            }
            Some(snapshot) => self.restore_snapshot(request, snapshot, progress),
        }
    }

    /// Fetches a snapshot of the archive beside the file that is to be written, restores that, and removes it.
    fn restore_snapshot(&self, request: &RestoreRequest, snapshot: &str, progress: ProgressFn<'_>) -> Result<Restored> {
        let database = match &request.target {
            Some(target) => absolute("target", target)?,
            None => self.database.clone(),
        };
        let fetched = self.fetch_snapshot(snapshot, parent(&database), progress)?;
        let described = fetched.snapshot.description.as_ref();
        let other = described.filter(|described| described.database != self.database_name());
        if let Some(other) = other.filter(|_| request.target.is_none() && !request.allow_different) {
            let cause = Cause::DifferentDatabase(Some(other.database.clone()));
            return Err(Error::at(cause, fetched.location));
        }
        self.restore_file(request, fetched.file.path(), &fetched.location, progress)
    }

    /// Restores the backup at `backup`, which answers and the log call `named`.
    fn restore_file(
        &self,
        request: &RestoreRequest,
        backup: &Path,
        named: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Restored> {
        let started = Instant::now();
        // Before the file is read: reading a placeholder downloads it.
        let was_elsewhere = fs::metadata(backup).is_ok_and(|metadata| is_elsewhere(&metadata));
        let database = match &request.target {
            Some(target) => absolute("target", target)?,
            None => self.database.clone(),
        };
        let older_schema = match &request.target {
            Some(_) => None,
            None => self.check_schema(backup)?,
        };
        if request.dry_run {
            let remarks = self.check_restorable(backup, request.allow_different, progress)?;
            return Ok(Restored {
                restored_from: named.to_owned(),
                database,
                safety_backup: None,
                dry_run: true,
                warnings: older_schema
                    .into_iter()
                    .chain(remarks.warnings(self.language))
                    .collect(),
                duration_ms: milliseconds(started),
            });
        }
        let _locks = self.prepare_restore(backup, &database)?;
        let safety = match &request.target {
            Some(_) => self
                .write_elsewhere(backup, &database, progress)
                .inspect(|_| drop(self.record_rehearsal(backup)))
                .map(|remarks| (None, remarks)),
            None => waiting::as_cancelled(self.restore_live(backup, request.allow_different, progress)),
        };
        if safety.is_err() {
            connection::remove_empty_wal(&self.database);
        }
        let outcome = safety.map(|(safety, remarks)| Restored {
            restored_from: named.to_owned(),
            database: database.clone(),
            safety_backup: safety.map(|copy| copy.path),
            dry_run: false,
            warnings: remarks.warnings(self.language),
            duration_ms: milliseconds(started),
        });
        let mut warnings = self.log_restore(
            named,
            &database,
            request.reason.as_deref(),
            outcome.as_ref().map(|restored| restored.safety_backup.as_deref()),
        );
        warnings.extend(older_schema);
        if was_elsewhere {
            warnings.push(messages::warning(&Notice::BackupWasDownloaded(backup), self.language));
        }
        outcome.map(|restored| Restored {
            warnings: [warnings, restored.warnings].concat(),
            ..restored
        })
    }

    /// Refuses what [`restore_live`](Self::restore_live) refuses. Takes no lock, and writes nothing.
    fn check_restorable(&self, backup: &Path, allow_different: bool, progress: ProgressFn<'_>) -> Result<Remarks> {
        if same_file(backup, &self.database) {
            return Err(Error::at(Cause::SameFile, &self.database));
        }
        if !allow_different {
            self.refuse_recorded_as_different(backup)?;
        }
        let mut source = self.hold_backup(backup)?;
        // A database that cannot be read is why people restore.
        if !allow_different && connection::hold_for_reading(&self.database, self.busy_timeout).is_some() {
            self.refuse_without_common_table(&source)?;
        }
        connection::remove_empty_wal(&self.database);
        self.check_backup(&mut source, progress)
    }

    /// Refuses a backup that is its own target, takes the locks against other backups and restores, and sweeps.
    fn prepare_restore(&self, backup: &Path, target: &Path) -> Result<Vec<FolderLock>> {
        if same_file(backup, target) {
            return Err(Error::at(Cause::SameFile, target));
        }
        ensure_folder(&self.backup_dir, parent(&self.database))?;
        let mut locks = vec![FolderLock::acquire(&self.backup_dir, self.busy_timeout)?];
        let written = parent(target);
        if !same_file(&self.backup_dir, written) {
            locks.push(FolderLock::acquire(written, self.busy_timeout)?);
        }
        staging::sweep(&self.backup_dir);
        staging::sweep(written);
        Ok(locks)
    }

    /// Writes the backup to a new file.
    fn write_elsewhere(&self, backup: &Path, target: &Path, progress: ProgressFn<'_>) -> Result<Remarks> {
        // SQLite would apply an existing sidecar to the new file.
        let sidecars = SIDECARS.iter().map(|suffix| with_suffix(target, suffix));
        for path in [target.to_owned()].into_iter().chain(sidecars) {
            if !is_free(&path) {
                return Err(Error::at(Cause::TargetExists, path));
            }
        }
        let source = self.hold_backup(backup)?;
        let model = fs::metadata(backup).ok();
        let folder = parent(target);
        let model = model.as_ref();
        let copy = snapshot::take(source, folder, model, self.verify, progress)?;
        match copy.file.publish(target)? {
            Published::Done => Ok(copy.remarks),
            Published::NameTaken(_) => Err(Error::at(Cause::TargetExists, target)),
        }
    }

    /// Records the restore as a rehearsal in the catalogue. The caller ignores a failure: the backup is restored.
    fn record_rehearsal(&self, backup: &Path) -> Option<Warning> {
        let recorded = self.recorded(backup)?;
        let is_known = recorded
            .record
            .as_ref()
            .is_some_and(|record| record.state() == recorded.state);
        let changes = Changes::default().rehearsed(&self.now().ok()?, true);
        is_known.then(|| self.change_record(&recorded, changes)).flatten()
    }

    /// Writes the backup into the live database, in the way that the database's state allows.
    fn restore_live(
        &self,
        backup: &Path,
        allow_different: bool,
        progress: ProgressFn<'_>,
    ) -> Result<(Option<SafetyCopy>, Remarks)> {
        if !allow_different {
            self.refuse_recorded_as_different(backup)?;
        }
        let mut source = self.hold_backup(backup)?;
        let live = self.classify_live()?;
        if !allow_different && matches!(live, LiveState::Usable(_)) {
            self.refuse_without_common_table(&source)?;
        }
        let pages_saved = match &live {
            LiveState::Usable(live) => live.bytes.div_ceil(source.shape.page_size),
            LiveState::Missing | LiveState::Unusable => 0,
        };
        let mut work = RestoreProgress {
            progress,
            pages_saved,
            pages_written: source.shape.pages,
        };
        let remarks = self.check_backup(&mut source, &mut work.before())?;
        let safety = match live {
            LiveState::Missing => self.restore_missing(source, &mut work.writing()).map(|()| None),
            LiveState::Unusable => self.replace_unusable(source, &mut work.writing()).map(Some),
            LiveState::Usable(live) => self.overwrite(source, live, &mut work).map(Some),
        };
        safety.map(|safety| (safety, remarks))
    }

    fn classify_live(&self) -> Result<LiveState> {
        let path = &self.database;
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() && !self.may_be_database(&metadata)? => Ok(LiveState::Unusable),
            Ok(metadata) if metadata.is_file() => match Live::open(path, self.busy_timeout) {
                Ok(live) => Ok(LiveState::Usable(live)),
                Err(error) if is_damage(&error) => Ok(LiveState::Unusable),
                Err(error) => Err(error),
            },
            Ok(_) => Err(Error::at(Cause::TargetExists, path)),
            Err(_) if is_free(path) => Ok(LiveState::Missing),
            // A dangling link: its intended target is unknown.
            Err(error) if is_missing(&error) => Err(Error::at(Cause::DatabaseNotFound, path)),
            Err(error) => Err(Error::io(&error, path)),
        }
    }

    /// Whether SQLite may open the live file before the safety copy is made. Beside an empty file or one that is no database,
    /// SQLite deletes the WAL or rollback journal, which may hold all that is left of the data.
    fn may_be_database(&self, metadata: &fs::Metadata) -> Result<bool> {
        let real = real_path(&self.database);
        let journal = with_suffix(&real, "-journal");
        if header::is_empty(metadata) {
            return Ok(!has_wal(&real) && is_free(&journal));
        }
        let connection = self.open_live_file()?;
        let file = LiveFile::of(&connection).ok_or_else(|| no_file(&self.database))?;
        // A rollback journal can repair a torn first page.
        let is_database = file
            .starts_with(header::MAGIC)
            .map_err(|error| Error::io(&error, &self.database))?;
        Ok(is_database || header::is_journal(&journal).map_err(|error| Error::io(&error, &journal))?)
    }
}

/// The progress of a whole restore, in pages of the backup. Saving and writing are its parts.
pub(super) struct RestoreProgress<'a> {
    progress: ProgressFn<'a>,
    pages_saved: u64,
    pages_written: u64,
}

impl RestoreProgress<'_> {
    /// Checking the backup.
    pub(super) fn before(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(0, 0)
    }

    /// Making the safety copy.
    pub(super) fn saving(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(0, self.pages_saved)
    }

    /// Comparing the backup with the safety copy.
    pub(super) fn comparing(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(self.pages_saved, 0)
    }

    /// Writing the live database.
    pub(super) fn writing(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(self.pages_saved, self.pages_written)
    }

    /// Checking the committed database, which can no longer be cancelled.
    pub(super) fn after(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        let mut done = self.part(self.pages_saved + self.pages_written, 0);
        move |now| {
            let _ = done(now);
            ControlFlow::Continue(())
        }
    }

    fn part(&mut self, start: u64, length: u64) -> impl FnMut(Progress) -> ControlFlow<()> {
        let pages_total = self.pages_saved + self.pages_written;
        let progress = &mut *self.progress;
        move |now| {
            let pages_done = start + length * now.pages_done / now.pages_total.max(1);
            progress(Progress {
                pages_done,
                pages_total,
            })
        }
    }
}
