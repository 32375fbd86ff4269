//! Layouts that csv cannot have: merged areas, hidden parts, several sheets.

use retrofit_import::catalogue::Field;
use retrofit_import::check::{CheckedRow, Summary};
use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::layout::{check_bytes, data_rows, errors, header, row, value};

/// Writes a line of comma-separated texts.
fn put(sheet: &mut Worksheet, at: u32, left: u16, line: &str) {
    for (column, text) in (left..).zip(line.split(',')).filter(|(_, text)| !text.is_empty()) {
        sheet.write(at, column, text).unwrap();
    }
}

fn merge(sheet: &mut Worksheet, (top, left): (u32, u16), (bottom, right): (u32, u16), text: &str) {
    sheet
        .merge_range(top, left, bottom, right, text, &Format::new())
        .unwrap();
}

fn check(workbook: &mut Workbook) -> (Summary, Vec<CheckedRow>) {
    check_bytes(&workbook.save_to_buffer().unwrap())
}

fn flags(rows: &[CheckedRow], code: &str) -> Vec<String> {
    let findings = rows.iter().flat_map(|row| &row.findings);
    let flagged = findings.filter(|finding| finding.code == code);
    flagged.map(|finding| finding.address.unwrap().to_string()).collect()
}

/// The county's column in [`header`].
const COUNTY: u16 = 5;

#[test]
fn merged_cells_hold_for_their_rows_and_findings_name_their_first_cell() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    put(sheet, 0, 0, &header());
    let body = row("第一中学教学楼").replace(",东昌府区,古楼街道,", ",,,");
    for at in 1..=6 {
        put(sheet, at, 0, &body.replace("第一中学", &format!("第{at}中学")));
    }
    merge(sheet, (1, COUNTY), (2, COUNTY), "东昌府区");
    merge(sheet, (1, COUNTY + 1), (2, COUNTY + 1), "古楼街道");
    // A township of another county, a county that there is none of, and an area without text.
    merge(sheet, (3, COUNTY), (4, COUNTY), "莘县");
    merge(sheet, (3, COUNTY + 1), (4, COUNTY + 1), "古楼街道");
    merge(sheet, (5, COUNTY), (6, COUNTY), "河东区");
    merge(sheet, (5, COUNTY + 1), (6, COUNTY + 1), "");
    let (summary, rows) = check(&mut workbook);
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![2, 3, 4, 5, 6, 7]));
    assert_eq!(value(&rows[1], Field::Township).as_deref(), Some("371502001"));
    assert_eq!(flags(&rows, "P001"), ["G4", "G4"]);
    assert_eq!(flags(&rows, "V004"), ["F6", "F6"]);
    assert_eq!(flags(&rows, "V001"), ["G6", "G6"]);
}

#[test]
fn an_amount_merged_over_projects_is_asked_about_and_counted_for_none_but_the_first() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    put(
        sheet,
        0,
        0,
        &format!("{},建筑面积,计划总投资,累计完成投资,建筑高度", header()),
    );
    for at in 1..=3 {
        put(sheet, at, 0, &row(&format!("第{at}中学教学楼")));
    }
    merge(sheet, (1, 13), (2, 13), "1200");
    merge(sheet, (1, 14), (3, 14), "300");
    merge(sheet, (1, 15), (3, 15), "0");
    merge(sheet, (1, 16), (3, 16), "12");
    let (_, rows) = check(&mut workbook);
    assert_eq!(flags(&rows, "V002"), ["N2", "O2", "O2"]);
    let of = |field| -> Vec<Option<String>> { rows.iter().map(|row| value(row, field)).collect() };
    assert_eq!(of(Field::InvestmentPlanned), [Some("300".into()), None, None]);
    assert_eq!(of(Field::InvestmentDone), vec![Some("0".to_owned()); 3]);
    assert_eq!(of(Field::HeightM), vec![Some("12".to_owned()); 3]);
}

