//! Layouts, as csv so that each can be read at a glance.

use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::check::{CheckedRow, Checker, Corrections, Summary};
use retrofit_import::finding::Severity;
use retrofit_import::values::Canonical;
use retrofit_import::workbook::Limits;

use crate::workbook::worker;

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::load(None).unwrap()));

/// Checks a csv text on 2026-11-23.
pub(crate) fn check_csv(text: &str) -> (Summary, Vec<CheckedRow>) {
    check_bytes(text.as_bytes())
}

/// Checks a file of these bytes on 2026-11-23.
pub(crate) fn check_bytes(bytes: &[u8]) -> (Summary, Vec<CheckedRow>) {
    check_bytes_by(CATALOGUE.clone(), bytes)
}

/// Checks a csv text by a deployment's catalogue.
pub(crate) fn check_csv_by(catalogue: Arc<Catalogue>, text: &str) -> (Summary, Vec<CheckedRow>) {
    check_bytes_by(catalogue, text.as_bytes())
}

fn check_bytes_by(catalogue: Arc<Catalogue>, bytes: &[u8]) -> (Summary, Vec<CheckedRow>) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let checker = Checker { catalogue, ..checker() };
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let mut rows = Vec::new();
    let summary = checker.check(file.path(), today, &mut |row| rows.push(row)).unwrap();
    (summary, rows)
}

/// A checker by the embedded catalogue.
pub(crate) fn checker() -> Checker {
    Checker {
        catalogue: CATALOGUE.clone(),
        worker: worker(),
        limits: Limits::default(),
        corrections: Corrections::default(),
    }
}

/// The data rows, 1-based.
pub(crate) fn data_rows(rows: &[CheckedRow]) -> Vec<u32> {
    rows.iter().map(|row| row.record.row).collect()
}

pub(crate) fn value(row: &CheckedRow, field: Field) -> Option<String> {
    row.record.value(field).map(|value| match value.canonical() {
        Canonical::One(text) => text,
        Canonical::Many(texts) => texts.join("+"),
    })
}

pub(crate) fn errors(summary: &Summary) -> Vec<(&str, String)> {
    let errors = summary
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.code, finding.message.clone())).collect()
}

pub(crate) const HEADER: &str =
    "工程名称,工程类别,工程性质,用途,产权单位,县区,乡镇,详细地址,结构类型,烈度,加速度,设防类别,工程进度";
/// A row for [`HEADER`].
pub(crate) fn row(name: &str) -> String {
    format!("{name},学校,加固,教学楼,某某中学,东昌府区,古楼街道,花园路1号,框架,7度,0.15g,乙类,计划加固")
}

/// The header with 所属乡镇: a name that gives way to no other column.
pub(crate) fn header() -> String {
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
        [(
            "F008",
            "N 列「项目名称」和 A 列「工程名称」都是「工程名称」。".to_owned()
        )]
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

/// A row under a header of thirteen columns that holds some cells and is otherwise empty.
fn sparse(cells: &[(usize, &str)]) -> String {
    let text = |at| {
        cells
            .iter()
            .find(|(place, _)| *place == at)
            .map_or("", |(_, text)| text)
    };
    (0..13).map(text).collect::<Vec<_>>().join(",")
}

/// Checks rows that stand between two projects, and that the projects alone are read.
fn only_projects_beside(between: &[String]) {
    let text = format!(
        "{}\n{}\n{}\n{}\n",
        header(),
        row("第一中学教学楼"),
        between.join("\n"),
        row("第二中学教学楼")
    );
    let (summary, rows) = check_csv(&text);
    let last = u32::try_from(between.len()).unwrap() + 3;
    assert_eq!(
        (errors(&summary), data_rows(&rows)),
        (vec![], vec![2, last]),
        "{between:?}"
    );
}

#[test]
fn sums_headings_and_page_ends_between_projects_are_no_data() {
    for cells in [
        &[(0, "合计"), (12, "3")][..],
        &[(0, "小 计")],
        &[(0, "本页小计"), (9, "2")],
        &[(0, "合计（共 2 项）")],
        &[(0, "合计12项")],
        &[(0, "共12项")],
        &[(4, "总  计"), (9, "12"), (11, "8")],
        &[(8, "东昌府区小计"), (10, "30")],
        &[(0, "12项"), (6, "累计")],
        &[(0, "第1页 共3页")],
        &[(0, "以下空白")],
        &[(0, "（续表）")],
        &[(0, "/"), (1, "/"), (2, "—"), (3, "-"), (4, "/")],
        &[(0, "一、中小学校舍")],
        &[(0, "（二）医院"), (9, "12"), (10, "5")],
        &[(0, "【东昌府区】")],
        &[(0, "东昌府区 共 3 项"), (10, "5")],
        &[(0, "所属县区：莘县")],
        &[(9, "12"), (10, "5"), (11, "30.5"), (8, "9"), (12, "1")],
        &[(2, "0"), (3, "0"), (4, "0"), (5, "0")],
        &[(0, "本表由各县（市、区）主管部门填报。")],
        &[(0, "示例"), (1, "学校"), (2, "加固"), (3, "教学楼"), (8, "框架")],
        &[(0, "【示例1】"), (1, "学校"), (2, "加固"), (3, "教学楼"), (8, "框架")],
        &[(0, "东昌府区（小计）"), (10, "30"), (11, "5"), (12, "7")],
        &[(0, "合计4个项目"), (10, "30"), (11, "5"), (12, "7")],
        &[(0, "累计完成"), (11, "85%"), (12, "7")],
        &[(0, "其中：中学"), (10, "30"), (11, "5"), (12, "7")],
        &[(0, "计"), (10, "30"), (11, "5"), (12, "7")],
        &[(0, "接下页")],
    ] {
        only_projects_beside(&[sparse(cells)]);
    }
}

#[test]
fn a_projects_name_may_begin_with_a_word_of_sums_or_examples() {
    for name in [
        "示例小学教学楼",
        "合计村小学",
        "累计水库",
        "共青团路小学",
        "计生服务站",
        "其中山小学",
    ] {
        let (summary, rows) = check_csv(&format!("{}\n{}\n", header(), row(name)));
        assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![2]), "{name}");
    }
}

