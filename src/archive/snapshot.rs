//! A snapshot of the archive, as it is listed.

use crate::archive::description::Description;
use crate::clock::Moment;

/// A snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The moment whose data it holds.
    pub created_at: Moment,
    /// The name of the backup; of a snapshot that another program made, that of its file.
    pub name: String,
    /// Bytes of the backup.
    pub size: u64,
    /// What this library wrote of it; `None` where another program made it.
    pub description: Option<Description>,
    /// Which backup folder it came from.
    pub origin: String,
}

/// The snapshots, newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listed {
    pub snapshots: Vec<Snapshot>,
    /// How many could not be read.
    pub unreadable: usize,
}

/// A stored backup.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    pub snapshot: String,
    /// Bytes written to the archive.
    pub added_bytes: u64,
    /// Bytes of the backup.
    pub total_bytes: u64,
}

/// What removing snapshots gave back.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reclaimed {
    /// Bytes that no snapshot needs any more.
    pub freed_bytes: u64,
}
