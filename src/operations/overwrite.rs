//! Restoring over a live database that SQLite can write to, with other connections open.
//!
//! When only some pages differ, only those are written. The safety copy is made, verified and compared with the backup while
//! writers still go on. Under the write lock it is proven up to date, or brought up to date.

use crate::failpoint;
use crate::files::paths::parent;
use crate::operations::restore::RestoreProgress;
use crate::report::error::{Cause, Result};
use crate::report::progress::unwatched;
use crate::report::waiting;
use crate::steps::overwrite::{Live, WriteFailure};
use crate::steps::page_set::CancelPoll;
use crate::steps::safety_copy::{SafetyCopy, is_damage};
use crate::steps::snapshot::{self, Source};
use crate::store::Store;

/// The outcome of writing only the pages that differ.
enum PageWrite {
    Done(SafetyCopy),
    /// Nothing was written: the page sizes differ, or SQLite lacks `sqlite_dbpage`.
    Impossible,
    /// Nothing was written: the live database is damaged.
    Damaged,
}

impl Store {
    /// Overwrites the live database through SQLite, as one transaction, after a safety copy.
    pub(super) fn overwrite(
        &self,
        source: Source,
        mut live: Live,
        work: &mut RestoreProgress<'_>,
    ) -> Result<SafetyCopy> {
        let (source, _copy) = self.convert_for_live(source, &live, &mut work.before())?;
        let safety = match self.overwrite_differing(&source, &live, work)? {
            PageWrite::Done(safety) => safety,
            PageWrite::Impossible => self.overwrite_whole(&source, &mut live, false, work)?,
            PageWrite::Damaged => self.overwrite_whole(&source, &mut live, true, work)?,
        };
        failpoint::reach("restore_verified");
        live.checkpoint();
        drop(live);
        failpoint::reach("restore_closed");
        Ok(safety)
    }

    /// Writes the pages that differ.
    fn overwrite_differing(&self, source: &Source, live: &Live, work: &mut RestoreProgress<'_>) -> Result<PageWrite> {
        if !live.takes_pages_of(source) {
            return Ok(PageWrite::Impossible);
        }
        let version_before_copy = live.data_version()?;
        let mut draft = match self.draft_safety_copy(&mut work.saving()) {
            Err(error) if is_damage(&error) => return Ok(PageWrite::Damaged),
            draft => draft?,
        };
        if draft.page_size() != source.shape.page_size {
            return Ok(PageWrite::Impossible);
        }
        let mut differing = draft.differing(source, &mut CancelPoll::new(&mut work.comparing(), 1))?;
        failpoint::reach("restore_compared");
        // For a rollback journal of the old pages, or a WAL of the new ones.
        snapshot::require_space(parent(&self.database), differing.len() * source.shape.page_size)?;
        let Some(writer) = live.begin_pages(source)? else {
            return Ok(PageWrite::Impossible);
        };
        failpoint::reach("restore_writers_out");
        let data_version = live.data_version()?;
        if data_version != version_before_copy {
            let mut progress = work.comparing();
            let poll = &mut CancelPoll::new(&mut progress, 1);
            draft.catch_up(&mut writer.reader(source)?, writer.pages, source, &mut differing, poll)?;
        }
        let reader = live.open_reader()?;
        let safety = self.publish_draft(draft)?;
        failpoint::reach("restore_saved");
        let written = writer.write(source, &differing, &mut work.writing());
        drop(writer);
        failpoint::reach("restore_written");
        self.conclude(written, live, safety, || {
            live.verify_pages(
                &reader,
                source,
                &differing,
                data_version,
                self.verify,
                &mut work.after(),
            )
        })
        .map(PageWrite::Done)
    }

    /// Writes every page. `damaged` says whether the live database is known to be damaged.
    fn overwrite_whole(
        &self,
        source: &Source,
        live: &mut Live,
        damaged: bool,
        work: &mut RestoreProgress<'_>,
    ) -> Result<SafetyCopy> {
        let (old, new) = (live.bytes, source.shape.bytes());
        // For the safety copy, then the rollback journal or the WAL, and growth.
        snapshot::require_space(parent(&self.database), old + old.max(new))?;
        let wal = live.wal;
        let writer = live.begin(source)?;
        failpoint::reach("restore_writers_out");
        let safety = if damaged {
            self.save_damaged(wal)?
        } else {
            self.save_current(wal, &mut work.saving())?
        };
        failpoint::reach("restore_saved");
        let written = writer.write(&mut work.writing());
        drop(writer);
        failpoint::reach("restore_written");
        self.conclude(written, live, safety, || {
            live.verify(source, self.verify, &mut work.after())
        })
    }

    /// Verifies the overwritten database. On success returns the safety copy, on failure undoes the write.
    fn conclude(
        &self,
        written: std::result::Result<(), WriteFailure>,
        live: &Live,
        safety: SafetyCopy,
        verify: impl FnOnce() -> Result<()>,
    ) -> Result<SafetyCopy> {
        match written {
            Ok(()) => {}
            Err(failure) if matches!(failure.error.cause, Cause::Cancelled | Cause::DatabaseLocked) => {
                safety.discard();
                live.checkpoint();
                return Err(failure.error);
            }
            Err(failure) => {
                let undone = waiting::to_the_end(|| self.undo(live, &safety, &failure)).is_ok();
                return Err(self.failed(failure.error, &safety, undone));
            }
        }
        // The backup is in place. A wait that is cancelled from here on would be taken for a failed verification.
        waiting::to_the_end(|| {
            let Err(error) = verify() else { return Ok(()) };
            let undone = self.put_back(&safety).is_ok();
            Err(self.failed(error, &safety, undone))
        })?;
        Ok(safety)
    }

    /// Makes sure that the live database is as it was before a failed write. A commit can fail after all pages are written, so a
    /// rollback alone is not enough.
    fn undo(&self, live: &Live, safety: &SafetyCopy, failure: &WriteFailure) -> Result<()> {
        if live.ensure_rolled_back(failure)? {
            Ok(())
        } else {
            self.put_back(safety)
        }
    }

    /// Writes the safety copy back over a database that failed verification.
    pub(super) fn put_back(&self, safety: &SafetyCopy) -> Result<()> {
        let source = self.hold_backup(&safety.path)?;
        let mut live = Live::open(&self.database, self.busy_timeout)?;
        let written = live.begin(&source)?.write(&mut unwatched);
        written.map_err(|failure| failure.error)
    }
}
