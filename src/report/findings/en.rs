//! The findings in English.

use crate::report::findings::{Age, Observation, Overall};
use crate::report::messages::{self, Language, megabytes, second_place};

pub(super) const NOTHING_YET: &str = "There is nothing to back up yet.";

pub(super) fn headline(overall: Overall, newest: Option<&Age>, worst: &str) -> String {
    match (overall, newest.map(age)) {
        (Overall::Ok, Some(age)) => format!("Your data are safe: the last verified backup is of {age}."),
        (Overall::Ok, None) => NOTHING_YET.to_owned(),
        (Overall::Attention, Some(age)) => {
            format!("There is a verified backup of {age}, but something needs your attention: {worst}")
        }
        (Overall::Attention, None) => format!("Something needs your attention: {worst}"),
        (Overall::Danger, _) => format!("Your data are in danger: {worst}"),
    }
}

fn age(age: &Age) -> String {
    match age.days {
        0 => format!("today at {}", age.time),
        1 => format!("yesterday at {}", age.time),
        days => format!("{days} days ago ({})", age.date),
    }
}

pub(super) fn finding(observation: &Observation<'_>) -> (String, String) {
    match observation {
        Observation::NoBackup => (
            "There is no backup of the database.".to_owned(),
            "Make one now.".to_owned(),
        ),
        Observation::DatabaseMissing(path) => (
            format!(
                "The database {} is gone, although there are backups of it.",
                path.display()
            ),
            "See whether it was moved or renamed. If it is lost, restore the newest backup.".to_owned(),
        ),
        Observation::DatabaseDamaged { found: Some(error), .. } => {
            let text = messages::error(error, Language::English);
            (text.message, text.hint)
        }
        Observation::DatabaseDamaged { path, found: None } => (
            format!(
                "The database {} is damaged, and no backup of it can be made; it cannot be read now.",
                path.display()
            ),
            "Close the other programs that use it, then look again. What can be read of it is saved by the command \"salvage\"; the newest backup can be restored."
                .to_owned(),
        ),
        Observation::LastBackupOld { days, display, .. } => (
            format!("The last verified backup is {days} days old ({display})."),
            "Make a backup now, and find out why none was made by itself.".to_owned(),
        ),
        Observation::NoneVerified => (
            "Of no backup it is known that it is whole.".to_owned(),
            "Verify the newest, or make one now.".to_owned(),
        ),
        Observation::Damaged { names, newest } => (
            match names {
                [name] if *newest => format!("The newest backup is damaged: {name}."),
                [name] => format!("A backup is damaged: {name}."),
                names => format!("{} backups are damaged: {}.", names.len(), names.join(", ")),
            },
            "Make a backup now. If it happens again, the disk may be failing: take a copy to another.".to_owned(),
        ),
        Observation::Repairable(names) => (
            match names {
                [name] => format!("The backup {name} lacks no row, but one of its indexes is damaged."),
                names => format!(
                    "{} backups lack no row, but an index of each is damaged: {}.",
                    names.len(),
                    names.join(", ")
                ),
            },
            "Make a backup now. If you ever need one of those, `respaldo salvage` repairs it first.".to_owned(),
        ),
        Observation::Changed(names) => (
            match names {
                [name] => format!("A backup was changed after it had been verified: {name}."),
                names => format!(
                    "{} backups were changed after they had been verified: {}.",
                    names.len(),
                    names.join(", ")
                ),
            },
            "Verify them; another program may have opened and changed them.".to_owned(),
        ),
        Observation::NewestMissing(name) => (
            format!("The newest backup is not in the folder any more: {name}."),
            "If you moved it to another disk, all is well. If not, make a backup now.".to_owned(),
        ),
        Observation::LittleRoom { backups: 0, free } => (
            format!(
                "There is no room for another backup on its disk: {} are free.",
                megabytes(*free)
            ),
            "Free some today; until then no backup can be made.".to_owned(),
        ),
        Observation::LittleRoom { backups, free } => (
            format!(
                "There is room for few more backups on their disk: {backups}, in {} free.",
                megabytes(*free)
            ),
            "Free some, or keep fewer backups.".to_owned(),
        ),
        Observation::DiskWillFill { days, free } => (
            format!(
                "At the present growth the disk of the backups is full in about {days} days: {} are free.",
                megabytes(*free)
            ),
            "Free some, or keep fewer backups.".to_owned(),
        ),
        Observation::ManySafetyCopies { count, bytes } => (
            format!(
                "There are {count} copies from before restores beside the database; they take {}.",
                megabytes(*bytes)
            ),
            "They are never deleted by themselves: remove those that you do not need any more.".to_owned(),
        ),
        Observation::ClockWentBackwards(display) => (
            format!("A backup is dated in the future ({display}): the computer's clock was changed."),
            "Check the computer's date and time.".to_owned(),
        ),
        Observation::SameDisk => (
            "The backups are on the disk of the database: if that disk fails, all is lost.".to_owned(),
            "Take a copy to another disk each week.".to_owned(),
        ),
        Observation::DatabaseSynced { program, path } => (
            format!(
                "The database is in a folder that {program} keeps in step: {}. That can damage it while it is in use.",
                path.display()
            ),
            format!("Move it to a folder outside {program}; the backups may be there."),
        ),
        Observation::Shrunk { losses, before } => (
            format!("Much is missing since the backup before: {losses}."),
            format!(
                "If that was meant, confirm it; if not, the rows are in the backup {before}. Until then no backup is deleted."
            ),
        ),
        Observation::RehearsalDue(days) => (
            match days {
                Some(days) => format!("No restore was rehearsed for {days} days."),
                None => "No restore was ever rehearsed.".to_owned(),
            },
            "Rehearse one: it does not touch the database, and leaves nothing behind.".to_owned(),
        ),
        Observation::RehearsalFailed(name) => (
            format!("The rehearsal of restoring the backup {name} failed."),
            "Make a backup now and rehearse it; if that fails too, tell whoever maintains the application.".to_owned(),
        ),
        Observation::SecondPlaceAbsent { path, trouble } => {
            let (message, hint) = second_place(trouble, Language::English);
            (
                format!("The backups are not copied to {}: {message}.", path.display()),
                hint.to_owned(),
            )
        }
        Observation::SecondPlaceBehind { path, waiting } => (
            format!("{waiting} backups are not in {} yet.", path.display()),
            "Make a backup now: it copies those that are missing too.".to_owned(),
        ),
        Observation::SecondPlaceDamaged { path, names } => (
            format!("Copies in {} are damaged: {}.", path.display(), names.join(", ")),
            "Delete those files there: the next backup copies again those that are whole here.".to_owned(),
        ),
        Observation::ArchiveBehind { path, waiting, why } => (
            match why {
                Some(why) => format!("{waiting} backups are not in the archive {} yet: {why}", path.display()),
                None => format!("{waiting} backups are not in the archive {} yet.", path.display()),
            },
            "Mend that; the next backup stores those that are missing too.".to_owned(),
        ),
        Observation::CatalogueNotRead(why) => (
            format!("What is known of the backups could not be read: {why}."),
            "The backups are there and can be restored. The next backup writes it anew.".to_owned(),
        ),
    }
}
