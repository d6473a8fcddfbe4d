//! The texts in English.

use super::{Notice, PlaceTrouble, conflict_text, en_damage, first_names, first_of, in_brackets, megabytes, path_text};
use crate::report::error::{Argument, Cause, Error, Expected};

const NO_PERMISSION: &str = if cfg!(windows) {
    "Choose a folder of your user, such as one in Documents; in Program Files, start the application with \"Run as administrator\". \
     If the file is marked \"Read-only\", take the mark off in its Properties. If Windows Security protects the folder, allow the \
     application under \"Controlled folder access\"."
} else {
    "Give your user write permission on that folder, or choose another folder."
};

const LOCKED: &str = if cfg!(windows) {
    "Close the application and any other program that has the file open, and repeat the operation. If that does not help, wait \
     until the antivirus or the synchronization (OneDrive, Dropbox) has finished, or restart the computer."
} else {
    "Close the application and any other program that has it open, and repeat the operation."
};

const LOCKED_BY_ITSELF: &str = "If this application itself has it, whoever maintains it should end its open transactions and queries \
                                first (COMMIT, close cursors), and not use locking_mode=EXCLUSIVE.";

const NO_DEVICE: &str = if cfg!(windows) {
    "See that the disk or the network drive is connected and sound, and repeat the operation."
} else {
    "See that the disk is connected and sound, and repeat the operation."
};

