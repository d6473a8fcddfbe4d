//! Which backups stay: one pure function of the backups, the policy and the clock.
//!
//! A period (a day, a week, ...) counts only if it has a backup, so a machine that was off for a month loses nothing. The newest
//! backup of a period stands for it. The rules are those of restic's `forget`:
//! <https://restic.readthedocs.io/en/stable/060_forget.html>.

use std::collections::HashSet;
use std::hash::Hash;

use chrono::Datelike;
use serde::Serialize;

use crate::clock::Moment;
use crate::options::Retention;

/// The facts of one backup that decide whether it stays.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub created_at: Moment,
    pub size: u64,
    /// Why it stays regardless of the policy, if it does.
    pub protected: Option<Reason>,
    /// Whether it is whole, so that it can be restored.
    pub whole: bool,
}

/// Why a backup stays or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One of the newest.
    WithinLimit,
    /// The newest of its day.
    LastOfDay,
    /// The newest of its week.
    LastOfWeek,
    /// The newest of its month.
    LastOfMonth,
    /// The newest of its year.
    LastOfYear,
    /// The newest whole one, which stays regardless of the policy.
    NewestGood,
    /// Just made.
    JustMade,
    /// Pinned.
    Pinned,
    /// Dated after the clock, and therefore not judged.
    DatedInFuture,
    /// Renamed, or not made by the library.
    Preserved,
    /// Of another database.
    OtherDatabase,
    /// A table lost most of its rows, and no person has confirmed that this is right.
    HeldBack,
    /// No rule of the policy keeps it.
    OverLimit,
    /// All backups together would exceed the byte limit.
    OverBytes,
}

impl Reason {
    /// Whether a backup with this reason stays.
    pub fn keeps(self) -> bool {
        !matches!(self, Reason::OverLimit | Reason::OverBytes)
    }
}

/// The reason for each of `candidates`, which are sorted newest first.
pub(crate) fn decide(candidates: &[Candidate], policy: &Retention, now: &Moment) -> Vec<Reason> {
    let newest_whole = candidates
        .iter()
        .position(|candidate| candidate.whole && candidate.created_at <= *now && may_be_newest_whole(candidate));
    let mut quotas = Quotas::new(policy);
    let mut reasons: Vec<Reason> = candidates
        .iter()
        .enumerate()
        .map(|(place, candidate)| match candidate.protected {
            // A pinned or just made backup also fills the quotas of its periods.
            Some(reason) => {
                if reason == Reason::Pinned || reason == Reason::JustMade {
                    quotas.reason_for(&candidate.created_at);
                }
                reason
            }
            None if candidate.created_at > *now => Reason::DatedInFuture,
            None => match quotas.reason_for(&candidate.created_at) {
                Some(reason) => reason,
                None if newest_whole == Some(place) => Reason::NewestGood,
                None => Reason::OverLimit,
            },
        })
        .collect();
    if let Some(most) = policy.bytes {
        apply_byte_limit(candidates, &mut reasons, newest_whole, most);
    }
    reasons
}

/// Whether a backup can be the newest whole one. A renamed backup, or one of another database, cannot.
fn may_be_newest_whole(candidate: &Candidate) -> bool {
    !matches!(candidate.protected, Some(Reason::Preserved | Reason::OtherDatabase))
}

/// Drops the oldest backups until the rest takes at most `most` bytes. Protected backups count towards the limit, and
/// stay.
fn apply_byte_limit(candidates: &[Candidate], reasons: &mut [Reason], newest_whole: Option<usize>, most: u64) {
    let counts = |reason: &Reason| reason.keeps() && !matches!(reason, Reason::Preserved | Reason::OtherDatabase);
    let kept = candidates.iter().zip(&*reasons).filter(|(_, reason)| counts(reason));
    let mut total: u64 = kept.fold(0, |sum, (candidate, _)| sum.saturating_add(candidate.size));
    for (place, candidate) in candidates.iter().enumerate().rev() {
        let may_go = candidate.protected.is_none() && counts(&reasons[place]) && newest_whole != Some(place);
        if total > most && may_go && reasons[place] != Reason::DatedInFuture {
            reasons[place] = Reason::OverBytes;
            total -= candidate.size;
        }
    }
}

/// What is left of each quota of the policy, while the backups are visited from the newest on.
struct Quotas {
    last: usize,
    days: Periods<(i32, u32)>,
    weeks: Periods<(i32, u32)>,
    months: Periods<(i32, u32)>,
    years: Periods<i32>,
}

