//! A backup's file as rustic reads it: one file under the database's name, without anything of the machine.
//!
//! It is hashed while it is read. Only when all of it was read, and is what was backed up, may the snapshot be written.

use std::fs::File;
use std::io::{self, Read};
use std::iter::{Once, once};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustic_core::jiff::Timestamp;
use rustic_core::repofile::{Metadata, Node, NodeType};
use rustic_core::{ErrorKind, ReadSource, ReadSourceEntry, RusticError, RusticResult};

use crate::archive::meter::Meter;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::Cause;

/// The file of a backup.
pub(super) struct BackupSource {
    pub path: PathBuf,
    /// Where it stands in the snapshot: `/tattoostudio.db`.
    pub stored_as: PathBuf,
    pub size: u64,
    pub modified: Option<Timestamp>,
    pub expected: Option<blake3::Hash>,
    pub meter: Arc<Meter>,
}

impl BackupSource {
    fn entry(&self) -> io::Result<ReadSourceEntry<BackupReader>> {
        let file = File::open(&self.path)?;
        let meta = Metadata {
            // Read and written by its owner only, when restic puts it somewhere.
            mode: Some(0o600),
            mtime: self.modified,
            size: self.size,
            ..Metadata::default()
        };
        let name = self.stored_as.file_name().unwrap_or(self.stored_as.as_os_str());
        Ok(ReadSourceEntry {
            path: self.stored_as.clone(),
            node: Node::new_node(name, NodeType::File, meta),
            open: Some(BackupReader {
                file,
                hasher: blake3::Hasher::new(),
                left: self.size,
                expected: self.expected,
                meter: Arc::clone(&self.meter),
            }),
        })
    }
}

impl ReadSource for BackupSource {
    type Open = BackupReader;
    type Iter = Once<RusticResult<ReadSourceEntry<BackupReader>>>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(Some(self.size))
    }

    fn entries(&self) -> Self::Iter {
        let entry = self.entry().map_err(|error| {
            self.meter.fail(Cause::Io(error.to_string()));
            RusticError::with_source(ErrorKind::InputOutput, "the backup", error)
        });
        once(entry)
    }
}

/// Reads the backup, and hashes what it reads.
pub(super) struct BackupReader {
    file: File,
    hasher: blake3::Hasher,
    left: u64,
    expected: Option<blake3::Hash>,
    meter: Arc<Meter>,
}

impl Read for BackupReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let length = self
            .file
            .read(buffer)
            .inspect_err(|error| self.meter.fail(Cause::Io(error.to_string())))?;
        self.hasher.update(&buffer[..length]);
        self.left = self.left.saturating_sub(length as u64);
        if length == 0 && !buffer.is_empty() {
            self.finish()?;
        }
        Ok(length)
    }
}

impl BackupReader {
    fn finish(&self) -> io::Result<()> {
        let is_whole = self.left == 0 && self.expected.is_none_or(|expected| expected == self.hasher.finalize());
        if !is_whole {
            let damage = Damage::new(DamageKind::Changed, "the file has changed since it was verified");
            self.meter.fail(Cause::BackupCorrupt(damage));
            return Err(io::Error::other("the file has changed"));
        }
        self.meter.set_source_whole();
        Ok(())
    }
}

/// The path under which a database is stored.
pub(super) fn stored_as(database: &str) -> PathBuf {
    Path::new("/").join(database)
}
