//! A store: one database, its backup folder, and the options for both.

pub(crate) mod kept_key;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;

use crate::clock::{Clock, Moment};
use crate::database::check::Verification;
use crate::files::given_path::absolute;
use crate::files::paths::parent;
use crate::options::{
    Archive, ArchivePlace, Password, Retention, SERVICES, SchemaSupport, SecondPlace, TableWords, Watch,
};
use crate::report::error::{Argument, Cause, Error, Expected, Result};
use crate::report::messages::Language;
use crate::store::kept_key::KeptKey;

/// What a store is opened with. Only the database is required; [`Options::new`] fills in the rest.
#[derive(Debug, Clone)]
pub struct Options {
    /// The application's database. It need not exist yet.
    pub database: PathBuf,
    /// The application's settings file.
    pub settings: Settings,
    /// The backup folder; `None` is `backups` beside the database.
    pub backup_dir: Option<PathBuf>,
    /// How many backups retention keeps, at least 1, where `retention` does not say otherwise.
    pub max_backups: usize,
    /// Which backups stay; `None` is the newest `max_backups`.
    pub retention: Option<Retention>,
    /// The schemas that the application understands; `None` takes all.
    pub schema: Option<SchemaSupport>,
    /// What health watches for.
    pub watch: Watch,
    /// Another place to which finished backups are copied.
    pub second_place: Option<SecondPlace>,
    /// The archive of finished backups.
    pub archive: Option<Archive>,
    /// What people call the rows of each table.
    pub names: BTreeMap<String, TableWords>,
    /// The IANA name of the zone whose calendar and wall clock the names show.
    pub timezone: String,
    /// How long to wait for another program's lock.
    pub busy_timeout: Duration,
    /// How thoroughly copies are verified.
    pub verify: Verification,
    /// The language of warnings.
    pub language: Language,
    /// Where "now" comes from.
    pub clock: Clock,
}

/// Where `last_backup_at` is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Settings {
    /// `settings.json` beside the database.
    #[default]
    BesideDatabase,
    /// In this file.
    File(PathBuf),
    /// Nowhere.
    Nowhere,
}

impl Options {
    /// The defaults of the contract for this database.
    pub fn new(database: impl Into<PathBuf>) -> Options {
        Options {
            database: database.into(),
            settings: Settings::default(),
            backup_dir: None,
            max_backups: 20,
            retention: None,
            schema: None,
            watch: Watch::default(),
            second_place: None,
            archive: None,
            names: BTreeMap::new(),
            timezone: "America/Hermosillo".to_owned(),
            busy_timeout: Duration::from_secs(5),
            verify: Verification::default(),
            language: Language::default(),
            clock: Clock::default(),
        }
    }
}

/// An open store. It holds no file open between calls and may be shared by threads.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) database: PathBuf,
    pub(crate) settings: Option<PathBuf>,
    pub(crate) backup_dir: PathBuf,
    pub(crate) retention: Retention,
    pub(crate) schema: Option<SchemaSupport>,
    pub(crate) watch: Watch,
    pub(crate) second_place: Option<SecondPlace>,
    pub(crate) archive: Option<Archive>,
    pub(crate) kept_key: KeptKey,
    pub(crate) names: BTreeMap<String, TableWords>,
    pub(crate) zone: Tz,
    pub(crate) busy_timeout: Duration,
    pub(crate) verify: Verification,
    pub(crate) language: Language,
    clock: Clock,
}

impl Store {
    /// Checks the options and fixes every path; nothing is read or written, and the database need not exist.
    ///
    /// Fails with [`Cause::InvalidArgument`] when a path is empty, not UTF-8 or a URL, or the database has no file name,
    /// or `max_backups` is 0, and with [`Cause::UnknownTimezone`].
    pub fn open(options: Options) -> Result<Store> {
        let database = absolute("database", &options.database)?;
        if database.file_name().is_none() {
            return Err(bad_value("database", Expected::Path));
        }
        let beside = |name: &str| parent(&database).join(name);
        let settings = match &options.settings {
            Settings::BesideDatabase => Some(beside("settings.json")),
            Settings::File(path) => Some(absolute("settings", path)?),
            Settings::Nowhere => None,
        };
        let backup_dir = match &options.backup_dir {
            Some(path) => absolute("backup_dir", path)?,
            None => beside("backups"),
        };
        let retention = options
            .retention
            .unwrap_or_else(|| Retention::last(options.max_backups));
        if retention.last == 0 {
            return Err(bad_value("max_backups", Expected::Whole(1, u64::from(u32::MAX))));
        }
        let second_place = match options.second_place {
            Some(place) if place.last == 0 => {
                return Err(bad_value("second_place.last", Expected::Whole(1, u64::from(u32::MAX))));
            }
            Some(place) => Some(SecondPlace {
                folder: absolute("second_place.folder", &place.folder)?,
                ..place
            }),
            None => None,
        };
        let archive = options.archive.map(with_fixed_paths).transpose()?;
        let zone = options
            .timezone
            .parse()
            .map_err(|_| Error::new(Cause::UnknownTimezone(options.timezone.clone())))?;
        Ok(Store {
            database,
            settings,
            backup_dir,
            retention,
            schema: options.schema,
            watch: options.watch,
            second_place,
            archive,
            kept_key: KeptKey::default(),
            names: options.names,
            zone,
            busy_timeout: options.busy_timeout,
            verify: options.verify,
            language: options.language,
            clock: options.clock,
        })
    }

    /// The archive that it was opened with.
    pub fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()
    }

    /// The language of warnings.
    pub fn language(&self) -> Language {
        self.language
    }

    pub(crate) fn now(&self) -> Result<Moment> {
        self.clock.now(self.zone)
    }

    /// The database's file name; paths are UTF-8 since [`Store::open`].
    pub(crate) fn database_name(&self) -> String {
        let name = self.database.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// The archive with absolute paths.
fn with_fixed_paths(archive: Archive) -> Result<Archive> {
    let place = match archive.place {
        ArchivePlace::Folder(path) => ArchivePlace::Folder(absolute("archive.repository", &path)?),
        ArchivePlace::Server(service) if !SERVICES.contains(&service.as_str()) => {
            return Err(bad_value("archive.repository", Expected::Repository));
        }
        server @ ArchivePlace::Server(_) => server,
    };
    let password = match archive.password {
        Password::File(path) => Password::File(absolute("archive.password_file", &path)?),
        other => other,
    };
    Ok(Archive {
        place,
        password,
        ..archive
    })
}

fn bad_value(key: &'static str, expected: Expected) -> Error {
    Error::argument(Argument::BadValue { key, expected })
}
