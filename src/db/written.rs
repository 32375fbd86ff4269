//! What rosters say of the values that were read as something else.

use diesel::prelude::*;

use super::schema::revision_written;
use super::{CHUNK, Conn, DbError, each};

/// What the row of a revision says.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = revision_written)]
pub struct WrittenRow {
    /// The project.
    pub project_id: i64,
    /// The revision.
    pub revision: i64,
    /// The texts by field, as JSON.
    pub written: String,
}

/// Appends what rows say.
pub fn insert(conn: &mut Conn<'_>, rows: &[WrittenRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(revision_written::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// What the row of a revision says, as JSON.
pub fn of_revision(conn: &mut Conn<'_>, project: i64, revision: i64) -> Result<Option<String>, DbError> {
    Ok(each!(conn, c => revision_written::table
        .find((project, revision))
        .select(revision_written::written)
        .first(c)
        .optional())?)
}
