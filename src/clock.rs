//! The library's only clock, and times in the configured zone.
//!
//! Nothing here depends on the computer's own zone or locale.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::offset::LocalResult;
use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::report::error::{Cause, Error, Result};

/// A point in time in the configured zone.
pub type Moment = DateTime<Tz>;

/// The source of the current time: the system, or a test.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The computer's clock.
    pub fn system() -> Self {
        Clock(Arc::new(Utc::now))
    }

    /// A clock that shows what `now` returns.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now))
    }

    /// The current time in `zone`, in whole seconds.
    ///
    /// Fails if the year is outside 1 to 9999, which a file name and RFC 3339 cannot hold.
    pub(crate) fn now(&self, zone: Tz) -> Result<Moment> {
        let now = (self.0)().with_timezone(&zone);
        let year = now.year();
        if !is_four_digit_year(year) {
            return Err(Error::new(Cause::ClockOutOfRange(year)));
        }
        Ok(now.with_nanosecond(0).unwrap_or(now))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The time for people, day first: `04/03/2026 14:23`.
pub(crate) fn display(moment: &Moment) -> String {
    let (day, month, year) = (moment.day(), moment.month(), moment.year());
    format!(
        "{day:02}/{month:02}/{year:04} {:02}:{:02}",
        moment.hour(),
        moment.minute()
    )
}

/// RFC 3339 with offset, whole seconds: `2026-03-04T09:30:12-07:00`.
pub(crate) fn rfc3339(moment: &Moment) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// A file's time in `zone`, in whole seconds. `None` for a year outside 1 to 9999, which some file systems can hold.
pub(crate) fn from_system(time: SystemTime, zone: Tz) -> Option<Moment> {
    let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok()?,
        Err(before) => -i64::try_from(before.duration().as_secs()).ok()?,
    };
    let moment = DateTime::from_timestamp(seconds, 0)?.with_timezone(&zone);
    is_four_digit_year(moment.year()).then_some(moment)
}

/// Whether a year can be written in a file name and in RFC 3339.
pub(crate) fn is_four_digit_year(year: i32) -> bool {
    (1..=9999).contains(&year)
}

/// The point in time at which a wall clock in `zone` showed `local`.
///
/// In an hour that occurs twice, the time nearer to `near`, the file's own time, is taken. An hour that never occurred is read
/// with the offset that was in force before it.
pub(crate) fn from_local(local: NaiveDateTime, zone: Tz, near: Option<Moment>) -> Moment {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) => moment,
        LocalResult::Ambiguous(first, second) => match near {
            Some(near) if (near - second).abs() < (near - first).abs() => second,
            _ => first,
        },
        LocalResult::None => {
            let day = TimeDelta::days(1);
            let before = zone.from_local_datetime(&(local - day)).earliest();
            before.map_or_else(|| zone.from_utc_datetime(&local), |moment| moment + day)
        }
    }
}

/// Calendar days from one moment to a later one; 0 if it is not later.
pub(crate) fn days_between(then: &Moment, now: &Moment) -> u64 {
    let days = (now.date_naive() - then.date_naive()).num_days();
    u64::try_from(days).unwrap_or(0)
}

/// Whole milliseconds since `start`.
pub(crate) fn milliseconds(start: std::time::Instant) -> u64 {
    start.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn local(day: u32, hour: u32, minute: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 11, day)
            .and_then(|date| date.and_hms_opt(hour, minute, 0))
            .expect("a real date")
    }

    #[test]
    fn shows_the_day_first_and_the_offset() {
        let moment = from_local(local(4, 9, 30), chrono_tz::America::Hermosillo, None);
        assert_eq!(display(&moment), "04/11/2026 09:30");
        assert_eq!(rfc3339(&moment), "2026-11-04T09:30:00-07:00");
    }

    #[test]
    fn in_an_hour_that_occurs_twice_the_files_time_decides() {
        let zone = chrono_tz::America::New_York;
        let (first, second) = match zone.from_local_datetime(&local(1, 1, 30)) {
            LocalResult::Ambiguous(first, second) => (first, second),
            other => panic!("expected an ambiguous hour, got {other:?}"),
        };
        let minute = TimeDelta::minutes(1);
        assert_eq!(from_local(local(1, 1, 30), zone, Some(first + minute)), first);
        assert_eq!(from_local(local(1, 1, 30), zone, Some(second + minute)), second);
        assert_eq!(from_local(local(1, 1, 30), zone, None), first);
    }

    #[test]
    fn an_hour_that_never_occurred_is_read_with_the_offset_before_it() {
        let zone = chrono_tz::America::New_York;
        let skipped = NaiveDate::from_ymd_opt(2026, 3, 8)
            .and_then(|date| date.and_hms_opt(2, 30, 0))
            .expect("a real date");
        assert_eq!(rfc3339(&from_local(skipped, zone, None)), "2026-03-08T03:30:00-04:00");
    }

    #[test]
    fn a_clock_beyond_the_year_9999_is_an_error() {
        let clock = Clock::from_fn(|| DateTime::from_timestamp(253_402_300_800, 0).expect("year 10000"));
        let error = clock.now(chrono_tz::UTC).expect_err("year 10000");
        assert!(error.to_string().contains("10000"), "{error}");
    }
}
