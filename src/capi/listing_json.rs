//! The JSON of a listing. Two threads write a long one, a half each.

use std::mem;
use std::sync::{Mutex, PoisonError};

use crate::beside::beside;
use crate::catalog::backup::{Backup, Listing};

/// The least number of backups for which a second thread is faster.
const WORTH_TWO: usize = 500;

/// The usual length of a backup in bytes.
const USUAL_LENGTH: usize = 512;

/// As `serde_json::to_string` writes it.
pub(super) fn to_json(listing: Listing) -> serde_json::Result<String> {
    let Listing { mut backups, warnings } = listing;
    if backups.len() < WORTH_TWO {
        return serde_json::to_string(&Listing { backups, warnings });
    }
    let later = Mutex::new(backups.split_off(backups.len() / 2));
    let write_later = || {
        let backups = mem::take(&mut *later.lock().unwrap_or_else(PoisonError::into_inner));
        array_after("", backups, 1)
    };
    let write_first = || array_after(r#"{"backups":"#, backups, 2);
    let (first, second) = beside("respaldo-json", true, write_first, write_later);
    let (mut json, second) = (first?, second?);
    let warnings = serde_json::to_string(&warnings)?;
    json.pop(); // the first array goes on
    json.push(',');
    json.push_str(second.strip_prefix('[').unwrap_or(&second));
    json.push_str(r#","warnings":"#);
    json.push_str(&warnings);
    json.push('}');
    Ok(json)
}

/// The backups as an array, after a beginning, with room for `parts` like it. Drops them: with so many, that takes a while
/// too.
fn array_after(beginning: &str, backups: Vec<Backup>, parts: usize) -> serde_json::Result<String> {
    let mut json = Vec::with_capacity(backups.len() * parts * USUAL_LENGTH);
    json.extend_from_slice(beginning.as_bytes());
    serde_json::to_writer(&mut json, &backups)?;
    String::from_utf8(json).map_err(serde::ser::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Options, Store};

    #[test]
    fn two_threads_write_what_one_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let backups = folder.path().join("backups");
        fs::create_dir(&backups).expect("made");
        let store = Store::open(Options::new(folder.path().join("studio.db"))).expect("valid options");
        for count in [WORTH_TWO - 1, WORTH_TWO, WORTH_TWO + 1] {
            for number in 0..count {
                fs::write(backups.join(format!("copia ñ {number}.db")), "x").expect("written");
            }
            let listing = store.list(false).expect("listed");
            assert_eq!(listing.backups.len(), count);
            let by_one = serde_json::to_string(&listing).expect("written");
            assert_eq!(to_json(listing).expect("written"), by_one);
        }
    }
}
