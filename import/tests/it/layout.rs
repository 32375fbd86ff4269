//! Layouts, as csv so that each can be read at a glance.

use std::io::Write as _;
use std::sync::Arc;

use chrono::NaiveDate;
use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::check::{CheckedRow, Checker, Summary};
use retrofit_import::finding::Severity;
use retrofit_import::values::Canonical;
use retrofit_import::workbook::Limits;

use crate::workbook::worker;

/// Checks a csv text on 2026-11-23.
pub(crate) fn check_csv(text: &str) -> (Summary, Vec<CheckedRow>) {
    check_csv_by(Arc::new(Catalogue::load(None).unwrap()), text)
}

/// The same by a deployment's catalogue.
pub(crate) fn check_csv_by(catalogue: Arc<Catalogue>, text: &str) -> (Summary, Vec<CheckedRow>) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let checker = Checker {
        catalogue,
        worker: worker(),
        limits: Limits::default(),
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let mut rows = Vec::new();
    let summary = checker.check(file.path(), today, &mut |row| rows.push(row)).unwrap();
    (summary, rows)
}

/// The data rows, 1-based.
fn data_rows(rows: &[CheckedRow]) -> Vec<u32> {
    rows.iter().map(|row| row.record.row).collect()
}

fn value(row: &CheckedRow, field: Field) -> Option<String> {
    row.record.value(field).map(|value| match value.canonical() {
        Canonical::One(text) => text,
        Canonical::Many(texts) => texts.join("+"),
    })
}

fn errors(summary: &Summary) -> Vec<(&str, String)> {
    let errors = summary
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.code, finding.message.clone())).collect()
}

const HEADER: &str =
    "工程名称,工程类别,工程性质,用途,产权单位,县区,乡镇,详细地址,结构类型,烈度,加速度,设防类别,工程进度";
/// A row for [`HEADER`].
fn row(name: &str) -> String {
    format!("{name},学校,加固,教学楼,某某中学,东昌府区,古楼街道,花园路1号,框架,7度,0.15g,乙类,计划加固")
}

/// The header with 所属乡镇, which the catalogue knows; 乡镇 alone it does not.
fn header() -> String {
    HEADER.replace(",乡镇,", ",所属乡镇,")
}

