//! The monthly reports: which department's roster for a month is due when, and what has come in.
//!
//! A month's roster is due by the 25th of that month, or by the day that the secretariat set for the department. Departments that lead no
//! category are not asked for one unless a day was set for them. A roster has come in when it is confirmed and goes into the registry,
//! with whatever rows of it.

use std::collections::HashMap;

use chrono::NaiveDate;
use retrofit_import::catalogue::Department;
use retrofit_jobs::store::UtcMillis;

use super::month::Month;
use super::people::{Operator, Sight};
use super::{Error, Registry, audit, business_day};
use crate::db::counters::{self, Counter};
use crate::db::periods::{self, DueDayRow, ReportRow};
use crate::db::{Conn, DbError};

/// By which day of the month rosters are due where nothing else was set.
pub const DUE_DAY: u32 = 25;
/// The latest day that can be set: every month has it.
pub const LATEST_DUE_DAY: u32 = 28;

/// How a department's report for a month stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// Department code.
    pub department: String,
    /// The month.
    pub month: Month,
    /// The last day for it; `None` where none is asked for.
    pub due: Option<NaiveDate>,
    /// What came in first.
    pub received: Option<Received>,
    /// Days until the last day (0: today), or, below 0, since. Of now, whether or not it came in.
    pub days_left: i64,
}

/// The first roster of a month that went in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Received {
    /// The upload.
    pub upload: i64,
    /// When, UTC milliseconds.
    pub at: UtcMillis,
    /// Who confirmed it.
    pub by: String,
    /// By the last day, or with none asked for.
    pub on_time: bool,
    /// Its rows.
    pub rows: i64,
    /// Those of them that were held back at that first try.
    pub held: i64,
}

impl Received {
    /// Whether it went in whole at the first try.
    pub fn passed(&self) -> bool {
        self.held == 0
    }
}

/// In one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// None is asked for, and none came.
    NotAsked,
    /// It is not in yet and not late.
    Expected,
    /// In, by the last day.
    OnTime,
    /// In, after the last day.
    Late,
    /// The last day is over, and it is not in.
    Overdue,
}

impl Standing {
    /// How it stands, in one word.
    pub fn status(&self) -> Status {
        match (&self.received, self.due) {
            (Some(received), _) if received.on_time => Status::OnTime,
            (Some(_), _) => Status::Late,
            (None, None) => Status::NotAsked,
            (None, Some(_)) if self.days_left < 0 => Status::Overdue,
            (None, Some(_)) => Status::Expected,
        }
    }
}

/// How many of a month's reports stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Departments that are asked for one.
    pub expected: usize,
    /// Of those: in.
    pub received: usize,
    /// Of those: in by the last day.
    pub on_time: usize,
    /// Of those: the first roster went in whole, nothing held back.
    pub passed: usize,
    /// Not in, and the last day is over.
    pub overdue: usize,
}

/// Adds up standings; departments that are not asked for a report do not count.
pub fn tally<'a>(standings: impl IntoIterator<Item = &'a Standing>) -> Tally {
    let mut tally = Tally::default();
    for standing in standings.into_iter().filter(|standing| standing.due.is_some()) {
        tally.expected += 1;
        tally.passed += usize::from(standing.received.as_ref().is_some_and(Received::passed));
        match standing.status() {
            Status::OnTime => {
                tally.received += 1;
                tally.on_time += 1;
            }
            Status::Late => tally.received += 1,
            Status::Overdue => tally.overdue += 1,
            Status::NotAsked | Status::Expected => {}
        }
    }
    tally
}

/// The last months up to now, the first one first: no more than so many, and none before the first that anything came in for.
///
/// # Errors
/// Only our own faults.
pub fn months(registry: &Registry, most: usize) -> Result<Vec<Month>, Error> {
    let now = Month::at(registry.clock.now());
    let first = registry.db.read(periods::first_reported)?;
    let first = first.and_then(|month| month.parse().ok()).unwrap_or(now).min(now);
    let back = std::iter::successors(Some(now), |month: &Month| Some(month.previous()));
    let mut months: Vec<Month> = back.take(most).take_while(|month| *month >= first).collect();
    months.reverse();
    Ok(months)
}

