//! `retrofit rule`: one rule, explained.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::rules;

use super::print;

/// 说明一条检查规则
#[derive(Debug, Args)]
pub(super) struct RuleArgs {
    /// 规则代码，如 S005
    code: String,
}

pub(super) fn run(args: &RuleArgs, catalogue: &Catalogue) -> anyhow::Result<ExitCode> {
    let Some(rule) = rules::find(&args.code.trim().to_ascii_uppercase()) else {
        bail!("没有代码为“{}”的规则。用 retrofit rules 可以列出全部规则。", args.code);
    };
    print(&rules::text(rule, catalogue))?;
    Ok(ExitCode::SUCCESS)
}
