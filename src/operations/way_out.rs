//! Of damage that may lose rows: the last good backup, and how many rows lie between. Nothing is looked for unless there is damage.

use std::fs;

use crate::database::connection;
use crate::database::contents::count_rows;
use crate::files::paths::same_file;
use crate::report::damage::LastGood;
use crate::report::error::{Cause, Error};
use crate::store::Store;

/// In a database up to this size the rows are counted; the check that found the damage has read it too.
const MAX_BYTES_TO_COUNT: u64 = 1 << 28;

impl Store {
    /// Adds the last good backup to an error that a database or a backup is damaged. Any other error is returned as it is.
    ///
    /// The C functions do this with every error.
    #[must_use]
    pub fn point_to_salvage(&self, mut error: Error) -> Error {
        let path = error.path.clone();
        let (damage, is_live) = match &mut error.cause {
            Cause::DatabaseCorrupt(damage) => (damage, true),
            Cause::BackupCorrupt(damage) => (damage, false),
            _ => return error,
        };
        if damage.may_lose_rows()
            && let Ok(folder) = self.read_folder()
        {
            let is_damaged = |candidate| path.as_deref().is_some_and(|path| same_file(candidate, path));
            let known = folder.own().filter(|backup| backup.known_whole == Some(true));
            let mut known = known.filter(|backup| !is_damaged(&backup.path));
            damage.last_good = known.next().map(|newest| {
                let rows = if is_live {
                    self.count_live_rows()
                } else {
                    let of = folder.own().find(|backup| is_damaged(&backup.path));
                    let tables = of.and_then(|backup| backup.content.as_ref()?.tables.clone());
                    tables.map(|tables| tables.into_iter().collect())
                };
                let before = newest.content.as_ref().and_then(|content| content.tables.as_ref());
                let more = rows.zip(before).map(|(rows, before)| {
                    let more = rows.iter().map(|(table, rows)| {
                        let before = before.get(table).copied().unwrap_or(0);
                        rows.saturating_sub(before)
                    });
                    more.sum()
                });
                Box::new(LastGood {
                    display: newest.display.clone(),
                    rows_since: more,
                })
            });
        }
        error
    }

    /// The rows of each table of the damaged database, if SQLite can count them.
    fn count_live_rows(&self) -> Option<Vec<(String, u64)>> {
        let size = fs::metadata(&self.database).ok()?.len();
        let connection = connection::hold_for_reading(&self.database, self.busy_timeout)?;
        (size <= MAX_BYTES_TO_COUNT).then(|| count_rows(&connection)).flatten()
    }
}
