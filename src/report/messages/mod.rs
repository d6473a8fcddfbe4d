//! The texts for people: a message that says what failed and a hint that says what to do, in Spanish and English.
//!
//! Both languages match on every cause, so a cause without a text does not compile.

mod en;
mod en_damage;
mod es;
mod es_damage;

use std::path::Path;

use serde::Serialize;

use crate::report::error::{Error, PlaceTrouble};
use crate::report::row_conflict::RowConflict;

/// The language of messages and hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Spanish, the language of the first users.
    #[default]
    Spanish,
    /// English.
    English,
}

/// A message and its hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What failed.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// The work succeeded, but something else failed or needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// A stable name, such as `SETTINGS_NOT_UPDATED`.
    pub name: &'static str,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// Of ROWS_BREAK_CONSTRAINTS and COLUMNS_LEFT_OUT: the columns, as `clients.name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Of SEARCH_INDEX_DIFFERS, CHECKED_WITHOUT_INDEXES and VALUES_CUT: the tables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
}

/// What a warning is about.
#[derive(Debug, Clone)]
pub(crate) enum Notice<'a> {
    /// `settings.json` could not be updated; why.
    SettingsNotUpdated(&'a Path, String),
    /// An old backup could not be removed; why.
    OldBackupNotRemoved(&'a Path, String),
    /// The newest backup has a time later than the computer's clock.
    ClockWentBackwards(&'a str),
    /// The newest backup is older than two days.
    LastBackupOld(&'a str),
    /// The restore's line in `restores.jsonl` could not be written; why.
    RestoreNotLogged(&'a Path, String),
    /// The backup was not on this computer, and reading it downloaded it.
    BackupWasDownloaded(&'a Path),
    /// A search could not read a backup to its end; why.
    BackupNotSearched(&'a Path, String),
    /// A search did not read a backup that is not on this computer.
    BackupIsElsewhere(&'a Path),
    /// The live database could not be read; why.
    LiveNotRead(&'a Path, String),
    /// The backup's schema is older than the application's; its version.
    SchemaOlder(&'a Path, &'a str),
    /// Columns of the backup that the database no longer has, as `clients.fax`.
    ColumnsLeftOut(&'a [String]),
    /// Indexes and the like that could not be made anew in a recovered file.
    NotSalvaged(&'a [String]),
    /// Tables with values in a recovered file whose end could not be read.
    ValuesCut(&'a [String]),
    /// The disk did not read so many bytes of a damaged file.
    DiskUnreadable(&'a Path, u64),
    /// Tables lost most of their rows: what, and the newest backup that still has them.
    Shrunk(&'a str, &'a str),
    /// The backup is not in the second place; why.
    SecondPlace(&'a Path, &'a PlaceTrouble),
    /// The newest backup is not in the archive, though it was waited for; why the last attempt failed, if it did.
    NotArchivedYet(&'a Path, Option<&'a str>),
    /// Snapshots of the archive that cannot be read, and how many.
    SnapshotsUnreadable(&'a Path, usize),
    /// A file whose name is not UTF-8 was left out.
    NameNotUtf8(&'a Path),
    /// The catalogue could not be written; why.
    CatalogueNotWritten(&'a Path, String),
    /// The catalogue could not be read; why.
    CatalogueNotRead(&'a Path, &'a str),
    /// The catalogue held nothing usable, and was written anew; what was wrong.
    CatalogueRebuilt(&'a Path, &'a str),
    /// The database needs a collation or function that only the application has; what is missing.
    CheckedWithoutIndexes { tables: &'a [String], missing: &'a str },
    /// Columns that hold a NULL or a value of a type that they are not for, as `clients.name`.
    RowsBreakConstraints(&'a [String]),
    /// Virtual tables whose own check finds something; a rebuild mends it.
    SearchIndexDiffers(&'a [String]),
}

/// The text of an error.
pub(crate) fn error(error: &Error, language: Language) -> Text {
    let (message, hint) = match language {
        Language::Spanish => es::error(error),
        Language::English => en::error(error),
    };
    Text { message, hint }
}

/// The warning for a notice.
pub(crate) fn warning(notice: &Notice<'_>, language: Language) -> Warning {
    let name = match notice {
        Notice::SettingsNotUpdated(..) => "SETTINGS_NOT_UPDATED",
        Notice::OldBackupNotRemoved(..) => "OLD_BACKUP_NOT_REMOVED",
        Notice::ClockWentBackwards(_) => "CLOCK_WENT_BACKWARDS",
        Notice::LastBackupOld(_) => "LAST_BACKUP_OLD",
        Notice::RestoreNotLogged(..) => "RESTORE_NOT_LOGGED",
        Notice::BackupWasDownloaded(_) => "BACKUP_WAS_DOWNLOADED",
        Notice::BackupNotSearched(..) => "BACKUP_NOT_SEARCHED",
        Notice::BackupIsElsewhere(_) => "BACKUP_IS_ELSEWHERE",
        Notice::LiveNotRead(..) => "DATABASE_NOT_READ",
        Notice::SchemaOlder(..) => "SCHEMA_OLDER",
        Notice::ColumnsLeftOut(_) => "COLUMNS_LEFT_OUT",
        Notice::NotSalvaged(_) => "NOT_SALVAGED",
        Notice::ValuesCut(_) => "VALUES_CUT",
        Notice::DiskUnreadable(..) => "DISK_UNREADABLE",
        Notice::Shrunk(..) => "SHRUNK",
        Notice::SecondPlace(_, trouble) => match trouble {
            PlaceTrouble::Absent => "SECOND_PLACE_ABSENT",
            PlaceTrouble::Another => "SECOND_PLACE_IS_ANOTHER",
            PlaceTrouble::Full => "SECOND_PLACE_FULL",
            PlaceTrouble::TooLarge => "SECOND_PLACE_FILE_TOO_LARGE",
            PlaceTrouble::Slow => "SECOND_PLACE_SLOW",
            PlaceTrouble::Failed(_) => "SECOND_PLACE_FAILED",
        },
        Notice::SnapshotsUnreadable(..) => "SNAPSHOTS_UNREADABLE",
        Notice::NotArchivedYet(..) => "NOT_ARCHIVED_YET",
        Notice::NameNotUtf8(_) => "NAME_NOT_UTF8",
        Notice::CatalogueNotWritten(..) => "CATALOGUE_NOT_WRITTEN",
        Notice::CatalogueNotRead(..) => "CATALOGUE_NOT_READ",
        Notice::CatalogueRebuilt(..) => "CATALOGUE_REBUILT",
        Notice::CheckedWithoutIndexes { .. } => "CHECKED_WITHOUT_INDEXES",
        Notice::RowsBreakConstraints(_) => "ROWS_BREAK_CONSTRAINTS",
        Notice::SearchIndexDiffers(_) => "SEARCH_INDEX_DIFFERS",
    };
    let (message, hint) = match language {
        Language::Spanish => es::warning(notice),
        Language::English => en::warning(notice),
    };
    let (columns, tables): (&[String], &[String]) = match notice {
        Notice::RowsBreakConstraints(columns) | Notice::ColumnsLeftOut(columns) => (columns, &[]),
        Notice::SearchIndexDiffers(tables)
        | Notice::CheckedWithoutIndexes { tables, .. }
        | Notice::ValuesCut(tables) => (&[], tables),
        _ => (&[], &[]),
    };
    Warning {
        name,
        message,
        hint,
        columns: columns.to_vec(),
        tables: tables.to_vec(),
    }
}

/// What a verification says of a file whose contents have changed since the catalogue took their hash.
pub(crate) fn contents_changed(language: Language) -> String {
    match language {
        Language::Spanish => "su contenido ya no es el que se respaldó (cambió su suma BLAKE3)".to_owned(),
        Language::English => {
            "its contents are no longer those that were backed up (its BLAKE3 hash has changed)".to_owned()
        }
    }
}

/// Why a backup is not in the second place, and what to do.
pub(crate) fn second_place(trouble: &PlaceTrouble, language: Language) -> (String, &'static str) {
    match language {
        Language::Spanish => es::second_place(trouble),
        Language::English => en::second_place(trouble),
    }
}

/// What the owner must know of the archive's password.
pub(crate) fn key_note(language: Language) -> &'static str {
    match language {
        Language::Spanish => {
            "Sin la contraseña se pierde todo el archivo: nadie, tampoco quien hizo este programa, puede leerlo ni cambiarla. Escríbala en papel, \
             con el lugar del archivo, y guárdela lejos de esta computadora."
        }
        Language::English => {
            "Without the password the whole archive is lost: nobody, not even who made this program, can read it or change it. Write it on \
             paper, with the place of the archive, and keep that away from this computer."
        }
    }
}

/// A problem that a rehearsal finds.
pub(crate) fn rows_differ(language: Language) -> String {
    match language {
        Language::Spanish => "sus tablas no tienen las filas que tenían al respaldarse".to_owned(),
        Language::English => "its tables do not have the rows that were backed up".to_owned(),
    }
}

/// The error's path, or a dash if it has none.
fn path_text(error: &Error) -> String {
    error
        .path
        .as_ref()
        .map_or_else(|| "—".to_owned(), |path| path.display().to_string())
}

/// The first of several problems, and how many more there are.
fn first_of(problems: &[String]) -> String {
    match problems {
        [] => "—".to_owned(),
        [one] => one.clone(),
        [first, more @ ..] => format!("{first} (+{})", more.len()),
    }
}

/// SQLite's reason behind a sentence, unless it says nothing.
fn in_brackets(reason: &str) -> String {
    const SAYS_NOTHING: &str = "SQL logic error";
    match reason {
        "" | SAYS_NOTHING => String::new(),
        reason => format!(" ({reason})"),
    }
}

/// Bytes as megabytes, rounded up so that "needed" is never too little.
pub(crate) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// The first of many names.
fn first_names(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut shown: Vec<String> = names.iter().take(SHOWN).cloned().collect();
    if names.len() > SHOWN {
        shown.push(format!("+{}", names.len() - SHOWN));
    }
    shown.join(", ")
}

/// The rows that clash, the first few of them.
fn conflict_text(conflicts: &[RowConflict]) -> String {
    const SHOWN: usize = 3;
    let name = |conflict: &RowConflict| {
        let key = conflict.key.iter().map(|(column, value)| format!("{column} {value}"));
        let detail = conflict
            .detail
            .as_ref()
            .map(|detail| format!(" ({detail})"))
            .unwrap_or_default();
        format!("{} {}{detail}", conflict.table, key.collect::<Vec<_>>().join(", "))
    };
    let mut shown: Vec<String> = conflicts.iter().take(SHOWN).map(name).collect();
    if conflicts.len() > SHOWN {
        shown.push(format!("+{}", conflicts.len() - SHOWN));
    }
    shown.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::damage::{Damage, DamageKind, DamagedIndex};
    use crate::report::error::{Argument, Cause, Expected};

    fn every_damage() -> Vec<Damage> {
        let index = || {
            Box::new(DamagedIndex {
                index: "by_name".to_owned(),
                table: "clients".to_owned(),
            })
        };
        let kinds = [
            DamageKind::Bookkeeping,
            DamageKind::IndexDiffers(index()),
            DamageKind::NotUnique(index()),
            DamageKind::Index(index()),
            DamageKind::Changed,
            DamageKind::Schema,
            DamageKind::Structure,
            DamageKind::Rows("clients".to_owned()),
            DamageKind::CutOff(4096),
        ];
        let healed = Damage {
            repairable: true,
            ..Damage::new(DamageKind::IndexDiffers(index()), "precise words")
        };
        let damage = kinds.map(|kind| Damage::new(kind, "precise words"));
        damage.into_iter().chain([healed]).collect()
    }

    #[test]
    fn each_kind_of_damage_names_what_it_is_of_and_quotes_no_technical_line() {
        for damage in every_damage() {
            for cause in [
                Cause::DatabaseCorrupt(damage.clone()),
                Cause::BackupCorrupt(damage.clone()),
            ] {
                let failure = Error::at(cause, "/data/studio.db");
                for language in [Language::Spanish, Language::English] {
                    let text = error(&failure, language);
                    assert!(!text.message.contains("precise words"), "{}", text.message);
                    assert_eq!(text.hint.contains("REINDEX"), damage.repairable, "{}", text.hint);
                    match &damage.kind {
                        DamageKind::IndexDiffers(_) | DamageKind::NotUnique(_) | DamageKind::Index(_) => {
                            assert!(text.message.contains("by_name") && text.message.contains("clients"));
                        }
                        DamageKind::Rows(_) => assert!(text.message.contains("clients")),
                        DamageKind::CutOff(_) => assert!(text.message.contains("4096")),
                        _ => {}
                    }
                }
            }
        }
    }

    fn every_cause() -> Vec<Cause> {
        let damage = every_damage();
        let of_databases = damage.iter().cloned().map(Cause::DatabaseCorrupt);
        let of_backups = damage.iter().cloned().map(Cause::BackupCorrupt);
        of_databases.chain(of_backups).chain(every_other_cause()).collect()
    }

    fn every_other_cause() -> Vec<Cause> {
        vec![
            Cause::InvalidArgument(Argument::UnknownKey("databse".into())),
            Cause::InvalidArgument(Argument::BadValue {
                key: "max_backups",
                expected: Expected::Whole(1, 9),
            }),
            Cause::InvalidHandle,
            Cause::UnknownTimezone("Mars/Base".into()),
            Cause::Cancelled,
            Cause::DatabaseNotFound,
            Cause::BackupNotFound,
            Cause::PermissionDenied("denied".into()),
            Cause::DiskFull {
                needed: Some(1),
                free: Some(0),
            },
            Cause::Io("text".into()),
            Cause::NoThread("text".into()),
            Cause::DescriptorTableForbidden("text".into()),
            Cause::NotAFolder,
            Cause::DatabaseIsAFolder,
            Cause::LinkLeadsNowhere,
            Cause::PathTooLong,
            Cause::ClockOutOfRange(10_000),
            Cause::TargetExists,
            Cause::DatabaseLocked,
            Cause::NotADatabase,
            Cause::SameFile,
            Cause::SecondPlaceAbsent(PlaceTrouble::Absent),
            Cause::DifferentDatabase(None),
            Cause::DifferentDatabase(Some("otra.db".into())),
            Cause::SchemaTooNew("9f2c".into()),
            Cause::RowsInConflict(vec![]),
            Cause::Busy,
            Cause::RestoreFailed {
                cause: Box::new(Error::new(Cause::Busy)),
                safety_backup: "/safe".into(),
                undone: true,
            },
            Cause::ArchiveUnreachable("text".into()),
            Cause::ArchiveUntrusted("text".into()),
            Cause::ArchiveWrongPassword,
            Cause::ArchiveNotFound,
            Cause::ArchiveExists,
            Cause::ArchiveAppendOnly,
            Cause::ArchiveDamaged(vec!["one".into(), "two".into()]),
            Cause::SnapshotNotFound("1f3a".into()),
            Cause::SnapshotNotADatabase("1f3a".into()),
            Cause::PasswordExposed,
            Cause::PasswordCommand("text".into()),
            Cause::Unsupported("archive"),
            Cause::Internal("text".into()),
        ]
    }

    #[test]
    fn every_error_says_what_and_what_next_in_both_languages_and_names_its_path() {
        for cause in every_cause() {
            let takes_path = !matches!(
                cause,
                Cause::InvalidArgument(_)
                    | Cause::InvalidHandle
                    | Cause::UnknownTimezone(_)
                    | Cause::Cancelled
                    | Cause::ClockOutOfRange(_)
                    | Cause::NoThread(_)
                    | Cause::DescriptorTableForbidden(_)
                    | Cause::SnapshotNotFound(_)
                    | Cause::PasswordCommand(_)
                    | Cause::Unsupported(_)
                    | Cause::Internal(_)
            );
            let failure = Error::at(cause, "/data/studio.db");
            let es = error(&failure, Language::Spanish);
            let en = error(&failure, Language::English);
            for text in [&es, &en] {
                assert!(!text.message.is_empty() && !text.hint.is_empty(), "{failure:?}");
                if takes_path {
                    assert!(text.message.contains("/data/studio.db"), "{}", text.message);
                }
            }
            assert_ne!(es, en);
        }
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(megabytes(0), "0.0 MB");
        assert_eq!(megabytes(1), "0.1 MB");
        assert_eq!(megabytes(1_250_000), "1.3 MB");
    }
}
