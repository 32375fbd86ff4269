//! Items of joint meetings: what a department is to do, and what became of it.

use diesel::prelude::*;

use super::schema::{meeting_items, meeting_moves};
use super::{Conn, DbError, each};

/// An item.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = meeting_items)]
pub struct ItemRow {
    /// Its id.
    pub id: i64,
    /// The day of the meeting, ISO.
    pub meeting_on: String,
    /// Which meeting.
    pub meeting: String,
    /// What is to be done.
    pub matter: String,
    /// Who is to do it.
    pub department: String,
    /// By when, ISO.
    pub deadline: String,
    /// `open`, `answered`, `returned` or `closed`.
    pub state: String,
    /// How many moves were made.
    pub version: i64,
    /// Who entered it.
    pub created_by: String,
    /// When, UTC milliseconds.
    pub created_at: i64,
}

/// An item about to be added.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = meeting_items)]
pub struct NewItem<'a> {
    /// The day of the meeting, ISO.
    pub meeting_on: &'a str,
    /// Which meeting.
    pub meeting: &'a str,
    /// What is to be done.
    pub matter: &'a str,
    /// Who is to do it.
    pub department: &'a str,
    /// By when, ISO.
    pub deadline: &'a str,
    /// `open`.
    pub state: &'a str,
    /// 0.
    pub version: i64,
    /// Who enters it.
    pub created_by: &'a str,
    /// When, UTC milliseconds.
    pub created_at: i64,
}

/// A move of an item from state to state.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = meeting_moves)]
pub struct MoveRow {
    /// The item.
    pub item_id: i64,
    /// From 1, per item.
    pub seq: i64,
    /// The state before.
    pub from_state: String,
    /// The state after.
    pub to_state: String,
    /// What was done, how it was verified, or why it was returned.
    pub note: String,
    /// Who.
    pub made_by: String,
    /// When, UTC milliseconds.
    pub made_at: i64,
}

/// Adds an item; its id.
pub fn insert(conn: &mut Conn<'_>, row: &NewItem<'_>) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::insert_into(meeting_items::table)
        .values(row)
        .returning(meeting_items::id)
        .get_result(c))?)
}

/// Items by deadline, of one department or of all; the closed ones too, or not.
pub fn items(conn: &mut Conn<'_>, department: Option<&str>, closed: bool) -> Result<Vec<ItemRow>, DbError> {
    Ok(each!(conn, c => {
        let mut query = meeting_items::table.into_boxed();
        if let Some(department) = department {
            query = query.filter(meeting_items::department.eq(department));
        }
        if !closed {
            query = query.filter(meeting_items::state.ne("closed"));
        }
        query.order((meeting_items::deadline, meeting_items::id)).select(ItemRow::as_select()).load(c)
    })?)
}

/// The item with this id.
pub fn find(conn: &mut Conn<'_>, id: i64) -> Result<Option<ItemRow>, DbError> {
    Ok(each!(conn, c => meeting_items::table.find(id).select(ItemRow::as_select()).first(c).optional())?)
}

/// Moves an item.
///
/// # Errors
/// [`DbError::Moved`] where it was moved meanwhile.
pub fn make_move(conn: &mut Conn<'_>, row: &MoveRow) -> Result<(), DbError> {
    let changed = each!(conn, c => diesel::update(meeting_items::table.find(row.item_id))
        .filter(meeting_items::state.eq(&row.from_state))
        .filter(meeting_items::version.eq(row.seq - 1))
        .set((meeting_items::state.eq(&row.to_state), meeting_items::version.eq(row.seq)))
        .execute(c))?;
    if changed != 1 {
        return Err(DbError::Moved("meeting_items"));
    }
    each!(conn, c => diesel::insert_into(meeting_moves::table).values(row).execute(c))?;
    Ok(())
}

/// The moves of these items, by item, the first one first.
pub fn moves(conn: &mut Conn<'_>, items: &[i64]) -> Result<Vec<MoveRow>, DbError> {
    let mut found = Vec::new();
    for chunk in items.chunks(super::CHUNK) {
        found.extend(each!(conn, c => meeting_moves::table
            .filter(meeting_moves::item_id.eq_any(chunk))
            .order((meeting_moves::item_id, meeting_moves::seq))
            .select(MoveRow::as_select())
            .load::<MoveRow>(c))?);
    }
    Ok(found)
}
