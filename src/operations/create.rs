//! Creating a backup: now, or once a day.

use std::fs;
use std::thread;
use std::time::Instant;

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::catalog::folder::Folder;
use crate::catalog::folder_reading::FolderReading;
use crate::catalog::names;
use crate::catalog::numbering::publish_numbered;
use crate::catalog::record::Made;
use crate::catalog::shrink::alarm;
use crate::catalog::whose::Whose;
use crate::clock::{Moment, milliseconds};
use crate::database::connection;
use crate::database::contents::Contents;
use crate::database::sqlite_error::Role;
use crate::failpoint;
use crate::files::folder::ensure_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::paths::{is_free, parent, real_path, with_suffix};
use crate::files::settings::{self, StagedSettings};
use crate::files::staging::Staged;
use crate::operations::create_request::CreateRequest;
use crate::report::error::{Cause, Error, PlaceTrouble, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::ProgressFn;
use crate::report::waiting;
use crate::steps::catalogue_entry::{Description, Entry};
use crate::steps::snapshot::{self, OnVerified, Snapshot, Source, VerifiedCopy};
use crate::steps::unchanged::is_unchanged;
use crate::store::Store;

/// The answer of [`Store::create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Created {
    /// Always true.
    pub created: bool,
    /// The new backup.
    pub backup: Backup,
    /// The names that retention removed.
    pub removed: Vec<String>,
    /// What did not work beside the backup.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

/// The answer of [`Store::create_if_due`] and [`Store::create_with`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreatedIfDue {
    /// Whether a backup was made.
    pub created: bool,
    /// The reason for making none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The new backup, today's backup, or the newest backup of the unchanged database; `None` when there is no database yet.
    pub backup: Option<Backup>,
    /// The names that retention removed.
    pub removed: Vec<String>,
    /// What did not work beside the backup.
    pub warnings: Vec<Warning>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl From<Created> for CreatedIfDue {
    fn from(made: Created) -> Self {
        CreatedIfDue {
            created: made.created,
            reason: None,
            backup: Some(made.backup),
            removed: made.removed,
            warnings: made.warnings,
            duration_ms: Some(made.duration_ms),
        }
    }
}

impl Store {
    /// Makes a backup: consistent, verified and durable when this returns.
    ///
    /// Fails, among other causes, with [`Cause::DatabaseNotFound`], [`Cause::NotADatabase`],
    /// [`Cause::DatabaseCorrupt`], [`Cause::DatabaseLocked`] when another program keeps the database locked beyond
    /// the timeout, [`Cause::DiskFull`], [`Cause::PermissionDenied`], [`Cause::Busy`] when another backup or restore
    /// runs, and [`Cause::Cancelled`]. A failure leaves the existing backups as they are.
    pub fn create(&self, progress: ProgressFn<'_>) -> Result<Created> {
        waiting::watched(progress, |progress| self.create_watched(progress))
    }

    fn create_watched(&self, progress: ProgressFn<'_>) -> Result<Created> {
        let started = Instant::now();
        let lock = self.lock_backup_folder()?;
        let source = self.hold_live_database()?;
        let mut created =
            self.create_locked(source, None, &CreateRequest::default(), Made::Manual, started, progress)?;
        drop(lock);
        self.archive_in_background();
        created.warnings.extend(self.copy_to_second_place()?);
        created.warnings.extend(self.wait_for_archive(progress));
        Ok(created)
    }

    /// Like [`create`](Self::create), with the caller's description of the backup. With `skip_unchanged` an unchanged database gets
    /// no new backup.
    pub fn create_with(&self, request: &CreateRequest, progress: ProgressFn<'_>) -> Result<CreatedIfDue> {
        waiting::watched(progress, |progress| self.create_with_watched(request, progress))
    }

    fn create_with_watched(&self, request: &CreateRequest, progress: ProgressFn<'_>) -> Result<CreatedIfDue> {
        let started = Instant::now();
        let lock = self.lock_backup_folder()?;
        let folder = if request.skip_unchanged {
            Some(self.read_folder()?)
        } else {
            None
        };
        let created = self.create_or_skip(folder, request, Made::Manual, started, progress)?;
        drop(lock);
        let mut created = self.with_other_places(created)?;
        created.warnings.extend(self.wait_for_archive(progress));
        Ok(created)
    }

    /// Copies the new backup, and those missing there, to the archive in the background, and to the second place. The folder's lock is released before.
    fn with_other_places(&self, mut created: CreatedIfDue) -> Result<CreatedIfDue> {
        self.archive_in_background();
        created.warnings.extend(self.copy_to_second_place()?);
        Ok(created)
    }

    /// Returns a warning when the second place lacks a backup, and an error when the second place is required. An absent place is
    /// reported once, until it has been present again.
    fn copy_to_second_place(&self) -> Result<Option<Warning>> {
        let Some(place) = &self.second_place else {
            return Ok(None);
        };
        let Err(trouble) = self.fill_second_place(place, &self.now()?) else {
            return Ok(None);
        };
        if place.required {
            return Err(Error::at(Cause::SecondPlaceAbsent(trouble), &place.folder));
        }
        if matches!(trouble, PlaceTrouble::Absent | PlaceTrouble::Another) && self.was_absence_reported(place) {
            return Ok(None);
        }
        let notice = Notice::SecondPlace(&place.folder, &trouble);
        Ok(Some(messages::warning(&notice, self.language)))
    }

    /// Makes a backup unless there is a whole one of today, by the calendar of the configured zone, or no database yet.
    ///
    /// Does a rehearsal, too, if the options ask for rehearsals and one is due.
    ///
    /// A backup dated in the future does not count as today's. Neither does a file that another program put into the folder: its
    /// time says nothing about its contents. Fails like [`Store::create`].
    pub fn create_if_due(&self, progress: ProgressFn<'_>) -> Result<CreatedIfDue> {
        self.create_if_due_with(&CreateRequest::default(), progress)
    }

    /// Like [`create_if_due`](Self::create_if_due), with the caller's description of the backup. With `skip_unchanged` an unchanged
    /// database gets no new backup.
    pub fn create_if_due_with(&self, request: &CreateRequest, progress: ProgressFn<'_>) -> Result<CreatedIfDue> {
        waiting::watched(progress, |progress| self.create_if_due_watched(request, progress))
    }

    fn create_if_due_watched(&self, request: &CreateRequest, progress: ProgressFn<'_>) -> Result<CreatedIfDue> {
        let started = Instant::now();
        if self.is_first_start()? {
            return Ok(not_due("no_database_yet", None, vec![]));
        }
        // Under the lock: of several programs that start together, only one makes the backup.
        let lock = self.lock_backup_folder()?;
        let now = self.now()?;
        let folder = self.read_folder()?;
        let is_of_today = |backup: &&Backup| {
            backup.was_made_here()
                && backup.may_be_whole()
                && backup.created_at <= now
                && backup.created_at.date_naive() == now.date_naive()
        };
        let of_today = folder.own().find(is_of_today).cloned();
        let created = match of_today {
            None => self.create_or_skip(Some(folder), request, Made::Automatic, started, progress)?,
            Some(backup) => {
                let mut warnings = self.clock_warning(&folder, &now);
                warnings.extend(self.catalogue_warning(&folder));
                not_due("already_backed_up_today", Some(backup), warnings)
            }
        };
        drop(lock);
        let created = self.with_other_places(created)?;
        let mut created = self.with_rehearsal(created);
        created.warnings.extend(self.wait_for_archive(progress));
        Ok(created)
    }

    /// Does a rehearsal that is due. Its failure is a warning.
    fn with_rehearsal(&self, mut created: CreatedIfDue) -> CreatedIfDue {
        let Some((name, rehearsed)) = self.rehearse_if_due() else {
            return created;
        };
        created.warnings.extend(self.rehearsal_warning(&name, &rehearsed));
        if let (Some(backup), Ok(rehearsed)) = (&mut created.backup, rehearsed)
            && backup.name == rehearsed.backup.name
        {
            *backup = rehearsed.backup;
        }
        created
    }

    /// Whether there is no database and no trace of an earlier one. A missing database with backups is lost, which is an error.
    fn is_first_start(&self) -> Result<bool> {
        let is_empty = match fs::metadata(&self.database) {
            // A WAL or a rollback journal may hold all that is left of the database.
            Ok(metadata) => metadata.is_file() && metadata.len() == 0 && !self.has_sidecars(),
            Err(_) => is_free(&self.database) && !self.has_sidecars(),
        };
        if !is_empty {
            return Ok(false);
        }
        let folder = self.read_folder()?;
        let in_settings = self.last_backup_in_settings().filter(|_| !folder.serves_others);
        let has_been = folder.backups.iter().any(|backup| backup.whose != Whose::Other)
            || self.records_of_own(&folder.catalogue)
            || !self.scan_safety_copies()?.is_empty();
        Ok(!has_been && in_settings.is_none())
    }

    fn has_sidecars(&self) -> bool {
        let real = real_path(&self.database);
        ["-wal", "-journal"]
            .iter()
            .any(|suffix| fs::metadata(with_suffix(&real, suffix)).is_ok_and(|sidecar| sidecar.len() > 0))
    }

    fn create_or_skip(
        &self,
        folder: Option<Folder>,
        request: &CreateRequest,
        made: Made,
        started: Instant,
        progress: ProgressFn<'_>,
    ) -> Result<CreatedIfDue> {
        let source = self.hold_live_database()?;
        if request.skip_unchanged
            && let Some(folder) = &folder
        {
            let compared = self.newest_if_unchanged(&source, folder, progress);
            if !matches!(compared, Ok(None)) {
                drop(source);
                connection::remove_empty_wal(&self.database);
                let mut warnings = self.clock_warning(folder, &self.now()?);
                warnings.extend(self.catalogue_warning(folder));
                return Ok(not_due("unchanged", compared?, warnings));
            }
        }
        let created = self.create_locked(source, folder, request, made, started, progress);
        created.map(CreatedIfDue::from)
    }

    fn create_locked(
        &self,
        source: Source,
        folder: Option<Folder>,
        request: &CreateRequest,
        made: Made,
        started: Instant,
        progress: ProgressFn<'_>,
    ) -> Result<Created> {
        // The name is the moment whose data the backup holds, not the end of the copy: a backup made across midnight must
        // not count as the new day's.
        let now = self.now()?;
        let content = Contents::versions(&source.connection);
        let mut description = Some(Description {
            made: request.made.unwrap_or(made),
            label: request.label.clone(),
            note: request.note.clone(),
            pinned: request.pinned,
            content,
        });
        let (snapshot, staged_settings, entry) = thread::scope(|scope| {
            // Staging flushes the file, which for a small database takes as long as the copy. So it runs beside it.
            let staging = thread::Builder::new().name("respaldo-note".to_owned());
            let staging = staging.spawn_scoped(scope, || self.stage_settings(&now));
            let mut folder = Some(FolderReading::start(self, scope, folder));
            let mut entry = None;
            let mut enter = |copy: VerifiedCopy<'_>| {
                if let (Some(folder), Some(description)) = (folder.take(), description.take()) {
                    entry = Some(self.enter_copy(folder.wait(self), &copy, description, &now));
                }
            };
            let snapshot = self.take_snapshot(source, &mut enter, progress);
            let staged_settings = staging.ok().and_then(|thread| thread.join().ok());
            (snapshot, staged_settings.flatten(), entry)
        });
        connection::remove_empty_wal(&self.database);
        let snapshot = snapshot.inspect_err(|error| self.remember_live_damage(error))?;
        let entry = entry.ok_or_else(|| Error::new(Cause::Internal("the copy was never told of".to_owned())))??;
        let entry = self.publish(snapshot.file, entry)?;
        // The backup is durable. Nothing below may fail the call.
        failpoint::reach("create_published");
        let backup = entry.backup.clone();
        let (folder, planned, unwritten) = entry.write(self);
        let mut warnings = self.write_settings(&backup, staged_settings);
        failpoint::reach("create_noted");
        let (removed, unremoved) = self.prune_after(&folder, planned);
        warnings.extend(unremoved);
        // Removing flushes the folder too.
        let unflushed = removed.is_empty().then(|| self.flush_catalogue(&folder.catalogue));
        warnings.extend(unwritten.or(unflushed.flatten()));
        warnings.extend(self.clock_warning(&folder, &now));
        warnings.extend(self.shrink_warning(&folder));
        warnings.extend(snapshot.remarks.warnings(self.language));
        Ok(Created {
            created: true,
            backup,
            removed,
            warnings,
            duration_ms: milliseconds(started),
        })
    }

    /// Creates the backup folder if necessary, takes its lock against other backups and restores, and sweeps it.
    fn lock_backup_folder(&self) -> Result<FolderLock> {
        connection::require_file(&self.database, Cause::DatabaseNotFound)?;
        ensure_folder(&self.backup_dir, parent(&self.database))?;
        let lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        self.sweep_orphans();
        failpoint::reach("create_swept");
        Ok(lock)
    }

    fn hold_live_database(&self) -> Result<Source> {
        let connection = connection::open_live_for_reading(&self.database, self.busy_timeout)?;
        Source::hold(connection, &self.database, Role::Live)
    }

    fn take_snapshot(&self, source: Source, verified: OnVerified<'_>, progress: ProgressFn<'_>) -> Result<Snapshot> {
        let model = fs::metadata(&self.database).ok();
        let (folder, model) = (&self.backup_dir, model.as_ref());
        snapshot::take_and_report(source, folder, model, self.verify, Some(verified), progress)
    }

    /// Stages the settings file with the time of the backup that is being made.
    fn stage_settings(&self, now: &Moment) -> Option<StagedSettings> {
        let settings = self.settings.as_ref()?;
        // `write_settings` tries again and reports the failure.
        StagedSettings::prepare(settings, now, &self.database).ok().flatten()
    }

    /// Renames the snapshot to the first name of its second that is free and was never used.
    fn publish(&self, file: Staged, mut entry: Entry) -> Result<Entry> {
        let (_, stamp) = publish_numbered(file, &self.backup_dir, entry.stamp, names::backup)?;
        if stamp != entry.stamp {
            entry.rename(self, stamp);
        }
        Ok(entry)
    }

    fn write_settings(&self, backup: &Backup, staged: Option<StagedSettings>) -> Vec<Warning> {
        let Some(path) = &self.settings else { return vec![] };
        let staged = staged.filter(|staged| staged.moment == backup.created_at);
        if staged.is_some_and(|staged| staged.put_in_place() == Ok(true)) {
            return vec![];
        }
        match settings::update(path, &backup.created_at, &self.database) {
            Ok(()) => vec![],
            Err(why) => vec![messages::warning(&Notice::SettingsNotUpdated(path, why), self.language)],
        }
    }

    /// The newest backup, if it is known to be whole and equals the live database.
    fn newest_if_unchanged(&self, live: &Source, folder: &Folder, progress: ProgressFn<'_>) -> Result<Option<Backup>> {
        let Some(newest) = folder.own().next().filter(|newest| newest.known_whole == Some(true)) else {
            return Ok(None);
        };
        // An unreadable backup must not prevent a new one.
        let Ok(source) = self.hold_backup(&newest.path) else {
            return Ok(None);
        };
        let same = match is_unchanged(live, &source, progress) {
            Err(error) if error.cause == Cause::Cancelled => return Err(error),
            compared => compared.unwrap_or(false),
        };
        Ok(same.then(|| newest.clone()))
    }

    /// Warns when a table has lost most of its rows.
    fn shrink_warning(&self, folder: &Folder) -> Option<Warning> {
        let alarm = alarm(&folder.backups)?;
        let losses: Vec<String> = alarm.losses.iter().map(|loss| loss.sentence(self.language)).collect();
        let notice = Notice::Shrunk(&losses.join("; "), &alarm.before);
        Some(messages::warning(&notice, self.language))
    }

    /// Warns when a backup is dated in the future.
    fn clock_warning(&self, folder: &Folder, now: &Moment) -> Vec<Warning> {
        let future = folder
            .own()
            .find(|backup| backup.kind == Kind::Backup && backup.created_at > *now);
        let notice = future.map(|newest| Notice::ClockWentBackwards(&newest.display));
        notice
            .iter()
            .map(|notice| messages::warning(notice, self.language))
            .collect()
    }
}

fn not_due(reason: &'static str, backup: Option<Backup>, warnings: Vec<Warning>) -> CreatedIfDue {
    CreatedIfDue {
        created: false,
        reason: Some(reason),
        backup,
        removed: vec![],
        warnings,
        duration_ms: None,
    }
}
