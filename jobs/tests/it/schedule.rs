//! The schedule over a store: one run per due time, whatever restarts, doubles or sets the clock back.

use std::sync::{Arc, Mutex};

use retrofit_jobs::clock::Clock;
use retrofit_jobs::schedule::{Job, JobContext, Plan, Scheduler};
use retrofit_jobs::store::{JobState, JobStore, NewJobRun};
use tokio::sync::Notify;

use crate::memory::Memory;
use crate::world::NIGHT;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Counts its runs, and tells when there were so many.
#[derive(Clone, Default)]
struct Counter {
    runs: Arc<Mutex<Vec<JobContext>>>,
    ran: Arc<Notify>,
}

impl Counter {
    fn job(&self) -> Job {
        let counter = self.clone();
        Job::new("nightly-sync", move |context| {
            let counter = counter.clone();
            async move {
                counter.runs.lock().unwrap().push(context);
                counter.ran.notify_waiters();
                Ok("完成".to_owned())
            }
        })
    }

    async fn reaches(&self, count: usize) {
        loop {
            let notified = self.ran.notified();
            if self.runs.lock().unwrap().len() >= count {
                return;
            }
            notified.await;
        }
    }

    fn runs(&self) -> Vec<(i64, bool)> {
        self.runs
            .lock()
            .unwrap()
            .iter()
            .map(|run| (run.due_at, run.catch_up))
            .collect()
    }
}

fn scheduler(store: &Arc<Memory>, job: Job, clock: &Clock) -> Scheduler {
    Scheduler::new(Plan::built_in(), &[job], store.clone(), clock.clone(), "test").unwrap()
}

fn ran_before(store: &Memory, due_at: i64, lease_until: i64) {
    let run = NewJobRun {
        job: "nightly-sync".into(),
        due_at,
        catch_up: false,
        holder: "dead".into(),
        started_at: due_at,
        lease_until,
    };
    store.begin_job_run(&run).unwrap().unwrap();
}

fn end_all(store: &Memory) {
    for job in &mut store.tables().jobs {
        job.state = JobState::Done;
    }
}

#[tokio::test]
async fn each_night_runs_once() {
    let (store, counter, clock) = (
        Arc::<Memory>::default(),
        Counter::default(),
        Clock::driven(NIGHT - 60_000),
    );
    scheduler(&store, counter.job(), &clock).run(counter.reaches(3)).await;
    assert_eq!(
        counter.runs(),
        [(NIGHT, false), (NIGHT + DAY, false), (NIGHT + 2 * DAY, false)]
    );
    assert_eq!(counter.runs.lock().unwrap()[0].window_end, Some(NIGHT + 5 * HOUR));
    assert_eq!(store.tables().jobs[0].outcome, "完成");
}

#[tokio::test]
async fn three_days_down_make_one_catch_up_run() {
    let (store, counter, clock) = (
        Arc::<Memory>::default(),
        Counter::default(),
        Clock::driven(NIGHT + HOUR),
    );
    ran_before(&store, NIGHT - 3 * DAY, 0);
    end_all(&store);
    scheduler(&store, counter.job(), &clock).run(counter.reaches(2)).await;
    assert_eq!(counter.runs(), [(NIGHT, true), (NIGHT + DAY, false)]);
}

#[tokio::test]
async fn two_schedulers_and_a_clock_set_back_make_one_run_per_due_time() {
    let (store, counter) = (Arc::<Memory>::default(), Counter::default());
    let clocks = [Clock::driven(NIGHT - 60_000), Clock::driven(NIGHT - 60_000)];
    let runs = clocks
        .each_ref()
        .map(|clock| scheduler(&store, counter.job(), clock).run(counter.reaches(2)));
    let [one, two] = runs;
    let set_back = async {
        counter.reaches(1).await;
        clocks[0].shift(-HOUR);
    };
    tokio::join!(one, two, set_back);
    let mut dues: Vec<_> = counter.runs().into_iter().map(|(due_at, _)| due_at).collect();
    let runs = dues.len();
    dues.dedup();
    assert_eq!(dues.len(), runs, "a due time was run twice");
    assert!(runs >= 2);
}

#[tokio::test]
async fn a_run_whose_process_died_is_taken_up_and_the_ghost_is_fenced() {
    let (store, counter, clock) = (
        Arc::<Memory>::default(),
        Counter::default(),
        Clock::driven(NIGHT + 60_000),
    );
    ran_before(&store, NIGHT, NIGHT + 120_000);
    scheduler(&store, counter.job(), &clock).run(counter.reaches(1)).await;
    assert!(clock.now() > NIGHT + 120_000, "not before the lease is over");
    assert_eq!(counter.runs()[0].0, NIGHT);
    assert_eq!(store.tables().jobs[0].token, 2);
}

#[tokio::test]
async fn a_job_that_fails_or_panics_is_failed_and_not_run_again_that_night() {
    for panics in [false, true] {
        let (store, clock) = (Arc::<Memory>::default(), Clock::driven(NIGHT - 60_000));
        let counter = Counter::default();
        let inside = counter.clone();
        let job = Job::new("nightly-sync", move |context| {
            let counter = inside.clone();
            async move {
                counter.runs.lock().unwrap().push(context);
                counter.ran.notify_waiters();
                assert!(!panics, "as asked");
                Err("平台无法连接".to_owned())
            }
        });
        scheduler(&store, job, &clock).run(counter.reaches(2)).await;
        assert_eq!(counter.runs(), [(NIGHT, false), (NIGHT + DAY, false)]);
        assert_eq!(store.tables().jobs[0].state, JobState::Failed);
    }
}

#[test]
fn a_plan_for_a_job_that_there_is_not_is_refused() {
    let job = Job::new("reminders", |_| async { Ok(String::new()) });
    let refused = Scheduler::new(
        Plan::built_in(),
        &[job],
        Arc::<Memory>::default(),
        Clock::driven(0),
        "test",
    )
    .err()
    .unwrap();
    assert!(
        refused.to_string().contains("nightly-sync") && refused.to_string().contains("reminders"),
        "{refused}"
    );
}
