//! The names that were given to backups. None is given twice, even when the clock stands still or goes back and the
//! file with that name is gone.
//!
//! The highest number of each second that had a backup is kept. Beyond [`MOST_SECONDS`], the oldest seconds are merged
//! into one entry with the highest of their numbers.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use crate::catalog::names::Stamp;

/// Seconds that are kept separately: a backup a day for a year.
const MOST_SECONDS: usize = 366;

/// The names that were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GivenNames {
    highest: BTreeMap<NaiveDateTime, u32>,
    /// The latest of the merged seconds, and the highest of their numbers.
    older: Option<Stamp>,
}

impl GivenNames {
    /// From their stamps in the catalogue. Text that is no stamp is skipped.
    pub fn from_texts<'a>(names: impl IntoIterator<Item = &'a str>, older: Option<&str>) -> GivenNames {
        let mut given = GivenNames {
            highest: BTreeMap::new(),
            older: older.and_then(Stamp::parse),
        };
        names
            .into_iter()
            .filter_map(Stamp::parse)
            .for_each(|stamp| given.add(stamp));
        given
    }

    /// Adds a name. It replaces a lower number of the same second.
    pub fn add(&mut self, stamp: Stamp) {
        let highest = self.highest.entry(stamp.local).or_insert(0);
        *highest = stamp.ordinal.max(*highest);
        if self.highest.len() > MOST_SECONDS
            && let Some((local, ordinal)) = self.highest.pop_first()
        {
            self.older = Some(Stamp {
                local: self.older.map_or(local, |older| older.local.max(local)),
                ordinal: self.older.map_or(ordinal, |older| older.ordinal.max(ordinal)),
            });
        }
    }

    /// The highest number given in this second, or a higher one where seconds were merged; 0 if none was given.
    pub fn highest(&self, local: NaiveDateTime) -> u32 {
        let older = self.older.filter(|older| local <= older.local);
        let kept = self.highest.get(&local).copied();
        kept.unwrap_or(0).max(older.map_or(0, |older| older.ordinal))
    }

    /// The stamps as the catalogue holds them: the highest of each second that is kept, and the entry of the merged
    /// ones.
    pub fn texts(&self) -> (Vec<String>, Option<String>) {
        let stamps = self.highest.iter();
        let names = stamps.map(|(local, ordinal)| {
            let (local, ordinal) = (*local, *ordinal);
            Stamp { local, ordinal }.text()
        });
        (names.collect(), self.older.map(Stamp::text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(text: &str) -> Stamp {
        Stamp::parse(text).expect("a stamp")
    }

    #[test]
    fn the_highest_number_of_a_second_counts_whatever_the_order() {
        let mut given = GivenNames::default();
        for text in [
            "20260304_142305",
            "20260304_142305_3",
            "20260304_142305_2",
            "20260304_142306",
        ] {
            given.add(stamp(text));
        }
        assert_eq!(given.highest(stamp("20260304_142305").local), 3);
        assert_eq!(given.highest(stamp("20260304_142306").local), 1);
        assert_eq!(given.highest(stamp("20260304_142307").local), 0);
    }

    #[test]
    fn a_second_that_is_not_kept_any_more_is_still_not_given_again() {
        let mut given = GivenNames::default();
        given.add(stamp("20200101_000000_7"));
        let first_day = stamp("20210101_000000").local;
        for day in 0..2 * MOST_SECONDS {
            let local = first_day + chrono::TimeDelta::days(i64::try_from(day).expect("small"));
            given.add(Stamp { local, ordinal: 1 });
        }
        let (names, older) = given.texts();
        assert_eq!(names.len(), MOST_SECONDS);
        let again = GivenNames::from_texts(names.iter().map(String::as_str), older.as_deref());
        assert_eq!(again, given);
        for (local, expected) in [(stamp("20200101_000000").local, 7), (first_day, 7)] {
            assert_eq!(given.highest(local), expected);
        }
        assert_eq!(given.highest(stamp("20300101_000000").local), 0);
    }

    #[test]
    fn what_is_no_stamp_is_passed_over() {
        let given = GivenNames::from_texts(["", "../x", "20260230_000000", "20260304_142305_4294967295"], Some("x"));
        assert_eq!(given.texts(), (vec!["20260304_142305_4294967295".to_owned()], None));
    }
}
