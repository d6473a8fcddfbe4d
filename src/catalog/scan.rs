//! The folder is the truth: what backups there are, read from the files themselves.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, Metadata};
use std::panic;
use std::path::Path;
use std::thread;

use chrono::{DateTime, Datelike, NaiveDateTime};

use crate::catalog::backup::{Backup, Kind, newest_first};
use crate::catalog::catalogue::{Catalogue, Trouble};
use crate::catalog::file_facts::FileFacts;
#[cfg(windows)]
use crate::catalog::file_facts::entry_is_elsewhere;
use crate::catalog::names::{self, Stamp};
use crate::catalog::numbering::next_above;
use crate::catalog::record::{Outcome, Record, State};
use crate::catalog::whose::{Judge, Whose};
use crate::clock::{self, is_four_digit_year};
use crate::files::paths::{is_sidecar, parent, same_file};
use crate::report::error::{Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::store::Store;

/// Backups without a record that are looked into to find out whose they are: the newest.
const MOST_LOOKED_INTO: usize = 200;

/// The backup folder as it is, with what the catalogue knows of it.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Every backup, newest first, also those of other databases.
    pub backups: Vec<Backup>,
    pub catalogue: Catalogue,
    /// Whether another database is backed up into it.
    pub serves_others: bool,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// The names of this library's making, whatever has them.
    stamps: Vec<Stamp>,
}

impl Folder {
    /// The store's own backups, newest first.
    pub fn own(&self) -> impl Iterator<Item = &Backup> {
        self.backups.iter().filter(|backup| backup.whose == Whose::Own)
    }

    /// The first name of the second `local` that was never given.
    pub fn next_name(&self, local: NaiveDateTime) -> Stamp {
        let there = self.stamps.iter().filter(|stamp| stamp.local == local);
        let highest = there.map(|stamp| stamp.ordinal).max().unwrap_or(0);
        let ordinal = next_above(highest.max(self.catalogue.given.highest(local)));
        Stamp { local, ordinal }
    }
}

impl Folder {
    /// Forgets what is known of backups that are not there, but for `most` of them, the last by their names.
    pub fn forget_long_gone(&mut self, most: usize) {
        if self.catalogue.names().count() <= self.backups.len() {
            return;
        }
        let there: HashSet<&str> = self.backups.iter().map(|backup| backup.name.as_str()).collect();
        let gone = self.catalogue.names().filter(|name| !there.contains(name));
        let mut gone: Vec<String> = gone.map(str::to_owned).collect();
        gone.truncate(gone.len().saturating_sub(most));
        gone.iter().for_each(|name| self.catalogue.forget(name));
    }
}

/// A backup, and what the catalogue holds of it.
struct Found {
    backup: Backup,
    record: Option<Record>,
}

impl Store {
    /// Reads the backup folder. One that does not exist is empty.
    pub(crate) fn read_folder(&self) -> Result<Folder> {
        let entries = entries(&self.backup_dir)?;
        let mut catalogue = Catalogue::read(&self.backup_dir);
        let live = inode(&self.database);
        let mut found = on_two_threads(&entries, |entry| {
            if self.is_database(entry, live) {
                return None;
            }
            let name = entry.file_name();
            name.to_str()
                .and_then(|name| self.backup_from_entry(entry, name, &catalogue))
        });
        self.follow_renamed(&entries, &mut catalogue, &mut found);
        let serves_others = self.judge(&catalogue, &mut found);
        let mut backups: Vec<Backup> = found.into_iter().map(|found| found.backup).collect();
        newest_first(&mut backups);
        let names: Vec<OsString> = entries.iter().map(DirEntry::file_name).collect();
        let unreadable = names.iter().filter(|name| name.to_str().is_none());
        let warning = |name| messages::warning(&Notice::NameNotUtf8(&self.backup_dir.join(name)), self.language);
        Ok(Folder {
            warnings: unreadable.map(warning).collect(),
            stamps: names
                .iter()
                .filter_map(|name| names::parse_backup(name.to_str()?))
                .collect(),
            backups,
            catalogue,
            serves_others,
        })
    }

    /// The same; a folder that cannot be read is as good as an empty one.
    pub(crate) fn read_folder_or_nothing(&self) -> Folder {
        self.read_folder().unwrap_or_else(|_| Folder {
            catalogue: Catalogue::read(&self.backup_dir),
            ..Folder::default()
        })
    }

    /// Whether the catalogue knows of a backup of this database, be it there or gone.
    pub(crate) fn records_of_own(&self, catalogue: &Catalogue) -> bool {
        let mut judge = Judge::new(self, &self.backup_dir);
        let mut records = catalogue.names().filter_map(|name| catalogue.get(name));
        records.any(|record| judge.by_record(&record) == Some(Whose::Own))
    }

