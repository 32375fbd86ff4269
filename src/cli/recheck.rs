//! `retrofit recheck`: which approved records the rules of today would not let in.

use std::fmt::Write as _;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::report::FindingJson;
use serde_json::json;

use super::{Acting, Format, PARTLY, print};
use crate::registry::people::Office;
use crate::registry::recheck::{Rechecked, recheck};
use crate::registry::{Registry, business_day};

/// 用现行规则复查已审核通过的工程，只报告，不改动
#[derive(Debug, Args)]
pub(super) struct RecheckArgs {
    /// 检查日期，默认今天（北京时间）
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<NaiveDate>,
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    acting: Acting,
}

/// Exit 0: all would go in again; 1: some would not.
pub(super) fn run(args: &RecheckArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let operator = args.acting.operator(registry, Office::Secretariat)?;
    let today = args.today.unwrap_or_else(|| business_day(registry.clock.now()));
    let rechecked = recheck(registry, &operator, today)?;
    print(&match args.format {
        Format::Json => format!("{}\n", json(&rechecked)),
        Format::Text => text(&rechecked, &registry.catalogue),
    })?;
    Ok(if rechecked.failing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}

fn json(rechecked: &Rechecked) -> serde_json::Value {
    let failing = rechecked.failing.iter().map(|failing| {
        json!({
            "code": failing.code,
            "department": failing.department,
            "name": failing.name,
            "revision": failing.revision,
            "rules": failing.rules,
            "findings": failing.findings.iter().map(FindingJson::from).collect::<Vec<_>>(),
        })
    });
    let waived = rechecked.waived.iter().map(|waived| {
        json!({
            "code": waived.code,
            "name": waived.name,
            "finding": FindingJson::from(&waived.finding),
            "until": waived.waiver.until,
            "reason": waived.waiver.reason,
            "granted_by": waived.waiver.granted_by,
        })
    });
    let incidents = rechecked.incidents.iter();
    json!({
        "rules": rechecked.rules,
        "judged": rechecked.judged,
        "not_judged": ["F", "D", "C"],
        "failing": failing.collect::<Vec<_>>(),
        "waived": waived.collect::<Vec<_>>(),
        "incidents": incidents.map(|(rule, code)| json!({ "rule": rule, "code": code })).collect::<Vec<_>>(),
    })
}

fn text(rechecked: &Rechecked, catalogue: &Catalogue) -> String {
    let mut out = format!(
        "按规则 {} 复查了 {} 个已审核通过的工程，{} 个不再符合。\n",
        rechecked.rules,
        rechecked.judged,
        rechecked.failing.len()
    );
    out.push_str("栏目、代码、范围按现行的重新核对，其余按现行规则判断；关于文件和表头（F）、重复（D）、与登记库比较（C）的规则只在报送时检查，这里没有复查。\n");
    for failing in &rechecked.failing {
        let department = catalogue.department(&failing.department);
        let department = department.map_or(failing.department.as_str(), |found| &found.short_name);
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{}  第 {} 版（规则 {}）  {department}  {}",
            failing.code, failing.revision, failing.rules, failing.name
        );
        for finding in &failing.findings {
            let severity = finding.severity.label();
            let suggestion = finding.suggestion.as_deref().unwrap_or_default();
            let _ = writeln!(out, "  {}  {severity}  {}{suggestion}", finding.code, finding.message);
        }
    }
    if !rechecked.waived.is_empty() {
        let _ = writeln!(out, "已豁免的强制性问题 {} 处：", rechecked.waived.len());
    }
    for waived in &rechecked.waived {
        let (code, rule, by) = (waived.code, waived.finding.code, &waived.waiver.granted_by);
        let _ = writeln!(
            out,
            "  {code}  {}  {rule}  {}（{by}）",
            waived.name,
            waived.waiver.label()
        );
    }
    for (rule, code) in &rechecked.incidents {
        let _ = writeln!(out, "程序故障：规则 {rule} 没有判断成功（工程 {code}），请告诉管理员。");
    }
    out
}
