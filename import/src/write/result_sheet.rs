//! The first sheet of an annotated workbook: what was found, where, and what to do with it.

use super::project_cell::{is_number, shown};
use super::style;
use crate::catalogue::Catalogue;
use crate::feedback;
use crate::finding::Severity;
use crate::normalisation::{self, Normalisation};
use crate::report::{Group, Report, Verdict};
use crate::values::Canonical;
use crate::workbook::marks::{Draft, DraftCell, DraftRow, Look};
use crate::workbook::{Address, column_name};

/// Groups of findings that are listed: more than anyone reads, and far from the links that Excel takes on a sheet.
const MOST_LISTED: usize = 10_000;

/// Heading and width of each column of the table.
const COLUMNS: [(&str, f64); 9] = [
    ("级别", 9.0),
    ("工作表", 14.0),
    ("单元格", 26.0),
    ("栏目", 18.0),
    ("原值", 20.0),
    ("问题", 52.0),
    ("怎样改", 44.0),
    ("依据", 30.0),
    ("规则", 8.0),
];

/// What stands for the cells of a finding on a sheet.
const WHOLE_SHEET: &str = "整张表";

/// The column of the cells' links.
const CELLS: u16 = 2;

/// Drafts it; `made` says how the workbook was made and what of the original is lost.
pub(super) fn draft(catalogue: &Catalogue, report: &Report, supplement: bool, made: &[String]) -> Draft {
    let groups = report.groups();
    let mut rows = vec![DraftRow {
        height: Some(30.0),
        cells: vec![cell(0, feedback::title(supplement), Look::Title)],
    }];
    let mut line = |text: String, look| {
        rows.push(DraftRow {
            height: Some(if look == Look::Lead { 22.0 } else { 17.0 }),
            cells: vec![cell(0, text, look)],
        });
    };
    if report.summary.is_readable() {
        line(totals(report, supplement), Look::Lead);
        line(
            "点下表“单元格”一栏可跳到有问题的地方；有颜色的单元格上有批注，写明问题和改法。".to_owned(),
            Look::Plain,
        );
        line(
            "请直接在各工作表里更正；需说明的，在该行最右边“情况说明”一栏写明理由。保存后原样再报送一次，本页和右边几栏不用删。"
                .to_owned(),
            Look::Plain,
        );
    } else {
        line("没有读取到数据。请按下面的提示处理后重新报送。".to_owned(), Look::Lead);
    }
    for text in made {
        line(text.clone(), Look::Plain);
    }
    for severity in [Severity::Error, Severity::Confirm, Severity::Hint] {
        let found = groups.iter().filter(|group| group.first.severity == severity);
        let count: usize = found.map(|group| group.count).sum();
        if count > 0 {
            rows.push(DraftRow {
                height: Some(18.0),
                cells: vec![
                    cell(0, severity.label(), Look::Coloured(severity)),
                    cell(1, format!("{count} 处：{}", asks_for(severity)), Look::Plain),
                ],
            });
        }
    }
    rows.push(DraftRow::default());
    if !groups.is_empty() {
        let header = (0..)
            .zip(COLUMNS)
            .map(|(column, (heading, _))| cell(column, heading, Look::Header));
        rows.push(DraftRow {
            height: Some(22.0),
            cells: header.collect(),
        });
    }
    rows.extend(groups.iter().take(MOST_LISTED).map(|group| listed(catalogue, group)));
    if groups.len() > MOST_LISTED {
        let rest = groups.len() - MOST_LISTED;
        rows.push(DraftRow {
            height: None,
            cells: vec![cell(0, format!("另有 {rest} 项，见各行的“问题”栏。"), Look::Plain)],
        });
    }
    rows.extend(read_otherwise(catalogue, &report.summary.normalised));
    Draft {
        widths: COLUMNS.iter().map(|(_, width)| *width).collect(),
        rows,
    }
}

fn cell(column: u16, text: impl Into<String>, look: Look) -> DraftCell {
    DraftCell {
        column,
        text: text.into(),
        look,
        link: None,
    }
}