#[test]
fn a_project_of_two_lines_is_one_and_says_what_of_it_was_not_read() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    put(sheet, 0, 0, &format!("{},加固方式,计划总投资,分管领导", header()));
    for (top, name) in [(1, "第一中学教学楼"), (3, "第二中学教学楼")] {
        for (column, text) in (0..).zip(row(name).split(',')) {
            merge(sheet, (top, column), (top + 1, column), text);
        }
        put(sheet, top, 13, "粘钢,300,张某");
    }
    put(sheet, 2, 13, "碳纤维,,李某");
    put(sheet, 4, 14, "60");
    put(sheet, 5, 0, "合计,,,,,,,,,,,,,,600");
    let (_, rows) = check(&mut workbook);
    assert_eq!(data_rows(&rows), [2, 4]);
    let told = |row: &CheckedRow| -> Vec<(&'static str, String)> {
        let findings = row
            .findings
            .iter()
            .filter(|finding| finding.message.contains("一个工程只能占一行"));
        findings
            .map(|finding| (finding.code, finding.message.clone()))
            .collect()
    };
    let [(code, message)] = told(&rows[0]).try_into().unwrap();
    assert_eq!(code, "V004");
    assert!(message.contains("第3行还有“碳纤维”"), "{message}");
    let [(code, message)] = told(&rows[1]).try_into().unwrap();
    assert_eq!(code, "V002");
    assert!(message.contains("第5行还有“60”"), "{message}");
}

#[test]
fn merged_areas_end_at_sums_and_a_row_of_merged_cells_alone_is_no_second_project() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    put(sheet, 0, 0, &header());
    let cells = row("第一中学教学楼");
    for (column, text) in (0..).zip(cells.split(',')) {
        merge(sheet, (1, column), (2, column), text);
    }
    merge(sheet, (3, COUNTY), (5, COUNTY), "东昌府区");
    let body = row("第二中学教学楼").replace(",东昌府区,", ",,");
    put(sheet, 3, 0, &body);
    put(sheet, 4, 0, "小计,,,,,,,,,12");
    put(sheet, 5, 0, &body.replace("第二", "第三"));
    put(sheet, 6, 0, &body.replace("第二", "第四"));
    let (_, rows) = check(&mut workbook);
    assert_eq!(data_rows(&rows), [2, 4, 6, 7]);
    assert_eq!(flags(&rows, "V001"), ["F7"]);
}

#[test]
fn headers_of_four_rows_with_groups_beside_names() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    merge(sheet, (1, 2), (1, 14), "台账（2026年）");
    merge(sheet, (2, 2), (5, 2), "工程名称");
    merge(sheet, (2, 3), (2, 10), "基本情况");
    merge(sheet, (3, 3), (5, 3), "工程类别");
    merge(sheet, (3, 4), (5, 4), "工程性质");
    merge(sheet, (3, 5), (5, 5), "用途");
    merge(sheet, (3, 6), (3, 10), "权属和位置");
    merge(sheet, (4, 6), (4, 7), "产权单位");
    put(sheet, 5, 6, "名称,信用代码");
    merge(sheet, (4, 8), (4, 10), "位置");
    put(sheet, 5, 8, "县区,所属乡镇,详细地址");
    merge(sheet, (2, 11), (2, 14), "抗震");
    merge(sheet, (3, 11), (5, 11), "结构类型");
    merge(sheet, (3, 12), (4, 14), "设防");
    put(sheet, 5, 12, "烈度,加速度,类别");
    merge(sheet, (2, 15), (5, 16), "工程进度");
    put(sheet, 6, 2, "甲,乙,丙,丁,1,2,3,4,5,6,7,8,9,10");
    put(
        sheet,
        7,
        2,
        "第一中学教学楼,学校,加固,教学楼,某某中学,11371500MB28359259,东昌府区,古楼街道,花园路1号,框架,7度,0.15g,乙类,计划加固",
    );
    let (summary, rows) = check(&mut workbook);
    assert_eq!(
        (errors(&summary), summary.sheets[0].header_row, data_rows(&rows)),
        (vec![], 7, vec![8])
    );
    assert_eq!(value(&rows[0], Field::OwnerUnit).as_deref(), Some("某某中学"));
    assert_eq!(value(&rows[0], Field::FortificationClass).as_deref(), Some("B"));
    assert_eq!(value(&rows[0], Field::Stage).as_deref(), Some("10"));
    assert_eq!(flags(&rows, "V001"), Vec::<String>::new());
}

