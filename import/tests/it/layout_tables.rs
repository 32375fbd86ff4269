//! The columns of tables that stand one under another or beside others: names, units, amounts, and rows of units.

use retrofit_import::catalogue::Field;

use crate::layout::{check_csv, header, row, value};

/// [`header`] and two amounts, in units of their own.
fn with_amounts(units: [&str; 2]) -> String {
    format!("{},建筑面积{},计划总投资{}", header(), units[0], units[1])
}

fn amounts(text: &str) -> Vec<(Option<String>, Option<String>)> {
    let (_, rows) = check_csv(text);
    let amounts = rows.iter();
    amounts
        .map(|row| (value(row, Field::FloorAreaM2), value(row, Field::InvestmentPlanned)))
        .collect()
}

fn some(area: &str, money: &str) -> (Option<String>, Option<String>) {
    (Some(area.to_owned()), Some(money.to_owned()))
}

#[test]
fn a_header_that_names_other_fields_or_units_begins_another_table() {
    let (first, second) = (row("第一中学教学楼"), row("第二中学教学楼"));
    let upper = format!("{}\n{first},1200,100\n\n二、计划\n", with_amounts(["", "（万元）"]));
    let cases = [
        // the same columns in another order
        (
            format!("{},计划总投资（万元）,建筑面积\n{second},50,900\n", header()),
            some("900", "50"),
        ),
        // another unit
        (
            format!("{}\n{second},900,500000\n", with_amounts(["", "（元）"])),
            some("900", "50"),
        ),
        // the same header, page by page
        (
            format!("{}\n{second},900,50\n", with_amounts(["", "（万元）"])),
            some("900", "50"),
        ),
    ];
    for (lower, wanted) in cases {
        assert_eq!(
            amounts(&(upper.clone() + &lower)),
            [some("1200", "100"), wanted],
            "{lower}"
        );
    }
    let added = format!("{},备注\n{second},900,50,已完工\n", with_amounts(["", "（万元）"]));
    let (_, rows) = check_csv(&(upper + &added));
    assert_eq!(value(&rows[1], Field::Remarks).as_deref(), Some("已完工"));
}

#[test]
fn the_same_header_under_another_unit_is_read_by_that() {
    let header = with_amounts(["", ""]);
    for (upper, lower, wanted) in [("万元", "元", ["100", "50"]), ("元", "万元", ["0.01", "500000"])] {
        let text = format!(
            "在建,单位：{upper}\n{header}\n{},1200,100\n\n计划,单位：{lower}\n{header}\n{},900,500000\n",
            row("第一中学教学楼"),
            row("第二中学教学楼"),
        );
        assert_eq!(
            amounts(&text),
            [some("1200", wanted[0]), some("900", wanted[1])],
            "{upper}, {lower}"
        );
    }
}

#[test]
fn a_row_of_units_may_hold_its_name_strokes_and_units_of_what_is_no_quantity() {
    for units in [
        ",,,,,,,,,度,g,,,㎡,元",
        "—,—,—,—,—,—,—,—,—,—,—,—,—,㎡,元",
        ",,,,,,,,,,,,,㎡,元",
    ] {
        let text = format!(
            "{}\n{units}\n{},1200,500000\n",
            with_amounts(["", ""]),
            row("第一中学教学楼")
        );
        assert_eq!(amounts(&text), [some("1200", "50")], "{units}");
    }
    let text = format!(
        "序号,{}\n单位,,,,,,,,,,,,,,㎡,元\n1,{},1200,500000\n",
        with_amounts(["", ""]),
        row("第一中学教学楼")
    );
    assert_eq!(amounts(&text), [some("1200", "50")]);
}

#[test]
fn a_unit_on_a_cover_or_on_the_sheet_before_holds_where_a_sheet_names_none() {
    let table = format!("{},计划总投资", header());
    let lines = |unit: &str| format!("{unit}{table}\n{},500000\n", row("第一中学教学楼"));
    assert_eq!(
        amounts_of_sheets(&["抗震加固工程台账\n金额单位：元\n", &lines("")]),
        ["50"]
    );
    assert_eq!(amounts_of_sheets(&[&lines("单位：元\n"), &lines("")]), ["50", "50"]);
    assert_eq!(
        amounts_of_sheets(&[&lines("单位：元\n"), &lines("单位：万元\n")]),
        ["50", "500000"]
    );
    assert_eq!(amounts_of_sheets(&[&lines("")]), ["500000"]);
}