pub(super) fn error(error: &Error) -> (String, String) {
    let path = path_text(error);
    let (message, hint) = match &error.cause {
        Cause::InvalidArgument(argument) => (
            argument_text(argument),
            "Correct that value in the program or the command that gave it.".to_owned(),
        ),
        Cause::InvalidHandle => (
            "The backup store is not open.".to_owned(),
            "Open it again before using it.".to_owned(),
        ),
        Cause::UnknownTimezone(zone) => (
            format!("There is no time zone \"{zone}\"."),
            "Use an IANA name, such as \"America/Hermosillo\".".to_owned(),
        ),
        Cause::Cancelled => (
            "The operation was cancelled; nothing was changed.".to_owned(),
            "Repeat it whenever you like.".to_owned(),
        ),
        Cause::DatabaseNotFound => (
            format!("The database {path} was not found."),
            "See whether it was moved, renamed or deleted. If it is lost, restore a backup.".to_owned(),
        ),
        Cause::BackupNotFound => (
            format!("The backup {path} was not found."),
            "It may have been deleted or moved by hand, or the folder is the wrong one. Choose another from the list, or look on the external drive.".to_owned(),
        ),
        Cause::PermissionDenied(detail) => (
            format!("There is no permission to use {path} ({detail})."),
            NO_PERMISSION.to_owned(),
        ),
        Cause::DiskFull { needed, free } => (
            match (needed, free) {
                (Some(needed), Some(free)) => format!(
                    "There is no room on the disk of {path}: {} are needed and {} are free.",
                    megabytes(*needed),
                    megabytes(*free)
                ),
                (None, Some(free)) => {
                    format!("The disk of {path} is full: {} are free.", megabytes(*free))
                }
                _ => format!("The disk of {path} is full."),
            },
            "Free some room on that disk and repeat the operation. Nothing was lost.".to_owned(),
        ),
        Cause::Io(detail) => (
            format!("The system could not read or write {path}: {detail}."),
            NO_DEVICE.to_owned(),
        ),
        Cause::NoThread(detail) => (
            format!("The system did not let another thread start for the work: {detail}."),
            "Close other programs and repeat the operation. In a container or a service, raise its limit of processes and threads \
             (pids, TasksMax, ulimit -u)."
                .to_owned(),
        ),
        Cause::DescriptorTableForbidden(detail) => (
            format!(
                "The sandbox or container of the application forbids what the backup needs in order to respect the database's locks: \
                 a table of open files of its own ({detail})."
            ),
            "Allow \"close_range\" in its seccomp profile, or update the container software (Docker, containerd) and libseccomp. \
             Until then, make the backups from outside it with the command respaldo."
                .to_owned(),
        ),
        Cause::NotAFolder => (
            format!("{path} is a file and not a folder."),
            "Choose another folder, or move that file.".to_owned(),
        ),
        Cause::DatabaseIsAFolder => (
            format!("{path} is a folder and not a database."),
            "Add the name of the database's file in it.".to_owned(),
        ),
        Cause::LinkLeadsNowhere => (
            format!("{path} is a link to something that is not there."),
            "Connect the disk that it leads to, or choose another folder.".to_owned(),
        ),
        Cause::PathTooLong => (
            format!("The path {path} is too long."),
            "Shorten the name, or choose a folder with a shorter path.".to_owned(),
        ),
        Cause::ClockOutOfRange(year) => (
            format!("The computer's clock says it is the year {year}."),
            "Correct the computer's date and time, and repeat the operation.".to_owned(),
        ),
        Cause::TargetExists => (
            format!("The file {path} is already there; it is not overwritten."),
            "Choose another name, or move that file.".to_owned(),
        ),
        Cause::DatabaseLocked => (
            format!("Another program is using the database {path}, or this application itself has not let go of it."),
            format!("{LOCKED} {LOCKED_BY_ITSELF}"),
        ),
        Cause::DatabaseCorrupt(damage) => en_damage::of_database(damage, &path),
        Cause::NotADatabase => (
            format!("{path} is not a SQLite database: it has another format, is encrypted, or is empty."),
            "See that it is the right file. If it is the application's database, restore a backup.".to_owned(),
        ),
        Cause::BackupCorrupt(damage) => en_damage::of_backup(damage, &path),
        Cause::SameFile => (
            format!("Source and destination are one file: {path}."),
            "Choose a backup other than the live database, or another destination.".to_owned(),
        ),
        Cause::DifferentDatabase(name) => (
            match name {
                Some(name) => format!("The backup {path} is of another database: {name}."),
                None => format!("The backup {path} is of another database: it has no table in common with the current one."),
            },
            "Choose a backup of this database. Nothing was changed.".to_owned(),
        ),
        Cause::SecondPlaceAbsent(why) => {
            let (message, hint) = second_place(why);
            (format!("The backup is made, but it is not in {path}, and has to be: {message}."), hint.to_owned())
        }
        Cause::SchemaTooNew(version) => (
            format!("The backup {path} is of a newer version of the application (schema {version}), which this one does not understand."),
            "Update the application and repeat the operation, or choose an earlier backup. Nothing was changed.".to_owned(),
        ),
        Cause::RowsInConflict(conflicts) => (
            format!("Bringing rows back into {path} would clash with what is there: {}.", conflict_text(conflicts)),
            "Nothing was changed. Look at both versions, and repeat the operation with \"skip\" to keep what is there, or with \"overwrite\" to take the backup's.".to_owned(),
        ),
        Cause::Busy => (
            format!("Another backup or restore is running in {path}."),
            "Wait until it ends and repeat the operation.".to_owned(),
        ),
        Cause::RestoreFailed { cause, safety_backup, undone } => (
            format!(
                "The restore of {path} broke off; the database is {} it was before. Cause: {}",
                if *undone { "as" } else { "NOT as" },
                self::error(cause).0
            ),
            format!(
                "The safety copy from before the restore is {}. {}",
                safety_backup.display(),
                if *undone { "Mend the cause and repeat the operation." } else { "Restore it now." }
            ),
        ),
        Cause::ArchiveUnreachable(detail) => (
            format!("The archive {path} cannot be reached: {detail}."),
            "See that the disk is connected, or that there is internet and the server's address, user and key are right, and repeat the \
             operation. What is stored there stays as it is."
                .to_owned(),
        ),
        Cause::ArchiveUntrusted(detail) => (
            format!("The certificate of the server that holds the archive {path} is not trusted: {detail}. Nothing was sent there."),
            "See that the server's address and this computer's clock are right. If the server has a certificate authority of its own, as \
             many a NAS has, name the file of that authority's certificate in the option \"ca_file\"."
                .to_owned(),
        ),
        Cause::ArchiveWrongPassword => (
            format!("The password is not that of the archive {path}."),
            "Look it up on the sheet that you printed or wrote when the archive was made. Without it nobody can read the archive."
                .to_owned(),
        ),
        Cause::ArchiveNotFound => (
            format!("There is no archive in {path}."),
            "See that it is the right folder and the right disk. If there never was one, make it first.".to_owned(),
        ),
        Cause::ArchiveAppendOnly => (
            format!("The archive {path} lets this computer delete nothing. Nothing was changed."),
            "That is as it should be against ransomware. Remove old snapshots from a computer that is safe, with a key that may delete.".to_owned(),
        ),
        Cause::ArchiveExists => (
            format!("There is an archive in {path} already."),
            "Use it with its password, or choose another, empty folder.".to_owned(),
        ),
        Cause::ArchiveDamaged(problems) => (
            format!("Something in the archive {path} is damaged: {}.", first_of(problems)),
            "Fetch what can still be fetched, and make a new archive in another place. The database and the backups on this computer are \
             not concerned."
                .to_owned(),
        ),
        Cause::SnapshotNotFound(id) => (
            format!("The archive has no snapshot \"{id}\"."),
            "Choose one from the archive's list.".to_owned(),
        ),
        Cause::SnapshotNotADatabase(id) => (
            format!("The snapshot {id} of the archive {path} does not hold one database: another program made it."),
            "Choose another from the archive's list, or take files out of this one with the program restic.".to_owned(),
        ),
        Cause::PasswordExposed => (
            format!("Other users of this computer can read the file with the archive's password, {path}."),
            "Take the permission from them (chmod 600), and repeat the operation.".to_owned(),
        ),
        Cause::PasswordCommand(detail) => (
            format!("The command that has to give the archive's password failed: {detail}."),
            "Run it in a terminal to see what it lacks.".to_owned(),
        ),
        Cause::Unsupported(part) => (
            format!("This build of respaldo was made without the part \"{part}\"."),
            format!("Use a build that has it: the Python package has, and `cargo build --release --features {part}` makes a library with it."),
        ),
        Cause::Internal(detail) => (
            format!("Internal error of respaldo: {detail}."),
            "This is a bug in the library; send this message to whoever maintains the application.".to_owned(),
        ),
    };
    (message, hint)
}

