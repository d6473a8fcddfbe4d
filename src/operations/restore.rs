//! Restoring a backup into the live database, or into a new file for a rehearsal.

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
use crate::steps::overwrite::Live;
use crate::steps::safety_copy::{SafetyCopy, is_damage, no_file};
use crate::steps::snapshot;
use crate::store::Store;

/// What to restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreRequest {
    /// A bare name, looked up in the backup folder and then among the safety copies; or any path.
    pub backup: PathBuf,
    /// Why, for the log.
    pub reason: Option<String>,
    /// Write to this new file instead of the live database.
    pub target: Option<PathBuf>,
    /// Restore it also if it is of another database.
    pub allow_different: bool,
}

impl RestoreRequest {
    /// Restores this backup into the live database.
    pub fn of(backup: impl Into<PathBuf>) -> RestoreRequest {
        RestoreRequest {
            backup: backup.into(),
            reason: None,
            target: None,
            allow_different: false,
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
    /// The database as it was; `None` when there was none, or for a rehearsal.
    pub safety_backup: Option<PathBuf>,
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
    /// Restores a backup: verified first, after a durable safety copy, as one transaction.
    ///
    /// Fails, with the database as it was, with [`Cause::BackupNotFound`], [`Cause::NotADatabase`] and
    /// [`Cause::BackupCorrupt`] when the backup is not usable, [`Cause::DifferentDatabase`] when it was made of another database,
    /// [`Cause::SchemaTooNew`] when the application would not understand it, [`Cause::SameFile`] when it is the live database,
    /// [`Cause::DatabaseLocked`] when another program keeps the database locked, [`Cause::Busy`],
    /// [`Cause::DiskFull`], [`Cause::PermissionDenied`], [`Cause::Cancelled`], and [`Cause::RestoreFailed`] when it
    /// broke off while writing. With a target, [`Cause::TargetExists`] instead of overwriting anything.
    pub fn restore(&self, request: &RestoreRequest, progress: ProgressFn<'_>) -> Result<Restored> {
        let started = Instant::now();
        let backup = self.find_backup(&request.backup)?;
        // Asked first: what was read is here.
        let was_elsewhere = fs::metadata(&backup).is_ok_and(|metadata| is_elsewhere(&metadata));
        let database = match &request.target {
            Some(target) => absolute("target", target)?,
            None => self.database.clone(),
        };
        let older_schema = match &request.target {
            Some(_) => None,
            None => self.check_schema(&backup)?,
        };
        let _locks = self.prepare_restore(&backup, &database)?;
        let safety = match &request.target {
            Some(_) => self
                .write_elsewhere(&backup, &database, progress)
                .inspect(|_| drop(self.note_rehearsal(&backup)))
                .map(|remarks| (None, remarks)),
            None => self.restore_live(&backup, request.allow_different, progress),
        };
        if safety.is_err() {
            connection::remove_empty_wal(&self.database);
        }
        let outcome = safety.map(|(safety, remarks)| Restored {
            restored_from: backup.clone(),
            database: database.clone(),
            safety_backup: safety.map(|copy| copy.path),
            warnings: remarks.warnings(self.language),
            duration_ms: milliseconds(started),
        });
        let mut warnings = self.log_restore(
            &backup,
            &database,
            request.reason.as_deref(),
            outcome.as_ref().map(|restored| restored.safety_backup.as_deref()),
        );
        warnings.extend(older_schema);
        if was_elsewhere {
            warnings.push(messages::warning(&Notice::BackupWasDownloaded(&backup), self.language));
        }
        outcome.map(|restored| Restored {
            warnings: [warnings, restored.warnings].concat(),
            ..restored
        })
    }

    /// Refuses what must not be written over, and keeps every other backup and restore out.
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
        // A sidecar that is there would be taken for the new file's.
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

    /// Writes into the catalogue that the backup was tried. Nobody needs to be told if that fails: the backup was restored.
    fn note_rehearsal(&self, backup: &Path) -> Option<Warning> {
        let recorded = self.recorded(backup)?;
        let is_known = recorded
            .record
            .as_ref()
            .is_some_and(|record| record.state() == recorded.state);
        let changes = Changes::default().rehearsed(&self.now().ok()?, true);
        is_known.then(|| self.change_record(&recorded, changes)).flatten()
    }

    /// Writes the backup into the live database, in the way that its state allows.
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
        let saved = match &live {
            LiveState::Usable(live) => live.bytes.div_ceil(source.shape.page_size),
            LiveState::Missing | LiveState::Unusable => 0,
        };
        let mut work = Work {
            progress,
            saved,
            written: source.shape.pages,
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
            // A link that leads nowhere: where it should lead is not ours to guess.
            Err(error) if is_missing(&error) => Err(Error::at(Cause::DatabaseNotFound, path)),
            Err(error) => Err(Error::io(&error, path)),
        }
    }

    /// Whether SQLite may look at the live file before it is saved. Of a file that is none of its own, or is empty, it
    /// would delete the log or journal, which may be all that is left of the data.
    fn may_be_database(&self, metadata: &fs::Metadata) -> Result<bool> {
        let real = real_path(&self.database);
        let journal = with_suffix(&real, "-journal");
        if header::is_empty(metadata) {
            return Ok(!has_wal(&real) && is_free(&journal));
        }
        let connection = self.open_live_file()?;
        let file = LiveFile::of(&connection).ok_or_else(|| no_file(&self.database))?;
        // A journal of SQLite's can mend a first page that was torn.
        let is_database = file
            .starts_with(header::MAGIC)
            .map_err(|error| Error::io(&error, &self.database))?;
        Ok(is_database || header::is_journal(&journal).map_err(|error| Error::io(&error, &journal))?)
    }
}

/// The progress of a whole restore, of which saving and writing are parts. In pages of the backup.
pub(super) struct Work<'a> {
    progress: ProgressFn<'a>,
    saved: u64,
    written: u64,
}

impl Work<'_> {
    /// Checking the backup.
    pub(super) fn before(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(0, 0)
    }

    /// Making the safety copy.
    pub(super) fn saving(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(0, self.saved)
    }

    /// Comparing the backup with what was saved.
    pub(super) fn comparing(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(self.saved, 0)
    }

    /// Writing the live database.
    pub(super) fn writing(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        self.part(self.saved, self.written)
    }

    /// Checking what is committed, which nobody can cancel any more.
    pub(super) fn after(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        let mut done = self.part(self.saved + self.written, 0);
        move |now| {
            let _ = done(now);
            ControlFlow::Continue(())
        }
    }

    fn part(&mut self, start: u64, length: u64) -> impl FnMut(Progress) -> ControlFlow<()> {
        let pages_total = self.saved + self.written;
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
