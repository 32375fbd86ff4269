//! `retrofit sync reconcile`: compares what the platform holds with what was delivered.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use retrofit_jobs::delivery::{Patience, reconcile};
use retrofit_jobs::store::{DifferenceKind, Word as _};
use serde_json::json;

use super::sync::Common;
use super::{Format, PARTLY, print};
use crate::registry::people::Office;
use crate::registry::{Registry, reconcile as reports};
use crate::sync;

#[derive(Debug, Args)]
pub(super) struct ReconcileArgs {
    /// 平台缺少的，或平台版本较低的，重新上报（只放回待报，由下一次上报发送）；不写时只报告
    #[arg(long)]
    redeliver: bool,
    #[command(flatten)]
    common: Common,
}

/// Exit 0: both sides agree; 1: something differs, or the comparison broke off.
pub(super) fn run(registry: &Registry, args: &ReconcileArgs) -> anyhow::Result<ExitCode> {
    let ReconcileArgs { redeliver, common } = args;
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    if !operator.may_deliver() {
        bail!("用户“{}”不是秘书处成员，不能与平台核对。", operator.name);
    }
    let platform = sync::platform(registry)?;
    let store = Arc::new(registry.clone());
    let compared = reconcile(store, &platform, &operator.name, *redeliver, Patience::default(), None);
    let compared = tokio::runtime::Runtime::new()?.block_on(compared)?;
    let Some(report) = reports::latest(registry, &operator)? else {
        return Ok(ExitCode::from(PARTLY));
    };
    match common.format {
        Format::Json => {
            let rows = report.differences.iter().map(|row| {
                json!({ "source_id": row.source_id, "kind": row.kind, "revision_here": row.revision_here,
                        "revision_there": row.revision_there, "note": row.note, "done": row.done })
            });
            let told = json!({ "id": compared.id, "listed": compared.listed, "trouble": compared.trouble,
                               "counts": report.counts, "differences": rows.collect::<Vec<_>>() });
            print(&format!("{told}\n"))?;
        }
        Format::Text => print(&text(compared.trouble.as_deref(), compared.listed, &report))?,
    }
    let agree = compared.trouble.is_none() && report.differences.is_empty();
    Ok(if agree {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}

fn text(trouble: Option<&str>, listed: u64, report: &reports::Report) -> String {
    let mut lines = vec![format!("{}。", reports::line(listed, &report.counts))];
    lines.extend(trouble.map(|trouble| format!("核对没有完成：{trouble}。“平台缺少”未比对。")));
    lines.extend(report.differences.iter().map(|row| {
        let kind = DifferenceKind::from_word(&row.kind).map_or("", reports::label);
        let revision = |revision: Option<i64>| revision.map_or("无".into(), |revision| format!("第 {revision} 版"));
        let note = row.note.as_deref().map(|note| format!("：{note}"));
        format!(
            "  {}  {kind}（本地{}，平台{}）{}{}",
            row.source_id,
            revision(row.revision_here),
            revision(row.revision_there),
            note.unwrap_or_default(),
            reports::done_label(&row.done)
        )
    }));
    format!("{}\n", lines.join("\n"))
}
