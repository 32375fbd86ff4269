//! The runs of scheduled jobs.

use super::{Fence, JobState, StoreError, UtcMillis};

/// The latest run of a job, by due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastJobRun {
    /// When it was due.
    pub due_at: UtcMillis,
    /// Its state.
    pub state: JobState,
    /// Its lease; past it, a running run counts as dead.
    pub lease_until: UtcMillis,
}

/// A run of a job that is to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJobRun {
    /// The job's name.
    pub job: String,
    /// The due time. (job, due time) is unique.
    pub due_at: UtcMillis,
    /// Late: it stands for one or more missed runs.
    pub catch_up: bool,
    /// The process, for people.
    pub holder: String,
    /// The beginning.
    pub started_at: UtcMillis,
    /// The lease.
    pub lease_until: UtcMillis,
    /// Who asked for it; `None`: the schedule.
    pub operator: Option<String>,
}

/// A run of a job that this process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLease {
    /// The row in `job_runs`.
    pub id: i64,
    /// The fencing token: 1, and one more each time the run is taken up again after its process died.
    pub token: i64,
}

/// How a run of a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// Done or failed.
    pub state: JobState,
    /// One line for people.
    pub outcome: String,
}

/// The runs of scheduled jobs (`job_runs`). See the head of [`super`].
pub trait JobStore: Send + Sync + 'static {
    /// The run of a job with the latest due time.
    fn last_job_run(&self, job: &str) -> Result<Option<LastJobRun>, StoreError>;

    /// Running runs of any job whose lease has lapsed become `abandoned`; how many.
    fn abandon_job_runs(&self, now: UtcMillis) -> Result<usize, StoreError>;

    /// Begins the run of (job, due time) for one process only. `None` where it is another's: the row exists, unless it
    /// is `abandoned`, or `running` with a lapsed lease (then it is taken up: `running`, next token), or another run of
    /// the job is `running` under a live lease. `None` too where the job is paused, unless an operator asked for the run.
    /// Other runs of the job with a lapsed lease become `abandoned`.
    fn begin_job_run(&self, run: &NewJobRun) -> Result<Option<JobLease>, StoreError>;

    /// Notes a sign of life and extends the lease: `WHERE id = … AND token = … AND state = 'running'`.
    fn renew_job_run(&self, lease: JobLease, now: UtcMillis, lease_until: UtcMillis) -> Result<Fence, StoreError>;

    /// Ends the run, under the same fence.
    fn finish_job_run(&self, lease: JobLease, end: &JobEnd, now: UtcMillis) -> Result<Fence, StoreError>;
}
