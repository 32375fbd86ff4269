//! What is said of projects beside their revisions. Appended only.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::schema::comments;
use super::{CHUNK, Conn, DbError, each};

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = comments)]
pub struct CommentRow {
    /// The project.
    pub project_id: i64,
    /// From 0, per project.
    pub seq: i64,
    /// The revision that was current.
    pub revision: i64,
    /// The words.
    pub body: String,
    /// Who wrote them.
    pub written_by: String,
    /// When, UTC milliseconds.
    pub written_at: i64,
}

/// Appends a comment.
pub fn insert(conn: &mut Conn<'_>, row: &CommentRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(comments::table).values(row).execute(c))?;
    Ok(())
}

/// The comments on a project, oldest first.
pub fn of_project(conn: &mut Conn<'_>, project: i64) -> Result<Vec<CommentRow>, DbError> {
    Ok(each!(conn, c => comments::table
        .filter(comments::project_id.eq(project))
        .order(comments::seq)
        .select(CommentRow::as_select())
        .load(c))?)
}

/// How many comments each of these projects has; those without are left out.
pub fn counts(conn: &mut Conn<'_>, ids: &[i64]) -> Result<HashMap<i64, i64>, DbError> {
    let mut counts = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        counts.extend(each!(conn, c => comments::table
            .filter(comments::project_id.eq_any(chunk))
            .group_by(comments::project_id)
            .select((comments::project_id, count_star()))
            .load::<(i64, i64)>(c))?);
    }
    Ok(counts)
}
