//! `retrofit check`: what is wrong with a roster, cell by cell, without a registry.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::{Checker, HeaderReading};
use retrofit_import::finding::Severity;
use retrofit_import::report::{Group, Report};
use retrofit_import::rules::incident_lines;
use retrofit_import::workbook::column_name;
use retrofit_import::write;
use serde_json::json;

use super::{REFUSED, complain, print};
use crate::registry::department;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, in Chinese.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// 检查工程清单，逐单元格指出问题
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// 要检查的文件（.xlsx、.xls、.ods、.csv），可以有多个
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// 报送部门代码，如 JTJ
    #[arg(long, value_name = "CODE")]
    department: Option<String>,
    /// 检查日期，默认今天（北京时间）
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<NaiveDate>,
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// JSON 中附上读出的每行数据
    #[arg(long)]
    records: bool,
    /// 列出各列认作什么栏目，附前几个值
    #[arg(long)]
    columns: bool,
    /// 把批注后的工作簿写到这个文件（只检查一个文件时可用）
    #[arg(long, value_name = "OUT.xlsx")]
    annotated: Option<PathBuf>,
    /// 批注工作簿只留需更正和需说明的行：改好后作为补报单独报送
    #[arg(long, requires = "annotated")]
    only_held: bool,
}

/// Checks the files. Exit 0: nothing held; 1: some finding is an error; 2: a file could not be read; of several files the highest.
///
/// # Errors
/// Wrong usage, or a fault of ours.
pub(super) fn run(args: &CheckArgs, checker: &Checker, today: NaiveDate) -> anyhow::Result<ExitCode> {
    let today = args.today.unwrap_or(today);
    if let Some(code) = &args.department {
        department(&checker.catalogue, code)?;
    }
    if let Some(out) = &args.annotated {
        match args.files.as_slice() {
            [file] => refuse_same_file(file, out)?,
            _ => bail!("--annotated 只能用于一个文件"),
        }
    }
    let mut worst = 0;
    let mut files = Vec::new();
    for file in &args.files {
        let report = match Report::new(checker, file, today, args.records) {
            Ok(report) => report,
            // The other files are checked all the same.
            Err(error) => {
                worst = REFUSED;
                complain(&format!("无法读取文件 {}：{error}", file.display()));
                continue;
            }
        };
        worst = worst.max(exit_code(&report));
        if let Some(out) = &args.annotated {
            annotate(checker, file, &report, out, args.only_held)?;
        }
        let name = file.to_string_lossy();
        match args.format {
            Format::Json => {
                let mut answer = serde_json::to_value(report.json(&name, args.department.as_deref()))?;
                if args.columns {
                    answer["headers"] = serde_json::to_value(&report.summary.headers)?;
                }
                files.push(answer);
            }
            Format::Text => {
                print(&text(&report, file, args.department.as_deref(), &checker.catalogue))?;
                if args.columns {
                    print(&headers(&report.summary.headers, &checker.catalogue))?;
                }
            }
        }
    }
    if args.format == Format::Json {
        print(&format!("{}\n", json!({ "files": files })))?;
    }
    Ok(ExitCode::from(worst))
}

/// The officer's own file is never written over, by whatever path it is named.
fn refuse_same_file(file: &Path, out: &Path) -> anyhow::Result<()> {
    match (same_file::Handle::from_path(file), same_file::Handle::from_path(out)) {
        (Ok(original), Ok(existing)) if original == existing => {
            bail!("--annotated 不能写到被检查的文件上，请另起一个文件名")
        }
        _ => Ok(()),
    }
}

fn annotate(checker: &Checker, file: &Path, report: &Report, out: &Path, only_held: bool) -> anyhow::Result<()> {
    if !report.summary.is_readable() {
        complain("没有读取到数据，没有写批注工作簿。");
        return Ok(());
    }
    let failed = || format!("无法写出批注工作簿 {}", out.display());
    if !only_held {
        return write::annotated(checker, file, report, out).with_context(failed);
    }
    if write::only_held(checker, file, report, out).with_context(failed)? == 0 {
        complain("没有需要处理的行，没有写批注工作簿。");
    }
    Ok(())
}

