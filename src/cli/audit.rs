//! `retrofit audit`: seals the audit log and checks its seal.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{PARTLY, print};
use crate::registry::{Registry, audit_chain};

/// 操作记录的封存和核对
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 核对操作记录：有没有被改过、删去、插入或调换
    Verify,
    /// 立即封存尚未封存的记录（服务运行时每十分钟自动封存）
    Seal,
}

/// Exit 0: the log is whole; 1: it is not.
pub(super) fn run(args: &AuditArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    if let Action::Seal = args.action {
        let sealed = audit_chain::seal(registry)?;
        print(&format!("已封存 {sealed} 条记录。\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let verdict = audit_chain::verify(registry)?;
    let mut out = format!(
        "核对了 {} 条已封存的记录，另有 {} 条尚未封存。\n",
        verdict.sealed, verdict.unsealed
    );
    // Writing to a String cannot fail.
    for damage in &verdict.damage {
        let _ = writeln!(out, "  {}", damage.label());
    }
    if verdict.damage.is_empty() {
        let _ = writeln!(out, "没有发现改动。");
    }
    if !verdict.head.is_empty() {
        let _ = writeln!(
            out,
            "链首校验值（可抄存别处，日后比对）：{} {}",
            verdict.sealed, verdict.head
        );
    }
    print(&out)?;
    Ok(if verdict.damage.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}
