//! The library's own files beside the backups. They hold what a person wrote, so they have the permissions of the
//! database. They are never opened through a link, because the link's target would be overwritten.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use crate::files::permissions::copy_permissions;
use crate::files::sharing::retry_sharing_violations;
use crate::report::error::Error;

/// Why a file of the library's own cannot be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// Its contents are not usable, and it may be replaced.
    Contents(String),
    /// It must not be changed: it is a link, no plain file, or cannot be read.
    File(Error),
}

/// Reads the whole file, if it has at most `most` bytes; `None` when there is no file.
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

/// Opens the file for appending; creates it if there is none. The file has the permissions of `model` before anything
/// is written; a new one is readable by its owner only until then.
pub(crate) fn open_at_end(path: &Path, model: Option<&Metadata>) -> io::Result<File> {
    let file = open(path, OpenOptions::new().append(true).create(true))?;
    if let Some(model) = model
        && !has_permissions_of(&file, model)?
    {
        // Only the owner may change permissions: another user's file keeps its own.
        let _ = copy_permissions(&file, model);
    }
    Ok(file)
}

/// Whether `path` is a link, or anything else that is no plain file.
pub(crate) fn is_no_plain_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file())
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = retry_sharing_violations(|| without_links(options).open(path)).map_err(|error| {
        if is_no_plain_file(path) {
            not_a_plain_file()
        } else {
            error
        }
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(not_a_plain_file())
    }
}

fn not_a_plain_file() -> io::Error {
    io::Error::other("it is a link, or no plain file")
}

#[cfg(unix)]
fn without_links(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    // O_NONBLOCK: opening a pipe must not wait for its other end.
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

/// On Windows the flag opens the link itself, which then fails as no plain file.
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
