//! The monthly reports, and what departments owe.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, get};
use super::problem::Problem;
use super::reply::Tagged;
use super::roles::{DATA, KEEP};
use super::types::{Instant, Nothing, Page, Text};
use crate::registry::month::Month;
use crate::registry::periods::{self, Standing, Status};
use crate::registry::reminders::{self, Subject};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/periods/{period}",
            DATA,
            "How the reports for a month stand",
            standings,
        ),
        change(
            Method::PUT,
            "/periods/{period}/due-days/{department}",
            KEEP,
            "Settles by which day of the month a department's rosters are due, from this month on",
            set_due_day,
        ),
        get(
            "/periods/{period}/due-days/{department}",
            DATA,
            "By which day a department's roster for a month is due",
            due_day,
        ),
        get(
            "/owed",
            DATA,
            "What departments owe and by when, the most overdue first",
            owed,
        ),
    ]
}

/// How a department's report for a month stands.
#[derive(Serialize, JsonSchema)]
pub(super) struct StandingLine {
    /// Department code.
    department: String,
    /// The month.
    month: Text<Month>,
    /// The last day for it; null where none is asked for.
    due: Option<String>,
    /// `not_asked`, `expected`, `on_time`, `late` or `overdue`.
    status: &'static str,
    /// Days until the last day (0: today), or, below 0, since.
    days_left: i64,
    /// The upload that came in first.
    upload: Option<i64>,
    /// When.
    received_at: Option<Instant>,
    /// Who confirmed it.
    received_by: Option<String>,
    /// Its rows.
    rows: Option<i64>,
    /// Those of them that were held back at that first try.
    held: Option<i64>,
}

pub(super) fn standing_line(standing: Standing) -> StandingLine {
    let status = match standing.status() {
        Status::NotAsked => "not_asked",
        Status::Expected => "expected",
        Status::OnTime => "on_time",
        Status::Late => "late",
        Status::Overdue => "overdue",
    };
    StandingLine {
        status,
        department: standing.department,
        month: Text(standing.month),
        due: standing.due.map(|day| day.to_string()),
        days_left: standing.days_left,
        upload: standing.received.as_ref().map(|received| received.upload),
        received_at: standing.received.as_ref().map(|received| Instant(received.at)),
        rows: standing.received.as_ref().map(|received| received.rows),
        held: standing.received.as_ref().map(|received| received.held),
        received_by: standing.received.map(|received| received.by),
    }
}

/// A month.
#[derive(Deserialize, JsonSchema)]
struct PeriodPath {
    period: Text<Month>,
}

fn standings(call: &Call<'_>, input: In<PeriodPath>) -> Result<Page<StandingLine>, Problem> {
    let standings = periods::standings(call.registry, call.operator, &[input.path.period.0])?;
    Ok(Page::whole(standings.into_iter().map(standing_line).collect()))
}

/// A department's report for a month.
#[derive(Deserialize, JsonSchema)]
struct DueDayPath {
    period: Text<Month>,
    department: String,
}

/// By which day of the month a department's rosters are due.
#[derive(Serialize, JsonSchema)]
struct DueDay {
    /// 1 to 28; null: none is asked for.
    day: Option<u32>,
}

/// By which day of the month they are to be due.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewDueDay {
    /// 1 to 28; left out: none is asked for.
    #[schemars(range(min = 1, max = 28))]
    day: Option<u32>,
}

impl DueDayPath {
    fn find(&self, call: &Call<'_>) -> Result<DueDay, Problem> {
        use chrono::Datelike as _;
        let standings = periods::standings(call.registry, call.operator, &[self.period.0])?;
        let of = standings
            .into_iter()
            .find(|standing| standing.department == self.department);
        let of = of.ok_or_else(Problem::not_found)?;
        Ok(DueDay {
            day: of.due.map(|day| day.day()),
        })
    }
}

fn due_day(call: &Call<'_>, input: In<DueDayPath>) -> Result<Tagged<DueDay>, Problem> {
    Ok(Tagged(input.path.find(call)?))
}

fn set_due_day(call: &Call<'_>, input: In<DueDayPath, Nothing, Json<NewDueDay>>) -> Result<Tagged<DueDay>, Problem> {
    let path = input.path;
    call.must_match(Some(&path.find(call)?))?;
    periods::set_due_day(
        call.registry,
        call.operator,
        &path.department,
        path.period.0,
        input.body.0.day,
    )?;
    Ok(Tagged(path.find(call)?))
}

/// Something that a department owes.
#[derive(Serialize, JsonSchema)]
struct OwedLine {
    /// Who.
    department: String,
    /// `report`, `inspection_finding` or `meeting_item`.
    what: &'static str,
    /// The month of a report, or the number of a finding or item.
    which: String,
    /// The last day.
    due: String,
    /// Days until then (0: today), or, below 0, since.
    days_left: i64,
}

fn owed(call: &Call<'_>, _: In) -> Result<Page<OwedLine>, Problem> {
    let owed = reminders::owed(call.registry, call.operator)?.into_iter();
    let lines = owed.map(|owed| {
        let (what, which) = match owed.subject {
            Subject::Report(month) => ("report", month.to_string()),
            Subject::Finding(id) => ("inspection_finding", id.to_string()),
            Subject::Item(id) => ("meeting_item", id.to_string()),
        };
        OwedLine {
            department: owed.department,
            what,
            which,
            due: owed.due.to_string(),
            days_left: owed.days_left,
        }
    });
    Ok(Page::whole(lines.collect()))
}
