//! `retrofit migrate`: brings the database's tables up to date, and checks the deployment's catalogue, as every other command does at its
//! start.

use std::process::ExitCode;

use clap::Args;

use crate::registry::{Registry, intake};

/// 建立或更新数据库的表，并检查部署的目录文件
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {}

pub(super) fn run(MigrateArgs {}: &MigrateArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    super::print(&format!("{} 数据库的表已是最新。\n", registry.db.kind()))?;
    let pairs = intake::compare_the_old(registry)?;
    if pairs > 0 {
        super::print(&format!(
            "以前入库的工程中，查出部门之间疑似重复的 {pairs} 对，见“疑似重复”页。\n"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
