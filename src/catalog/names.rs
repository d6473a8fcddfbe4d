//! The grammar of the file names that this library makes. Any other file in the backup folder belongs to the user.

use chrono::{NaiveDate, NaiveDateTime};

/// The time in a name: the wall clock in the configured zone, and a number within that second (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub local: NaiveDateTime,
    pub ordinal: u32,
}

/// The log of restores, in the backup folder.
pub(crate) const RESTORE_LOG: &str = "restores.jsonl";

/// The records of the backups, in the backup folder.
pub(crate) const CATALOGUE: &str = "catalog.json";

/// The known second places, in the backup folder.
pub(crate) const PLACES: &str = "second_place.json";

/// What is known of the archives, in the backup folder.
pub(crate) const ARCHIVES: &str = "archive.json";

/// The marker of a second place, in its folder.
pub(crate) const PLACE_MARKER: &str = "respaldo-place.json";

/// Whether the library keeps a file of this name in the backup folder.
pub(crate) fn is_own_file(name: &str) -> bool {
    [RESTORE_LOG, CATALOGUE, PLACES, PLACE_MARKER, ARCHIVES].contains(&name)
}

const SAFETY_MARK: &str = ".before_restore_";

/// `backup_20260304_142305.db`; the second backup of the same second is `backup_20260304_142305_2.db`.
pub(crate) fn backup(stamp: Stamp) -> String {
    format!("backup_{}.db", stamp.text())
}

/// Parses a backup's name; `None` when the whole name does not follow the grammar.
pub(crate) fn parse_backup(name: &str) -> Option<Stamp> {
    Stamp::parse(name.strip_prefix("backup_")?.strip_suffix(".db")?)
}

/// `recovered_20260304_142305.db`, with the same rule for a collision.
pub(crate) fn recovered(stamp: Stamp) -> String {
    format!("recovered_{}.db", stamp.text())
}

/// Parses the name of a recovered file; `None` when it does not follow the grammar.
pub(crate) fn parse_recovered(name: &str) -> Option<Stamp> {
    Stamp::parse(name.strip_prefix("recovered_")?.strip_suffix(".db")?)
}

/// `tattoostudio.db.before_restore_20260304_143012`, with the same rule for a collision.
pub(crate) fn safety(database_name: &str, stamp: Stamp) -> String {
    format!("{}{SAFETY_MARK}{}", beginning_of(database_name), stamp.text())
}

/// A database's name, cut so that the safety copy's name and its sidecars' fit into the 255 bytes of a file name.
fn beginning_of(database_name: &str) -> &str {
    const ROOM: usize = 255 - ".before_restore_20260304_143012_9999-journal".len();
    &database_name[..database_name.floor_char_boundary(ROOM)]
}

/// Parses a safety copy's name; `None` when it is not one of this database.
pub(crate) fn parse_safety(database_name: &str, name: &str) -> Option<Stamp> {
    let (beginning, stamp) = name.rsplit_once(SAFETY_MARK)?;
    let is_ours = |own: &str| {
        if cfg!(windows) {
            // Windows ignores the letter case of file names.
            beginning.to_lowercase() == own.to_lowercase()
        } else {
            beginning == own
        }
    };
    Stamp::parse(stamp).filter(|_| is_ours(database_name) || is_ours(beginning_of(database_name)))
}

impl Stamp {
    /// `20260304_142305`; the second of the same second is `20260304_142305_2`.
    pub fn text(self) -> String {
        let stamp = self.local.format("%Y%m%d_%H%M%S");
        if self.ordinal == 1 {
            stamp.to_string()
        } else {
            format!("{stamp}_{}", self.ordinal)
        }
    }

    /// Parses what [`text`](Stamp::text) writes.
    pub fn parse(text: &str) -> Option<Stamp> {
        if !text.is_ascii() || text.len() < 15 {
            return None;
        }
        let (stamp, suffix) = text.split_at(15);
        let (date, time) = stamp.split_once('_')?;
        if date.len() != 8 {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(
            i32::try_from(digits(&date[..4])?).ok()?,
            digits(&date[4..6])?,
            digits(&date[6..])?,
        )?;
        let local = date.and_hms_opt(digits(&time[..2])?, digits(&time[2..4])?, digits(&time[4..])?)?;
        Some(Stamp {
            local,
            ordinal: parse_ordinal(suffix)?,
        })
    }
}

/// An empty suffix is 1, `_2` is 2; `_1` and `_02` are not valid.
fn parse_ordinal(suffix: &str) -> Option<u32> {
    if suffix.is_empty() {
        return Some(1);
    }
    let number = suffix.strip_prefix('_')?;
    let ordinal = digits(number)?;
    (ordinal >= 2 && !number.starts_with('0')).then_some(ordinal)
}

/// A number made of digits only: `parse` alone would accept a sign.
fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in [
            "backup_20260304_142305.db",
            "backup_20260304_142305_2.db",
            "backup_20260304_142305_10.db",
        ] {
            let stamp = parse_backup(name).unwrap_or_else(|| panic!("{name} is ours"));
            assert_eq!(backup(stamp), name);
        }
        let name = "tattoostudio.db.before_restore_20260304_143012";
        let stamp = parse_safety("tattoostudio.db", name).expect("ours");
        assert_eq!(safety("tattoostudio.db", stamp), name);
    }

    #[test]
    fn only_the_whole_grammar_is_ours() {
        for name in [
            "backup_20260304_142305_1.db",
            "backup_20260304_142305_02.db",
            "backup_20260304_142305_.db",
            "backup_20260304_142305_+2.db",
            "backup_20260304_142305_99999999999.db",
            "backup_20260304_142305.db.bak",
            "backup_20260304_142305 (copia).db",
            "backup_20260304_1423.db",
            "backup_20261304_142305.db",
            "backup_20260230_142305.db",
            "backup_20260304_242305.db",
            "backup_20260304_142360.db",
            "backup_+2260304_142305.db",
            "backup_2026_0304142305.db",
            "Backup_20260304_142305.db",
            "mi_backup_20260304_142305.db",
            "backup_２０２６0304_142305.db",
            "backup_.db",
            "backup_20260304_142305",
        ] {
            assert_eq!(parse_backup(name), None, "{name}");
        }
        assert_eq!(
            parse_safety("otra.db", "tattoostudio.db.before_restore_20260304_143012"),
            None
        );
        assert_eq!(parse_safety("t.db", "t.db.before_restore_20260304_143012-wal"), None);
    }
}