impl Quotas {
    fn new(policy: &Retention) -> Quotas {
        Quotas {
            last: policy.last,
            days: Periods::at_most(policy.days),
            weeks: Periods::at_most(policy.weeks),
            months: Periods::at_most(policy.months),
            years: Periods::at_most(policy.years),
        }
    }

    /// Why the next older backup stays, if it does. It counts towards each of its periods.
    fn reason_for(&mut self, at: &Moment) -> Option<Reason> {
        let is_last = self.last > 0;
        self.last = self.last.saturating_sub(1);
        let week = at.iso_week();
        let reasons = [
            is_last.then_some(Reason::WithinLimit),
            self.days.add((at.year(), at.ordinal())).then_some(Reason::LastOfDay),
            self.weeks.add((week.year(), week.week())).then_some(Reason::LastOfWeek),
            self.months.add((at.year(), at.month())).then_some(Reason::LastOfMonth),
            self.years.add(at.year()).then_some(Reason::LastOfYear),
        ];
        reasons.into_iter().flatten().next()
    }
}

/// The newest `most` periods that have a backup.
struct Periods<P> {
    most: usize,
    seen: HashSet<P>,
}

impl<P: Eq + Hash> Periods<P> {
    fn at_most(most: usize) -> Periods<P> {
        let seen = HashSet::new();
        Periods { most, seen }
    }

    /// Adds a period. Returns whether it is new and within the limit. After a clock change, a period can occur again.
    fn add(&mut self, period: P) -> bool {
        self.seen.len() < self.most && self.seen.insert(period)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};
    use proptest::prelude::*;

    const ZONE: chrono_tz::Tz = chrono_tz::America::Hermosillo;

    fn at(text: &str) -> Moment {
        let utc = chrono::DateTime::parse_from_rfc3339(text).expect("a time");
        utc.with_timezone(&ZONE)
    }

    fn backup(created_at: Moment) -> Candidate {
        Candidate {
            created_at,
            size: 10,
            protected: None,
            whole: true,
        }
    }

    /// One backup at noon of each of the days before `now`, newest first.
    fn daily(days: i64, now: Moment) -> Vec<Candidate> {
        (0..days).map(|day| backup(now - TimeDelta::days(day))).collect()
    }

    fn kept(reasons: &[Reason]) -> usize {
        reasons.iter().filter(|reason| reason.keeps()).count()
    }

    #[test]
    fn days_weeks_months_and_years_each_keep_their_newest() {
        let now = at("2026-11-26T12:00:00-07:00"); // a Thursday
        let policy = Retention {
            days: 2,
            weeks: 3,
            months: 2,
            years: 2,
            ..Retention::last(1)
        };
        let reasons = decide(&daily(400, now), &policy, &now);
        let stays: Vec<(usize, Reason)> = reasons
            .into_iter()
            .enumerate()
            .filter(|(_, reason)| reason.keeps())
            .collect();
        assert_eq!(
            stays,
            [
                (0, Reason::WithinLimit),  // today, which stands for its week, month and year too
                (1, Reason::LastOfDay),    // Wednesday
                (4, Reason::LastOfWeek),   // Sunday
                (11, Reason::LastOfWeek),  // the Sunday before
                (26, Reason::LastOfMonth), // 31 October
                (330, Reason::LastOfYear), // 31 December 2025
            ]
        );
    }

    #[test]
    fn a_period_without_a_backup_does_not_count() {
        let now = at("2026-11-26T12:00:00-07:00");
        let policy = Retention {
            days: 3,
            ..Retention::last(1)
        };
        let days_ago = [200, 201, 202, 203];
        let backups: Vec<Candidate> = days_ago
            .iter()
            .map(|days| backup(now - TimeDelta::days(*days)))
            .collect();
        let reasons = decide(&backups, &policy, &now);
        assert_eq!(kept(&reasons), 3, "{reasons:?}");
    }

