//! Whether the data are safe. Each call derives this from the folder and the catalogue, not from an earlier result.

use std::fs;

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::catalog::folder::Folder;
use crate::catalog::names;
use crate::catalog::shrink::alarm;
use crate::clock::{self, Moment, days_between};
use crate::database::connection;
use crate::database::sqlite_error::Role;
use crate::files::paths::parent;
use crate::files::same_volume::on_one_volume;
use crate::files::synced::syncing_program;
use crate::operations::archive_queue::ArchiveHealth;
use crate::operations::deep_check::Damaged;
use crate::operations::due_rehearsal::{days_since_rehearsal, last_rehearsed};
use crate::operations::live_health::LiveDamage;
use crate::operations::second_place_health::SecondPlaceHealth;
use crate::report::error::Result;
use crate::report::findings::{Age, Finding, Observation, Overall, headline, nothing_yet, overall};
use crate::report::progress::{ProgressFn, unwatched};
use crate::report::waiting;
use crate::steps::room;
use crate::steps::snapshot::Source;
use crate::steps::unchanged::is_unchanged;
use crate::store::Store;

/// More safety copies than this are a finding.
const MANY_SAFETY_COPIES: usize = 10;
/// Room for fewer further backups than this is a finding.
const ROOM_WANTED: u64 = 3;

/// The answer of [`Store::health`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The worst of the findings.
    pub overall: Overall,
    /// One sentence that sums up the findings.
    pub headline: String,
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// The newest backup that is known to be whole.
    pub newest_verified: Option<Backup>,
    /// Calendar days since that backup.
    pub days_without: Option<u64>,
    /// The names of the damaged backups.
    pub damaged: Vec<String>,
    /// Free bytes on the disk of the backups.
    pub free_bytes: Option<u64>,
    /// How many further backups fit, at the newest one's size.
    pub room_for: Option<u64>,
    /// The safety copies beside the database.
    pub safety_copies: SafetyCopies,
    /// The backup of the latest rehearsal.
    pub last_rehearsal: Option<Backup>,
    /// The second place, if the store has one.
    pub second_place: Option<SecondPlaceHealth>,
    /// The archive, if the store has one.
    pub archive: Option<ArchiveHealth>,
}

/// The safety copies, which hold the database as it was before a restore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SafetyCopies {
    /// Their number.
    pub count: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

impl Store {
    /// Reports whether the data are safe, with its findings. With `deep` it reads the whole database, and every backup, in the
    /// second place too, which it compares with the hash taken when it was made.
    ///
    /// Fails when the backup folder cannot be read, and with [`Cause::Cancelled`](crate::report::error::Cause::Cancelled).
    pub fn health(&self, deep: bool, progress: ProgressFn<'_>) -> Result<Health> {
        waiting::watched(progress, |progress| self.health_watched(deep, progress))
    }

    fn health_watched(&self, deep: bool, progress: ProgressFn<'_>) -> Result<Health> {
        let found_damaged = if deep {
            self.read_all(progress)?
        } else {
            Damaged::default()
        };
        let folder = self.read_folder()?;
        let now = self.now()?;
        let copies = self.scan_safety_copies()?;
        let by_state = BackupsByState::new(&folder, &now, found_damaged.here);
        let safety_copies = SafetyCopies {
            count: copies.len(),
            bytes: copies.iter().map(|copy| copy.size).sum(),
        };
        let free_bytes = room::free(&self.backup_dir);
        let database_size = fs::metadata(&self.database).ok().map(|found| found.len());
        let next_size = by_state.newest.map(|newest| newest.size).or(database_size);
        let room_for = free_bytes
            .zip(next_size)
            .and_then(|(free, size)| free.checked_div(size));

        let live_damage = self.live_damage(&folder, database_size, deep, progress)?;

        let mut findings = Vec::new();
        let mut find = |observation: Observation<'_>| findings.push(observation.finding(self.language));
        if let Some(damage) = &live_damage {
            find(Observation::DatabaseDamaged {
                path: &self.database,
                found: damage.found(),
            });
        }
        self.find_in_backups(&by_state, &folder, &now, database_size.is_some(), &mut find);
        self.find_room(&by_state, &now, free_bytes, room_for, &mut find);
        if safety_copies.count > MANY_SAFETY_COPIES {
            let SafetyCopies { count, bytes } = safety_copies;
            find(Observation::ManySafetyCopies { count, bytes });
        }
        if let Some(program) = syncing_program(&self.database) {
            let path = &self.database;
            find(Observation::DatabaseSynced { program, path });
        }
        let second_place = self.find_second_place(&folder, &now, found_damaged.there, &mut find);
        let archive = self.archive_health(&folder.backups, &now);
        if let Some(archive) = archive.as_ref().filter(|archive| archive.is_behind) {
            find(Observation::ArchiveBehind {
                path: &archive.repository,
                waiting: archive.waiting,
                why: archive.last_failure.as_deref(),
            });
        }
        let is_archived = archive
            .as_ref()
            .is_some_and(|archive| archive.archived > 0 && !on_one_volume(parent(&self.database), &archive.repository));
        let is_elsewhere = is_archived || second_place.as_ref().is_some_and(|place| !place.same_disk);
        if !is_elsewhere && on_one_volume(parent(&self.database), &self.backup_dir) {
            find(Observation::SameDisk);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));

