//! The repository, opened, and what is done with it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;
use rustic_core::jiff::tz::TimeZone;
use rustic_core::jiff::{Timestamp, Zoned};
use rustic_core::repofile::{Chunker, Node, NodeType, SnapshotFile, SnapshotId, StringList, Tree};
use rustic_core::{
    BackupOptions, CheckOptions, ConfigOptions, Credentials, FileType, Id, IndexedFull, KeyOptions, OpenStatus,
    ParentOptions, PruneOptions, PruneStats, Repository as Opened, RusticError, RusticResult, WriteBackend as _,
};
use secrecy::{ExposeSecret, SecretString};

use crate::archive::backup_source::{BackupSource, stored_as};
use crate::archive::description::Description;
use crate::archive::meter::Meter;
use crate::archive::place;
use crate::archive::snapshot::{Listed, Pushed, Reclaimed, Snapshot};
use crate::archive::trouble;
use crate::archive::{missing_config, opening};
use crate::clock::Moment;
use crate::failpoint;
use crate::options::{Archive, ChunkSize};
use crate::report::error::{Cause, Error, Result};
use crate::store::kept_key::KeptKey;

/// A snapshot of another program may hold any number of files. One with more is no backup of a database.
const MOST_FILES: usize = 10_000;
/// How deep its folders may be.
const MOST_DEPTH: usize = 64;
/// Threads that read and check packs.
const THREADS: usize = 4;

/// This build has an archive.
pub(crate) fn require_support() -> Result<()> {
    Ok(())
}

/// Runs `work`, which uses repositories, in a pool of threads of its own: the process's pool would be missing in a process that was
/// forked.
pub(crate) fn in_pool<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build();
    let pool = pool.map_err(|error| Error::new(Cause::NoThread(error.to_string())))?;
    pool.install(work)
}

/// An open repository.
pub(crate) struct Repository {
    pub(super) repository: Opened<OpenStatus>,
    pub(super) options: Archive,
    pub(super) meter: Arc<Meter>,
}

impl Repository {
    /// Makes a repository where there is none. Pages of a database do not shift, so chunks of one size, at multiples of it, are found
    /// again. Smaller ones make the repository larger, and larger ones every push.
    pub fn create(options: &Archive, password: &SecretString, chunk: ChunkSize, meter: &Arc<Meter>) -> Result<()> {
        let closed = opening::closed(options, meter)?;
        let failed = |error: Box<RusticError>| trouble::of_operation(&error, meter, options);
        if closed.config_id().map_err(failed)?.is_some() {
            return Err(Error::at(Cause::ArchiveExists, options.location()));
        }
        missing_config::make_way(options, meter)?;
        let mut config = ConfigOptions::default();
        config.set_chunker = Some(Chunker::FixedSize);
        config.set_chunk_size = chunk.bytes().to_string().parse().ok();
        opening::with_credentials(password, |credentials| {
            closed.init(credentials, &KeyOptions::default(), &config)
        })
        .map_err(failed)?;
        Ok(())
    }

    /// Opens the repository. Computing its key from the password takes a quarter of a second or more, so a key that is `kept` from the
    /// time before is used as long as the password and the repository's keys are what they were.
    pub fn open(options: &Archive, password: &SecretString, kept: &KeptKey, meter: &Arc<Meter>) -> Result<Repository> {
        let repository = opening::opened(options, password, kept, meter)?;
        Ok(Repository {
            repository,
            options: options.clone(),
            meter: Arc::clone(meter),
        })
    }

    /// The snapshots, newest first, with times in `zone`. One that cannot be read does not hide the others.
    pub fn list(&self, zone: Tz) -> Result<Listed> {
        let (files, unreadable) = self.snapshot_files()?;
        let mut snapshots: Vec<Snapshot> = files.iter().map(|file| listed(file, zone)).collect();
        snapshots.sort_by(|one, other| (other.created_at, &other.name).cmp(&(one.created_at, &one.name)));
        Ok(Listed { snapshots, unreadable })
    }