#[test]
fn a_cell_of_both_coordinates_that_cannot_be_read_is_told_of_once() {
    let codes = |column: &str, written: &str| -> Vec<&str> {
        let (_, rows) = check_csv(&format!("{},{column}\n{},{written}\n", header(), row("第一中学教学楼")));
        let findings = rows[0].findings.iter().map(|finding| finding.code);
        findings.filter(|code| ["V002", "P004"].contains(code)).collect()
    };
    assert_eq!(codes("经纬度", "大门口"), ["V002"]);
    assert_eq!(codes("经纬度", "115.98 36.45"), [""; 0]);
    assert_eq!(codes("经度", "115.98"), ["P004"]);
    assert_eq!(codes("经度,纬度", "大门口,"), ["V002", "P004"]);
}

#[test]
fn a_number_before_a_heading_or_a_sum_may_have_a_cell_of_its_own() {
    let numbered = |text: &str| format!("序号,{text}");
    let text = [
        numbered(&header()),
        "一,东昌府区,,,,,,,,,,,,".to_owned(),
        format!("1,{}", row("第一中学教学楼")),
        ",小计,,,,,,,,,12,,,".to_owned(),
        "二,莘县（共1项）,,,,,,,,,12,30,,".to_owned(),
        format!("2,{}", row("第二中学教学楼")),
        "3,,,,,,,,,,,,,".to_owned(),
        "合计,2项,,,,,,,,,,,,".to_owned(),
        "总计,2所学校,学校,,,,,,,,,12,,,".to_owned(),
        format!("合计,{}", row("两所学校")),
    ];
    let (summary, rows) = check_csv(&text.join("\n"));
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![3, 6]));
}

#[test]
fn printed_pages_repeat_title_unit_line_and_all_header_rows() {
    let groups = "工程情况,,,,,位置,,,建筑,抗震设防,,,进度";
    let page = format!(
        "聊城市台账,,,,,,,,,,,,\n,,,,,,,,,,,,单位：万元\n{groups}\n{}\n甲,乙,1,2,3,4,5,6,7,8,9,10,11",
        header()
    );
    let text = format!(
        "{page}\n{}\n本页小计,,,,,,,,,,,,\n第1页,,,,,,,,,,,,\n{page}\n{}\n聊城市台账,,,,,,,,,,,,\n{}\n",
        row("第一中学教学楼"),
        row("第二中学教学楼"),
        row("第三中学教学楼"),
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!((errors(&summary), summary.sheets.len()), (vec![], 1));
    assert_eq!((summary.sheets[0].header_row, data_rows(&rows)), (5, vec![6, 14, 16]));
}

#[test]
fn headers_whose_rows_name_too_few_fields_alone() {
    // No row has five fields with the name among them.
    let text = format!(
        "某某台账\n工程名称,分类,,,产权单位,位置,,,建筑,抗震,,,工程进度\n,工程类别,工程性质,用途,,县区,所属乡镇,详细地址,结构类型,设防,,,\n,,,,,,,,,烈度,加速度,类别,\n{}\n",
        row("第一中学教学楼")
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![5]));
    assert_eq!(value(&rows[0], Field::FortificationClass).as_deref(), Some("B"));
}

