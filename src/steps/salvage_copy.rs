//! The damaged file's bytes in a file of the library's own, with what its WAL and its rollback journal hold.
//!
//! The copy can be read without locks, twice, and by SQLite; the damaged file is read once, and never written to. Where the
//! disk refuses to read, the copy holds zeros.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::database::connection;
use crate::database::header;
use crate::database::live_file::LiveFile;
use crate::failpoint;
use crate::files::paths::{open_plain, real_path, same_file, with_suffix};
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::Staged;
use crate::pages::source::{ReadAt, WriteAt};
use crate::pages::{rollback_journal, wal_frames};
use crate::report::error::{Cause, Error, Result};
use crate::steps::room;
use crate::steps::safety_copy::no_file;
use crate::store::Store;

/// A copy of a damaged file.
pub(crate) struct DamagedCopy {
    pub file: Staged,
    pub size: u64,
    /// The page size that the WAL or the rollback journal states.
    pub stated_page_size: Option<u32>,
    /// Bytes that the disk did not read.
    pub unreadable: u64,
}

/// Bytes read at once, and after a failure.
const BLOCK: usize = 1 << 16;
const SECTOR: usize = 4096;

impl Store {
    /// Copies `source` into a temporary file in the backup folder.
    ///
    /// Of the live database the copy is of one moment: a read transaction keeps writers out, or a shared lock where SQLite cannot
    /// read it. In WAL mode the lock does not keep out a checkpoint of a program that has the damaged database open.
    pub(crate) fn copy_damaged(&self, source: &Path) -> Result<DamagedCopy> {
        let size = fs::metadata(source).map_err(|error| Error::io(&error, source))?.len();
        let [wal, journal] = ["-wal", "-journal"].map(|suffix| Sidecar::open(source, suffix));
        let (wal, journal) = (wal?, journal?);
        let needed = size + wal.as_ref().map_or(0, Sidecar::size);
        if let Some(free) = room::free(&self.backup_dir).filter(|free| *free < needed) {
            let cause = Cause::DiskFull {
                needed: Some(needed),
                free: Some(free),
            };
            return Err(Error::at(cause, &self.backup_dir));
        }
        let file = Staged::new(&self.backup_dir)?;
        let in_copy = |error: &io::Error| Error::io(error, &self.backup_dir);
        let target = retry_sharing_violations(|| File::options().read(true).write(true).open(file.path()));
        let target = target.map_err(|error| in_copy(&error))?;
        let unreadable = if same_file(source, &self.database) {
            // Closing any other handle of the file would drop the locks that this process has on it.
            let read_transaction = connection::hold_for_reading(&self.database, self.busy_timeout);
            let connection = self.open_live_file()?;
            let live = LiveFile::of(&connection).ok_or_else(|| no_file(source))?;
            if read_transaction.is_none() {
                let locked = live.lock_shared(self.busy_timeout);
                if !locked.map_err(|error| Error::io(&error, source))? {
                    return Err(Error::at(Cause::DatabaseLocked, source));
                }
            }
            self.copy_bytes(&|part, at| live.read_exact_at(part, at), size, source, &target)?
        } else {
            let original = open_plain(source).map_err(|error| Error::io(&error, source))?;
            self.copy_bytes(&|part, at| original.read_exact_at(part, at), size, source, &target)?
        };
        failpoint::reach("salvage_copied");
        // In SQLite's order: a transaction that was broken off is undone before the WAL is read.
        let mut stated_page_size = None;
        if let Some(journal) = journal.filter(Sidecar::is_of_unfinished_transaction) {
            stated_page_size = rollback_journal::play_back(&journal.file, &target).map_err(|error| in_copy(&error))?;
        }
        if let Some(wal) = wal {
            let stated = wal_frames::apply(&wal.file, &target).map_err(|error| in_copy(&error))?;
            stated_page_size = stated.or(stated_page_size);
        }
        as_rollback_database(&target).map_err(|error| in_copy(&error))?;
        Ok(DamagedCopy {
            size: target.size().map_err(|error| in_copy(&error))?,
            file,
            stated_page_size,
            unreadable,
        })
    }

    /// Copies `size` bytes. Returns how many of them the disk did not read; fails when it reads none.
    fn copy_bytes(
        &self,
        read: &dyn Fn(&mut [u8], u64) -> io::Result<()>,
        size: u64,
        source: &Path,
        target: &File,
    ) -> Result<u64> {
        let mut block = vec![0; BLOCK];
        let (mut at, mut unreadable) = (0, 0);
        let mut first_error = None;
        while at < size {
            let length = usize::try_from(size - at).unwrap_or(BLOCK).min(BLOCK);
            let part = block.get_mut(..length).unwrap_or_default();
            if read(part, at).is_err() {
                // A disk that cannot read a block can often read most of it.
                for (number, sector) in part.chunks_mut(SECTOR).enumerate() {
                    if let Err(error) = read(sector, at + (number * SECTOR) as u64) {
                        sector.fill(0);
                        unreadable += sector.len() as u64;
                        first_error.get_or_insert(error);
                    }
                }
            }
            let written = target.write_all_at(part, at);
            written.map_err(|error| Error::io(&error, &self.backup_dir))?;
            at += length as u64;
        }
        match first_error {
            Some(error) if unreadable == size => Err(Error::io(&error, source)),
            _ => Ok(unreadable),
        }
    }
}

/// A WAL or rollback journal.
struct Sidecar {
    file: File,
    database: PathBuf,
}

impl Sidecar {
    /// `None` where there is none.
    fn open(database: &Path, suffix: &str) -> Result<Option<Sidecar>> {
        let database = real_path(database);
        let path = with_suffix(&database, suffix);
        match open_plain(&path) {
            Ok(file) => Ok(Some(Sidecar { file, database })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&error, &path)),
        }
    }

    fn size(&self) -> u64 {
        self.file.size().unwrap_or(0)
    }

    /// Of a rollback journal: without a super-journal, or with one that is there. When a transaction in several databases is
    /// committed, their super-journal is deleted first.
    fn is_of_unfinished_transaction(&self) -> bool {
        let Ok(Some(name)) = rollback_journal::super_journal(&self.file) else {
            return true;
        };
        let name = PathBuf::from(String::from_utf8_lossy(&name).into_owned());
        let folder = self.database.parent().unwrap_or(Path::new(""));
        fs::symlink_metadata(folder.join(name)).is_ok()
    }
}

/// Sets the header to rollback mode: the WAL's frames are already in the file.
fn as_rollback_database(file: &File) -> io::Result<()> {
    let mut beginning = [0; 20];
    if file.size()? < beginning.len() as u64 {
        return Ok(());
    }
    file.read_exact_at(&mut beginning, 0)?;
    if beginning.starts_with(header::MAGIC) {
        file.write_all_at(&[1, 1], 18)?;
    }
    Ok(())
}
