//! Permissions taken over from another file.

use std::fs::{self, File, Metadata};
use std::io;

/// The same mode and, as far as this user may, the same owner and group. A group that cannot be kept gets no more
/// than everybody else: the file holds health data.
#[cfg(unix)]
pub(crate) fn copy_permissions(file: &File, model: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let mut mode = model.mode() & 0o777;
    let own = file.metadata()?;
    // Only root can give a file away; for everybody else the owner stays, which is the owner's own business.
    let _ = fchown(file, Some(model.uid()), None);
    if own.gid() != model.gid() && fchown(file, None, Some(model.gid())).is_err() {
        mode &= !0o070 | ((mode & 0o007) << 3);
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Windows files inherit the access rules of their folder; a read-only mark is not for a file that rotates.
#[cfg(windows)]
pub(crate) fn copy_permissions(_file: &File, _model: &Metadata) -> io::Result<()> {
    Ok(())
}
