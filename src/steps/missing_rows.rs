//! How many rows of a backup a salvaged file lacks, by their keys.

use crate::database::contents::count_rows;
use crate::database::row_table::{RowKey, RowTable};
use crate::report::error::{Cause, Result};
use crate::steps::row_differences::{self, Meter, Side};
use crate::steps::snapshot::Source;

/// The rows of each of the backup's tables whose key the salvaged file lacks. Of a table without a common key, how many rows it has
/// fewer; of one that cannot be read in order, nothing.
pub(crate) fn of_backup(salvaged: &Source, backup: &Source, meter: &mut Meter<'_, '_>) -> Result<Vec<(String, u64)>> {
    let read = |source: &Source| {
        RowTable::read_all(&source.connection).map_err(|error| row_differences::failed(source, &error))
    };
    let (ours, theirs) = (read(salvaged)?, read(backup)?);
    let counted = |source: &Source| count_rows(&source.connection).unwrap_or_default();
    let (our_rows, their_rows) = (counted(salvaged), counted(backup));
    let rows = |of: &[(String, u64)], table: &str| of.iter().find(|(name, _)| name == table).map(|(_, rows)| *rows);
    let mut missing = Vec::new();
    for there in theirs.iter().filter(|table| !table.is_shadow) {
        let Some(here) = ours.iter().find(|table| table.name.eq_ignore_ascii_case(&there.name)) else {
            continue;
        };
        let has_key = !matches!(there.key, RowKey::None);
        let lacking = if has_key && here.key.is_like(&there.key) {
            let side = |source, table| Side {
                source,
                table,
                columns: vec![],
            };
            match row_differences::merge(&side(salvaged, here), &side(backup, there), None, 0, meter) {
                Ok(tally) => tally.only_there,
                Err(error) if matches!(error.cause, Cause::BackupCorrupt(_) | Cause::DatabaseCorrupt(_)) => continue,
                Err(error) => return Err(error),
            }
        } else {
            let (Some(here), Some(there)) = (rows(&our_rows, &here.name), rows(&their_rows, &there.name)) else {
                continue;
            };
            there.saturating_sub(here)
        };
        missing.push((here.name.clone(), lacking));
    }
    Ok(missing)
}
