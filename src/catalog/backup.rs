//! A backup as callers see it.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::clock::{self, Moment};
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
    /// The time in the name; a renamed file's is its modification time.
    #[serde(serialize_with = "as_rfc3339")]
    pub created_at: Moment,
    /// Who named it, and for what.
    pub kind: Kind,
    /// The cheap check: the header is present and the file at least as long as it states. `None` of a file that is not on this
    /// computer, because reading it would download it.
    pub intact: Option<bool>,
    #[serde(skip)]
    pub(crate) ordinal: u32,
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

/// The answer of [`Store::list`](crate::store::Store::list).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Newest first.
    pub backups: Vec<Backup>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

impl Backup {
    /// Nothing is known against it.
    pub(crate) fn may_be_whole(&self) -> bool {
        self.intact != Some(false)
    }
}

pub(crate) fn newest_first(backups: &mut [Backup]) {
    backups.sort_by(|a, b| (b.created_at, b.ordinal, &b.name).cmp(&(a.created_at, a.ordinal, &a.name)));
}

fn as_rfc3339<S: Serializer>(moment: &Moment, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&clock::rfc3339(moment))
}
