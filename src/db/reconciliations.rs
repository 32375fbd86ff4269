//! Comparisons with the platform, and what differed.

#![allow(clippy::ref_option_ref, reason = "diesel's derive borrows a field as it is")]

use diesel::dsl::{auto_type, exists, not};
use diesel::prelude::*;

use super::schema::{batch_members, deliveries, differences, projects, reconciliations};
use super::{CHUNK, Conn, DbError, each};

diesel::alias!(const others: Alias<Others> = deliveries as others);

/// The states of a delivery that the platform holds in this revision, or a higher one.
const HELD: [&str; 3] = ["accepted", "unchanged", "stale"];
/// The states of a delivery that is on its way.
const MOVING: [&str; 4] = ["ready", "claimed", "unknown", "pending"];

/// A comparison.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = reconciliations)]
pub struct ReconciliationRow {
    /// Its id.
    pub id: i64,
    /// The operator or the job.
    pub started_by: String,
    /// UTC milliseconds.
    pub started_at: i64,
    /// 1: what the platform misses is delivered again.
    pub redeliver: i64,
    /// Records that the platform listed.
    pub listed: i64,
    /// UTC milliseconds; none: it broke off without a word.
    pub ended_at: Option<i64>,
    /// Why it broke off, in Chinese.
    pub trouble: Option<String>,
}

/// What differs of a record.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = differences, treat_none_as_default_value = false)]
pub struct DifferenceRow {
    /// The comparison.
    pub reconciliation_id: i64,
    /// The registry code, as the platform has it.
    pub source_id: String,
    /// The kind's word.
    pub kind: String,
    /// The revision that we believe there.
    pub revision_here: Option<i64>,
    /// The revision that is there.
    pub revision_there: Option<i64>,
    /// The inspector's note, or what differs.
    pub note: Option<String>,
    /// `nothing`, `redelivered` or `sent-back`.
    pub done: String,
}

/// A delivery that we believe the platform holds: of its project the latest such.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Believed {
    /// The project.
    pub project_id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// The delivery.
    pub id: i64,
    /// The revision.
    pub revision: i64,
    /// `upsert` or `withdraw`.
    pub op: String,
}

/// Begins a comparison and gives its id.
pub fn insert(conn: &mut Conn<'_>, started_by: &str, redeliver: bool, now: i64) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::insert_into(reconciliations::table)
        .values((
            reconciliations::started_by.eq(started_by),
            reconciliations::started_at.eq(now),
            reconciliations::redeliver.eq(i64::from(redeliver)),
        ))
        .returning(reconciliations::id)
        .get_result(c))?)
}

/// Ends a comparison.
pub fn end(conn: &mut Conn<'_>, id: i64, listed: i64, trouble: Option<&str>, now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(reconciliations::table.find(id))
        .set((
            reconciliations::listed.eq(listed),
            reconciliations::trouble.eq(trouble),
            reconciliations::ended_at.eq(now),
        ))
        .execute(c))?;
    Ok(())
}

/// The latest comparisons, newest first.
pub fn latest(conn: &mut Conn<'_>, limit: i64) -> Result<Vec<ReconciliationRow>, DbError> {
    Ok(each!(conn, c => reconciliations::table
        .order(reconciliations::id.desc())
        .limit(limit)
        .select(ReconciliationRow::as_select())
        .load(c))?)
}

/// What differed in a comparison, by kind and code.
pub fn differences_of(conn: &mut Conn<'_>, id: i64, limit: i64) -> Result<Vec<DifferenceRow>, DbError> {
    Ok(each!(conn, c => differences::table
        .filter(differences::reconciliation_id.eq(id))
        .order((differences::kind, differences::source_id))
        .limit(limit)
        .select(DifferenceRow::as_select())
        .load(c))?)
}

/// How many differences of each kind a comparison found.
pub fn count_by_kind(conn: &mut Conn<'_>, id: i64) -> Result<Vec<(String, i64)>, DbError> {
    Ok(each!(conn, c => differences::table
        .filter(differences::reconciliation_id.eq(id))
        .group_by(differences::kind)
        .select((differences::kind, diesel::dsl::count_star()))
        .load(c))?)
}

/// Forgets what a comparison had noted of these records, and notes this.
pub fn replace(conn: &mut Conn<'_>, id: i64, source_ids: &[String], rows: &[DifferenceRow]) -> Result<(), DbError> {
    for chunk in source_ids.chunks(CHUNK) {
        each!(conn, c => diesel::delete(differences::table
            .filter(differences::reconciliation_id.eq(id))
            .filter(differences::source_id.eq_any(chunk)))
            .execute(c))?;
    }
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(differences::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Later deliveries of the project that are held or on their way.
#[auto_type]
fn overtaken() -> _ {
    let state = others.field(deliveries::state);
    others
        .filter(others.field(deliveries::project_id).eq(deliveries::project_id))
        .filter(others.field(deliveries::revision).gt(deliveries::revision))
        .filter(state.ne("rejected").and(state.ne("superseded")))
}

/// What we believe of these projects.
pub fn believed_of(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<Believed>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .inner_join(projects::table.on(projects::id.eq(deliveries::project_id)))
        .filter(deliveries::project_id.eq_any(ids))
        .filter(deliveries::state.eq_any(HELD))
        .filter(not(exists(overtaken())))
        .select((
            deliveries::project_id,
            projects::entry_year,
            deliveries::id,
            deliveries::revision,
            deliveries::op,
        ))
        .load(c))?)
}

/// Up to `limit` projects after `after`, by id, of which we believe something.
pub fn projects_after(conn: &mut Conn<'_>, after: i64, limit: i64) -> Result<Vec<i64>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .filter(deliveries::project_id.gt(after))
        .filter(deliveries::state.eq_any(HELD))
        .select(deliveries::project_id)
        .distinct()
        .order(deliveries::project_id)
        .limit(limit)
        .load(c))?)
}

/// Those among these projects that have a delivery on its way, or one that changed at or after `since`.
pub fn moving(conn: &mut Conn<'_>, ids: &[i64], since: i64) -> Result<Vec<i64>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .filter(deliveries::project_id.eq_any(ids))
        .filter(deliveries::state.eq_any(MOVING).or(deliveries::changed_at.gt(since)))
        .select(deliveries::project_id)
        .distinct()
        .load(c))?)
}

/// The digests with which deliveries of these projects were sent, by delivery, the last one last.
pub fn digests(conn: &mut Conn<'_>, projects: &[i64]) -> Result<Vec<(i64, Option<String>)>, DbError> {
    Ok(each!(conn, c => batch_members::table
        .filter(batch_members::project_id.eq_any(projects))
        .order(batch_members::batch_id)
        .select((batch_members::delivery_id, batch_members::digest))
        .load(c))?)
}

/// Puts held deliveries into the outbox again, in the same revisions; gives their projects.
pub fn redeliver(conn: &mut Conn<'_>, ids: &[i64], now: i64) -> Result<Vec<i64>, DbError> {
    Ok(each!(conn, c => diesel::update(deliveries::table)
        .filter(deliveries::id.eq_any(ids))
        .filter(deliveries::state.eq_any(HELD))
        .set((
            deliveries::state.eq("ready"),
            deliveries::run_id.eq(None::<i64>),
            deliveries::batch_id.eq(None::<i64>),
            deliveries::changed_at.eq(now),
        ))
        .returning(deliveries::project_id)
        .get_results(c))?)
}