fn totals(report: &Report, supplement: bool) -> String {
    let count = |verdict| report.count(verdict);
    let (mend, explain) = (count(Verdict::ToMend), count(Verdict::ToExplain));
    if supplement {
        return format!(
            "只含待处理的 {} 行：需更正 {mend}，需说明 {explain}。没有列出的工程不受影响。",
            mend + explain
        );
    }
    let explained = match count(Verdict::Explained) {
        0 => String::new(),
        explained => format!("，已说明 {explained}"),
    };
    format!(
        "共 {} 行：合格 {}，需更正 {mend}，需说明 {explain}{explained}。",
        report.summary.rows,
        count(Verdict::Sound),
    )
}

/// A group's row.
fn listed(catalogue: &Catalogue, group: &Group<'_>) -> DraftRow {
    let finding = group.first;
    let of_sheet = group.addresses.is_empty() && finding.sheet.as_ref().is_some_and(|sheet| !sheet.is_empty());
    let texts = [
        finding.severity.label().to_owned(),
        finding.sheet.clone().unwrap_or_default(),
        if of_sheet {
            WHOLE_SHEET.to_owned()
        } else {
            group.place()
        },
        finding
            .field
            .map(|field| catalogue.label(field).to_owned())
            .unwrap_or_default(),
        excerpt(&group.value()),
        finding.message.clone(),
        finding.suggestion.clone().unwrap_or_default(),
        finding.basis.clone().unwrap_or_default(),
        finding.code.to_owned(),
    ];
    let lines = texts
        .iter()
        .zip(COLUMNS)
        .map(|(text, (_, width))| style::lines(text, width));
    let height = style::height(lines.max().unwrap_or(1));
    let first = group.addresses.first().copied();
    let target = finding
        .sheet
        .clone()
        .zip(first.or(of_sheet.then_some(Address::new(0, 0))));
    let cells = (0..).zip(texts).map(|(column, text)| {
        let link = target.clone().filter(|_| column == CELLS);
        let look = match (column, &link) {
            (0, _) => Look::Coloured(finding.severity),
            (_, Some(_)) => Look::Link,
            _ => Look::Body,
        };
        DraftCell {
            column,
            text,
            look,
            link,
        }
    });
    DraftRow {
        height: Some(height),
        cells: cells.collect(),
    }
}

/// What was written in one way and is registered in another.
fn read_otherwise(catalogue: &Catalogue, normalised: &[Normalisation]) -> Vec<DraftRow> {
    let said = "下列各栏换算或归一后登记，请过目；读得不对的，在原单元格里改写。";
    let lead = DraftRow {
        height: Some(22.0),
        cells: vec![cell(0, said, Look::Lead)],
    };
    let line = |of: &Normalisation| {
        let unit = catalogue.field(of.field).unit_label();
        let unit = unit.filter(|_| is_number(of.field)).unwrap_or_default();
        let read = |example: &(String, Canonical)| {
            let (written, canonical) = example;
            let doubt = normalisation::doubt(example).map(|doubt| format!("（{doubt}）"));
            format!(
                "“{}”登记为{}{unit}{}",
                excerpt(written),
                shown(catalogue, of.field, canonical),
                doubt.unwrap_or_default()
            )
        };
        let examples: Vec<String> = of.examples.iter().map(read).collect();
        let texts = [
            (1, of.sheet.clone()),
            (2, format!("{} 列，{} 处", column_name(of.first.column), of.count)),
            (3, catalogue.label(of.field).to_owned()),
            (5, examples.join("；")),
        ];
        let lines = style::lines(&texts[3].1, COLUMNS[5].1);
        let cells = texts.map(|(column, text)| {
            let leads = column == CELLS;
            DraftCell {
                link: leads.then(|| (of.sheet.clone(), of.first)),
                ..cell(column, text, if leads { Look::Link } else { Look::Body })
            }
        });
        DraftRow {
            height: Some(style::height(lines)),
            cells: cells.into(),
        }
    };
    if normalised.is_empty() {
        return Vec::new();
    }
    let lines = normalised.iter().take(MOST_LISTED).map(line);
    [DraftRow::default(), lead].into_iter().chain(lines).collect()
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
