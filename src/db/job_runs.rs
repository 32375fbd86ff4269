//! The runs of scheduled jobs, each unique by job and due time.

use diesel::prelude::*;

use super::schema::{job_pauses, job_runs};
use super::{Conn, DbError, each};

/// A run of a job.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = job_runs)]
pub struct JobRunRow {
    /// Its id.
    pub id: i64,
    /// The job's name.
    pub job: String,
    /// When it was due, UTC milliseconds.
    pub due_at: i64,
    /// 1 where it stands for missed runs.
    pub catch_up: i64,
    /// The process.
    pub holder: String,
    /// The fencing token.
    pub token: i64,
    /// UTC milliseconds.
    pub started_at: i64,
    /// Its lease, UTC milliseconds.
    pub lease_until: i64,
    /// The state's word.
    pub state: String,
    /// One line for people.
    pub outcome: Option<String>,
    /// UTC milliseconds.
    pub ended_at: Option<i64>,
    /// Its last sign of life, UTC milliseconds.
    pub heartbeat_at: i64,
    /// Who asked for it, where it was not the schedule.
    pub operator: Option<String>,
}

/// A job that the schedule leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_pauses)]
pub struct PauseRow {
    /// The job's name.
    pub job: String,
    /// Who paused it.
    pub paused_by: String,
    /// When, UTC milliseconds.
    pub paused_at: i64,
}

/// A run about to begin.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = job_runs)]
pub struct NewJobRun<'a> {
    /// The job's name.
    pub job: &'a str,
    /// When it was due.
    pub due_at: i64,
    /// 1 where it stands for missed runs.
    pub catch_up: i64,
    /// The process.
    pub holder: &'a str,
    /// 1.
    pub token: i64,
    /// Now.
    pub started_at: i64,
    /// Its lease.
    pub lease_until: i64,
    /// `running`.
    pub state: &'a str,
    /// Now.
    pub heartbeat_at: i64,
    /// Who asked for it, where it was not the schedule.
    pub operator: Option<&'a str>,
}

/// The run of a job with the latest due time.
pub fn last(conn: &mut Conn<'_>, job: &str) -> Result<Option<JobRunRow>, DbError> {
    Ok(each!(conn, c => job_runs::table
        .filter(job_runs::job.eq(job))
        .order(job_runs::due_at.desc())
        .select(JobRunRow::as_select())
        .first(c)
        .optional())?)
}

/// The run of a job that was due then.
pub fn find(conn: &mut Conn<'_>, job: &str, due_at: i64) -> Result<Option<JobRunRow>, DbError> {
    Ok(each!(conn, c => job_runs::table
        .filter(job_runs::job.eq(job))
        .filter(job_runs::due_at.eq(due_at))
        .select(JobRunRow::as_select())
        .first(c)
        .optional())?)
}

/// Whether another run of the job is alive.
pub fn is_another_alive(conn: &mut Conn<'_>, job: &str, due_at: i64, now: i64) -> Result<bool, DbError> {
    let alive: i64 = each!(conn, c => job_runs::table
        .filter(job_runs::job.eq(job))
        .filter(job_runs::due_at.ne(due_at))
        .filter(job_runs::state.eq("running"))
        .filter(job_runs::lease_until.ge(now))
        .count()
        .get_result(c))?;
    Ok(alive > 0)
}

/// Declares the job's other running runs, whose leases have lapsed, abandoned.
pub fn abandon_others(conn: &mut Conn<'_>, job: &str, due_at: i64, now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(job_runs::table)
        .filter(job_runs::job.eq(job))
        .filter(job_runs::due_at.ne(due_at))
        .filter(job_runs::state.eq("running"))
        .filter(job_runs::lease_until.lt(now))
        .set((job_runs::state.eq("abandoned"), job_runs::ended_at.eq(now)))
        .execute(c))?;
    Ok(())
}

/// Declares every running run whose lease has lapsed abandoned; how many.
pub fn abandon_lapsed(conn: &mut Conn<'_>, now: i64) -> Result<usize, DbError> {
    Ok(each!(conn, c => diesel::update(job_runs::table)
        .filter(job_runs::state.eq("running"))
        .filter(job_runs::lease_until.lt(now))
        .set((job_runs::state.eq("abandoned"), job_runs::ended_at.eq(now)))
        .execute(c))?)
}