    /// A warning when the catalogue could not be read.
    pub(crate) fn catalogue_warning(&self, folder: &Folder) -> Option<Warning> {
        let why = match folder.catalogue.trouble.as_ref()? {
            Trouble::Broken(why) | Trouble::LeftAlone(why) => why,
        };
        let notice = Notice::CatalogueNotRead(folder.catalogue.path(), why);
        Some(messages::warning(&notice, self.language))
    }

    /// A backup that a person renamed is still the file that it was: what was known of its old name is known of it.
    fn follow_renamed(&self, entries: &[DirEntry], catalogue: &mut Catalogue, found: &mut [Found]) {
        let recorded = found.iter().filter(|found| found.record.is_some()).count();
        if catalogue.names().count() == recorded || found.len() == recorded {
            return;
        }
        let there: HashSet<OsString> = entries.iter().map(DirEntry::file_name).collect();
        let gone = catalogue.names().filter(|name| !there.contains(OsStr::new(name)));
        let gone = gone.filter_map(|name| Some((catalogue.get(name)?.state()?, name.to_owned())));
        let mut gone: HashMap<State, String> = gone.collect();
        for Found { backup, record } in found.iter_mut().filter(|found| found.record.is_none()) {
            let Some(old) = backup.state.and_then(|state| gone.remove(&state)) else {
                continue;
            };
            catalogue.rename(&old, &backup.name);
            *record = catalogue.get(&backup.name);
            if let Some(record) = record {
                self.describe(backup, record);
            }
        }
    }

