//! What the system and the first bytes say of a file.

use std::fs::{self, DirEntry, Metadata};

use crate::catalog::record::{Record, State};
use crate::database::header::Header;
use crate::files::open_folder::OpenFolder;
use crate::report::system_error::is_missing;

/// What the system and the first bytes say of a file. Both are `None` where the system denies access; such a backup is
/// not intact.
pub(crate) struct FileFacts {
    pub metadata: Option<Metadata>,
    pub header: Option<Header>,
    /// The file's contents are not on this computer, and were not read.
    pub is_elsewhere: bool,
    /// The file is unchanged since a verification found it whole, and was not read.
    pub is_known_whole: bool,
}

impl FileFacts {
    /// The facts of an entry's file, or `None` when it is no file, or gone. A file that cannot be opened now still
    /// exists, so it has facts.
    ///
    /// A file that `record` says is whole in its present state is not opened.
    pub fn of_entry(entry: &DirEntry, folder: &OpenFolder, record: Option<&Record>) -> Option<FileFacts> {
        if entry_is_elsewhere(entry) {
            return Some(FileFacts {
                metadata: entry.metadata().ok(), // from the folder, on Windows
                header: None,
                is_elsewhere: true,
                is_known_whole: false,
            });
        }
        // Opening a pipe blocks until another process opens its other end.
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_plain
            && let Some(record) = record
            && let Ok(metadata) = entry.metadata()
            && record.known_whole(State::of(&metadata)) == Some(true)
        {
            return Some(FileFacts {
                metadata: Some(metadata),
                header: None,
                is_elsewhere: false,
                is_known_whole: true,
            });
        }
        if is_plain
            && let Ok(file) = folder.open(&entry.file_name())
            && let Ok(metadata) = file.metadata()
        {
            let header = Header::read_from(file).ok().flatten();
            return Some(FileFacts {
                metadata: Some(metadata),
                header,
                is_elsewhere: false,
                is_known_whole: false,
            });
        }
        let path = entry.path();
        let metadata = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Some(metadata),
            Err(error) if is_plain && !is_missing(&error) => None,
            _ => return None,
        };
        let header = Header::read(&path).ok().flatten();
        Some(FileFacts {
            metadata,
            header,
            is_elsewhere: false,
            is_known_whole: false,
        })
    }

    /// Whether the file has a header and at least the length that it states; `None` where the file would have to be
    /// downloaded.
    pub fn is_intact(&self) -> Option<bool> {
        let size = self.metadata.as_ref().map_or(0, Metadata::len);
        let fits = self.is_known_whole || self.header.is_some_and(|header| header.fits(size));
        (!self.is_elsewhere).then_some(fits)
    }
}

/// Whether the contents of an entry's file are not on this computer: OneDrive's "online-only" files, and files of
/// archives on tape. Reading such a file downloads it; reading its folder entry does not.
pub(crate) fn entry_is_elsewhere(entry: &DirEntry) -> bool {
    cfg!(windows) && entry.metadata().is_ok_and(|metadata| is_elsewhere(&metadata))
}

/// Whether the contents of this file are not on this computer.
#[cfg(windows)]
pub(crate) fn is_elsewhere(metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt;
    use windows_sys::Win32::Storage::FileSystem as attributes;
    const ELSEWHERE: u32 = attributes::FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS
        | attributes::FILE_ATTRIBUTE_RECALL_ON_OPEN
        | attributes::FILE_ATTRIBUTE_OFFLINE
        // Wine keeps none of these: in this file's tests, which run there, this one stands for them.
        | if cfg!(test) { attributes::FILE_ATTRIBUTE_SYSTEM } else { 0 };
    metadata.is_file() && metadata.file_attributes() & ELSEWHERE != 0
}

/// Whether the contents of this file are not on this computer.
#[cfg(not(windows))]
pub(crate) fn is_elsewhere(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, windows))]
mod tests {
    use std::fs::{self, File};
    use std::os::windows::ffi::OsStrExt;
    use std::os::windows::fs::OpenOptionsExt;
    use std::path::{Path, PathBuf};

    use rusqlite::Connection;
    use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_SYSTEM, SetFileAttributesW};

    use crate::{Options, RestoreRequest, Store, unwatched}; // as a program uses them

    fn listed(folder: &Path) -> Vec<(String, u64, Option<bool>)> {
        let database = folder.join("studio.db");
        let store = Store::open(Options {
            backup_dir: Some(folder.to_owned()),
            ..Options::new(database)
        });
        let listing = store.and_then(|store| store.list(true)).expect("listed");
        let mut found: Vec<_> = listing
            .backups
            .into_iter()
            .map(|b| (b.name, b.size, b.intact))
            .collect();
        found.sort();
        found
    }

    fn set_elsewhere(path: &Path) {
        let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
        // SAFETY: `name` is NUL-terminated.
        let set = unsafe { SetFileAttributesW(name.as_ptr(), FILE_ATTRIBUTE_SYSTEM) };
        assert_ne!(set, 0, "{}", std::io::Error::last_os_error());
    }

    #[test]
    fn a_file_that_is_elsewhere_is_listed_and_restored_with_a_warning() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["studio.db", "here.db", "elsewhere.db"] {
            let made =
                Connection::open(folder.path().join(name)).and_then(|db| db.execute_batch("CREATE TABLE clients(x)"));
            made.expect("made");
        }
        let elsewhere = folder.path().join("elsewhere.db");
        set_elsewhere(&elsewhere);
        let held = File::options()
            .read(true)
            .share_mode(0)
            .open(&elsewhere)
            .expect("opened");
        let of = |name: &str, intact| (name.to_owned(), 8192, intact);
        let expected = [of("elsewhere.db", None), of("here.db", Some(true))];
        assert_eq!(listed(folder.path()), expected, "nobody else can open it now");
        drop(held);

        let store = Store::open(Options {
            backup_dir: Some(folder.path().to_owned()),
            ..Options::new(folder.path().join("studio.db"))
        })
        .expect("valid options");
        let warned = |backup: &str| -> Vec<&str> {
            let restored = store.restore(&RestoreRequest::of(folder.path().join(backup)), &mut unwatched);
            restored
                .expect("restored")
                .warnings
                .iter()
                .map(|warning| warning.name)
                .collect()
        };
        assert_eq!(warned("elsewhere.db"), ["BACKUP_WAS_DOWNLOADED"]);
        assert_eq!(warned("here.db"), <[&str; 0]>::default());
    }

    /// `tests/windows/run` counts meanwhile which files are opened.
    #[test]
    #[ignore = "needs a folder that somebody watches"]
    fn a_watched_folder_is_listed() {
        let folder = PathBuf::from(std::env::var_os("RESPALDO_WATCHED").expect("the folder"));
        let found = listed(&fs::canonicalize(folder).expect("there"));
        let intact: Vec<_> = found.iter().map(|(name, _, intact)| (name.as_str(), *intact)).collect();
        assert_eq!(intact, [("elsewhere.db", None), ("here.db", Some(true))]);
    }
}