        let age = by_state.newest_verified.map(|newest| age(newest, &now));
        let headline = if database_size.is_none() && by_state.newest.is_none() {
            nothing_yet(self.language)
        } else {
            headline(&findings, age.as_ref(), self.language)
        };
        Ok(Health {
            overall: overall(&findings),
            headline,
            findings,
            days_without: age.map(|age| age.days),
            newest_verified: by_state.newest_verified.cloned(),
            last_rehearsal: by_state.last_rehearsal.cloned(),
            damaged: by_state.damaged,
            free_bytes,
            room_for,
            safety_copies,
            second_place,
            archive,
        })
    }

    /// An empty file that never had a backup is an application's first start, and no damage.
    fn live_damage(
        &self,
        folder: &Folder,
        database_size: Option<u64>,
        deep: bool,
        progress: ProgressFn<'_>,
    ) -> Result<Option<LiveDamage>> {
        let has_contents = database_size.is_some_and(|size| size > 0 || folder.own().next().is_some());
        if !has_contents {
            return Ok(None);
        }
        self.find_live_damage(&folder.catalogue, deep, progress)
    }

    fn find_in_backups(
        &self,
        by_state: &BackupsByState<'_>,
        folder: &Folder,
        now: &Moment,
        has_database: bool,
        find: &mut dyn FnMut(Observation<'_>),
    ) {
        match by_state.newest {
            None if has_database && by_state.damaged.is_empty() => find(Observation::NoBackup),
            Some(_) if !has_database => find(Observation::DatabaseMissing(&self.database)),
            _ => {}
        }
        if let Some(newest) = by_state.newest_verified {
            let days = age(newest, now).days;
            let most = u64::from(self.watch.max_age_days);
            if days > most && !(by_state.newest == Some(newest) && self.is_unchanged_since(newest)) {
                find(Observation::LastBackupOld {
                    days,
                    display: &newest.display,
                    too_old: days > 3 * most,
                });
            }
        } else if by_state.newest.is_some() {
            find(Observation::NoneVerified);
        }
        let (repairable, lossy): (Vec<String>, Vec<String>) = by_state
            .damaged
            .iter()
            .cloned()
            .partition(|name| by_state.repairable.contains(name));
        if !lossy.is_empty() {
            let newest = by_state
                .newest_of_all
                .is_some_and(|newest| lossy.contains(&newest.name));
            let names = &lossy;
            find(Observation::Damaged { names, newest });
        }
        if !repairable.is_empty() {
            find(Observation::Repairable(&repairable));
        }
        if !by_state.changed.is_empty() {
            find(Observation::Changed(&by_state.changed));
        }
        if let Some(name) = newest_missing(folder) {
            find(Observation::NewestMissing(&name));
        }
        if let Some(alarm) = alarm(&folder.backups) {
            let losses: Vec<String> = alarm.losses.iter().map(|loss| loss.sentence(self.language)).collect();
            find(Observation::Shrunk {
                losses: &losses.join("; "),
                before: &alarm.before,
            });
        }
        if let Some(future) = folder.own().find(|b| b.kind == Kind::Backup && b.created_at > *now) {
            find(Observation::ClockWentBackwards(&future.display));
        }
        if let Some(trouble) = &folder.catalogue.trouble {
            find(Observation::CatalogueNotRead(&trouble.reason()));
        }
        self.find_rehearsal(by_state, folder, now, find);
    }

    fn find_rehearsal(
        &self,
        by_state: &BackupsByState<'_>,
        folder: &Folder,
        now: &Moment,
        find: &mut dyn FnMut(Observation<'_>),
    ) {
        if let Some(name) = &by_state.rehearsal_failed {
            find(Observation::RehearsalFailed(name));
        }
        let days = days_since_rehearsal(folder, now);
        if by_state.newest.is_some() && self.is_rehearsal_due(days) {
            find(Observation::RehearsalDue(days));
        }
    }

    fn find_room(
        &self,
        by_state: &BackupsByState<'_>,
        now: &Moment,
        free: Option<u64>,
        room_for: Option<u64>,
        find: &mut dyn FnMut(Observation<'_>),
    ) {
        let (Some(free), Some(backups)) = (free, room_for) else {
            return;
        };
        if backups < ROOM_WANTED {
            find(Observation::LittleRoom { backups, free });
            return;
        }
        let sizes: Vec<(Moment, u64)> = by_state.dated.iter().rev().map(|b| (b.created_at, b.size)).collect();
        if let Some(days) = room::days_until_full(&sizes, self.retention.last, free, now) {
            find(Observation::DiskWillFill { days, free });
        }
    }

    /// Whether the database still equals this backup: then the backup's age does not matter. Called only for an old backup.
    fn is_unchanged_since(&self, newest: &Backup) -> bool {
        let compare = || {
            let live = connection::open_live_for_reading(&self.database, self.busy_timeout)?;
            let live = Source::hold(live, &self.database, Role::Live)?;
            is_unchanged(&live, &self.hold_backup(&newest.path)?, &mut unwatched)
        };
        let unchanged = compare().unwrap_or(false);
        connection::remove_empty_wal(&self.database);
        unchanged
    }
}

/// The own backups of the folder, sorted by their state.
struct BackupsByState<'a> {
    /// Backups that are not dated in the future, newest first.
    dated: Vec<&'a Backup>,
    newest_of_all: Option<&'a Backup>,
    /// The newest without known damage.
    newest: Option<&'a Backup>,
    newest_verified: Option<&'a Backup>,
    last_rehearsal: Option<&'a Backup>,
    rehearsal_failed: Option<String>,
    damaged: Vec<String>,
    /// Those of the damaged that lack no row.
    repairable: Vec<String>,
    changed: Vec<String>,
}

impl<'a> BackupsByState<'a> {
    fn new(folder: &'a Folder, now: &Moment, found_damaged: Vec<String>) -> BackupsByState<'a> {
        let is_damaged = |b: &Backup| !b.may_be_whole() || b.intact == Some(false) || found_damaged.contains(&b.name);
        let names = |is: &dyn Fn(&Backup) -> bool| folder.own().filter(|b| is(b)).map(|b| b.name.clone()).collect();
        let dated: Vec<&Backup> = folder.own().filter(|backup| backup.created_at <= *now).collect();
        let newest = |is: &dyn Fn(&Backup) -> bool| dated.iter().copied().find(|b| !is_damaged(b) && is(b));
        BackupsByState {
            newest_of_all: dated.first().copied(),
            newest: newest(&|_| true),
            newest_verified: newest(&|backup| backup.known_whole == Some(true)),
            last_rehearsal: last_rehearsed(folder),
            rehearsal_failed: dated.iter().find(|b| b.rehearsal_failed).map(|b| b.name.clone()),
            damaged: names(&is_damaged),
            repairable: names(&|backup| backup.repairable == Some(true)),
            changed: names(&|backup| backup.was_changed && !is_damaged(backup)),
            dated,
        }
    }
}

/// The newest backup in the catalogue, if its file is gone and it is newer than all files. A missing older one may have been moved.
fn newest_missing(folder: &Folder) -> Option<String> {
    let missing = folder
        .catalogue
        .names()
        .filter_map(|name| Some((names::parse_backup(name)?, name)));
    let (stamp, name) = missing.max_by_key(|(stamp, _)| *stamp)?;
    let is_there =
        |backup: &Backup| backup.name == name || names::parse_backup(&backup.name).is_some_and(|there| there >= stamp);
    (!folder.backups.iter().any(is_there)).then(|| name.to_owned())
}

fn age(backup: &Backup, now: &Moment) -> Age {
    let display = clock::display(&backup.created_at);
    let (date, time) = display.split_once(' ').unwrap_or((&display, ""));
    Age {
        days: days_between(&backup.created_at, now),
        time: time.to_owned(),
        date: date.to_owned(),
    }
}
