//! What stands between the rows of a table and under it: other headers, rows of units, headings of counties, examples.

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Finding;

use crate::layout::{check_csv, data_rows, header, row, value};

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
fn a_heading_names_its_county_by_itself_or_with_whose_projects_there_they_are() {
    let header = format!("序号,{}", header().replace(",县区", ""));
    let project = row("第一中学教学楼").replace(",东昌府区", "");
    let county = |heading: &str| {
        let text = format!("{header}\n莘县,,,,,,,,,,,,\n1,{project}\n{heading},,,,,,,,,,,,\n2,{project}\n");
        let (_, rows) = check_csv(&text);
        assert_eq!(data_rows(&rows), [3, 5], "{heading}");
        value(&rows[1], Field::County).unwrap()
    };
    for heading in [
        "茌平区",
        "★茌平区",
        "◆茌平区",
        "（二）茌平区水利局",
        "2 茌平区",
        "三 茌平区",
        "第四部分 茌平区",
        "第一批 茌平区",
        "（第二部分）茌平区",
        "第二章、茌平区",
        "Ⅱ、茌平区",
        "茌平区,—,/,—",
        "二,茌平区,-,-,-,-,-,-,-,-,-,-,-",
        "—,茌平区,—,—,—,—,—,—,—,—,—,—,—",
        "二,聊城市茌平区,-,-,-,-,-,-,-,-,-,-,-",
        "B、茌平区",
        "茌平区教育和体育局",
        "茌平区项目",
        "茌平区学校（3所）",
        "茌平区各乡镇",
        "茌平区所属学校",
        "茌平区—2个",
        "茌平区卫健系统",
        "聊城市茌平区教育局",
    ] {
        assert_eq!(county(heading), "371503", "{heading}");
    }
    for (heading, zone) in [
        ("高新区教育局", "高新区"),
        ("（三）经开区属学校", "经开区"),
        ("◆度假区", "度假区"),
    ] {
        assert_eq!(county(heading), county(zone), "{heading}");
        assert_ne!(county(heading), "371522", "{heading}");
    }
    // The city's own are in some county, which the heading does not say.
    for heading in [
        "市直",
        "（三）市直学校",
        "市直部门（2个）",
        "聊城市直单位",
        "市本级",
        "二、市教体局直属学校",
        "二、市级学校",
        "（二）局属学校",
        "三、驻聊高校",
        "二、聊城大学",
        // Another county's, whose words are not understood.
        "二、2025年第一批茌平区危桥",
        "茌平区小计,,,,,,,,,,,,3",
    ] {
        let text = format!("{header}\n莘县,,,,,,,,,,,,\n1,{project}\n{heading},,,,,,,,,,,,\n2,{project}\n");
        let (_, rows) = check_csv(&text);
        assert_eq!(value(&rows[1], Field::County), None, "{heading}");
        let county = |finding: &&Finding| finding.field == Some(Field::County);
        let finding = rows[1].findings.iter().find(county).unwrap();
        assert!(finding.suggestion.as_ref().unwrap().contains("标题行下面"), "{heading}");
    }
    for heading in [
        "二、茌平区：3处，建筑面积12000平方米",
        "茌平区共3个项目",
        "茌平区，共3个项目",
        "茌平区 3个项目",
        "茌平区中小学校",
        "2026年茌平区",
        "2026年度茌平区项目",
        "附表2 茌平区",
        "茌平区管理委员会",
        "茌平区供电公司",
        "聊城茌平区",
    ] {
        assert_eq!(county(heading), "371503", "{heading}");
    }
    for (heading, zone) in [
        ("聊城经开区", "经开区"),
        ("经济开发区", "经开区"),
        ("高新技术产业开发区", "高新区"),
        ("三、江北水城度假区校舍", "度假区"),
    ] {
        assert_eq!(county(heading), county(zone), "{heading}");
        assert_ne!(county(heading), "371522", "{heading}");
    }
    // What is no county leaves the one above.
    for heading in ["一、小学", "（二）初中", "莘县小计,,,,,,,,,,,,3", "二、县直学校"] {
        assert_eq!(county(heading), "371522", "{heading}");
    }
}

#[test]
fn a_county_in_a_name_that_stands_alone_is_no_heading() {
    for name in ["茌平区实验学校", "茌平区老旧小区加固项目", "茌平区第一中学教学楼"] {
        let (_, rows) = check_csv(&format!(
            "{}\n{}\n{name},,,,,,,,,,,,\n",
            header(),
            row("第一中学教学楼")
        ));
        assert_eq!(data_rows(&rows), [2, 3], "{name}");
    }
}