/// Adds a run and gives its id.
pub fn insert(conn: &mut Conn<'_>, run: &NewJobRun<'_>) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::insert_into(job_runs::table).values(run).returning(job_runs::id).get_result(c))?)
}

/// Takes up a run whose process died, and gives the new token.
pub fn take_up(conn: &mut Conn<'_>, id: i64, holder: &str, now: i64, lease_until: i64) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::update(job_runs::table.find(id))
        .set((
            job_runs::token.eq(job_runs::token + 1),
            job_runs::state.eq("running"),
            job_runs::ended_at.eq(None::<i64>),
            job_runs::holder.eq(holder),
            job_runs::heartbeat_at.eq(now),
            job_runs::lease_until.eq(lease_until),
        ))
        .returning(job_runs::token)
        .get_result(c))?)
}

/// Notes a sign of life and extends the lease; whether the run still was the holder's.
pub fn renew(conn: &mut Conn<'_>, id: i64, token: i64, now: i64, lease_until: i64) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::update(job_runs::table.find(id))
        .filter(job_runs::token.eq(token))
        .filter(job_runs::state.eq("running"))
        .set((job_runs::heartbeat_at.eq(now), job_runs::lease_until.eq(lease_until)))
        .execute(c))?
        == 1)
}

/// Ends a run; whether it still was the holder's.
pub fn finish(conn: &mut Conn<'_>, id: i64, token: i64, state: &str, outcome: &str, now: i64) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::update(job_runs::table.find(id))
        .filter(job_runs::token.eq(token))
        .filter(job_runs::state.eq("running"))
        .set((job_runs::state.eq(state), job_runs::outcome.eq(outcome), job_runs::ended_at.eq(now)))
        .execute(c))?
        == 1)
}

/// The running runs, each with its holder.
pub fn running(conn: &mut Conn<'_>) -> Result<Vec<(i64, String)>, DbError> {
    Ok(each!(conn, c => job_runs::table
        .filter(job_runs::state.eq("running"))
        .select((job_runs::id, job_runs::holder))
        .load(c))?)
}

/// Ends the leases of running runs.
pub fn end_leases(conn: &mut Conn<'_>, ids: &[i64], now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(job_runs::table)
        .filter(job_runs::id.eq_any(ids))
        .filter(job_runs::state.eq("running"))
        .filter(job_runs::lease_until.ge(now))
        .set(job_runs::lease_until.eq(now - 1))
        .execute(c))?;
    Ok(())
}

/// The runs before this one, newest first: of one job, or of all.
pub fn latest(conn: &mut Conn<'_>, job: Option<&str>, before: i64, limit: i64) -> Result<Vec<JobRunRow>, DbError> {
    Ok(each!(conn, c => {
        let mut runs = job_runs::table.filter(job_runs::id.lt(before)).into_boxed();
        if let Some(job) = job {
            runs = runs.filter(job_runs::job.eq(job));
        }
        runs.order(job_runs::id.desc()).limit(limit).select(JobRunRow::as_select()).load(c)
    })?)
}

/// The latest run of each job.
pub fn latest_of_each(conn: &mut Conn<'_>) -> Result<Vec<JobRunRow>, DbError> {
    Ok(each!(conn, c => {
        let ids: Vec<Option<i64>> = job_runs::table
            .group_by(job_runs::job)
            .select(diesel::dsl::max(job_runs::id))
            .load(c)?;
        let ids: Vec<i64> = ids.into_iter().flatten().collect();
        job_runs::table
            .filter(job_runs::id.eq_any(ids))
            .order(job_runs::job)
            .select(JobRunRow::as_select())
            .load(c)
    })?)
}

/// The jobs that are paused.
pub fn pauses(conn: &mut Conn<'_>) -> Result<Vec<PauseRow>, DbError> {
    Ok(each!(conn, c => job_pauses::table.select(PauseRow::as_select()).load(c))?)
}

/// Whether a job is paused.
pub fn is_paused(conn: &mut Conn<'_>, job: &str) -> Result<bool, DbError> {
    let paused: i64 = each!(conn, c => job_pauses::table.find(job).count().get_result(c))?;
    Ok(paused > 0)
}

/// Pauses a job that is not paused.
pub fn pause(conn: &mut Conn<'_>, row: &PauseRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(job_pauses::table).values(row).execute(c))?;
    Ok(())
}

/// Resumes a job; whether it was paused.
pub fn resume(conn: &mut Conn<'_>, job: &str) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::delete(job_pauses::table.find(job)).execute(c))? == 1)
}