/// How the reports for these months stand, of the departments that the operator sees, by month and in the catalogue's order.
///
/// # Errors
/// Only our own faults.
pub fn standings(registry: &Registry, operator: &Operator, months: &[Month]) -> Result<Vec<Standing>, Error> {
    let now = registry.clock.now();
    let all = registry.db.read(|conn| standings_in(conn, registry, months, now))?;
    Ok(match operator.sees() {
        Sight::All => all,
        Sight::Department(own) => all.into_iter().filter(|line| line.department == own).collect(),
        Sight::Nothing => Vec::new(),
    })
}

pub(super) fn standings_in(
    conn: &mut Conn<'_>,
    registry: &Registry,
    months: &[Month],
    now: UtcMillis,
) -> Result<Vec<Standing>, DbError> {
    let today = business_day(now);
    let set = periods::due_days(conn)?;
    let named: Vec<String> = months.iter().map(Month::to_string).collect();
    let mut received: HashMap<(String, String), ReportRow> = periods::reports(conn, &named)?
        .into_iter()
        .map(|row| ((row.department.clone(), row.period.clone()), row))
        .collect();
    let mut standings = Vec::new();
    for (month, name) in months.iter().zip(&named) {
        for department in registry.catalogue.departments() {
            let due = due_day(&set, department, name).map(|day| month.day(day));
            let row = received.remove(&(department.code.clone(), name.clone()));
            standings.push(Standing {
                department: department.code.clone(),
                month: *month,
                received: row.map(|row| Received {
                    upload: row.upload_id,
                    on_time: due.is_none_or(|due| business_day(row.received_at) <= due),
                    at: row.received_at,
                    rows: row.row_count,
                    held: row.held_count,
                    by: row.received_by,
                }),
                days_left: due.map_or(0, |due| (due - today).num_days()),
                due,
            });
        }
    }
    Ok(standings)
}

/// The day that holds for a department in a month: the latest that was set, else the usual one for those that lead a category.
fn due_day(set: &[DueDayRow], department: &Department, month: &str) -> Option<u32> {
    let of_month = set
        .iter()
        .rfind(|row| *row.department == *department.code && row.since.as_str() <= month);
    match of_month {
        Some(row) => u32::try_from(row.day).ok().filter(|&day| day > 0),
        None => (!department.lead_categories.is_empty()).then_some(DUE_DAY),
    }
}

/// Sets by which day of the month a department's rosters are due, from a month on; `None`: none is asked for. What was set for months before
/// stays as it was.
///
/// # Errors
/// Refused to all but the secretariat; for an unknown department, a day that some month lacks, or a month gone by.
pub fn set_due_day(
    registry: &Registry,
    operator: &Operator,
    department: &str,
    since: Month,
    day: Option<u32>,
) -> Result<(), Error> {
    if !operator.may_review() {
        return Err(Error::refused("只有秘书处可以设定报送截止日。"));
    }
    let department = registry.department(department)?;
    if day.is_some_and(|day| day == 0 || day > LATEST_DUE_DAY) {
        return Err(Error::refused(format!(
            "截止日须为 1 到 {LATEST_DUE_DAY} 日，每个月都有的日子。"
        )));
    }
    let now = registry.clock.now();
    if since < Month::at(now) {
        return Err(Error::refused(format!(
            "{since} 已经过去，按时与否已有定论。请从本月或以后的月份起改。"
        )));
    }
    let row = DueDayRow {
        department: department.into(),
        since: since.to_string(),
        day: day.unwrap_or_default().into(),
        set_by: operator.name.clone(),
        set_at: now,
    };
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        periods::set_due_day(conn, &row)?;
        let detail = serde_json::json!({ "since": row.since, "day": row.day });
        let what = ("period.due_day", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, what, department, &detail)?)
    })
}