#[test]
fn a_groups_name_helps_without_merged_areas() {
    let text = format!(
        "{},鉴定,,,参建单位,,资金（元）,\n,,,,,,,,,,,,,单位,日期,报告编号,设计,监理,中央,省级\n{},甲检测中心,2023.5,J-1,乙设计院,丙监理,20000,10000\n",
        header(),
        row("第一中学教学楼")
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![3]));
    let got = |field| value(&rows[0], field).unwrap_or_default();
    assert_eq!(got(Field::AppraisalUnit), "甲检测中心");
    assert_eq!(got(Field::AppraisalDate), "2023-05");
    assert_eq!(got(Field::AppraisalReportNo), "J-1");
    assert_eq!(
        (got(Field::FundCentral), got(Field::FundProvincial)),
        ("2".to_owned(), "1".to_owned())
    );
}

#[test]
fn rows_of_units_and_of_hints_belong_to_the_header() {
    let text = format!(
        "{},建筑面积,建筑高度,计划总投资\n,,,,,,,,,,,,,㎡,（米）,元\n必填,必填,必填,必填,必填,必填,必填,必填,必填,必填,必填,必填,必填,选填,选填,选填\n{},1200,12,50000\n",
        header(),
        row("第一中学教学楼")
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!(
        (errors(&summary), summary.sheets[0].header_row, data_rows(&rows)),
        (vec![], 3, vec![4])
    );
    assert_eq!(value(&rows[0], Field::InvestmentPlanned).as_deref(), Some("5"));
}

#[test]
fn footers_spread_over_many_cells_and_lists_beneath_are_no_data() {
    let text = format!(
        "{}\n{}\n审核人：,张某,填报人：,李某,联系电话：,0635-8200720,填报日期：,2026年11月,,,,,\n单位负责人,王某,统计负责人,赵某,填表人,孙某,,,,,,,\n填表说明：,1.工程名称不得空项,,,,,,,,,,,\n2.,资金单位为万元,,,,,,,,,,,\n\n\n\n\n代码,名称,说明,,,,,,,,,,\n01,城镇住宅,含小区,老旧,,,,,,,,,\n",
        header(),
        row("第一中学教学楼")
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![2]));
}

#[test]
fn a_dictionary_that_names_every_field_is_no_roster() {
    let text = format!(
        "{}\n,城镇住宅,加固,住宅,,东昌府区,古楼街道,,砌体结构,6度,0.05g,甲类,计划加固\n,学校,新建,农房,,茌平区,柳园街道,,木结构,7度,0.10g,乙类,正在加固\n",
        header()
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!((errors(&summary).len(), rows.len()), (1, 0));
    assert_eq!(errors(&summary)[0].0, "F004");
}

#[test]
fn a_unit_line_among_other_labels_is_found_and_a_headers_unit_is_its_own() {
    let header = format!("{},计划总投资,资金来源（单位：万元）,建筑面积\n", header());
    for line in [
        "填报单位：聊城市某局　　单位：元　填报日期：2026年",
        "（金额单位：元）",
        "单位：元、平方米",
        "计量单位：元/㎡",
    ] {
        let text = format!("台账\n{line}\n{header}{},1000000,5,1200\n", row("第一中学教学楼"));
        let (_, rows) = check_csv(&text);
        assert_eq!(
            value(&rows[0], Field::InvestmentPlanned).as_deref(),
            Some("100"),
            "{line}"
        );
        assert_eq!(value(&rows[0], Field::FloorAreaM2).as_deref(), Some("1200"), "{line}");
    }
}

#[test]
fn a_sparse_last_row_is_a_project_and_a_second_tables_groups_are_not() {
    let groups = "项目,,,,,地点,,,,,,,";
    let other =
        "工程名称,用途,工程类别,工程性质,产权单位,县区,所属乡镇,详细地址,结构类型,烈度,加速度,设防类别,工程进度";
    let second = "第三中学,食堂,学校,加固,第三中学,莘县,莘州街道,振兴路2号,砖混,8度,0.20g,丙类,计划加固";
    let text = format!(
        "{}\n{}\n第二中学,学校,,,,,,,,,,,\n\n附表二,,,,,,,,,,,,\n{groups}\n{other}\n{second}\n",
        header(),
        row("第一中学教学楼")
    );
    let (summary, rows) = check_csv(&text);
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![2, 3, 8]));
}

#[test]
fn a_unit_beside_its_label_and_units_of_several_lines_count() {
    let header = format!("{},计划总投资,建筑面积\n", header());
    for lines in [
        "货币单位,元",
        "单位：,元",
        ",,,,,,,,,,,,（元）",
        "投资：元\n面积：平方米",
        "面积：㎡ 投资：元",
    ] {
        let text = format!("台账\n{lines}\n{header}{},1000000,1200\n", row("第一中学教学楼"));
        let (_, rows) = check_csv(&text);
        let got = [Field::InvestmentPlanned, Field::FloorAreaM2].map(|field| value(&rows[0], field));
        assert_eq!(got.map(Option::unwrap_or_default), ["100", "1200"], "{lines}");
    }
}