    #[test]
    fn room_is_freed_from_the_oldest_on_but_never_the_newest_whole_one() {
        let now = at("2026-11-26T12:00:00-07:00");
        let mut backups = daily(5, now);
        backups[0].whole = false;
        backups[1].whole = false;
        let policy = Retention {
            bytes: Some(20),
            ..Retention::last(5)
        };
        let reasons = decide(&backups, &policy, &now);
        let goes = [false, true, false, true, true];
        assert_eq!(reasons.iter().map(|reason| !reason.keeps()).collect::<Vec<_>>(), goes);
        assert_eq!(reasons[3], Reason::OverBytes);
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let protected = prop_oneof![
            8 => Just(None),
            1 => Just(Some(Reason::Pinned)),
            1 => Just(Some(Reason::Preserved)),
            1 => Just(Some(Reason::OtherDatabase)),
        ];
        // From years before the clock to some days after it: a clock that was wrong once.
        let one = (-5_000_000_i64..100_000_000, 0_u64..1_000, protected, any::<bool>());
        proptest::collection::vec(one, 0..200).prop_map(|facts| {
            let now = now();
            let mut made: Vec<Candidate> = facts
                .into_iter()
                .map(|(seconds, size, protected, whole)| Candidate {
                    created_at: now - TimeDelta::seconds(seconds),
                    size,
                    protected,
                    whole,
                })
                .collect();
            made.sort_by_key(|candidate| std::cmp::Reverse(candidate.created_at));
            made
        })
    }

    fn policies() -> impl Strategy<Value = Retention> {
        let small = || 0_usize..6;
        let bytes = proptest::option::of(0_u64..20_000);
        (small(), small(), small(), small(), small(), bytes).prop_map(|(last, days, weeks, months, years, bytes)| {
            Retention {
                last,
                days,
                weeks,
                months,
                years,
                bytes,
            }
        })
    }

    fn now() -> Moment {
        ZONE.with_ymd_and_hms(2026, 11, 26, 12, 0, 0).single().expect("a time")
    }

    proptest! {
        #[test]
        fn what_must_stay_stays(candidates in candidates(), policy in policies()) {
            let now = now();
            let reasons = decide(&candidates, &policy, &now);
            prop_assert_eq!(reasons.len(), candidates.len());
            for (candidate, reason) in candidates.iter().zip(&reasons) {
                prop_assert!(candidate.protected.is_none() || reason.keeps());
                prop_assert!(candidate.created_at <= now || reason.keeps());
            }
            let judged = |candidate: &Candidate| candidate.created_at <= now && may_be_newest_whole(candidate);
            if let Some(newest) = candidates.iter().position(|candidate| candidate.whole && judged(candidate)) {
                prop_assert!(reasons[newest].keeps());
            }
        }

        #[test]
        fn a_larger_policy_keeps_no_less(candidates in candidates(), policy in policies()) {
            let now = now();
            let policy = Retention { bytes: None, ..policy };
            let larger = Retention { last: policy.last + 1, days: policy.days + 2, years: policy.years + 1, ..policy.clone() };
            let (less, more) = (decide(&candidates, &policy, &now), decide(&candidates, &larger, &now));
            for (less, more) in less.iter().zip(&more) {
                prop_assert!(!less.keeps() || more.keeps());
            }
        }

        /// What a prune leaves, the next one leaves too.
        #[test]
        fn pruning_twice_removes_nothing_more(candidates in candidates(), policy in policies()) {
            let now = now();
            let reasons = decide(&candidates, &policy, &now);
            let left: Vec<Candidate> = candidates
                .into_iter()
                .zip(&reasons)
                .filter(|(_, reason)| reason.keeps())
                .map(|(candidate, _)| candidate)
                .collect();
            let again = decide(&left, &policy, &now);
            prop_assert!(again.iter().all(|reason| reason.keeps()), "{:?}", again);
        }

        #[test]
        fn the_room_is_kept_to_where_nothing_forbids_it(candidates in candidates(), policy in policies(), most in 0_u64..20_000) {
            let now = now();
            let candidates: Vec<Candidate> = candidates
                .into_iter()
                .filter(|candidate| candidate.protected.is_none() && candidate.created_at <= now)
                .collect();
            let policy = Retention { bytes: Some(most), ..policy };
            let reasons = decide(&candidates, &policy, &now);
            let kept: Vec<&Candidate> = candidates.iter().zip(&reasons).filter(|(_, reason)| reason.keeps()).map(|(candidate, _)| candidate).collect();
            let total: u64 = kept.iter().map(|candidate| candidate.size).sum();
            prop_assert!(total <= most || kept.len() <= 1);
        }
    }

    #[test]
    fn thousands_of_backups_are_judged() {
        let now = now();
        let policy = Retention {
            days: 7,
            weeks: 4,
            months: 12,
            years: 5,
            ..Retention::last(20)
        };
        let reasons = decide(&daily(5_000, now), &policy, &now);
        // The newest 20, which are weeks and the present month too; eleven months before, of which December stands for its
        // year; three years before.
        assert_eq!(kept(&reasons), 20 + 11 + 3);
    }
}
