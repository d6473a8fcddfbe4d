//! A folder of this user's alone in the system's temporary folder, for when there is no room elsewhere.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::error::{Error, Result};

/// The folder for what belongs to `owner`, always the same one, so that what a killed process left there is found again.
pub(crate) fn private_folder(owner: &Path) -> Result<PathBuf> {
    let hash = blake3::hash(owner.to_string_lossy().as_bytes()).to_hex();
    let path = std::env::temp_dir().join(format!("respaldo-{}", &hash[..16]));
    make(&path).map_err(|error| Error::io(&error, &path))?;
    Ok(path)
}

#[cfg(unix)]
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    // Everybody may write into the temporary folder: the name can be another user's, or a link to somewhere.
    let found = fs::symlink_metadata(path)?;
    // SAFETY: it has no preconditions.
    let user = unsafe { libc::geteuid() };
    if found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is not a folder of this user's alone",
        ))
    }
}

/// On Windows the temporary folder is the user's own.
#[cfg(windows)]
fn make(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_folder_that_others_may_use_and_a_link_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("own");
        make(&path).expect("made");
        make(&path).expect("there");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
        assert!(make(&path).is_err());
        let link = folder.path().join("link");
        symlink(folder.path(), &link).expect("linked");
        assert!(make(&link).is_err());
    }
}
