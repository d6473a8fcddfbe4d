//! Storing new backups in the archive in the background, and how far behind it is.
//!
//! The backup folder decides what is stored: every finished backup that is not known to be in the archive. So a push that failed, or
//! was killed with its process, is made up for by the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde::Serialize;

use crate::archive::repository::require_support;
use crate::catalog::archive_state::Archives;
use crate::catalog::backup::Backup;
use crate::clock::Moment;
use crate::options::Push;
use crate::report::error::Result;
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::{POLL_INTERVAL, Progress, ProgressFn, unwatched};
use crate::store::Store;

/// After so long without the newest backup, an archive is behind even if nothing failed.
const PATIENCE: TimeDelta = TimeDelta::days(1);

/// How often a wait looks whether the thread has ended.
const GLANCE: Duration = Duration::from_millis(5);

/// What the progress function is told while a push is waited for: nothing is copied any more.
const WAITING: Progress = Progress {
    pages_done: 0,
    pages_total: 0,
};

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

/// What a thread stores from and where: a backup folder and its archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Queue {
    /// A process that was forked has none of its parent's threads.
    process: u32,
    backup_dir: PathBuf,
    location: PathBuf,
}

/// The queues that threads of this process are storing, and whether a backup was made since the thread began its look for one.
static AT_WORK: Mutex<BTreeMap<Queue, bool>> = Mutex::new(BTreeMap::new());

fn at_work() -> MutexGuard<'static, BTreeMap<Queue, bool>> {
    AT_WORK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that a thread stores a queue, until it ends or is dropped.
struct Turn {
    queue: Queue,
    has_ended: bool,
}

impl Turn {
    /// `None` where another thread has it. That one is told to look once more: its last look may have been before the new backup.
    fn take(queue: &Queue) -> Option<Turn> {
        let mut at_work = at_work();
        if let Some(is_asked_again) = at_work.get_mut(queue) {
            *is_asked_again = true;
            return None;
        }
        at_work.insert(queue.clone(), false);
        Some(Turn {
            queue: queue.clone(),
            has_ended: false,
        })
    }

    /// Stores what is missing, again for as long as somebody asked meanwhile.
    fn work_off(mut self, mut store_missing: impl FnMut()) {
        while !self.has_ended {
            store_missing();
            self.end_unless_asked_again();
        }
    }

    /// One step under one lock: who asks either is heard by this thread or gets the turn.
    fn end_unless_asked_again(&mut self) {
        let mut at_work = at_work();
        match at_work.get_mut(&self.queue) {
            Some(is_asked_again) if *is_asked_again => *is_asked_again = false,
            _ => {
                at_work.remove(&self.queue);
                self.has_ended = true;
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // After its end it may be another thread's.
        if !self.has_ended {
            at_work().remove(&self.queue);
        }
    }
}

impl Store {
    /// Stores the finished backups that are missing in the archive, on a thread of its own. Nothing of it can fail a backup.
    pub(crate) fn archive_in_background(&self) {
        let Some(turn) = self.queue().and_then(|queue| Turn::take(&queue)) else {
            return;
        };
        let store = self.clone();
        let worker = thread::Builder::new().name("respaldo-push".to_owned());
        // Without a thread the next backup tries again.
        let _ = worker.spawn(move || {
            let location = turn.queue.location.clone();
            turn.work_off(|| store.push_missing(&location));
        });
    }

    /// The queue of a store that pushes by itself.
    fn queue(&self) -> Option<Queue> {
        let options = self.archive.as_ref()?;
        let pushes = options.push == Push::AfterCreate && require_support().is_ok();
        pushes.then(|| Queue {
            process: process::id(),
            backup_dir: self.backup_dir.clone(),
            location: options.location(),
        })
    }

    /// Waits for the thread that stores, as long as the options say and `progress` lets it. A warning where the newest backup is not
    /// in the archive after that: whose process ends now ends the thread too.
    pub(crate) fn wait_for_archive(&self, progress: ProgressFn<'_>) -> Option<Warning> {
        let queue = self.queue()?;
        let wait = self
            .archive
            .as_ref()
            .map(|options| options.wait)
            .filter(|wait| !wait.is_zero())?;
        let started = Instant::now();
        let mut last_told = None;
        let mut is_asked_for = true;
        while is_asked_for && at_work().contains_key(&queue) && started.elapsed() < wait {
            if last_told.is_none_or(|told: Instant| told.elapsed() >= POLL_INTERVAL) {
                last_told = Some(Instant::now());
                is_asked_for = progress(WAITING) == ControlFlow::Continue(());
            }
            thread::sleep(GLANCE);
        }
        let known = Archives::read(&self.backup_dir).get(&queue.location);
        let folder = self.read_folder().ok()?;
        let newest = self.finished(&folder.backups, &self.now().ok()?).into_iter().next()?;
        if known.pushed.contains_key(&newest.name) {
            return None;
        }
        let notice = Notice::NotArchivedYet(&queue.location, known.last_failure.as_deref());
        Some(messages::warning(&notice, self.language))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str) -> Queue {
        Queue {
            process: process::id(),
            backup_dir: PathBuf::from(name),
            location: PathBuf::from("archive"),
        }
    }

    #[test]
    fn a_backup_that_is_made_after_the_last_look_of_a_turn_is_looked_for_by_it() {
        let queue = queue("asked again");
        let turn = Turn::take(&queue).expect("nobody has it");
        let mut looks = 0;
        turn.work_off(|| {
            looks += 1;
            // The look has found nothing any more; now, before the turn ends, another backup is made.
            if looks == 1 {
                assert!(Turn::take(&queue).is_none());
            }
        });
        assert_eq!(looks, 2);
        assert!(Turn::take(&queue).is_some(), "it has ended");
    }

    #[test]
    fn each_folder_has_a_turn_of_its_own_and_one_that_breaks_off_is_over() {
        let (one, other) = (queue("one"), queue("other"));
        let turn = Turn::take(&one).expect("nobody has it");
        assert!(Turn::take(&other).is_some());
        drop(turn);
        assert!(Turn::take(&one).is_some());
    }
}
