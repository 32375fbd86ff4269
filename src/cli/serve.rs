//! `retrofit serve`: runs the schedule until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use retrofit_jobs::schedule::{Plan, Scheduler};

use crate::registry::Registry;
use crate::{process, tasks};

/// 运行服务：按计划上报
#[derive(Debug, Args)]
pub(super) struct ServeArgs {}

pub(super) fn run(ServeArgs {}: &ServeArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    registry.end_leases_of_the_dead()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let scheduler = Scheduler::new(
            Plan::built_in(),
            &tasks::all(registry),
            Arc::new(registry.clone()),
            registry.clock.clone(),
            &process::holder(),
        )?;
        scheduler.run(super::stop()).await;
        Ok(ExitCode::SUCCESS)
    })
}
