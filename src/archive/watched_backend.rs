//! What every read and write of the repository goes through: it counts, it can be cancelled, and it keeps the cause of the first
//! failure, which rustic's own errors do not always tell.
//!
//! In a folder it also does what rustic's backend leaves out: it flushes the folder of a new file, and a folder that cannot be
//! listed is an error instead of an empty one.

use std::error::Error as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};

use crate::archive::meter::Meter;
use crate::files::folder::flush_folder;
use crate::report::error::{Cause, Error};

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
    meter: Arc<Meter>,
}

impl<B> WatchedBackend<B> {
    pub fn new(backend: B, folder: Option<Folder>, meter: &Arc<Meter>) -> WatchedBackend<B> {
        WatchedBackend {
            backend,
            folder,
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
        self.list_checked(kind, |backend| backend.list_with_size(kind))
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        self.refuse_if_cancelled()?;
        self.remember(self.backend.read_full(kind, id))
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
        Ok(())
    }

    fn remove(&self, kind: FileType, id: &Id, cacheable: bool) -> RusticResult<()> {
        self.refuse_if_cancelled()?;
        self.remember(self.backend.remove(kind, id, cacheable))
    }
}