    /// Finds out whose the backups are; whether any is of another database.
    fn judge(&self, catalogue: &Catalogue, found: &mut [Found]) -> bool {
        let mut judge = Judge::new(self, &self.backup_dir);
        let mut serves_others = false;
        let mut unrecorded = Vec::new();
        for Found { backup, record } in found {
            match record.as_ref().and_then(|record| judge.by_record(record)) {
                Some(whose) => backup.set_whose(whose),
                None => unrecorded.push(backup),
            }
        }
        // Records of backups that are gone say as well who uses the folder.
        serves_others |= catalogue.names().any(|name| {
            let record = catalogue.get(name);
            record.and_then(|record| judge.by_record(&record)) == Some(Whose::Other)
        });
        if !unrecorded.is_empty() && (serves_others || self.has_neighbours()) {
            unrecorded.sort_by_key(|backup| Reverse(backup.created_at));
            let most = MOST_LOOKED_INTO.min(unrecorded.len());
            let (looked_into, others) = unrecorded.split_at_mut(most);
            for backup in looked_into {
                // Looking into a file that is elsewhere would download it.
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

    /// Fills in what the catalogue knows of a backup.
    pub(crate) fn describe(&self, backup: &mut Backup, record: &Record) {
        let Record {
            label,
            note,
            made,
            database,
            ..
        } = record.clone();
        (backup.label, backup.note, backup.made, backup.database) = (label, note, made, database);
        backup.pinned = Some(record.pinned == Some(true));
        backup.confirmed = record.confirmed == Some(true);
        if backup.state.is_none() || backup.state != record.state() {
            backup.was_changed = backup.state.is_some() && record.state().is_some();
            return; // it was changed since, and nothing that was found out then is true of it
        }
        let time = |outcome: &Option<Outcome>| {
            let outcome = outcome.as_ref().filter(|outcome| outcome.ok)?;
            let time = DateTime::parse_from_rfc3339(&outcome.at)
                .ok()?
                .with_timezone(&self.zone);
            is_four_digit_year(time.year()).then(|| clock::rfc3339(&time))
        };
        backup.verified_at = time(&record.verified);
        backup.rehearsed_at = time(&record.rehearsed);
        backup.content = record.content.clone();
        backup.rehearsal_failed = record.rehearsed.as_ref().is_some_and(|outcome| !outcome.ok);
        backup.known_whole = record.known_whole(backup.state);
        if backup.known_whole == Some(false) {
            backup.intact = backup.intact.map(|_| false);
        }
    }

    /// Every safety copy beside the database.
    pub(crate) fn scan_safety_copies(&self) -> Result<Vec<Backup>> {
        let mut copies = Vec::new();
        for entry in entries(parent(&self.database))? {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let Some(stamp) = names::parse_safety(&self.database_name(), name) else {
                continue;
            };
            if let Some(facts) = FileFacts::of_entry(&entry, |_| false) {
                copies.push(self.backup_at(&entry.path(), name, &facts, Kind::Safety, Some(stamp)));
            }
        }
        Ok(copies)
    }

    /// The first name for a safety copy in the second `local` that is above those there.
    pub(crate) fn next_safety_name(&self, local: NaiveDateTime) -> Stamp {
        // In a folder that may not be listed the first free one has to do.
        let entries = entries(parent(&self.database)).unwrap_or_default();
        let names = entries.iter().map(|entry| entry.file_name());
        let stamps = names.filter_map(|name| names::parse_safety(&self.database_name(), name.to_str()?));
        let highest = stamps
            .filter(|stamp| stamp.local == local)
            .map(|stamp| stamp.ordinal)
            .max();
        let ordinal = next_above(highest.unwrap_or(0));
        Stamp { local, ordinal }
    }

    /// Whether an entry is the live database, which may be in its own backup folder, under another name or path too: it would be
    /// listed as its own backup, be today's each day, and be deleted as an old one.
    fn is_database(&self, entry: &DirEntry, live: Option<u64>) -> bool {
        let path = entry.path();
        path == self.database || (may_lead_to(entry, live) && same_file(&path, &self.database))
    }

    /// The entry as a backup, or `None` when it is something else. A file that vanishes meanwhile is no backup.
    fn backup_from_entry(&self, entry: &DirEntry, name: &str, catalogue: &Catalogue) -> Option<Found> {
        let path = entry.path();
        let is_safety = names::parse_safety(&self.database_name(), name).is_some();
        if is_safety || name.starts_with('.') || is_sidecar(name) || names::is_own_file(name) {
            return None;
        }
        let record = catalogue.get(name);
        let facts = FileFacts::of_entry(entry, |state| {
            record
                .as_ref()
                .is_some_and(|record| record.known_whole(state) == Some(true))
        })?;
        let made_here = entry.file_type().is_ok_and(|kind| kind.is_file());
        let stamp = names::parse_backup(name).filter(|_| made_here);
        let kind = if stamp.is_some() { Kind::Backup } else { Kind::Preserved };
        let is_database_by_name = Path::new(name)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("db"));
        if !is_database_by_name && facts.header.is_none() && !facts.is_known_whole {
            return None;
        }
        let mut backup = self.backup_at(&path, name, &facts, kind, stamp);
        if let Some(record) = &record {
            self.describe(&mut backup, record);
        }
        Some(Found { backup, record })
    }

    /// The backup that `path` is, its time taken from its name where the name says one.
    pub(crate) fn backup_at(
        &self,
        path: &Path,
        name: &str,
        facts: &FileFacts,
        kind: Kind,
        stamp: Option<Stamp>,
    ) -> Backup {
        let metadata = facts.metadata.as_ref();
        let size = metadata.map_or(0, Metadata::len);
        let modified = metadata
            .and_then(|metadata| metadata.modified().ok())
            .and_then(|time| clock::from_system(time, self.zone));
        let created_at = match stamp {
            Some(stamp) => clock::from_local(stamp.local, self.zone, modified),
            None => modified.unwrap_or_else(|| DateTime::UNIX_EPOCH.with_timezone(&self.zone)),
        };
        Backup {
            name: name.to_owned(),
            display: clock::display(&created_at),
            size,
            path: path.to_owned(),
            created_at,
            kind,
            intact: facts.looks_whole(),
            label: None,
            note: None,
            pinned: None,
            made: None,
            verified_at: None,
            rehearsed_at: None,
            database: None,
            content: None,
            ordinal: stamp.map_or(1, |stamp| stamp.ordinal),
            state: metadata.and_then(State::of),
            known_whole: None,
            whose: Whose::Own,
            confirmed: false,
            was_changed: false,
            rehearsal_failed: false,
        }
    }
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>> {
    let opened = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened,
    };
    opened
        .and_then(Iterator::collect)
        .map_err(|error| Error::io(&error, folder))
}

/// The number by which a folder's entries name this file.
#[cfg(unix)]
fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

/// The number by which a folder's entries name this file: there is none.
#[cfg(windows)]
fn inode(_: &Path) -> Option<u64> {
    None
}

/// Whether it is worth asking if an entry is the file of this number. Each question costs a system call.
#[cfg(unix)]
fn may_lead_to(entry: &DirEntry, inode: Option<u64>) -> bool {
    use std::os::unix::fs::DirEntryExt;
    Some(entry.ino()) == inode || entry.file_type().is_ok_and(|kind| kind.is_symlink())
}

/// Whether it may be asked if an entry is another file, which opens it. One file has names in other letter cases, and short ones.
#[cfg(windows)]
fn may_lead_to(entry: &DirEntry, _: Option<u64>) -> bool {
    !entry_is_elsewhere(entry)
}

/// What `facts_of` finds in the entries. Asking is mostly waiting for the system, one file after the other.
fn on_two_threads<T: Send>(entries: &[DirEntry], facts_of: impl Fn(&DirEntry) -> Option<T> + Sync) -> Vec<T> {
    /// Entries from which on a second thread pays.
    const WORTH_TWO: usize = 200;
    let half = if entries.len() < WORTH_TWO {
        0
    } else {
        entries.len() / 2
    };
    let (there, here) = entries.split_at(half);
    let looked = |entries: &[DirEntry]| entries.iter().filter_map(&facts_of).collect::<Vec<T>>();
    thread::scope(|scope| {
        let spawned = (half > 0).then(|| {
            let lister = thread::Builder::new().name("respaldo-list".to_owned());
            lister.spawn_scoped(scope, || looked(there))
        });
        let mut found = looked(here);
        found.extend(match spawned {
            Some(Ok(lister)) => lister.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            _ => looked(there),
        });
        found
    })
}