#[test]
fn a_heading_gives_the_county_of_rows_that_leave_their_own_cell_blank() {
    let blank = row("第二中学教学楼").replace(",东昌府区,古楼街道,", ",,莘州街道,");
    let text = format!("{}\n莘县,,,,,,,,,,,,\n{blank}\n{}\n", header(), row("第一中学教学楼"));
    let (_, rows) = check_csv(&text);
    let counties: Vec<_> = rows.iter().map(|row| value(row, Field::County).unwrap()).collect();
    assert_eq!(counties, ["371522", "371502"]);
    // A heading by a county's old name says nothing of a row that names its own.
    let text = format!("{}\n茌平县,,,,,,,,,,,,\n{}\n", header(), row("第一中学教学楼"));
    assert_eq!(check_csv(&text).1[0].record.normalised().count(), 0);
}

#[test]
fn a_line_above_the_table_gives_the_county_where_no_column_does() {
    let header = header().replace(",县区", "");
    let project = row("第一中学教学楼").replace(",东昌府区", "");
    let counties = |text: &str| {
        let (_, rows) = check_csv(text);
        let counties = rows.iter().map(|row| value(row, Field::County));
        counties.collect::<Vec<Option<String>>>()
    };
    for (line, county) in [
        ("填报单位：东昌府区教育和体育局", "371502"),
        ("填报单位（盖章）：聊城市茌平区教育局　　单位：万元", "371503"),
        ("莘县学校抗震加固工程清单", "371522"),
        ("县区：临清市", "371581"),
    ] {
        let text = format!("{line}\n{header}\n{project}\n{project}\n");
        assert_eq!(counties(&text), vec![Some(county.to_owned()); 2], "{line}");
        // A column of counties speaks for itself.
        let text = format!("{line}\n{}\n{}\n", crate::layout::header(), row("第一中学教学楼"));
        assert_eq!(counties(&text), [Some("371502".to_owned())], "{line}");
    }
    // Page by page; what stands under one table is not said of the next.
    let titles = ["莘县", "冠县"].map(|county| format!("{county}学校抗震加固工程清单"));
    let pages = titles.map(|title| format!("{title}\n{header}\n{project}\n")).concat();
    assert_eq!(
        counties(&pages),
        ["371522", "371525"].map(|county| Some(county.to_owned()))
    );
    for (title, county) in [
        ("市直学校抗震加固台账", None),
        ("2026年度聊城经开区校舍加固台账", Some("371571")),
    ] {
        let blocks = format!("莘县校舍加固台账\n{header}\n{project}\n\n{title}\n{header}\n{project}\n");
        let wanted = [Some("371522"), county].map(|county| county.map(str::to_owned));
        assert_eq!(counties(&blocks), wanted, "{title}");
    }
    let page = |county: &str| format!("填报单位：{county}教育局\n{header}\n{project}\n");
    let (first, second) = (page("莘县"), page("冠县"));
    let both = ["371522", "371525"].map(|county| Some(county.to_owned()));
    for between in ["", "\n", "填表人：张某,,审核人：李某\n"] {
        assert_eq!(counties(&format!("{first}{between}{second}")), both, "{between:?}");
    }
    for line in [
        "填报单位：聊城市教育和体育局",
        "东昌府区、茌平区抗震加固工程清单",
        "东昌府区是第一批",
    ] {
        assert_eq!(counties(&format!("{line}\n{header}\n{project}\n")), [], "{line}");
    }
}

