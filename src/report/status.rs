//! The status numbers: one source for the Rust enum, the C header and the JSON.
//!
//! Numbers are grouped by cause. A published number never changes its meaning, and a retired one stays reserved.

use std::ffi::CStr;

/// The numbers as C constants. The header is generated from them.
pub mod codes {
    /// The work is done.
    pub const RESPALDO_OK: i32 = 0;
    /// NULL where it is not allowed, invalid UTF-8 or JSON, an unknown key or an invalid value. The message names it.
    pub const RESPALDO_INVALID_ARGUMENT: i32 = 1;
    /// A closed, zero or invented store.
    pub const RESPALDO_INVALID_HANDLE: i32 = 2;
    /// The time zone is not an IANA name.
    pub const RESPALDO_UNKNOWN_TIMEZONE: i32 = 3;
    /// The progress callback cancelled the call; nothing changed.
    pub const RESPALDO_CANCELLED: i32 = 4;
    /// There is no file at the database's path.
    pub const RESPALDO_DATABASE_NOT_FOUND: i32 = 20;
    /// There is no such backup.
    pub const RESPALDO_BACKUP_NOT_FOUND: i32 = 21;
    /// The operating system refused access to a file or folder.
    pub const RESPALDO_PERMISSION_DENIED: i32 = 22;
    /// Not enough room. The message says how much is needed and how much is free.
    pub const RESPALDO_DISK_FULL: i32 = 23;
    /// Any other operating-system error, with its text.
    pub const RESPALDO_IO_ERROR: i32 = 24;
    /// The file to write exists already.
    pub const RESPALDO_TARGET_EXISTS: i32 = 25;
    /// Another program locks the database beyond the timeout.
    pub const RESPALDO_DATABASE_LOCKED: i32 = 40;
    /// The live database is damaged: it fails verification.
    pub const RESPALDO_DATABASE_CORRUPT: i32 = 41;
    /// No SQLite header: another format, encrypted, or empty.
    pub const RESPALDO_NOT_A_DATABASE: i32 = 42;
    /// The backup to restore or verify fails verification.
    pub const RESPALDO_BACKUP_CORRUPT: i32 = 43;
    /// Source and destination are one file.
    pub const RESPALDO_SAME_FILE: i32 = 44;
    /// The backup was made of another database, or shares no table with this one. `"allow_different": true` overrides.
    pub const RESPALDO_DIFFERENT_DATABASE: i32 = 45;
    /// The backup's schema is newer than the application says it understands.
    pub const RESPALDO_SCHEMA_TOO_NEW: i32 = 46;
    /// Rows to be brought back clash with rows that are there; nothing was changed.
    pub const RESPALDO_ROWS_IN_CONFLICT: i32 = 47;
    /// Another backup or restore of this database is running beyond the timeout.
    pub const RESPALDO_BUSY: i32 = 60;
    /// A restore broke off; the database was put back as it was. The error says where the safety copy is.
    pub const RESPALDO_RESTORE_FAILED: i32 = 61;
    /// The second place for backups is not there, and was required.
    pub const RESPALDO_SECOND_PLACE_ABSENT: i32 = 70;
    /// No answer, or no way in, from the place that holds the archive.
    pub const RESPALDO_ARCHIVE_UNREACHABLE: i32 = 80;
    /// The password of the archive is another one.
    pub const RESPALDO_ARCHIVE_WRONG_PASSWORD: i32 = 81;
    /// There is nothing in the place of the archive, or no archive.
    pub const RESPALDO_ARCHIVE_NOT_FOUND: i32 = 82;
    /// The check of the archive found something.
    pub const RESPALDO_ARCHIVE_DAMAGED: i32 = 83;
    /// This build of the library was made without that part.
    pub const RESPALDO_UNSUPPORTED: i32 = 90;
    /// A bug in the library, caught.
    pub const RESPALDO_INTERNAL: i32 = 99;
}

