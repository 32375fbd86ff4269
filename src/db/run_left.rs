//! What each run of the delivery left to those after it.

use diesel::dsl::min;
use diesel::prelude::*;

use super::schema::{deliveries, projects, run_left};
use super::{Conn, DbError, each, insert_all};

/// A delivery as a run left it.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = run_left)]
pub struct LeftRow {
    /// The run.
    pub run_id: i64,
    /// The delivery.
    pub delivery_id: i64,
    /// Its project.
    pub project_id: i64,
    /// The word of how it was left: `pending`, `unknown` or `not-sent`.
    pub state: &'static str,
}

/// Keeps what a run leaves.
pub fn insert(conn: &mut Conn<'_>, rows: &[LeftRow]) -> Result<(), DbError> {
    insert_all!(conn, run_left::table, rows);
    Ok(())
}

/// Forgets records of the first run up to this one of which any are kept, so many at most; how many.
pub fn forget(conn: &mut Conn<'_>, upto: i64, limit: i64) -> Result<usize, DbError> {
    let first: Option<i64> = each!(conn, c => run_left::table
        .filter(run_left::run_id.le(upto))
        .select(min(run_left::run_id))
        .first(c))?;
    let Some(run) = first else { return Ok(0) };
    let stay: Option<i64> = each!(conn, c => run_left::table
        .filter(run_left::run_id.eq(run))
        .order(run_left::delivery_id)
        .offset(limit)
        .limit(1)
        .select(run_left::delivery_id)
        .first(c)
        .optional())?;
    Ok(each!(conn, c => diesel::delete(run_left::table)
        .filter(run_left::run_id.eq(run))
        .filter(run_left::delivery_id.lt(stay.unwrap_or(i64::MAX)))
        .execute(c))?)
}

/// A delivery that a run left, with its project.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct LeftOver {
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
    /// The revision.
    pub revision: i64,
    /// The word of the state that the delivery is in now.
    pub state: String,
    /// The run that holds or settled it.
    pub run_id: Option<i64>,
}

/// The deliveries that a run left so, those after one, oldest first.
pub fn of_run(conn: &mut Conn<'_>, run: i64, left: &str, after: i64, limit: i64) -> Result<Vec<LeftOver>, DbError> {
    Ok(each!(conn, c => run_left::table
        .inner_join(deliveries::table.on(deliveries::project_id
            .eq(run_left::project_id)
            .and(deliveries::id.eq(run_left::delivery_id))))
        .inner_join(projects::table.on(projects::id.eq(run_left::project_id)))
        .filter(run_left::run_id.eq(run))
        .filter(run_left::state.eq(left))
        .filter(run_left::delivery_id.gt(after))
        .order(run_left::delivery_id)
        .limit(limit)
        .select((
            run_left::delivery_id,
            projects::id,
            projects::entry_year,
            projects::department,
            projects::name,
            deliveries::revision,
            deliveries::state,
            deliveries::run_id,
        ))
        .load(c))?)
}
