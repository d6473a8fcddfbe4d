//! Files on their way to their name: written under a temporary one, flushed, then published at once.
//!
//! Every temporary is made while the folder's lock is held, so a temporary found under the lock has lost its
//! process and may be swept.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use tempfile::TempPath;

use crate::connection::is_missing;
use crate::error::{Cause, Error, Result};
use crate::failpoint;
use crate::flush::flush;
use crate::held::{is_held, patiently};
use crate::names::{self, Stamp};
use crate::rename;

/// A file without its final name. Dropping it deletes it, with whatever SQLite left beside it.
#[derive(Debug)]
pub(crate) struct Staged {
    path: TempPath,
    sidecars: Sidecars,
}

/// Deletes, when dropped, what SQLite may have left beside a file.
#[derive(Debug)]
struct Sidecars(PathBuf);

impl Drop for Sidecars {
    fn drop(&mut self) {
        for suffix in names::SIDECARS {
            let _ = fs::remove_file(with_suffix(&self.0, suffix));
        }
    }
}

impl Staged {
    /// A new empty file in `folder`, readable by its owner only.
    pub fn new(folder: &Path) -> Result<Staged> {
        let file = tempfile::Builder::new()
            .prefix(names::TEMPORARY.0)
            .suffix(names::TEMPORARY.1)
            .rand_bytes(6)
            .make_in(folder, create_new)
            .map_err(|error| Error::io(&error, folder))?;
        let path = file.into_temp_path();
        let sidecars = Sidecars(path.to_path_buf());
        Ok(Staged { path, sidecars })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file the permissions of `model` and forces it to the disk.
    pub fn finish(&self, model: Option<&Metadata>) -> Result<()> {
        let file = patiently(|| File::options().read(true).write(true).open(&self.path))
            .map_err(|error| Error::io(&error, parent(&self.path)))?;
        if let Some(model) = model {
            copy_permissions(&file, model).map_err(|error| Error::io(&error, parent(&self.path)))?;
        }
        flush(&file).map_err(|error| Error::io(&error, parent(&self.path)))
    }

    /// Gives the file the name `target`, never over an existing file, and makes the name durable.
    ///
    /// When `target` is taken the file comes back, for another name.
    pub fn publish(self, target: &Path) -> Result<Published> {
        let Staged { path, sidecars } = self;
        match rename::to_new(path, target) {
            Ok(()) => {
                failpoint::reach("named_not_flushed");
                // A name that may not last is taken back: the caller is told that nothing was made.
                flush_folder(parent(target)).inspect_err(|_| drop(fs::remove_file(target)))?;
                Ok(Published::Done)
            }
            Err((refused, path)) if refused.kind() == io::ErrorKind::AlreadyExists => {
                Ok(Published::NameTaken(Staged { path, sidecars }))
            }
            Err((refused, _)) => Err(Error::io(&refused, target)),
        }
    }

    /// Gives the file the name `target` in place of the file that has it, and makes that durable. May fail when it is
    /// done, but not durable.
    pub fn replace(self, target: &Path) -> Result<()> {
        rename::over(self.path, target).map_err(|refused| Error::io(&refused, target))?;
        failpoint::reach("replaced_not_flushed");
        flush_folder(parent(target))
    }
}

/// What came of publishing.
#[derive(Debug)]
pub(crate) enum Published {
    Done,
    NameTaken(Staged),
}

/// Publishes under the first free name of the second `local`, as `name` writes it. Returns the path and the stamp.
pub(crate) fn publish_numbered(
    mut file: Staged,
    folder: &Path,
    local: NaiveDateTime,
    name: impl Fn(Stamp) -> String,
) -> Result<(PathBuf, Stamp)> {
    let mut stamp = Stamp { local, ordinal: 1 };
    loop {
        let path = first_free(folder, &mut stamp, &name)?;
        match file.publish(&path)? {
            Published::Done => return Ok((path, stamp)),
            Published::NameTaken(again) => file = again,
        }
    }
}

/// The first path, from `stamp` on, that is free and has no sidecar waiting beside it: SQLite would take a log or journal
/// that is there for the new file's. Fails where the system does not say whether something is there: of the next name it
/// might not say it either, and so on for ever.
pub(crate) fn first_free(folder: &Path, stamp: &mut Stamp, name: impl Fn(Stamp) -> String) -> Result<PathBuf> {
    'taken: loop {
        let path = folder.join(name(*stamp));
        let sidecars = names::SIDECARS.iter().map(|suffix| with_suffix(&path, suffix));
        for wanted in sidecars.chain([path.clone()]) {
            match fs::symlink_metadata(&wanted) {
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(Error::io(&error, &wanted)),
                Ok(_) => {
                    stamp.ordinal += 1;
                    continue 'taken;
                }
            }
        }
        return Ok(path);
    }
}