    fn snapshot_files(&self) -> Result<(Vec<SnapshotFile>, usize)> {
        if let Ok(files) = self.repository.get_all_snapshots() {
            return Ok((files, 0));
        }
        let ids: Vec<SnapshotId> = self.repository.list().map_err(|error| self.failed(error))?.collect();
        let mut files = Vec::new();
        for id in &ids {
            match self.repository.get_file::<SnapshotFile>(id) {
                Ok(mut file) => {
                    file.id = *id;
                    files.push(file);
                }
                Err(error) if files.is_empty() && self.is_out_of_reach() => return Err(self.failed(error)),
                Err(_) => {}
            }
        }
        let unreadable = ids.len() - files.len();
        Ok((files, unreadable))
    }

    fn is_out_of_reach(&self) -> bool {
        self.meter.is_cancelled()
            || matches!(
                self.meter.first_failure(),
                Some(Cause::ArchiveUnreachable(_) | Cause::ArchiveUntrusted(_))
            )
    }

    /// Bytes of all that is stored, by the index.
    pub fn stored_bytes(&self) -> Result<u64> {
        let infos = self.repository.infos_index().map_err(|error| self.failed(error))?;
        let blobs = infos.blobs.iter().chain(&infos.blobs_delete);
        Ok(blobs.map(|blob| blob.size).sum())
    }

    /// What tells this repository from every other.
    pub fn id(&self) -> String {
        self.repository.config().id.to_hex().to_string()
    }

    /// Whether this snapshot is there, and holds what is described.
    pub fn holds(&self, id: &str, description: &Description) -> bool {
        let file = parse(id)
            .ok()
            .and_then(|id| self.repository.get_file::<SnapshotFile>(&id).ok());
        let described = file.and_then(|file| Description::parse(file.description.as_deref()?));
        described.is_some_and(|there| there.blake3 == description.blake3)
    }

    /// Stores a backup as a snapshot.
    pub fn push(self, path: &Path, description: &Description, created_at: &Moment, origin: &str) -> Result<Pushed> {
        let (meter, options) = (Arc::clone(&self.meter), self.options.clone());
        let failed = |error: Box<RusticError>| trouble::of_operation(&error, &meter, &options);
        let time = Timestamp::from_second(created_at.timestamp()).unwrap_or_default();
        let source = BackupSource {
            path: path.to_owned(),
            stored_as: stored_as(&description.database),
            size: description.size,
            modified: Some(time),
            expected: description.hash(),
            meter: Arc::clone(&meter),
        };
        let snapshot = described(description, time, origin);
        let indexed = self
            .without_unindexed()?
            .indexed(Opened::to_indexed_ids_checked, Opened::to_indexed_ids)?;
        // Every byte is read: a snapshot before it, of the same size and time, says nothing.
        let backup = BackupOptions::default().parent_opts(ParentOptions::default().force(true));
        let paths = [source.stored_as.clone()];
        failpoint::reach("archive_opened");
        let stored = indexed.archive(&backup, &source, snapshot, &paths).map_err(failed)?;
        let total_bytes = stored.summary.map_or(0, |summary| summary.total_bytes_processed);
        Ok(Pushed {
            snapshot: stored.id.to_hex().to_string(),
            added_bytes: meter.written(),
            total_bytes,
        })
    }

    /// Reads the index; in a folder without the packs that are missing, so that what they held is stored again, and read from where it
    /// is. A pack that is cut off keeps rustic from that, and on a server it would take too many requests: then the index is taken
    /// as it is.
    pub(super) fn indexed<S>(
        self,
        checked: impl FnOnce(Opened<OpenStatus>) -> RusticResult<Opened<S>>,
        plain: impl FnOnce(Opened<OpenStatus>) -> RusticResult<Opened<S>>,
    ) -> Result<Opened<S>> {
        let failed = |error: Box<RusticError>| trouble::of_operation(&error, &self.meter, &self.options);
        if self.options.place.folder().is_none() {
            return plain(self.repository).map_err(failed);
        }
        let key = Credentials::Masterkey(self.repository.key());
        match checked(self.repository) {
            Ok(indexed) => return Ok(indexed),
            Err(error) if self.meter.is_cancelled() => return Err(failed(error)),
            Err(_) => self.meter.forget_failure(),
        }
        let again = opening::closed(&self.options, &self.meter)?
            .open(&key)
            .map_err(failed)?;
        plain(again).map_err(failed)
    }

