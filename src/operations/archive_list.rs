//! Listing the archive's snapshots.

use serde::Serialize;

use crate::archive::snapshot::Snapshot;
use crate::clock;
use crate::database::contents::Contents;
use crate::report::error::Result;
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::ProgressFn;
use crate::store::Store;

/// The answer of [`Store::archive_list`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveListing {
    /// Newest first.
    pub snapshots: Vec<ArchivedBackup>,
    /// Bytes of all that the archive stores, also of other databases.
    pub stored_bytes: u64,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// A backup in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchivedBackup {
    /// The snapshot's identifier.
    pub snapshot: String,
    /// The time as people read it.
    pub display: String,
    /// The moment whose data it holds (RFC 3339).
    pub created_at: String,
    /// The backup's file name; of a snapshot that another program made, its file's.
    pub name: String,
    /// The file name of its database; `None` where another program made it.
    pub database: Option<String>,
    /// A name for people.
    pub label: Option<String>,
    /// What a person wrote about it.
    pub note: Option<String>,
    /// Never deleted.
    pub pinned: Option<bool>,
    /// Bytes of the backup.
    pub size: u64,
    /// The backup folder that it came from, without saying where that is.
    pub origin: String,
    /// Its tables and schema version.
    pub content: Option<Contents>,
}

impl Store {
    /// Lists the snapshots of this database, or with `include_others` all.
    pub fn archive_list(&self, include_others: bool, progress: ProgressFn<'_>) -> Result<ArchiveListing> {
        let location = self.archive_options()?.location();
        let (listed, stored_bytes) = self.with_archive(progress, |archive| {
            Ok((archive.list(self.zone)?, archive.stored_bytes()?))
        })?;
        let snapshots = listed.snapshots.into_iter();
        let shown = snapshots.filter(|snapshot| include_others || self.owns_snapshot(snapshot));
        let shown: Vec<Snapshot> = shown.collect();
        let mut notices = vec![];
        if listed.unreadable > 0 {
            notices.push(Notice::SnapshotsUnreadable(&location, listed.unreadable));
        }
        let now = self.now()?;
        if let Some(newest) = shown.first().filter(|newest| newest.created_at > now) {
            // It is what `latest` means.
            notices.push(Notice::ClockWentBackwards(&newest.name));
        }
        let warnings = notices
            .iter()
            .map(|notice| messages::warning(notice, self.language))
            .collect();
        Ok(ArchiveListing {
            snapshots: shown.into_iter().map(ArchivedBackup::from).collect(),
            stored_bytes,
            warnings,
        })
    }
}

impl From<Snapshot> for ArchivedBackup {
    fn from(snapshot: Snapshot) -> Self {
        let described = snapshot.description;
        let database = described.as_ref().map(|described| described.database.clone());
        let described = described.unwrap_or_default();
        ArchivedBackup {
            snapshot: snapshot.id,
            display: clock::display(&snapshot.created_at),
            created_at: clock::rfc3339(&snapshot.created_at),
            name: snapshot.name,
            database,
            label: described.label,
            note: described.note,
            pinned: described.pinned,
            size: snapshot.size,
            origin: snapshot.origin,
            content: described.content,
        }
    }
}
