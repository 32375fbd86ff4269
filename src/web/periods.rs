//! `/periods`: which department's report for a month is due when, and what has come in.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::{Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::Registry;
use crate::registry::month::Month;
use crate::registry::people::{Role, Session};
use crate::registry::periods::{self, LATEST_DUE_DAY, Standing, Status, Tally, tally};
use crate::registry::reminders::{self, Owed, Subject};

/// Months that can be looked at, and that a department's own page shows.
const MONTHS: usize = 12;
/// Reminders that are shown.
const REMINDERS: i64 = 50;

#[derive(Template)]
#[template(path = "periods.html")]
struct PeriodsPage {
    frame: Frame,
    /// One department's months, rather than one month's departments.
    own: bool,
    month: String,
    label: String,
    months: Vec<(String, String, bool)>,
    tally: Tally,
    lines: Vec<Line>,
    reminders: Vec<(String, String, &'static str, String)>,
    /// The departments, where a due day can be set.
    departments: Vec<(String, String)>,
    since: Vec<(String, String)>,
    latest_day: u32,
}

struct Line {
    head: String,
    /// What waits of the department, for those who see all.
    link: Option<String>,
    due: String,
    status: &'static str,
    class: &'static str,
    detail: String,
    upload: Option<i64>,
}

/// Which month is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    month: String,
}

/// `GET /periods`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&build(registry, &session, &asked)?)).await
}

fn build(registry: &Registry, session: &Session, asked: &Asked) -> Result<PeriodsPage, WebError> {
    let operator = &session.operator;
    let current = Month::at(registry.clock.now());
    let mut months = periods::months(registry, MONTHS)?;
    months.reverse();
    let chosen = asked
        .month
        .parse()
        .ok()
        .filter(|month| months.contains(month))
        .unwrap_or(current);
    let own = matches!(operator.role, Role::Reporter | Role::Lead);
    let looked_at = if own { months.clone() } else { vec![chosen] };
    let standings = periods::standings(registry, operator, &looked_at)?;
    let line = |standing: &Standing| {
        let head = if own {
            words::period_label(&standing.month.to_string())
        } else {
            words::department(&registry.catalogue, &standing.department).to_owned()
        };
        let link = (!own).then(|| format!("/timeliness/{}", standing.department));
        line((head, link), standing)
    };
    let made = reminders::latest(registry, operator, REMINDERS)?;
    let reminders = made.into_iter().map(|row| {
        (
            words::department(&registry.catalogue, &row.department).to_owned(),
            subject(&row.subject),
            kind(&row.kind),
            words::moment(row.made_at),
        )
    });
    let may_set = operator.may_review();
    let ahead = std::iter::successors(Some(current), |month| Some(month.next())).take(6);
    Ok(PeriodsPage {
        frame: Frame::new(registry, session, "报送情况", "/periods"),
        own,
        month: chosen.to_string(),
        label: words::period_label(&chosen.to_string()),
        months: months
            .iter()
            .map(|month| {
                (
                    month.to_string(),
                    words::period_label(&month.to_string()),
                    *month == chosen,
                )
            })
            .collect(),
        tally: tally(&standings),
        lines: standings.iter().map(line).collect(),
        reminders: reminders.collect(),
        departments: registry
            .catalogue
            .departments()
            .iter()
            .filter(|_| may_set)
            .map(|department| (department.code.clone(), department.short_name.clone()))
            .collect(),
        since: ahead
            .map(|month| (month.to_string(), words::period_label(&month.to_string())))
            .collect(),
        latest_day: LATEST_DUE_DAY,
    })
}

fn line((head, link): (String, Option<String>), standing: &Standing) -> Line {
    let (status, class) = match standing.status() {
        Status::NotAsked => ("不需报送", ""),
        Status::Expected => ("待报", "confirm"),
        Status::OnTime => ("按时", "good"),
        Status::Late => ("迟报", "confirm"),
        Status::Overdue => ("逾期未报", "error"),
    };
    let detail = match (&standing.received, standing.status()) {
        (Some(received), _) => format!("{} {}", words::moment(received.at), received.by),
        (None, Status::Overdue) => format!("已逾期 {} 天", -standing.days_left),
        (None, Status::Expected) if standing.days_left == 0 => "今天截止".into(),
        (None, Status::Expected) => format!("还有 {} 天", standing.days_left),
        (None, _) => String::new(),
    };
    Line {
        head,
        link,
        due: standing.due.map(|day| day.to_string()).unwrap_or_default(),
        status,
        class,
        detail,
        upload: standing.received.as_ref().map(|received| received.upload),
    }
}

/// What a stored reminder was about.
fn subject(stored: &str) -> String {
    match stored.split_once(':') {
        Some(("period", month)) => format!("{}清单", words::period_label(month)),
        Some(("finding", id)) => format!("检查问题 {id}"),
        Some(("item", id)) => format!("议定事项 {id}"),
        _ => stored.into(),
    }
}

fn kind(stored: &str) -> &'static str {
    match stored {
        "soon" => "临近期限",
        "today" => "当天截止",
        _ => "已逾期",
    }
}

/// What the home page says of something that is owed: its class, its words, and where to go.
pub(super) fn notice(owed: &Owed) -> (&'static str, String, String) {
    let when = match owed.days_left {
        days @ ..0 => format!("已逾期 {} 天", -days),
        0 => "今天截止".into(),
        days => format!("还有 {days} 天"),
    };
    let (what, link) = match &owed.subject {
        Subject::Report(month) => (
            format!("{}清单", words::period_label(&month.to_string())),
            "/periods".to_owned(),
        ),
        Subject::Finding(id) => (format!("联合检查问题 {id} 的整改"), format!("/rectifications/{id}")),
        Subject::Item(id) => (format!("联席会议议定事项 {id}"), format!("/meetings#item-{id}")),
    };
    let class = if owed.days_left < 0 { "error" } else { "confirm" };
    (class, format!("{what}：{} 前，{when}", owed.due), link)
}

/// What the form for a due day sends.
#[derive(Deserialize)]
pub(super) struct DueDay {
    department: String,
    since: String,
    /// 0: none is asked for.
    day: u32,
}

/// `POST /periods`.
pub(super) async fn set_due_day(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(sent): Form<DueDay>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let since = sent
            .since
            .parse()
            .map_err(|_| WebError::Refused("请选择从哪个月起。".into()))?;
        let day = Some(sent.day).filter(|&day| day > 0);
        periods::set_due_day(registry, &session.operator, &sent.department, since, day)?;
        Ok(Redirect::to("/periods"))
    })
    .await
}
