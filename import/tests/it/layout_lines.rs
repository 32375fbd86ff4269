//! What stands between the rows of a table and above it: headings of counties and of other sections, sums, examples, further lines of projects.

use std::time::{Duration, Instant};

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Finding;

use crate::layout::{check_csv, data_rows, header, row, value};

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
    for line in [
        "2024年校舍工程",
        "古楼街道中心小学",
        "教育局",
        "一、二号教学楼",
        "（一）号楼",
    ] {
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
fn a_numbered_row_without_a_name_is_no_sum() {
    let header = format!("序号,{},计划总投资", header());
    let text = format!(
        "{header}\n1,{},60\n2,,,,,,,柳园街道,,,,,,,300\n3,{},60\n",
        row("第一中学教学楼"),
        row("第二中学教学楼")
    );
    let (_, rows) = check_csv(&text);
    assert!(
        rows[0]
            .findings
            .iter()
            .any(|finding| finding.message.contains("第3行还有“300”"))
    );
}

#[test]
fn lines_without_end_that_may_name_counties_are_let_go() {
    let header = header().replace(",县区", "");
    let project = row("第一中学教学楼").replace(",东昌府区", "");
    let titles = "聊城教育系统房屋设施抗震加固工程情况进展统计清单之一二三四五六七八九十\n".repeat(60_000);
    let sums = "合计教育系统房屋设施加固工程之进展小计\n".repeat(60_000);
    for text in [titles, format!("{header}\n莘县\n{project}\n{sums}")] {
        let start = Instant::now();
        check_csv(&text);
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