/// The result of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// The work is done.
    Ok = codes::RESPALDO_OK,
    /// NULL where it is not allowed, invalid UTF-8 or JSON, an unknown key or an invalid value. The message names it.
    InvalidArgument = codes::RESPALDO_INVALID_ARGUMENT,
    /// A closed, zero or invented store.
    InvalidHandle = codes::RESPALDO_INVALID_HANDLE,
    /// The time zone is not an IANA name.
    UnknownTimezone = codes::RESPALDO_UNKNOWN_TIMEZONE,
    /// The progress callback cancelled the call; nothing changed.
    Cancelled = codes::RESPALDO_CANCELLED,
    /// There is no file at the database's path.
    DatabaseNotFound = codes::RESPALDO_DATABASE_NOT_FOUND,
    /// There is no such backup.
    BackupNotFound = codes::RESPALDO_BACKUP_NOT_FOUND,
    /// The operating system refused access to a file or folder.
    PermissionDenied = codes::RESPALDO_PERMISSION_DENIED,
    /// Not enough room. The message says how much is needed and how much is free.
    DiskFull = codes::RESPALDO_DISK_FULL,
    /// Any other operating-system error, with its text.
    IoError = codes::RESPALDO_IO_ERROR,
    /// The file to write exists already.
    TargetExists = codes::RESPALDO_TARGET_EXISTS,
    /// Another program locks the database beyond the timeout.
    DatabaseLocked = codes::RESPALDO_DATABASE_LOCKED,
    /// The live database is damaged: it fails verification.
    DatabaseCorrupt = codes::RESPALDO_DATABASE_CORRUPT,
    /// No SQLite header: another format, encrypted, or empty.
    NotADatabase = codes::RESPALDO_NOT_A_DATABASE,
    /// The backup to restore or verify fails verification.
    BackupCorrupt = codes::RESPALDO_BACKUP_CORRUPT,
    /// Source and destination are one file.
    SameFile = codes::RESPALDO_SAME_FILE,
    /// The backup was made of another database, or shares no table with this one. `"allow_different": true` overrides.
    DifferentDatabase = codes::RESPALDO_DIFFERENT_DATABASE,
    /// The backup's schema is newer than the application says it understands.
    SchemaTooNew = codes::RESPALDO_SCHEMA_TOO_NEW,
    /// Rows to be brought back clash with rows that are there; nothing was changed.
    RowsInConflict = codes::RESPALDO_ROWS_IN_CONFLICT,
    /// Another backup or restore of this database is running beyond the timeout.
    Busy = codes::RESPALDO_BUSY,
    /// A restore broke off; the database was put back as it was. The error says where the safety copy is.
    RestoreFailed = codes::RESPALDO_RESTORE_FAILED,
    /// The second place for backups is not there, and was required.
    SecondPlaceAbsent = codes::RESPALDO_SECOND_PLACE_ABSENT,
    /// No answer, or no way in, from the place that holds the archive.
    ArchiveUnreachable = codes::RESPALDO_ARCHIVE_UNREACHABLE,
    /// The password of the archive is another one.
    ArchiveWrongPassword = codes::RESPALDO_ARCHIVE_WRONG_PASSWORD,
    /// There is nothing in the place of the archive, or no archive.
    ArchiveNotFound = codes::RESPALDO_ARCHIVE_NOT_FOUND,
    /// The check of the archive found something.
    ArchiveDamaged = codes::RESPALDO_ARCHIVE_DAMAGED,
    /// This build of the library was made without that part.
    Unsupported = codes::RESPALDO_UNSUPPORTED,
    /// A bug in the library, caught.
    Internal = codes::RESPALDO_INTERNAL,
}

impl Status {
    /// Every status, in the order of the numbers.
    pub const ALL: [Status; 28] = [
        Status::Ok,
        Status::InvalidArgument,
        Status::InvalidHandle,
        Status::UnknownTimezone,
        Status::Cancelled,
        Status::DatabaseNotFound,
        Status::BackupNotFound,
        Status::PermissionDenied,
        Status::DiskFull,
        Status::IoError,
        Status::TargetExists,
        Status::DatabaseLocked,
        Status::DatabaseCorrupt,
        Status::NotADatabase,
        Status::BackupCorrupt,
        Status::SameFile,
        Status::DifferentDatabase,
        Status::SchemaTooNew,
        Status::RowsInConflict,
        Status::Busy,
        Status::RestoreFailed,
        Status::SecondPlaceAbsent,
        Status::ArchiveUnreachable,
        Status::ArchiveWrongPassword,
        Status::ArchiveNotFound,
        Status::ArchiveDamaged,
        Status::Unsupported,
        Status::Internal,
    ];

