//! A small JSON file of the library's own, read whole and written whole.

use std::fs::{File, Metadata};
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files::own_file;
use crate::files::paths::parent;
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::Staged;
use crate::report::error::{Error, Result};

/// What the file holds. `None` where there is no file, or one of more than `most` bytes, through a link, or of other contents.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, most: u64) -> Option<T> {
    let bytes = own_file::read(path, most).ok().flatten()?;
    serde_json::from_slice(&bytes).ok()
}

/// Writes the file whole and durably, with the mode of `model`.
pub(crate) fn write(path: &Path, value: &impl Serialize, model: Option<&Metadata>) -> Result<()> {
    let failed = |error| Error::io(&error, path);
    let text = serde_json::to_vec(value).map_err(|error| failed(error.into()))?;
    let staged = Staged::new(parent(path))?;
    retry_sharing_violations(|| File::options().write(true).open(staged.path()))
        .and_then(|mut file| file.write_all(&text))
        .map_err(failed)?;
    staged.finish(model)?;
    staged.replace(path)
}
