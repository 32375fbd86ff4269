//! `retrofit audit`: seals the audit log and checks its seal.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Acting, Format, PARTLY, print};
use crate::db::audit::Entry;
use crate::registry::audit::{self, Filter};
use crate::registry::people::Office;
use crate::registry::{Registry, audit_chain, business_minute};

/// 操作记录：列出、封存、核对
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 列出最近的操作记录，新的在前
    List {
        /// 最多列多少条
        #[arg(long, value_name = "N", default_value_t = 50)]
        last: u32,
        /// 只列这个用户的
        #[arg(long, value_name = "USER", default_value = "")]
        actor: String,
        /// 只列这类操作，如 review. 或 session.open
        #[arg(long, value_name = "ACTION", default_value = "")]
        action: String,
        /// 只列被拒的
        #[arg(long)]
        refused: bool,
        /// 输出格式
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        acting: Acting,
    },
    /// 核对操作记录：有没有被改过、删去、插入或调换
    Verify,
    /// 立即封存尚未封存的记录（服务运行时每十分钟自动封存）
    Seal,
}

/// Exit of `verify` 0: the log is whole; 1: it is not.
pub(super) fn run(args: &AuditArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    match &args.action {
        Action::List {
            last,
            actor,
            action,
            refused,
            format,
            acting,
        } => {
            let operator = acting.operator(registry, Office::Auditor)?;
            let filter = Filter {
                actor: actor.clone(),
                action: action.clone(),
                outcome: if *refused { "refused" } else { "" }.into(),
                ..Filter::default()
            };
            let entries = audit::entries(registry, &operator, &filter, i64::from(*last))?;
            print(
                &entries
                    .iter()
                    .map(|(id, entry)| line(*id, entry, *format))
                    .collect::<String>(),
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Seal => {
            let sealed = audit_chain::seal(registry)?;
            print(&format!("已封存 {sealed} 条记录。\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Verify => verify(registry),
    }
}

/// An entry: in JSON as it is kept, one a line.
fn line(id: i64, entry: &Entry, format: Format) -> String {
    let Entry {
        at,
        actor,
        action,
        object,
        detail,
        origin,
        outcome,
    } = entry;
    match format {
        Format::Json => {
            let detail: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
            let entry = serde_json::json!({
                "id": id, "at": at, "actor": actor, "action": action, "object": object, "detail": detail,
                "origin": origin, "outcome": outcome,
            });
            format!("{entry}\n")
        }
        Format::Text => {
            let when = business_minute(*at);
            let told = audit::label(action).unwrap_or(action);
            let outcome = if outcome == "done" { "完成" } else { "被拒" };
            format!("{id}  {when}  {actor}（{origin}）  {told}  {object}  {outcome}  {detail}\n")
        }
    }
}

fn verify(registry: &Registry) -> anyhow::Result<ExitCode> {
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
