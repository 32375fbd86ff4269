//! `/meetings`: what joint meetings settled, who is to do it by when, and how far it is.

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::error::{WebError, seen};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::inspections::{day, departments, state_class};
use super::words;
use crate::registry::Registry;
use crate::registry::followup::Stage;
use crate::registry::meetings::{self, Item, NewMatter};
use crate::registry::people::Session;

#[derive(Template)]
#[template(path = "meetings.html")]
struct MeetingsPage {
    frame: Frame,
    /// The closed ones are shown too.
    closed: bool,
    items: Vec<Line>,
    may_enter: bool,
    departments: Vec<(String, String)>,
}

struct Line {
    id: i64,
    version: i64,
    matter: String,
    meeting: String,
    department: String,
    deadline: String,
    state: &'static str,
    class: &'static str,
    overdue: Option<i64>,
    moves: Vec<(String, String, String, &'static str)>,
    may_answer: bool,
    may_decide: bool,
}

/// Whether closed ones are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    closed: String,
}

/// `GET /meetings`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let operator = &session.operator;
        let closed = asked.closed == "yes";
        let items = meetings::list(registry, operator, closed)?;
        let may_enter = operator.may_review();
        render(&MeetingsPage {
            frame: Frame::new(registry, &session, "议定事项", "/meetings"),
            closed,
            items: items.iter().map(|item| line(registry, &session, item)).collect(),
            may_enter,
            departments: departments(registry),
        })
    })
    .await
}

fn line(registry: &Registry, session: &Session, item: &Item) -> Line {
    let row = &item.row;
    let operator = &session.operator;
    let moves = item.moves.iter().map(|made| {
        let to = match made.to_state.as_str() {
            "answered" => "报告办理",
            "returned" => "退回",
            _ => "核实办结",
        };
        (words::moment(made.made_at), made.made_by.clone(), made.note.clone(), to)
    });
    Line {
        id: row.id,
        version: row.version,
        matter: row.matter.clone(),
        meeting: format!("{}（{}）", row.meeting, row.meeting_on),
        department: words::department(&registry.catalogue, &row.department).to_owned(),
        deadline: row.deadline.clone(),
        state: item.stage.of_item(),
        class: state_class(item.stage),
        overdue: item.overdue,
        moves: moves.collect(),
        may_answer: item.stage.is_owed() && operator.may_send(&row.department),
        may_decide: item.stage == Stage::Answered && operator.may_review(),
    }
}

/// What the form for a new item sends.
#[derive(Deserialize)]
pub(super) struct Entered {
    meeting_on: String,
    meeting: String,
    matter: String,
    department: String,
    deadline: String,
}

/// `POST /meetings`.
pub(super) async fn create(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(sent): Form<Entered>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let matter = NewMatter {
            meeting_on: day("会议日期", &sent.meeting_on)?,
            meeting: &sent.meeting,
            matter: &sent.matter,
            department: &sent.department,
            deadline: day("办理期限", &sent.deadline)?,
        };
        let id = meetings::create(registry, &session.operator, &matter)?;
        Ok(Redirect::to(&format!("/meetings#item-{id}")))
    })
    .await
}

/// What the forms of an item send.
#[derive(Deserialize)]
pub(super) struct Step {
    version: i64,
    note: String,
    /// `close` or `return`, from the secretariat.
    #[serde(default)]
    decision: String,
}

/// `POST /meetings/{id}/answer`.
pub(super) async fn answer(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(sent): Form<Step>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        seen(meetings::one(registry, &session.operator, id))?;
        meetings::answer(registry, &session.operator, id, Some(sent.version), &sent.note)?;
        Ok(Redirect::to(&format!("/meetings#item-{id}")))
    })
    .await
}

/// `POST /meetings/{id}/decide`.
pub(super) async fn decide(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(id): Path<i64>,
    Form(sent): Form<Step>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        seen(meetings::one(registry, &session.operator, id))?;
        let close = sent.decision == "close";
        meetings::decide(registry, &session.operator, id, Some(sent.version), close, &sent.note)?;
        Ok(Redirect::to("/meetings?closed=yes"))
    })
    .await
}
