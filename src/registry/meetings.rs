//! Items of the joint meeting (议定事项): what was settled, who is to do it by when, and how far it is.

use chrono::NaiveDate;
use retrofit_jobs::store::{UtcMillis, Word as _};

use super::followup::{self, Matter, Stage, Step};
use super::people::{Operator, Sight};
use super::{Error, Registry, audit};
use crate::db::counters::{self, Counter};
use crate::db::meetings::{self, ItemRow, MoveRow, NewItem};
use crate::db::{Conn, DbError};

/// Characters of a text at most.
const LONGEST: usize = 1000;

/// An item as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is stored of it.
    pub row: ItemRow,
    /// How far it is.
    pub stage: Stage,
    /// Days since the deadline, where the department has yet to act.
    pub overdue: Option<i64>,
    /// The moves, the first one first.
    pub moves: Vec<MoveRow>,
}

/// An item about to be entered.
#[derive(Clone, Copy, Debug)]
pub struct NewMatter<'a> {
    /// The day of the meeting.
    pub meeting_on: NaiveDate,
    /// Which meeting.
    pub meeting: &'a str,
    /// What is to be done.
    pub matter: &'a str,
    /// Who is to do it.
    pub department: &'a str,
    /// The last day for it.
    pub deadline: NaiveDate,
}

/// Enters an item; its id.
///
/// # Errors
/// Refused to all but the secretariat; for an unknown department, without a text, and for a deadline gone by.
pub fn create(registry: &Registry, operator: &Operator, new: &NewMatter<'_>) -> Result<i64, Error> {
    if !operator.may_review() {
        return Err(Error::refused("只有秘书处可以登记议定事项。"));
    }
    let department = registry.department(new.department)?;
    let meeting = followup::text("会议名称", new.meeting, 100)?;
    let matter = followup::text("议定事项", new.matter, LONGEST)?;
    let deadline = followup::deadline(registry, new.deadline)?;
    let now = registry.clock.now();
    let row = NewItem {
        meeting_on: &new.meeting_on.to_string(),
        meeting: &meeting,
        matter: &matter,
        department,
        deadline: &deadline,
        state: Stage::Open.word(),
        version: 0,
        created_by: &operator.name,
        created_at: now,
    };
    registry.db.write(|conn| {
        let id = meetings::insert(conn, &row)?;
        let detail = serde_json::json!({ "department": department, "deadline": deadline });
        let what = ("meeting.item", audit::Outcome::Done);
        audit::note(conn, operator, now, what, &id.to_string(), &detail)?;
        Ok(id)
    })
}

/// The items that the operator sees, those overdue first, the closed ones, where they are asked for, last.
///
/// # Errors
/// Only our own faults.
pub fn list(registry: &Registry, operator: &Operator, closed: bool) -> Result<Vec<Item>, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(Vec::new()),
    };
    let now = registry.clock.now();
    let mut items = registry.db.read(|conn| items_in(conn, department, closed, now))?;
    items.sort_by_key(|item| (item.overdue.is_none(), item.stage == Stage::Closed));
    Ok(items)
}

/// Items by deadline.
pub(super) fn items_in(
    conn: &mut Conn<'_>,
    department: Option<&str>,
    closed: bool,
    now: UtcMillis,
) -> Result<Vec<Item>, DbError> {
    let rows = meetings::items(conn, department, closed)?;
    with_moves(conn, rows, now)
}

fn with_moves(conn: &mut Conn<'_>, rows: Vec<ItemRow>, now: UtcMillis) -> Result<Vec<Item>, DbError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let moves = meetings::moves(conn, &ids)?;
    rows.into_iter()
        .map(|row| {
            let stage = Stage::from_word(&row.state)
                .ok_or_else(|| DbError::Unreadable(format!("the state `{}` of an item", row.state)))?;
            Ok(Item {
                overdue: followup::days_overdue(stage, &row.deadline, now),
                moves: moves.iter().filter(|made| made.item_id == row.id).cloned().collect(),
                stage,
                row,
            })
        })
        .collect()
}

/// One item.
///
/// # Errors
/// Refused where there is none, or it is another department's.
pub fn one(registry: &Registry, operator: &Operator, id: i64) -> Result<Item, Error> {
    let now = registry.clock.now();
    registry.db.read(|conn| seen(conn, operator, id, now))
}

fn seen(conn: &mut Conn<'_>, operator: &Operator, id: i64, now: UtcMillis) -> Result<Item, Error> {
    let row = meetings::find(conn, id)?.filter(|row| operator.may_see(&row.department));
    with_moves(conn, row.into_iter().collect(), now)?
        .pop()
        .ok_or_else(|| Error::refused(format!("没有编号为 {id} 的议定事项。")))
}

/// The department says what it did about an item. `seen` is the version that it was shown.
///
/// # Errors
/// Refused to other departments, where the item does not wait for that, and without a text.
pub fn answer(registry: &Registry, operator: &Operator, id: i64, seen: Option<i64>, text: &str) -> Result<(), Error> {
    step(registry, operator, id, (Step::Answer, seen), text)
}

/// The secretariat closes an item that it has verified, or gives it back.
///
/// # Errors
/// Refused to others, where the item does not wait for that, without a text, and to the one who answered it.
pub fn decide(
    registry: &Registry,
    operator: &Operator,
    id: i64,
    seen: Option<i64>,
    close: bool,
    text: &str,
) -> Result<(), Error> {
    let how = if close { Step::Close } else { Step::Return };
    step(registry, operator, id, (how, seen), text)
}

fn step(
    registry: &Registry,
    operator: &Operator,
    id: i64,
    (how, shown): (Step, Option<i64>),
    text: &str,
) -> Result<(), Error> {
    let text = text.trim();
    if text.chars().count() > LONGEST {
        return Err(Error::refused(format!("说明不能超过 {LONGEST} 字。")));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let item = seen(conn, operator, id, now)?;
        let matter = Matter {
            department: &item.row.department,
            stage: item.stage,
            label: item.stage.of_item(),
            version: item.row.version,
            answered_by: item
                .moves
                .iter()
                .rfind(|row| row.to_state == Stage::Answered.word())
                .map(|row| row.made_by.as_str()),
        };
        let to = followup::check(operator, &matter, how, shown, text)?;
        let row = MoveRow {
            item_id: id,
            seq: item.row.version + 1,
            from_state: item.stage.word().into(),
            to_state: to.word().into(),
            note: text.into(),
            made_by: operator.name.clone(),
            made_at: now,
        };
        meetings::make_move(conn, &row)?;
        let detail = serde_json::json!({ "to": row.to_state, "note": row.note });
        let what = ("meeting.move", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, what, &id.to_string(), &detail)?)
    })
}