/// Removes what SQLite may keep beside `database`, durably.
pub(crate) fn remove_sidecars(database: &Path) -> Result<()> {
    for suffix in names::SIDECARS {
        let path = with_suffix(database, suffix);
        match remove_or_empty(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io(&error, &path)),
            _ => {}
        }
    }
    failpoint::reach("sidecars_removed");
    flush_folder(parent(database))
}

/// Removes a log or journal. One that a connection at rest keeps open on Windows is emptied instead, which means the same
/// to SQLite.
fn remove_or_empty(path: &Path) -> io::Result<()> {
    patiently(|| fs::remove_file(path)).or_else(|error| {
        if is_held(&error) {
            let file = File::options().write(true).open(path)?;
            file.set_len(0).and_then(|()| flush(&file))
        } else {
            Err(error)
        }
    })
}

/// Makes `folder` if it is not there, durably.
pub(crate) fn ensure_folder(folder: &Path) -> Result<()> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(Error::at(Cause::NotAFolder, folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io(&error, folder)),
    }
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(folder).map_err(|error| Error::io(&error, folder))?;
    missing.into_iter().try_for_each(|made| flush_folder(parent(made)))
}

/// Forces the names in `folder` to the disk. Windows does that with the files themselves.
pub(crate) fn flush_folder(folder: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder)
        .and_then(|folder| flush(&folder))
        .map_err(|error| Error::io(&error, folder))
}

/// Removes what killed processes left in `folder`. The caller holds the folder's lock.
pub(crate) fn sweep(folder: &Path) {
    // What cannot be removed now is in nobody's way; the next call tries again.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_plain && entry.file_name().to_str().is_some_and(names::is_temporary) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether nothing is at `path`, not even a link that leads nowhere.
pub(crate) fn is_free(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| is_missing(&error))
}

/// Whether two paths lead to one file, under whatever names or links. It is not opened: that would drop the locks which
/// connections of this process have on it.
#[cfg(unix)]
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Whether two paths lead to one file, under whatever names, links, 8.3 aliases or letter case. Asking for its attributes
/// only, the file may be one that somebody else shares with nobody.
#[cfg(windows)]
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES};
    let identity = |path: &Path| {
        File::options()
            .access_mode(FILE_READ_ATTRIBUTES)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS) // without it folders cannot be opened
            .open(path)
            .and_then(same_file::Handle::from_file)
    };
    matches!((identity(a), identity(b)), (Ok(a), Ok(b)) if a == b)
}

/// Opens a plain file for reading. Opening a pipe would wait for whoever writes into it.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        patiently(|| File::open(path))
    } else {
        Err(io::Error::other("it is not a plain file"))
    }
}

/// The path beside which SQLite keeps the sidecars of the database at `path`: that of the file it leads to through links,
/// except on Windows, where SQLite does not follow them.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    if cfg!(windows) {
        path.to_owned()
    } else {
        follow_links(path)
    }
}

/// The file that `path` leads to through links.
pub(crate) fn follow_links(path: &Path) -> PathBuf {
    // A path without a link stays as people know it: Windows would answer in its verbatim form.
    if cfg!(windows) && !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return path.to_owned();
    }
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The folder a file is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// `path` with `suffix` behind its file name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(unix)]
fn create_new(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Without the mark of a temporary file, which allows Windows not to write it to the disk.
#[cfg(windows)]
fn create_new(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).open(path)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishing_never_overwrites_and_dropping_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("target");
        fs::write(&target, "there first").expect("written");
        let staged = Staged::new(folder.path()).expect("staged");
        let Ok(Published::NameTaken(staged)) = staged.publish(&target) else {
            panic!("the name is taken");
        };
        assert_eq!(fs::read(&target).expect("read"), b"there first");
        drop(staged);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
    }

    #[test]
    fn sweeping_takes_temporaries_only() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [
            ".respaldo-abc123.tmp",
            ".respaldo-abc123.tmp-journal",
            "backup_20260304_142305.db",
            "x.tmp",
        ] {
            fs::write(folder.path().join(name), "x").expect("written");
        }
        sweep(folder.path());
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["backup_20260304_142305.db", "x.tmp"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_finished_file_has_the_permissions_of_its_model() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("model");
        fs::write(&model, "x").expect("written");
        fs::set_permissions(&model, fs::Permissions::from_mode(0o640)).expect("set");
        let staged = Staged::new(folder.path()).expect("staged");
        assert_eq!(
            fs::metadata(staged.path()).expect("there").permissions().mode() & 0o777,
            0o600
        );
        staged
            .finish(Some(&fs::metadata(&model).expect("there")))
            .expect("finished");
        assert_eq!(
            fs::metadata(staged.path()).expect("there").permissions().mode() & 0o777,
            0o640
        );
    }
}
