//! `/timeliness`: which department's report for which month came in when, and what waits; and one department's rows behind it.

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::Response;
use retrofit_jobs::store::UtcMillis;
use serde::Deserialize;

use super::charts::HeatMap;
use super::committed::why;
use super::error::{WebError, seen};
use super::findings::held_line;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::month::Month;
use crate::registry::people::Session;
use crate::registry::periods::{self, Received, Standing, Status, Tally};
use crate::registry::review::{self, Filter};
use crate::registry::{Registry, State as ReviewState, intake, lists};
use crate::reports::timeliness::{Line, Timeliness, Waiting, timeliness};

/// Months of a board.
pub(super) const MONTHS: usize = 12;
/// Rows of each list that a department's page shows.
const SHOWN: i64 = 100;
/// A day, in milliseconds.
const DAY: UtcMillis = 24 * 60 * 60 * 1000;

#[derive(Template)]
#[template(path = "timeliness.html")]
struct BoardPage {
    frame: Frame,
    month: String,
    label: String,
    tally: Tally,
    /// Which departments of the month are listed; none: all.
    show: Option<&'static str>,
    oldest: Option<(String, i64)>,
    heat: HeatMap,
    /// The months of the table, the first one first: period and label.
    months: Vec<(String, String, Tally)>,
    rows: Vec<(String, String, Vec<Cell>)>,
    lines: Vec<DepartmentLine>,
}

/// A department's report for a month, in short.
#[derive(Clone)]
struct Cell {
    class: &'static str,
    word: String,
    /// The list behind it.
    link: Option<String>,
}

struct DepartmentLine {
    code: String,
    name: String,
    due: String,
    class: &'static str,
    word: String,
    received: Option<(i64, String)>,
    /// Rows, and those held, at the first try.
    first: Option<(i64, i64)>,
    pending: i64,
    oldest: Option<(String, i64)>,
    returned: i64,
    held: i64,
}

/// Lists behind the figures: the word in the address, what is listed, and which standings.
type Shown = (&'static str, &'static str, fn(&Standing) -> bool);
const LISTS: [Shown; 5] = [
    ("expected", "应报的部门", |standing| standing.due.is_some()),
    ("received", "已报的部门", |standing| standing.received.is_some()),
    ("on-time", "按时报送的部门", |standing| {
        standing.status() == Status::OnTime
    }),
    ("passed", "一次通过的部门", |standing| {
        standing.received.as_ref().is_some_and(Received::passed)
    }),
    ("overdue", "逾期未报的部门", |standing| {
        standing.status() == Status::Overdue
    }),
];

/// What an address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    month: String,
    show: String,
}

/// `GET /timeliness`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&board(registry, &session, &asked)?)).await
}

fn board(registry: &Registry, session: &Session, asked: &Asked) -> Result<BoardPage, WebError> {
    let months = periods::months(registry, MONTHS)?;
    let now = Month::at(registry.clock.now());
    let month = asked
        .month
        .parse()
        .ok()
        .filter(|month| months.contains(month))
        .unwrap_or(now);
    let board = timeliness(registry, &session.operator, &months)?;
    let at = months.iter().position(|of| *of == month).unwrap_or_default();
    let list = LISTS.iter().find(|(word, ..)| *word == asked.show);
    let listed =
        |line: &&Line| list.is_none_or(|(_, _, of)| line.standings[at].due.is_some() && of(&line.standings[at]));
    let today = registry.clock.now();
    let rows: Vec<(String, String, Vec<Cell>)> = board.departments.iter().map(|line| row(registry, line)).collect();
    Ok(BoardPage {
        frame: Frame::new(registry, session, "报送时效", "/timeliness"),
        month: month.to_string(),
        label: words::period_label(&month.to_string()),
        tally: board.months[at].1,
        show: list.map(|&(_, label, _)| label),
        oldest: oldest(&board, today),
        heat: HeatMap::new(
            "picture-timeliness",
            "各部门各月的报送情况",
            &months
                .iter()
                .map(|month| format!("{}月", month.number()))
                .collect::<Vec<_>>(),
            rows.iter()
                .map(|(_, name, cells)| {
                    let cells = cells.iter().map(|cell| {
                        // Two letters and a figure fit; the table has the rest.
                        let short: String = cell.word.chars().filter(|letter| *letter != ' ').take(4).collect();
                        (cell.class, short, cell.link.clone())
                    });
                    (name.clone(), cells.collect())
                })
                .collect(),
        ),
        months: board
            .months
            .iter()
            .map(|(month, tally)| (month.to_string(), words::period_label(&month.to_string()), *tally))
            .collect(),
        lines: board
            .departments
            .iter()
            .filter(listed)
            .map(|line| department_line(registry, line, &line.standings[at], today))
            .collect(),
        rows,
    })
}

fn oldest(board: &Timeliness, now: UtcMillis) -> Option<(String, i64)> {
    board.oldest().map(|(code, since)| (code.to_string(), days(since, now)))
}

fn days(since: UtcMillis, now: UtcMillis) -> i64 {
    ((now - since) / DAY).max(0)
}

