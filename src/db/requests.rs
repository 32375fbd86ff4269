//! Requests of the interface that a client may repeat under the same key, and what they were answered.

use diesel::prelude::*;

use super::schema::api_requests;
use super::{Conn, DbError, each};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_requests)]
pub struct RequestRow {
    /// Who sent it.
    pub actor: String,
    /// Under which key.
    pub request_key: String,
    /// Names what was sent where.
    pub request_hash: String,
    /// UTC milliseconds.
    pub begun_at: i64,
    /// The HTTP status that was answered; none within the transaction that works on it.
    pub status: Option<i64>,
    /// The headers that were answered, as JSON.
    pub headers: Option<String>,
    /// The body that was answered.
    pub body: Option<String>,
}

/// The request under a key.
pub fn find(conn: &mut Conn<'_>, actor: &str, key: &str) -> Result<Option<RequestRow>, DbError> {
    Ok(each!(conn, c => api_requests::table
        .find((actor, key))
        .select(RequestRow::as_select())
        .first(c)
        .optional())?)
}

/// Adds a request; whether there was none under its key. Where another transaction is adding it, waits for that one's end.
pub fn insert(conn: &mut Conn<'_>, row: &RequestRow) -> Result<bool, DbError> {
    let added = each!(conn, c => diesel::insert_into(api_requests::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(added == 1)
}

/// Keeps what was answered.
pub fn finish(
    conn: &mut Conn<'_>,
    (actor, key): (&str, &str),
    (status, headers, body): (i64, &str, &str),
) -> Result<(), DbError> {
    each!(conn, c => diesel::update(api_requests::table.find((actor, key)))
        .set((
            api_requests::status.eq(status),
            api_requests::headers.eq(headers),
            api_requests::body.eq(body),
        ))
        .execute(c))?;
    Ok(())
}

/// Forgets the requests that were begun before then; how many.
pub fn forget_before(conn: &mut Conn<'_>, before: i64) -> Result<usize, DbError> {
    Ok(each!(conn, c => diesel::delete(api_requests::table.filter(api_requests::begun_at.lt(before))).execute(c))?)
}