    /// The status with this number, if there is one.
    pub fn from_number(number: i32) -> Option<Status> {
        Self::ALL.into_iter().find(|status| *status as i32 == number)
    }

    /// The name without the `RESPALDO_` prefix, such as `DATABASE_LOCKED`.
    pub fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    /// The same name, NUL-terminated.
    pub(crate) fn c_name(self) -> &'static CStr {
        match self {
            Status::Ok => c"OK",
            Status::InvalidArgument => c"INVALID_ARGUMENT",
            Status::InvalidHandle => c"INVALID_HANDLE",
            Status::UnknownTimezone => c"UNKNOWN_TIMEZONE",
            Status::Cancelled => c"CANCELLED",
            Status::DatabaseNotFound => c"DATABASE_NOT_FOUND",
            Status::BackupNotFound => c"BACKUP_NOT_FOUND",
            Status::PermissionDenied => c"PERMISSION_DENIED",
            Status::DiskFull => c"DISK_FULL",
            Status::IoError => c"IO_ERROR",
            Status::TargetExists => c"TARGET_EXISTS",
            Status::DatabaseLocked => c"DATABASE_LOCKED",
            Status::DatabaseCorrupt => c"DATABASE_CORRUPT",
            Status::NotADatabase => c"NOT_A_DATABASE",
            Status::BackupCorrupt => c"BACKUP_CORRUPT",
            Status::SameFile => c"SAME_FILE",
            Status::DifferentDatabase => c"DIFFERENT_DATABASE",
            Status::SchemaTooNew => c"SCHEMA_TOO_NEW",
            Status::RowsInConflict => c"ROWS_IN_CONFLICT",
            Status::Busy => c"BUSY",
            Status::RestoreFailed => c"RESTORE_FAILED",
            Status::SecondPlaceAbsent => c"SECOND_PLACE_ABSENT",
            Status::ArchiveUnreachable => c"ARCHIVE_UNREACHABLE",
            Status::ArchiveWrongPassword => c"ARCHIVE_WRONG_PASSWORD",
            Status::ArchiveNotFound => c"ARCHIVE_NOT_FOUND",
            Status::ArchiveDamaged => c"ARCHIVE_DAMAGED",
            Status::Unsupported => c"UNSUPPORTED",
            Status::Internal => c"INTERNAL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_those_of_the_contract() {
        let table: Vec<(i32, &str)> = Status::ALL.iter().map(|s| (*s as i32, s.name())).collect();
        assert_eq!(
            table,
            [
                (0, "OK"),
                (1, "INVALID_ARGUMENT"),
                (2, "INVALID_HANDLE"),
                (3, "UNKNOWN_TIMEZONE"),
                (4, "CANCELLED"),
                (20, "DATABASE_NOT_FOUND"),
                (21, "BACKUP_NOT_FOUND"),
                (22, "PERMISSION_DENIED"),
                (23, "DISK_FULL"),
                (24, "IO_ERROR"),
                (25, "TARGET_EXISTS"),
                (40, "DATABASE_LOCKED"),
                (41, "DATABASE_CORRUPT"),
                (42, "NOT_A_DATABASE"),
                (43, "BACKUP_CORRUPT"),
                (44, "SAME_FILE"),
                (45, "DIFFERENT_DATABASE"),
                (46, "SCHEMA_TOO_NEW"),
                (47, "ROWS_IN_CONFLICT"),
                (60, "BUSY"),
                (61, "RESTORE_FAILED"),
                (70, "SECOND_PLACE_ABSENT"),
                (80, "ARCHIVE_UNREACHABLE"),
                (81, "ARCHIVE_WRONG_PASSWORD"),
                (82, "ARCHIVE_NOT_FOUND"),
                (83, "ARCHIVE_DAMAGED"),
                (90, "UNSUPPORTED"),
                (99, "INTERNAL"),
            ]
        );
        assert_eq!(Status::from_number(40), Some(Status::DatabaseLocked));
        assert_eq!(Status::from_number(5), None);
    }
}
