//! Waivers: errors of a rule that the secretariat lets a project go in with, until a day. Appended only; the latest of a rule counts.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::waivers;
use super::{CHUNK, Conn, DbError, each};

/// One waiver.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = waivers)]
pub struct WaiverRow {
    /// The project.
    pub project_id: i64,
    /// The rule's code.
    pub rule: String,
    /// From 0, per project and rule.
    pub seq: i64,
    /// The last day on which it holds, ISO.
    pub until: String,
    /// Why.
    pub reason: String,
    /// Who granted it.
    pub granted_by: String,
    /// When, UTC milliseconds.
    pub granted_at: i64,
}

/// Waivers by project and rule.
pub type Waivers = HashMap<(i64, String), WaiverRow>;

/// Appends a waiver.
pub fn insert(conn: &mut Conn<'_>, row: &WaiverRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(waivers::table).values(row).execute(c))?;
    Ok(())
}

/// All waivers of a project, by rule, oldest first.
pub fn of_project(conn: &mut Conn<'_>, project: i64) -> Result<Vec<WaiverRow>, DbError> {
    Ok(each!(conn, c => waivers::table
        .filter(waivers::project_id.eq(project))
        .order((waivers::rule, waivers::seq))
        .select(WaiverRow::as_select())
        .load(c))?)
}

/// The waivers of these projects that hold on a day.
pub fn in_force(conn: &mut Conn<'_>, ids: &[i64], today: &str) -> Result<Waivers, DbError> {
    let mut found = Waivers::new();
    for chunk in ids.chunks(CHUNK) {
        let rows: Vec<WaiverRow> = each!(conn, c => waivers::table
            .filter(waivers::project_id.eq_any(chunk))
            .order(waivers::seq)
            .select(WaiverRow::as_select())
            .load(c))?;
        found.extend(rows.into_iter().map(|row| ((row.project_id, row.rule.clone()), row)));
    }
    // The latest of a rule counts, even where it is the shorter one.
    found.retain(|_, row| row.until.as_str() >= today);
    Ok(found)
}
