//! A repository on a server, through `opendal`: S3 and WebDAV.
//!
//! Everything of it belongs to one operation of a store, its threads and connections too: a process that was forked has none of its
//! parent's.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use opendal::blocking::Operator;
use opendal::layers::{RetryLayer, TimeoutLayer};
use opendal::options::{ListOptions, ReadOptions};
use opendal::services::{S3, Webdav};
use opendal::{HttpTransporter, OperationContext};
use opendal_http_transport_reqwest::ReqwestTransport;
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;

use crate::archive::trouble::without_secrets;
use crate::options::Archive;
use crate::report::error::{Cause, Error, Result};

/// How often a request is repeated that broke off, after one, two and four seconds.
const RETRIES: usize = 3;
/// A request that moves no data for so long has broken off.
const SILENCE: Duration = Duration::from_secs(30);
/// Time for a request that moves no data, such as a listing.
const REQUEST: Duration = Duration::from_secs(60);
/// A database is read in its chunks, one after the other. From a server they are read so many bytes at a time.
const BLOCK: u64 = 4 << 20;
/// Blocks that are kept: those of the packs that are being read.
const MOST_BLOCKS: usize = 6;

/// A server.
pub(super) struct ServerBackend {
    operator: Operator,
    blocks: Mutex<Blocks>,
    options: Archive,
    // The last field: the operator needs it until then.
    _runtime: Arc<Runtime>,
}

