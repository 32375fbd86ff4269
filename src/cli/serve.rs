//! `retrofit serve`: the pages and the schedule, until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use retrofit_jobs::schedule::{Plan, Scheduler};

use super::print;
use crate::config::Config;
use crate::registry::Registry;
use crate::{process, tasks, web};

/// 运行服务：打开网页，并按计划上报
#[derive(Debug, Args)]
pub(super) struct ServeArgs {}

pub(super) fn run(ServeArgs {}: &ServeArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    registry.end_leases_of_the_dead()?;
    warn_of_unconfirmed_departments(registry);
    let address = Config::from_env()?.bind;
    tokio::runtime::Runtime::new()?.block_on(async {
        let scheduler = Scheduler::new(
            Plan::built_in(),
            &tasks::all(registry),
            Arc::new(registry.clone()),
            registry.clock.clone(),
            &process::holder(),
        )?;
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("地址 {address} 不可用，请用 RETROFIT_BIND 另设一个"))?;
        print(&format!("服务地址：http://{}\n", listener.local_addr()?))?;
        let (served, ()) = tokio::join!(
            web::serve(listener, registry.clone(), super::stop()),
            scheduler.run(super::stop())
        );
        served?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Only some departments are named in public; the others are placeholders.
fn warn_of_unconfirmed_departments(registry: &Registry) {
    let departments = registry.catalogue.departments().iter();
    let codes: Vec<&str> = departments
        .filter(|department| !department.is_confirmed())
        .map(|department| department.code.as_str())
        .collect();
    if !codes.is_empty() {
        tracing::warn!(
            departments = codes.join(","),
            "placeholders, to be confirmed in departments.csv"
        );
    }
}
