//! The snapshot: one consistent, verified, flushed copy of a database under a temporary name.
//!
//! The order makes it safe. Everything is read inside one read transaction, so writers can neither change nor restart the copy.
//! The copy is verified and flushed before it gets a name.

use std::fs::{self, File, Metadata};
use std::ops::ControlFlow;
use std::panic;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ffi};

use crate::block_io::file_hash::{FileHash, hash_of};
use crate::block_io::file_methods;
use crate::block_io::preallocate::preallocate;
use crate::block_io::write_back::WriteBack;
use crate::database::check::{self, Remarks, Verification};
use crate::database::connection;
use crate::database::contents;
use crate::database::header::{self, Header};
use crate::database::page_reader::PageReader;
use crate::database::shape::Shape;
use crate::database::sqlite_error::{self, Role, explain, is_write_failure, remember_system_error};
use crate::database::wal_index::WalIndexCleanup;
use crate::failpoint;
use crate::files::paths::parent;
use crate::files::sidecars::has_wal;
use crate::files::staging::Staged;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::waiting;

/// A database in a read transaction.
pub(crate) struct Source {
    pub connection: Connection,
    pub shape: Shape,
    pub path: PathBuf,
    pub role: Role,
    /// Removes the WAL index that reading creates. The last field: it must be dropped after the connection.
    pub _wal_index: Option<WalIndexCleanup>,
}

impl Source {
    /// Begins a read transaction, which ends when the source is dropped.
    pub fn hold(connection: Connection, path: &Path, role: Role) -> Result<Source> {
        let source = Source::begin(connection, path, role)?;
        source.refuse_cut_off()?;
        Ok(source)
    }

    /// The same for a backup of so many bytes that is no file.
    pub fn hold_archived(connection: Connection, path: &Path, bytes: u64) -> Result<Source> {
        let source = Source::begin(connection, path, Role::Backup)?;
        if bytes < source.shape.bytes() {
            return Err(source.corrupt(Damage::cut_off(bytes, source.shape.bytes())));
        }
        Ok(source)
    }

    fn begin(connection: Connection, path: &Path, role: Role) -> Result<Source> {
        // BEGIN takes no lock. The first read does, and waits up to the connection's timeout.
        let shape = connection
            .execute_batch("BEGIN")
            .and_then(|()| Shape::read(&connection));
        remember_system_error(&connection, &shape);
        let shape = shape.map_err(|error| explain(&error, path, role))?;
        if shape.pages == 0 {
            return Err(Error::at(Cause::NotADatabase, path));
        }
        let path = path.to_owned();
        Ok(Source {
            connection,
            shape,
            path,
            role,
            _wal_index: None,
        })
    }

    /// Refuses a cut-off file. SQLite reads the missing part of the last page as zeros, and a check can miss that.
    fn refuse_cut_off(&self) -> Result<()> {
        let size = fs::metadata(&self.path)
            .map_err(|error| Error::io(&error, &self.path))?
            .len();
        let mode: rusqlite::Result<String> = self
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0));
        let in_wal = mode.map_err(|error| explain(&error, &self.path, self.role))? == "wal" && has_wal(&self.path);
        let stated = self.shape.bytes();
        if size < stated && !in_wal {
            return Err(self.corrupt(Damage::cut_off(size, stated)));
        }
        Ok(())
    }

    /// Reads the pages as they are in the file.
    pub fn pages(&self) -> Result<PageReader<'_>> {
        PageReader::of(&self.connection, &self.path, self.role, self.shape.page_size)
    }

    /// The error that this file is damaged.
    pub fn corrupt(&self, damage: Damage) -> Error {
        Error::at(sqlite_error::corrupt(self.role, damage), &self.path)
    }
}

/// A snapshot without a name yet.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub file: Staged,
    /// The remarks of the check.
    pub remarks: Remarks,
}

/// A verified copy that is not flushed yet.
#[derive(Debug)]
pub(crate) struct VerifiedCopy<'a> {
    pub path: &'a Path,
    /// `None` when it could not be computed.
    pub hash: Option<blake3::Hash>,
    /// The number of rows of each table, if known.
    pub rows: Option<Vec<(String, u64)>>,
}

