//! Items of the joint meeting, followed to closure.

use axum::http::Method;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, change, get, post};
use super::inspections::{Id, MoveLine, VerdictLine};
use super::problem::{Problem, seen};
use super::reply::{Made, Tagged};
use super::roles::{DATA, KEEP, SEND};
use super::types::{Instant, Nothing, Page};
use super::uploads::may_send;
use crate::registry::meetings::{self, Item, NewMatter};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/meeting-items",
            DATA,
            "The items of the joint meeting, those overdue first",
            list_items,
        ),
        post("/meeting-items", KEEP, "Enters an item", create_item),
        get("/meeting-items/{id}", DATA, "One item", one_item),
        change(
            Method::POST,
            "/meeting-items/{id}/answers",
            SEND,
            "The department says what it did",
            answer_item,
        ),
        change(
            Method::POST,
            "/meeting-items/{id}/verdicts",
            KEEP,
            "The secretariat closes what it has verified, or gives it back",
            decide_item,
        ),
    ]
}

/// An item of the joint meeting.
#[derive(Serialize, JsonSchema)]
struct ItemLine {
    /// Its number.
    id: i64,
    /// The day of the meeting.
    meeting_on: String,
    /// Which meeting.
    meeting: String,
    /// What is to be done.
    matter: String,
    /// Who is to do it.
    department: String,
    /// The last day for it.
    deadline: String,
    /// `open`, `answered`, `returned` or `closed`.
    state: String,
    /// Days since the deadline, where the department has yet to act.
    overdue: Option<i64>,
    /// What was done, the first move first.
    moves: Vec<MoveLine>,
}

fn item_line(item: Item) -> ItemLine {
    let moves = item.moves.into_iter().map(|row| MoveLine {
        seq: row.seq,
        from: row.from_state,
        to: row.to_state,
        note: row.note,
        made_by: row.made_by,
        made_at: Instant(row.made_at),
    });
    ItemLine {
        id: item.row.id,
        meeting_on: item.row.meeting_on,
        meeting: item.row.meeting,
        matter: item.row.matter,
        department: item.row.department,
        deadline: item.row.deadline,
        state: item.row.state,
        overdue: item.overdue,
        moves: moves.collect(),
    }
}

/// Which items.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedItems {
    /// Whether those that are closed are told, too, last.
    #[serde(default)]
    closed: bool,
}

fn list_items(call: &Call<'_>, input: In<Nothing, AskedItems>) -> Result<Page<ItemLine>, Problem> {
    let items = meetings::list(call.registry, call.operator, input.query.closed)?;
    Ok(Page::whole(items.into_iter().map(item_line).collect()))
}

/// An item about to be entered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewItem {
    /// The day of the meeting.
    #[schemars(with = "String", extend("format" = "date"))]
    meeting_on: NaiveDate,
    /// Which meeting.
    meeting: String,
    /// What is to be done.
    matter: String,
    /// Who is to do it.
    department: String,
    /// The last day for it.
    #[schemars(with = "String", extend("format" = "date"))]
    deadline: NaiveDate,
}

fn create_item(call: &Call<'_>, input: In<Nothing, Nothing, Json<NewItem>>) -> Result<Made<ItemLine>, Problem> {
    let new = input.body.0;
    let matter = NewMatter {
        meeting_on: new.meeting_on,
        meeting: &new.meeting,
        matter: &new.matter,
        department: &new.department,
        deadline: new.deadline,
    };
    let id = meetings::create(call.registry, call.operator, &matter)?;
    let item = meetings::one(call.registry, call.operator, id)?;
    Ok(Made(format!("/meeting-items/{id}"), item_line(item)))
}

fn find_item(call: &Call<'_>, id: i64) -> Result<Item, Problem> {
    seen(meetings::one(call.registry, call.operator, id))
}

fn one_item(call: &Call<'_>, input: In<Id>) -> Result<Tagged<ItemLine>, Problem> {
    Ok(Tagged(item_line(find_item(call, input.path.id)?)))
}

/// What a department did.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ItemAnswer {
    /// In words.
    note: String,
}

fn answer_item(call: &Call<'_>, input: In<Id, Nothing, Json<ItemAnswer>>) -> Result<Tagged<ItemLine>, Problem> {
    let id = input.path.id;
    let before = find_item(call, id)?;
    may_send(call.operator, &before.row.department)?;
    let version = before.row.version;
    call.must_match(Some(&item_line(before)))?;
    meetings::answer(call.registry, call.operator, id, Some(version), &input.body.0.note)?;
    Ok(Tagged(item_line(find_item(call, id)?)))
}

fn decide_item(call: &Call<'_>, input: In<Id, Nothing, Json<VerdictLine>>) -> Result<Tagged<ItemLine>, Problem> {
    let id = input.path.id;
    let before = find_item(call, id)?;
    let version = before.row.version;
    call.must_match(Some(&item_line(before)))?;
    let verdict = input.body.0;
    let note = &verdict.note;
    meetings::decide(call.registry, call.operator, id, Some(version), verdict.closes(), note)?;
    Ok(Tagged(item_line(find_item(call, id)?)))
}
