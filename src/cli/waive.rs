//! `retrofit waive`: an error of a rule waived for a project.

use std::process::ExitCode;

use anyhow::bail;
use chrono::NaiveDate;
use clap::Args;

use super::{Acting, print};
use crate::registry::people::Office;
use crate::registry::waivers::{Grant, Subject, waive};
use crate::registry::{Registry, RegistryCode};

/// 秘书处对一个工程豁免一条强制性规则；工程还没有登记编号的，用 --number、--name 或 --upload 指明
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub(super) struct WaiveArgs {
    /// 工程的登记编号
    #[arg(value_parser = code, conflicts_with_all = ["department", "upload"])]
    code: Option<RegistryCode>,
    /// 规则代码，如 S001
    rule: String,
    /// 报送部门代码（工程还没有登记编号时）
    #[arg(long, value_name = "CODE")]
    department: Option<String>,
    /// 部门的工程编号
    #[arg(long, value_name = "NO", requires = "department")]
    number: Option<String>,
    /// 工程名称（没有工程编号时，连同乡镇和地址）
    #[arg(long, requires_all = ["department", "township", "address"], conflicts_with = "number")]
    name: Option<String>,
    /// 乡镇（街道）的名称或代码
    #[arg(long, requires = "name")]
    township: Option<String>,
    /// 详细地址
    #[arg(long, requires = "name")]
    address: Option<String>,
    /// 报送的编号：豁免其中暂缓的一行
    #[arg(long, value_name = "ID", requires = "row", conflicts_with = "department")]
    upload: Option<i64>,
    /// 暂缓的行号
    #[arg(long, requires = "upload")]
    row: Option<i64>,
    /// 工作表（只有一张时不用写）
    #[arg(long, requires = "upload")]
    sheet: Option<String>,
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
    let grant = Grant {
        rule: &rule,
        until: args.until,
        reason: &args.reason,
    };
    let project = waive(registry, &operator, &subject(args)?, &grant)?;
    print(&format!(
        "已对工程 {project} 豁免规则 {rule}，到 {} 为止。\n",
        args.until
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn subject(args: &WaiveArgs) -> anyhow::Result<Subject> {
    let department = || args.department.clone().unwrap_or_default();
    Ok(match args {
        WaiveArgs { code: Some(code), .. } => Subject::Project(*code),
        WaiveArgs {
            upload: Some(upload),
            row: Some(row),
            ..
        } => Subject::Row {
            upload: *upload,
            sheet: args.sheet.clone().unwrap_or_default(),
            row: *row,
        },
        WaiveArgs {
            number: Some(number), ..
        } => Subject::Number {
            department: department(),
            number: number.clone(),
        },
        WaiveArgs {
            name: Some(name),
            township: Some(township),
            address: Some(address),
            ..
        } => Subject::Place {
            department: department(),
            name: name.clone(),
            township: township.clone(),
            address: address.clone(),
        },
        _ => bail!(
            "请指明工程：写登记编号；还没有登记编号的，写 --department 和 --number，或 --department 和 --name、--township、--address，或 --upload 和 --row。"
        ),
    })
}
