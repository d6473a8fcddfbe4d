//! The snapshots of this database that a search reads, as backups.

use std::collections::HashSet;

use crate::archive::reader::ArchiveReader;
use crate::archive::snapshot::Snapshot;
use crate::catalog::backup::{Backup, Kind};
use crate::catalog::whose::Whose;
use crate::clock;
use crate::report::messages::{self, Notice, Warning};
use crate::store::Store;

impl Store {
    /// The snapshots of this database whose backups are not among `known`, each contents under one name once.
    pub(crate) fn archived_backups(&self, archive: &ArchiveReader, known: &[Backup]) -> Vec<Backup> {
        let mut seen = HashSet::new();
        let own = archive.listed.snapshots.iter().filter(|one| self.owns_snapshot(one));
        let missing = own.filter(|one| !known.iter().any(|backup| is_of(one, backup)));
        let once = missing.filter(|one| match hash(one) {
            Some(hash) => seen.insert((one.name.clone(), hash)),
            None => true,
        });
        once.map(|one| as_backup(one, archive)).collect()
    }

    /// What keeps some of its snapshots from being read.
    pub(crate) fn archive_warning(&self, archive: &ArchiveReader) -> Option<Warning> {
        let unreadable = Some(archive.listed.unreadable).filter(|count| *count > 0)?;
        let notice = Notice::SnapshotsUnreadable(&archive.location, unreadable);
        Some(messages::warning(&notice, self.language))
    }
}

fn hash(snapshot: &Snapshot) -> Option<blake3::Hash> {
    snapshot.description.as_ref()?.hash()
}

/// Whether a snapshot is of this backup: another computer may have given the same name.
fn is_of(snapshot: &Snapshot, backup: &Backup) -> bool {
    let has_its_contents = match (hash(snapshot), backup.hash()) {
        (Some(stored), Some(here)) => stored == here,
        _ => snapshot.size == backup.size,
    };
    snapshot.name == backup.name && has_its_contents
}

fn as_backup(snapshot: &Snapshot, archive: &ArchiveReader) -> Backup {
    let described = snapshot.description.clone().unwrap_or_default();
    Backup {
        name: snapshot.name.clone(),
        display: clock::display(&snapshot.created_at),
        size: snapshot.size,
        path: archive.location.join(&snapshot.id),
        created_at: snapshot.created_at,
        kind: Kind::Snapshot,
        intact: None,
        repairable: None,
        label: described.label,
        note: described.note,
        pinned: described.pinned,
        made: described.made,
        verified_at: None,
        rehearsed_at: None,
        database: snapshot
            .description
            .as_ref()
            .map(|described| described.database.clone()),
        content: described.content,
        snapshot: Some(snapshot.id.clone()),
        ordinal: 1,
        state: None,
        known_whole: None,
        stored_hash: hash(snapshot),
        record: None,
        whose: Whose::Own,
        confirmed: false,
        was_changed: false,
        rehearsal_failed: false,
    }
}
