//! The loop that runs what is due.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};

use super::plan::{JobPlan, Plan, PlanError};
use crate::clock::{Clock, millis};
use crate::store::{Fence, JobEnd, JobLease, JobState, JobStore, NewJobRun, StoreError, UtcMillis, Word as _};

/// How long a run counts as alive without a sign of life.
const LEASE: Duration = Duration::from_mins(2);
/// The longest sleep: so late at most is a jump of the clock noticed.
const SLICE: Duration = Duration::from_secs(30);

type JobFuture = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// A job by name. What it gives back is one line for people, of success or of failure.
#[derive(Clone)]
pub struct Job {
    name: &'static str,
    run: Arc<dyn Fn(JobContext) -> JobFuture + Send + Sync>,
}

impl Job {
    /// A job. It must bear being dropped at any await, and being run again where a run of it was cut off.
    pub fn new<F>(name: &'static str, run: impl Fn(JobContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        Self {
            name,
            run: Arc::new(move |context| Box::pin(run(context))),
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What a job is told of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobContext {
    /// When it was due.
    pub due_at: UtcMillis,
    /// It makes up for missed runs.
    pub catch_up: bool,
    /// When it must be through.
    pub window_end: Option<UtcMillis>,
}

/// Runs jobs by a plan, through a store. Several processes may do so over one store.
#[derive(Clone)]
pub struct Scheduler {
    jobs: Arc<[(JobPlan, Job)]>,
    store: Arc<dyn JobStore>,
    clock: Clock,
    holder: Arc<str>,
    since: UtcMillis,
}

impl Scheduler {
    /// Brings plan and jobs together. A job that the plan leaves out is not run.
    ///
    /// # Errors
    /// The plan names a job that there is not.
    pub fn new(
        plan: Plan,
        jobs: &[Job],
        store: Arc<dyn JobStore>,
        clock: Clock,
        holder: &str,
    ) -> Result<Self, PlanError> {
        let known = |plan: JobPlan| {
            if let Some(job) = jobs.iter().find(|job| job.name == plan.name) {
                return Ok((plan, job.clone()));
            }
            let names: Vec<&str> = jobs.iter().map(|job| job.name).collect();
            let reason = format!("没有这个任务；现有任务：{}", names.join("、"));
            Err(PlanError::Job { job: plan.name, reason })
        };
        let jobs = plan.jobs.into_iter().map(known).collect::<Result<_, _>>()?;
        let since = clock.now();
        Ok(Self {
            jobs,
            store,
            clock,
            holder: holder.into(),
            since,
        })
    }

    /// Runs what is due until `stop` is ready. Jobs at work are cut off then; their runs are taken up by the next
    /// process.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.run_for_ever() => {}
        }
    }

    async fn run_for_ever(&self) {
        let mut tasks = JoinSet::new();
        loop {
            // read before the store is asked: should the clock be moved meanwhile, the sleep below is over at once
            let now = self.clock.now();
            match self.store(move |store| store.abandon_job_runs(now)).await {
                Ok(0) => {}
                Ok(runs) => tracing::warn!(runs, "runs of jobs were broken off"),
                Err(error) => tracing::error!(%error, "broken-off runs of jobs could not be marked"),
            }
            for (plan, job) in &*self.jobs {
                match self.begin_due(plan, job).await {
                    Ok(None) => {}
                    Ok(Some(begun)) => {
                        tasks.spawn(begun.work());
                    }
                    // the next slice tries again
                    Err(error) => tracing::error!(job = %plan.name, %error, "a due job could not be begun"),
                }
            }
            while tasks.try_join_next().is_some() {}
            let next = self.plans().filter_map(|plan| plan.next(now)).min();
            let slice = now + millis(SLICE);
            self.clock.sleep_until(next.map_or(slice, |next| next.min(slice))).await;
        }
    }

    /// The jobs of the plan.
    pub fn plans(&self) -> impl Iterator<Item = &JobPlan> {
        self.jobs.iter().map(|(plan, _)| plan)
    }

