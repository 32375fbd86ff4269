//! Annotated workbooks that come back: their own sheet and columns are known again, and what the officer explained is read.

use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::check::{CheckedRow, Checker, Corrections, Summary};
use retrofit_import::finding::Severity;
use retrofit_import::report::Report;
use retrofit_import::workbook::Limits;
use retrofit_import::write::{annotated, only_held};

use crate::layout::{check_csv, data_rows, header, row, value};
use crate::workbook::{read_with, roster, worker};

fn codes(summary: &Summary) -> Vec<&str> {
    summary.findings.iter().map(|finding| finding.code).collect()
}

fn explanations(rows: &[CheckedRow]) -> Vec<Option<&str>> {
    rows.iter().map(|row| row.explanation.as_deref()).collect()
}

#[test]
fn explanations_are_read_and_the_other_columns_say_nothing() {
    let (summary, rows) = check_csv(&format!(
        "某某清单\n{},结果,问题,情况说明\n{},需说明,【核实性】L3 低于区划值（S002）,\"  按2001年区划\n设计 \"\n{},合格,,\n\
         ,,,,,,,,,,,,,合格,,\n合计,,,,,,,,,,,,,,,\n",
        header(),
        row("第一中学教学楼"),
        row("第二中学教学楼"),
    ));
    assert_eq!(codes(&summary), Vec::<&str>::new());
    assert_eq!(data_rows(&rows), [3, 4]);
    assert_eq!(explanations(&rows), [Some("按2001年区划设计"), None]);
}

#[test]
fn the_column_of_explanations_serves_alone_too() {
    let (summary, rows) = check_csv(&format!("{},情况说明\n{},正在补勘\n", header(), row("第一中学教学楼")));
    assert_eq!(codes(&summary), Vec::<&str>::new());
    assert_eq!(explanations(&rows), [Some("正在补勘")]);
}

#[test]
fn headings_under_a_group_are_ours_only_side_by_side() {
    let groups = format!("基本情况{}", ",".repeat(13));
    let (summary, rows) = check_csv(&format!(
        "{groups}存在\n{},问题\n{},资金未到位\n",
        header(),
        row("第一中学教学楼")
    ));
    assert_eq!(codes(&summary), Vec::<&str>::new());
    assert_eq!(value(&rows[0], Field::Remarks).as_deref(), Some("资金未到位"));

    let (summary, rows) = check_csv(&format!(
        "{groups}存在,结果,问题,情况说明\n{},问题,,,\n{},资金未到位,合格,,已核实\n",
        header(),
        row("第一中学教学楼")
    ));
    assert_eq!(codes(&summary), Vec::<&str>::new());
    assert_eq!(value(&rows[0], Field::Remarks).as_deref(), Some("资金未到位"));
    assert_eq!(explanations(&rows), [Some("已核实")]);
}

const SAMPLES: &[&str] = &[
    "01-jtj-schools.xlsx",
    "02-wjw-per-county.xlsx",
    "03-zjj-housing-gbk.csv",
    "04-nyj-farmhouses.xlsx",
    "05-jyj-bridges-yuan.xlsx",
    "06-slj-reservoirs.xls",
    "07-yjj-depots-shelters.ods",
    "08-gdgs-power-utf8.csv",
    "09-mzj-other-late-start.xlsx",
    "10-txb-telecom.xlsx",
];

fn checker() -> Checker {
    Checker {
        catalogue: Arc::new(Catalogue::load(None).unwrap()),
        worker: worker(),
        limits: Limits::default(),
        corrections: Corrections::default(),
    }
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
}

fn check(file: &Path) -> (Summary, Vec<CheckedRow>) {
    let mut rows = Vec::new();
    let summary = checker().check(file, today(), &mut |row| rows.push(row)).unwrap();
    (summary, rows)
}

fn row_codes(row: &CheckedRow) -> Vec<&'static str> {
    row.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn an_annotated_workbook_sent_as_it_is_says_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    for sample in SAMPLES.iter().filter(|sample| !sample.starts_with("04")) {
        let (summary, rows) = check(&roster(sample));
        let mut original = roster(sample);
        // The second time over what the first time made.
        for round in 1..=2 {
            let out = folder.path().join(format!("{round}-{sample}.xlsx"));
            let report = Report::new(&checker(), &original, today(), false).unwrap();
            annotated(&checker(), &original, &report, &out).unwrap();
            let (again, back) = check(&out);
            assert!(!again.supplement);
            assert_eq!(codes(&again), codes(&summary), "{sample}");
            assert_eq!(back.len(), rows.len(), "{sample}");
            for (row, back) in rows.iter().zip(&back) {
                assert_eq!(back.record.values(), row.record.values(), "{sample} {}", row.record.row);
                assert_eq!(row_codes(back), row_codes(row), "{sample} {}", row.record.row);
                assert_eq!((back.record.row, &back.explanation), (row.record.row, &None));
            }
            original = out;
        }
        let sheets = |file: &Path| read_with(file, &Limits::default()).unwrap().sheets.len();
        assert_eq!(sheets(&original), sheets(&roster(sample)) + 1, "{sample}");
    }
}

#[test]
fn a_supplement_holds_the_rows_that_wait_and_says_that_it_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut held = 0;
    for sample in SAMPLES {
        let out = folder.path().join(format!("{sample}.xlsx"));
        let report = Report::new(&checker(), &roster(sample), today(), false).unwrap();
        let written = only_held(&checker(), &roster(sample), &report, &out).unwrap();
        let (summary, rows) = check(&roster(sample));
        let open = |row: &&CheckedRow| row.gravest() >= Some(Severity::Confirm);
        let waiting: Vec<&CheckedRow> = rows.iter().filter(open).collect();
        assert_eq!(
            (written, summary.held + summary.to_confirm),
            (waiting.len(), waiting.len()),
            "{sample}"
        );
        if waiting.is_empty() {
            assert!(!out.exists());
            continue;
        }
        let (part, back) = check(&out);
        assert!(part.supplement && part.is_readable(), "{sample}");
        assert_eq!(back.len(), waiting.len(), "{sample}");
        for (row, back) in waiting.iter().zip(&back) {
            assert_eq!(back.record.values(), row.record.values(), "{sample} {}", row.record.row);
            // What a row repeats of another one may not be there.
            let alone = |row: &CheckedRow| {
                let mut codes = row_codes(row);
                codes.retain(|code| !code.starts_with('D'));
                codes.sort_unstable();
                codes
            };
            assert_eq!(alone(back), alone(row), "{sample} {}", row.record.row);
        }
        held += waiting.len();
    }
    assert!(held > 20, "{held}");
}

#[test]
fn what_was_explained_stays_and_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    let confirm = |name| row(name).replace("0.15g", "0.10g");
    let (first, second) = (confirm("第一中学教学楼"), confirm("第二中学教学楼"));
    std::fs::write(&file, format!("{},情况说明\n{first},按旧图设计\n{second},\n", header())).unwrap();
    let report = Report::new(&checker(), &file, today(), false).unwrap();
    let out = folder.path().join("out.xlsx");
    annotated(&checker(), &file, &report, &out).unwrap();
    let (_, rows) = check(&out);
    assert_eq!(explanations(&rows), [Some("按旧图设计"), None]);
    let book = read_with(&out, &Limits::default()).unwrap();
    let shown: Vec<String> = (1..3).map(|row| format!("{:?}", book.content(1, row, 13))).collect();
    assert!(shown[0].contains("已说明") && shown[1].contains("需说明"), "{shown:?}");
}
