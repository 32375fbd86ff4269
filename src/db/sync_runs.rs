//! The runs of the delivery.

use diesel::prelude::*;

use super::schema::sync_runs;
use super::{Conn, DbError, each};

/// A run, and how its records ended.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sync_runs)]
pub struct SyncRunRow {
    /// Its id, and the fencing token of what it holds.
    pub id: i64,
    /// The process.
    pub holder: String,
    /// The operator or the job.
    pub started_by: String,
    /// UTC milliseconds.
    pub started_at: i64,
    /// Its lease, UTC milliseconds.
    pub lease_until: i64,
    /// The state's word.
    pub state: String,
    /// Its counts.
    #[diesel(embed)]
    pub counts: CountsRow,
    /// Batches posted.
    pub batches: i64,
    /// Why it ended so, in Chinese.
    pub detail: Option<String>,
    /// UTC milliseconds.
    pub ended_at: Option<i64>,
    /// 1 where what it left is kept by record.
    pub left_kept: i64,
}

/// How the records of a run ended; what was selected is their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = sync_runs)]
pub struct CountsRow {
    /// Accepted.
    pub accepted: i64,
    /// Rejected.
    pub rejected: i64,
    /// Held already, the same.
    pub unchanged: i64,
    /// A higher revision was held.
    pub stale: i64,
    /// Receipt awaited.
    pub pending: i64,
    /// Not known.
    pub unknown: i64,
    /// Not sent.
    pub not_sent: i64,
}

/// Begins a run and gives its id.
pub fn insert(
    conn: &mut Conn<'_>,
    holder: &str,
    started_by: &str,
    started_at: i64,
    lease_until: i64,
) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::insert_into(sync_runs::table)
        .values((
            sync_runs::holder.eq(holder),
            sync_runs::started_by.eq(started_by),
            sync_runs::started_at.eq(started_at),
            sync_runs::lease_until.eq(lease_until),
            sync_runs::state.eq("running"),
        ))
        .returning(sync_runs::id)
        .get_result(c))?)
}

/// Extends a running run's lease and stores its counts; whether it still was running.
pub fn renew(conn: &mut Conn<'_>, run: i64, counts: &CountsRow, lease_until: i64) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::update(sync_runs::table.find(run))
        .filter(sync_runs::state.eq("running"))
        .set((counts, sync_runs::lease_until.eq(lease_until)))
        .execute(c))?
        == 1)
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The state's word.
    pub state: &'a str,
    /// Its counts.
    pub counts: CountsRow,
    /// Batches posted.
    pub batches: i64,
    /// Why.
    pub detail: Option<&'a str>,
    /// When, UTC milliseconds.
    pub at: i64,
}

/// Whether a run is running.
pub fn is_running(conn: &mut Conn<'_>, run: i64) -> Result<bool, DbError> {
    let found: i64 = each!(conn, c => sync_runs::table
        .find(run)
        .filter(sync_runs::state.eq("running"))
        .count()
        .get_result(c))?;
    Ok(found == 1)
}

/// Ends a running run; whether it still was running. What it leaves is kept before.
pub fn finish(conn: &mut Conn<'_>, run: i64, end: &End<'_>) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::update(sync_runs::table.find(run))
        .filter(sync_runs::state.eq("running"))
        .set((
            sync_runs::state.eq(end.state),
            end.counts,
            sync_runs::batches.eq(end.batches),
            sync_runs::detail.eq(end.detail),
            sync_runs::ended_at.eq(end.at),
            sync_runs::left_kept.eq(1),
        ))
        .execute(c))?
        == 1)
}

/// The latest of the runs before the latest so many.
pub fn latest_but(conn: &mut Conn<'_>, count: i64) -> Result<Option<i64>, DbError> {
    Ok(each!(conn, c => sync_runs::table
        .order(sync_runs::id.desc())
        .offset(count)
        .limit(1)
        .select(sync_runs::id)
        .first(c)
        .optional())?)
}

/// Notes of the runs up to this one that what they left is no more kept by record.
pub fn forget_left(conn: &mut Conn<'_>, upto: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(sync_runs::table)
        .filter(sync_runs::id.le(upto))
        .filter(sync_runs::left_kept.eq(1))
        .set(sync_runs::left_kept.eq(0))
        .execute(c))?;
    Ok(())
}

/// The running runs whose lease has lapsed.
pub fn lapsed(conn: &mut Conn<'_>, now: i64) -> Result<Vec<i64>, DbError> {
    Ok(each!(conn, c => sync_runs::table
        .filter(sync_runs::state.eq("running"))
        .filter(sync_runs::lease_until.lt(now))
        .select(sync_runs::id)
        .load(c))?)
}

/// The runs that are not over: running, with a lease that has not lapsed.
pub fn live(conn: &mut Conn<'_>, now: i64) -> Result<Vec<i64>, DbError> {
    Ok(each!(conn, c => sync_runs::table
        .filter(sync_runs::state.eq("running"))
        .filter(sync_runs::lease_until.ge(now))
        .select(sync_runs::id)
        .load(c))?)
}

/// The running runs, each with its holder.
pub fn running(conn: &mut Conn<'_>) -> Result<Vec<(i64, String)>, DbError> {
    Ok(each!(conn, c => sync_runs::table
        .filter(sync_runs::state.eq("running"))
        .select((sync_runs::id, sync_runs::holder))
        .load(c))?)
}

/// Ends the leases of running runs.
pub fn end_leases(conn: &mut Conn<'_>, ids: &[i64], now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(sync_runs::table)
        .filter(sync_runs::id.eq_any(ids))
        .filter(sync_runs::state.eq("running"))
        .filter(sync_runs::lease_until.ge(now))
        .set(sync_runs::lease_until.eq(now - 1))
        .execute(c))?;
    Ok(())
}

/// The runs before this one, newest first.
pub fn latest(conn: &mut Conn<'_>, before: i64, limit: i64) -> Result<Vec<SyncRunRow>, DbError> {
    Ok(each!(conn, c => sync_runs::table
        .filter(sync_runs::id.lt(before))
        .order(sync_runs::id.desc())
        .limit(limit)
        .select(SyncRunRow::as_select())
        .load(c))?)
}
