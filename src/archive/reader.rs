//! Reading databases in the archive where they are, by the chunks that are needed of them.
//!
//! A thread has the repository open and answers. Whoever asks waits as for a lock: the caller's progress function is called, and can
//! end it. SQLite is only told that a read has failed, so why is kept here, and [`ArchiveReader::settle`] brings it up.

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono_tz::Tz;

use crate::archive::chunks::{Chunk, ChunkId, ChunkList, Question};
use crate::archive::kept_chunks::KeptChunks;
use crate::archive::meter::Meter;
use crate::archive::repository::{Repository, in_pool};
use crate::archive::snapshot::Listed;
use crate::block_io::archive_vfs::ArchivedFile;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::waiting;
use crate::store::Store;

/// The archive, opened to read from.
pub(crate) struct ArchiveReader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Its snapshots.
    pub listed: Listed,
    /// What errors call it.
    pub location: PathBuf,
}

struct Shared {
    /// `None` once the reader is gone; then nothing can be read any more.
    questions: Mutex<Option<Sender<Question>>>,
    meter: Arc<Meter>,
    kept: Mutex<KeptChunks>,
    failure: Mutex<Option<Error>>,
}

impl Store {
    /// Opens the archive, to read from its snapshots.
    pub(crate) fn read_archive(&self) -> Result<ArchiveReader> {
        let options = self.archive_options()?.clone();
        let password = options.password.read()?;
        let location = options.location();
        let (questions, asked) = mpsc::channel();
        let shared = Arc::new(Shared {
            questions: Mutex::new(Some(questions)),
            meter: Arc::default(),
            kept: Mutex::new(KeptChunks::new(self.backup_dir.clone())),
            failure: Mutex::default(),
        });
        let (opened, opening) = mpsc::sync_channel(1);
        let (meter, zone, kept) = (Arc::clone(&shared.meter), self.zone, self.kept_key.clone());
        let thread = thread::Builder::new()
            .name("respaldo-archive".to_owned())
            .spawn(move || {
                let repository = || Repository::open(&options, &password, &kept, &meter);
                serve(repository, zone, &opened, asked);
            });
        let thread = thread.map_err(|error| Error::new(Cause::NoThread(error.to_string())))?;
        let mut reader = ArchiveReader {
            shared,
            thread: Some(thread),
            listed: Listed::default(),
            location,
        };
        reader.listed = reader.shared.wait(&opening)?;
        Ok(reader)
    }
}

/// Opens the repository, sends its snapshots, and answers questions until nobody can ask any more.
fn serve(
    repository: impl FnOnce() -> Result<Repository> + Send,
    zone: Tz,
    opened: &SyncSender<Result<Listed>>,
    asked: Receiver<Question>,
) {
    let work = || {
        in_pool(move || {
            let repository = repository()?;
            let listed = repository.list(zone)?;
            // Nobody waits any more where the caller has cancelled; then nobody asks either.
            repository.answer(|| drop(opened.send(Ok(listed))), &asked)
        })
    };
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    let failure = match outcome {
        Ok(done) => done.err(),
        Err(_) => Some(Error::new(Cause::ArchiveDamaged(vec![
            "its index cannot be read".to_owned(),
        ]))),
    };
    if let Some(error) = failure {
        let _ = opened.send(Err(error));
    }
}

impl ArchiveReader {
    /// The database in a snapshot. Of several files in it, `database` names the one.
    pub fn open(&self, snapshot: &str, database: &str) -> Result<Arc<SnapshotDatabase>> {
        let location = self.location.join(snapshot);
        let found = self.shared.ask(|answer| Question::Chunks {
            snapshot: snapshot.to_owned(),
            database: database.to_owned(),
            answer,
        });
        let chunks = found.map_err(|error| at_snapshot(error, &location))?;
        Ok(Arc::new(SnapshotDatabase {
            shared: Arc::clone(&self.shared),
            chunks,
            location,
            has_failed: AtomicBool::new(false),
        }))
    }

