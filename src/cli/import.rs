//! `retrofit import`: a department's roster into the registry.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use retrofit_import::catalogue::Field;
use retrofit_import::finding::Finding;
use retrofit_import::report::groups;
use retrofit_import::rules::incident_lines;
use retrofit_import::values::Canonical;
use serde::Serialize;

use super::waive::code;
use super::{Acting, Format, PARTLY, REFUSED, print};
use crate::registry::intake::{self, Counts, Fate, Hold, Likeness, Outcome, Preview, Roster};
use crate::registry::people::Office;
use crate::registry::{Error, Registry, RegistryCode, Values, audit, business_day};

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
    /// 清单只列了部分工程（补充、更正）：没有列的不算遗漏
    #[arg(long)]
    supplement: bool,
    /// 待认定的行与登记库中的工程是同一个；可以重复
    #[arg(long, value_name = "[SHEET!]ROW=CODE", value_parser = same)]
    same: Vec<(Place, RegistryCode)>,
    /// 待认定的行是新工程；可以重复
    #[arg(long, value_name = "[SHEET!]ROW", value_parser = place)]
    new: Vec<Place>,
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    acting: Acting,
}

/// A row of the file; its sheet where there are several.
#[derive(Clone, Debug)]
struct Place {
    sheet: Option<String>,
    row: u32,
}

fn place(text: &str) -> Result<Place, String> {
    let (sheet, row) = match text.rsplit_once('!') {
        Some((sheet, row)) => (Some(sheet.to_owned()), row),
        None => (None, text),
    };
    let row = row
        .parse()
        .map_err(|_| format!("“{text}”不是行号，应为 15，有几张工作表时写成 台账!15。"))?;
    Ok(Place { sheet, row })
}

fn same(text: &str) -> Result<(Place, RegistryCode), String> {
    let wrong = || format!("“{text}”应写成 行号=登记编号，如 15=LC-2026-000001。");
    let (row, project) = text.rsplit_once('=').ok_or_else(wrong)?;
    Ok((place(row)?, code(project)?))
}

impl Place {
    /// The sheet and the row, where the file has just one such row.
    fn find(&self, roster: &Roster) -> Result<(String, u32), Error> {
        let rows = roster.rows.iter().filter(|row| row.row == self.row);
        let sheets: BTreeSet<&str> = rows
            .map(|row| &*row.sheet)
            .filter(|sheet| self.sheet.as_deref().is_none_or(|asked| asked == *sheet))
            .collect();
        let mut sheets = sheets.into_iter();
        match (sheets.next(), sheets.next()) {
            (Some(sheet), None) => Ok((sheet.to_owned(), self.row)),
            (None, _) => Err(Error::Refused(format!("清单里没有{}。", self.told()))),
            (Some(_), Some(_)) => Err(Error::Refused(format!(
                "几张工作表都有{}，请写明是哪一张，如 台账!{}。",
                self.told(),
                self.row
            ))),
        }
    }

    fn told(&self) -> String {
        match &self.sheet {
            Some(sheet) => format!("工作表“{sheet}”的第 {} 行", self.row),
            None => format!("第 {} 行", self.row),
        }
    }
}

#[derive(Serialize)]
struct Answer {
    upload_id: i64,
    committed: bool,
    /// Rows of which it is to be said which project they are about.
    unclear: usize,
    #[serde(flatten)]
    counts: Counts,
}

