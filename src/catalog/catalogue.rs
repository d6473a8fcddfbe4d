//! `catalog.json`, in the backup folder: a record of each backup, with what its file does not say. `docs/catalogue.md`
//! describes the format.
//!
//! It can be lost without losing a backup. The files in the folder decide which backups exist: names in the catalogue
//! are compared with those in the folder, and never opened. The catalogue is read whole, and written whole under the
//! folder's lock. A record is kept as text, so that keys written by another version stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{File, Metadata};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::catalog::given_names::GivenNames;
use crate::catalog::names::CATALOGUE;
use crate::catalog::record::{Changes, Record};
use crate::failpoint;
use crate::files::own_file::{self, Unusable, is_no_plain_file};
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::Staged;
use crate::report::error::{Cause, Error, Result};

/// The version of the format. A file of a newer version is not changed.
const VERSION: u64 = 1;
/// The largest catalogue in bytes: 100,000 backups with twenty tables each.
const MOST_BYTES: u64 = 64 << 20;

/// The records of the backups in one folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    path: PathBuf,
    records: BTreeMap<String, Box<str>>,
    pub given: GivenNames,
    /// The file names of the databases of which no backup could be made because they are damaged.
    damaged_databases: BTreeSet<String>,
    /// Keys that this version does not know.
    others: Vec<(String, Box<str>)>,
    /// Why the file could not be used, if so.
    pub trouble: Option<Trouble>,
}

/// Why the file could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Its contents are no catalogue, and it may be replaced. Holds the parser's message.
    Broken(String),
    /// It must not be changed.
    LeftAlone(Box<Error>),
}

impl Trouble {
    /// The message of the system or the parser.
    pub fn reason(&self) -> String {
        match self {
            Trouble::Broken(why) => why.clone(),
            Trouble::LeftAlone(error) => reason(error),
        }
    }
}

impl Catalogue {
    /// Reads the catalogue of `folder`. One that cannot be used is empty, and has `trouble` set.
    pub fn read(folder: &Path) -> Catalogue {
        let path = folder.join(CATALOGUE);
        let read: std::result::Result<_, Trouble> = match own_file::read(&path, MOST_BYTES) {
            Ok(None) => Ok(Catalogue::default()),
            Ok(Some(bytes)) => Catalogue::parse(&bytes, &path),
            Err(Unusable::Contents(why)) => Err(Trouble::Broken(why)),
            Err(Unusable::File(error)) => Err(Trouble::LeftAlone(Box::new(error))),
        };
        let catalogue = read.unwrap_or_else(|trouble| Catalogue {
            trouble: Some(trouble),
            ..Catalogue::default()
        });
        Catalogue { path, ..catalogue }
    }

    /// Whether reading the catalogue of `folder` takes longer than starting a thread.
    pub fn is_long(folder: &Path) -> bool {
        const LONG: u64 = 128 << 10;
        folder.join(CATALOGUE).metadata().is_ok_and(|found| found.len() > LONG)
    }

    fn parse(bytes: &[u8], path: &Path) -> std::result::Result<Catalogue, Trouble> {
        let broken = |error: &dyn fmt::Display| Trouble::Broken(error.to_string());
        let text = std::str::from_utf8(bytes).map_err(|error| broken(&error))?;
        let members: Members<'_> = serde_json::from_str(text).map_err(|error| broken(&error))?;
        let mut catalogue = Catalogue::default();
        let (mut version, mut names, mut older) = (None, Vec::new(), None);
        for (key, value) in members.0 {
            let value = value.get();
            match key.as_str() {
                "version" => version = serde_json::from_str::<u64>(value).ok(),
                "backups" => {
                    let records: Members<'_> = serde_json::from_str(value).map_err(|error| broken(&error))?;
                    let records = records.0.into_iter().map(|(name, record)| (name, record.get().into()));
                    catalogue.records = records.collect();
                }
                "names" => names = serde_json::from_str::<Vec<String>>(value).unwrap_or_default(),
                "older_names" => older = serde_json::from_str::<String>(value).ok(),
                "damaged_databases" => catalogue.damaged_databases = serde_json::from_str(value).unwrap_or_default(),
                _ => catalogue.others.push((key, value.into())),
            }
        }
        match version {
            Some(VERSION) => {
                catalogue.given = GivenNames::from_texts(names.iter().map(String::as_str), older.as_deref());
                Ok(catalogue)
            }
            Some(newer) if newer > VERSION => {
                let why = format!("its format is version {newer}, of a newer version of the library");
                Err(Trouble::LeftAlone(Box::new(Error::at(Cause::Io(why), path))))
            }
            _ => Err(Trouble::Broken("it has no version".to_owned())),
        }
    }

    /// Where the file is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The record of the backup with this name.
    pub fn get(&self, name: &str) -> Option<Record> {
        Record::parse(self.records.get(name)?)
    }

