//! The registry as the store of the schedule's runs.

use retrofit_jobs::store::{
    Fence, JobEnd, JobLease, JobState, JobStore, LastJobRun, NewJobRun, StoreError, UtcMillis, Word as _,
};

use super::audit::{self, Outcome};
use super::delivery::{fence, read_word, store_error};
use super::people::{Operator, Role};
use super::{Error, Registry};
use crate::db::counters::{self, Counter};
use crate::db::job_runs::{self, JobRunRow, PauseRow};
use crate::process;

/// The latest runs of scheduled jobs, newest first, of one job or of all: for administrators, the secretariat and auditors. One whose lease
/// has lapsed, or whose process was of this machine and is gone, is `abandoned`, whether or not a scheduler has found it yet.
///
/// # Errors
/// Refused to others.
pub fn job_runs(
    registry: &Registry,
    operator: &Operator,
    job: Option<&str>,
    limit: i64,
) -> Result<Vec<JobRunRow>, Error> {
    job_runs_before(registry, operator, job, i64::MAX, limit)
}

/// As [`job_runs`], those before this one.
///
/// # Errors
/// Refused to others.
pub fn job_runs_before(
    registry: &Registry,
    operator: &Operator,
    job: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<JobRunRow>, Error> {
    sees_jobs(operator)?;
    let now = registry.clock.now();
    let mut runs = registry.db.read(|conn| job_runs::latest(conn, job, before, limit))?;
    for run in runs.iter_mut().filter(|run| run.state == JobState::Running.word()) {
        if run.lease_until < now || process::is_dead(&run.holder) {
            run.state = JobState::Abandoned.word().into();
        }
    }
    Ok(runs)
}

/// The jobs that are paused, and by whom: for those who see the jobs.
///
/// # Errors
/// Refused to others.
pub fn pauses(registry: &Registry, operator: &Operator) -> Result<Vec<PauseRow>, Error> {
    sees_jobs(operator)?;
    Ok(registry.db.read(job_runs::pauses)?)
}

/// Has the schedule leave a job alone until it is resumed; whether it was not paused before.
///
/// # Errors
/// Refused to all but administrators.
pub fn pause(registry: &Registry, operator: &Operator, job: &str) -> Result<bool, Error> {
    keeps_jobs(operator)?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Job)?;
        if job_runs::is_paused(conn, job)? {
            return Ok(false);
        }
        let row = PauseRow {
            job: job.into(),
            paused_by: operator.name.clone(),
            paused_at: now,
        };
        job_runs::pause(conn, &row)?;
        audit::note(
            conn,
            operator,
            now,
            ("job.pause", Outcome::Done),
            job,
            &serde_json::json!({}),
        )?;
        Ok(true)
    })
}

/// Gives a paused job back to the schedule; whether it was paused.
///
/// # Errors
/// Refused to all but administrators.
pub fn resume(registry: &Registry, operator: &Operator, job: &str) -> Result<bool, Error> {
    keeps_jobs(operator)?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        let resumed = job_runs::resume(conn, job)?;
        if resumed {
            audit::note(
                conn,
                operator,
                now,
                ("job.resume", Outcome::Done),
                job,
                &serde_json::json!({}),
            )?;
        }
        Ok(resumed)
    })
}

/// Notes that an operator has a job run now.
///
/// # Errors
/// Refused to all but administrators.
pub fn note_run(registry: &Registry, operator: &Operator, job: &str) -> Result<(), Error> {
    keeps_jobs(operator)?;
    let now = registry.clock.now();
    Ok(registry.db.write(|conn| {
        audit::note(
            conn,
            operator,
            now,
            ("job.run", Outcome::Done),
            job,
            &serde_json::json!({}),
        )
    })?)
}

fn keeps_jobs(operator: &Operator) -> Result<(), Error> {
    if operator.role == Role::Administrator {
        Ok(())
    } else {
        Err(Error::refused("只有管理员可以暂停、恢复和立即执行任务。"))
    }
}

fn sees_jobs(operator: &Operator) -> Result<(), Error> {
    if matches!(operator.role, Role::Administrator | Role::Secretariat | Role::Auditor) {
        Ok(())
    } else {
        Err(Error::refused("只有管理员、秘书处和审计员可以查看任务。"))
    }
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

    fn abandon_job_runs(&self, now: UtcMillis) -> Result<usize, StoreError> {
        self.db
            .write(|conn| job_runs::abandon_lapsed(conn, now))
            .map_err(store_error)
    }

    fn begin_job_run(&self, run: &NewJobRun) -> Result<Option<JobLease>, StoreError> {
        let begun = self.db.write(|conn| {
            counters::lock(conn, Counter::Job)?;
            let now = run.started_at;
            if run.operator.is_none() && job_runs::is_paused(conn, &run.job)? {
                return Ok(None);
            }
            if job_runs::is_another_alive(conn, &run.job, run.due_at, now)? {
                return Ok(None);
            }
            let lease = match job_runs::find(conn, &run.job, run.due_at)? {
                None => JobLease {
                    id: job_runs::insert(conn, &new_job_run(run))?,
                    token: 1,
                },
                Some(row) if is_broken_off(&row, now) => JobLease {
                    id: row.id,
                    token: job_runs::take_up(conn, row.id, &run.holder, now, run.lease_until)?,
                },
                Some(_) => return Ok(None),
            };
            job_runs::abandon_others(conn, &run.job, run.due_at, now)?;
            Ok(Some(lease))
        });
        begun.map_err(store_error)
    }

    fn renew_job_run(&self, lease: JobLease, now: UtcMillis, lease_until: UtcMillis) -> Result<Fence, StoreError> {
        let held = self
            .db
            .write(|conn| job_runs::renew(conn, lease.id, lease.token, now, lease_until));
        held.map(fence).map_err(store_error)
    }

    fn finish_job_run(&self, lease: JobLease, end: &JobEnd, now: UtcMillis) -> Result<Fence, StoreError> {
        let held = self
            .db
            .write(|conn| job_runs::finish(conn, lease.id, lease.token, end.state.word(), &end.outcome, now));
        held.map(fence).map_err(store_error)
    }
}

fn is_broken_off(row: &JobRunRow, now: UtcMillis) -> bool {
    row.state == JobState::Abandoned.word() || (row.state == JobState::Running.word() && row.lease_until < now)
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
        heartbeat_at: run.started_at,
        operator: run.operator.as_deref(),
    }
}
