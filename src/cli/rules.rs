//! `retrofit rules`: every rule.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use retrofit_import::catalogue::Catalogue;
use retrofit_import::rules::{self, RULES};

use super::print;

/// 列出全部检查规则
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    format: RulesFormat,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum RulesFormat {
    /// 每条一行
    #[default]
    Text,
    /// 供程序读取，附全部说明
    Json,
    /// 供阅读和打印，附全部说明
    Markdown,
}

pub(super) fn run(args: &RulesArgs, catalogue: &Catalogue) -> anyhow::Result<ExitCode> {
    print(&match args.format {
        RulesFormat::Text => text(catalogue),
        RulesFormat::Json => format!("{}\n", rules::json(catalogue)),
        RulesFormat::Markdown => rules::markdown(catalogue),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(catalogue: &Catalogue) -> String {
    let mut out = String::new();
    for rule in RULES {
        let setting = catalogue.rule_settings().of(rule.code);
        let setting = setting
            .map(|setting| format!("（{}）", setting.label()))
            .unwrap_or_default();
        let severity = rule.severity_label();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}  {severity}  {}{setting}", rule.code, rule.title);
    }
    let _ = writeln!(out, "共 {} 条。用 retrofit rule 代码 查看一条的说明。", RULES.len());
    out
}
