//! `retrofit import`: a department's roster into the registry.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use retrofit_import::finding::Finding;
use retrofit_import::report::groups;
use retrofit_import::rules::incident_lines;
use serde::Serialize;

use super::{Acting, Format, PARTLY, REFUSED, print};
use crate::registry::intake::{self, Counts, Fate, Hold, Outcome, Preview, Roster};
use crate::registry::people::Office;
use crate::registry::{Registry, business_day};

/// Rows of a kind that the text shows before it only counts.
const SHOWN: usize = 20;

/// 导入部门报送的清单：先预览变化，加 --yes 才写入
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// 清单文件
    file: PathBuf,
    /// 报送部门代码，如 JTJ
    #[arg(long, value_name = "CODE")]
    department: String,
    /// 报送月份
    #[arg(long, value_name = "YYYY-MM")]
    period: String,
    /// 检查日期，默认今天（北京时间）
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<NaiveDate>,
    /// 确认写入
    #[arg(long)]
    yes: bool,
    /// 对全部核实性问题的情况说明
    #[arg(long, value_name = "TEXT")]
    explain: Option<String>,
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Serialize)]
struct Answer {
    upload_id: i64,
    committed: bool,
    #[serde(flatten)]
    counts: Counts,
}

/// Exit 0: everything went in (or would); 1: some rows are held, or the registry moved; 2: nothing could be read.
pub(super) fn run(args: &ImportArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let operator = args.acting.operator(registry, Office::Department(&args.department))?;
    let name = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let upload = intake::receive(registry, &operator, &args.department, &args.period, &name, &args.file)?;
    let today = args.today.unwrap_or_else(|| business_day(registry.clock.now()));
    let roster = intake::read(registry, &upload, today)?;
    intake::note_unreadable(registry, &upload, &roster)?;
    if !roster.is_readable() {
        let answer = Answer {
            upload_id: upload.id,
            committed: false,
            counts: Counts::default(),
        };
        tell(args, &answer, || {
            Ok(format!("没有读取到数据。\n{}", file_findings(&roster)))
        })?;
        return Ok(ExitCode::from(REFUSED));
    }

    let mut preview = intake::preview(registry, &upload, roster, args.explain.as_deref())?;
    let mut moved = false;
    let mut committed = false;
    if args.yes {
        match intake::commit(registry, &operator, &preview)? {
            Outcome::Committed(_) => committed = true,
            Outcome::Moved(fresh) => {
                moved = true;
                preview = *fresh;
            }
        }
    }
    let counts = preview.counts();
    let answer = Answer {
        upload_id: upload.id,
        committed,
        counts,
    };
    tell(args, &answer, || text(&preview, committed, moved))?;
    let whole = counts.held == 0 && !moved && !preview.roster.has_file_errors();
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}

fn tell(args: &ImportArgs, answer: &Answer, text: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<()> {
    match args.format {
        Format::Json => print(&format!("{}\n", serde_json::to_string(answer)?)),
        Format::Text => print(&text()?),
    }
}

fn text(preview: &Preview, committed: bool, moved: bool) -> anyhow::Result<String> {
    let counts = preview.counts();
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "共 {} 行：新增 {}，变更 {}，未变 {}，暂缓 {}（其中只需情况说明 {}）；本次未列 {}。",
        counts.rows, counts.new, counts.changed, counts.unchanged, counts.held, counts.to_confirm, counts.not_listed
    );
    out.push_str(&file_findings(&preview.roster));
    let rows = preview.rows()?;
    let changed = rows.iter().filter_map(|(row, fate)| match fate {
        Fate::Changed { code, changes } => Some(format!("  第 {} 行 {code}：{} 处变更\n", row.row, changes.len())),
        _ => None,
    });
    section(&mut out, "变更：", changed.collect());
    let returned = rows.iter().filter_map(|(row, fate)| match fate {
        Fate::Unchanged {
            code,
            returned: Some(reason),
        } => Some(format!("  第 {} 行 {code}：仍为退回，{reason}\n", row.row)),
        _ => None,
    });
    section(&mut out, "退回后未改：", returned.collect());
    // Rows held for their findings are told by these, below.
    let held = rows.iter().filter_map(|(row, fate)| match fate {
        Fate::Held {
            why: Hold::Errors | Hold::Unexplained,
            ..
        } => None,
        Fate::Held { why, .. } => Some(format!("  第 {} 行：{}\n", row.row, why.message())),
        _ => None,
    });
    section(&mut out, "暂缓：", held.collect());
    let findings: Vec<Finding> = rows
        .iter()
        .filter(|(_, fate)| matches!(fate, Fate::Held { .. }))
        .flat_map(|(row, _)| row.findings.clone())
        .collect();
    section(&mut out, "暂缓行的问题：", finding_lines(&findings));
    out.push_str(match (committed, moved) {
        (true, _) => "已写入。\n",
        (false, true) => "登记库刚被他人更新，没有写入。以上是最新的预览，请核对后重新执行。\n",
        (false, false) => "以上为预览，没有写入；确认无误后加 --yes 重新执行。\n",
    });
    Ok(out)
}

fn section(out: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let more = lines.len().saturating_sub(SHOWN);
    out.push_str(title);
    out.push('\n');
    out.extend(lines.into_iter().take(SHOWN));
    if more > 0 {
        let _ = writeln!(out, "  ……另有 {more} 条");
    }
}

fn file_findings(roster: &Roster) -> String {
    let incidents = incident_lines(&roster.summary.incidents).into_iter();
    let incidents = incidents.map(|line| format!("{line}\n"));
    finding_lines(&roster.summary.findings)
        .into_iter()
        .chain(incidents)
        .collect()
}

fn finding_lines(findings: &[Finding]) -> Vec<String> {
    let line = |group: retrofit_import::report::Group<'_>| {
        let suggestion = group.first.suggestion.as_deref().unwrap_or_default();
        format!(
            "  {} {} {}{suggestion}\n",
            group.place(),
            group.first.code,
            group.first.message
        )
    };
    groups(findings).into_iter().map(line).collect()
}
