//! The backup folder: the files decide which backups exist, and the catalogue adds its records to them.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::DirEntry;
use std::path::Path;

use chrono::NaiveDateTime;

use crate::beside::beside;
use crate::catalog::backup::{Backup, newest_first};
use crate::catalog::catalogue::Catalogue;
use crate::catalog::names::{self, Stamp};
use crate::catalog::numbering::next_above;
use crate::catalog::record::State;
use crate::catalog::scan::{entries, inode, on_two_threads};
use crate::catalog::whose::{Judge, Whose};
use crate::files::open_folder::OpenFolder;
use crate::report::error::Result;
use crate::report::messages::{self, Notice, Warning};
use crate::store::Store;

/// The most backups without a record that are opened to tell which database they belong to; the newest are.
const MOST_OPENED: usize = 200;

/// The backups in the folder, with the records of the catalogue.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Every backup, newest first, also those of other databases.
    pub backups: Vec<Backup>,
    pub catalogue: Catalogue,
    /// Whether the folder has backups of another database.
    pub serves_others: bool,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    entries: Vec<DirEntry>,
}

impl Folder {
    /// The store's own backups, newest first.
    pub fn own(&self) -> impl Iterator<Item = &Backup> {
        self.backups.iter().filter(|backup| backup.whose == Whose::Own)
    }

    /// The first name of the second `local` that was never given. Every file with a name of this library's grammar
    /// counts.
    pub fn next_name(&self, local: NaiveDateTime) -> Stamp {
        let names = self.entries.iter().map(DirEntry::file_name);
        let stamps = names.filter_map(|name| names::parse_backup(name.to_str()?));
        let there = stamps.filter(|stamp| stamp.local == local);
        let highest = there.map(|stamp| stamp.ordinal).max().unwrap_or(0);
        let ordinal = next_above(highest.max(self.catalogue.given.highest(local)));
        Stamp { local, ordinal }
    }

    /// Removes records of backups that are gone, except `most` of them, the last by name.
    pub fn forget_long_gone(&mut self, most: usize) {
        if self.catalogue.len() <= most {
            return;
        }
        let there: HashSet<&str> = self.backups.iter().map(|backup| backup.name.as_str()).collect();
        let gone = self.catalogue.names().filter(|name| !there.contains(name));
        let mut gone: Vec<String> = gone.map(str::to_owned).collect();
        gone.truncate(gone.len().saturating_sub(most));
        gone.iter().for_each(|name| self.catalogue.forget(name));
    }
}

impl Store {
    /// Reads the backup folder. One that does not exist is empty.
    pub(crate) fn read_folder(&self) -> Result<Folder> {
        let (entries, mut catalogue) = entries_and_catalogue(&self.backup_dir)?;
        let live = inode(&self.database);
        let folder = OpenFolder::at(&self.backup_dir);
        let mut backups = on_two_threads(&entries, |entry| {
            let name = entry.file_name();
            if self.is_database(entry, &name, live) {
                return None;
            }
            self.backup_from_entry(entry, name.to_str()?, &folder, &catalogue)
        });
        let gone = names_without_file(&catalogue, &backups, &entries);
        self.follow_renamed(&gone, &mut catalogue, &mut backups);
        let serves_others = self.set_owners(&gone, &catalogue, &mut backups);
        newest_first(&mut backups);
        let unreadable = entries.iter().filter(|entry| entry.file_name().to_str().is_none());
        let warnings = unreadable
            .map(|entry| messages::warning(&Notice::NameNotUtf8(&entry.path()), self.language))
            .collect();
        Ok(Folder {
            backups,
            catalogue,
            serves_others,
            warnings,
            entries,
        })
    }

    /// Reads the backup folder. One that cannot be read is treated as empty.
    pub(crate) fn read_folder_or_nothing(&self) -> Folder {
        self.read_folder().unwrap_or_else(|_| Folder {
            catalogue: Catalogue::read(&self.backup_dir),
            ..Folder::default()
        })
    }

