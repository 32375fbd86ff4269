//! `/inspections`: joint inspections and their findings; `/rectifications/{id}`: one finding, what was done about it, and its closure.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Extension, Multipart, Path, State};
use axum::response::{Redirect, Response};
use axum_extra::extract::Form;
use chrono::NaiveDate;
use serde::Deserialize;

use super::error::{WebError, seen};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::photos::{self as photo_pages, picture};
use super::words;
use crate::registry::followup::Stage;
use crate::registry::inspections::{self, Case, Finding, NewFinding, NewVisit};
use crate::registry::people::Session;
use crate::registry::{Registry, RegistryCode};

/// Inspections on a page.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "inspections.html")]
struct ListPage {
    frame: Frame,
    unsettled: Vec<Line>,
    inspections: Vec<Visit>,
    may_enter: bool,
}

#[derive(Template)]
#[template(path = "inspection.html")]
struct OnePage {
    frame: Frame,
    visit: Visit,
    findings: Vec<Line>,
    may_enter: bool,
    departments: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "rectification.html")]
struct CasePage {
    frame: Frame,
    line: Line,
    visit: Visit,
    version: i64,
    steps: Vec<StepLine>,
    /// The officer sees the project's own page.
    sees_project: bool,
    may_answer: bool,
    may_decide: bool,
}

struct Visit {
    id: i64,
    held_on: String,
    place: String,
    inspectors: String,
    note: String,
}

impl Visit {
    fn new(row: crate::db::inspections::InspectionRow) -> Self {
        Self {
            id: row.id,
            held_on: row.held_on,
            place: row.place,
            inspectors: row.inspectors,
            note: row.note,
        }
    }
}

struct Line {
    id: i64,
    problem: String,
    code: String,
    name: String,
    department: String,
    deadline: String,
    state: &'static str,
    class: &'static str,
    overdue: Option<i64>,
}

struct StepLine {
    what: &'static str,
    note: String,
    at: String,
    by: String,
    /// Hash and name of each photo.
    photos: Vec<(String, String)>,
}

impl Line {
    fn new(registry: &Registry, finding: &Finding) -> Self {
        let row = &finding.row;
        Self {
            id: row.id,
            problem: row.problem.clone(),
            code: finding.code.to_string(),
            name: finding.name.clone(),
            department: words::department(&registry.catalogue, &row.department).to_owned(),
            deadline: row.deadline.clone(),
            state: finding.stage.of_finding(),
            class: state_class(finding.stage),
            overdue: finding.overdue,
        }
    }
}

/// The class of a state in the stylesheet.
pub(super) fn state_class(stage: Stage) -> &'static str {
    match stage {
        Stage::Open | Stage::Answered => "confirm",
        Stage::Returned => "error",
        Stage::Closed => "good",
    }
}

/// Every department, to choose from: code and name.
pub(super) fn departments(registry: &Registry) -> Vec<(String, String)> {
    let all = registry.catalogue.departments().iter();
    all.map(|department| (department.code.clone(), department.short_name.clone()))
        .collect()
}

/// A day from a form.
pub(super) fn day(what: &str, text: &str) -> Result<NaiveDate, WebError> {
    text.trim()
        .parse()
        .map_err(|_| WebError::Refused(format!("请填写{what}，写成“2026-11-25”这样的年-月-日。")))
}

/// `GET /inspections`.
pub(super) async fn list(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let operator = &session.operator;
        let unsettled = inspections::unsettled(registry, operator)?;
        let held = inspections::list(registry, operator, i64::MAX, SHOWN)?;
        render(&ListPage {
            frame: Frame::new(registry, &session, "联合检查", "/inspections"),
            unsettled: unsettled.iter().map(|finding| Line::new(registry, finding)).collect(),
            inspections: held.into_iter().map(Visit::new).collect(),
            may_enter: operator.may_review(),
        })
    })
    .await
}

/// What the form for a new inspection sends.
#[derive(Deserialize)]
pub(super) struct Entered {
    held_on: String,
    place: String,
    inspectors: String,
    #[serde(default)]
    note: String,
}

/// `POST /inspections`.
pub(super) async fn create(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(sent): Form<Entered>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let visit = NewVisit {
            held_on: day("检查日期", &sent.held_on)?,
            place: &sent.place,
            inspectors: &sent.inspectors,
            note: &sent.note,
        };
        let id = inspections::create(registry, &session.operator, &visit)?;
        Ok(Redirect::to(&format!("/inspections/{id}")))
    })
    .await
}

