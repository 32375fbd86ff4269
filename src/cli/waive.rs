//! `retrofit waive`: an error of a rule waived for a project.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;

use super::{Acting, print};
use crate::registry::people::Office;
use crate::registry::waivers::waive;
use crate::registry::{Registry, RegistryCode};

/// 秘书处对一个工程豁免一条强制性规则
#[derive(Debug, Args)]
pub(super) struct WaiveArgs {
    /// 工程的登记编号
    #[arg(value_parser = code)]
    code: RegistryCode,
    /// 规则代码，如 S001
    rule: String,
    /// 豁免到哪一天（含当天）
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: NaiveDate,
    /// 理由，审核人和部门会看到
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(super) fn code(text: &str) -> Result<RegistryCode, String> {
    let wrong = |_| format!("“{text}”不是登记编号，应为 LC-年份-序号，如 LC-2026-000001。");
    text.parse().map_err(wrong)
}

pub(super) fn run(args: &WaiveArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let operator = args.acting.operator(registry, Office::Secretariat)?;
    let rule = args.rule.trim().to_ascii_uppercase();
    waive(registry, &operator, args.code, &rule, args.until, &args.reason)?;
    print(&format!(
        "已对工程 {} 豁免规则 {rule}，到 {} 为止。\n",
        args.code, args.until
    ))?;
    Ok(ExitCode::SUCCESS)
}
