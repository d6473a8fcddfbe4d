//! What the backup folder knows of each archive: which of its backups are there, and how the last attempt ended. In `archive.json`.
//!
//! A lost file costs nothing but a second snapshot of a backup, which takes hardly any room.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::catalog::names::ARCHIVES;
use crate::files::own_json;
use crate::report::error::Result;

const MOST_BYTES: u64 = 8 << 20;

/// What is known of one archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ArchiveState {
    /// What tells this backup folder's snapshots from those of others. It says nothing of the machine.
    pub origin: String,
    /// Which repository it is, by its own identifier. Another one can lie in the same place later: a stick that was formatted, a bucket
    /// in the place of another.
    pub repository: String,
    /// The snapshot of each backup that is there.
    pub pushed: BTreeMap<String, String>,
    /// When a backup last got there (RFC 3339).
    pub last_push: Option<String>,
    /// Why the last attempt failed.
    pub last_failure: Option<String>,
}

impl ArchiveState {
    /// Forgets the backups of another repository than the one that is there now.
    pub fn is_of(&mut self, repository: String) {
        if !self.repository.is_empty() && self.repository != repository {
            self.pushed.clear();
        }
        self.repository = repository;
    }
}

/// What is known of every archive, by its location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Archives(BTreeMap<String, ArchiveState>);

impl Archives {
    /// A lost or unusable file is read as empty.
    pub fn read(backup_dir: &Path) -> Archives {
        own_json::read(&backup_dir.join(ARCHIVES), MOST_BYTES).unwrap_or_default()
    }

    /// What is known of the archive at `location`. A new one gets an origin.
    pub fn get(&self, location: &Path) -> ArchiveState {
        let known = self.0.get(&*location.to_string_lossy()).cloned().unwrap_or_default();
        if known.origin.is_empty() {
            let origin = format!("respaldo-{:08x}", RandomState::new().build_hasher().finish() >> 32);
            return ArchiveState { origin, ..known };
        }
        known
    }

    /// Writes what is known of the archive at `location`, durably. The caller holds the lock of `backup_dir`.
    pub fn put(backup_dir: &Path, location: &Path, state: ArchiveState, model: Option<&fs::Metadata>) -> Result<()> {
        let mut archives = Archives::read(backup_dir);
        archives.0.insert(location.to_string_lossy().into_owned(), state);
        own_json::write(&backup_dir.join(ARCHIVES), &archives, model)
    }
}