/// How a report stands: class and words.
fn said(standing: &Standing) -> (&'static str, String) {
    match (standing.status(), standing.due, &standing.received) {
        (Status::NotAsked, ..) => ("none", String::new()),
        (Status::Expected, ..) => ("hint", "待报".into()),
        (Status::OnTime, ..) => ("good", "按时".into()),
        (Status::Late, Some(due), Some(received)) => {
            let late = (words::local(received.at).date_naive() - due).num_days();
            ("confirm", format!("迟 {late} 天"))
        }
        (Status::Late, ..) => ("confirm", "迟报".into()),
        (Status::Overdue, ..) => ("error", "未报".into()),
    }
}

fn row(registry: &Registry, line: &Line) -> (String, String, Vec<Cell>) {
    let cells = line.standings.iter().map(|standing| {
        let (class, word) = said(standing);
        let behind = match &standing.received {
            _ if word.is_empty() => None,
            Some(received) if class == "good" => Some(format!("/uploads/{}", received.upload)),
            _ => Some(format!("/timeliness/{}", standing.department)),
        };
        Cell {
            class,
            word,
            link: behind,
        }
    });
    let name = words::department(&registry.catalogue, &line.department).to_owned();
    (line.department.clone(), name, cells.collect())
}

fn department_line(registry: &Registry, line: &Line, standing: &Standing, now: UtcMillis) -> DepartmentLine {
    let (class, word) = said(standing);
    let Waiting {
        pending,
        oldest,
        returned,
        held,
    } = line.waiting;
    DepartmentLine {
        name: words::department(&registry.catalogue, &line.department).to_owned(),
        code: line.department.clone(),
        due: standing.due.map(|day| day.to_string()).unwrap_or_default(),
        class,
        word,
        received: standing
            .received
            .as_ref()
            .map(|received| (received.upload, words::moment(received.at))),
        first: standing
            .received
            .as_ref()
            .map(|received| (received.rows, received.held)),
        pending,
        oldest: oldest.map(|(code, since)| (code.to_string(), days(since, now))),
        returned,
        held,
    }
}

#[derive(Template)]
#[template(path = "timeliness_department.html")]
struct DepartmentPage {
    frame: Frame,
    code: String,
    name: String,
    months: Vec<(String, DepartmentLine)>,
    waiting: DepartmentLine,
    returned: Vec<(String, String, String)>,
    held: Vec<HeldLine>,
}

struct HeldLine {
    upload: i64,
    place: String,
    name: String,
    why: &'static str,
}

/// `GET /timeliness/{department}`.
pub(super) async fn department(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        render(&of_department(registry, &session, &code)?)
    })
    .await
}

fn of_department(registry: &Registry, session: &Session, code: &str) -> Result<DepartmentPage, WebError> {
    let operator = &session.operator;
    let held = seen(intake::latest_open(registry, operator, code, SHOWN))?;
    let catalogue = &registry.catalogue;
    let department = catalogue.department(code).ok_or(WebError::NotFound)?;
    let months = periods::months(registry, MONTHS)?;
    let board = timeliness(registry, operator, &months)?;
    let now = registry.clock.now();
    let line = board.departments.into_iter().find(|line| line.department == code);
    let line = line.unwrap_or_else(|| Line {
        department: code.into(),
        standings: Vec::new(),
        waiting: Waiting::default(),
    });
    let filter = Filter {
        state: Some(ReviewState::Returned),
        department: Some(code.into()),
        ..Filter::default()
    };
    let returned = review::list(registry, operator, &filter, 0, SHOWN)?;
    let mut reasons = lists::reasons(registry, &returned)?;
    let of_month = |standing: &Standing| {
        let label = words::period_label(&standing.month.to_string());
        (label, department_line(registry, &line, standing, now))
    };
    let mut told: Vec<(String, DepartmentLine)> = line.standings.iter().map(of_month).collect();
    told.reverse();
    Ok(DepartmentPage {
        frame: Frame::new(
            registry,
            session,
            format!("{}的报送", department.short_name),
            "/timeliness",
        ),
        code: code.into(),
        name: department.name.clone(),
        waiting: DepartmentLine {
            code: code.into(),
            name: department.short_name.clone(),
            due: String::new(),
            class: "",
            word: String::new(),
            received: None,
            first: None,
            pending: line.waiting.pending,
            oldest: line
                .waiting
                .oldest
                .map(|(code, since)| (code.to_string(), days(since, now))),
            returned: line.waiting.returned,
            held: line.waiting.held,
        },
        months: told,
        returned: returned
            .iter()
            .map(|row| {
                let reason = reasons.remove(&row.id).unwrap_or_default();
                (row.code().to_string(), row.name.clone(), reason)
            })
            .collect(),
        held: held
            .iter()
            .map(|row| {
                let line = held_line(catalogue, row);
                HeldLine {
                    upload: row.upload_id,
                    place: line.place,
                    name: line.name,
                    why: why(&row.reason),
                }
            })
            .collect(),
    })
}