    /// Writes the database that a snapshot holds into the empty file at `target`, and returns the hash of what was written. Of
    /// several files in a snapshot, `database` names the one.
    pub fn fetch(self, id: &str, database: &str, target: &Path) -> Result<blake3::Hash> {
        let (meter, options) = (Arc::clone(&self.meter), self.options.clone());
        let failed = |error: Box<RusticError>| trouble::of_operation(&error, &meter, &options);
        let snapshot = self.repository.get_file::<SnapshotFile>(&parse(id)?).map_err(failed)?;
        let indexed = self.indexed(Opened::to_indexed_checked, Opened::to_indexed)?;
        let node = database_in(&indexed, &snapshot, database).map_err(failed)?;
        let node = node.ok_or_else(|| Error::at(Cause::SnapshotNotADatabase(id.to_owned()), options.location()))?;
        meter.start(node.meta.size);
        let file = File::options().write(true).open(target);
        let mut writer = HashingWriter {
            file: file.map_err(|error| Error::io(&error, target))?,
            hasher: blake3::Hasher::new(),
            meter: &meter,
            failure: None,
        };
        let written = indexed.dump(&node, &mut writer);
        if let Some(error) = writer.failure.take().filter(|_| !meter.is_cancelled()) {
            return Err(Error::io(&error, target));
        }
        written.map_err(failed)?;
        Ok(writer.hasher.finalize())
    }

    /// Checks the repository; with `read_data` also every byte of it. What it finds, in English.
    pub fn check(&self, read_data: bool) -> Result<Vec<String>> {
        let checked = self.repository.check(CheckOptions::default().read_data(read_data));
        let results = checked.map_err(|error| self.failed(error))?;
        if self.meter.is_cancelled() {
            return Err(Error::new(Cause::Cancelled));
        }
        // A warning is about what is superfluous, such as what a push that was broken off has left.
        let errors = results.0.iter().filter(|(level, _)| format!("{level:?}") == "Error");
        let texts = errors.map(|(_, error)| trouble::without_secrets(error.to_string(), &self.options));
        Ok(texts.collect())
    }

    /// Removes snapshots, and what only they need. In a dry run says only what that would free. A server that lets nothing be deleted
    /// is found out before anything is changed.
    pub fn remove(&self, ids: &[String], dry_run: bool) -> Result<Reclaimed> {
        let ids: Vec<SnapshotId> = ids.iter().map(|id| parse(id)).collect::<Result<_>>()?;
        let failed = |error| self.failed(error);
        let mut prune = PruneOptions::default();
        if dry_run {
            prune.ignore_snaps = ids;
        } else if !ids.is_empty() {
            self.require_deletion()?;
            self.repository.delete_snapshots(&ids).map_err(failed)?;
            failpoint::reach("archive_forgotten");
        }
        let plan = self.repository.prune_plan(&prune).map_err(failed)?;
        let size = plan.stats.size_sum();
        let freed_bytes = size.remove + size.repackrm;
        if !dry_run && has_work(&plan.stats) {
            self.require_deletion()?;
            self.repository.prune(&prune, plan).map_err(failed)?;
        }
        Ok(Reclaimed { freed_bytes })
    }

    /// Asks a server to delete a snapshot that is not there. It says whether this computer may.
    fn require_deletion(&self) -> Result<()> {
        if self.options.place.folder().is_some() {
            return Ok(());
        }
        let backends = place::backends(&self.options, &self.meter)?;
        let deleted = backends.repository().remove(FileType::Snapshot, &Id::default(), false);
        deleted.map_err(|error| self.failed(error))
    }

