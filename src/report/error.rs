//! The error of every operation: its cause, and the path on which it happened.
//!
//! The texts for people are in [`crate::report::messages`], in Spanish and English.

use std::io;
use std::path::{Path, PathBuf};

use crate::report::damage::Damage;
use crate::report::row_conflict::RowConflict;
use crate::report::status::Status;
use crate::report::system_error::is_sharing_violation;

/// The result of every operation.
pub type Result<T> = std::result::Result<T, Error>;

/// What failed, and on which path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Why it failed.
    pub cause: Cause,
    /// The file or folder on which it failed, if there is one.
    pub path: Option<PathBuf>,
}

/// Why an operation failed. [`Error::status`] gives its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The caller's options or request are invalid.
    InvalidArgument(Argument),
    /// The handle is closed, zero or invented.
    InvalidHandle,
    /// Not an IANA time zone name.
    UnknownTimezone(String),
    /// The progress callback asked to stop.
    Cancelled,
    /// No file at the database's path.
    DatabaseNotFound,
    /// No such backup.
    BackupNotFound,
    /// The operating system refused access; its text.
    PermissionDenied(String),
    /// Not enough room on the disk.
    DiskFull {
        /// Bytes that the work needs, if known.
        needed: Option<u64>,
        /// Bytes that are free for this user, if known.
        free: Option<u64>,
    },
    /// Any other operating-system error; its text.
    Io(String),
    /// The system starts no further thread; its text.
    NoThread(String),
    /// A sandbox forbids every way to a table of file descriptors of the library's own; the calls, and what the system answered.
    DescriptorTableForbidden(String),
    /// A file is where a folder is needed.
    NotAFolder,
    /// A folder is where a database is needed.
    DatabaseIsAFolder,
    /// A link to something that is not there, such as a drive that is not connected.
    LinkLeadsNowhere,
    /// The path is longer than SQLite or the file system takes.
    PathTooLong,
    /// The computer's clock is in a year outside 1 to 9999, which a file name cannot hold.
    ClockOutOfRange(i32),
    /// The file to write exists already.
    TargetExists,
    /// Another program holds the database.
    DatabaseLocked,
    /// The live database fails verification; what the check found.
    DatabaseCorrupt(Damage),
    /// No SQLite header.
    NotADatabase,
    /// A backup fails verification; what the check found.
    BackupCorrupt(Damage),
    /// Source and destination are one file.
    SameFile,
    /// The backup was made of another database: the file name of that one, or `None` where only the tables tell.
    DifferentDatabase(Option<String>),
    /// The backup is made, but not in the second place, where it has to be; why.
    SecondPlaceAbsent(PlaceTrouble),
    /// The backup's schema is newer than the application says it understands; its version.
    SchemaTooNew(String),
    /// Rows to be brought back clash with rows that are there.
    RowsInConflict(Vec<RowConflict>),
    /// Another backup or restore of this database is running.
    Busy,
    /// A restore broke off.
    RestoreFailed {
        /// Why it broke off.
        cause: Box<Error>,
        /// Where the safety copy is.
        safety_backup: PathBuf,
        /// The database is as it was. False only if the restored contents failed their verification and could not be undone
        /// either; then restore the safety copy.
        undone: bool,
    },
    /// No answer, or no way in, from the place that holds the archive; why.
    ArchiveUnreachable(String),
    /// The certificate of the server that holds the archive is not trusted; why.
    ArchiveUntrusted(String),
    /// The password of the archive is another one.
    ArchiveWrongPassword,
    /// There is no archive in the place.
    ArchiveNotFound,
    /// There is an archive in the place already.
    ArchiveExists,
    /// The archive's server lets this computer delete nothing.
    ArchiveAppendOnly,
    /// The archive is damaged; what was found.
    ArchiveDamaged(Vec<String>),
    /// The archive has no such snapshot; the one that was asked for.
    SnapshotNotFound(String),
    /// The snapshot holds no file, or several of which none has the database's name.
    SnapshotNotADatabase(String),
    /// The file with the password can be read by others.
    PasswordExposed,
    /// The command that has to give the password failed; why.
    PasswordCommand(String),
    /// This build of the library was made without that part.
    Unsupported(&'static str),
    /// A bug in the library, caught.
    Internal(String),
}

/// What keeps backups from the second place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceTrouble {
    /// It is not there.
    Absent,
    /// Another volume is there.
    Another,
    /// It is full, even after its own retention.
    Full,
    /// Its file system cannot hold files of that size.
    TooLarge,
    /// Copying takes longer than it may.
    Slow,
    /// Anything else, in the system's words.
    Failed(String),
}

