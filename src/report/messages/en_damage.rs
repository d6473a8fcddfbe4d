//! The texts on damage, in English.

use crate::report::damage::{Damage, DamageKind, DamagedIndex};

pub(super) fn of_database(damage: &Damage, path: &str) -> (String, String) {
    let message = message(damage, &format!("database {path}"));
    let hint = match &damage.kind {
        DamageKind::IndexDiffers(_) if damage.repairable => {
            "Nothing needs to be restored. The application's support repairs it with SQLite's statement REINDEX; then make the backup again."
        }
        DamageKind::NotUnique(_) => {
            "Nothing needs to be restored. The application's support can take the duplicates out; then make the backup again."
        }
        DamageKind::IndexDiffers(_) | DamageKind::Index(_) => {
            "Nothing needs to be restored. The application's support repairs it by writing all rows into a new file with the command .dump of the program sqlite3; then make the backup again."
        }
        DamageKind::Bookkeeping => {
            "Nothing needs to be restored. The application's support repairs it by writing everything into a new file with SQLite's statement VACUUM INTO; then make the backup again."
        }
        DamageKind::Changed
        | DamageKind::Schema
        | DamageKind::Structure
        | DamageKind::Rows(_)
        | DamageKind::CutOff(_) => {
            "No backup was touched. If the application shows errors or lacks data, restore the newest backup: the database as it is now is kept as a safety copy."
        }
    };
    (message, format!("{hint}{}", way_out(damage)))
}

pub(super) fn of_backup(damage: &Damage, path: &str) -> (String, String) {
    let message = message(damage, &format!("backup {path}"));
    let hint = match &damage.kind {
        DamageKind::IndexDiffers(_) if damage.repairable => {
            "Before it is restored, the application's support repairs it with SQLite's statement REINDEX, in a copy; or use another backup from the list."
        }
        DamageKind::NotUnique(_) => {
            "Use another backup from the list. If this is the only one, the application's support can take the duplicates out of a copy of it."
        }
        DamageKind::IndexDiffers(_) | DamageKind::Index(_) => {
            "Use another backup from the list. If this is the only one, the application's support repairs it by writing all rows into a new file with the command .dump of the program sqlite3."
        }
        DamageKind::Bookkeeping => {
            "Use another backup from the list. If this is the only one, the application's support repairs it by writing everything into a new file with SQLite's statement VACUUM INTO."
        }
        DamageKind::Changed => {
            "Use another backup from the list. If this is the only one, it can be restored, but some of its data may not be what it was."
        }
        DamageKind::CutOff(_) => {
            "Use another backup from the list. If this one was copied from elsewhere, copy it again."
        }
        DamageKind::Schema | DamageKind::Structure | DamageKind::Rows(_) => "Use another backup from the list.",
    };
    (message, format!("{hint}{}", way_out(damage)))
}

/// Where rows may be lost: the backup to go back to, and how to save what can be read.
fn way_out(damage: &Damage) -> String {
    if !damage.may_lose_rows() {
        return String::new();
    }
    let last_good = damage.last_good.as_ref().map(|last| match last.rows_since {
        None | Some(0) => format!(" The last good backup is of {}.", last.display),
        Some(1) => format!(
            " The last good backup is of {}; the damaged file has one row more.",
            last.display
        ),
        Some(rows) => format!(
            " The last good backup is of {}; the damaged file has {} rows more.",
            last.display, rows
        ),
    });
    last_good.unwrap_or_default() + " The command \"salvage\" makes a new file of what can still be read."
}

fn message(damage: &Damage, file: &str) -> String {
    let index = |DamagedIndex { index, table }: &DamagedIndex| {
        format!("The index \"{index}\" of the table \"{table}\" in the {file}")
    };
    match &damage.kind {
        DamageKind::Bookkeeping => {
            format!("The {file} is damaged: its account of free and used pages is wrong. No damaged row was found.")
        }
        DamageKind::IndexDiffers(of) => format!("{} does not match its table. No row is lost.", index(of)),
        DamageKind::NotUnique(of) => format!(
            "{} allows no duplicates, and there are some. No row is lost.",
            index(of)
        ),
        DamageKind::Index(of) => format!("{} is damaged. No damaged row was found.", index(of)),
        DamageKind::Changed => {
            format!("The {file} is damaged: it can be read, but its contents are no longer those that were backed up.")
        }
        DamageKind::Schema => format!("The {file} is damaged: the definition of its tables cannot be read."),
        DamageKind::Structure => {
            format!("The {file} is damaged: parts of the file contradict each other, and rows may be lost.")
        }
        DamageKind::Rows(table) => {
            format!("The {file} is damaged: the table \"{table}\" cannot be read whole, and rows may be lost.")
        }
        DamageKind::CutOff(bytes) => {
            format!("The {file} is damaged: the last {bytes} bytes of the file are missing, and rows may be lost.")
        }
    }
}
