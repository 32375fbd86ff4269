//! What the machine room watches: counts and times, of no project.

use super::{Error, Registry};
use crate::db::job_runs::{self, JobRunRow};
use crate::db::sync_runs::{self, SyncRunRow};
use crate::db::{batches, deliveries};

/// How deliveries and jobs stand.
#[derive(Clone, Debug)]
pub struct Measures {
    /// Deliveries by state.
    pub deliveries: Vec<(String, i64)>,
    /// Requests by kind and HTTP status.
    pub attempts: Vec<(String, Option<i64>, i64)>,
    /// The latest delivery run.
    pub last_run: Option<SyncRunRow>,
    /// The latest run of each job.
    pub jobs: Vec<JobRunRow>,
    /// The jobs that are paused.
    pub paused: Vec<String>,
}

/// Reads them, in one view.
///
/// # Errors
/// Only our own faults.
pub fn measures(registry: &Registry) -> Result<Measures, Error> {
    Ok(registry.db.read(|conn| {
        Ok::<_, crate::db::DbError>(Measures {
            deliveries: deliveries::count_by_state(conn)?,
            attempts: batches::count_attempts(conn)?,
            last_run: sync_runs::latest(conn, i64::MAX, 1)?.pop(),
            jobs: job_runs::latest_of_each(conn)?,
            paused: job_runs::pauses(conn)?.into_iter().map(|pause| pause.job).collect(),
        })
    })?)
}