    /// Begins a job now because an operator asks for it, paused or not, in any window. `None` where a run of it is at
    /// work already, or the plan has no such job.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin_now(&self, name: &str, operator: &str) -> Result<Option<BegunJob>, StoreError> {
        let Some((_, job)) = self.jobs.iter().find(|(plan, _)| plan.name == name) else {
            return Ok(None);
        };
        let context = JobContext {
            due_at: self.clock.now(),
            catch_up: false,
            window_end: None,
        };
        self.begin(job, context, Some(operator.to_owned())).await
    }

    async fn begin_due(&self, plan: &JobPlan, job: &Job) -> Result<Option<BegunJob>, StoreError> {
        let name = plan.name.clone();
        let last = self.store(move |store| store.last_job_run(&name)).await?;
        let Some(due) = plan.due(last.as_ref(), self.since, self.clock.now()) else {
            return Ok(None);
        };
        let context = JobContext {
            due_at: due.due_at,
            catch_up: due.catch_up,
            window_end: due.window_end,
        };
        self.begin(job, context, None).await
    }

    async fn begin(
        &self,
        job: &Job,
        context: JobContext,
        operator: Option<String>,
    ) -> Result<Option<BegunJob>, StoreError> {
        let now = self.clock.now();
        let run = NewJobRun {
            job: job.name.to_owned(),
            due_at: context.due_at,
            catch_up: context.catch_up,
            holder: self.holder.to_string(),
            started_at: now,
            lease_until: now + millis(LEASE),
            operator,
        };
        let lease = self.store(move |store| store.begin_job_run(&run)).await?;
        Ok(lease.map(|lease| BegunJob {
            scheduler: self.clone(),
            job: job.clone(),
            context,
            lease,
        }))
    }

    /// Extends the lease; ends only when it is lost.
    async fn keep_lease(&self, lease: JobLease) {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            let now = self.clock.now();
            match self
                .store(move |store| store.renew_job_run(lease, now, now + millis(LEASE)))
                .await
            {
                Ok(Fence::Held) => {}
                Ok(Fence::Lost) => return,
                Err(error) => tracing::error!(%error, "a job's lease could not be extended"),
            }
        }
    }

    async fn store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn JobStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        spawn_blocking(move || call(&*store)).await.map_err(StoreError::new)?
    }
}

/// A run of a job that has begun and waits to be worked on.
#[derive(Clone)]
pub struct BegunJob {
    scheduler: Scheduler,
    job: Job,
    context: JobContext,
    lease: JobLease,
}

impl BegunJob {
    /// Does the job and stores how it ended; `None` where another process has taken the run over meanwhile.
    pub async fn work(self) -> Option<JobEnd> {
        let Self {
            scheduler,
            job,
            context,
            lease,
        } = self;
        let late = if context.catch_up {
            ", making up for missed runs"
        } else {
            ""
        };
        let again = if lease.token > 1 {
            ", taken up from a process that died"
        } else {
            ""
        };
        tracing::info!(job = job.name, "job {} begins{late}{again}", job.name);
        // a task of its own, so that a panic is the job's failure; dropped with this one
        let mut task = JoinSet::new();
        task.spawn((job.run)(context));
        let ended = tokio::select! {
            ended = task.join_next() => ended,
            () = scheduler.keep_lease(lease) => {
                tracing::warn!(job = job.name, "another process has taken the run over");
                return None;
            }
        };
        let end = match ended {
            Some(Ok(Ok(outcome))) => JobEnd {
                state: JobState::Done,
                outcome,
            },
            Some(Ok(Err(outcome))) => JobEnd {
                state: JobState::Failed,
                outcome,
            },
            Some(Err(_)) | None => JobEnd {
                state: JobState::Failed,
                outcome: "任务意外终止，详见日志".into(),
            },
        };
        tracing::info!(job = job.name, "job {} {}: {}", job.name, end.state.word(), end.outcome);
        let (now, stored) = (scheduler.clock.now(), end.clone());
        match scheduler
            .store(move |store| store.finish_job_run(lease, &stored, now))
            .await
        {
            Ok(Fence::Held) => return Some(end),
            Ok(Fence::Lost) => tracing::warn!(job = job.name, "another process has taken the run over"),
            Err(error) => {
                tracing::error!(job = job.name, %error, "the end of a job could not be stored; its run will be taken up");
            }
        }
        None
    }
}
