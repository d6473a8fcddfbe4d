//! The library's own files beside the backups. They hold what a person wrote, so nobody but the database's readers may read them;
//! and they are never reached through a link, which would lead what is written to another file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use crate::files::permissions::copy_permissions;
use crate::files::sharing::retry_sharing_violations;
use crate::report::error::Error;

/// Why a file of the library's own cannot be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// Its contents are of no use, and it may be replaced.
    Contents(String),
    /// It must be left alone: a link, no plain file, or one that the system does not let us read.
    File(Error),
}

/// The whole file, if it has at the most so many bytes; `None` when there is none.
pub(crate) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Unusable> {
    let unusable = |error: io::Error| Unusable::File(Error::io(&error, path));
    let file = match open(path, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unusable)?,
    };
    let size = file.metadata().map_err(unusable)?.len();
    let mut bytes = Vec::new();
    let room = usize::try_from(size.min(most)).unwrap_or(0);
    if size > most || bytes.try_reserve_exact(room).is_err() {
        return Err(Unusable::Contents(format!("it has {size} bytes")));
    }
    file.take(most).read_to_end(&mut bytes).map_err(unusable)?;
    Ok(Some(bytes))
}

/// The file, to write at its end; a new one if there is none. It gets the permissions of `model` before anything is written, and
/// is never open to more than its owner until then.
pub(crate) fn open_at_end(path: &Path, model: Option<&Metadata>) -> io::Result<File> {
    let file = open(path, OpenOptions::new().append(true).create(true))?;
    if let Some(model) = model
        && !has_permissions_of(&file, model)?
    {
        // An older file of another owner stays as it is.
        let _ = copy_permissions(&file, model);
    }
    Ok(file)
}

/// Whether a link, or anything else that is no plain file, is at `path`.
pub(crate) fn is_something_else(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file())
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = retry_sharing_violations(|| without_links(options).open(path)).map_err(|error| {
        if is_something_else(path) {
            no_plain_file()
        } else {
            error
        }
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(no_plain_file())
    }
}

fn no_plain_file() -> io::Error {
    io::Error::other("it is a link, or no plain file")
}

#[cfg(unix)]
fn without_links(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    // Without waiting for whoever would open the other end of a pipe.
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

/// A link is opened itself there, and then is no plain file.
#[cfg(windows)]
fn without_links(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OPEN_REPARSE_POINT;
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
}

#[cfg(unix)]
fn has_permissions_of(file: &File, model: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    let permissions = |metadata: &Metadata| (metadata.mode() & 0o777, metadata.uid(), metadata.gid());
    Ok(permissions(&own) == permissions(model))
}

#[cfg(windows)]
fn has_permissions_of(_file: &File, _model: &Metadata) -> io::Result<bool> {
    Ok(true)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn nothing_is_read_or_written_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs::write(&victim, "untouched").expect("written");
        for target in [victim.as_path(), Path::new("nowhere")] {
            symlink(target, &link).expect("linked");
            assert!(matches!(read(&link, 100), Err(Unusable::File(_))));
            let error = open_at_end(&link, None).expect_err("refused");
            assert!(error.to_string().contains("link"), "{error}");
            fs::remove_file(&link).expect("removed");
        }
        assert_eq!(fs::read(&victim).expect("there"), b"untouched");
        assert!(!folder.path().join("nowhere").exists());
    }

    #[test]
    fn no_more_is_read_than_wanted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        assert!(matches!(read(&path, 4), Ok(None)));
        fs::write(&path, "four").expect("written");
        assert!(matches!(read(&path, 4), Ok(Some(bytes)) if bytes == b"four"));
        assert!(matches!(read(&path, 3), Err(Unusable::Contents(_))));
        assert!(matches!(read(folder.path(), 3), Err(Unusable::File(_))));
    }

    #[test]
    fn a_new_file_has_the_permissions_of_its_model_and_an_old_one_gets_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("model");
        fs::write(&model, "x").expect("written");
        fs::set_permissions(&model, fs::Permissions::from_mode(0o640)).expect("set");
        let model = fs::metadata(&model).expect("there");
        let path = folder.path().join("file");
        let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        drop(open_at_end(&path, None).expect("made"));
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("set");
        let mut file = open_at_end(&path, Some(&model)).expect("opened");
        file.write_all(b"x").expect("written");
        assert_eq!(mode(), 0o640);
    }
}
