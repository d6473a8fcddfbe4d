//! Options of a store beyond its paths: retention, the supported schemas, what health watches for, the second place, the archive,
//! and what people call the rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

/// How many backups stay. A backup stays if any of these rules keeps it.
///
/// A period (a day, a week, ...) counts only if it has a backup, so a machine that was off for a month loses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The newest so many, at least 1.
    pub last: usize,
    /// The newest of each of so many days that have a backup.
    pub days: usize,
    /// The newest of each of so many weeks (ISO 8601, from Monday on) that have a backup.
    pub weeks: usize,
    /// The newest of each of so many months that have a backup.
    pub months: usize,
    /// The newest of each of so many years that have a backup.
    pub years: usize,
    /// The most bytes that all backups may take together. Beyond it the oldest are deleted, regardless of the rules
    /// above.
    pub bytes: Option<u64>,
}

impl Retention {
    /// The newest `last`, and nothing else.
    pub fn last(last: usize) -> Retention {
        Retention {
            last,
            days: 0,
            weeks: 0,
            months: 0,
            years: 0,
            bytes: None,
        }
    }
}

/// The schemas that the application understands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaSupport {
    /// The highest `PRAGMA user_version`.
    pub newest_user_version: Option<i64>,
    /// The revisions that Alembic's migrations lead to.
    pub alembic_heads: Vec<String>,
    /// Every other revision that the application's migrations know. Without them, a revision that is not a head counts
    /// as older.
    pub alembic_revisions: Vec<String>,
}

/// What people call the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableWords {
    /// The singular: `cliente`.
    pub one: String,
    /// The plural: `clientes`.
    pub many: String,
    /// The column that people know a row by.
    pub title: Option<String>,
}

/// What a store watches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// How many days old the newest verified backup may be.
    pub max_age_days: u32,
    /// How many days apart rehearsals should be; `None` asks for none. `create_if_due` does one that is due.
    pub rehearse_every_days: Option<u32>,
    /// How long `create_if_due` waits for that rehearsal. After that the rehearsal continues in the background while the process
    /// runs.
    pub rehearse_wait: Duration,
    /// The application's checks in that rehearsal: SQL whose first value is true when all is well.
    pub rehearse_checks: Vec<String>,
}

impl Default for Watch {
    fn default() -> Self {
        Watch {
            max_age_days: 2,
            rehearse_every_days: None,
            rehearse_wait: Duration::from_secs(1),
            rehearse_checks: vec![],
        }
    }
}

/// Another place to which every finished backup is copied, such as a USB stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondPlace {
    /// The folder.
    pub folder: PathBuf,
    /// How many of the newest backups stay there, at least 1.
    pub last: usize,
    /// Whether a backup without a copy there is an error.
    pub required: bool,
    /// How long a backup waits for its copy. After that the copy continues in the background while the process runs.
    pub wait: Duration,
}

impl SecondPlace {
    /// This folder, with the defaults of the contract.
    pub fn new(folder: impl Into<PathBuf>) -> SecondPlace {
        SecondPlace {
            folder: folder.into(),
            last: 60,
            required: false,
            wait: Duration::from_secs(30),
        }
    }
}

/// Where backups are archived: encrypted, in restic's format.
#[derive(Debug, Clone)]
pub struct Archive {
    /// The folder or server.
    pub place: ArchivePlace,
    /// How the server is reached: the keys of its service, such as `endpoint`, `bucket` and `secret_access_key`.
    pub options: BTreeMap<String, SecretString>,
    /// What it is encrypted with.
    pub password: Password,
    /// Which snapshots stay; `None` keeps all.
    pub retention: Option<Retention>,
    /// Whether finished backups go there by themselves.
    pub push: Push,
    /// How long a backup waits for that, for programs that end after it. After that it continues in the background while the process
    /// runs.
    pub wait: Duration,
}

/// The place of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivePlace {
    /// A folder, such as one on a USB stick or a network drive.
    Folder(PathBuf),
    /// A server of this service.
    Server(String),
}

impl ArchivePlace {
    /// The folder, if it is one.
    #[cfg_attr(not(feature = "archive"), allow(dead_code, reason = "only a repository needs it"))]
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            ArchivePlace::Folder(path) => Some(path),
            ArchivePlace::Server(_) => None,
        }
    }

    /// What errors call it.
    pub(crate) fn location(&self) -> PathBuf {
        match self {
            ArchivePlace::Folder(path) => path.clone(),
            ArchivePlace::Server(service) => PathBuf::from(format!("{SERVER}{service}")),
        }
    }
}

/// The services that a build with the archive reaches.
pub(crate) const SERVICES: [&str; 2] = ["s3", "webdav"];

/// What the name of a server's repository begins with.
pub(crate) const SERVER: &str = "opendal:";

/// Where the password of an archive comes from. A given one is cleared from memory when it is dropped.
#[derive(Debug, Clone)]
pub enum Password {
    /// This text.
    Text(SecretString),
    /// The first line of this file, which only its owner may read.
    File(PathBuf),
    /// The first line that this command of the system's shell writes.
    Command(String),
}

/// In pieces of which size a new archive stores backups, at multiples of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChunkSize {
    /// 4 KiB.
    Kib4,
    /// 16 KiB.
    #[default]
    Kib16,
    /// 64 KiB.
    Kib64,
    /// 256 KiB.
    Kib256,
    /// 1 MiB.
    Mib1,
}

impl ChunkSize {
    pub(crate) const ALL: [ChunkSize; 5] = [
        ChunkSize::Kib4,
        ChunkSize::Kib16,
        ChunkSize::Kib64,
        ChunkSize::Kib256,
        ChunkSize::Mib1,
    ];

    /// So many bytes.
    pub fn bytes(self) -> u64 {
        match self {
            ChunkSize::Kib4 => 4 << 10,
            ChunkSize::Kib16 => 16 << 10,
            ChunkSize::Kib64 => 64 << 10,
            ChunkSize::Kib256 => 256 << 10,
            ChunkSize::Mib1 => 1 << 20,
        }
    }
}

/// Whether finished backups go to the archive by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Push {
    /// Only when asked.
    #[default]
    WhenAsked,
    /// After each new backup, in the background.
    AfterCreate,
}
