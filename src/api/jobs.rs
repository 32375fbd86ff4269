//! The jobs of the schedule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Call, Endpoint, In, get, post, post_apart};
use super::problem::Problem;
use super::reply::{Done, Settled};
use super::roles::{ADMINISTER, KEEPERS};
use super::types::{Cursor, Instant, Page};
use super::uploads::Asked;
use crate::registry::schedule;
use crate::tasks;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/jobs", KEEPERS, "The jobs of the schedule", list_jobs),
        get("/jobs/{job}/runs", KEEPERS, "The runs of a job, newest first", job_runs),
        post(
            "/jobs/{job}/pause",
            ADMINISTER,
            "Has the schedule leave a job alone",
            pause,
        ),
        post(
            "/jobs/{job}/resume",
            ADMINISTER,
            "Gives a job back to the schedule",
            resume,
        ),
        post_apart("/jobs/{job}/run", ADMINISTER, "Begins a job now", run),
    ]
}

/// A job of the schedule.
#[derive(Serialize, JsonSchema)]
struct JobLine {
    /// Its name.
    job: String,
    /// As officers call it.
    label: String,
    /// When it runs: a cron line of five fields, Asia/Shanghai.
    cron: String,
    /// The hours that it keeps to.
    window: Option<String>,
    /// Whether it makes up for missed runs.
    catch_up: bool,
    /// When it runs next.
    next: Option<Instant>,
    /// Who paused it.
    paused_by: Option<String>,
    /// When.
    paused_at: Option<Instant>,
}

fn list_jobs(call: &Call<'_>, _: In) -> Result<Page<JobLine>, Problem> {
    let pauses = schedule::pauses(call.registry, call.operator)?;
    let scheduler = tasks::scheduler(call.registry).map_err(|error| Problem::internal(&error))?;
    let now = call.registry.clock.now();
    let lines = scheduler.plans().map(|plan| {
        let pause = pauses.iter().find(|pause| pause.job == plan.name);
        JobLine {
            job: plan.name.clone(),
            label: tasks::label(&plan.name).into(),
            cron: plan.cron.clone(),
            window: plan.window.clone(),
            catch_up: plan.catch_up,
            next: plan.next(now).map(Instant),
            paused_by: pause.map(|pause| pause.paused_by.clone()),
            paused_at: pause.map(|pause| Instant(pause.paused_at)),
        }
    });
    Ok(Page::whole(lines.collect()))
}

/// A job.
#[derive(Deserialize, JsonSchema)]
struct JobPath {
    job: String,
}

/// Refuses a job that the schedule does not name.
fn known(call: &Call<'_>, job: &str) -> Result<(), Problem> {
    let scheduler = tasks::scheduler(call.registry).map_err(|error| Problem::internal(&error))?;
    if scheduler.plans().any(|plan| plan.name == job) {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

/// A run of a job.
#[derive(Serialize, JsonSchema)]
struct JobRunLine {
    /// Its number.
    id: i64,
    /// When it was due.
    due_at: Instant,
    /// Whether it stands for missed runs.
    catch_up: bool,
    /// `running`, `done`, `failed` or `abandoned`.
    state: String,
    /// When it began.
    started_at: Instant,
    /// When it ended.
    ended_at: Option<Instant>,
    /// Who asked for it, where it was not the schedule.
    operator: Option<String>,
    /// In words.
    outcome: Option<String>,
}

fn job_runs(call: &Call<'_>, input: In<JobPath, Asked>) -> Result<Page<JobRunLine>, Problem> {
    let window = input.query.window()?;
    let job = &input.path.job;
    known(call, job)?;
    let before = window.after_or(i64::MAX);
    let rows = schedule::job_runs_before(call.registry, call.operator, Some(job), before, window.probe())?;
    Ok(Page::of(
        rows,
        window,
        |row| Cursor(row.id, 0),
        |row| JobRunLine {
            id: row.id,
            due_at: Instant(row.due_at),
            catch_up: row.catch_up == 1,
            state: row.state,
            started_at: Instant(row.started_at),
            ended_at: row.ended_at.map(Instant),
            operator: row.operator,
            outcome: row.outcome,
        },
    ))
}

fn pause(call: &Call<'_>, input: In<JobPath>) -> Result<Done, Problem> {
    known(call, &input.path.job)?;
    schedule::pause(call.registry, call.operator, &input.path.job)?;
    Ok(Done)
}

fn resume(call: &Call<'_>, input: In<JobPath>) -> Result<Done, Problem> {
    known(call, &input.path.job)?;
    schedule::resume(call.registry, call.operator, &input.path.job)?;
    Ok(Done)
}

fn run(call: &Call<'_>, input: In<JobPath>) -> Result<Settled<Done>, Problem> {
    let job = &input.path.job;
    known(call, job)?;
    schedule::note_run(call.registry, call.operator, job)?;
    call.registry.end_leases_of_the_dead()?;
    let scheduler = tasks::scheduler(call.registry).map_err(|error| Problem::internal(&error))?;
    // A handler runs on a thread that may wait.
    let here = tokio::runtime::Handle::current();
    match here.block_on(scheduler.begin_now(job, &call.operator.name)) {
        // cut off when the service stops, and taken up then like any other
        Ok(Some(begun)) => drop(here.spawn(begun.work())),
        Ok(None) => return Err(Problem::refused("这个任务正在执行，请稍后再试。")),
        Err(error) => return Err(Problem::internal(&error.into())),
    }
    // A job that is begun twice finds the second time that nothing is left to do.
    call.at_once(|_| Ok(Done))
}
