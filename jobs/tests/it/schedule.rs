//! The schedule over a store: one run per due time, whatever restarts, doubles or sets the clock back.

use std::sync::{Arc, Mutex};

use retrofit_jobs::clock::Clock;
use retrofit_jobs::schedule::{Job, JobContext, Plan, Scheduler};
use retrofit_jobs::store::{Fence, JobLease, JobState, JobStore, NewJobRun};

use crate::memory::{Job as Row, Memory};
use crate::world::NIGHT;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A scheduler at work, and the runs of its one job.
struct Night {
    store: Arc<Memory>,
    clock: Clock,
    runs: Arc<Mutex<Vec<JobContext>>>,
}

impl Night {
    fn new(now: i64) -> Self {
        Self {
            store: Arc::default(),
            clock: Clock::held(now),
            runs: Arc::default(),
        }
    }

    /// Starts a process that runs the schedule, for as long as the test lasts. `ends` is how each run of the job does.
    fn start(&self, ends: fn() -> Result<String, String>) -> Scheduler {
        let runs = self.runs.clone();
        let job = Job::new("nightly-sync", move |context| {
            runs.lock().unwrap().push(context);
            async move { ends() }
        });
        let scheduler = Scheduler::new(plan(), &[job], self.store.clone(), self.clock.clone(), "test").unwrap();
        tokio::spawn(scheduler.clone().run(std::future::pending()));
        scheduler
    }

