//! The registry as the store of the schedule's runs.

use retrofit_jobs::store::{
    Fence, JobEnd, JobLease, JobState, JobStore, LastJobRun, NewJobRun, StoreError, UtcMillis, Word as _,
};

use super::delivery::{fence, read_word, store_error};
use super::people::Operator;
use super::runs::sees_runs;
use super::{Error, Registry};
use crate::db::counters::{self, Counter};
use crate::db::job_runs::{self, JobRunRow};

/// The latest runs of scheduled jobs, newest first: for those who see every department.
///
/// # Errors
/// Refused to others.
pub fn job_runs(registry: &Registry, operator: &Operator, limit: i64) -> Result<Vec<JobRunRow>, Error> {
    sees_runs(operator)?;
    Ok(registry.db.read(|conn| job_runs::latest(conn, limit))?)
}

impl JobStore for Registry {
    fn last_job_run(&self, job: &str) -> Result<Option<LastJobRun>, StoreError> {
        let last = self.db.read(|conn| {
            let Some(row) = job_runs::last(conn, job)? else {
                return Ok(None);
            };
            Ok(Some(LastJobRun {
                due_at: row.due_at,
                state: read_word(&row.state)?,
                lease_until: row.lease_until,
            }))
        });
        last.map_err(store_error)
    }

    fn begin_job_run(&self, run: &NewJobRun) -> Result<Option<JobLease>, StoreError> {
        let begun = self.db.write(|conn| {
            counters::lock(conn, Counter::Job)?;
            let now = run.started_at;
            if job_runs::is_another_alive(conn, &run.job, run.due_at, now)? {
                return Ok(None);
            }
            let lease = match job_runs::find(conn, &run.job, run.due_at)? {
                None => JobLease {
                    id: job_runs::insert(conn, &new_job_run(run))?,
                    token: 1,
                },
                Some(row) if row.state == JobState::Running.word() && row.lease_until < now => JobLease {
                    id: row.id,
                    token: job_runs::take_up(conn, row.id, &run.holder, run.lease_until)?,
                },
                Some(_) => return Ok(None),
            };
            job_runs::abandon_others(conn, &run.job, run.due_at, now)?;
            Ok(Some(lease))
        });
        begun.map_err(store_error)
    }

    fn renew_job_run(&self, lease: JobLease, lease_until: UtcMillis) -> Result<Fence, StoreError> {
        let held = self
            .db
            .write(|conn| job_runs::renew(conn, lease.id, lease.token, lease_until));
        held.map(fence).map_err(store_error)
    }

    fn finish_job_run(&self, lease: JobLease, end: &JobEnd, now: UtcMillis) -> Result<Fence, StoreError> {
        let held = self
            .db
            .write(|conn| job_runs::finish(conn, lease.id, lease.token, end.state.word(), &end.outcome, now));
        held.map(fence).map_err(store_error)
    }
}

fn new_job_run(run: &NewJobRun) -> job_runs::NewJobRun<'_> {
    job_runs::NewJobRun {
        job: &run.job,
        due_at: run.due_at,
        catch_up: i64::from(run.catch_up),
        holder: &run.holder,
        token: 1,
        started_at: run.started_at,
        lease_until: run.lease_until,
        state: JobState::Running.word(),
    }
}
