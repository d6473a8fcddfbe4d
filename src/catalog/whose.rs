//! Which database a backup belongs to.
//!
//! The catalogue states it by the database's file name and folder. Where it does not, and another database may be
//! backed up into the same folder, the tables in the file decide.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, DirEntry};
use std::path::{Component, Path, PathBuf, Prefix};
use std::time::Duration;

use crate::catalog::file_facts::entry_is_elsewhere;
use crate::catalog::names;
use crate::catalog::record::Record;
use crate::database::connection;
use crate::database::contents;
use crate::database::wal_index::WalIndexCleanup;
use crate::files::paths::{follow_links, parent, same_file};
use crate::store::Store;

/// Which database a backup belongs to, seen from one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The store's database.
    Own,
    /// Another database.
    Other,
    /// Neither the catalogue nor the tables tell. The backup is listed, but retention neither counts nor deletes it.
    Unknown,
}

/// A database's name and folder, as a record holds them.
type Database = (String, Option<String>);

/// Decides which database backups belong to, for one store and one backup folder.
pub(crate) struct Judge<'a> {
    store: &'a Store,
    folder: &'a Path,
    /// The file names of the database: as given, and with links followed.
    own_names: Vec<String>,
    own_folders: [PathBuf; 2],
    known: HashMap<Database, Option<Whose>>,
    last: Option<(Database, Option<Whose>)>,
    own_tables: OnceCell<Option<BTreeSet<String>>>,
}

impl<'a> Judge<'a> {
    /// For the backups in `folder`.
    pub fn new(store: &'a Store, folder: &'a Path) -> Judge<'a> {
        let real = follow_links(&store.database);
        let mut own_names = vec![store.database_name()];
        own_names.extend(real.file_name().and_then(|name| name.to_str()).map(str::to_owned));
        Judge {
            store,
            folder,
            own_names,
            own_folders: [parent(&store.database).to_owned(), parent(&real).to_owned()],
            known: HashMap::new(),
            last: None,
            own_tables: OnceCell::new(),
        }
    }

    /// The owner by a record; `None` where the record does not tell.
    pub fn by_record(&mut self, record: &Record) -> Option<Whose> {
        let name = record.database.as_ref().filter(|name| is_file_name(name))?;
        // Most often all records name the same database.
        if let Some((key, found)) = &self.last
            && (&key.0, &key.1) == (name, &record.folder)
        {
            return *found;
        }
        let key = (name.clone(), record.folder.clone());
        let found = match self.known.get(&key) {
            Some(found) => *found,
            None => self.of_database(name, record.folder.as_deref()),
        };
        self.known.insert(key.clone(), found);
        self.last = Some((key, found));
        found
    }

    fn of_database(&self, name: &str, folder: Option<&str>) -> Option<Whose> {
        let recorded = folder.and_then(|folder| resolve(self.folder, folder));
        let is_beside = |folder: &PathBuf| {
            self.own_folders
                .iter()
                .any(|own| own == folder || same_file(own, folder))
        };
        let beside = recorded.as_ref().is_some_and(is_beside);
        let has_own_name = self.own_names.iter().any(|own| same_name(own, name));
        if beside && has_own_name {
            return Some(Whose::Own);
        }
        let file = recorded.map(|folder| folder.join(name));
        match file.filter(|file| fs::metadata(file).is_ok_and(|found| found.is_file())) {
            // A link to the database, or another name of it.
            Some(file) if same_file(&file, &self.store.database) => Some(Whose::Own),
            Some(_) => Some(Whose::Other),
            // The database was moved, with or without its backups.
            None if has_own_name => Some(Whose::Own),
            // The database was renamed.
            None if beside => Some(Whose::Own),
            None => None,
        }
    }

    /// The owner by the tables in a backup.
    pub fn by_tables(&self, backup: &Path) -> Whose {
        let own = self.own_tables.get_or_init(|| tables_of_live(&self.store.database));
        let (Some(own), Some(its)) = (own, tables_of_backup(backup)) else {
            return Whose::Unknown;
        };
        match own.len().min(its.len()) {
            0 => Whose::Unknown,
            // Half of the tables must match: an application's versions add and drop tables, and two applications can
            // share a table name.
            smaller if 2 * own.intersection(&its).count() >= smaller => Whose::Own,
            _ => Whose::Other,
        }
    }
}

impl Store {
    /// The folder of the database, as a record holds it: relative to the backup folder, so that it stays correct when
    /// both move.
    pub(crate) fn recorded_folder(&self) -> Option<String> {
        relative(&self.backup_dir, parent(&self.database))
    }

