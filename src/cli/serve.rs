//! `retrofit serve`: serves the pages and runs the schedule until it is told to stop.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use super::print;
use crate::config::Config;
use crate::registry::{Registry, audit_chain, intake};
use crate::{tasks, web};

/// How long an entry of the audit log may wait for its seal.
const SEAL_EVERY: Duration = Duration::from_mins(10);

/// 运行服务：提供网页，按计划上报
#[derive(Debug, Args)]
pub(super) struct ServeArgs {}

pub(super) fn run(ServeArgs {}: &ServeArgs, config: &Config, registry: &Registry) -> anyhow::Result<ExitCode> {
    registry.end_leases_of_the_dead()?;
    let scheduler = tasks::scheduler(registry)?;
    // A broken profile is told now, and not at night.
    crate::sync::profile(&registry.catalogue)?;
    tell_placeholders(registry);
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(config.bind)
            .await
            .with_context(|| format!("无法在 {} 提供网页，请检查 RETROFIT_BIND", config.bind))?;
        print(&format!("网页：http://{}/\n", listener.local_addr()?))?;
        let old = registry.clone();
        let compared = tokio::task::spawn_blocking(move || {
            if let Err(error) = intake::compare_the_old(&old) {
                tracing::error!("what went in before pairs were kept was not compared: {error}");
            }
        });
        let pages = web::serve(listener, registry.clone(), super::stop());
        let (served, (), ()) = tokio::join!(pages, scheduler.run(super::stop()), seal(registry));
        served?;
        compared.await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Seals the audit log from time to time.
async fn seal(registry: &Registry) {
    let mut stopped = std::pin::pin!(super::stop());
    let mut next = tokio::time::interval(SEAL_EVERY);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            _ = next.tick() => {}
        }
        let registry = registry.clone();
        let sealed = tokio::task::spawn_blocking(move || audit_chain::seal(&registry)).await;
        match sealed {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!("the audit log was not sealed: {error}"),
            Err(error) => tracing::error!("the audit log was not sealed: {error}"),
        }
    }
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
