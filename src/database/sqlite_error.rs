//! What SQLite's errors mean to a caller of this library.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::{Connection, ffi};

use crate::database::header::Header;
use crate::database::live_file::{self, LiveFile};
use crate::files::paths::parent;
use crate::files::sidecars::has_wal;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error};
use crate::report::system_error::{is_device_error, is_full, is_refused, is_sharing_violation};

/// Which file an error of SQLite is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The application's database.
    Live,
    /// A backup, a safety copy, or the library's own unpublished copy.
    Backup,
}

/// Sets `errno` to the error that the system returned to SQLite. [`explain`] reads it there; closing the connection may have
/// changed it.
pub(crate) fn remember_system_error<T, E>(connection: &Connection, result: &Result<T, E>) {
    if result.is_err() {
        // SAFETY: the handle is valid while `connection` is borrowed.
        let code = unsafe { ffi::sqlite3_system_errno(connection.handle()) };
        if code != 0 {
            errno::set_errno(errno::Errno(code));
        }
    }
}

/// SQLite's extended code, if the error has one.
pub(crate) fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.extended_code),
        _ => None,
    }
}

/// Whether the file cannot be opened for reading only, because the rollback journal or WAL of a crashed writer must be
/// recovered first.
pub(crate) fn needs_recovery(error: &rusqlite::Error) -> bool {
    matches!(
        extended_code(error),
        Some(ffi::SQLITE_READONLY_ROLLBACK | ffi::SQLITE_READONLY_RECOVERY | ffi::SQLITE_READONLY_CANTINIT)
    )
}

/// Whether another connection locks the file. `BUSY` and `LOCKED` mean the same to a caller.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    let primary = extended_code(error).map(|code| code & 0xff);
    matches!(primary, Some(ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED))
}

/// Whether writing a file failed, and not reading one.
pub(crate) fn is_write_failure(error: &rusqlite::Error) -> bool {
    matches!(
        extended_code(error),
        Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_TRUNCATE)
    )
}

/// Whether flushing a file or folder failed.
pub(crate) fn is_flush_failure(error: &rusqlite::Error) -> bool {
    matches!(
        extended_code(error),
        Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
    )
}

/// SQLite's error as the library's own. The extended code decides, because the message of a failed step can be "not an error".
pub(crate) fn explain(error: &rusqlite::Error, path: &Path, role: Role) -> Error {
    // Read before any other call changes it. SQLite has one code for many errors of the system.
    let system = io::Error::last_os_error();
    let Some(code) = extended_code(error) else {
        // The schema holds a value of a type that SQLite never writes there.
        return Error::at(
            corrupt(role, Damage::new(DamageKind::Structure, error.to_string())),
            path,
        );
    };
    let text = || format!("{} (SQLite {code})", ffi::code_to_str(code));
    let cause = match code & 0xff {
        // SQLite reports some failed reads of a device as damage.
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB | ffi::SQLITE_ERROR if is_device_error(&system) => {
            Cause::Io(system.to_string())
        }
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL => Cause::DatabaseLocked,
        // On Windows another program can have the file open without sharing it.
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN if is_sharing_violation(&system) => Cause::DatabaseLocked,
        ffi::SQLITE_NOTADB => Cause::NotADatabase,
        // SQLite's message names the entry of the schema.
        ffi::SQLITE_CORRUPT if error.to_string().starts_with("malformed database schema") => {
            corrupt(role, Damage::new(DamageKind::Schema, error.to_string()))
        }
        ffi::SQLITE_CORRUPT => {
            let damage = cut_off(path).unwrap_or_else(|| Damage::new(DamageKind::Structure, text()));
            corrupt(role, damage)
        }
        ffi::SQLITE_FULL => disk_full(path),
        ffi::SQLITE_CANTOPEN if is_too_long(path) => Cause::PathTooLong,
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN | ffi::SQLITE_READONLY if is_full(&system) => disk_full(path),
        // SQLite does not pass on why it could not extend the WAL index.
        ffi::SQLITE_IOERR if code == ffi::SQLITE_IOERR_SHMSIZE && is_nearly_full(path) => disk_full(path),
        ffi::SQLITE_PERM | ffi::SQLITE_AUTH => Cause::PermissionDenied(text()),
        ffi::SQLITE_IOERR if is_refused(&system) => Cause::PermissionDenied(text()),
        ffi::SQLITE_CANTOPEN | ffi::SQLITE_READONLY if is_refused(&system) || !may_write(path) => {
            Cause::PermissionDenied(text())
        }
        // Reading the schema exceeded its limit, see `read_schema_once`.
        ffi::SQLITE_INTERRUPT => corrupt(role, Damage::new(DamageKind::Schema, "it does not end")),
        // SQLITE_ERROR comes with a text of its own, such as a malformed schema.
        ffi::SQLITE_ERROR => corrupt(role, Damage::new(DamageKind::Schema, error.to_string())),
        _ => Cause::Io(text()),
    };
    Error::at(cause, path)
}

