//! What the platform answered, record by record, for the pages of the runs.

use diesel::dsl::auto_type;
use diesel::prelude::*;

use super::schema::{deliveries, projects, receipts};
use super::{Conn, DbError, each};

/// A delivery that the platform answered, with its project and the platform's words.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Answered {
    /// The delivery.
    pub delivery_id: i64,
    /// The project.
    pub project_id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// The department that reports it.
    pub department: String,
    /// Its name.
    pub name: String,
    /// The revision that was sent.
    pub revision: i64,
    /// The run.
    pub run_id: i64,
    /// The platform's number.
    pub platform_no: Option<String>,
    /// The platform's errors, as JSON.
    pub errors_json: String,
    /// When the receipt came, UTC milliseconds.
    pub received_at: i64,
}

/// Deliveries with their projects and receipts, to be narrowed.
#[auto_type]
fn answered() -> _ {
    deliveries::table
        .inner_join(projects::table.on(projects::id.eq(deliveries::project_id)))
        .inner_join(
            receipts::table.on(receipts::project_id
                .eq(deliveries::project_id)
                .and(receipts::delivery_id.eq(deliveries::id))),
        )
        .select((
            deliveries::id,
            projects::id,
            projects::entry_year,
            projects::department,
            projects::name,
            deliveries::revision,
            receipts::run_id,
            receipts::platform_no,
            receipts::errors_json,
            receipts::received_at,
        ))
}

/// The rejected deliveries before a delivery and run, newest first.
pub fn before(conn: &mut Conn<'_>, (delivery, run): (i64, i64), limit: i64) -> Result<Vec<Answered>, DbError> {
    Ok(each!(conn, c => answered()
        .filter(deliveries::state.eq("rejected"))
        .filter(receipts::verdict.eq("rejected"))
        .filter(deliveries::id.lt(delivery).or(deliveries::id.eq(delivery).and(receipts::run_id.lt(run))))
        .order((deliveries::id.desc(), receipts::run_id.desc()))
        .limit(limit)
        .load(c))?)
}

/// The deliveries on which a run got this verdict, those after a delivery, oldest first.
pub fn of_run(conn: &mut Conn<'_>, run: i64, verdict: &str, after: i64, limit: i64) -> Result<Vec<Answered>, DbError> {
    Ok(each!(conn, c => answered()
        .filter(receipts::run_id.eq(run))
        .filter(receipts::verdict.eq(verdict))
        .filter(deliveries::id.gt(after))
        .order(deliveries::id)
        .limit(limit)
        .load(c))?)
}