#[test]
fn a_header_over_two_columns_is_one_column_and_a_group_may_stand_alone_in_its_row() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    merge(sheet, (0, 0), (0, 17), "台账");
    merge(sheet, (1, 13), (1, 14), "鉴定");
    put(sheet, 2, 0, &format!("{},单位,日期", header()));
    merge(sheet, (2, 15), (2, 16), "备注");
    put(
        sheet,
        3,
        0,
        &format!("{},甲检测中心,2023.5,汛期停工", row("第一中学教学楼")),
    );
    let (summary, rows) = check(&mut workbook);
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![4]));
    assert_eq!(value(&rows[0], Field::AppraisalUnit).as_deref(), Some("甲检测中心"));
    assert_eq!(value(&rows[0], Field::AppraisalDate).as_deref(), Some("2023-05"));
    assert_eq!(value(&rows[0], Field::Remarks).as_deref(), Some("汛期停工"));
}

#[test]
fn covers_dictionaries_instructions_and_examples_are_skipped_and_hidden_rows_counted() {
    let mut workbook = Workbook::new();
    put(
        workbook.add_worksheet().set_name("封面").unwrap(),
        3,
        2,
        "聊城市抗震加固工程台账",
    );
    for name in ["字典", "附2 填表说明", "填写示例"] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        put(sheet, 0, 0, &header());
        put(sheet, 1, 0, &row("如：第一中学教学楼"));
    }
    let sheet = workbook.add_worksheet().set_name("莘县").unwrap();
    put(sheet, 4, 3, &header());
    put(sheet, 5, 3, &row("第一中学教学楼"));
    put(sheet, 9, 3, &row("第二中学教学楼"));
    for at in [0, 5, 20, 30] {
        sheet.set_row_hidden(at).unwrap();
    }
    sheet.set_column_hidden(5).unwrap();
    let hidden = workbook.add_worksheet().set_name("旧").unwrap().set_hidden(true);
    put(hidden, 0, 0, &header());
    put(hidden, 1, 0, &row("第三中学教学楼"));
    let (summary, rows) = check(&mut workbook);
    let sheets: Vec<&str> = summary.sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!((sheets, data_rows(&rows)), (vec!["莘县"], vec![6, 10]));
    let hints: Vec<&str> = summary.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(hints, ["F007", "F007", "F007", "F007", "F010", "F010"]);
    let said = summary
        .findings
        .iter()
        .find(|finding| finding.sheet.as_deref() == Some("莘县"))
        .unwrap();
    assert!(said.message.contains("1 个隐藏行、1 个隐藏列"), "{}", said.message);
}

#[test]
fn dates_and_percentages_are_read_as_they_are_shown() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    put(sheet, 0, 0, &format!("{},开工日期,形象进度", header()));
    put(sheet, 1, 0, &row("第一中学教学楼"));
    sheet
        .write_with_format(1, 13, 45058, &Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\""))
        .unwrap();
    sheet
        .write_with_format(1, 14, 0.455, &Format::new().set_num_format("0.0%"))
        .unwrap();
    let (_, rows) = check(&mut workbook);
    assert_eq!(value(&rows[0], Field::StartDate).as_deref(), Some("2023-05-12"));
    assert_eq!(value(&rows[0], Field::ProgressPercent).as_deref(), Some("45.5"));
}