/// What is wrong with an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A pointer is NULL where it must not be.
    Null(&'static str),
    /// A string is not UTF-8.
    NotUtf8(&'static str),
    /// Not JSON; the parser's text.
    NotJson(String),
    /// JSON, but not an object.
    NotAnObject,
    /// An unknown key.
    UnknownKey(String),
    /// Of these two keys only one can be given.
    NotBoth(&'static str, &'static str),
    /// A required key is missing.
    MissingKey(&'static str),
    /// One of these keys is required.
    NoneOf(&'static [&'static str]),
    /// A URL where a path is needed.
    Url {
        /// The key.
        key: &'static str,
        /// The given value.
        url: String,
        /// The path that it stands for, if it is known.
        path: Option<String>,
    },
    /// A database in memory, which has no file.
    InMemory {
        /// The key.
        key: &'static str,
        /// The given value.
        value: String,
    },
    /// The backup lacks a table or row that is to be brought back: the table, and the key of the row.
    NoSuchRow(String),
    /// The database lacks a table to which rows are to be brought back.
    NoSuchTable {
        /// The table.
        table: String,
        /// Some of those that it has.
        tables: Vec<String>,
    },
    /// No backup has this table.
    TableNowhere {
        /// The table.
        table: String,
        /// Some of those that the newest backup has.
        tables: Vec<String>,
    },
    /// The columns of a row's key are others.
    NotTheKey {
        /// The table.
        table: String,
        /// The columns of its key.
        key: Vec<String>,
    },
    /// The value of a key is of the wrong type or out of range.
    BadValue {
        /// The key.
        key: &'static str,
        /// What its value may be.
        expected: Expected,
    },
}

/// What the value of a key may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A text.
    Text,
    /// A path: a text, not empty, without NUL.
    Path,
    /// true or false.
    Boolean,
    /// A whole number between these two.
    Whole(u64, u64),
    /// An object.
    Object,
    /// An array of texts.
    Texts,
    /// An array of rows, not empty, each with its table and key.
    Rows,
    /// The columns of a key with their values.
    Key,
    /// A text with words to search for.
    Words,
    /// A password, not empty.
    Password,
    /// A folder, or `opendal:` and a service that this build reaches.
    Repository,
    /// An object whose values are texts.
    TextsByName,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl Error {
    /// An error without a path.
    pub fn new(cause: Cause) -> Self {
        Error { cause, path: None }
    }

    /// An error on a path.
    pub fn at(cause: Cause, path: impl Into<PathBuf>) -> Self {
        Error {
            cause,
            path: Some(path.into()),
        }
    }

    /// An argument error.
    pub fn argument(argument: Argument) -> Self {
        Error::new(Cause::InvalidArgument(argument))
    }

    /// An operating-system error on a path, with the cause of its kind.
    pub fn io(error: &io::Error, path: &Path) -> Self {
        use io::ErrorKind as Kind;
        let cause = match error.kind() {
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Cause::PermissionDenied(error.to_string()),
            Kind::StorageFull | Kind::QuotaExceeded => Cause::DiskFull {
                needed: None,
                free: fs4::available_space(existing_ancestor(path)).ok(),
            },
            Kind::NotADirectory => Cause::NotAFolder,
            Kind::InvalidFilename => Cause::PathTooLong,
            _ if is_sharing_violation(error) => Cause::DatabaseLocked,
            _ => Cause::Io(error.to_string()),
        };
        Error::at(cause, path)
    }

    /// The status of the cause.
    pub fn status(&self) -> Status {
        match &self.cause {
            Cause::InvalidArgument(_) => Status::InvalidArgument,
            Cause::InvalidHandle => Status::InvalidHandle,
            Cause::UnknownTimezone(_) => Status::UnknownTimezone,
            Cause::Cancelled => Status::Cancelled,
            Cause::DatabaseNotFound | Cause::DatabaseIsAFolder => Status::DatabaseNotFound,
            Cause::BackupNotFound | Cause::SnapshotNotFound(_) => Status::BackupNotFound,
            Cause::PermissionDenied(_) | Cause::PasswordExposed | Cause::ArchiveAppendOnly => Status::PermissionDenied,
            Cause::DiskFull { .. } => Status::DiskFull,
            Cause::Io(_)
            | Cause::NoThread(_)
            | Cause::DescriptorTableForbidden(_)
            | Cause::NotAFolder
            | Cause::LinkLeadsNowhere
            | Cause::PathTooLong
            | Cause::PasswordCommand(_)
            | Cause::ClockOutOfRange(_) => Status::IoError,
            Cause::TargetExists | Cause::ArchiveExists => Status::TargetExists,
            Cause::DatabaseLocked => Status::DatabaseLocked,
            Cause::DatabaseCorrupt(_) => Status::DatabaseCorrupt,
            Cause::NotADatabase | Cause::SnapshotNotADatabase(_) => Status::NotADatabase,
            Cause::BackupCorrupt(_) => Status::BackupCorrupt,
            Cause::SameFile => Status::SameFile,
            Cause::DifferentDatabase(_) => Status::DifferentDatabase,
            Cause::SecondPlaceAbsent(_) => Status::SecondPlaceAbsent,
            Cause::SchemaTooNew(_) => Status::SchemaTooNew,
            Cause::RowsInConflict(_) => Status::RowsInConflict,
            Cause::Busy => Status::Busy,
            Cause::RestoreFailed { .. } => Status::RestoreFailed,
            Cause::ArchiveUnreachable(_) | Cause::ArchiveUntrusted(_) => Status::ArchiveUnreachable,
            Cause::ArchiveWrongPassword => Status::ArchiveWrongPassword,
            Cause::ArchiveNotFound => Status::ArchiveNotFound,
            Cause::ArchiveDamaged(_) => Status::ArchiveDamaged,
            Cause::Unsupported(_) => Status::Unsupported,
            Cause::Internal(_) => Status::Internal,
        }
    }

    /// The system's own words, where it is the system that refused.
    pub(crate) fn detail(&self) -> Option<&str> {
        match &self.cause {
            Cause::PermissionDenied(text) | Cause::Io(text) => Some(text),
            _ => None,
        }
    }

    /// What the verification found, if that is the cause.
    pub fn problems(&self) -> Option<&[String]> {
        match &self.cause {
            Cause::DatabaseCorrupt(damage) | Cause::BackupCorrupt(damage) => Some(&damage.problems),
            Cause::ArchiveDamaged(problems) => Some(problems),
            _ => None,
        }
    }

    /// Of a damaged database or backup, whether `REINDEX` heals it and no row is lost.
    pub fn repairable(&self) -> Option<bool> {
        match &self.cause {
            Cause::DatabaseCorrupt(damage) | Cause::BackupCorrupt(damage) => Some(damage.repairable),
            _ => None,
        }
    }

    /// The rows that clash with rows that are there, if that is the cause.
    pub fn conflicts(&self) -> Option<&[RowConflict]> {
        match &self.cause {
            Cause::RowsInConflict(conflicts) => Some(conflicts),
            _ => None,
        }
    }

    /// The safety copy of a restore that broke off.
    pub fn safety_backup(&self) -> Option<&Path> {
        match &self.cause {
            Cause::RestoreFailed { safety_backup, .. } => Some(safety_backup),
            _ => None,
        }
    }

    /// Whether the database is as it was after a restore broke off; `None` for any other cause.
    pub fn undone(&self) -> Option<bool> {
        match self.cause {
            Cause::RestoreFailed { undone, .. } => Some(undone),
            _ => None,
        }
    }
}

/// The nearest existing folder at or above `path`, which is on the same file system.
fn existing_ancestor(path: &Path) -> &Path {
    path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(path)
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;
    use windows_sys::Win32::Foundation as system;

    #[test]
    fn each_error_of_windows_has_its_status() {
        for (code, status) in [
            (system::ERROR_ACCESS_DENIED, Status::PermissionDenied), // Controlled Folder Access says the same
            (system::ERROR_WRITE_PROTECT, Status::PermissionDenied),
            (system::ERROR_SHARING_VIOLATION, Status::DatabaseLocked),
            (system::ERROR_LOCK_VIOLATION, Status::DatabaseLocked),
            (system::ERROR_DISK_FULL, Status::DiskFull),
            (system::ERROR_HANDLE_DISK_FULL, Status::DiskFull),
            (system::ERROR_DISK_QUOTA_EXCEEDED, Status::DiskFull),
            (system::ERROR_BAD_NETPATH, Status::IoError),
            (system::ERROR_NOT_READY, Status::IoError),
        ] {
            let error = io::Error::from_raw_os_error(code.cast_signed());
            let error = Error::io(&error, Path::new(r"C:\datos\studio.db"));
            assert_eq!(error.status(), status, "{code}: {error}");
        }
    }
}
