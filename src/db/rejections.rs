//! What the platform rejected, for the page of the runs.

use diesel::prelude::*;

use super::schema::{deliveries, projects, receipts};
use super::{Conn, DbError, each};

/// A rejected delivery, with its project and the platform's words.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Rejection {
    /// The project.
    pub project_id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// The department that reports it.
    pub department: String,
    /// Its name.
    pub name: String,
    /// The delivery.
    pub delivery_id: i64,
    /// The revision that was sent.
    pub revision: i64,
    /// The run.
    pub run_id: i64,
    /// The platform's errors, as JSON.
    pub errors_json: String,
    /// When the receipt came, UTC milliseconds.
    pub received_at: i64,
}

/// The rejected deliveries before a delivery and run, newest first.
pub fn before(conn: &mut Conn<'_>, (delivery, run): (i64, i64), limit: i64) -> Result<Vec<Rejection>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .inner_join(projects::table.on(projects::id.eq(deliveries::project_id)))
        .inner_join(receipts::table.on(receipts::project_id
            .eq(deliveries::project_id)
            .and(receipts::delivery_id.eq(deliveries::id))))
        .filter(deliveries::state.eq("rejected"))
        .filter(receipts::verdict.eq("rejected"))
        .filter(deliveries::id.lt(delivery).or(deliveries::id.eq(delivery).and(receipts::run_id.lt(run))))
        .order((deliveries::id.desc(), receipts::run_id.desc()))
        .limit(limit)
        .select((
            projects::id,
            projects::entry_year,
            projects::department,
            projects::name,
            deliveries::id,
            deliveries::revision,
            receipts::run_id,
            receipts::errors_json,
            receipts::received_at,
        ))
        .load(c))?)
}