#[test]
fn a_unit_between_the_rows_is_asked_about_where_the_header_is_not_written_again() {
    let (first, second) = (row("第一中学教学楼"), row("第二中学教学楼"));
    let read = |above: &str, between: &str, header_unit: &str, amount: &str| {
        let header = format!("{},计划总投资{header_unit}", header());
        let text = format!("{above}\n{header}\n{first},500000\n{between}\n{second},{amount}\n");
        let (_, rows) = check_csv(&text);
        let codes = rows[1].findings.iter().map(|finding| finding.code).collect::<String>();
        (codes, value(&rows[1], Field::InvestmentPlanned))
    };
    let asked = |above: &str, between: &str| read(above, between, "", "60");
    let some = |text: &str| (String::new(), Some(text.to_owned()));
    assert_eq!(asked("单位：元", "单位：万元"), ("V002".to_owned(), None));
    assert_eq!(asked("台账", "单位：元"), ("V002".to_owned(), None));
    assert_eq!(asked("台账", "单位：万元"), some("60"));
    assert_eq!(asked("单位：元", "单位：元"), some("0.006"));
    assert_eq!(read("台账", "单位：元", "（万元）", "60"), some("60"));
    assert_eq!(read("单位：元", "单位：万元", "", "60万元"), some("60"));
    // A remark under the rows is about those above it.
    let header = format!("{},计划总投资", header());
    for remark in ["注：投资单位为元", "说明：1.金额单位：元"] {
        let (_, rows) = check_csv(&format!("{header}\n{first},500000\n{second},600000\n{remark}\n"));
        let codes = |row: usize| {
            rows[row]
                .findings
                .iter()
                .map(|finding| finding.code)
                .collect::<String>()
        };
        assert_eq!((codes(0), codes(1)), (String::new(), "V002".to_owned()), "{remark}");
    }
}

#[test]
fn a_progress_below_one_percent_is_asked_about_where_no_percent_sign_stands() {
    let read = |name: &str, cell: &str| {
        let (_, rows) = check_csv(&format!("{},{name}\n{},{cell}\n", header(), row("第一中学教学楼")));
        let codes = rows[0].findings.iter().filter(|finding| finding.code.starts_with('V'));
        (codes.count(), value(&rows[0], Field::ProgressPercent))
    };
    assert_eq!(read("形象进度", "0.35"), (1, None));
    for (name, cell, wanted) in [
        ("形象进度", "0.35%", "0.35"),
        ("形象进度", "35", "35"),
        ("形象进度", "0", "0"),
        ("形象进度", "1", "1"),
        ("工程进度（%）", "0.35", "0.35"),
    ] {
        assert_eq!(read(name, cell), (0, Some(wanted.to_owned())), "{name} {cell}");
    }
}

/// The planned investments on sheets that are written as csv.
fn amounts_of_sheets(sheets: &[&str]) -> Vec<String> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for text in sheets {
        let sheet = workbook.add_worksheet();
        for (at, line) in (0..).zip(text.lines()) {
            for (column, cell) in (0..).zip(line.split(',')) {
                sheet.write(at, column, cell).unwrap();
            }
        }
    }
    let (_, rows) = crate::layout::check_bytes(&workbook.save_to_buffer().unwrap());
    rows.iter()
        .filter_map(|row| value(row, Field::InvestmentPlanned))
        .collect()
}

#[test]
fn a_header_that_lacks_the_name_alone_is_told_with_the_column_that_may_be_it() {
    let header = header().replace("工程名称", "学校名称");
    let (summary, _) = check_csv(&format!("台账\n{header}\n{}\n", row("第一中学教学楼")));
    let [finding] = summary.findings.try_into().unwrap();
    assert_eq!(finding.code, "F004");
    assert!(
        finding.message.contains("第2行") && finding.message.contains("唯独没有「工程名称」"),
        "{}",
        finding.message
    );
    let suggestion = finding.suggestion.unwrap();
    assert!(suggestion.contains("A 列「学校名称」"), "{suggestion}");
}

