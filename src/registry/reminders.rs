//! Reminders: what a department still owes and by when. Shown in the pages, for the network is closed.
//!
//! What is owed is told from the ledgers whenever a page asks ([`owed`]); the job ([`run`]) keeps, once for each kind, that a department
//! was reminded, so that the secretariat can show it.

use chrono::NaiveDate;
use retrofit_jobs::store::UtcMillis;

use super::month::Month;
use super::people::{Operator, Sight};
use super::periods::{self, Status};
use super::{Error, Registry, business_day, inspections, meetings};
use crate::db::inspections::Which;
use crate::db::periods as stored;
use crate::db::reminders::{self, ReminderRow};
use crate::db::{Conn, DbError};

/// From so many days before the last one a department is reminded.
const SOON: i64 = 5;
/// Months, that of now included, whose reports are still asked for.
const MONTHS: usize = 3;

/// Something that a department owes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Owed {
    /// Who.
    pub department: String,
    /// What.
    pub subject: Subject,
    /// The last day.
    pub due: NaiveDate,
    /// Days until then (0: today), or, below 0, since.
    pub days_left: i64,
}

/// What is owed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Subject {
    /// The roster for a month.
    Report(Month),
    /// A finding of an inspection, by its id.
    Finding(i64),
    /// An item of a meeting, by its id.
    Item(i64),
}

impl Subject {
    /// As it is stored.
    fn key(&self) -> String {
        match self {
            Self::Report(month) => format!("period:{month}"),
            Self::Finding(id) => format!("finding:{id}"),
            Self::Item(id) => format!("item:{id}"),
        }
    }
}

impl Owed {
    /// `soon`, `today` or `overdue`; `None` where it is too early to remind.
    pub fn kind(&self) -> Option<&'static str> {
        match self.days_left {
            ..0 => Some("overdue"),
            0 => Some("today"),
            1..=SOON => Some("soon"),
            _ => None,
        }
    }
}

/// What departments owe as of now and are to be reminded of, what is most overdue first: of those that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn owed(registry: &Registry, operator: &Operator) -> Result<Vec<Owed>, Error> {
    let now = registry.clock.now();
    let mut owed = registry.db.read(|conn| owed_in(conn, registry, now))?;
    match operator.sees() {
        Sight::All => {}
        Sight::Department(own) => owed.retain(|owed| owed.department == own),
        Sight::Nothing => owed.clear(),
    }
    Ok(owed)
}

fn owed_in(conn: &mut Conn<'_>, registry: &Registry, now: UtcMillis) -> Result<Vec<Owed>, DbError> {
    let current = Month::at(now);
    // A month before anybody reported at all is owed by nobody.
    let first = stored::first_reported(conn)?.and_then(|month| month.parse().ok());
    let months: Vec<Month> = std::iter::successors(Some(current), |month| Some(month.previous()))
        .take(MONTHS)
        .filter(|month| *month == current || first.is_some_and(|first: Month| *month >= first))
        .collect();
    let reports = periods::standings_in(conn, registry, &months, now)?;
    let mut owed: Vec<Owed> = reports
        .into_iter()
        .filter(|report| matches!(report.status(), Status::Expected | Status::Overdue))
        .filter_map(|report| {
            Some(Owed {
                due: report.due?,
                subject: Subject::Report(report.month),
                days_left: report.days_left,
                department: report.department,
            })
        })
        .collect();
    let unsettled = Which {
        unsettled: true,
        ..Which::default()
    };
    for finding in inspections::findings_in(conn, &unsettled, now)? {
        if finding.stage.is_owed() {
            let due = &finding.row.deadline;
            owed.push(by_day(
                finding.row.department.clone(),
                Subject::Finding(finding.row.id),
                due,
                now,
            )?);
        }
    }
    for item in meetings::items_in(conn, None, false, now)? {
        if item.stage.is_owed() {
            let due = &item.row.deadline;
            owed.push(by_day(
                item.row.department.clone(),
                Subject::Item(item.row.id),
                due,
                now,
            )?);
        }
    }
    owed.retain(|owed| owed.kind().is_some());
    owed.sort_by(|one, other| {
        one.due
            .cmp(&other.due)
            .then_with(|| one.department.cmp(&other.department))
    });
    Ok(owed)
}

/// What is owed by a day.
fn by_day(department: String, subject: Subject, due: &str, now: UtcMillis) -> Result<Owed, DbError> {
    let due: NaiveDate = due
        .parse()
        .map_err(|_| DbError::Unreadable(format!("the deadline `{due}`")))?;
    Ok(Owed {
        department,
        subject,
        days_left: (due - business_day(now)).num_days(),
        due,
    })
}

/// Keeps, for everything that is owed as of `now`, that its department was reminded; how many reminders are new. Run again, it adds
/// none until something comes nearer.
///
/// # Errors
/// Only our own faults.
pub fn run(registry: &Registry, now: UtcMillis) -> Result<usize, Error> {
    registry.db.write(|conn| {
        let mut made = 0;
        for owed in owed_in(conn, registry, now)? {
            let Some(kind) = owed.kind() else { continue };
            let row = ReminderRow {
                subject: owed.subject.key(),
                department: owed.department,
                kind: kind.into(),
                made_at: now,
            };
            made += usize::from(reminders::add(conn, &row)?);
        }
        Ok(made)
    })
}

/// The latest reminders, newest first: of the departments that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn latest(registry: &Registry, operator: &Operator, limit: i64) -> Result<Vec<ReminderRow>, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(Vec::new()),
    };
    Ok(registry.db.read(|conn| reminders::latest(conn, department, limit))?)
}
