//! A backup as callers see it.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::catalog::record::{Made, Record, State};
use crate::catalog::whose::Whose;
use crate::clock::{self, Moment};
use crate::database::contents::Contents;
use crate::report::messages::Warning;

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
    /// The time in the name. For a renamed file, its modification time.
    #[serde(serialize_with = "as_rfc3339")]
    pub created_at: Moment,
    /// What kind of backup the file is.
    pub kind: Kind,
    /// The cheap check: the header is present and the file at least as long as it states. `None` for a file that is not
    /// on this computer, because reading it would download it.
    pub intact: Option<bool>,
    /// Of a backup that the last verification found damaged: whether no row is lost, and `REINDEX` heals it. `None` where nothing is
    /// known.
    pub repairable: Option<bool>,
    /// A name for people. This field and those below come from the catalogue, and are `None` where it has no value.
    pub label: Option<String>,
    /// What a person wrote about it.
    pub note: Option<String>,
    /// Never deleted.
    pub pinned: Option<bool>,
    /// What made it.
    pub made: Option<Made>,
    /// When a verification last found it whole (RFC 3339), if the file is unchanged since.
    pub verified_at: Option<String>,
    /// When it was last rehearsed (RFC 3339), if the file is unchanged since.
    pub rehearsed_at: Option<String>,
    /// The file name of the database that it is a backup of.
    pub database: Option<String>,
    /// Its tables and schema version.
    pub content: Option<Contents>,
    /// The snapshot of the archive that it is, if it is one; then there is no file at `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    #[serde(skip)]
    pub(crate) ordinal: u32,
    /// The size and modification time of the file now.
    #[serde(skip)]
    pub(crate) state: Option<State>,
    /// Whether its last verification found it whole, if the file is unchanged since.
    #[serde(skip)]
    pub(crate) known_whole: Option<bool>,
    /// The hash that a snapshot of the archive was stored with.
    #[serde(skip)]
    pub(crate) stored_hash: Option<blake3::Hash>,
    /// Its record in the catalogue. The fields above are already taken out of it.
    #[serde(skip)]
    pub(crate) record: Option<Box<Record>>,
    #[serde(skip)]
    pub(crate) whose: Whose,
    /// A person has confirmed that the rows it lacks were deleted on purpose.
    #[serde(skip)]
    pub(crate) confirmed: bool,
    /// The size or modification time of the file differs from its record.
    #[serde(skip)]
    pub(crate) was_changed: bool,
    /// Its last rehearsal failed.
    #[serde(skip)]
    pub(crate) rehearsal_failed: bool,
}

/// What kind of backup a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Made by the library, under the name it gave; retention applies.
    Backup,
    /// Renamed, or put there by a person; never deleted.
    Preserved,
    /// The database as it was before a restore; never deleted.
    Safety,
    /// The rows salvaged from a damaged database; never deleted.
    Recovered,
    /// A backup of another database; neither counted nor deleted.
    Other,
    /// A snapshot of the archive.
    Snapshot,
}

/// The answer of [`Store::list`](crate::store::Store::list).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Newest first.
    pub backups: Vec<Backup>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

impl Backup {
    /// Whether its time is the time of its contents. A file that a person copied into the folder has the time of that
    /// copy.
    pub(crate) fn was_made_here(&self) -> bool {
        self.kind == Kind::Backup || (self.kind == Kind::Preserved && self.database.is_some())
    }

    pub(crate) fn set_whose(&mut self, whose: Whose) {
        self.whose = whose;
        if whose == Whose::Other {
            self.kind = Kind::Other;
        }
    }

    /// The hash of its contents, if the file is unchanged since it was taken.
    pub(crate) fn hash(&self) -> Option<blake3::Hash> {
        let of_file = || {
            let record = self.record.as_ref()?;
            (self.state.is_some() && self.state == record.state()).then_some(())?;
            record.hash()
        };
        self.stored_hash.or_else(of_file)
    }

    /// Whether its last verification found it whole. Without one, whether its header fits its length.
    pub(crate) fn may_be_whole(&self) -> bool {
        self.known_whole.unwrap_or(self.intact != Some(false))
    }
}

/// Sorts the newest first. Only the keys move while sorting, because a `Backup` is large.
pub(crate) fn newest_first(backups: &mut [Backup]) {
    let key = |place: usize| (backups[place].created_at, backups[place].ordinal);
    let mut order: Vec<_> = (0..backups.len()).map(|place| (key(place), place)).collect();
    order.sort_by(|(a, a_place), (b, b_place)| {
        let by_name = || backups[*b_place].name.cmp(&backups[*a_place].name);
        b.cmp(a).then_with(by_name)
    });
    for place in 0..order.len() {
        let mut from = order[place].1;
        // An exchange before this one has moved it.
        while from < place {
            from = order[from].1;
        }
        backups.swap(place, from);
    }
}

/// Inserts a backup into a list that is newest first.
pub(crate) fn insert_newest_first(backups: &mut Vec<Backup>, backup: Backup) {
    let key = |backup: &Backup| (backup.created_at, backup.ordinal);
    let place = backups.partition_point(|other| (key(other), &other.name) > (key(&backup), &backup.name));
    backups.insert(place, backup);
}

fn as_rfc3339<S: Serializer>(moment: &Moment, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&clock::rfc3339(moment))
}
