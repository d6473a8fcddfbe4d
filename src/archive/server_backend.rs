//! A repository on a server: S3 and WebDAV.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use opendal::Buffer;
use opendal::options::{ListOptions, ReadOptions};
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};

use crate::archive::connection::Connection;
use crate::archive::meter::Meter;
use crate::options::Archive;
use crate::report::error::{Cause, Error, Result};

/// Bytes of a pack that are read where a read begins anew: a few chunks of a database.
const FIRST_READ: u64 = 64 << 10;
/// Where reads follow each other, each is this many times as long as the one before, up to the longest.
const GROWTH: u64 = 4;
const LONGEST_READ: u64 = 4 << 20;
/// Blocks that are kept: those of the packs that are being read.
const MOST_BLOCKS: usize = 6;
/// What an answer is taken to have at most where its size is not known. It only decides how long to wait.
const SMALL_FILE: u64 = 64 << 20;

/// What a request to the server gives.
type Answer<T> = std::result::Result<T, Cause>;

/// A file and its bytes.
type Entry = (Id, u32);

/// A server.
pub(super) struct ServerBackend {
    connection: Connection,
    blocks: Mutex<Blocks>,
    /// One request lists all that is below a folder, and a file is there whole or not at all. Of WebDAV servers many refuse the one,
    /// or leave it out without a word, and some keep what has arrived of a file whose sending broke off.
    is_object_store: bool,
    location: String,
}

impl ServerBackend {
    pub fn new(service: &str, options: &Archive, meter: &Arc<Meter>) -> Result<ServerBackend> {
        Ok(ServerBackend {
            connection: Connection::new(service, options, meter)?,
            blocks: Mutex::default(),
            is_object_store: service == "s3",
            location: options.location().to_string_lossy().into_owned(),
        })
    }

    fn list_files(&self, kind: FileType) -> Answer<Vec<Entry>> {
        let folder = format!("{}/", kind.dirname());
        let (mut files, folders) = self.list_folder(&folder)?;
        if kind == FileType::Pack && !self.is_object_store {
            for folder in folders {
                files.extend(self.list_folder(&folder)?.0);
            }
        }
        Ok(files)
    }

    /// The files and the folders in a folder. One that is not there holds none.
    fn list_folder(&self, folder: &str) -> Answer<(Vec<Entry>, Vec<String>)> {
        let options = ListOptions {
            recursive: self.is_object_store,
            ..ListOptions::default()
        };
        let operator = &self.connection.reading;
        let listed = self
            .connection
            .request(SMALL_FILE, || operator.list_options(folder, options.clone()))?;
        let (mut files, mut folders) = (vec![], vec![]);
        for entry in listed.unwrap_or_default() {
            let name = entry.name();
            let is_id = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            if entry.metadata().is_dir() && entry.path() != folder {
                folders.push(entry.path().to_owned());
            } else if is_id && let (Ok(id), Ok(size)) = (name.parse(), u32::try_from(entry.metadata().content_length()))
            {
                files.push((id, size));
            }
        }
        Ok((files, folders))
    }

    fn stat(&self, path: &str) -> Answer<Option<u64>> {
        let found = self.connection.request(0, || self.connection.reading.stat(path))?;
        Ok(found.map(|found| found.content_length()))
    }

    fn write(&self, path: &str, content: &Buffer) -> Answer<()> {
        let operator = &self.connection.writing;
        let written = self
            .connection
            .request(content.len() as u64, || operator.write(path, content.clone()))?;
        let gone = || Cause::ArchiveUnreachable("the server has no such folder or bucket".to_owned());
        written.map(drop).ok_or_else(gone)
    }

    fn give_name(&self, unfinished: &str, path: &str, length: u64) -> Answer<()> {
        let operator = &self.connection.reading;
        let named = self.connection.request(0, || operator.rename(unfinished, path))?;
        // It has its name already where only the answer to that was lost.
        if named.is_none() && self.stat(path)? != Some(length) {
            return Err(missing());
        }
        Ok(())
    }

    /// Part of a pack, out of the blocks that were read of it.
    fn read_pack(&self, id: &Id, offset: u64, length: u64) -> Answer<Bytes> {
        let path = path(FileType::Pack, id);
        // Held while a block is read: the next reader wants the same.
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let size = blocks.size_of(id, || self.stat(&path)?.ok_or_else(missing))?;
        let end = (offset + length).min(size);
        let mut bytes = Vec::new();
        let mut at = offset;
        while at < end {
            let block = blocks.get(id, at, |length| {
                let length = length.max(end - at).min(size - at);
                self.read_range(&path, at, at + length)
            })?;
            let from = usize::try_from(at - block.start).unwrap_or(usize::MAX);
            let to = usize::try_from(end - block.start)
                .unwrap_or(usize::MAX)
                .min(block.bytes.len());
            let Some(part) = block.bytes.get(from..to).filter(|part| !part.is_empty()) else {
                break;
            };
            bytes.extend_from_slice(part);
            at += part.len() as u64;
        }
        Ok(bytes.into())
    }

    fn read_range(&self, path: &str, from: u64, to: u64) -> Answer<Bytes> {
        let options = ReadOptions {
            range: (from..to).into(),
            ..ReadOptions::default()
        };
        let operator = &self.connection.reading;
        let read = self
            .connection
            .request(to - from, || operator.read_options(path, options.clone()))?;
        read.map(|buffer| buffer.to_bytes()).ok_or_else(missing)
    }
}