    /// Adds a key with the new password, and removes the one that opened the repository.
    pub fn change_password(self, options: &Archive, password: &SecretString, meter: &Arc<Meter>) -> Result<()> {
        self.require_deletion()?;
        // Only opening with a password, and not with a kept key, says which key that is.
        let old = *self.repository.key_id();
        let added = self
            .repository
            .add_key(password.expose_secret(), &KeyOptions::default());
        added.map_err(|error| self.failed(error))?;
        failpoint::reach("archive_key_added");
        // Only where the new password opens it, the old one goes.
        let renewed = Repository::open(options, password, &KeptKey::default(), meter)?;
        match old {
            Some(old) => renewed
                .repository
                .delete_key(&old)
                .map_err(|error| renewed.failed(error)),
            None => Ok(()),
        }
    }

    pub(super) fn failed(&self, error: Box<RusticError>) -> Error {
        trouble::of_operation(&error, &self.meter, &self.options)
    }
}

/// Whether a prune by this plan would write or delete anything.
fn has_work(planned: &PruneStats) -> bool {
    planned.packs_unref + planned.index_files_rebuild + planned.packs_to_delete.remove > 0
}

pub(super) fn parse(id: &str) -> Result<SnapshotId> {
    let is_whole = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parsed = is_whole.then(|| id.parse().ok()).flatten();
    parsed.ok_or_else(|| Error::new(Cause::SnapshotNotFound(id.to_owned())))
}

fn listed(file: &SnapshotFile, zone: Tz) -> Snapshot {
    let description = file.description.as_deref().and_then(Description::parse);
    let stored_name = || {
        let paths = file.paths.to_string();
        let name = Path::new(&paths).file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let processed = file.summary.as_ref().map_or(0, |summary| summary.total_bytes_processed);
    let at = DateTime::from_timestamp(file.time.timestamp().as_second(), 0).unwrap_or_default();
    Snapshot {
        id: file.id.to_hex().to_string(),
        created_at: at.with_timezone(&zone),
        name: description
            .as_ref()
            .map_or_else(stored_name, |found| found.name.clone()),
        size: description.as_ref().map_or(processed, |found| found.size),
        description,
        origin: file.hostname.clone(),
    }
}

/// The snapshot of a backup, without its contents yet.
fn described(description: &Description, time: Timestamp, origin: &str) -> SnapshotFile {
    let mut snapshot = SnapshotFile {
        time: Zoned::new(time, TimeZone::UTC),
        hostname: origin.to_owned(),
        label: description.label.clone().unwrap_or_default(),
        description: Some(description.text()),
        ..SnapshotFile::default()
    };
    // For people who look with restic; a comma would end the tag.
    let tags = [Some(&description.name), description.label.as_ref()];
    let tags = tags.into_iter().flatten().map(|tag| tag.replace(',', ";"));
    snapshot.set_tags(tags.filter_map(|tag| StringList::from_str(&tag).ok()).collect());
    snapshot
}

/// The file of a snapshot that is the database: the only one, or the one with its name.
pub(super) fn database_in<S: IndexedFull>(
    repository: &Opened<S>,
    snapshot: &SnapshotFile,
    database: &str,
) -> RusticResult<Option<Node>> {
    let mut files = Vec::new();
    let mut folders = vec![(snapshot.tree, 0)];
    while let Some((id, depth)) = folders.pop() {
        let tree: Tree = repository.get_tree(&id)?;
        for node in tree.nodes {
            match node.node_type {
                NodeType::File => files.push(node),
                NodeType::Dir => folders.extend(node.subtree.map(|subtree| (subtree, depth + 1))),
                _ => {}
            }
        }
        if files.len() + folders.len() > MOST_FILES || depth > MOST_DEPTH {
            return Err(trouble::damaged("the snapshot holds more files than a backup does"));
        }
    }
    if files.len() > 1 {
        files.retain(|node| node.name().to_str() == Some(database));
    }
    Ok(files.pop().filter(|_| files.is_empty()))
}

/// Writes the fetched file, and hashes it.
struct HashingWriter<'a> {
    file: File,
    hasher: blake3::Hasher,
    meter: &'a Meter,
    failure: Option<io::Error>,
}

impl Write for HashingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.meter.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.hasher.update(bytes);
                self.meter.advance(bytes.len() as u64);
                Ok(bytes.len())
            }
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                Err(kind.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
