//! A month of the business calendar (Asia/Shanghai).

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeZone as _};
use chrono_tz::Asia::Shanghai;
use retrofit_jobs::store::UtcMillis;

use super::business_day;

/// A month, by its first day. Written `YYYY-MM`, as periods are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

/// Not of the form `YYYY-MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMonth;

impl Month {
    /// The month that a day lies in.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// The month that an instant lies in.
    pub fn at(now: UtcMillis) -> Self {
        Self::of(business_day(now))
    }

    /// The month after; the last one of the calendar stays.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// The month before; the first one of the calendar stays.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Its year.
    pub fn year(self) -> i64 {
        self.0.year().into()
    }

    /// A day of it; the last one where it has no such day.
    pub fn day(self, day: u32) -> NaiveDate {
        self.0.with_day(day).unwrap_or_else(|| self.last_day())
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        self.next().0.checked_sub_days(Days::new(1)).unwrap_or(self.0)
    }

    /// The first instant after it.
    pub fn end(self) -> UtcMillis {
        let midnight = self.next().0.and_time(NaiveTime::MIN);
        // No day of Shanghai begins twice or not at all since 1991.
        Shanghai
            .from_local_datetime(&midnight)
            .earliest()
            .map_or(UtcMillis::MAX, |at| at.timestamp_millis())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl serde::Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let day = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map_err(|_| NoMonth)?;
        let month = Self(day);
        // Years of four digits and nothing left out.
        if month.to_string() == text {
            Ok(month)
        } else {
            Err(NoMonth)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_the_year() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.next().to_string(), "2027-01");
        assert_eq!(month.next().previous(), month);
        assert_eq!(month.last_day().to_string(), "2026-12-31");
        assert_eq!("2026-02".parse::<Month>().unwrap().day(30).to_string(), "2026-02-28");
        for wrong in ["2026-13", "2026-1", "26-01", "2026-01-02", "", "+2026-01"] {
            assert_eq!(wrong.parse::<Month>(), Err(NoMonth), "{wrong}");
        }
    }

    #[test]
    fn a_month_ends_at_midnight_in_shanghai() {
        let month: Month = "2026-11".parse().unwrap();
        assert_eq!(month.end(), 1_796_054_400_000); // 2026-11-30T16:00:00Z
        assert_eq!(Month::at(month.end() - 1), month);
        assert_eq!(Month::at(month.end()), month.next());
    }
}