    /// The names of all records, also those whose file is gone.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Changes the record of a backup.
    pub fn change(&mut self, name: &str, changes: Changes) {
        let record = changes.apply(self.records.get(name).map(AsRef::as_ref));
        self.records.insert(name.to_owned(), record.into());
    }

    /// Copies the record of a backup from another catalogue, with these changes.
    pub fn adopt(&mut self, name: &str, other: &Catalogue, changes: Changes) {
        let record = changes.apply(other.records.get(name).map(AsRef::as_ref));
        self.records.insert(name.to_owned(), record.into());
    }

    /// Removes the record of a backup.
    pub fn forget(&mut self, name: &str) {
        self.records.remove(name);
    }

    /// Moves the record of a backup to its new name.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(record) = self.records.remove(from) {
            self.records.insert(to.to_owned(), record);
        }
    }

    /// Whether the database with this file name was damaged when it was last read whole.
    pub fn is_database_damaged(&self, name: &str) -> bool {
        self.damaged_databases.contains(name)
    }

    /// Remembers whether the database with this file name is damaged. Returns whether that is news.
    pub fn set_database_damaged(&mut self, name: &str, is_damaged: bool) -> bool {
        if is_damaged {
            self.damaged_databases.insert(name.to_owned())
        } else {
            self.damaged_databases.remove(name)
        }
    }

    /// Writes and flushes the new file under a temporary name, with the permissions of `model`.
    pub fn stage(&self, model: Option<&Metadata>) -> Result<StagedCatalogue> {
        if let Some(Trouble::LeftAlone(error)) = &self.trouble {
            return Err(Error::clone(error));
        }
        let text = self.text();
        if text.len() as u64 > MOST_BYTES {
            let why = format!("it would have {} bytes", text.len());
            return Err(Error::at(Cause::Io(why), &self.path));
        }
        let folder = self.path.parent().unwrap_or(&self.path);
        let staged = Staged::new(folder)?;
        retry_sharing_violations(|| File::options().write(true).open(staged.path()))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| Error::io(&error, folder))?;
        staged.finish(model)?;
        let path = self.path.clone();
        Ok(StagedCatalogue { path, staged })
    }

    /// One record a line, so that a person can read it.
    fn text(&self) -> String {
        let (names, older) = self.given.texts();
        let mut members: Vec<(&str, String)> = vec![("version", VERSION.to_string())];
        members.push(("names", json(&names)));
        members.extend(older.map(|older| ("older_names", json(&older))));
        if !self.damaged_databases.is_empty() {
            members.push(("damaged_databases", json(&self.damaged_databases)));
        }
        members.extend(self.others.iter().map(|(key, value)| (key.as_str(), value.to_string())));
        let records = self
            .records
            .iter()
            .map(|(name, record)| format!("{}:{record}", json(name)));
        let records: Vec<String> = records.collect();
        members.push(("backups", format!("{{\n{}\n}}", records.join(",\n"))));
        let members = members.into_iter().map(|(key, value)| format!("{}:{value}", json(key)));
        format!("{{{}}}\n", members.collect::<Vec<_>>().join(",\n"))
    }
}

/// A new catalogue, written and flushed, but not yet renamed to its place.
#[derive(Debug)]
pub(crate) struct StagedCatalogue {
    path: PathBuf,
    staged: Staged,
}

impl StagedCatalogue {
    /// Replaces the present catalogue. The caller flushes the folder.
    pub fn put_in_place(self) -> Result<()> {
        // The rename would not write through a link, but would remove it.
        if is_no_plain_file(&self.path) {
            return Err(Error::at(
                Cause::Io("it is a link, or no plain file".to_owned()),
                self.path,
            ));
        }
        failpoint::reach("catalogue_staged");
        self.staged.replace_unflushed(&self.path)?;
        failpoint::reach("catalogue_not_flushed");
        Ok(())
    }
}

