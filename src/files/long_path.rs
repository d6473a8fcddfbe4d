//! Paths longer than the 260 characters that Windows' functions accept by default.
//!
//! Rust's own file functions accept them. SQLite and other functions of the system need them in the verbatim form,
//! `\\?\C:\...`, which no message shows: <https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation>.

use std::borrow::Cow;
use std::ffi::CStr;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// SQLite's VFS for long paths.
pub(crate) const VFS: &CStr = c"win32-longpath";

/// Opens a database with SQLite, whatever the length of its path.
pub(crate) fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    match for_system(path) {
        Cow::Borrowed(path) => Connection::open_with_flags(path, flags),
        Cow::Owned(path) => Connection::open_with_flags_and_vfs(path, flags, VFS),
    }
}

/// `path` in a form that every function of the system accepts. It must be absolute.
#[cfg(windows)]
pub(crate) fn for_system(path: &Path) -> Cow<'_, Path> {
    use std::os::windows::ffi::OsStrExt;
    // MAX_PATH, less the longest suffix that SQLite adds to a file's name, and the NUL.
    const MAX_SHORT: usize = 260 - "-journal".len() - 1;
    if path.as_os_str().encode_wide().count() <= MAX_SHORT {
        Cow::Borrowed(path)
    } else {
        verbatim(path)
    }
}

/// `path` in a form that every function of the system accepts.
#[cfg(not(windows))]
pub(crate) fn for_system(path: &Path) -> Cow<'_, Path> {
    Cow::Borrowed(path)
}

#[cfg(windows)]
fn verbatim(path: &Path) -> Cow<'_, Path> {
    use std::path::{Component, PathBuf, Prefix};
    let Some(Component::Prefix(prefix)) = path.components().next() else {
        return Cow::Borrowed(path);
    };
    let text = path.to_string_lossy(); // paths are UTF-8 since `Store::open`
    match prefix.kind() {
        Prefix::Disk(_) => Cow::Owned(PathBuf::from(format!(r"\\?\{text}"))),
        Prefix::UNC(..) => Cow::Owned(PathBuf::from(format!(r"\\?\UNC{}", &text[1..]))),
        _ => Cow::Borrowed(path),
    }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn only_long_paths_are_made_verbatim() {
        let long = "ñ".repeat(250);
        for (path, expected) in [
            (r"C:\datos\studio.db".to_owned(), None),
            (format!(r"C:\{long}"), Some(format!(r"\\?\C:\{long}"))),
            (
                format!(r"\\nas\datos\{long}"),
                Some(format!(r"\\?\UNC\nas\datos\{long}")),
            ),
            (format!(r"\\?\C:\{long}"), None),
        ] {
            let expected = expected.unwrap_or_else(|| path.clone());
            assert_eq!(for_system(Path::new(&path)), Path::new(&expected));
        }
    }
}