fn argument_text(argument: &Argument) -> String {
    match argument {
        Argument::Null(name) => format!("The argument \"{name}\" is NULL."),
        Argument::NotUtf8(name) => format!("The text of \"{name}\" is not UTF-8."),
        Argument::NotJson(detail) => format!("The text is not JSON: {detail}."),
        Argument::NotAnObject => "The JSON must be an object.".to_owned(),
        Argument::UnknownKey(key) => format!("The key \"{key}\" is not known."),
        Argument::NotBoth(one, other) => format!("Of the keys \"{one}\" and \"{other}\" only one can be given."),
        Argument::MissingKey(key) => format!("The key \"{key}\" is missing."),
        Argument::NoneOf(keys) => format!("One of the keys \"{}\" is missing.", keys.join("\", \"")),
        Argument::Url { key, url, path } => match path {
            Some(path) => {
                format!("The value of \"{key}\" is a URL and must be a path: \"{path}\" instead of \"{url}\".")
            }
            // It is not repeated: it can hold a password.
            None => format!("The value of \"{key}\" is a URL and must be the path of a file."),
        },
        Argument::InMemory { key, value } => format!(
            "The value of \"{key}\" must be the path of a file; \"{value}\" is a database in memory, which has no file."
        ),
        Argument::NoSuchRow(what) => format!("The backup has no {what}."),
        Argument::NoSuchTable { table, tables } => {
            let there_are = those_there_are(tables);
            format!("The database has no table {table} that rows can be brought back into.{there_are}")
        }
        Argument::TableNowhere { table, tables } => {
            format!("No backup has a table {table}.{}", those_there_are(tables))
        }
        Argument::NotTheKey { table, key } => format!("The key of a row of {table} is made of: {}.", key.join(", ")),
        Argument::BadValue { key, expected } => {
            format!(
                "The value of \"{key}\" is not valid: it must be {}.",
                expected_text(*expected)
            )
        }
    }
}

fn those_there_are(tables: &[String]) -> String {
    match tables {
        [] => String::new(),
        tables => format!(" The tables that there are: {}.", tables.join(", ")),
    }
}

