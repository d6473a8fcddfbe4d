//! The kind and facts of each file in a folder, read from the file itself, with its record in the catalogue.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDateTime};

use crate::beside::beside;
use crate::catalog::backup::{Backup, Kind};
use crate::catalog::catalogue::Catalogue;
use crate::catalog::file_facts::FileFacts;
#[cfg(windows)]
use crate::catalog::file_facts::entry_is_elsewhere;
use crate::catalog::names::{self, Stamp};
use crate::catalog::numbering::next_above;
use crate::catalog::record::{Outcome, Record, State};
use crate::catalog::whose::Whose;
use crate::clock::{self, is_four_digit_year};
use crate::files::open_folder::OpenFolder;
use crate::files::paths::{is_sidecar, parent, same_file};
use crate::report::error::{Error, Result};
use crate::store::Store;

impl Store {
    /// Fills in the fields of a backup that its record holds.
    pub(crate) fn describe(&self, backup: &mut Backup, mut record: Record) {
        (backup.label, backup.note, backup.made) = (record.label.take(), record.note.take(), record.made);
        backup.database.clone_from(&record.database);
        backup.pinned = Some(record.pinned == Some(true));
        backup.confirmed = record.confirmed == Some(true);
        backup.was_changed = backup.state.is_some() && record.state().is_some() && backup.state != record.state();
        // Results of a verification do not hold for a file that changed since.
        if backup.state.is_some() && backup.state == record.state() {
            let time = |outcome: &Option<Outcome>| {
                let outcome = outcome.as_ref().filter(|outcome| outcome.ok)?;
                let time = DateTime::parse_from_rfc3339(&outcome.at).ok()?;
                let time = time.with_timezone(&self.zone);
                is_four_digit_year(time.year()).then(|| clock::rfc3339(&time))
            };
            backup.verified_at = time(&record.verified);
            backup.rehearsed_at = time(&record.rehearsed);
            backup.content = record.content.take();
            backup.rehearsal_failed = record.rehearsed.as_ref().is_some_and(|outcome| !outcome.ok);
            backup.known_whole = record.known_whole(backup.state);
            backup.repairable = record.known_repairable(backup.state);
            if backup.known_whole == Some(false) {
                backup.intact = backup.intact.map(|_| false);
            }
        }
        backup.record = Some(Box::new(record));
    }

    /// All safety copies beside the database.
    pub(crate) fn scan_safety_copies(&self) -> Result<Vec<Backup>> {
        let mut copies = Vec::new();
        let folder = OpenFolder::at(parent(&self.database));
        for entry in entries(parent(&self.database))? {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let Some(stamp) = names::parse_safety(&self.database_name(), name) else {
                continue;
            };
            if let Some(facts) = FileFacts::of_entry(&entry, &folder, None) {
                copies.push(self.backup_at(&entry.path(), name, &facts, Kind::Safety, Some(stamp)));
            }
        }
        Ok(copies)
    }

    /// The first name for a safety copy in the second `local` that is above those in the folder.
    pub(crate) fn next_safety_name(&self, local: NaiveDateTime) -> Stamp {
        // In a folder that cannot be listed, the caller takes the first free name.
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

    /// Whether an entry is the live database, which can lie in its own backup folder, also under another name or path.
    /// Otherwise it would be listed as its own backup, count as today's backup every day, and be deleted by retention.
    pub(crate) fn is_database(&self, entry: &DirEntry, name: &OsStr, live: Option<u64>) -> bool {
        let has_name = self.database.file_name() == Some(name);
        (has_name && entry.path() == self.database)
            || (may_be_same_file(entry, live) && same_file(&entry.path(), &self.database))
    }

    /// The entry of `folder` as a backup, or `None` when it is none. A file that is deleted meanwhile is none.
    pub(crate) fn backup_from_entry(
        &self,
        entry: &DirEntry,
        name: &str,
        folder: &OpenFolder,
        catalogue: &Catalogue,
    ) -> Option<Backup> {
        let given = names::parse_backup(name);
        if given.is_none() && self.is_no_backup(name) {
            return None;
        }
        let record = catalogue.get(name);
        let facts = FileFacts::of_entry(entry, folder, record.as_ref())?;
        let made_here = entry.file_type().is_ok_and(|kind| kind.is_file());
        let stamp = given.filter(|_| made_here);
        let recovered = names::parse_recovered(name).filter(|_| made_here);
        let kind = match (stamp, recovered) {
            (Some(_), _) => Kind::Backup,
            (None, Some(_)) => Kind::Recovered,
            (None, None) => Kind::Preserved,
        };
        let stamp = stamp.or(recovered);
        let is_database_by_name = Path::new(name)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("db"));
        if !is_database_by_name && facts.header.is_none() && !facts.is_known_whole {
            return None;
        }
        let mut backup = self.backup_at(&entry.path(), name, &facts, kind, stamp);
        if let Some(record) = record {
            self.describe(&mut backup, record);
        }
        Some(backup)
    }

