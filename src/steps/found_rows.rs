//! The rows that a search has found: each version of a row once, with the backups that have it.

use std::collections::{HashMap, HashSet};

use crate::database::row_table::RowTable;
use crate::steps::single_row::RowVersion;

/// A version of a row.
pub(crate) struct Found {
    pub table: String,
    pub title: Option<String>,
    pub version: RowVersion,
    /// The newest and the oldest backup that have it, and how many do. Backups are counted from the newest.
    pub newest: usize,
    pub oldest: usize,
    pub backups: u64,
    rowid: i64,
}

/// The number of a row among those found.
pub(crate) type RowNumber = u32;

/// The rows found so far, at most a number that the caller asks for.
pub(crate) struct FoundRows {
    most: usize,
    rows: Vec<Found>,
    by_identity: HashMap<blake3::Hash, RowNumber>,
    /// Tables and keys of the rows.
    keys: HashSet<(String, Vec<u8>)>,
    /// Whether a row was left out.
    pub left_out: bool,
}

impl FoundRows {
    pub fn new(most: usize) -> FoundRows {
        FoundRows {
            most,
            rows: Vec::new(),
            by_identity: HashMap::new(),
            keys: HashSet::new(),
            left_out: false,
        }
    }

    /// Whether a row with this key can be of use. When no more rows are kept, only versions that are known are.
    pub fn wants(&mut self, table: &RowTable, key: &[u8]) -> bool {
        let wanted = self.rows.len() < self.most || self.keys.contains(&place(table, key));
        self.left_out |= !wanted;
        wanted
    }

    /// Adds a row that a backup has. `None` when it is not kept.
    pub fn add(
        &mut self,
        table: &RowTable,
        (key, rowid): (&[u8], i64),
        version: RowVersion,
        title: impl FnOnce(&RowVersion) -> Option<String>,
        backup: usize,
    ) -> Option<RowNumber> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(table.name.to_ascii_lowercase().as_bytes());
        hasher.update(version.identity().as_bytes());
        let identity = hasher.finalize();
        if let Some(known) = self.by_identity.get(&identity).copied() {
            self.seen(known, backup);
            return Some(known);
        }
        let number = RowNumber::try_from(self.rows.len()).ok();
        let Some(number) = number.filter(|_| self.rows.len() < self.most) else {
            self.left_out = true;
            return None;
        };
        self.by_identity.insert(identity, number);
        self.keys.insert(place(table, key));
        self.rows.push(Found {
            table: table.name.clone(),
            title: title(&version),
            version,
            newest: backup,
            oldest: backup,
            backups: 1,
            rowid,
        });
        Some(number)
    }

    /// Notes that a backup has a row that is known.
    pub fn seen(&mut self, number: RowNumber, backup: usize) {
        if let Some(row) = self.rows.get_mut(number as usize)
            && row.oldest != backup
        {
            row.oldest = backup;
            row.backups += 1;
        }
    }

    /// The rows of the newest backups first, and by table and key.
    pub fn in_order(self) -> Vec<Found> {
        let mut rows = self.rows;
        rows.sort_by(|one, other| (one.newest, &one.table, one.rowid).cmp(&(other.newest, &other.table, other.rowid)));
        rows
    }
}

fn place(table: &RowTable, key: &[u8]) -> (String, Vec<u8>) {
    (table.name.to_ascii_lowercase(), key.to_vec())
}