#[test]
fn a_name_in_use_elsewhere_counts_where_no_other_column_is_the_fields() {
    let (first, second) = (row("第一中学教学楼"), row("第二中学教学楼"));
    let plain = header();
    let renamed = plain
        .replace("产权单位", "业主单位")
        .replace("县区", "县（市区）")
        .replace("乡镇街道", "乡镇");
    assert_ne!(renamed, plain);
    let (summary, rows) = check_csv(&format!("{renamed}\n{first}\n{second}\n"));
    assert_eq!((summary.findings.as_slice(), rows.len()), (&[][..], 2));
    // Beside the field's own name it is some other matter, on either side of it.
    for (header, line) in [
        (format!("业主,{plain}"), format!("甲公司,{first}")),
        (format!("{plain},业主"), format!("{first},甲公司")),
    ] {
        let (summary, rows) = check_csv(&format!("{header}\n{line}\n"));
        let codes: Vec<&str> = summary.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["F006"], "{header}");
        assert!(summary.findings[0].message.contains("「产权单位」读的是"));
        assert_ne!(value(&rows[0], Field::OwnerUnit).as_deref(), Some("甲公司"), "{header}");
    }
    // Of two of them, none counts.
    let (summary, _) = check_csv(&format!("{renamed},户主\n{first},甲\n"));
    assert_eq!(crate::layout::errors(&summary)[0].0, "F005");
    let (summary, rows) = check_csv(&format!("{plain},手机号,手机号码\n{first},13800000000,13900000000\n"));
    assert_eq!(crate::layout::errors(&summary), []);
    assert_eq!(value(&rows[0], Field::Phone), None);
}

#[test]
fn a_form_about_one_project_is_told_as_what_it_is() {
    let pairs = |header: &str, row: &str| {
        let pairs = header
            .split(',')
            .zip(row.split(','))
            .map(|(name, value)| format!("{name},{value},"));
        pairs.collect::<Vec<String>>()
    };
    let form = pairs(&header(), &row("第一中学教学楼"));
    let two_beside: Vec<String> = form.chunks(2).map(<[String]>::concat).collect();
    for lines in [form, two_beside] {
        let (summary, rows) = check_csv(&format!("登记表,,\n{}\n", lines.join("\n")));
        assert!(rows.is_empty());
        let [finding] = summary.findings.try_into().unwrap();
        assert_eq!(finding.code, "F004");
        assert!(finding.message.contains("登记表"), "{}", finding.message);
    }
}

#[test]
fn what_others_give_is_added_to_what_the_owner_does() {
    let fund = |names: &str, amounts: &str| {
        let header = header();
        let (summary, rows) = check_csv(&format!("{header},{names}\n{},{amounts}\n", row("第一中学教学楼")));
        let codes: Vec<&str> = rows
            .iter()
            .flat_map(|row| &row.findings)
            .map(|finding| finding.code)
            .collect();
        let cells = rows
            .iter()
            .flat_map(|row| &row.findings)
            .filter_map(|finding| finding.address);
        let value = rows.first().and_then(|row| value(row, Field::FundOther));
        let errors: Vec<String> = crate::layout::errors(&summary)
            .iter()
            .map(|(code, _)| (*code).to_owned())
            .collect();
        (
            value,
            codes.concat(),
            cells.map(|cell| cell.to_string()).collect::<String>(),
            errors.concat(),
        )
    };
    let sound = |value: &str| (Some(value.to_owned()), String::new(), String::new(), String::new());
    for (names, amounts, wanted) in [
        ("自筹,其他资金", "6,4", "10"),
        ("其他资金,自筹", "6,4.5", "10.5"),
        ("自筹（万元）,其他资金（元）", "6,45000", "10.5"),
        ("自筹资金,社会资金", "6,", "6"),
        ("自筹资金,其他资金", ",4", "4"),
    ] {
        assert_eq!(fund(names, amounts), sound(wanted), "{names} {amounts}");
    }
    let (value, codes, cells, _) = fund("自筹,其他资金", "6,四五");
    assert_eq!((value, &*codes, &*cells), (None, "V002", "O2"));
    // The same twice is a question, not a part.
    assert_eq!(fund("自筹,自筹资金", "6,4").3, "F008");
    // So is the whole beside a part.
    assert_eq!(fund("自筹及其他,其他资金", "10,4").3, "F008");
    assert_eq!(fund("自筹,其他资金,社会资金", "6,4,1"), sound("11"));
    assert_eq!(fund("企业自筹,社会资金", "6,1"), sound("7"));
    // And what is a part of the other.
    assert_eq!(fund("其他资金,其中：自筹", "10,4").3, "F008");
    let (_, rows) = check_csv(&format!("{},自筹,其他资金\n{},6,4\n", header(), row("第一中学教学楼")));
    let changed: Vec<_> = rows[0].record.normalised().map(|it| it.written.to_owned()).collect();
    assert_eq!(changed, ["6＋4"]);
}

