//! What every read and write of the repository goes through: it counts, it can be cancelled, and it keeps the cause of the first
//! failure, which rustic's own errors do not always tell.
//!
//! In a folder it also does what rustic's backend leaves out: it flushes the folder of a new file, and a folder that cannot be
//! listed is an error instead of an empty one. Everywhere it compares a small file with its name, which is its hash.

use std::collections::HashSet;
use std::error::Error as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};

use sha2::{Digest, Sha256};

use crate::archive::meter::Meter;
use crate::failpoint;
use crate::files::folder::flush_folder;
use crate::report::error::{Cause, Error};

/// After an error of this code rustic goes on to the next key.
const TRY_THE_NEXT_KEY: &str = "C001";

/// A repository's folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub fn at(path: &Path) -> Folder {
        Folder(path.to_owned())
    }

    /// The folder that holds the files of a type.
    fn of(&self, kind: FileType, id: &Id) -> PathBuf {
        match kind {
            FileType::Config => self.0.clone(),
            FileType::Pack => self.0.join(kind.dirname()).join(&id.to_hex()[..2]),
            _ => self.0.join(kind.dirname()),
        }
    }

    fn require_listable(&self, kind: FileType) -> io::Result<()> {
        match kind {
            FileType::Config => match fs::metadata(self.0.join("config")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            _ => fs::read_dir(self.0.join(kind.dirname())).map(drop),
        }
    }
}

/// A backend, watched.
pub(super) struct WatchedBackend<B> {
    backend: B,
    folder: Option<Folder>,
    /// The packs that are listed; `None` is all.
    only: Option<HashSet<Id>>,
    meter: Arc<Meter>,
}

impl<B> WatchedBackend<B> {
    pub fn new(backend: B, folder: Option<Folder>, only: Option<HashSet<Id>>, meter: &Arc<Meter>) -> WatchedBackend<B> {
        WatchedBackend {
            backend,
            folder,
            only,
            meter: Arc::clone(meter),
        }
    }

    fn refuse_if_cancelled(&self) -> RusticResult<()> {
        if self.meter.is_cancelled() {
            return Err(RusticError::new(ErrorKind::Backend, "cancelled"));
        }
        Ok(())
    }

    fn remember<T>(&self, outcome: RusticResult<T>) -> RusticResult<T> {
        outcome.inspect_err(|error| {
            if let Some(cause) = cause_of(error) {
                self.meter.fail(cause);
            }
        })
    }

    fn io<T>(&self, outcome: io::Result<T>) -> RusticResult<T> {
        let wrapped = outcome.map_err(|error| RusticError::with_source(ErrorKind::Backend, "the folder", error));
        self.remember(wrapped)
    }

    fn list_checked<T>(&self, kind: FileType, list: impl FnOnce(&B) -> RusticResult<T>) -> RusticResult<T> {
        self.refuse_if_cancelled()?;
        if let Some(folder) = &self.folder {
            self.io(folder.require_listable(kind))?;
        }
        self.remember(list(&self.backend))
    }
}

impl<B: ReadBackend> WatchedBackend<B> {
    /// Reads a file whose name is its hash, once more if it is another: a network may have changed it, and without its password a
    /// changed key looks like another's.
    fn read_compared(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        for _ in 0..2 {
            let read = self.remember(self.backend.read_full(kind, id))?;
            if Id::new(Sha256::digest(&read).into()) == *id {
                return Ok(read);
            }
        }
        let text = format!("{}/{id} is not what was stored", kind.dirname());
        self.meter.fail(Cause::ArchiveDamaged(vec![text.clone()]));
        let error = RusticError::new(ErrorKind::Verification, text);
        Err(match kind {
            FileType::Key => error.attach_error_code(TRY_THE_NEXT_KEY),
            _ => error,
        })
    }
}

/// The cause that an error of a backend has, where it says one.
fn cause_of(error: &RusticError) -> Option<Cause> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            return Some(cause_of_io(error));
        }
        if let Some(error) = inner.downcast_ref::<Error>() {
            return Some(error.cause.clone());
        }
        source = inner.source();
    }
    None
}

fn cause_of_io(error: &io::Error) -> Cause {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => Cause::ArchiveDamaged(vec!["a file is missing".to_owned()]),
        Kind::UnexpectedEof => Cause::ArchiveDamaged(vec!["a file is too short".to_owned()]),
        _ => match Error::io(error, Path::new("")).cause {
            cause @ (Cause::PermissionDenied(_) | Cause::DiskFull { .. }) => cause,
            _ => Cause::ArchiveUnreachable(error.to_string()),
        },
    }
}

impl<B: ReadBackend> ReadBackend for WatchedBackend<B> {
    fn location(&self) -> String {
        self.backend.location()
    }

    fn list(&self, kind: FileType) -> RusticResult<Vec<Id>> {
        self.list_checked(kind, |backend| backend.list(kind))
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let mut listed = self.list_checked(kind, |backend| backend.list_with_size(kind))?;
        if let Some(only) = self.only.as_ref().filter(|_| kind == FileType::Pack) {
            listed.retain(|(id, _)| only.contains(id));
        }
        Ok(listed)
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        self.refuse_if_cancelled()?;
        match kind {
            FileType::Key | FileType::Index | FileType::Snapshot => self.read_compared(kind, id),
            // A pack's parts are authenticated one by one, and the configuration has no hash.
            FileType::Pack | FileType::Config => self.remember(self.backend.read_full(kind, id)),
        }
    }

    fn read_partial(&self, kind: FileType, id: &Id, cacheable: bool, offset: u32, length: u32) -> RusticResult<Bytes> {
        self.refuse_if_cancelled()?;
        self.remember(self.backend.read_partial(kind, id, cacheable, offset, length))
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        self.backend.warmup_path(kind, id)
    }
}

impl<B: WriteBackend> WriteBackend for WatchedBackend<B> {
    fn create(&self) -> RusticResult<()> {
        self.refuse_if_cancelled()?;
        self.remember(self.backend.create())
    }

    fn write_bytes(&self, kind: FileType, id: &Id, cacheable: bool, content: BytesList) -> RusticResult<()> {
        self.refuse_if_cancelled()?;
        if kind == FileType::Snapshot && !self.meter.source_is_whole() {
            return Err(RusticError::new(ErrorKind::Backend, "the backup was not read whole"));
        }
        let length = content.size() as u64;
        self.remember(self.backend.write_bytes(kind, id, cacheable, content))?;
        if let Some(folder) = &self.folder {
            let folder = folder.of(kind, id);
            let flushed = flush_folder(&folder);
            self.remember(flushed.map_err(|error| RusticError::with_source(ErrorKind::Backend, "flush", error)))?;
        }
        self.meter.count_written(length);
        match kind {
            FileType::Config => failpoint::reach("archive_config_stored"),
            FileType::Key => failpoint::reach("archive_key_stored"),
            FileType::Pack => failpoint::reach("archive_pack_stored"),
            FileType::Index => failpoint::reach("archive_index_stored"),
            FileType::Snapshot => failpoint::reach("archive_snapshot_stored"),
        }
        Ok(())
    }

    fn remove(&self, kind: FileType, id: &Id, cacheable: bool) -> RusticResult<()> {
        self.refuse_if_cancelled()?;
        self.remember(self.backend.remove(kind, id, cacheable))?;
        failpoint::reach("archive_file_removed");
        Ok(())
    }
}