/// `GET /inspections/{id}`.
pub(super) async fn one(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let (row, findings) = seen(inspections::one(registry, &session.operator, id))?;
        render(&OnePage {
            frame: Frame::new(registry, &session, "联合检查", "/inspections"),
            visit: Visit::new(row),
            findings: findings.iter().map(|finding| Line::new(registry, finding)).collect(),
            may_enter: session.operator.may_review(),
            departments: departments(registry),
        })
    })
    .await
}

/// What the form for a new finding sends.
#[derive(Deserialize)]
pub(super) struct Found {
    code: String,
    problem: String,
    /// Blank: the project's own.
    #[serde(default)]
    department: String,
    deadline: String,
}

/// `POST /inspections/{id}/findings`.
pub(super) async fn add_finding(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(sent): Form<Found>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let code: RegistryCode = sent
            .code
            .trim()
            .parse()
            .map_err(|_| WebError::Refused("登记编号写成“LC-2026-000123”这样，可在工程页面上找到。".into()))?;
        let finding = NewFinding {
            code,
            department: Some(sent.department.as_str()).filter(|code| !code.is_empty()),
            problem: &sent.problem,
            deadline: day("整改期限", &sent.deadline)?,
        };
        inspections::add_finding(registry, &session.operator, id, &finding)?;
        Ok(Redirect::to(&format!("/inspections/{id}")))
    })
    .await
}

/// `GET /rectifications/{id}`.
pub(super) async fn case(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let case = seen(inspections::case(registry, &session.operator, id))?;
        let sees_project = crate::registry::projects::record(registry, &session.operator, case.finding.code).is_ok();
        render(&case_page(registry, &session, case, sees_project))
    })
    .await
}

fn case_page(registry: &Registry, session: &Session, case: Case, sees_project: bool) -> CasePage {
    let operator = &session.operator;
    let finding = &case.finding;
    let steps = case.moves.iter().map(|made| StepLine {
        what: match made.to_state.as_str() {
            "answered" => "部门报告整改",
            "returned" => "秘书处退回",
            _ => "秘书处核实销号",
        },
        note: made.note.clone(),
        at: words::moment(made.made_at),
        by: made.made_by.clone(),
        photos: case
            .evidence
            .iter()
            .filter(|photo| photo.seq == made.seq)
            .map(|photo| (photo.sha256.clone(), photo.file_name.clone()))
            .collect(),
    });
    CasePage {
        frame: Frame::new(registry, session, "整改", "/inspections"),
        line: Line::new(registry, finding),
        version: finding.row.version,
        steps: steps.collect(),
        sees_project,
        may_answer: finding.stage.is_owed() && operator.may_send(&finding.row.department),
        may_decide: finding.stage == Stage::Answered && operator.may_review(),
        visit: Visit::new(case.inspection),
    }
}

/// `POST /rectifications/{id}/answer`.
pub(super) async fn answer(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Redirect, WebError> {
    let sent = photo_pages::receive(multipart?, inspections::MOST_PHOTOS).await?;
    blocking(&registry, move |registry| {
        seen(inspections::case(registry, &session.operator, id))?;
        let version = sent.text("version").parse().ok();
        inspections::answer(registry, &session.operator, id, version, sent.text("note"), &sent.files)?;
        Ok(Redirect::to(&format!("/rectifications/{id}")))
    })
    .await
}

/// What the secretariat's form sends.
#[derive(Deserialize)]
pub(super) struct Verdict {
    version: i64,
    note: String,
    /// `close` or `return`.
    decision: String,
}

/// `POST /rectifications/{id}/decide`.
pub(super) async fn decide(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(sent): Form<Verdict>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        seen(inspections::case(registry, &session.operator, id))?;
        let close = sent.decision == "close";
        inspections::decide(registry, &session.operator, id, Some(sent.version), close, &sent.note)?;
        Ok(Redirect::to(&format!("/rectifications/{id}")))
    })
    .await
}

/// `GET /rectifications/{id}/photos/{sha256}`.
pub(super) async fn photo(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path((id, sha256)): Path<(i64, String)>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let found = inspections::photo(registry, &session.operator, id, &sha256);
        Ok(picture(seen(found)?))
    })
    .await
}
