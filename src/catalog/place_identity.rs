//! Which volume the second place is on: a marker there, and what is remembered of it here.
//!
//! Another stick can come under the same letter. It has no marker, or another one, and is not written to.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::catalog::names::{PLACE_MARKER, PLACES};
use crate::files::own_file;
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::Staged;
use crate::report::error::{Error, Result};

const MOST_BYTES: u64 = 1 << 16;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    id: String,
}

/// What is remembered of one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    /// What its marker says.
    pub id: Option<String>,
    /// A person was told that it is not there.
    pub told_absent: bool,
}

/// What is remembered of every place that the backups of this folder were copied to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places(BTreeMap<PathBuf, Known>);

impl Places {
    /// Nothing is remembered where the file is lost or unusable: then the marker that is there is believed.
    pub fn read(backup_dir: &Path) -> Places {
        let bytes = own_file::read(&backup_dir.join(PLACES), MOST_BYTES).ok().flatten();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    pub fn get(&self, folder: &Path) -> Known {
        self.0.get(folder).cloned().unwrap_or_default()
    }

    /// Remembers something else, durably. The caller holds the lock of `backup_dir`.
    pub fn remember(backup_dir: &Path, folder: &Path, known: Known, model: Option<&fs::Metadata>) -> Result<()> {
        let mut places = Places::read(backup_dir);
        if places.0.insert(folder.to_owned(), known.clone()) == Some(known) {
            return Ok(());
        }
        write(&backup_dir.join(PLACES), &places, model)
    }
}

/// What the marker in `folder` says, if there is one.
pub(crate) fn marker(folder: &Path) -> Option<String> {
    let bytes = own_file::read(&folder.join(PLACE_MARKER), MOST_BYTES).ok().flatten()?;
    let marker: Marker = serde_json::from_slice(&bytes).ok()?;
    Some(marker.id)
}

/// Makes a marker in `folder`, whose lock the caller holds.
pub(crate) fn mark(folder: &Path, seed: &str) -> Result<String> {
    let id = blake3::hash(format!("{seed}{}{:?}", std::process::id(), folder).as_bytes());
    let id = id.to_hex()[..32].to_owned();
    write(&folder.join(PLACE_MARKER), &Marker { id: id.clone() }, None)?;
    Ok(id)
}

fn write(path: &Path, value: &impl Serialize, model: Option<&fs::Metadata>) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let text = serde_json::to_string(value).unwrap_or_default();
    let staged = Staged::new(folder)?;
    retry_sharing_violations(|| File::options().write(true).open(staged.path()))
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Error::io(&error, path))?;
    staged.finish(model)?;
    staged.replace(path)
}
