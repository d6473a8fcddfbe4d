//! Room for backups: the free space, and how long it lasts.

use std::collections::VecDeque;
use std::path::Path;

use crate::clock::Moment;

/// Days of the forecast.
const FORECAST_DAYS: u64 = 30;
/// Backups that span fewer days show no growth.
const MIN_SPAN_DAYS: i64 = 7;

/// The bytes free for this user on the disk of `folder`, which need not exist.
pub(crate) fn free(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|ancestor| ancestor.exists())?;
    fs4::available_space(there).ok()
}

/// The days until a backup no longer fits, if that is within the forecast. Assumes one backup a day, growth as before, and
/// retention of the newest `last`. `backups` are in order of creation, the oldest first.
pub(crate) fn days_until_full(backups: &[(Moment, u64)], last: usize, free: u64, now: &Moment) -> Option<u64> {
    let ((oldest_at, oldest), (newest_at, newest)) = (backups.first()?, backups.last()?);
    let days = (*newest_at - *oldest_at).num_days();
    let growth = if days < MIN_SPAN_DAYS || *newest_at > *now {
        0
    } else {
        newest.saturating_sub(*oldest) / days.unsigned_abs()
    };
    let mut kept: VecDeque<u64> = backups.iter().map(|(_, size)| *size).collect();
    let (mut free, mut size) = (free, *newest);
    for day in 1..=FORECAST_DAYS {
        size = size.saturating_add(growth);
        if size > free {
            return Some(day);
        }
        free -= size;
        kept.push_back(size);
        while kept.len() > last {
            free = free.saturating_add(kept.pop_front().unwrap_or(0));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};

    fn backups(sizes: &[u64]) -> (Vec<(Moment, u64)>, Moment) {
        let zone = chrono_tz::America::Hermosillo;
        let first = zone.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).single().expect("a time");
        let days = (0..).map(|day| first + TimeDelta::days(day));
        let backups: Vec<(Moment, u64)> = days.zip(sizes.iter().copied()).collect();
        let now = backups.last().map_or(first, |(at, _)| *at);
        (backups, now)
    }

    #[test]
    fn a_folder_that_is_full_by_its_number_stays_as_it_is() {
        let (backups, now) = backups(&[100; 20]);
        assert_eq!(days_until_full(&backups, 20, 150, &now), None);
        assert_eq!(days_until_full(&backups, 25, 350, &now), Some(4));
    }

    #[test]
    fn growth_is_foreseen() {
        let sizes: Vec<u64> = (0..20).map(|day| 100 + 10 * day).collect();
        let (backups, now) = backups(&sizes);
        // Each day takes 10 more for the newest, and gives back what the oldest had: 200 a day.
        assert_eq!(days_until_full(&backups, 20, 1_000, &now), Some(5));
        assert_eq!(days_until_full(&backups, 20, 1_000_000, &now), None);
        assert_eq!(days_until_full(&[], 20, 0, &now), None);
    }
}