#[test]
fn titles_numbering_totals_and_footers_are_no_data() {
    let text = format!(
        "某某台账\n单位：万元\n{}\n甲,乙,1,2,3,4,5,6,7,8,9,10,11\n{}\n,,,,,,,,,,,,\n{}\n合计,,,,,,,,,,,,\n注：数据截至10月底\n2.资金单位为万元\n审核人：,,填报人：,,,,日期：2026年,,,,,,\n",
        header(),
        row("第一中学教学楼"),
        row("第二中学教学楼"),
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!(errors(&summary), []);
    assert_eq!((summary.sheets[0].header_row, data_rows(&rows)), (4, vec![5, 7]));
}

#[test]
fn a_name_that_stands_alone_is_a_row_with_everything_missing() {
    let (_, rows) = check_csv(&format!(
        "{}\n{}\n第二中学,,,,,,,,,,,,\n",
        header(),
        row("第一中学教学楼")
    ));
    assert_eq!(data_rows(&rows), [2, 3]);
    assert!(rows[1].findings.iter().any(|finding| finding.code == "V001"));
}

#[test]
fn two_tables_under_each_other_are_both_read() {
    let shuffled = "分管领导,设防类别,工程名称,工程进度,工程类别,工程性质,用途,产权单位,县区,镇街,地址,结构,烈度,加速度\n\
                    张某某,丙类,第三中学食堂,计划加固,学校,加固,食堂,第三中学,莘县,莘州街道,振兴路2号,砖混,8度,0.20g\n";
    let (summary, rows) = check_csv(&format!("{}\n{}\n\n表二\n{shuffled}", header(), row("第一中学教学楼")));
    assert_eq!(
        summary.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(),
        ["F006"]
    );
    let headers: Vec<u32> = summary.sheets.iter().map(|sheet| sheet.header_row).collect();
    assert_eq!((headers, data_rows(&rows)), (vec![1, 5], vec![2, 6]));
    assert_eq!(value(&rows[1], Field::County).as_deref(), Some("371522"));
}

#[test]
fn county_headings_give_the_county_where_no_column_does() {
    let without = |text: &str| text.replace(",县区,", ",").replace(",东昌府区,", ",");
    let body = without(&row("第一中学教学楼"));
    let text = format!(
        "{}\n一、东昌府区（共1项）\n{body}\n（二）莘县\n{body}\n",
        without(&header())
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!(errors(&summary), []);
    let counties: Vec<Option<String>> = rows.iter().map(|row| value(row, Field::County)).collect();
    assert_eq!(counties, [Some("371502".to_owned()), Some("371522".to_owned())]);

    let (summary, rows) = check_csv(&format!("{}\n{body}\n", without(&header())));
    assert_eq!(
        errors(&summary),
        [("F005", "缺少必填栏目「县（市、区）」。".to_owned())]
    );
    assert!(rows.is_empty());
}

#[test]
fn a_missing_column_names_the_nearest_header_and_a_repeated_one_both_columns() {
    let (summary, _) = check_csv(&format!(
        "{}\n{}\n",
        header().replace("工程进度", "工程进度情况"),
        row("第一中学教学楼")
    ));
    let finding = summary.findings.iter().find(|finding| finding.code == "F005").unwrap();
    assert!(
        finding.suggestion.as_deref().unwrap().contains("工程进度情况"),
        "{finding:?}"
    );

    let (summary, rows) = check_csv(&format!("{},项目名称\n{},又名\n", header(), row("第一中学教学楼")));
    assert_eq!(
        errors(&summary),
        [("F008", "N 列「项目名称」和 A 列都是「工程名称」。".to_owned())]
    );
    assert!(rows.is_empty());
}

#[test]
fn the_intensity_cell_may_carry_the_acceleration() {
    let without = |text: &str| text.replace(",加速度,", ",").replace(",0.15g,", ",");
    let carried = without(&row("第一中学教学楼")).replace("7度", "7度（0.15g）");
    let text = format!(
        "{}\n{}\n{carried}\n",
        without(&header()),
        without(&row("第二中学教学楼"))
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!(errors(&summary), []);
    assert_eq!(value(&rows[1], Field::AccelerationG).as_deref(), Some("0.15"));
    let blank: Vec<(&str, String)> = rows[0]
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| (finding.code, finding.address.unwrap().to_string()))
        .collect();
    assert_eq!(blank, [("V001", "J2".to_owned())]);
}

#[test]
fn the_nearest_money_unit_wins() {
    let header = format!("{},计划总投资,中央资金（元）,省级资金\n", header());
    let text = format!("单位：元\n{header}{},1000000,900000,10万元\n", row("第一中学教学楼"));
    let (_, rows) = check_csv(&text);
    let money = |field| value(&rows[0], field);
    assert_eq!(money(Field::InvestmentPlanned).as_deref(), Some("100"));
    assert_eq!(money(Field::FundCentral).as_deref(), Some("90"));
    assert_eq!(money(Field::FundProvincial).as_deref(), Some("10"));
}

#[test]
fn a_header_repeated_on_each_page_is_skipped() {
    let text = format!(
        "{0}\n{1}\n{0}\n{2}\n",
        header(),
        row("第一中学教学楼"),
        row("第二中学教学楼")
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!((summary.sheets.len(), data_rows(&rows)), (1, vec![2, 4]));
}

#[test]
fn lists_and_notes_are_no_roster() {
    for text in [
        "工程类别,工程性质,工程进度,结构类型,抗震设防类别\n学校,加固,计划加固,框架,乙类\n",
        "填表说明,,\n指标,解释,\n工程名称,不得空项,\n工程类别,不得空项,\n县（市、区）,不得空项,\n",
        &format!("{}\n", header()),
    ] {
        let (summary, rows) = check_csv(text);
        let codes: Vec<&str> = errors(&summary)
            .iter()
            .map(|(code, _)| *code)
            .filter(|code| *code != "F007")
            .collect();
        assert_eq!((codes, rows.len()), (vec!["F004"], 0), "{text}");
    }
}

#[test]
fn merged_and_unit_bearing_values_are_canonical() {
    let header = format!(
        "{},建筑面积（万㎡）,建筑高度,地上层数,工程规模,规模单位,经度,纬度,加固方式,开工日期\n",
        header()
    );
    let text = format!(
        "{header}{},0.1197,12米,三层,20户,,116°0′54″,36.64,面层加固；粘钢/阻尼器,2023.10\n",
        row("第一中学教学楼")
    );
    let (_, rows) = check_csv(&text);
    let got = |field| value(&rows[0], field).unwrap_or_default();
    assert_eq!(got(Field::FloorAreaM2), "1197");
    assert_eq!(got(Field::HeightM), "12");
    assert_eq!(got(Field::FloorsAbove), "3");
    assert_eq!(
        (got(Field::ScaleValue), got(Field::ScaleUnit)),
        ("20".to_owned(), "household".to_owned())
    );
    assert_eq!(got(Field::Longitude), "116.015");
    assert_eq!(got(Field::RetrofitMethods), "01+07+09");
    assert_eq!(got(Field::StartDate), "2023-10");
}