fn expected_text(expected: Expected) -> String {
    match expected {
        Expected::Text => "a text".to_owned(),
        Expected::Path => "a path that is not empty, in UTF-8 and without NUL".to_owned(),
        Expected::Boolean => "true or false".to_owned(),
        Expected::Object => "an object".to_owned(),
        Expected::Rows => "an array of rows, such as [{\"table\": \"clients\", \"key\": {\"id\": 7}}]".to_owned(),
        Expected::Key => "an object with the columns of the key and their values, such as {\"id\": 7}".to_owned(),
        Expected::Words => "1 to 32 words to search for, of at most 1000 bytes together".to_owned(),
        Expected::Texts => "an array of texts".to_owned(),
        Expected::Whole(from, to) => format!("a whole number from {from} to {to}"),
        Expected::Password => "a password that is not empty".to_owned(),
        Expected::Repository => {
            "the path of a folder, or \"opendal:\" and a service that this build reaches".to_owned()
        }
        Expected::TextsByName => "an object whose values are texts".to_owned(),
        Expected::OneOf(words) => format!("one of: {}", words.join(", ")),
    }
}

pub(super) fn warning(notice: &Notice<'_>) -> (String, String) {
    match notice {
        Notice::SettingsNotUpdated(path, why) => (
            format!("The backup's date was not noted in {}: {why}.", path.display()),
            "The backup is made. Look at that settings file.".to_owned(),
        ),
        Notice::OldBackupNotRemoved(path, why) => (
            format!("The old backup {} could not be removed: {why}.", path.display()),
            "Remove it by hand if you no longer need it.".to_owned(),
        ),
        Notice::ClockWentBackwards(newest) => (
            format!("The newest backup ({newest}) is dated in the future: the computer's clock was changed."),
            "Check the computer's date and time.".to_owned(),
        ),
        Notice::LastBackupOld(newest) => (
            format!("The last backup is more than two days old ({newest})."),
            "Make a backup now.".to_owned(),
        ),
        Notice::RestoreNotLogged(path, why) => (
            format!("The restore was not noted in {}: {why}.", path.display()),
            "The restore is done. Look at the permissions of the backup folder.".to_owned(),
        ),
        Notice::BackupWasDownloaded(path) => (
            format!(
                "The backup {} was not on this computer: it was downloaded to be restored, which can take a while.",
                path.display()
            ),
            "The restore is done. So that the next one does not depend on the connection, mark the backup folder with \"Always keep on \
             this device\".".to_owned(),
        ),
        Notice::BackupNotSearched(path, why) => (
            format!("What is missing in the answer may be in the backup {}, which could not be read to its end: {why}", path.display()),
            "The other backups were read. Verify this one to know what is wrong with it.".to_owned(),
        ),
        Notice::BackupIsElsewhere(path) => (
            format!("The backup {} is not on this computer, and was not read.", path.display()),
            "If what you look for may be in it, have it downloaded first, and repeat the search.".to_owned(),
        ),
        Notice::LiveNotRead(path, why) => (
            format!("What the row is now could not be read from {}: {why}", path.display()),
            "The backups were read.".to_owned(),
        ),
        Notice::SchemaOlder(path, version) => (
            format!("The backup {} is of an older version of the application (schema {version}).", path.display()),
            "The restore is done. The application has to migrate the database before it uses it; most do so when they start.".to_owned(),
        ),
        Notice::ColumnsLeftOut(columns) => (
            format!("The database no longer has these columns of the backup, and what they hold stayed behind: {}.", columns.join(", ")),
            "The rows are there without it. What stayed behind is in the backup.".to_owned(),
        ),
        Notice::NotSalvaged(names) => (
            format!("These tables, indexes, views or triggers could not be made anew: {}.", first_names(names)),
            "The rows that were found are there. Compare the recovered file with a backup before you use it.".to_owned(),
        ),
        Notice::ValuesCut(tables) => (
            format!("Long values of these tables could not be read to their end, and are empty in the recovered file: {}.", first_names(tables)),
            "What could be read of them is in its table lost_and_found_cut. Take them from a backup where you can.".to_owned(),
        ),
        Notice::DiskUnreadable(path, bytes) => (
            format!("The disk could not read {bytes} bytes of {}.", path.display()),
            "The disk may be failing: copy the recovered file and the backups to another one.".to_owned(),
        ),
        Notice::Shrunk(losses, before) => (
            format!("Much is missing since the backup before: {losses}. The backup is made, and none was deleted."),
            format!("If that was meant, confirm it; if not, the rows are in the backup {before}. Until then no backup is deleted."),
        ),
        Notice::SnapshotsUnreadable(path, count) => (
            format!("{count} snapshots of the archive {} cannot be read.", path.display()),
            "Check the archive. The others are listed, and can be fetched.".to_owned(),
        ),
        Notice::NotArchivedYet(path, why) => (
            match why {
                Some(why) => format!("The backup is made, but it is not in the archive {} yet: {why}", path.display()),
                None => format!("The backup is made, but it is not in the archive {} yet.", path.display()),
            },
            "Nothing is lost: the next backup stores those that are missing too. \"respaldo archive push\" stores the newest now.".to_owned(),
        ),
        Notice::SecondPlace(path, trouble) => {
            let (message, hint) = second_place(trouble);
            (format!("The backup is made, but it is not in {}: {message}.", path.display()), hint.to_owned())
        }
        Notice::NameNotUtf8(path) => (
            format!("A file with an unreadable name was left out: {}.", path.display()),
            "Rename it to see it in the list.".to_owned(),
        ),
        Notice::CatalogueNotWritten(path, why) => (
            format!("What is known of the backups could not be saved in {}: {why}.", path.display()),
            "The backups are complete. Check the permissions of the backup folder and, if there is a link with that name, remove it."
                .to_owned(),
        ),
        Notice::CatalogueNotRead(path, why) => (
            format!("What is known of the backups could not be read from {}: {why}.", path.display()),
            "The backups are complete and can be restored; only their labels and the time of their verification are missing.".to_owned(),
        ),
        Notice::CatalogueRebuilt(path, why) => (
            format!("The file {} was damaged and was made anew: {why}.", path.display()),
            "The backups are complete; their labels and notes are lost. Verify them to know again that they are sound.".to_owned(),
        ),
        Notice::CheckedWithoutIndexes { tables, missing } => (
            format!(
                "Some indexes were not compared with their tables, because they use something only the application has: {}{}.",
                tables.join(", "),
                in_brackets(missing)
            ),
            "The data is complete and its structure was verified; there is nothing to do.".to_owned(),
        ),
        Notice::RowsBreakConstraints(columns) => (
            format!(
                "Some rows hold a value that their column is not for (empty, or of another type): {}.",
                columns.join(", ")
            ),
            "This is no damage, and nothing is lost. The application's support can correct these values.".to_owned(),
        ),
        Notice::SearchIndexDiffers(tables) => (
            format!("The search index does not match its data: {}.", tables.join(", ")),
            "The data is complete; only searches may miss something. The application's support makes the index anew with that table's 'rebuild' command.".to_owned(),
        ),
    }
}

/// Why a backup is not in the second place, and what to do.
pub(super) fn second_place(trouble: &PlaceTrouble) -> (String, &'static str) {
    let (message, hint) = match trouble {
        PlaceTrouble::Absent => (
            "that place is not there",
            "Connect the disk; the next backup copies what is missing.",
        ),
        PlaceTrouble::Another => (
            "another disk is there, which is left alone",
            "Connect the usual disk. If it is a new one, choose another folder on it, or delete second_place.json in the backup folder.",
        ),
        PlaceTrouble::Full => (
            "that disk is full",
            "Free some room on it, or keep fewer backups there.",
        ),
        PlaceTrouble::TooLarge => (
            "its format does not take files of 4 GB or more",
            "Format that disk with exFAT or NTFS, or use another; nothing is lost.",
        ),
        PlaceTrouble::Slow => (
            "copying it takes too long",
            "It goes on while the application is open; if it does not end, the next backup tries again.",
        ),
        PlaceTrouble::Failed(why) => return (why.clone(), "Look at that disk; the next backup tries again."),
    };
    (message.to_owned(), hint)
}