#[test]
fn cells_without_a_name_are_told_of_as_a_further_line_of_the_project_above() {
    let (first, second) = (row("第一中学教学楼"), row("第二中学教学楼"));
    let header = format!("序号,{},施工单位,加固方式", header());
    let told = |line: &str, below: &str| {
        let text = format!("{header}\n1,{first},甲公司,粘钢\n{line}\n{below}\n");
        let (_, rows) = check_csv(&text);
        let findings = rows[0]
            .findings
            .iter()
            .filter(|finding| finding.message.contains("第3行还有"));
        findings.filter_map(|finding| finding.field).collect::<Vec<Field>>()
    };
    let project = format!("2,{second},乙公司,粘钢");
    for below in [project.as_str(), "合计,,,,,,,,,,,,,2", ""] {
        assert_eq!(
            told(",,,,,,,,,,,,,,,碳纤维", below),
            [Field::RetrofitMethods],
            "{below}"
        );
        assert_eq!(told(",,,,,,,,,在建,,,,,,", below), [Field::StructureType], "{below}");
    }
    assert_eq!(told(",,,,,,,,,,,,,,乙公司,", &project), [Field::ConstructionUnit]);
    assert_eq!(told(",,,,,莘县教育局,,,,,,,,,,", &project), [Field::OwnerUnit]);
    // What signs the table, and its notes.
    for line in [
        ",,,,,,,,聊城市教育和体育局",
        ",,,,,,,,2026年11月20日",
        ",,,,,,,,分管领导：张某",
    ] {
        assert_eq!(told(line, ""), [], "{line}");
    }
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
fn a_line_that_says_when_how_far_or_where_the_projects_beneath_are_is_no_project() {
    let (first, second) = (row("第一中学教学楼"), row("第二中学教学楼"));
    for line in [
        "2024年",
        "2025年度（1个）",
        "2026年计划实施项目",
        "2021-2025年",
        "在建项目",
        "已完工项目（1个）",
        "续建工程",
        "古楼街道",
        "柳园街道（1个）",
        "学校类",
        "医院类项目",
        "共1个项目,,,,,,,,,,,,120",
    ] {
        let (_, rows) = check_csv(&format!("{}\n{first}\n{line}\n{second}\n", header()));
        let rows: Vec<u32> = data_rows(&rows);
        assert_eq!(rows, [2, 4], "{line}");
    }
    for line in ["2024年校舍工程", "古楼街道中心小学", "教育局"] {
        let (_, rows) = check_csv(&format!("{}\n{first}\n{line}\n{second}\n", header()));
        assert_eq!(data_rows(&rows), [2, 3, 4], "{line}");
    }
}

#[test]
fn sums_and_numbers_of_columns_in_other_words_are_no_projects() {
    let numbers = "一,二,三,四,五,六,七,八,九,十,十一,十二,十三";
    for line in [
        "总数,,,,,,,,,,,,2",
        "平均,,,,,,,,,,,,2",
        "上页结转,,,,,,,,,,,,2",
        "项目总数：3个,,,,,,,,,,,,",
        "聊城市,,,,,,,,,,,,3",
        "—,—,—,—,—,—,—,—,—,—,—,—,3",
        "（续上表）",
        "续表2",
        "/,,,,,,,,,,,,12.5",
        numbers,
    ] {
        let text = format!(
            "{}\n{}\n{line}\n{}\n",
            header(),
            row("第一中学教学楼"),
            row("第二中学教学楼")
        );
        assert_eq!(data_rows(&check_csv(&text).1), [2, 4], "{line}");
    }
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
fn examples_are_known_by_their_number_or_their_name() {
    let header = format!("序号,{}", header());
    let data = |number: &str, name: &str| {
        let text = format!("{header}\n{number},{}\n1,{}\n", row(name), row("第一中学教学楼"));
        data_rows(&check_csv(&text).1)
    };
    for number in [
        "例",
        "例1",
        "（例）",
        "例：",
        "例如",
        "示例1",
        "范例",
        "样",
        "填表示例",
        "★示例",
    ] {
        assert_eq!(data(number, "第二中学教学楼"), [3], "{number}");
    }
    for name in [
        "示例：第二中学教学楼",
        "（例）第二中学教学楼",
        "【样例】第二中学教学楼",
        "第二中学教学楼（示例）",
        "××中学教学楼",
        "***小学教学楼",
    ] {
        assert_eq!(data("1", name), [3], "{name}");
    }
    // The mark of our template left beside a project of one's own, and beside a name that is nobody's.
    assert_eq!(data("示例", "第二中学教学楼"), [2, 3]);
    assert_eq!(data("示例", "某某中学教学楼"), [3]);
    for name in ["示例小学教学楼", "样板小学教学楼", "例庄小学教学楼"] {
        assert_eq!(data("2", name), [2, 3], "{name}");
    }
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
fn figures_alone_are_a_sum_but_between_projects_a_question() {
    let header = format!("序号,{},计划总投资", header());
    let (first, second) = (row("第一中学教学楼"), row("第二中学教学楼"));
    let figures = ",,,,,,,,,,,,,,120";
    for (text, rows) in [
        (format!("1,{first},60\n2,{second},60\n{figures}\n"), [2, 3]),
        (format!("1,{first},60\n{figures}\n二、茌平区\n2,{second},60\n"), [2, 5]),
        (
            format!("1,{first},60\n{figures}\n合计,,,,,,,,,,,,,,180\n2,{second},60\n"),
            [2, 5],
        ),
    ] {
        let (_, checked) = check_csv(&format!("{header}\n{text}"));
        assert_eq!(data_rows(&checked), rows, "{text}");
        assert!(checked.iter().all(|row| row.findings.is_empty()), "{text}");
    }
    let (_, rows) = check_csv(&format!("{header}\n1,{first},60\n{figures}\n2,{second},60\n"));
    assert_eq!(data_rows(&rows), [2, 4]);
    let [finding] = rows[0].findings.as_slice() else {
        panic!("{:?}", rows[0].findings)
    };
    assert_eq!((finding.code, finding.field), ("V002", Some(Field::InvestmentPlanned)));
    assert!(finding.message.contains("第3行还有“120”"), "{}", finding.message);
    assert!(rows[1].findings.is_empty());
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
