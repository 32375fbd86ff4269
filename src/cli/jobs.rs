//! `retrofit jobs`: what runs by the schedule, how it went, and an administrator's hand on it.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use retrofit_jobs::schedule::Scheduler;
use retrofit_jobs::store::JobState;
use serde_json::json;

use super::{Acting, Format, PARTLY, print};
use crate::registry::people::Office;
use crate::registry::{Registry, business_minute, schedule};
use crate::tasks;

/// 查看和管理按计划执行的任务
#[derive(Debug, Args)]
pub(super) struct JobsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 列出任务：何时执行，下次何时，上次结果
    List {
        #[command(flatten)]
        common: Common,
    },
    /// 立即执行一个任务，并等它结束
    Run {
        /// 任务名，例如 backup
        job: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// 执行记录，新的在上
    History {
        /// 只看一个任务
        job: Option<String>,
        /// 最多显示几条
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: i64,
        #[command(flatten)]
        common: Common,
    },
    /// 暂停一个任务：计划不再执行它，直到恢复
    Pause {
        /// 任务名
        job: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// 恢复一个暂停的任务
    Resume {
        /// 任务名
        job: String,
        #[command(flatten)]
        acting: Acting,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    acting: Acting,
}

pub(super) fn run(args: &JobsArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let scheduler = tasks::scheduler(registry)?;
    match &args.action {
        Action::List { common } => list(registry, &scheduler, common)?,
        Action::Run { job, acting } => return run_now(registry, &scheduler, job, acting),
        Action::History { job, limit, common } => {
            if let Some(job) = job {
                known(&scheduler, job)?;
            }
            history(registry, job.as_deref(), *limit, common)?;
        }
        Action::Pause { job, acting } => {
            known(&scheduler, job)?;
            let operator = acting.operator(registry, Office::Administrator)?;
            let said = if schedule::pause(registry, &operator, job)? {
                "已暂停。正在执行的不受影响；错过的，恢复后按计划补一次。"
            } else {
                "本来就是暂停的。"
            };
            print(&format!("任务“{}”{said}\n", tasks::label(job)))?;
        }
        Action::Resume { job, acting } => {
            known(&scheduler, job)?;
            let operator = acting.operator(registry, Office::Administrator)?;
            let said = if schedule::resume(registry, &operator, job)? {
                "已恢复。"
            } else {
                "没有暂停。"
            };
            print(&format!("任务“{}”{said}\n", tasks::label(job)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn known(scheduler: &Scheduler, job: &str) -> anyhow::Result<()> {
    if scheduler.plans().any(|plan| plan.name == job) {
        return Ok(());
    }
    let names: Vec<&str> = scheduler.plans().map(|plan| &*plan.name).collect();
    bail!("任务计划中没有“{job}”；现有：{}", names.join("、"))
}

fn list(registry: &Registry, scheduler: &Scheduler, common: &Common) -> anyhow::Result<()> {
    let operator = common.acting.operator(registry, Office::Administrator)?;
    let pauses = schedule::pauses(registry, &operator)?;
    let now = registry.clock.now();
    let mut rows = Vec::new();
    for plan in scheduler.plans() {
        let last = schedule::job_runs(registry, &operator, Some(&plan.name), 1)?.pop();
        let pause = pauses.iter().find(|pause| pause.job == plan.name);
        if common.format == Format::Json {
            rows.push(json!({
                "job": plan.name, "cron": plan.cron, "window": plan.window, "catch_up": plan.catch_up,
                "paused_by": pause.map(|pause| &pause.paused_by), "next_due": plan.next(now),
                "last": last.map(|run| json!({ "due_at": run.due_at, "state": run.state, "outcome": run.outcome })),
            }));
            continue;
        }
        let next = match pause {
            Some(pause) => format!("已由 {} 暂停", pause.paused_by),
            None => plan
                .next(now)
                .map_or_else(String::new, |next| format!("下次 {}", business_minute(next))),
        };
        let last = last.map_or_else(
            || "还没有执行过".to_owned(),
            |run| {
                let outcome = run.outcome.unwrap_or_default();
                format!(
                    "上次 {} {} {outcome}",
                    business_minute(run.due_at),
                    tasks::state_label(&run.state)
                )
            },
        );
        let window = plan.window.as_deref().unwrap_or("不限");
        print(&format!(
            "{}（{}）\n  计划 {}，时段 {window}，{next}\n  {last}\n",
            tasks::label(&plan.name),
            plan.name,
            plan.cron,
        ))?;
    }
    if common.format == Format::Json {
        print(&format!("{}\n", json!({ "jobs": rows })))?;
    }
    Ok(())
}

/// Exit 0: the job ended well; 1: it failed, and says why.
fn run_now(registry: &Registry, scheduler: &Scheduler, job: &str, acting: &Acting) -> anyhow::Result<ExitCode> {
    known(scheduler, job)?;
    let operator = acting.operator(registry, Office::Administrator)?;
    schedule::note_run(registry, &operator, job)?;
    registry.end_leases_of_the_dead()?;
    let end = tokio::runtime::Runtime::new()?.block_on(async {
        let Some(begun) = scheduler.begin_now(job, &operator.name).await? else {
            bail!(
                "任务“{}”正在执行，请稍后再试；进展见 retrofit jobs history",
                tasks::label(job)
            );
        };
        Ok(begun.work().await)
    })?;
    let Some(end) = end else {
        bail!("任务“{}”已由另一个进程接手", tasks::label(job));
    };
    print(&format!("{}：{}\n", tasks::label(job), end.outcome))?;
    Ok(if end.state == JobState::Done {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}

fn history(registry: &Registry, job: Option<&str>, limit: i64, common: &Common) -> anyhow::Result<()> {
    let operator = common.acting.operator(registry, Office::Administrator)?;
    let runs = schedule::job_runs(registry, &operator, job, limit.max(0))?;
    if common.format == Format::Json {
        let runs: Vec<_> = runs
            .iter()
            .map(|run| {
                json!({
                    "id": run.id, "job": run.job, "due_at": run.due_at, "catch_up": run.catch_up == 1, "state": run.state,
                    "token": run.token, "operator": run.operator, "started_at": run.started_at,
                    "heartbeat_at": run.heartbeat_at, "ended_at": run.ended_at, "outcome": run.outcome,
                })
            })
            .collect();
        return print(&format!("{}\n", json!({ "runs": runs })));
    }
    if runs.is_empty() {
        print("还没有执行过。\n")?;
    }
    for run in runs {
        let catch_up = if run.catch_up == 1 { "，补做" } else { "" };
        let taken_up = if run.token > 1 { "，中断后接手" } else { "" };
        let by = run
            .operator
            .map_or_else(String::new, |operator| format!("，{operator} 发起"));
        print(&format!(
            "{}  {}  {}{catch_up}{taken_up}{by}  {}\n",
            business_minute(run.due_at),
            tasks::label(&run.job),
            tasks::state_label(&run.state),
            run.outcome.unwrap_or_default()
        ))?;
    }
    Ok(())
}
