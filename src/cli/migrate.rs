//! `retrofit migrate`: brings the database's tables up to date, as every other command does at its start.

use std::process::ExitCode;

use clap::Args;

use crate::config::Config;
use crate::db::Db;

/// 建立或更新数据库的表
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {}

pub(super) fn run(MigrateArgs {}: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let db = Db::open(&Config::from_env()?.database_url).map_err(crate::registry::Failure::from)?;
    super::print(&format!("{db:?}：数据库的表已是最新。\n"))?;
    Ok(ExitCode::SUCCESS)
}
