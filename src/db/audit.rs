//! The audit log: who did what, on what, from where, when, and whether it was done. Appended only.

use diesel::prelude::*;

use super::schema::audit_log;
use super::{Conn, DbError, each};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
pub struct Entry {
    /// When, UTC milliseconds.
    pub at: i64,
    /// The operator's name.
    pub actor: String,
    /// What was done, `upload.commit`.
    pub action: String,
    /// To what: an upload, a user, a number of projects.
    pub object: String,
    /// More about it, as JSON.
    pub detail: String,
    /// From where: `console`, or an address of the network.
    pub origin: String,
    /// `done` or `refused`.
    pub outcome: String,
}

/// Appends an entry.
pub fn append(conn: &mut Conn<'_>, entry: &Entry) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(audit_log::table).values(entry).execute(c))?;
    Ok(())
}

/// The latest entries, newest first.
pub fn latest(conn: &mut Conn<'_>, limit: i64) -> Result<Vec<Entry>, DbError> {
    Ok(each!(conn, c => audit_log::table
        .order(audit_log::id.desc())
        .limit(limit)
        .select(Entry::as_select())
        .load(c))?)
}
