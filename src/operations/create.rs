//! Creating a backup: now, or once a day.

use std::fs;
use std::thread;
use std::time::Instant;

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::catalog::file_facts::FileFacts;
use crate::catalog::names;
use crate::catalog::numbering::publish_numbered;
use crate::clock::{Moment, milliseconds};
use crate::database::connection;
use crate::database::header::Header;
use crate::database::sqlite_error::Role;
use crate::failpoint;
use crate::files::folder::ensure_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::settings::{self, StagedSettings};
use crate::files::staging::Staged;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::ProgressFn;
use crate::steps::snapshot::{self, Snapshot, Source};
use crate::store::Store;

/// The answer of [`Store::create`] and [`Store::create_if_due`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Created {
    /// Whether a backup was made.
    pub created: bool,
    /// Why none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The new backup, or the one of today.
    pub backup: Backup,
    /// The names that retention removed.
    pub removed: Vec<String>,
    /// What did not work beside the backup.
    pub warnings: Vec<Warning>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl Store {
    /// Makes a backup: consistent, verified and durable when this returns.
    ///
    /// Fails, among other causes, with [`Cause::DatabaseNotFound`], [`Cause::NotADatabase`],
    /// [`Cause::DatabaseCorrupt`], [`Cause::DatabaseLocked`] when another program keeps the database locked beyond
    /// the timeout, [`Cause::DiskFull`], [`Cause::PermissionDenied`], [`Cause::Busy`] when another backup or restore
    /// runs, and [`Cause::Cancelled`]. Whatever fails, the backups there are stay as they are.
    pub fn create(&self, progress: ProgressFn<'_>) -> Result<Created> {
        let started = Instant::now();
        let _lock = self.lock_backup_folder()?;
        self.create_locked(started, progress)
    }

    /// Makes a backup unless there is an intact one of today, by the calendar of the configured zone.
    ///
    /// A backup dated in the future does not count as today's. Fails like [`Store::create`].
    pub fn create_if_due(&self, progress: ProgressFn<'_>) -> Result<Created> {
        let started = Instant::now();
        // Under the lock, so that of several programs that start together one makes the backup.
        let _lock = self.lock_backup_folder()?;
        let now = self.now()?;
        let backups = self.scan_backups()?.backups;
        let of_today = backups.iter().find(|backup| {
            backup.may_be_whole() && backup.created_at <= now && backup.created_at.date_naive() == now.date_naive()
        });
        match of_today {
            None => self.create_locked(started, progress),
            Some(backup) => Ok(Created {
                created: false,
                reason: Some("already_backed_up_today"),
                backup: backup.clone(),
                removed: vec![],
                warnings: self.clock_warning(&backups, &now),
                duration_ms: None,
            }),
        }
    }

    fn create_locked(&self, started: Instant, progress: ProgressFn<'_>) -> Result<Created> {
        let source = self.hold_live_database()?;
        // A backup is named for the moment whose data it holds, not for the end of the copy: one made across midnight
        // must not count as the new day's.
        let now = self.now()?;
        let (snapshot, note) = thread::scope(|scope| {
            // It is flushed as well, which for a small database takes as long as all the rest.
            let preparing = thread::Builder::new().name("respaldo-note".to_owned());
            let preparing = preparing.spawn_scoped(scope, || self.prepare_note(&now));
            let snapshot = self.take_snapshot(source, progress);
            let prepared = preparing.ok().and_then(|thread| thread.join().ok());
            (snapshot, prepared.flatten())
        });
        connection::remove_empty_wal(&self.database);
        let snapshot = snapshot?;
        let backup = self.publish(snapshot.file, &now)?;
        // The backup is made and durable. Nothing below can fail the call.
        failpoint::reach("create_published");
        let mut warnings = self.note_in_settings(&backup, note);
        failpoint::reach("create_noted");
        let backups = self.scan_backups().map(|listing| listing.backups).unwrap_or_default();
        warnings.extend(self.clock_warning(&backups, &now));
        warnings.extend(
            snapshot
                .unchecked
                .map(|missing| messages::warning(&Notice::CheckedWithoutIndexes(missing), self.language)),
        );
        let (removed, unremoved) = self.prune_after(&backups, &now);
        warnings.extend(unremoved);
        Ok(Created {
            created: true,
            reason: None,
            backup,
            removed,
            warnings,
            duration_ms: Some(milliseconds(started)),
        })
    }

    /// Makes the backup folder if need be, keeps every other backup and restore out of it, and sweeps.
    fn lock_backup_folder(&self) -> Result<FolderLock> {
        connection::require_file(&self.database, Cause::DatabaseNotFound)?;
        ensure_folder(&self.backup_dir)?;
        let lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        self.sweep_orphans();
        failpoint::reach("create_swept");
        Ok(lock)
    }

    fn hold_live_database(&self) -> Result<Source> {
        let connection = connection::open_live_for_reading(&self.database, self.busy_timeout)?;
        Source::hold(connection, &self.database, Role::Live)
    }

    fn take_snapshot(&self, source: Source, progress: ProgressFn<'_>) -> Result<Snapshot> {
        let model = fs::metadata(&self.database).ok();
        snapshot::take(source, &self.backup_dir, model.as_ref(), self.verify, progress)
    }

    /// The note of a backup that is still being made.
    fn prepare_note(&self, now: &Moment) -> Option<StagedSettings> {
        let settings = self.settings.as_ref()?;
        // What goes wrong here is told when it goes wrong again.
        StagedSettings::prepare(settings, now, &self.database).ok().flatten()
    }

    /// Gives the snapshot the first free name of its second.
    fn publish(&self, file: Staged, now: &Moment) -> Result<Backup> {
        // Looked at first: once it has its name, nothing may fail any more.
        let metadata = fs::metadata(file.path()).map_err(|error| Error::io(&error, &self.backup_dir))?;
        let (path, stamp) = publish_numbered(file, &self.backup_dir, now.naive_local(), names::backup)?;
        let facts = FileFacts {
            metadata: Some(metadata),
            header: Header::read(&path).ok().flatten(),
            is_elsewhere: false,
        };
        Ok(self.backup_at(&path, &names::backup(stamp), &facts, Kind::Backup, Some(stamp)))
    }

    fn note_in_settings(&self, backup: &Backup, prepared: Option<StagedSettings>) -> Vec<Warning> {
        let Some(path) = &self.settings else { return vec![] };
        let prepared = prepared.filter(|note| note.moment == backup.created_at);
        if prepared.is_some_and(|note| note.put_in_place() == Ok(true)) {
            return vec![];
        }
        match settings::update(path, &backup.created_at, &self.database) {
            Ok(()) => vec![],
            Err(why) => vec![messages::warning(&Notice::SettingsNotUpdated(path, why), self.language)],
        }
    }

    /// A warning when the newest backup is dated after the clock.
    fn clock_warning(&self, backups: &[Backup], now: &Moment) -> Vec<Warning> {
        let future = backups
            .iter()
            .find(|backup| backup.kind == Kind::Backup && backup.created_at > *now);
        let notice = future.map(|newest| Notice::ClockWentBackwards(&newest.display));
        notice
            .iter()
            .map(|notice| messages::warning(notice, self.language))
            .collect()
    }
}