/// Whether the path is too long for SQLite, or would be for the library's own files in this folder. On Windows there is
/// no such limit.
fn is_too_long(path: &Path) -> bool {
    const LIMIT: usize = 512; // MAX_PATHNAME in os_unix.c
    const OURS: usize = "/.respaldo-XXXXXX.tmp-journal".len();
    cfg!(unix) && path.as_os_str().len() + OURS > LIMIT
}

fn disk_full(path: &Path) -> Cause {
    Cause::DiskFull {
        needed: None,
        free: fs4::available_space(path).ok(),
    }
}

/// Whether the disk has no room for a WAL index.
fn is_nearly_full(path: &Path) -> bool {
    const WAL_INDEX_BYTES: u64 = 32 * 1024;
    fs4::available_space(path).is_ok_and(|free| free < WAL_INDEX_BYTES)
}

/// Whether this user may write the file, and into its folder. The file is not opened: closing it would drop every lock that
/// this process holds on it.
pub(crate) fn may_write(path: &Path) -> bool {
    [path, parent(path)].into_iter().all(is_writable)
}

#[cfg(unix)]
fn is_writable(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(path) = std::ffi::CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: `path` is NUL-terminated and outlives the call.
    unsafe { libc::access(path.as_ptr(), libc::W_OK) == 0 }
}

/// The file is opened for writing, because its attributes do not show the access rules. On Windows locks belong to the handle,
/// so closing it drops none.
#[cfg(windows)]
fn is_writable(path: &Path) -> bool {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::{FILE_ADD_FILE, FILE_FLAG_BACKUP_SEMANTICS, FILE_WRITE_DATA};
    const _: () = assert!(FILE_ADD_FILE == FILE_WRITE_DATA); // the same right, of a folder and of a file
    let opened = std::fs::File::options()
        .access_mode(FILE_WRITE_DATA)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS) // without it folders cannot be opened
        .open(path);
    opened.map_or_else(|error| is_sharing_violation(&error), |_| true)
}

/// The damage of a file that is too short. SQLite reports it only as malformed, on its first read of a missing page.
fn cut_off(path: &Path) -> Option<Damage> {
    let connection = live_file::open(path).ok()?;
    let mut beginning = [0; 100];
    LiveFile::of(&connection)?.read_exact_at(&mut beginning, 0).ok()?;
    let header = Header::parse(&beginning)?;
    let stated = header.page_count? * header.page_size;
    let size = fs::metadata(path).ok()?.len();
    // Pages can still be in the WAL.
    (size < stated && !has_wal(path)).then(|| Damage::cut_off(size, stated))
}

/// The cause for a damaged file in this role.
pub(crate) fn corrupt(role: Role, damage: Damage) -> Cause {
    match role {
        Role::Live => Cause::DatabaseCorrupt(damage),
        Role::Backup => Cause::BackupCorrupt(damage),
    }
}