/// Exit 0: everything went in (or would); 1: some rows are held, or the registry moved; 2: nothing could be read.
pub(super) fn run(args: &ImportArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let operator = args.acting.operator(registry, Office::Department(&args.department))?;
    let name = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let mut upload = intake::receive(registry, &operator, &args.department, &args.period, &name, &args.file)?;
    intake::declare_supplement(registry, &operator, &mut upload, args.supplement)?;
    let today = args.today.unwrap_or_else(|| business_day(registry.clock.now()));
    let roster = intake::read(registry, &upload, today)?;
    intake::note_unreadable(registry, &operator, &upload, &roster)?;
    if !roster.is_readable() {
        let answer = Answer {
            upload_id: upload.id,
            committed: false,
            unclear: 0,
            counts: Counts::default(),
        };
        tell(args, &answer, || {
            Ok(format!("没有读取到数据。\n{}", file_findings(&roster)))
        })?;
        return Ok(ExitCode::from(REFUSED));
    }

    let chosen = chosen(args, &roster)?;
    if !chosen.is_empty() {
        intake::choose(registry, &operator, &upload, &chosen)?;
    }
    let mut preview = intake::preview(registry, &upload, roster, args.explain.as_deref())?;
    let mut moved = false;
    let mut committed = false;
    if args.yes {
        match intake::commit(registry, &operator, &preview)? {
            Outcome::Committed(_) => committed = true,
            Outcome::Moved(fresh) => {
                moved = true;
                let reason = Some("登记库已被他人更新，没有写入。");
                audit::note_refusal(registry, &operator, "upload.commit", &upload.id.to_string(), reason)?;
                preview = *fresh;
            }
        }
    }
    let counts = preview.counts();
    let answer = Answer {
        upload_id: upload.id,
        committed,
        unclear: preview.unclear(),
        counts,
    };
    tell(args, &answer, || {
        text(&preview, &unclear(registry, &preview)?, committed, moved)
    })?;
    let whole = counts.held == 0 && !moved && !preview.roster.has_file_errors();
    // The process ends here: taking a large roster apart before would only cost time.
    std::mem::forget(preview);
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

/// What the operator says of rows that resemble projects.
fn chosen(args: &ImportArgs, roster: &Roster) -> Result<Vec<(String, u32, Option<RegistryCode>)>, Error> {
    let same = args.same.iter().map(|(place, code)| (place, Some(*code)));
    let new = args.new.iter().map(|place| (place, None));
    same.chain(new)
        .map(|(place, code)| {
            let (sheet, row) = place.find(roster)?;
            Ok((sheet, row, code))
        })
        .collect()
}

/// The rows that resemble projects, each with these, and how to say which it is.
fn unclear(registry: &Registry, preview: &Preview) -> anyhow::Result<String> {
    let found = intake::likenesses(registry, preview, SHOWN)?;
    let Some(first) = found.first() else {
        return Ok(String::new());
    };
    let row = |likeness: &Likeness| match &*likeness.sheet {
        "" => likeness.row.to_string(),
        sheet => format!("{sheet}!{}", likeness.row),
    };
    let mut out = String::from("待认定（与登记库中的工程相近，系统不会自行合并）：\n");
    // Writing to a String cannot fail.
    for likeness in &found {
        let _ = writeln!(out, "  {}  {}", row(likeness), name_and_place(&likeness.values));
        for side in &likeness.sides {
            let _ = writeln!(out, "      {}  {}", side.code, name_and_place(&side.values));
        }
    }
    let more = preview.unclear().saturating_sub(found.len());
    if more > 0 {
        let _ = writeln!(out, "  ……另有 {more} 行");
    }
    let row = row(first);
    let code = first
        .sides
        .first()
        .map(|side| side.code.to_string())
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "  是同一工程的，加 --same \"{row}={code}\"；是新工程的，加 --new \"{row}\"；也可以在网页上认定。"
    );
    Ok(out)
}

fn name_and_place(values: &Values) -> String {
    let one = |field| values.get(&field).and_then(Canonical::as_one).unwrap_or_default();
    format!(
        "{}（{}，编号 {}）",
        one(Field::Name),
        one(Field::Address),
        values
            .get(&Field::ProjectNo)
            .and_then(Canonical::as_one)
            .unwrap_or("无")
    )
}

fn text(preview: &Preview, unclear: &str, committed: bool, moved: bool) -> anyhow::Result<String> {
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
    out.push_str(unclear);
    // Rows held for their findings are told by these, below.
    let held = rows.iter().filter_map(|(row, fate)| match fate {
        Fate::Held {
            why: Hold::Errors | Hold::Unexplained | Hold::Ambiguous(_),
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