#[test]
fn a_column_that_was_not_read_says_which_field_it_may_be_and_why_it_was_not() {
    let told = |names: &str, groups: &str| {
        let header = header();
        let groups = format!("{},{groups}", ",".repeat(header.matches(',').count()));
        let cells = "60,".repeat(names.matches(',').count() + 1);
        let (summary, _) = check_csv(&format!(
            "{groups}\n{header},{names}\n{},{cells}\n",
            row("第一中学教学楼")
        ));
        let messages = summary
            .findings
            .iter()
            .map(|finding| (finding.code, finding.message.clone()));
        messages.collect::<Vec<(&str, String)>>()
    };
    let year = "2026年度（万元）,2026年度（万元）";
    assert_eq!(
        told("计划投资,完成投资", year),
        [
            (
                "F006",
                "N 列「2026年度（万元） / 计划投资」没有读取：照这样的表头，看不出是不是「计划总投资」。".to_owned()
            ),
            (
                "F006",
                "O 列「2026年度（万元） / 完成投资」没有读取：照这样的表头，看不出是不是「累计完成投资」。".to_owned()
            ),
        ]
    );
    assert_eq!(
        told("手机号,手机号码", ""),
        [
            (
                "F006",
                "N 列「手机号」没有读取：它和 O 列「手机号码」哪一列是「联系电话」，看不出来。".to_owned()
            ),
            (
                "F006",
                "O 列「手机号码」没有读取：它和 N 列「手机号」哪一列是「联系电话」，看不出来。".to_owned()
            ),
        ]
    );
    assert_eq!(
        told("计划投资,总投资", "上年度,投资情况"),
        [(
            "F006",
            "N 列「上年度 / 计划投资」没有读取：「计划总投资」读的是 O 列「投资情况 / 总投资」。".to_owned()
        )]
    );
    assert_eq!(
        told("分管领导", "")[0].1,
        "N 列「分管领导」不是系统里的栏目，没有读取。"
    );
}

#[test]
fn one_column_of_intensity_and_acceleration_gives_both() {
    for name in [
        "抗震设防烈度及加速度",
        "烈度/加速度",
        "抗震设防烈度及设计基本地震加速度",
    ] {
        let header = header().replace(",烈度,加速度,", &format!(",{name},"));
        let project = row("第一中学教学楼").replace(",7度,0.15g,", ",7度（0.15g）,");
        let (summary, rows) = check_csv(&format!("{header}\n{project}\n"));
        assert_eq!(summary.findings, [], "{name}");
        let both = [Field::Intensity, Field::AccelerationG].map(|field| value(&rows[0], field).unwrap());
        assert_eq!(both, ["7", "0.15"], "{name}");
    }
}

#[test]
fn a_time_of_completion_is_that_of_the_works_where_their_beginning_stands_too() {
    let completed = |names: &str| {
        let times = "2025-03,2025-09";
        let (_, rows) = check_csv(&format!("{},{names}\n{},{times}\n", header(), row("第一中学教学楼")));
        value(&rows[0], Field::CompletionDate)
    };
    assert_eq!(completed("开工时间,竣工时间").as_deref(), Some("2025-09"));
    assert_eq!(completed("鉴定时间,竣工时间"), None);
}
