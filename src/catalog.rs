//! The folder is the truth: what backups there are, read from the files themselves.

use std::fs::{self, DirEntry, File, Metadata};
use std::panic;
use std::path::{Path, PathBuf};
use std::thread;

use chrono::{DateTime, TimeDelta};
use serde::{Serialize, Serializer};

use crate::clock::{self, Moment};
use crate::connection::is_missing;
use crate::error::{Error, Result};
use crate::header::Header;
use crate::messages::{self, Notice, Warning};
use crate::names::{self, Stamp};
use crate::staging::{parent, same_file};
use crate::store::Store;

/// A backup as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The file name.
    pub name: String,
    /// The time as people read it: `04/03/2026 14:23`.
    pub display: String,
    /// Bytes of the file.
    pub size: u64,
    /// The absolute path.
    pub path: PathBuf,
    /// The time in the name; a renamed file's is its modification time.
    #[serde(serialize_with = "as_rfc3339")]
    pub created_at: Moment,
    /// Who named it, and for what.
    pub kind: Kind,
    /// The cheap check: the header is present and the file as long as it states.
    pub intact: bool,
    #[serde(skip)]
    ordinal: u32,
}

/// What kind of backup a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Made by the library, under the name it gave; retention applies.
    Backup,
    /// Renamed, or put there by somebody; never deleted.
    Preserved,
    /// The database as it was before a restore; never deleted.
    Safety,
}

/// The answer of [`Store::list`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Newest first.
    pub backups: Vec<Backup>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// A last backup older than this is worth a warning.
const OLD: TimeDelta = TimeDelta::days(2);

impl Store {
    /// Lists the backups, newest first, with the safety copies if `include_safety`. A folder that is not there
    /// holds no backups.
    pub fn list(&self, include_safety: bool) -> Result<Listing> {
        let mut listing = self.scan_backups()?;
        self.warn_if_old(&mut listing)?;
        if include_safety {
            listing.backups.extend(self.scan_safety_copies()?);
            newest_first(&mut listing.backups);
        }
        Ok(listing)
    }

    /// Every backup in the backup folder, newest first.
    pub(crate) fn scan_backups(&self) -> Result<Listing> {
        let entries = entries(&self.backup_dir)?;
        let mut backups = on_two_threads(&entries, |entry| {
            let name = entry.file_name();
            name.to_str().and_then(|name| self.look_at(entry, name))
        });
        newest_first(&mut backups);
        let unreadable = entries.iter().filter(|entry| entry.file_name().to_str().is_none());
        let warnings = unreadable
            .map(|entry| messages::warning(&Notice::NameNotUtf8(&entry.path()), self.language))
            .collect();
        Ok(Listing { backups, warnings })
    }

    /// Every safety copy beside the database.
    fn scan_safety_copies(&self) -> Result<Vec<Backup>> {
        let mut copies = Vec::new();
        for entry in entries(parent(&self.database))? {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let Some(stamp) = names::parse_safety(&self.database_name(), name) else {
                continue;
            };
            if let Some(look) = Look::at(&entry) {
                copies.push(self.backup_at(&entry.path(), name, &look, Kind::Safety, Some(stamp)));
            }
        }
        Ok(copies)
    }

    /// Whether `path` is the live database, which may be in its own backup folder.
    fn is_database(&self, path: &Path) -> bool {
        // Windows knows one file by names in other letter cases and by short ones.
        path == self.database || (cfg!(windows) && same_file(path, &self.database))
    }

    /// The entry as a backup, or `None` when it is something else. A file that vanishes meanwhile is no backup.
    fn look_at(&self, entry: &DirEntry, name: &str) -> Option<Backup> {
        let path = entry.path();
        let is_another = self.is_database(&path) || names::parse_safety(&self.database_name(), name).is_some();
        if is_another || name.starts_with('.') || names::is_sidecar(name) || name == names::RESTORE_LOG {
            return None;
        }
        let look = Look::at(entry)?;
        let made_here = entry.file_type().is_ok_and(|kind| kind.is_file());
        let stamp = names::parse_backup(name).filter(|_| made_here);
        let kind = if stamp.is_some() { Kind::Backup } else { Kind::Preserved };
        let is_database_by_name = Path::new(name)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("db"));
        (is_database_by_name || look.header.is_some()).then(|| self.backup_at(&path, name, &look, kind, stamp))
    }

    /// The backup that `path` is, its time taken from its name where the name says one.
    pub(crate) fn backup_at(&self, path: &Path, name: &str, look: &Look, kind: Kind, stamp: Option<Stamp>) -> Backup {
        let metadata = look.metadata.as_ref();
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
            intact: look.header.is_some_and(|header| header.fits(size)),
            ordinal: stamp.map_or(1, |stamp| stamp.ordinal),
        }
    }

    /// Warns when neither the settings nor the folder know of a recent backup.
    fn warn_if_old(&self, listing: &mut Listing) -> Result<()> {
        let last = self
            .noted_last_backup()
            .or_else(|| listing.backups.first().map(|newest| newest.created_at));
        if let Some(last) = last
            && self.now()? - last > OLD
        {
            let display = clock::display(&last);
            listing
                .warnings
                .push(messages::warning(&Notice::LastBackupOld(&display), self.language));
        }
        Ok(())
    }
}

/// What the system and the first bytes say of a file. Of one that the system lets nobody look at that is nothing, and such a
/// backup is not intact.
pub(crate) struct Look {
    pub metadata: Option<Metadata>,
    pub header: Option<Header>,
}

impl Look {
    /// A look at the file of an entry, or `None` when it is no file, or gone. One that cannot be looked at now is still there,
    /// and whoever looks for it must find it.
    fn at(entry: &DirEntry) -> Option<Look> {
        let path = entry.path();
        // Opening a pipe would wait for whoever writes into it.
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_plain
            && let Ok(file) = File::open(&path)
            && let Ok(metadata) = file.metadata()
        {
            let header = Header::read_from(file).ok().flatten();
            return Some(Look {
                metadata: Some(metadata),
                header,
            });
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Some(metadata),
            Err(error) if is_plain && !is_missing(&error) => None,
            _ => return None,
        };
        let header = Header::read(&path).ok().flatten();
        Some(Look { metadata, header })
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

/// What `look` finds in the entries. Looking is mostly waiting for the system, one file after the other.
fn on_two_threads<T: Send>(entries: &[DirEntry], look: impl Fn(&DirEntry) -> Option<T> + Sync) -> Vec<T> {
    /// Entries from which on a second thread pays.
    const WORTH_TWO: usize = 200;
    let half = if entries.len() < WORTH_TWO {
        0
    } else {
        entries.len() / 2
    };
    let (there, here) = entries.split_at(half);
    let looked = |entries: &[DirEntry]| entries.iter().filter_map(&look).collect::<Vec<T>>();
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

fn newest_first(backups: &mut [Backup]) {
    backups.sort_by(|a, b| (b.created_at, b.ordinal, &b.name).cmp(&(a.created_at, a.ordinal, &a.name)));
}

fn as_rfc3339<S: Serializer>(moment: &Moment, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&clock::rfc3339(moment))
}