    /// Moves the clock to an instant, and waits until so many rows in all are there and done or failed.
    async fn at(&self, instant: i64, rows: usize) {
        self.clock.shift(instant - self.clock.now());
        loop {
            let ended = {
                let over = |job: &&Row| matches!(job.state, JobState::Done | JobState::Failed);
                self.store.tables().jobs.iter().filter(over).count()
            };
            if ended >= rows {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Due times and whether they were caught up, in the order of the runs.
    fn runs(&self) -> Vec<(i64, bool)> {
        self.runs
            .lock()
            .unwrap()
            .iter()
            .map(|run| (run.due_at, run.catch_up))
            .collect()
    }

    /// A row that another process has left.
    fn left(&self, due_at: i64, lease_until: i64, state: JobState) {
        let run = NewJobRun {
            job: "nightly-sync".into(),
            due_at,
            catch_up: false,
            holder: "dead".into(),
            started_at: due_at,
            lease_until,
            operator: None,
        };
        self.store.begin_job_run(&run).unwrap().unwrap();
        self.store.tables().jobs.last_mut().unwrap().state = state;
    }
}

/// The built-in schedule's first job alone.
fn plan() -> Plan {
    let mut plan = Plan::built_in();
    plan.jobs.truncate(1);
    plan
}

const WELL: fn() -> Result<String, String> = || Ok("完成".to_owned());

#[tokio::test]
async fn each_night_runs_once() {
    let night = Night::new(NIGHT - MINUTE);
    night.start(WELL);
    for day in 0..3_i64 {
        night.at(NIGHT + day * DAY, usize::try_from(day).unwrap() + 1).await;
    }
    assert_eq!(
        night.runs(),
        [(NIGHT, false), (NIGHT + DAY, false), (NIGHT + 2 * DAY, false)]
    );
    assert_eq!(night.runs.lock().unwrap()[0].window_end, Some(NIGHT + 5 * HOUR));
    assert_eq!(night.store.tables().jobs[0].outcome, "完成");
}

#[tokio::test]
async fn three_days_down_make_one_catch_up_run() {
    let night = Night::new(NIGHT + HOUR);
    night.left(NIGHT - 3 * DAY, 0, JobState::Done);
    night.start(WELL);
    night.at(NIGHT + HOUR, 2).await;
    night.at(NIGHT + DAY, 3).await;
    assert_eq!(night.runs(), [(NIGHT, true), (NIGHT + DAY, false)]);
    assert!(night.store.tables().jobs[1].new.catch_up);
}

#[tokio::test]
async fn several_schedulers_and_a_clock_set_back_make_one_run_per_due_time() {
    let night = Night::new(NIGHT - MINUTE);
    for _ in 0..3 {
        night.start(WELL);
    }
    night.at(NIGHT, 1).await;
    night.at(NIGHT - HOUR, 1).await;
    night.at(NIGHT + MINUTE, 1).await;
    night.at(NIGHT + DAY, 2).await;
    night.at(NIGHT + 2 * DAY, 3).await;
    assert_eq!(
        night.runs(),
        [(NIGHT, false), (NIGHT + DAY, false), (NIGHT + 2 * DAY, false)]
    );
}

#[tokio::test]
async fn a_run_whose_process_died_is_taken_up_when_its_lease_is_over() {
    let night = Night::new(NIGHT + MINUTE);
    night.left(NIGHT, NIGHT + 2 * MINUTE, JobState::Running);
    night.start(WELL);
    night.at(NIGHT + 2 * MINUTE, 0).await;
    assert_eq!(night.runs(), []);
    night.at(NIGHT + 3 * MINUTE, 1).await;
    assert_eq!(night.runs().len(), 1);
    assert_eq!(night.store.tables().jobs[0].token, 2);
    let ghost = JobLease { id: 1, token: 1 };
    assert_eq!(
        night.store.renew_job_run(ghost, NIGHT, NIGHT + HOUR).unwrap(),
        Fence::Lost
    );
}

#[tokio::test]
async fn a_run_that_nobody_takes_up_is_shown_as_abandoned_and_taken_up_in_the_window() {
    // its lease lapses after the window: nobody may begin it then
    let night = Night::new(NIGHT + 6 * HOUR);
    night.left(NIGHT, NIGHT + HOUR, JobState::Running);
    night.start(WELL);
    while night.store.tables().jobs[0].state == JobState::Running {
        tokio::task::yield_now().await;
    }
    assert_eq!(night.store.tables().jobs[0].state, JobState::Abandoned);
    assert_eq!(night.runs(), []);
    night.at(NIGHT + DAY, 1).await;
    assert_eq!(
        night.runs(),
        [(NIGHT + DAY, false)],
        "the newer due time stands for both"
    );

    let night = Night::new(NIGHT + 2 * HOUR);
    night.left(NIGHT, NIGHT + HOUR, JobState::Abandoned);
    night.start(WELL);
    while night.store.tables().jobs[0].state != JobState::Done {
        tokio::task::yield_now().await;
    }
    assert_eq!(night.runs(), [(NIGHT, true)]);
    let tables = night.store.tables();
    assert_eq!(
        (tables.jobs.len(), tables.jobs[0].token),
        (1, 2),
        "the same row, the next token"
    );
}

#[tokio::test]
async fn a_paused_job_rests_but_for_an_operator_and_what_it_missed_is_one_catch_up_run() {
    let night = Night::new(NIGHT - MINUTE);
    night.store.tables().paused.push("nightly-sync".into());
    let scheduler = night.start(WELL);
    night.at(NIGHT, 0).await;
    let begun = scheduler.begin_now("nightly-sync", "guanli").await.unwrap().unwrap();
    assert!(
        scheduler.begin_now("nightly-sync", "guanli").await.unwrap().is_none(),
        "it is at work"
    );
    assert_eq!(begun.work().await.unwrap().state, JobState::Done);
    assert!(scheduler.begin_now("no-such-job", "guanli").await.unwrap().is_none());
    night.at(NIGHT + 2 * DAY + HOUR, 1).await;
    night.store.tables().paused.clear();
    night.at(NIGHT + 2 * DAY + HOUR + MINUTE, 2).await;
    assert_eq!(night.runs(), [(NIGHT, false), (NIGHT + 2 * DAY, true)]);
    assert_eq!(night.store.tables().jobs[0].new.operator.as_deref(), Some("guanli"));
}

#[tokio::test]
async fn a_job_that_fails_or_panics_is_failed_and_not_run_again_that_night() {
    let fails: fn() -> Result<String, String> = || Err("平台无法连接".to_owned());
    let panics: fn() -> Result<String, String> = || panic!("as asked");
    for (ends, said) in [(fails, "无法连接"), (panics, "意外终止")] {
        let night = Night::new(NIGHT - MINUTE);
        night.start(ends);
        night.at(NIGHT, 1).await;
        night.at(NIGHT + HOUR, 1).await;
        night.at(NIGHT + DAY, 2).await;
        assert_eq!(night.runs(), [(NIGHT, false), (NIGHT + DAY, false)]);
        let first = &night.store.tables().jobs[0];
        assert!(
            first.state == JobState::Failed && first.outcome.contains(said),
            "{}",
            first.outcome
        );
    }
}

#[test]
fn a_plan_for_a_job_that_there_is_not_is_refused() {
    let job = Job::new("reminders", |_| async { Ok(String::new()) });
    let refused = Scheduler::new(plan(), &[job], Arc::<Memory>::default(), Clock::held(0), "test")
        .err()
        .unwrap();
    assert!(
        refused.to_string().contains("nightly-sync") && refused.to_string().contains("reminders"),
        "{refused}"
    );
}
