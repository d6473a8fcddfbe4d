//! Copying the permissions of another file.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

#[cfg(unix)]
use crate::report::system_error::cannot_be_asked;

/// Gives `file` the mode of `model` and, as far as this user may, its owner and group. If the group cannot be kept, the mode
/// gives the new group no more than all other users: the file can hold health data.
#[cfg(unix)]
pub(crate) fn copy_permissions(file: &File, model: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let mut mode = model.mode() & 0o777;
    let own = file.metadata()?;
    // Only root can change the owner. For any other user the owner stays, which gives nobody else access.
    let _ = fchown(file, Some(model.uid()), None);
    if own.gid() != model.gid() && fchown(file, None, Some(model.gid())).is_err() {
        mode &= !0o070 | ((mode & 0o007) << 3);
    }
    set_mode(file, mode)
}

/// Sets the mode, where the file system has modes. On external and network drives the mount can give one to all files, and refuse
/// to change it; SQLite does not ask for more than that either. The file was made for its owner alone.
#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    match file.set_permissions(Permissions::from_mode(mode)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied || cannot_be_asked(&error) => Ok(()),
        result => result,
    }
}

/// Does the same for a folder, whose mode has more bits: who may delete in it, and the group of what is made in it.
#[cfg(unix)]
pub(crate) fn copy_folder_permissions(folder: &Path, model: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let folder = File::open(folder)?;
    copy_permissions(&folder, model)?;
    let special = model.mode() & 0o7000;
    let mode = folder.metadata()?.mode() & 0o777 | special;
    set_mode(&folder, mode)
}

/// On Windows a file inherits the access rules of its folder. The read-only attribute is not copied: retention must be able
/// to delete the file.
#[cfg(windows)]
pub(crate) fn copy_permissions(_file: &File, _model: &Metadata) -> io::Result<()> {
    Ok(())
}

/// On Windows a folder inherits them as well.
#[cfg(windows)]
pub(crate) fn copy_folder_permissions(_folder: &Path, _model: &Metadata) -> io::Result<()> {
    Ok(())
}
