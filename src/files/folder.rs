//! Making folders, and flushing the names in them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::files::flush::flush;
use crate::files::paths::parent;
use crate::files::permissions::copy_folder_permissions;
use crate::report::error::{Cause, Error, Result};
use crate::report::system_error::{cannot_be_asked, is_refused};

/// Makes `folder` if it does not exist, durably, with the permissions of the folder `model`.
pub(crate) fn ensure_folder(folder: &Path, model: &Path) -> Result<()> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(Error::at(Cause::NotAFolder, folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io(&error, folder)),
    }
    if fs::symlink_metadata(folder).is_ok() {
        return Err(Error::at(Cause::LinkLeadsNowhere, folder));
    }
    let mut missing = vec![folder];
    for above in folder.ancestors().skip(1) {
        match fs::metadata(above) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(above),
            Err(error) => return Err(Error::io(&error, above)),
            Ok(_) => break,
        }
    }
    let model = fs::metadata(model).ok();
    for made in missing.iter().rev() {
        make(made, model.as_ref()).map_err(|error| Error::io(&error, folder))?;
    }
    missing.into_iter().try_for_each(|made| flush_folder(parent(made)))
}

/// Makes one folder, which is its owner's alone until it has the permissions of `model`.
fn make(folder: &Path, model: Option<&fs::Metadata>) -> io::Result<()> {
    #[cfg_attr(windows, expect(unused_mut, reason = "there a folder inherits its access rules"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    if model.is_some() {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    match builder.create(folder) {
        Ok(()) => model.map_or(Ok(()), |model| copy_folder_permissions(folder, model)),
        // Another caller was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::metadata(folder) {
            Ok(found) if found.is_dir() => Ok(()),
            Err(refused) if is_refused(&refused) => Err(refused),
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Flushes the names in `folder` to the disk. On Windows nothing is needed: `rename` flushes each name.
///
/// Some network file systems and virtual machines' shared folders cannot flush a folder, and say so; there is nothing more to do
/// then. A flush that failed is an error.
pub(crate) fn flush_folder(folder: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| flush(&folder)) {
        Err(error) if !cannot_be_asked(&error) => Err(Error::io(&error, folder)),
        _ => Ok(()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_that_cannot_flush_a_folder_is_no_error_and_a_missing_folder_is() {
        let proc = Path::new("/proc/self");
        let refusal = File::open(proc)
            .and_then(|folder| flush(&folder))
            .expect_err("it has no disk");
        assert_eq!(refusal.kind(), io::ErrorKind::InvalidInput);
        flush_folder(proc).expect("there is nothing to do");
        flush_folder(Path::new("/proc/self/no such folder")).expect_err("not there");
    }
}
