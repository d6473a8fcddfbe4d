//! The folder is the truth: what backups there are, read from the files themselves.

use std::fs::{self, DirEntry, Metadata};
use std::panic;
use std::path::Path;
use std::thread;

use chrono::DateTime;

use crate::catalog::backup::{Backup, Kind, Listing, newest_first};
use crate::catalog::file_facts::{FileFacts, entry_is_elsewhere};
use crate::catalog::names::{self, Stamp};
use crate::clock::{self};
use crate::files::paths::{is_sidecar, parent, same_file};
use crate::report::error::{Error, Result};
use crate::report::messages::{self, Notice};
use crate::store::Store;

impl Store {
    /// Every backup in the backup folder, newest first.
    pub(crate) fn scan_backups(&self) -> Result<Listing> {
        let entries = entries(&self.backup_dir)?;
        let mut backups = on_two_threads(&entries, |entry| {
            let name = entry.file_name();
            name.to_str().and_then(|name| self.backup_from_entry(entry, name))
        });
        newest_first(&mut backups);
        let unreadable = entries.iter().filter(|entry| entry.file_name().to_str().is_none());
        let warnings = unreadable
            .map(|entry| messages::warning(&Notice::NameNotUtf8(&entry.path()), self.language))
            .collect();
        Ok(Listing { backups, warnings })
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
            if let Some(facts) = FileFacts::of_entry(&entry) {
                copies.push(self.backup_at(&entry.path(), name, &facts, Kind::Safety, Some(stamp)));
            }
        }
        Ok(copies)
    }

    /// Whether `path` is the live database, which may be in its own backup folder.
    fn is_database(&self, path: &Path, entry: &DirEntry) -> bool {
        // Windows knows one file by names in other letter cases and by short ones; telling so opens the file.
        path == self.database || (cfg!(windows) && !entry_is_elsewhere(entry) && same_file(path, &self.database))
    }

    /// The entry as a backup, or `None` when it is something else. A file that vanishes meanwhile is no backup.
    fn backup_from_entry(&self, entry: &DirEntry, name: &str) -> Option<Backup> {
        let path = entry.path();
        let is_another = self.is_database(&path, entry) || names::parse_safety(&self.database_name(), name).is_some();
        if is_another || name.starts_with('.') || is_sidecar(name) || name == names::RESTORE_LOG {
            return None;
        }
        let facts = FileFacts::of_entry(entry)?;
        let made_here = entry.file_type().is_ok_and(|kind| kind.is_file());
        let stamp = names::parse_backup(name).filter(|_| made_here);
        let kind = if stamp.is_some() { Kind::Backup } else { Kind::Preserved };
        let is_database_by_name = Path::new(name)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("db"));
        (is_database_by_name || facts.header.is_some()).then(|| self.backup_at(&path, name, &facts, kind, stamp))
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
            ordinal: stamp.map_or(1, |stamp| stamp.ordinal),
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
