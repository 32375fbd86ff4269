//! The jobs that `retrofit serve` runs by the schedule, and how they are called in the pages.

mod backup;
mod month_snapshot;
mod nightly_sync;
mod receipt_follow_up;
mod reconciliation;
mod reminders;
mod retention;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use retrofit_jobs::schedule::{Job, Plan, Scheduler};
use retrofit_jobs::store::{JobState, Word as _};
use tokio::task::spawn_blocking;

use crate::process;
use crate::registry::{Error, Registry};

/// A schedule in the data folder stands in the built-in one's place.
const SCHEDULE: &str = "schedule.toml";

/// Every job that the schedule may name.
pub fn all(registry: &Registry) -> Vec<Job> {
    vec![
        nightly_sync::job(registry.clone()),
        receipt_follow_up::job(registry.clone()),
        reconciliation::job(registry.clone()),
        blocking(registry, reminders::NAME, reminders::run),
        blocking(registry, month_snapshot::NAME, month_snapshot::run),
        blocking(registry, backup::NAME, backup::run),
        blocking(registry, retention::NAME, retention::run),
    ]
}

/// The officers' word for a job.
pub fn label(name: &str) -> &str {
    match name {
        nightly_sync::NAME => "夜间上报",
        receipt_follow_up::NAME => "回执跟踪",
        reconciliation::NAME => "与平台核对",
        reminders::NAME => "催报提醒",
        month_snapshot::NAME => "月末数据留存",
        backup::NAME => "数据库备份",
        retention::NAME => "过期数据清理",
        other => other,
    }
}

/// The officers' word for the state of a job's run.
pub fn state_label(state: &str) -> &'static str {
    match JobState::from_word(state) {
        Some(JobState::Running) => "执行中",
        Some(JobState::Done) => "完成",
        Some(JobState::Failed) => "失败",
        Some(JobState::Abandoned) => "中断",
        None => "状态不明",
    }
}

/// The schedule of this deployment over its registry.
///
/// # Errors
/// A `schedule.toml` that cannot be used: the operator's to mend.
pub fn scheduler(registry: &Registry) -> anyhow::Result<Scheduler> {
    let scheduler = Scheduler::new(
        plan(registry.data_dir())?,
        &all(registry),
        Arc::new(registry.clone()),
        registry.clock.clone(),
        &process::holder(),
    )?;
    Ok(scheduler)
}

fn plan(data_dir: &Path) -> anyhow::Result<Plan> {
    let path = data_dir.join(SCHEDULE);
    if !path.exists() {
        return Ok(Plan::built_in());
    }
    let name = path.display();
    let text = std::fs::read_to_string(&path).with_context(|| format!("无法读取 {name}"))?;
    Plan::parse(&text).with_context(|| format!("{name} 有误"))
}

/// A job of work that blocks and gives one line for people.
fn blocking(registry: &Registry, name: &'static str, work: fn(&Registry) -> Result<String, Error>) -> Job {
    let registry = registry.clone();
    Job::new(name, move |_| {
        let registry = registry.clone();
        async move {
            match spawn_blocking(move || work(&registry)).await {
                Ok(Ok(line)) => Ok(line),
                Ok(Err(Error::Refused(words))) => Err(words),
                Ok(Err(Error::Failed(failure))) => {
                    tracing::error!(job = name, "{failure}");
                    Err("系统内部错误，详见日志".into())
                }
                Err(error) => {
                    tracing::error!(job = name, "{error}");
                    Err("任务意外终止，详见日志".into())
                }
            }
        }
    })
}
