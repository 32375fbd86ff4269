//! `/jobs`: what runs by the schedule, how it went; an administrator pauses, resumes and runs.

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use retrofit_jobs::schedule::JobPlan;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::people::{Operator, Role, Session};
use crate::registry::{Registry, schedule};
use crate::tasks;

/// Runs that the page shows.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    may_change: bool,
    jobs: Vec<Line>,
    runs: Vec<Run>,
}

struct Line {
    name: String,
    label: String,
    cron: String,
    window: String,
    catch_up: bool,
    /// Who paused it, and when.
    paused: Option<(String, String)>,
    next: String,
}

struct Run {
    label: String,
    due: String,
    ended: String,
    state: &'static str,
    class: &'static str,
    notes: String,
    outcome: String,
}

/// `GET /jobs`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&jobs(registry, &session)?)).await
}

fn jobs(registry: &Registry, session: &Session) -> Result<JobsPage, WebError> {
    let operator = &session.operator;
    let pauses = schedule::pauses(registry, operator)?;
    let now = registry.clock.now();
    let scheduler = tasks::scheduler(registry).map_err(WebError::Failed)?;
    let line = |plan: &JobPlan| Line {
        label: tasks::label(&plan.name).to_owned(),
        cron: plan.cron.clone(),
        window: plan.window.clone().unwrap_or_else(|| "不限".into()),
        catch_up: plan.catch_up,
        paused: pauses
            .iter()
            .find(|pause| pause.job == plan.name)
            .map(|pause| (pause.paused_by.clone(), words::moment(pause.paused_at))),
        next: plan.next(now).map(words::moment).unwrap_or_default(),
        name: plan.name.clone(),
    };
    let runs = schedule::job_runs(registry, operator, None, SHOWN)?
        .into_iter()
        .map(|run| {
            let mut notes = Vec::new();
            if run.catch_up == 1 {
                notes.push("补做错过的".to_owned());
            }
            if run.token > 1 {
                notes.push(format!("中断后接手 {} 次", run.token - 1));
            }
            if let Some(operator) = run.operator {
                notes.push(format!("{operator} 发起"));
            }
            Run {
                label: tasks::label(&run.job).to_owned(),
                due: words::moment(run.due_at),
                ended: run.ended_at.map(words::moment).unwrap_or_default(),
                state: tasks::state_label(&run.state),
                class: match &*run.state {
                    "done" => "good",
                    "running" => "hint",
                    "abandoned" => "confirm",
                    _ => "error",
                },
                notes: notes.join("，"),
                outcome: run.outcome.unwrap_or_default(),
            }
        });
    Ok(JobsPage {
        frame: Frame::new(registry, session, "定时任务", "/jobs"),
        may_change: operator.role == Role::Administrator,
        runs: runs.collect(),
        jobs: scheduler.plans().map(line).collect(),
    })
}

/// `POST /jobs/{name}/pause`.
pub(super) async fn pause(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(name): Path<String>,
) -> Result<Response, WebError> {
    change(registry, session, name, |registry, operator, name| {
        schedule::pause(registry, operator, name)
    })
    .await
}

/// `POST /jobs/{name}/resume`.
pub(super) async fn resume(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(name): Path<String>,
) -> Result<Response, WebError> {
    change(registry, session, name, |registry, operator, name| {
        schedule::resume(registry, operator, name)
    })
    .await
}

async fn change(
    registry: Registry,
    session: Session,
    name: String,
    change: fn(&Registry, &Operator, &str) -> Result<bool, crate::registry::Error>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        known(registry, &name)?;
        change(registry, &session.operator, &name)?;
        Ok(Redirect::to("/jobs").into_response())
    })
    .await
}

/// `POST /jobs/{name}/run`: begins the job; the page shows how it goes.
pub(super) async fn run(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(name): Path<String>,
) -> Result<Response, WebError> {
    let job = name.clone();
    let operator = session.operator.name.clone();
    let scheduler = blocking(&registry, move |registry| {
        known(registry, &name)?;
        schedule::note_run(registry, &session.operator, &name)?;
        registry.end_leases_of_the_dead()?;
        tasks::scheduler(registry).map_err(WebError::Failed)
    })
    .await?;
    match scheduler.begin_now(&job, &operator).await {
        // cut off when the service stops, and taken up then like any other
        Ok(Some(begun)) => drop(tokio::spawn(begun.work())),
        Ok(None) => return Err(WebError::Refused("这个任务正在执行，请稍后再试。".into())),
        Err(error) => return Err(WebError::Failed(error.into())),
    }
    Ok(Redirect::to("/jobs").into_response())
}

fn known(registry: &Registry, name: &str) -> Result<(), WebError> {
    let scheduler = tasks::scheduler(registry).map_err(WebError::Failed)?;
    if scheduler.plans().any(|plan| plan.name == name) {
        Ok(())
    } else {
        Err(WebError::NotFound)
    }
}
