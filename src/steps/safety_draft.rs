//! A safety copy that is made while writers go on, and brought up to date under the write lock.
//!
//! So writers need not wait while the database is copied and verified. Under the write lock the copy is compared with the live
//! database page by page, and commits made meanwhile are written into it. It gets its name afterwards, and then holds exactly
//! the database that is overwritten.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use crate::database::connection;
use crate::database::page_reader::{CHUNK, PageReader, lock_byte_page};
use crate::database::shape::Shape;
use crate::database::sqlite_error::Role;
use crate::files::paths::parent;
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::Staged;
use crate::report::error::{Error, Result};
use crate::report::progress::ProgressFn;
use crate::steps::page_set::{CancelPoll, PageSet, bytes_of, chunks, differing};
use crate::steps::safety_copy::SafetyCopy;
use crate::steps::snapshot::Source;
use crate::store::Store;

/// A verified, flushed copy of the live database without a name.
pub(crate) struct SafetyDraft {
    file: Staged,
    pages: u64,
    page_size: u64,
}

/// The offset of the write and read versions in the header: <https://www.sqlite.org/fileformat2.html#the_database_header>.
const VERSIONS: std::ops::Range<usize> = 18..20;
const ROLLBACK: [u8; 2] = [1, 1];

impl Store {
    /// Copies and verifies the live database while writers go on.
    pub(crate) fn draft_safety_copy(&self, progress: ProgressFn<'_>) -> Result<SafetyDraft> {
        let (file, Shape { pages, page_size, .. }) = self.copy_current(progress)?;
        Ok(SafetyDraft { file, pages, page_size })
    }

    /// Renames the draft durably.
    pub(crate) fn publish_draft(&self, draft: SafetyDraft) -> Result<SafetyCopy> {
        self.publish_safety_copy(draft.file)
    }
}

impl SafetyDraft {
    pub fn page_size(&self) -> u64 {
        self.page_size
    }

    /// The pages in which `source` differs from this copy.
    pub fn differing(&self, source: &Source, poll: &mut CancelPoll<'_>) -> Result<PageSet> {
        let connection = connection::open_backup(self.file.path(), Duration::ZERO)?;
        let mut copy = PageReader::of(&connection, self.file.path(), Role::Backup, self.page_size)?;
        let mut new = source.pages()?;
        differing(
            &mut copy,
            self.pages,
            &mut new,
            source.shape.pages,
            self.page_size,
            poll,
        )
    }

    /// Brings this copy up to date with `live`, which has `pages` pages, and `differing` with the pages in which `source` differs
    /// from it. The caller holds the write lock.
    pub fn catch_up(
        &mut self,
        live: &mut PageReader<'_>,
        pages: u64,
        source: &Source,
        differing: &mut PageSet,
        poll: &mut CancelPoll<'_>,
    ) -> Result<()> {
        let path = self.file.path();
        let failed = |error: std::io::Error| Error::io(&error, parent(path));
        let connection = connection::open_backup(path, Duration::ZERO)?;
        let mut copy = PageReader::of(&connection, path, Role::Backup, self.page_size)?;
        let mut target = retry_sharing_violations(|| File::options().write(true).open(path)).map_err(failed)?;
        let mut new = source.pages()?;
        let (size, skipped) = (bytes_of(1, self.page_size), lock_byte_page(self.page_size));
        let (mut now, mut saved, mut wanted) = (vec![0; CHUNK], vec![0; CHUNK], vec![0; size]);
        for (first, count) in chunks(pages, self.page_size) {
            poll.check()?;
            let length = bytes_of(count, self.page_size);
            let (now, saved) = (&mut now[..length], &mut saved[..length]);
            live.read(first, now)?;
            let both = count.min((self.pages + 1).saturating_sub(first));
            copy.read(first, &mut saved[..bytes_of(both, self.page_size)])?;
            if first == 1 {
                // In rollback mode the copy opens from a read-only drive.
                now[VERSIONS].copy_from_slice(&ROLLBACK);
            }
            if both == count && now == saved {
                continue;
            }
            for (page, (now, saved)) in (first..).zip(now.chunks_exact(size).zip(saved.chunks_exact(size))) {
                if page == skipped || page <= self.pages && now == saved {
                    continue;
                }
                let place = SeekFrom::Start((page - 1) * self.page_size);
                target.seek(place).and_then(|_| target.write_all(now)).map_err(failed)?;
                if page > 1 && page <= source.shape.pages {
                    new.read(page, &mut wanted)?;
                    differing.set(page, wanted != now);
                }
            }
        }
        (pages + 1..=source.shape.pages).for_each(|page| differing.set(page, page != skipped));
        target.set_len(pages * self.page_size).map_err(failed)?;
        drop(target);
        self.pages = pages;
        self.file.finish(None)
    }
}