/// Called with the verified copy, while it is being flushed.
pub(crate) type OnVerified<'a> = &'a mut dyn FnMut(VerifiedCopy<'_>);

/// Copies `source` into a temporary file in `folder`, verifies it and flushes it.
///
/// The copy gets the permissions of `model`. Fails when the source is corrupt; a failure leaves no file behind.
pub(crate) fn take(
    source: Source,
    folder: &Path,
    model: Option<&Metadata>,
    level: Verification,
    progress: ProgressFn<'_>,
) -> Result<Snapshot> {
    take_and_report(source, folder, model, level, None, progress)
}

/// Like [`take`], and calls `on_verified` with the verified copy while it is still being flushed.
pub(crate) fn take_and_report(
    source: Source,
    folder: &Path,
    model: Option<&Metadata>,
    level: Verification,
    on_verified: Option<OnVerified<'_>>,
    progress: ProgressFn<'_>,
) -> Result<Snapshot> {
    require_space(folder, source.shape.bytes())?;
    let file = Staged::new(folder)?;
    preallocate(file.path(), source.shape.bytes());
    failpoint::reach("snapshot_staged");
    let hash = copy(&source, file.path(), on_verified.is_some(), progress)?;
    let _ = source.connection.execute_batch("COMMIT"); // from here on writers and checkpoints need not wait
    failpoint::reach("snapshot_copied");
    let remarks = verify_and_flush(
        &source,
        &file,
        model,
        level,
        on_verified.map(|on_verified| (on_verified, hash)),
        progress,
    )?;
    failpoint::reach("snapshot_flushed");
    Ok(Snapshot { file, remarks })
}

/// Verifies the copy while a thread flushes it: one needs the processor, the other the disk.
fn verify_and_flush(
    source: &Source,
    file: &Staged,
    model: Option<&Metadata>,
    level: Verification,
    on_verified: Option<(OnVerified<'_>, Option<FileHash>)>,
    progress: ProgressFn<'_>,
) -> Result<Remarks> {
    thread::scope(|scope| {
        let flushing = thread::Builder::new().name("respaldo-flush".to_owned());
        let flushing = flushing.spawn_scoped(scope, || file.finish(model));
        let path = file.path();
        let (remarks, rows) = verify_copy(source, path, level, on_verified.is_some(), progress)?;
        if let Some((on_verified, hash)) = on_verified {
            let hash = hash_of_copy(path, hash).ok(); // a missing hash only weakens later checks
            on_verified(VerifiedCopy { path, hash, rows });
        }
        failpoint::reach("snapshot_verified");
        let flushed = flushing.map(|thread| thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        // If no thread could be started, flush here.
        flushed.unwrap_or_else(|_| file.finish(model))?;
        Ok(remarks)
    })
}

/// Fails with the missing space before anything is written.
pub(crate) fn require_space(folder: &Path, needed: u64) -> Result<()> {
    match fs4::available_space(folder) {
        Ok(free) if free < needed => {
            let needed = Some(needed);
            let free = Some(free);
            Err(Error::at(Cause::DiskFull { needed, free }, folder))
        }
        // If the file system does not report its free space, writing shows it.
        _ => Ok(()),
    }
}

/// The hash of the closed copy, completed from the hash taken while it was written.
fn hash_of_copy(copy: &Path, taken: Option<FileHash>) -> std::io::Result<blake3::Hash> {
    let mut file = File::open(copy)?;
    match taken {
        Some(taken) => taken.finish(&mut file),
        None => {
            let length = file.metadata()?.len();
            hash_of(&mut file, length)
        }
    }
}

fn copy(source: &Source, target_path: &Path, is_hashed: bool, progress: ProgressFn<'_>) -> Result<Option<FileHash>> {
    let mut target = connection::open_unpublished(target_path)?;
    if is_hashed {
        file_methods::start_hash(&target);
    }
    // Each page is read once, so a large cache only costs time.
    let _ = source.connection.pragma_update(None, "cache_size", -CACHE_KIB);
    let mut write_back = WriteBack::of(target_path.to_owned());
    // Writes back the first half during the copy; the second half goes to the disk while the copy is checked. More would slow
    // the copy down on a slow disk.
    let mut write_backs_left = source.shape.bytes() / 2 / STEP_BYTES;
    let step_done = &mut || {
        if write_backs_left > 0 {
            write_backs_left -= 1;
            write_back.advance();
        }
    };
    copy_pages(source, &mut target, step_done, progress).map_err(|stopped| match stopped {
        Stopped::Cancelled => Error::new(Cause::Cancelled),
        // One call reads the source and writes the copy, so both can have failed.
        Stopped::Sqlite(error) if is_write_failure(&error) => explain(&error, parent(target_path), Role::Backup),
        Stopped::Sqlite(error) => explain(&error, &source.path, source.role),
    })?;
    let hash = file_methods::take_hash(&target);
    drop(target);
    leave_wal_mode(target_path)?;
    Ok(hash)
}

/// Sets the copy of a WAL database to rollback mode, so that it opens from a read-only drive.
///
/// No connection has the file open, and it has no WAL, so only the two version numbers change:
/// <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>.
fn leave_wal_mode(copy: &Path) -> Result<()> {
    let written = match Header::read(copy) {
        Ok(Some(Header { wal: true, .. })) => header::write_rollback_versions(copy),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    written.map_err(|error| Error::io(&error, parent(copy)))
}

/// Why copying stopped.
#[derive(Debug)]
pub(crate) enum Stopped {
    Cancelled,
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Stopped {
    fn from(error: rusqlite::Error) -> Self {
        Stopped::Sqlite(error)
    }
}

fn copy_pages(
    source: &Source,
    target: &mut Connection,
    step_done: &mut dyn FnMut(),
    progress: ProgressFn<'_>,
) -> std::result::Result<(), Stopped> {
    let backup = Backup::new(&source.connection, target)?;
    step_to_the_end(
        &backup,
        pages_per_step(&source.shape),
        Duration::ZERO,
        step_done,
        progress,
    )
}

/// The page cache of the source's connection during the copy. Few pages are read twice.
const CACHE_KIB: i64 = 64;
/// Bytes copied in a step.
const STEP_BYTES: u64 = 1 << 20;

/// Pages copied in a step.
pub(crate) fn pages_per_step(shape: &Shape) -> i32 {
    i32::try_from(STEP_BYTES / shape.page_size.max(512)).unwrap_or(i32::MAX)
}

/// The progress function of an application can take longer than a step. It is called after each of the first steps, and then at
/// this interval.
const FIRST_STEPS: u32 = 16;
const PROGRESS_INTERVAL: Duration = Duration::from_millis(10);

/// Runs a backup whose locks are taken. Calls `progress` between steps.
pub(crate) fn step_to_the_end(
    backup: &Backup<'_, '_>,
    pages_per_step: i32,
    timeout: Duration,
    step_done: &mut dyn FnMut(),
    progress: ProgressFn<'_>,
) -> std::result::Result<(), Stopped> {
    let (mut steps, mut last_report) = (0, Instant::now());
    loop {
        let result = step(backup, pages_per_step, timeout)?;
        failpoint::reach("step_copied");
        if result == StepResult::Done {
            return Ok(());
        }
        step_done();
        steps += 1;
        if steps > FIRST_STEPS && last_report.elapsed() < PROGRESS_INTERVAL {
            continue;
        }
        let state = backup.progress();
        let pages_total = u64::try_from(state.pagecount).unwrap_or(0);
        let remaining = u64::try_from(state.remaining).unwrap_or(0);
        let now = Progress {
            pages_done: pages_total.saturating_sub(remaining),
            pages_total,
        };
        if progress(now) == ControlFlow::Break(()) {
            return Err(Stopped::Cancelled);
        }
        last_report = Instant::now();
    }
}

const RETRY_INTERVAL: Duration = Duration::from_millis(1);

/// One step, retried up to `timeout` while another connection holds a lock. Zero pages only take the locks.
pub(crate) fn step(backup: &Backup<'_, '_>, pages: i32, timeout: Duration) -> rusqlite::Result<StepResult> {
    let deadline = Instant::now() + timeout;
    loop {
        let busy = match backup.step(pages) {
            Ok(StepResult::Busy | StepResult::Locked) => {
                rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)
            }
            Err(error) if sqlite_error::is_busy(&error) => error,
            result => return result,
        };
        if Instant::now() >= deadline || !waiting::goes_on() {
            return Err(busy);
        }
        thread::sleep(RETRY_INTERVAL);
    }
}

/// In a database up to this size, counting the rows takes no noticeable time.
const MAX_BYTES_TO_COUNT: u64 = 1 << 20;

/// The remarks of the check, and the number of rows of each table.
type CopyFindings = (Remarks, Option<Vec<(String, u64)>>);

/// Verifies the closed copy against the shape of its source.
fn verify_copy(
    source: &Source,
    copy: &Path,
    level: Verification,
    is_counted: bool,
    progress: ProgressFn<'_>,
) -> Result<CopyFindings> {
    // Damage of the copy is reported for the source: the copy is deleted on failure.
    let of_source = |error: Error| match error.cause {
        Cause::BackupCorrupt(damage) => source.corrupt(damage),
        Cause::NotADatabase => Error::at(Cause::NotADatabase, &source.path),
        _ => error,
    };
    let reader = connection::open_backup(copy, Duration::ZERO).map_err(of_source)?;
    let found = Shape::read(&reader).map_err(|error| explain(&error, &source.path, source.role))?;
    let mut differences = source.shape.differences(&found);
    if matches!(Header::read(copy), Ok(Some(Header { wal: true, .. }))) {
        differences.push("the copy is still in WAL mode".to_owned());
    }
    let differs = |problem| Damage::new(DamageKind::Structure, problem);
    let cut_off = check::length_problem(copy, &found)?;
    let file = File::open(copy).map_err(|error| Error::io(&error, parent(copy)))?;
    let checked = (copy, Role::Backup);
    let findings = check::run(&reader, checked, Some(&file), level, &found, progress).map_err(of_source)?;
    let all = differences
        .into_iter()
        .map(differs)
        .chain(cut_off)
        .chain(findings.damage);
    if let Some(damage) = all.reduce(Damage::and) {
        return Err(source.corrupt(damage));
    }
    let count = || {
        let is_cheap = is_counted && found.bytes() <= MAX_BYTES_TO_COUNT;
        is_cheap.then(|| contents::count_rows(&reader)).flatten()
    };
    Ok((findings.remarks, findings.rows.or_else(count)))
}