impl ServerBackend {
    pub fn new(service: &str, options: &Archive) -> Result<ServerBackend> {
        let unreachable = |why: String| {
            let why = without_secrets(why, options);
            Error::at(Cause::ArchiveUnreachable(why), options.location())
        };
        let given = options.options.iter();
        let given = given.map(|(key, value)| (key.clone(), value.expose_secret().to_owned()));
        let operator = match service {
            "s3" => opendal::Operator::from_iter::<S3>(given),
            _ => opendal::Operator::from_iter::<Webdav>(given),
        };
        let operator = operator.map_err(|error| unreachable(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("respaldo-server")
            .enable_all()
            .build()
            .map_err(|error| Error::new(Cause::NoThread(error.to_string())))?;
        let transport = transport().map_err(unreachable)?;
        let context = OperationContext::new().with_http_transport(HttpTransporter::new(transport));
        let operator = operator
            .with_context(context)
            .layer(TimeoutLayer::new().with_timeout(REQUEST).with_io_timeout(SILENCE))
            .layer(RetryLayer::new().with_max_times(RETRIES).with_jitter());
        let operator = {
            let _inside = runtime.enter();
            Operator::new(operator).map_err(|error| unreachable(error.to_string()))?
        };
        Ok(ServerBackend {
            operator,
            blocks: Mutex::default(),
            options: options.clone(),
            _runtime: Arc::new(runtime),
        })
    }

    fn list_files(&self, kind: FileType) -> std::result::Result<Vec<(Id, u32)>, opendal::Error> {
        let recursive = kind == FileType::Pack;
        let listed = self.operator.list_options(
            &format!("{}/", kind.dirname()),
            ListOptions {
                recursive,
                ..ListOptions::default()
            },
        );
        let entries = match listed {
            // Nothing of this kind was ever stored.
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => return Ok(vec![]),
            listed => listed?,
        };
        let files = entries.into_iter().filter(|entry| entry.metadata().is_file());
        let ids = files.filter_map(|entry| {
            let size = u32::try_from(entry.metadata().content_length()).ok()?;
            let name = entry.name();
            let is_id = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_id.then(|| Some((name.parse().ok()?, size))).flatten()
        });
        Ok(ids.collect())
    }

    /// Part of a pack, out of the blocks that were read of it.
    fn read_pack(&self, id: &Id, offset: u64, length: u64) -> std::result::Result<Bytes, opendal::Error> {
        let path = path(FileType::Pack, id);
        // Held while a block is read: the next reader wants the same.
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let size = blocks.size_of(id, || Ok(self.operator.stat(&path)?.content_length()))?;
        let end = (offset + length).min(size);
        let mut bytes = Vec::new();
        let mut at = offset;
        while at < end {
            let start = at / BLOCK * BLOCK;
            let block = blocks.get(id, start, || self.read_range(&path, start, (start + BLOCK).min(size)))?;
            let from = usize::try_from(at - start).unwrap_or(usize::MAX).min(block.len());
            let to = usize::try_from(end - start).unwrap_or(usize::MAX).min(block.len());
            if from >= to {
                break;
            }
            bytes.extend_from_slice(&block[from..to]);
            at += (to - from) as u64;
        }
        Ok(bytes.into())
    }

    fn read_range(&self, path: &str, from: u64, to: u64) -> std::result::Result<Bytes, opendal::Error> {
        let options = ReadOptions {
            range: (from..to).into(),
            ..ReadOptions::default()
        };
        Ok(self.operator.read_options(path, options)?.to_bytes())
    }

    /// The error as rustic takes it, with our own cause inside.
    fn failed(&self, error: &opendal::Error) -> Box<RusticError> {
        let text = without_secrets(error.to_string(), &self.options);
        let cause = match error.kind() {
            opendal::ErrorKind::NotFound => Cause::ArchiveDamaged(vec!["a file is missing".to_owned()]),
            _ => Cause::ArchiveUnreachable(text),
        };
        RusticError::with_source(ErrorKind::Backend, "the server", Error::new(cause))
    }
}

/// The connections of one operation.
fn transport() -> std::result::Result<ReqwestTransport, String> {
    // Another one may be installed already, and is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().connect_timeout(SILENCE).build();
    let client = client.map_err(|error| error.to_string())?;
    Ok(ReqwestTransport::from(client))
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
    read: VecDeque<(Id, u64, Bytes)>,
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

    fn get<E>(
        &mut self,
        id: &Id,
        start: u64,
        read: impl FnOnce() -> std::result::Result<Bytes, E>,
    ) -> std::result::Result<Bytes, E> {
        let known = self.read.iter().find(|(of, at, _)| of == id && *at == start);
        if let Some((_, _, block)) = known {
            return Ok(block.clone());
        }
        let block = read()?;
        self.read.truncate(MOST_BLOCKS - 1);
        self.read.push_front((*id, start, block.clone()));
        Ok(block)
    }
}

impl ReadBackend for ServerBackend {
    fn location(&self) -> String {
        self.options.location().to_string_lossy().into_owned()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        if kind == FileType::Config {
            return match self.operator.stat("config") {
                Ok(found) => Ok(vec![(
                    Id::default(),
                    u32::try_from(found.content_length()).unwrap_or(u32::MAX),
                )]),
                Err(error) if error.kind() == opendal::ErrorKind::NotFound => Ok(vec![]),
                Err(error) => Err(self.failed(&error)),
            };
        }
        self.list_files(kind).map_err(|error| self.failed(&error))
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        let read = self.operator.read(&path(kind, id));
        read.map(|buffer| buffer.to_bytes())
            .map_err(|error| self.failed(&error))
    }

    fn read_partial(&self, kind: FileType, id: &Id, _: bool, offset: u32, length: u32) -> RusticResult<Bytes> {
        let (offset, length) = (u64::from(offset), u64::from(length));
        let read = match kind {
            FileType::Pack => self.read_pack(id, offset, length),
            _ => self.read_range(&path(kind, id), offset, offset + length),
        };
        let read = read.map_err(|error| self.failed(&error))?;
        if read.len() as u64 != length {
            let cause = Cause::ArchiveDamaged(vec!["a file is too short".to_owned()]);
            return Err(RusticError::with_source(
                ErrorKind::Backend,
                "the server",
                Error::new(cause),
            ));
        }
        Ok(read)
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        path(kind, id)
    }
}

impl WriteBackend for ServerBackend {
    fn write_bytes(&self, kind: FileType, id: &Id, _: bool, content: BytesList) -> RusticResult<()> {
        let written = self.operator.write(&path(kind, id), content.into_vec());
        written.map(drop).map_err(|error| self.failed(&error))
    }

    fn remove(&self, kind: FileType, id: &Id, _: bool) -> RusticResult<()> {
        self.operator
            .delete(&path(kind, id))
            .map_err(|error| self.failed(&error))
    }
}
