//! Annotated workbooks that come back: their own sheet and columns are known again, and what the officer explained is read.

use retrofit_import::catalogue::Field;
use retrofit_import::check::{CheckedRow, Summary};

use crate::layout::{check_csv, data_rows, header, row, value};

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
