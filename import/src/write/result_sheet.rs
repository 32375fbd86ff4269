//! The first sheet of an annotated workbook: what was found, where, and what to do with it.

use rust_xlsxwriter::utility::quote_sheet_name;
use rust_xlsxwriter::{Color, FormatUnderline, Url, Worksheet, XlsxError};

use super::cell::clipped;
use super::style;
use crate::catalogue::Catalogue;
use crate::feedback;
use crate::finding::{Finding, Severity};
use crate::report::Report;

/// Findings that are listed: more than anyone reads, and far from the links that Excel takes on a sheet.
const MOST_LISTED: usize = 10_000;

/// Heading and width of each column of the table.
const COLUMNS: [(&str, f64); 10] = [
    ("序号", 6.0),
    ("级别", 9.0),
    ("工作表", 14.0),
    ("单元格", 9.0),
    ("栏目", 18.0),
    ("原值", 20.0),
    ("问题", 52.0),
    ("怎样改", 44.0),
    ("依据", 30.0),
    ("规则", 8.0),
];

/// Writes it; `sheet_name` gives the annotated sheet for a sheet of the roster.
pub(crate) fn write(
    sheet: &mut Worksheet,
    catalogue: &Catalogue,
    report: &Report,
    sheet_name: &dyn Fn(&str) -> Option<String>,
) -> Result<(), XlsxError> {
    let base = style::base();
    for (column, (_, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_row_height(0, 30)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    sheet.write_string_with_format(0, 0, feedback::title(false), &base.clone().set_bold().set_font_size(16))?;
    let mut row = 1;
    for line in introduction(report) {
        sheet.write_string_with_format(row, 0, line, &base)?;
        row += 1;
    }
    for severity in [Severity::Error, Severity::Confirm, Severity::Hint] {
        let count = report
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        sheet.write_string_with_format(row, 0, severity.label(), &style::coloured(base.clone(), severity))?;
        sheet.write_string_with_format(row, 1, format!("{count} 处：{}", asks_for(severity)), &base)?;
        row += 1;
    }
    row += 1;
    let header = style::header(base.clone());
    for (column, (heading, _)) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(row, column, heading, &header)?;
    }
    row += 1;
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let body = style::grid(base.clone().set_text_wrap());
    let link_look = body
        .clone()
        .set_underline(FormatUnderline::Single)
        .set_font_color(Color::RGB(0x0005_63C1));
    for (number, finding) in (1_u32..).zip(findings.iter().take(MOST_LISTED)) {
        sheet.write_number_with_format(row, 0, number, &body)?;
        let label = style::coloured(body.clone(), finding.severity);
        sheet.write_string_with_format(row, 1, finding.severity.label(), &label)?;
        sheet.write_blank(row, 3, &body)?;
        let target = finding
            .sheet
            .as_deref()
            .and_then(|name| Some((sheet_name(name)?, finding.address?)));
        if let Some((name, address)) = target {
            let link =
                Url::new(format!("internal:{}!{address}", quote_sheet_name(&name))).set_text(address.to_string());
            sheet.write_url_with_format(row, 3, link, &link_look)?;
        }
        let value = finding.value.as_deref().map(excerpt);
        let texts = [
            (2_u16, finding.sheet.as_deref()),
            (4, finding.field.map(|field| catalogue.label(field))),
            (5, value.as_deref()),
            (6, Some(finding.message.as_str())),
            (7, finding.suggestion.as_deref()),
            (8, finding.basis.as_deref()),
            (9, Some(finding.code)),
        ];
        let mut lines = 1;
        for (column, text) in texts {
            if let Some(text) = text {
                sheet.write_string_with_format(row, column, clipped(text), &body)?;
                lines = lines.max(style::lines(text, COLUMNS[usize::from(column)].1));
            } else {
                sheet.write_blank(row, column, &body)?;
            }
        }
        sheet.set_row_height(row, style::height(lines))?;
        row += 1;
    }
    if findings.len() > MOST_LISTED {
        let rest = findings.len() - MOST_LISTED;
        sheet.write_string_with_format(row, 0, format!("另有 {rest} 处，见各行的“问题”栏。"), &base)?;
    }
    Ok(())
}

/// Totals, and what to do.
fn introduction(report: &Report) -> Vec<String> {
    let summary = &report.summary;
    let mut lines = Vec::new();
    if summary.is_readable() {
        lines.push(format!(
            "共 {} 行：合格 {}，需更正 {}，需说明 {}。",
            summary.rows, summary.sound, summary.held, summary.to_confirm
        ));
        lines.push("怎样办：点下表“单元格”一栏可跳到有问题的单元格；单元格上的批注写明问题和改法。".to_owned());
        lines.push(
            "请在各工作表中直接更正；需说明的，在该行最右边“情况说明”一栏写明理由。改好后保存，原样再报送一次。"
                .to_owned(),
        );
        lines.push("本文件按原表的内容重新生成：数值、行列和合并单元格与原表相同；字体、列宽、公式（以计算结果代替）和图片没有保留。".to_owned());
    } else {
        lines.push("没有读取到数据。请按下面的提示处理后重新报送。".to_owned());
    }
    lines
}

/// The beginning of a long value.
fn excerpt(value: &str) -> String {
    const MOST: usize = 60;
    match value.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

const fn asks_for(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "改正后才能入库",
        Severity::Confirm => "请改正，或写明情况",
        Severity::Hint => "供参考，不要求处理",
    }
}