    /// Whether the name is a safety copy's, a sidecar's, a hidden file's, or one that the library keeps for itself.
    fn is_no_backup(&self, name: &str) -> bool {
        let is_safety = names::parse_safety(&self.database_name(), name).is_some();
        is_safety || name.starts_with('.') || is_sidecar(name) || names::is_own_file(name)
    }

    /// The file at `path` as a backup. Its time comes from `stamp`, or else from its modification time.
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
            intact: facts.is_intact(),
            repairable: None,
            label: None,
            note: None,
            pinned: None,
            made: None,
            verified_at: None,
            rehearsed_at: None,
            database: None,
            content: None,
            snapshot: None,
            ordinal: stamp.map_or(1, |stamp| stamp.ordinal),
            state: metadata.and_then(State::of),
            known_whole: None,
            stored_hash: None,
            record: None,
            whose: Whose::Own,
            confirmed: false,
            was_changed: false,
            rehearsal_failed: false,
        }
    }
}

pub(crate) fn entries(folder: &Path) -> Result<Vec<DirEntry>> {
    let opened = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened,
    };
    opened
        .and_then(Iterator::collect)
        .map_err(|error| Error::io(&error, folder))
}

/// The inode number, which a folder's entries state too.
#[cfg(unix)]
pub(crate) fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

/// Windows has no inode number in a folder's entries.
#[cfg(windows)]
pub(crate) fn inode(_: &Path) -> Option<u64> {
    None
}

/// Whether an entry can be the file with this inode number. The full comparison costs a system call for each entry.
#[cfg(unix)]
fn may_be_same_file(entry: &DirEntry, inode: Option<u64>) -> bool {
    use std::os::unix::fs::DirEntryExt;
    Some(entry.ino()) == inode || entry.file_type().is_ok_and(|kind| kind.is_symlink())
}

/// Whether an entry may be compared with a file, which opens it. A file has several names: other letter cases, and a
/// short name.
#[cfg(windows)]
fn may_be_same_file(entry: &DirEntry, _: Option<u64>) -> bool {
    !entry_is_elsewhere(entry)
}

/// Collects `facts_of` over the entries, in their order. Most of the time is spent waiting for the system, one file after the other.
pub(crate) fn on_two_threads<T: Send>(
    entries: &[DirEntry],
    facts_of: impl Fn(&DirEntry) -> Option<T> + Sync,
) -> Vec<T> {
    /// The least number of entries for which a second thread is faster.
    const WORTH_TWO: usize = 200;
    let half = if entries.len() < WORTH_TWO {
        0
    } else {
        entries.len() / 2
    };
    let (here, there) = entries.split_at(entries.len() - half);
    let collect_facts = |entries: &[DirEntry], room: usize| {
        let mut found = Vec::with_capacity(room); // growing would move them again and again
        found.extend(entries.iter().filter_map(&facts_of));
        found
    };
    let (mut found, others) = beside(
        "respaldo-list",
        half > 0,
        || collect_facts(here, entries.len()),
        || collect_facts(there, there.len()),
    );
    found.extend(others);
    found
}