#[test]
fn a_number_of_year_and_month_is_read_as_its_cell_shows_it() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    put(sheet, 0, 0, &format!("{},开工日期,工程编号", header()));
    let formats = ["", "0.00", "#,##0.00", "0.00_ ", "0.0", "0"];
    for (at, format) in (1..).zip(formats) {
        put(sheet, at, 0, &row(&format!("第{at}中学教学楼")));
        for column in [13, 14] {
            let format = Format::new().set_num_format(format);
            sheet.write_with_format(at, column, 2023.1, &format).unwrap();
        }
    }
    let (summary, rows) = check(&mut workbook);
    let read = |field| -> Vec<String> { rows.iter().map(|row| value(row, field).unwrap()).collect() };
    let (january, october) = ("2023-01", "2023-10");
    assert_eq!(
        read(Field::StartDate),
        [january, october, october, october, january, january]
    );
    assert_eq!(read(Field::ProjectNo)[1], "2023.10");
    // What may be an October that lost its zero is shown to the officer, with what to write.
    let examples = &summary.normalised[0].examples;
    let doubts: Vec<Option<String>> = examples.iter().map(retrofit_import::normalisation::doubt).collect();
    assert_eq!(examples[0].0, "2023.1");
    assert_eq!(doubts, [Some("是10月的请写成2023-10".to_owned()), None]);
}

#[test]
fn a_merged_area_says_what_its_first_cell_does_whatever_the_others_hold() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    // 县区, 乡镇 and 地址 under one group. In the cells that it covers other names are left, as programs that merge leave them.
    merge(sheet, (0, COUNTY), (0, COUNTY + 2), "位置");
    sheet.write(0, COUNTY + 1, "工程名称").unwrap();
    sheet.write(0, COUNTY + 2, "备注").unwrap();
    put(sheet, 1, 0, &header());
    put(sheet, 2, 0, &row("第一中学教学楼"));
    put(sheet, 3, 0, &row("第二中学教学楼").replace("东昌府区", "莘县"));
    merge(sheet, (2, COUNTY), (3, COUNTY), "东昌府区");
    sheet.write(3, COUNTY, "莘县").unwrap();
    let (summary, rows) = check(&mut workbook);
    assert_eq!((errors(&summary), data_rows(&rows)), (vec![], vec![3, 4]));
    assert_eq!(value(&rows[0], Field::Name).as_deref(), Some("第一中学教学楼"));
    assert_eq!(value(&rows[1], Field::County).as_deref(), Some("371502"));
    assert_eq!(value(&rows[0], Field::Township).as_deref(), Some("371502001"));
    assert_eq!(value(&rows[0], Field::Address).as_deref(), Some("花园路1号"));
    let columns = &summary.headers[0].columns;
    let group = |field| {
        columns
            .iter()
            .find(|column| column.field == Some(field))
            .map(|column| column.header.clone())
    };
    assert_eq!(group(Field::Address).as_deref(), Some("位置 / 详细地址"));
}

#[test]
fn an_amount_that_is_added_is_asked_about_where_it_is_merged_over_projects() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let names = format!("{},自筹,其他资金", header());
    put(sheet, 0, 0, &names);
    put(sheet, 1, 0, &format!("{},60,", row("第一中学教学楼")));
    put(sheet, 2, 0, &format!("{},60,", row("第二中学教学楼")));
    let last = u16::try_from(names.split(',').count() - 1).unwrap();
    merge(sheet, (1, last), (2, last), "40");
    let (_, rows) = check(&mut workbook);
    let funds: Vec<Option<String>> = rows.iter().map(|row| value(row, Field::FundOther)).collect();
    assert_eq!(funds, [Some("100".to_owned()), None]);
    assert_eq!(flags(&rows, "V002").len(), 1);
}