/// The system's message without the path, which the warning states already.
pub(crate) fn reason(error: &Error) -> String {
    error.detail().map_or_else(|| error.to_string(), str::to_owned)
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    // Texts and lists of texts cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// An object's keys with their values as they stand in the text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::names::Stamp;
    use crate::catalog::record::Made;
    use std::fs;

    fn written(folder: &Path, text: &str) -> Catalogue {
        fs::write(folder.join(CATALOGUE), text).expect("written");
        Catalogue::read(folder)
    }

    fn write(catalogue: &Catalogue) -> Result<()> {
        catalogue.stage(None)?.put_in_place()
    }

    #[test]
    fn what_is_written_is_read_again_and_what_others_wrote_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut catalogue = Catalogue::read(folder.path());
        assert_eq!(catalogue.trouble, None);
        catalogue.change("antes de \"migrar\".db", Changes::default().made(Made::Manual));
        catalogue.given.add(Stamp::parse("20260304_142305_2").expect("a stamp"));
        write(&catalogue).expect("written");
        let text = fs::read_to_string(folder.path().join(CATALOGUE)).expect("there");
        let expected = "{\"version\":1,\n\"names\":[\"20260304_142305_2\"],\n\"backups\":{\n\"antes de \\\"migrar\\\".db\":{\"made\":\"manual\"}\n}}\n";
        assert_eq!(text, expected);

        let later = text
            .replace("\"backups\"", "\"colours\":[1, 2],\n\"backups\"")
            .replace("manual", "by_robot");
        let mut catalogue = written(folder.path(), &later);
        assert_eq!(catalogue.get("antes de \"migrar\".db"), Some(Record::default()));
        assert_eq!(catalogue.given.texts().0, ["20260304_142305_2"]);
        catalogue.forget("nobody");
        write(&catalogue).expect("written");
        assert_eq!(fs::read_to_string(folder.path().join(CATALOGUE)).expect("there"), later);
    }

    #[test]
    fn a_damaged_database_is_remembered_until_it_is_sound() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut catalogue = Catalogue::read(folder.path());
        assert!(catalogue.set_database_damaged("studio.db", true));
        assert!(!catalogue.set_database_damaged("studio.db", true));
        write(&catalogue).expect("written");
        let mut catalogue = Catalogue::read(folder.path());
        assert!(catalogue.is_database_damaged("studio.db") && !catalogue.is_database_damaged("other.db"));
        assert!(catalogue.set_database_damaged("studio.db", false));
        write(&catalogue).expect("written");
        let text = fs::read_to_string(folder.path().join(CATALOGUE)).expect("there");
        assert!(!text.contains("damaged_databases"), "{text}");
        let strange = written(folder.path(), "{\"version\":1,\"damaged_databases\":7}");
        assert_eq!(
            (strange.trouble.clone(), strange.is_database_damaged("7")),
            (None, false)
        );
    }

    #[test]
    fn what_is_no_catalogue_is_written_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = "[".repeat(100_000);
        for text in [
            "",
            "{",
            "[]",
            "{}",
            "{\"version\":0}",
            "{\"version\":\"1\"}",
            "{\"version\":1,\"backups\":[]}",
            "\0",
            &deep,
        ] {
            let catalogue = written(folder.path(), text);
            assert!(matches!(catalogue.trouble, Some(Trouble::Broken(_))), "{text:.40}");
            write(&catalogue).expect("written");
            assert_eq!(Catalogue::read(folder.path()).trouble, None, "{text:.40}");
        }
        fs::write(folder.path().join(CATALOGUE), b"{\"version\":1,\"x\":\"\xff\"}").expect("written");
        assert!(matches!(
            Catalogue::read(folder.path()).trouble,
            Some(Trouble::Broken(_))
        ));
    }

    #[test]
    fn a_newer_one_and_a_link_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let newer = "{\"version\":2,\"backups\":{\"a.db\":{}}}";
        let catalogue = written(folder.path(), newer);
        assert_eq!(catalogue.names().count(), 0);
        assert!(write(&catalogue).is_err_and(|error| reason(&error).contains("version 2")));
        assert_eq!(fs::read_to_string(folder.path().join(CATALOGUE)).expect("there"), newer);
        #[cfg(unix)]
        {
            let before = Catalogue::read(tempfile::tempdir().expect("a folder").path());
            let catalogue = Catalogue {
                path: folder.path().join(CATALOGUE),
                ..before
            };
            fs::rename(folder.path().join(CATALOGUE), folder.path().join("victim")).expect("renamed");
            std::os::unix::fs::symlink("victim", folder.path().join(CATALOGUE)).expect("linked");
            assert!(matches!(
                Catalogue::read(folder.path()).trouble,
                Some(Trouble::LeftAlone(_))
            ));
            write(&catalogue).expect_err("refused");
            assert_eq!(fs::read_to_string(folder.path().join("victim")).expect("there"), newer);
        }
    }

    #[test]
    fn more_than_it_may_hold_is_neither_read_nor_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = File::create(folder.path().join(CATALOGUE)).expect("made");
        file.set_len(MOST_BYTES + 1).expect("a sparse file");
        let mut catalogue = Catalogue::read(folder.path());
        assert!(matches!(catalogue.trouble, Some(Trouble::Broken(_))));
        let long = "x".repeat(usize::try_from(MOST_BYTES).expect("small"));
        catalogue.change(&long, Changes::default());
        write(&catalogue).expect_err("too long");
    }

    #[test]
    fn of_a_name_that_occurs_twice_the_last_record_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = r#"{"version":1,"backups":{"a.db":{"size":1},"../a.db":7,"a.db":{"size":2}}}"#;
        let catalogue = written(folder.path(), text);
        assert_eq!(catalogue.get("a.db").and_then(|record| record.size), Some(2));
        assert_eq!(catalogue.get("../a.db"), None);
    }
}