    /// Whether a file beside the database is another database, by its name. Opening it to check would drop the locks
    /// that this process has on it.
    pub(crate) fn has_neighbours(&self) -> bool {
        let entries = fs::read_dir(parent(&self.database)).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { return false };
            let is_database = Path::new(name).extension().is_some_and(|extension| {
                let extension = extension.to_ascii_lowercase();
                ["db", "db3", "sqlite", "sqlite3", "s3db", "sdb"]
                    .iter()
                    .any(|known| extension == *known)
            });
            is_database
                && !name.starts_with('.')
                && names::parse_backup(name).is_none()
                && !self.is_live(&entry)
                && entry.file_type().is_ok_and(|kind| kind.is_file())
        })
    }

    /// Whether an entry beside the database is the database itself. A file that is not on this computer is not opened
    /// to compare it.
    fn is_live(&self, entry: &DirEntry) -> bool {
        let path = entry.path();
        path == self.database || (!entry_is_elsewhere(entry) && same_file(&path, &self.database))
    }
}

/// The tables of the application's database, if it can be read without waiting for a lock.
fn tables_of_live(database: &Path) -> Option<BTreeSet<String>> {
    let connection = connection::open_live_for_reading(database, Duration::ZERO).ok()?;
    let tables = contents::own_tables(&connection).ok();
    drop(connection);
    connection::remove_empty_wal(database);
    tables
}

fn tables_of_backup(backup: &Path) -> Option<BTreeSet<String>> {
    let _wal_index = WalIndexCleanup::before_reading(backup);
    let connection = connection::open_backup(backup, Duration::ZERO).ok()?;
    contents::own_tables(&connection).ok()
}

/// Whether two names in one folder are the same file.
fn same_name(a: &str, b: &str) -> bool {
    if cfg!(windows) {
        a.to_lowercase() == b.to_lowercase()
    } else {
        a == b
    }
}

/// Whether a text is the name of a file and nothing more.
fn is_file_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let only = (components.next(), components.next());
    matches!(only, (Some(Component::Normal(only)), None) if only == name) && !name.contains('\0')
}

/// The relative path from the folder `from` to the folder `to`, both absolute, with forward slashes. `to` itself where
/// there is none, as between two drives.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return to.iter().collect::<PathBuf>().to_str().map(str::to_owned);
    }
    let up = from[common..].iter().map(|_| Some(".."));
    let down = to[common..].iter().map(|component| component.as_os_str().to_str());
    let steps: Option<Vec<&str>> = up.chain(down).collect();
    steps.map(|steps| {
        if steps.is_empty() {
            ".".to_owned()
        } else {
            steps.join("/")
        }
    })
}

/// The folder at the path `way` from the folder `from`. Links are not followed, as [`relative`] does not follow them. A
/// path to another computer is refused: a foreign catalogue must not make this computer connect to it.
fn resolve(from: &Path, way: &str) -> Option<PathBuf> {
    let mut folder = from.to_owned();
    for component in Path::new(way).components() {
        match component {
            Component::Prefix(prefix) => match prefix.kind() {
                Prefix::Disk(_) => folder = PathBuf::from(prefix.as_os_str()),
                _ => return None,
            },
            Component::RootDir => folder.push(component),
            Component::CurDir => {}
            Component::ParentDir => drop(folder.pop()),
            Component::Normal(name) => folder.push(name),
        }
    }
    (!way.contains('\0')).then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_database_leads_there_also_after_both_have_moved() {
        let root = if cfg!(windows) { r"C:\" } else { "/" };
        let path = |below: &str| Path::new(root).join(below.split('/').collect::<PathBuf>());
        for (from, to, way) in [
            ("studio/backups", "studio", ".."),
            ("studio", "studio", "."),
            ("studio/a/b", "studio/data", "../../data"),
            ("backups", "home/ana/studio", "../home/ana/studio"),
        ] {
            assert_eq!(relative(&path(from), &path(to)).as_deref(), Some(way));
            assert_eq!(resolve(&path(from), way), Some(path(to)));
            let moved = |below: &str| path(&format!("elsewhere/{below}"));
            assert_eq!(resolve(&moved(from), way), Some(moved(to)));
        }
    }

    #[cfg(windows)]
    #[test]
    fn another_disk_is_reached_and_another_computer_is_not() {
        let (from, to) = (Path::new(r"E:\respaldos"), Path::new(r"C:\datos"));
        assert_eq!(relative(from, to).as_deref(), Some(r"C:\datos"));
        assert_eq!(resolve(from, r"C:\datos").as_deref(), Some(to));
        for way in [r"\\nas\datos", r"\\?\C:\datos", r"\\.\pipe\x"] {
            assert_eq!(resolve(from, way), None, "{way}");
        }
    }

    #[test]
    fn only_the_name_of_a_file_is_one() {
        assert!(is_file_name("studio.db") && is_file_name("año 1.db"));
        for name in ["", ".", "..", "/", "a/b", "../a", "/a", "a/", "a\0b"] {
            assert!(!is_file_name(name), "{name:?}");
        }
    }
}