fn missing() -> Cause {
    Cause::ArchiveDamaged(vec!["a file is missing".to_owned()])
}

/// The error as rustic takes it, with our own cause inside.
fn failed(cause: Cause) -> Box<RusticError> {
    RusticError::with_source(ErrorKind::Backend, "the server", Error::new(cause))
}

fn path(kind: FileType, id: &Id) -> String {
    let hex = id.to_hex();
    match kind {
        FileType::Config => "config".to_owned(),
        FileType::Pack => format!("data/{}/{}", &hex[..2], &hex[..]),
        _ => format!("{}/{}", kind.dirname(), &hex[..]),
    }
}

/// What was read of packs lately.
#[derive(Default)]
struct Blocks {
    sizes: HashMap<Id, u64>,
    /// The newest first.
    read: VecDeque<Block>,
}

#[derive(Clone)]
struct Block {
    pack: Id,
    start: u64,
    bytes: Bytes,
}

impl Block {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn has(&self, pack: &Id, at: u64) -> bool {
        self.pack == *pack && at.checked_sub(self.start).is_some_and(|place| place < self.length())
    }

    /// Whether a read at `at` goes on where this one ended, or skips less than it was long.
    fn is_followed_by(&self, pack: &Id, at: u64) -> bool {
        let skipped = at.checked_sub(self.start + self.length());
        self.pack == *pack && skipped.is_some_and(|skipped| skipped < self.length())
    }
}

impl Blocks {
    fn size_of<E>(
        &mut self,
        id: &Id,
        ask: impl FnOnce() -> std::result::Result<u64, E>,
    ) -> std::result::Result<u64, E> {
        if let Some(size) = self.sizes.get(id) {
            return Ok(*size);
        }
        let size = ask()?;
        self.sizes.insert(*id, size);
        Ok(size)
    }

    /// The block that has the byte at `at`. `read` reads one from there on, if it can of the length that it is given.
    fn get<E>(
        &mut self,
        pack: &Id,
        at: u64,
        read: impl FnOnce(u64) -> std::result::Result<Bytes, E>,
    ) -> std::result::Result<Block, E> {
        if let Some(known) = self.read.iter().find(|block| block.has(pack, at)) {
            return Ok(known.clone());
        }
        let before = self.read.iter().find(|block| block.is_followed_by(pack, at));
        let length = before.map_or(FIRST_READ, |before| {
            (before.length() * GROWTH).clamp(FIRST_READ, LONGEST_READ)
        });
        let block = Block {
            pack: *pack,
            start: at,
            bytes: read(length)?,
        };
        self.read.truncate(MOST_BLOCKS - 1);
        self.read.push_front(block.clone());
        Ok(block)
    }
}

impl ReadBackend for ServerBackend {
    fn location(&self) -> String {
        self.location.clone()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        if kind == FileType::Config {
            let found = self.stat("config").map_err(failed)?;
            let of_config = |size| (Id::default(), u32::try_from(size).unwrap_or(u32::MAX));
            return Ok(found.map(of_config).into_iter().collect());
        }
        self.list_files(kind).map_err(failed)
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        let path = path(kind, id);
        let operator = &self.connection.reading;
        let read = self
            .connection
            .request(SMALL_FILE, || operator.read(&path))
            .map_err(failed)?;
        read.map(|buffer| buffer.to_bytes()).ok_or_else(|| failed(missing()))
    }

    fn read_partial(&self, kind: FileType, id: &Id, _: bool, offset: u32, length: u32) -> RusticResult<Bytes> {
        let (offset, length) = (u64::from(offset), u64::from(length));
        let read = match kind {
            FileType::Pack => self.read_pack(id, offset, length),
            _ => self.read_range(&path(kind, id), offset, offset + length),
        };
        let read = read.map_err(failed)?;
        if read.len() as u64 != length {
            return Err(failed(Cause::ArchiveDamaged(vec!["a file is too short".to_owned()])));
        }
        Ok(read)
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        path(kind, id)
    }
}

impl WriteBackend for ServerBackend {
    fn write_bytes(&self, kind: FileType, id: &Id, _: bool, content: BytesList) -> RusticResult<()> {
        let path = path(kind, id);
        let content = Buffer::from(content.into_vec());
        // Part of a pack does no harm: nothing refers to it. Part of an index would keep everybody from opening the archive.
        let written = if self.is_object_store || kind == FileType::Pack {
            self.write(&path, &content)
        } else {
            // No name of a file, for any program of this format.
            let unfinished = format!("{path}-tmp-");
            let written = self.write(&unfinished, &content);
            written.and_then(|()| self.give_name(&unfinished, &path, content.len() as u64))
        };
        written.map_err(failed)
    }

    fn remove(&self, kind: FileType, id: &Id, _: bool) -> RusticResult<()> {
        let path = path(kind, id);
        let operator = &self.connection.reading;
        let is_forbidden = AtomicBool::new(false);
        let removed = self.connection.request(0, || async {
            let removed = operator.delete(&path).await;
            let refused = removed
                .as_ref()
                .is_err_and(|error| error.kind() == opendal::ErrorKind::PermissionDenied);
            is_forbidden.store(refused, Ordering::Relaxed);
            removed
        });
        removed.map(drop).map_err(|cause| {
            if !is_forbidden.into_inner() {
                return failed(cause);
            }
            let error = Error::at(Cause::ArchiveAppendOnly, Path::new(&self.location));
            RusticError::with_source(ErrorKind::Backend, "the server", error)
        })
    }
}
