//! Whether two folders are on one volume, as far as the system tells.

use std::path::Path;

/// Whether both exist and are on one volume. Two volumes can be on one disk, which the system does not tell.
#[cfg(unix)]
pub(crate) fn on_one_volume(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| std::fs::metadata(path).ok().map(|found| found.dev());
    device(one).is_some_and(|one| device(other) == Some(one))
}

/// Whether both exist and are on one drive or share.
#[cfg(windows)]
pub(crate) fn on_one_volume(one: &Path, other: &Path) -> bool {
    let drive = |path: &Path| {
        let path = std::fs::canonicalize(path).ok()?;
        let drive = path.components().next()?;
        Some(drive.as_os_str().to_ascii_lowercase())
    };
    drive(one).is_some_and(|one| drive(other) == Some(one))
}