    /// Whether the catalogue has a record of a backup of this database, whether the file exists or not.
    pub(crate) fn records_of_own(&self, catalogue: &Catalogue) -> bool {
        let mut judge = Judge::new(self, &self.backup_dir);
        let mut records = catalogue.names().filter_map(|name| catalogue.get(name));
        records.any(|record| judge.by_record(&record) == Some(Whose::Own))
    }

    /// A warning when the catalogue could not be read.
    pub(crate) fn catalogue_warning(&self, folder: &Folder) -> Option<Warning> {
        let why = folder.catalogue.trouble.as_ref()?.reason();
        let notice = Notice::CatalogueNotRead(folder.catalogue.path(), &why);
        Some(messages::warning(&notice, self.language))
    }

    /// Moves the record of a file that a person renamed to its new name. Size and modification time identify the file.
    fn follow_renamed(&self, gone: &[String], catalogue: &mut Catalogue, backups: &mut [Backup]) {
        let states = gone
            .iter()
            .filter_map(|name| Some((catalogue.get(name)?.state()?, name)));
        let mut states: HashMap<State, &String> = states.collect();
        if states.is_empty() {
            return;
        }
        for backup in backups.iter_mut().filter(|backup| backup.record.is_none()) {
            if let Some(old) = backup.state.and_then(|state| states.remove(&state)) {
                catalogue.rename(old, &backup.name);
                if let Some(record) = catalogue.get(&backup.name) {
                    self.describe(backup, record);
                }
            }
        }
    }

    /// Sets which database each backup belongs to. Returns whether any belongs to another database.
    fn set_owners(&self, gone: &[String], catalogue: &Catalogue, backups: &mut [Backup]) -> bool {
        let mut judge = Judge::new(self, &self.backup_dir);
        let mut serves_others = false;
        let mut unrecorded = Vec::new();
        for backup in backups {
            match backup.record.as_ref().and_then(|record| judge.by_record(record)) {
                Some(whose) => {
                    backup.set_whose(whose);
                    serves_others |= whose == Whose::Other;
                }
                None => unrecorded.push(backup),
            }
        }
        // Records of backups that are gone also show that another database uses the folder.
        serves_others |= gone.iter().any(|name| {
            let record = catalogue.get(name);
            record.and_then(|record| judge.by_record(&record)) == Some(Whose::Other)
        });
        if !unrecorded.is_empty() && (serves_others || self.has_neighbours()) {
            unrecorded.sort_by_key(|backup| Reverse(backup.created_at));
            let most = MOST_OPENED.min(unrecorded.len());
            let (opened, others) = unrecorded.split_at_mut(most);
            for backup in opened {
                // Opening a file that is not on this computer would download it.
                let is_here = backup.intact.is_some();
                backup.set_whose(if is_here {
                    judge.by_tables(&backup.path)
                } else {
                    Whose::Unknown
                });
                serves_others |= backup.whose == Whose::Other;
            }
            others.iter_mut().for_each(|backup| backup.whose = Whose::Unknown);
        }
        serves_others
    }
}

/// The entries of `folder` by descending name, and its catalogue, which a thread reads meanwhile if it is a long one.
fn entries_and_catalogue(folder: &Path) -> Result<(Vec<DirEntry>, Catalogue)> {
    let sorted = || {
        let mut entries = entries(folder)?;
        // Nearly the order in which the backups are wanted: sorting names is cheaper than moving backups.
        entries.sort_by_cached_key(|entry| Reverse(entry.file_name()));
        Ok(entries)
    };
    let is_long = Catalogue::is_long(folder);
    let (entries, catalogue) = beside("respaldo-catalog", is_long, sorted, || Catalogue::read(folder));
    Ok((entries?, catalogue))
}

/// The names in the catalogue that no file in the folder has.
fn names_without_file(catalogue: &Catalogue, backups: &[Backup], entries: &[DirEntry]) -> Vec<String> {
    let recorded = backups.iter().filter(|backup| backup.record.is_some()).count();
    if recorded == catalogue.len() {
        return vec![];
    }
    let there: HashSet<OsString> = entries.iter().map(DirEntry::file_name).collect();
    let gone = catalogue.names().filter(|name| !there.contains(OsStr::new(name)));
    gone.map(str::to_owned).collect()
}
