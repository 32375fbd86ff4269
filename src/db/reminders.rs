//! What departments were reminded of.

use diesel::prelude::*;

use super::schema::reminders;
use super::{Conn, DbError, each};

/// A reminder, made once.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reminders)]
pub struct ReminderRow {
    /// Who is reminded.
    pub department: String,
    /// Of what: `period:2026-11`, `finding:12`, `item:3`.
    pub subject: String,
    /// `soon`, `today` or `overdue`.
    pub kind: String,
    /// When, UTC milliseconds.
    pub made_at: i64,
}

/// Adds a reminder; whether it is a new one.
pub fn add(conn: &mut Conn<'_>, row: &ReminderRow) -> Result<bool, DbError> {
    let added =
        each!(conn, c => diesel::insert_into(reminders::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(added == 1)
}

/// The latest reminders, of one department or of all, newest first.
pub fn latest(conn: &mut Conn<'_>, department: Option<&str>, limit: i64) -> Result<Vec<ReminderRow>, DbError> {
    Ok(each!(conn, c => {
        let mut query = reminders::table.into_boxed();
        if let Some(department) = department {
            query = query.filter(reminders::department.eq(department));
        }
        query
            .order((reminders::made_at.desc(), reminders::department, reminders::subject, reminders::kind))
            .limit(limit)
            .select(ReminderRow::as_select())
            .load(c)
    })?)
}
