//! What the health of the backups comes down to: findings with a name, a severity and words for the owner, and one headline.
//!
//! Both languages match every observation, so one without a text does not compile.

mod en;
mod es;

use std::path::Path;

use serde::Serialize;

use crate::report::error::{Error, PlaceTrouble};
use crate::report::messages::{Language, Warning};

/// How much a finding matters. The worst of all is the overall state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing need be done.
    Note,
    /// To be looked into within days.
    Attention,
    /// Data would be lost today, or is lost already.
    Danger,
}

/// How the backups are, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// The data are safe.
    Ok,
    /// Something is to be looked into within days.
    Attention,
    /// Data would be lost today, or are lost already.
    Danger,
}

/// One thing that is not as it should be, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name, such as `LAST_BACKUP_OLD`.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is the matter.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

impl From<Finding> for Warning {
    fn from(finding: Finding) -> Self {
        Warning {
            name: finding.name,
            message: finding.message,
            hint: finding.hint,
            columns: vec![],
            tables: vec![],
        }
    }
}

/// What was observed.
#[derive(Debug, Clone)]
pub(crate) enum Observation<'a> {
    /// There is a database, and no backup of it.
    NoBackup,
    /// The database is gone, although there are backups of it.
    DatabaseMissing(&'a Path),
    /// The database is damaged: what was found, or nothing where it was found earlier and the database cannot be read now.
    DatabaseDamaged { path: &'a Path, found: Option<&'a Error> },
    /// The newest verified backup is so many days old; it was made then.
    LastBackupOld { days: u64, display: &'a str, too_old: bool },
    /// There are backups, and none was ever verified.
    NoneVerified,
    /// These are damaged; whether the newest of all is one of them.
    Damaged { names: &'a [String], newest: bool },
    /// These have nothing but damaged indexes: no row is lost.
    Repairable(&'a [String]),
    /// These were changed since they were verified.
    Changed(&'a [String]),
    /// The newest backup that the catalogue knows is gone.
    NewestMissing(&'a str),
    /// There is room for so few more backups.
    LittleRoom { backups: u64, free: u64 },
    /// At the present growth the disk is full in so many days.
    DiskWillFill { days: u64, free: u64 },
    /// So many safety copies lie beside the database.
    ManySafetyCopies { count: usize, bytes: u64 },
    /// A backup is dated after the computer's clock.
    ClockWentBackwards(&'a str),
    /// The backups are on the disk of the database, and nowhere else.
    SameDisk,
    /// The database lies in a folder that a program keeps in step with other computers.
    DatabaseSynced { program: &'a str, path: &'a Path },
    /// Tables lost most of their rows: what, and the newest backup that still has them.
    Shrunk { losses: &'a str, before: &'a str },
    /// The last rehearsal was so many days ago, or there never was one.
    RehearsalDue(Option<u64>),
    /// The last rehearsal of this backup failed.
    RehearsalFailed(&'a str),
    /// The second place is not there, or is another.
    SecondPlaceAbsent { path: &'a Path, trouble: &'a PlaceTrouble },
    /// So many backups are not in the second place yet.
    SecondPlaceBehind { path: &'a Path, waiting: usize },
    /// These copies in the second place are damaged.
    SecondPlaceDamaged { path: &'a Path, names: &'a [String] },
    /// So many backups are not in the archive yet; why the last attempt failed.
    ArchiveBehind {
        path: &'a Path,
        waiting: usize,
        why: Option<&'a str>,
    },
    /// What is known of the backups cannot be read; why.
    CatalogueNotRead(&'a str),
}

impl Observation<'_> {
    /// The finding, in words.
    pub fn finding(&self, language: Language) -> Finding {
        let (name, severity) = self.name();
        let (message, hint) = match language {
            Language::Spanish => es::finding(self),
            Language::English => en::finding(self),
        };
        Finding {
            name,
            severity,
            message,
            hint,
        }
    }

    fn name(&self) -> (&'static str, Severity) {
        use Severity::{Attention, Danger, Note};
        let worse = |is_worse: bool| if is_worse { Danger } else { Attention };
        match self {
            Observation::NoBackup => ("NO_BACKUP", Danger),
            Observation::DatabaseMissing(_) => ("DATABASE_MISSING", Danger),
            Observation::DatabaseDamaged { .. } => ("DATABASE_DAMAGED", Danger),
            Observation::LastBackupOld { too_old, .. } => ("LAST_BACKUP_OLD", worse(*too_old)),
            Observation::NoneVerified => ("NONE_VERIFIED", Attention),
            Observation::Damaged { newest, .. } => ("BACKUP_DAMAGED", worse(*newest)),
            Observation::Repairable(_) => ("BACKUP_REPAIRABLE", Attention),
            Observation::Changed(_) => ("BACKUP_CHANGED", Attention),
            Observation::NewestMissing(_) => ("NEWEST_MISSING", Attention),
            Observation::LittleRoom { backups, .. } => ("LITTLE_ROOM", worse(*backups == 0)),
            Observation::DiskWillFill { .. } => ("DISK_WILL_FILL", Attention),
            Observation::ManySafetyCopies { .. } => ("MANY_SAFETY_COPIES", Attention),
            Observation::ClockWentBackwards(_) => ("CLOCK_WENT_BACKWARDS", Attention),
            Observation::SameDisk => ("SAME_DISK", Note),
            Observation::DatabaseSynced { .. } => ("DATABASE_SYNCED", Attention),
            Observation::Shrunk { .. } => ("SHRUNK", Attention),
            Observation::RehearsalDue(_) => ("REHEARSAL_DUE", Attention),
            Observation::RehearsalFailed(_) => ("REHEARSAL_FAILED", Danger),
            Observation::SecondPlaceAbsent { .. } => ("SECOND_PLACE_ABSENT", Attention),
            Observation::SecondPlaceBehind { .. } => ("SECOND_PLACE_BEHIND", Attention),
            Observation::SecondPlaceDamaged { .. } => ("SECOND_PLACE_DAMAGED", Attention),
            Observation::ArchiveBehind { .. } => ("ARCHIVE_BEHIND", Attention),
            Observation::CatalogueNotRead(_) => ("CATALOGUE_NOT_READ", Attention),
        }
    }
}

/// The worst of the findings.
pub(crate) fn overall(findings: &[Finding]) -> Overall {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Danger) => Overall::Danger,
        Some(Severity::Attention) => Overall::Attention,
        Some(Severity::Note) | None => Overall::Ok,
    }
}

/// When the newest verified backup was made, as people say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Age {
    /// Days by the calendar; 0 is today.
    pub days: u64,
    /// `09:30`
    pub time: String,
    /// `04/03/2026`
    pub date: String,
}

/// One sentence that says how things are. The findings are sorted, the worst first.
pub(crate) fn headline(findings: &[Finding], newest: Option<&Age>, language: Language) -> String {
    let worst = findings.first().map_or("", |finding| finding.message.as_str());
    match language {
        Language::Spanish => es::headline(overall(findings), newest, worst),
        Language::English => en::headline(overall(findings), newest, worst),
    }
}

/// The headline before there is anything to back up.
pub(crate) fn nothing_yet(language: Language) -> String {
    match language {
        Language::Spanish => es::NOTHING_YET,
        Language::English => en::NOTHING_YET,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::error::Cause;

    #[test]
    fn every_finding_says_what_and_what_next_in_both_languages() {
        let names = ["backup_20260304_142305.db".to_owned()];
        let path = Path::new("/data/studio.db");
        let damaged = Error::at(Cause::NotADatabase, path);
        let observations = [
            Observation::NoBackup,
            Observation::DatabaseMissing(path),
            Observation::DatabaseDamaged {
                path,
                found: Some(&damaged),
            },
            Observation::DatabaseDamaged { path, found: None },
            Observation::LastBackupOld {
                days: 3,
                display: "04/03/2026 14:23",
                too_old: false,
            },
            Observation::NoneVerified,
            Observation::Damaged {
                names: &names,
                newest: true,
            },
            Observation::Repairable(&names),
            Observation::Changed(&names),
            Observation::NewestMissing(&names[0]),
            Observation::LittleRoom { backups: 1, free: 9 },
            Observation::DiskWillFill { days: 9, free: 9 },
            Observation::ManySafetyCopies { count: 11, bytes: 9 },
            Observation::ClockWentBackwards("04/03/2099 14:23"),
            Observation::SameDisk,
            Observation::DatabaseSynced {
                program: "Dropbox",
                path,
            },
            Observation::Shrunk {
                losses: "clients",
                before: &names[0],
            },
            Observation::RehearsalDue(Some(40)),
            Observation::RehearsalDue(None),
            Observation::RehearsalFailed(&names[0]),
            Observation::CatalogueNotRead("why"),
            Observation::SecondPlaceAbsent {
                path,
                trouble: &PlaceTrouble::Absent,
            },
            Observation::SecondPlaceBehind { path, waiting: 2 },
            Observation::SecondPlaceDamaged { path, names: &names },
        ];
        for observation in observations {
            let es = observation.finding(Language::Spanish);
            let en = observation.finding(Language::English);
            for finding in [&es, &en] {
                assert!(finding.message.ends_with('.'), "{}", finding.message);
                assert!(finding.hint.ends_with('.'), "{}", finding.hint);
            }
            assert_ne!((es.message, es.hint), (en.message, en.hint));
        }
    }

    #[test]
    fn the_headline_is_one_sentence_with_the_age_of_the_newest() {
        let age = |days| Age {
            days,
            time: "09:30".to_owned(),
            date: "04/03/2026".to_owned(),
        };
        let said = |days, language| headline(&[], Some(&age(days)), language);
        assert_eq!(
            said(0, Language::Spanish),
            "Sus datos están a salvo: el último respaldo verificado es de hoy a las 09:30."
        );
        assert_eq!(
            said(1, Language::English),
            "Your data are safe: the last verified backup is of yesterday at 09:30."
        );
        assert!(said(2, Language::Spanish).ends_with("es de hace 2 días (04/03/2026)."));
        let danger = [Observation::NoBackup.finding(Language::Spanish)];
        assert!(headline(&danger, None, Language::Spanish).starts_with("Sus datos corren peligro: "));
    }
}
