//! Which volume the second place is on: a marker file there holds an identifier, and a file in the backup folder
//! repeats it.
//!
//! A different USB stick can get the same drive letter. It has no marker, or a different one, and is not written to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::catalog::names::{PLACE_MARKER, PLACES};
use crate::files::own_json;
use crate::report::error::Result;

const MOST_BYTES: u64 = 1 << 16;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    id: String,
}

/// The record of one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    /// The identifier in its marker.
    pub id: Option<String>,
    /// A warning has said that it is absent.
    pub told_absent: bool,
}

/// The record of every place that the backups of this folder were copied to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places(BTreeMap<PathBuf, Known>);

impl Places {
    /// A lost or unusable file is read as empty; any marker is then accepted.
    pub fn read(backup_dir: &Path) -> Places {
        own_json::read(&backup_dir.join(PLACES), MOST_BYTES).unwrap_or_default()
    }

    pub fn get(&self, folder: &Path) -> Known {
        self.0.get(folder).cloned().unwrap_or_default()
    }

    /// Writes the record of `folder` durably, if it changed. The caller holds the lock of `backup_dir`.
    pub fn remember(backup_dir: &Path, folder: &Path, known: Known, model: Option<&fs::Metadata>) -> Result<()> {
        let mut places = Places::read(backup_dir);
        if places.0.insert(folder.to_owned(), known.clone()) == Some(known) {
            return Ok(());
        }
        own_json::write(&backup_dir.join(PLACES), &places, model)
    }
}

/// The identifier in the marker of `folder`, if there is one.
pub(crate) fn marker(folder: &Path) -> Option<String> {
    own_json::read(&folder.join(PLACE_MARKER), MOST_BYTES).map(|marker: Marker| marker.id)
}

/// Writes a new marker into `folder`. The caller holds the folder's lock.
pub(crate) fn mark(folder: &Path, seed: &str) -> Result<String> {
    let id = blake3::hash(format!("{seed}{}{:?}", std::process::id(), folder).as_bytes());
    let id = id.to_hex()[..32].to_owned();
    own_json::write(&folder.join(PLACE_MARKER), &Marker { id: id.clone() }, None)?;
    Ok(id)
}