#[test]
fn a_sheet_that_goes_on_without_a_header_is_told_of_with_the_sheet_that_it_goes_on_from() {
    let told = |second: &[String], name: &str| {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("一页").unwrap();
        put(sheet, 0, 0, &header());
        put(sheet, 1, 0, &row("第一中学教学楼"));
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).unwrap();
        for (at, line) in (0..).zip(second) {
            put(sheet, at, 0, line);
        }
        let (summary, rows) = check(&mut workbook);
        assert_eq!(data_rows(&rows), [2], "{second:?}");
        let [finding] = summary.findings.try_into().unwrap();
        assert_eq!(finding.sheet.as_deref(), Some(name));
        (finding.code, finding.message)
    };
    let project = row("第二中学教学楼");
    for second in [vec![project.clone()], vec!["续表".to_owned(), project.clone()]] {
        let (code, message) = told(&second, "二页");
        assert_eq!(code, "F005", "{message}");
        assert!(
            message.contains("「二页」没有认出表头") && message.contains("「一页」"),
            "{message}"
        );
    }
    // What is no project in those columns goes on with nothing.
    for (second, name) in [
        (vec!["汇总说明".to_owned()], "二页"),
        (vec![format!("莘县,{project}")], "二页"),
        (vec![project.replace("第二中学", "示例：某某小学")], "二页"),
        (vec![project], "填表说明"),
    ] {
        assert_eq!(told(&second, name).0, "F007", "{second:?}");
    }
}

#[test]
fn a_sheets_name_gives_the_county_where_no_column_does() {
    let mut workbook = Workbook::new();
    let body = row("第一中学教学楼");
    for (name, county) in [("东昌府区", false), ("茌平区", true), ("莘县", false)] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        let without = |line: &str, word: &str| {
            if county {
                line.to_owned()
            } else {
                line.replacen(word, "", 1)
            }
        };
        put(sheet, 0, 0, &without(&header(), "县区,"));
        put(sheet, 1, 0, &without(&body, "东昌府区,"));
    }
    let (summary, rows) = check(&mut workbook);
    assert_eq!(errors(&summary), []);
    let counties: Vec<_> = rows.iter().map(|row| value(row, Field::County).unwrap()).collect();
    assert_eq!(counties, ["371502", "371502", "371522"]);
    // A row above the projects is nearer.
    let sheet = workbook.worksheet_from_name("莘县").unwrap();
    put(sheet, 2, 0, "茌平区");
    put(sheet, 3, 0, &body.replacen("东昌府区,", "", 1));
    let (_, rows) = check(&mut workbook);
    assert_eq!(value(&rows[3], Field::County).as_deref(), Some("371503"));
}

#[test]
fn a_roster_on_a_sheet_of_examples_says_that_its_name_was_the_reason() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("样表（填写）").unwrap();
    put(sheet, 0, 0, &header());
    put(sheet, 1, 0, &row("第一中学教学楼"));
    let (summary, rows) = check(&mut workbook);
    assert!(rows.is_empty());
    let [(code, message)] = &errors(&summary)[..] else {
        panic!("{:?}", summary.findings)
    };
    assert_eq!(*code, "F004");
    assert!(message.contains("「样表（填写）」按名称"), "{message}");
}

#[test]
fn a_date_has_the_precision_that_its_cell_shows() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    put(sheet, 0, 0, &format!("{},开工日期,始建竣工时间", header()));
    put(sheet, 1, 0, &row("第一中学教学楼"));
    put(sheet, 2, 0, &row("第二中学教学楼"));
    let month = Format::new().set_num_format("yyyy\"年\"m\"月\"");
    let year = Format::new().set_num_format("yyyy\"年\"");
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (at, column, number, format) in [(1, 13, 45047, &month), (1, 14, 35796, &year), (2, 13, 45047, &day)] {
        sheet.write_number_with_format(at, column, number, format).unwrap();
    }
    let (_, rows) = check(&mut workbook);
    let read = |row: usize, field| value(&rows[row], field);
    assert_eq!(read(0, Field::StartDate).as_deref(), Some("2023-05"));
    assert_eq!(read(0, Field::BuiltDate).as_deref(), Some("1998"));
    assert_eq!(read(1, Field::StartDate).as_deref(), Some("2023-05-01"));
}