fn exit_code(report: &Report) -> u8 {
    if report.summary.refusal.is_some() {
        REFUSED
    } else {
        u8::from(
            report
                .findings
                .iter()
                .any(|finding| finding.severity == Severity::Error),
        )
    }
}

/// The report for people.
fn text(report: &Report, file: &Path, department: Option<&str>, catalogue: &Catalogue) -> String {
    let mut out = String::new();
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let sender = department
        .and_then(|code| catalogue.department(code))
        .map(|found| format!("（{}）", found.short_name));
    let summary = &report.summary;
    let head = if summary.is_readable() {
        format!(
            "共 {} 行：合格 {}，需更正 {}，需说明 {}。",
            summary.rows, summary.sound, summary.held, summary.to_confirm
        )
    } else {
        "没有读取到数据。".to_owned()
    };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{name}{}：{head}", sender.unwrap_or_default());
    for sheet in &summary.sheets {
        let label = if sheet.name.is_empty() {
            String::new()
        } else {
            format!("工作表「{}」：", sheet.name)
        };
        let rows = sheet.data_rows.first().zip(sheet.data_rows.last());
        let rows = rows.map(|(first, last)| match sheet.data_rows.len() {
            1 => format!("，数据第 {first} 行"),
            count => format!("，数据第 {first}–{last} 行共 {count} 行"),
        });
        let _ = writeln!(
            out,
            "  {label}表头第 {} 行{}",
            sheet.header_row,
            rows.unwrap_or_default()
        );
    }
    let groups = report.groups();
    for (severity, title) in [
        (Severity::Error, "强制性问题，改正后才能入库"),
        (Severity::Confirm, "核实性问题，请改正或写明情况"),
        (Severity::Hint, "提示，供参考"),
    ] {
        let of_kind: Vec<&Group<'_>> = groups.iter().filter(|group| group.first.severity == severity).collect();
        let count: usize = of_kind.iter().map(|group| group.count).sum();
        if count > 0 {
            let _ = writeln!(out, "{title}（{count} 处）：");
        }
        for group in of_kind {
            out.push_str(&group_line(group, summary.sheets.len() > 1));
        }
    }
    for line in incident_lines(&summary.incidents) {
        let _ = writeln!(out, "{line}");
    }
    out
}

/// How each column was understood.
fn headers(tables: &[HeaderReading], catalogue: &Catalogue) -> String {
    let mut out = String::new();
    for table in tables {
        let sheet = match &*table.sheet {
            "" => String::new(),
            name => format!("工作表「{name}」"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "各列识别（{sheet}表头第 {} 行）：", table.row);
        for column in &table.columns {
            let field = match column.field {
                Some(field) if table.is_doubtful(column) => format!("{}（与另一列重复）", catalogue.label(field)),
                Some(field) => catalogue.label(field).to_owned(),
                None if column.serial => "序号，不导入".to_owned(),
                None => "没有认出，不导入".to_owned(),
            };
            let letter = column_name(column.column);
            let examples = column.examples.join("、");
            let header = if column.blank {
                format!("（无表头，更正时写 {}）", column.key)
            } else {
                column.key.clone()
            };
            let _ = writeln!(out, "  {letter}  {header} → {field}（{examples}）");
        }
    }
    out
}

fn group_line(group: &Group<'_>, with_sheet: bool) -> String {
    let finding = group.first;
    let sheet = finding.sheet.as_deref().filter(|sheet| !sheet.is_empty());
    let place = match (group.place(), sheet) {
        (cells, Some(sheet)) if cells.is_empty() => format!("工作表「{sheet}」"),
        (cells, None) if cells.is_empty() => "整个文件".to_owned(),
        (cells, Some(sheet)) if with_sheet => format!("{sheet}!{cells}"),
        (cells, _) => cells,
    };
    let value = group
        .unsaid_value()
        .map(|value| format!("（填的是 {value}）"))
        .unwrap_or_default();
    let suggestion = finding.suggestion.as_deref().unwrap_or_default();
    let basis = finding
        .basis
        .as_ref()
        .map(|basis| format!("（依据：{basis}）"))
        .unwrap_or_default();
    format!(
        "  {place}  {}  {}{value}{suggestion}{basis}\n",
        finding.code, finding.message
    )
}