    /// What work with snapshots came to. Where a chunk could not be read, that is the failure, whatever SQLite made of it.
    pub fn settle<T>(&self, done: Result<T>) -> Result<T> {
        let failure = lock(&self.shared.failure).clone();
        failure.map_or(done, Err)
    }

    /// The same for one snapshot of several. The next one may be whole.
    pub fn settle_one<T>(&self, done: Result<T>) -> Result<T> {
        let failure = lock(&self.shared.failure).take();
        failure.map_or(done, Err)
    }
}

impl Drop for ArchiveReader {
    fn drop(&mut self) {
        drop(lock(&self.shared.questions).take());
        if let Some(thread) = self.thread.take() {
            // It ends with the request that it is busy with. Its panics are caught.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn ask<T>(&self, question: impl FnOnce(SyncSender<Result<T>>) -> Question) -> Result<T> {
        let (answer, answered) = mpsc::sync_channel(1);
        if let Some(questions) = &*lock(&self.questions) {
            // A thread that has ended does not answer.
            let _ = questions.send(question(answer));
        }
        self.wait(&answered)
    }

    /// Waits for an answer, as long as the caller's progress function lets it.
    fn wait<T>(&self, answered: &Receiver<Result<T>>) -> Result<T> {
        match waiting::receive(answered, Duration::MAX) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.meter.cancel();
                Err(Error::new(Cause::Cancelled))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(Error::new(Cause::ArchiveUnreachable("it was closed".to_owned())))
            }
        }
    }

    fn chunk(&self, id: ChunkId) -> Result<Chunk> {
        if let Some(chunk) = lock(&self.kept).get(&id) {
            return Ok(chunk);
        }
        let chunk = self.ask(|answer| Question::Chunk { id, answer })?;
        lock(&self.kept).keep(id, Arc::clone(&chunk));
        Ok(chunk)
    }
}

/// The database of a snapshot, read where it is.
pub(crate) struct SnapshotDatabase {
    shared: Arc<Shared>,
    chunks: ChunkList,
    /// What errors call it.
    pub location: PathBuf,
    /// Once a read has failed, all do.
    has_failed: AtomicBool,
}

impl SnapshotDatabase {
    fn fill(&self, mut part: &mut [u8], mut offset: u64) -> Result<()> {
        let too_short = || {
            Error::at(
                Cause::BackupCorrupt(Damage::new(DamageKind::Changed, "a chunk is too short")),
                &self.location,
            )
        };
        while !part.is_empty() {
            let (id, start) = self.chunks.at(offset).ok_or_else(too_short)?;
            let chunk = self.shared.chunk(id)?;
            let from = usize::try_from(offset - start).unwrap_or(usize::MAX);
            let there = chunk
                .get(from..)
                .filter(|there| !there.is_empty())
                .ok_or_else(too_short)?;
            let length = there.len().min(part.len());
            let (now, later) = part.split_at_mut(length);
            now.copy_from_slice(&there[..length]);
            part = later;
            offset += length as u64;
        }
        Ok(())
    }
}

impl ArchivedFile for SnapshotDatabase {
    fn size(&self) -> u64 {
        self.chunks.size
    }

    fn read_at(&self, part: &mut [u8], offset: u64) -> bool {
        if self.has_failed.load(Ordering::Acquire) {
            return false;
        }
        let Err(error) = self.fill(part, offset) else {
            return true;
        };
        self.has_failed.store(true, Ordering::Release);
        lock(&self.shared.failure).get_or_insert(at_snapshot(error, &self.location));
        false
    }
}

/// Damage is that of the snapshot that was read; anything else concerns the whole archive.
fn at_snapshot(error: Error, location: &Path) -> Error {
    match error.cause {
        Cause::ArchiveDamaged(_) => Error::at(error.cause, location),
        _ => error,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
