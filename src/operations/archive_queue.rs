//! Storing new backups in the archive in the background, and how far behind it is.
//!
//! The backup folder decides what is stored: every finished backup that is not known to be in the archive. So a push that failed, or
//! was killed with its process, is made up for by the next one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use chrono::TimeDelta;
use serde::Serialize;

use crate::archive::repository::require_support;
use crate::catalog::archive_state::Archives;
use crate::catalog::backup::Backup;
use crate::clock::Moment;
use crate::options::Push;
use crate::report::error::Result;
use crate::report::messages;
use crate::report::progress::unwatched;
use crate::store::Store;

/// After so long without the newest backup, an archive is behind even if nothing failed.
const PATIENCE: TimeDelta = TimeDelta::days(1);

/// The state of the archive, by what the backup folder knows; the archive itself is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveHealth {
    /// Where it is.
    pub repository: PathBuf,
    /// Backups of the folder that are there.
    pub archived: usize,
    /// Whole backups of the folder that are not there yet.
    pub waiting: usize,
    /// When a backup last got there (RFC 3339).
    pub last_push: Option<String>,
    /// Why the last attempt failed; `None` if it did not.
    pub last_failure: Option<String>,
    /// Whether that is more than a push that is still on its way.
    #[serde(skip)]
    pub(crate) is_behind: bool,
}

/// The archives that threads of this process are storing in.
static AT_WORK: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Says that a thread stores in an archive, until it is dropped.
struct Turn(PathBuf);

impl Turn {
    /// `None` where another thread has it, which will find the new backup too.
    fn take(location: &Path) -> Option<Turn> {
        let mut at_work = AT_WORK.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.insert(location.to_owned()).then(|| Turn(location.to_owned()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        AT_WORK.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

impl Store {
    /// Stores the finished backups that are missing in the archive, on a thread that nobody waits for. Nothing of it can fail a backup.
    pub(crate) fn archive_in_background(&self) {
        let Some(options) = self
            .archive
            .as_ref()
            .filter(|options| options.push == Push::AfterCreate)
        else {
            return;
        };
        let Some(turn) = require_support().ok().and_then(|()| Turn::take(&options.location())) else {
            return;
        };
        let store = self.clone();
        let worker = thread::Builder::new().name("respaldo-push".to_owned());
        // Without a thread the next backup tries again.
        let _ = worker.spawn(move || store.push_missing(&turn.0));
    }

    /// Stores what is missing, the newest first, until one fails. Backups that are made meanwhile are found too.
    fn push_missing(&self, location: &Path) {
        let mut tried = BTreeSet::new();
        while let Ok(Some(next)) = self.missing_in_archive(location, &tried) {
            tried.insert(next.name.clone());
            if let Err(error) = self.archive_push(Some(&next.path), &mut unwatched) {
                let message = messages::error(&error, self.language).message;
                self.change_archive_state(location, |state| state.last_failure = Some(message));
                return;
            }
        }
    }

    fn missing_in_archive(&self, location: &Path, tried: &BTreeSet<String>) -> Result<Option<Backup>> {
        let folder = self.read_folder()?;
        let known = Archives::read(&self.backup_dir).get(location);
        let finished = self.finished(&folder.backups, &self.now()?);
        let is_missing = |backup: &Backup| !known.pushed.contains_key(&backup.name) && !tried.contains(&backup.name);
        Ok(finished.into_iter().find(is_missing))
    }

    /// How far behind the archive is, by what the backup folder knows.
    pub(crate) fn archive_health(&self, backups: &[Backup], now: &Moment) -> Option<ArchiveHealth> {
        let options = self.archive.as_ref()?;
        let repository = options.location();
        let state = Archives::read(&self.backup_dir).get(&repository);
        let finished = self.finished(backups, now);
        let waiting: Vec<&Backup> = finished
            .iter()
            .filter(|backup| !state.pushed.contains_key(&backup.name))
            .collect();
        let is_late = waiting.first().is_some_and(|newest| {
            finished.first().is_some_and(|first| first.name == newest.name) && newest.created_at + PATIENCE < *now
        });
        let is_behind =
            options.push == Push::AfterCreate && !waiting.is_empty() && (is_late || state.last_failure.is_some());
        Some(ArchiveHealth {
            repository,
            archived: finished.len() - waiting.len(),
            waiting: waiting.len(),
            last_push: state.last_push,
            last_failure: state.last_failure,
            is_behind,
        })
    }
}
