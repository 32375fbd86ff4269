//! `retrofit serve`: serves the pages and runs the schedule until it is told to stop.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use retrofit_jobs::schedule::{Plan, Scheduler};
use tokio::net::TcpListener;

use super::print;
use crate::config::Config;
use crate::registry::Registry;
use crate::{process, tasks, web};

/// A schedule in the data folder stands in the built-in one's place.
const SCHEDULE: &str = "schedule.toml";

/// 运行服务：提供网页，按计划上报
#[derive(Debug, Args)]
pub(super) struct ServeArgs {}

pub(super) fn run(ServeArgs {}: &ServeArgs, config: &Config, registry: &Registry) -> anyhow::Result<ExitCode> {
    registry.end_leases_of_the_dead()?;
    let scheduler = Scheduler::new(
        plan(&config.data_dir)?,
        &tasks::all(registry),
        Arc::new(registry.clone()),
        registry.clock.clone(),
        &process::holder(),
    )?;
    // A broken profile is told now, and not at night.
    crate::sync::profile(&registry.catalogue)?;
    tell_placeholders(registry);
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(config.bind)
            .await
            .with_context(|| format!("无法在 {} 提供网页，请检查 RETROFIT_BIND", config.bind))?;
        print(&format!("网页：http://{}/\n", listener.local_addr()?))?;
        let pages = web::serve(listener, registry.clone(), super::stop());
        let (served, ()) = tokio::join!(pages, scheduler.run(super::stop()));
        served?;
        Ok(ExitCode::SUCCESS)
    })
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

/// Says which departments nobody has confirmed yet.
fn tell_placeholders(registry: &Registry) {
    let open = registry
        .catalogue
        .departments()
        .iter()
        .filter(|department| !department.is_confirmed());
    let names: Vec<&str> = open.map(|department| department.short_name.as_str()).collect();
    if !names.is_empty() {
        tracing::warn!("部门名单中有 {} 个占位，待用户确认：{}", names.len(), names.join("、"));
    }
}
