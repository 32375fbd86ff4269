//! What is refused says why and what to write; what the requirements name and no other table here has a row for.

use std::io::Write as _;

use retrofit_import::catalogue::Field;
use retrofit_import::check::CheckedRow;
use retrofit_import::workbook::{Content, Format, Limits};

use crate::layout::{check_bytes, check_csv, header, row, value};
use crate::workbook::{read_bytes, read_with, roster};
use crate::workbook_hostile::{compound, record, zip};

/// A row with one column more, and this in it.
fn read(column: &str, text: &str) -> CheckedRow {
    let text = text.replace('"', "\"\"");
    let (_, mut rows) = check_csv(&format!(
        "{},{column}\n{},\"{text}\"\n",
        header(),
        row("第一中学教学楼")
    ));
    rows.remove(0)
}

#[test]
fn what_is_refused_says_why_and_what_to_write() {
    let cases = [
        (
            "建筑面积",
            Field::FloorAreaM2,
            "3亩",
            "V002",
            "亩是土地面积单位，建筑面积请按平方米填写",
        ),
        ("建筑面积", Field::FloorAreaM2, "0.3公顷", "V002", "请按平方米填写"),
        ("开工日期", Field::StartDate, "2023年底", "V003", "不是确切的日期"),
        ("开工日期", Field::StartDate, "2023年底", "V003", "只知道年份写 2023"),
        ("开工日期", Field::StartDate, "2023年2月30日", "V003", "2023年2月30日"),
        (
            "开工日期",
            Field::StartDate,
            "2023年5-12月",
            "V003",
            "请只写一个月份或日期，如 2023-05",
        ),
        (
            "工程编号",
            Field::ProjectNo,
            "同上",
            "V006",
            "“同上”不是内容。 每一行单独登记，请写出完整的内容。",
        ),
        ("备注", Field::Remarks, "〃", "V006", "请写出完整的内容"),
        ("联系电话", Field::Phone, "同上", "V006", "请写出完整的内容"),
        ("开工日期", Field::StartDate, "同上", "V003", "请写出完整的内容"),
        ("计划总投资", Field::InvestmentPlanned, "″", "V002", "请写出完整的内容"),
        ("加固方式", Field::RetrofitMethods, "……同上", "V004", "请写出完整的内容"),
        ("计划总投资", Field::InvestmentPlanned, "12美元", "V002", "12美元"),
        ("加固方式", Field::RetrofitMethods, "面层加固；刷漆", "V004", "刷漆"),
        ("经度", Field::Longitude, "116°61′", "V002", "116°61′"),
    ];
    for (column, field, text, code, said) in cases {
        let row = read(column, text);
        assert_eq!(value(&row, field), None, "{column} {text}");
        let found = row.findings.iter().find(|finding| finding.field == Some(field));
        let found = found.unwrap_or_else(|| panic!("{column} {text} is no finding"));
        let words = format!("{} {}", found.message, found.suggestion.as_deref().unwrap_or_default());
        assert!(found.code == code && words.contains(said), "{column} {text}: {words}");
        assert_eq!(found.value.as_deref(), Some(text));
    }
}

#[test]
fn an_intensity_cell_does_not_contradict_the_acceleration() {
    let read = |intensity: &str, acceleration: &str| {
        let cells = row("第一中学教学楼").replace("7度,0.15g", &format!("{intensity},{acceleration}"));
        let (_, mut rows) = check_csv(&format!("{}\n{cells}\n", header()));
        let row = rows.remove(0);
        let fields = [Field::Intensity, Field::AccelerationG];
        let found = row
            .findings
            .iter()
            .filter(|finding| finding.field.is_some_and(|field| fields.contains(&field)));
        let found: Vec<(&str, String)> = found.map(|finding| (finding.code, finding.message.clone())).collect();
        (fields.map(|field| value(&row, field).unwrap_or_default()), found)
    };
    let both = || ["7".to_owned(), "0.15".to_owned()];
    for (intensity, acceleration) in [("7度（0.15g）", "0.15"), ("7度（0.15g）", ""), ("7度", "0.15g（7度）")]
    {
        assert_eq!(
            read(intensity, acceleration),
            (both(), vec![]),
            "{intensity} {acceleration}"
        );
    }
    let ([intensity, acceleration], found) = read("7度（0.10g）", "0.15g");
    assert_eq!((&*intensity, &*acceleration, found[0].0), ("", "0.15", "V002"));
    assert!(
        found.len() == 1 && found[0].1.contains("“7度（0.10g）”") && found[0].1.contains("“0.15g”"),
        "{found:?}"
    );
}

#[test]
fn a_required_text_says_something() {
    let read = |owner: &str| {
        let cells = row("第一中学教学楼").replacen("某某中学", owner, 1);
        let (_, mut rows) = check_csv(&format!("{}\n{cells}\n", header()));
        let row = rows.remove(0);
        let found = row
            .findings
            .iter()
            .find(|finding| finding.field == Some(Field::OwnerUnit));
        (value(&row, Field::OwnerUnit), found.map(|finding| finding.code))
    };
    for nothing in ["0", "NULL", "null", "……", "同上"] {
        assert_eq!(read(nothing), (None, Some("V006")), "{nothing}");
    }
    for said in ["待定", "不详"] {
        assert_eq!(read(said), (Some(said.to_owned()), None));
    }
}

#[test]
fn spaces_and_line_breaks_that_nobody_sees_are_no_part_of_a_value() {
    for (text, wanted) in [
        ("\u{a0}兴华路1号\u{3000}", "兴华路1号"),
        ("兴华路\n1号", "兴华路 1号"),
        ("兴华\u{200b}路1号\u{feff}", "兴华路1号"),
        ("兴华\r\n路1号", "兴华路1号"),
        ("兴华\u{ad}路1号", "兴华路1号"),
    ] {
        assert_eq!(
            value(&read("备注", text), Field::Remarks).as_deref(),
            Some(wanted),
            "{text:?}"
        );
    }
}

#[test]
fn money_units_of_a_line_a_group_a_header_and_a_cell_the_nearest_wins() {
    // The unit of the line above, of the group, of the header, and what stands in the cell.
    for (line, group, name, cell, wanted) in [
        ("单位：元", "", "计划总投资", "120000", "12"),
        ("单位：元", "投资（万元）", "计划总投资", "12", "12"),
        ("单位：元", "投资（万元）", "计划总投资（亿元）", "0.0012", "12"),
        ("单位：元", "投资（万元）", "计划总投资（亿元）", "12万元", "12"),
        ("", "", "计划总投资", "12", "12"),
        ("单位：亿元", "", "计划总投资", "120000元", "12"),
        ("", "", "计划总投资", "￥120000", "12"),
        ("", "", "计划总投资", "\"¥120,000.00\"", "12"),
        ("", "", "计划总投资", "¥12万", "12"),
        ("单位：万元", "", "计划总投资", "¥12", "12"),
    ] {
        let blanks = ",".repeat(header().matches(',').count());
        let text = format!(
            "{line}{blanks},\n基本情况{blanks},{group}\n{},{name}\n{},{cell}\n",
            header(),
            row("第一中学教学楼")
        );
        let (_, rows) = check_csv(&text);
        let got = value(&rows[0], Field::InvestmentPlanned);
        assert_eq!(got.as_deref(), Some(wanted), "{line} {group} {name} {cell}");
    }
}

#[test]
fn units_in_a_headers_brackets_in_many_words() {
    for (header, field, text, wanted) in [
        ("计划总投资（¥）", Field::InvestmentPlanned, "120000", "12"),
        ("计划总投资（￥元）", Field::InvestmentPlanned, "120000", "12"),
        ("计划总投资（以元为单位）", Field::InvestmentPlanned, "120000", "12"),
        ("计划总投资（元/人民币）", Field::InvestmentPlanned, "120000", "12"),
        ("计划总投资（元）（不含税）", Field::InvestmentPlanned, "120000", "12"),
        ("计划总投资（W元）", Field::InvestmentPlanned, "12", "12"),
        ("建筑面积（万方）", Field::FloorAreaM2, "0.12", "1200"),
        ("建筑面积（千平方米）", Field::FloorAreaM2, "1.2", "1200"),
        ("建筑面积 万平米", Field::FloorAreaM2, "0.12", "1200"),
    ] {
        assert_eq!(value(&read(header, text), field).as_deref(), Some(wanted), "{header}");
    }
}

#[test]
fn coordinates_in_one_cell_in_either_order_and_writing() {
    for text in [
        "116.015,36.64",
        "36.64,116.015",
        "东经116°0′54″，北纬36°38′24″",
        "北纬36°38′24″，东经116°0′54″",
        "116°0′54″ 36°38′24″",
        "36°38′24″ 116°0′54″",
        "N36°38′24″ E116°0′54″",
        "经度：116.015 纬度：36.64",
        "纬度36.64，经度116.015",
        "经度116.015纬度36.64",
    ] {
        let row = read("经纬度", text);
        let got = [Field::Longitude, Field::Latitude].map(|field| value(&row, field).unwrap_or_default());
        assert_eq!(got, ["116.015", "36.64"], "{text}");
    }
}

#[test]
fn days_of_a_workbook_from_1904_and_a_formulas_kept_value() {
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let one = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{office}/{kind}" Target="{target}"/>"#)
    };
    let package = format!(
        "<Relationships>{}</Relationships>",
        one("r1", "officeDocument", "xl/workbook.xml")
    );
    let of_book = [
        one("r1", "worksheet", "worksheets/sheet1.xml"),
        one("r2", "styles", "styles.xml"),
    ]
    .concat();
    let of_book = format!("<Relationships>{of_book}</Relationships>");
    let book = |since: &str| {
        let workbook =
            format!(r#"<workbook>{since}<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#);
        let bytes = zip(&[
            ("_rels/.rels", package.as_bytes()),
            ("xl/workbook.xml", workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", of_book.as_bytes()),
            ("xl/styles.xml", br#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#),
            (
                "xl/worksheets/sheet1.xml",
                r#"<worksheet><sheetData><row r="1"><c r="A1" s="1"><v>43596</v></c><c r="B1"><f>SUM(1,2)</f><v>3</v></c><c r="C1" t="str"><f>A1&amp;B1</f><v>三</v></c></row></sheetData></worksheet>"#.as_bytes(),
            ),
        ]);
        read_bytes(&bytes).unwrap()
    };
    // 43,596 days after the first of 1904; four years and a day less where days count from 1900.
    let from_1904 = book(r#"<workbookPr date1904="1"/>"#);
    assert_eq!(from_1904.content(0, 0, 0), Some(&Content::Date("2023-05-12".into())));
    assert_eq!(book("").content(0, 0, 0), Some(&Content::Date("2019-05-11".into())));
    assert_eq!(from_1904.content(0, 0, 1), Some(&Content::Number("3".into())));
    assert_eq!(from_1904.content(0, 0, 2), Some(&Content::Text("三".into())));
}

#[test]
fn a_file_is_what_it_holds_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    for (sample, called, format) in [
        ("06-slj-reservoirs.xls", "a.xlsx", Format::Xls { macros: false }),
        ("05-jyj-bridges-yuan.xlsx", "b.xls", Format::Xlsx { macros: false }),
        ("07-yjj-depots-shelters.ods", "c.csv", Format::Ods),
        ("03-zjj-housing-gbk.csv", "d.et", Format::Csv),
        ("06-slj-reservoirs.xls", "e.et", Format::Xls { macros: false }),
        ("08-gdgs-power-utf8.csv", "f", Format::Csv),
    ] {
        let file = folder.path().join(called);
        std::fs::copy(roster(sample), &file).unwrap();
        let read = |file| read_with(file, &Limits::default()).unwrap();
        let (book, original) = (read(&file), read(&roster(sample)));
        assert_eq!(
            (book.format, book.sheets == original.sheets),
            (Some(format), true),
            "{called}"
        );
    }
    let lock = folder.path().join("~$清单.xlsx");
    let mut file = std::fs::File::create(&lock).unwrap();
    file.write_all(&[&[5][..], b"zhang", &[b' '; 49], &[0; 110]].concat())
        .unwrap();
    let refusal = read_with(&lock, &Limits::default()).unwrap_err();
    assert!(refusal.code == "F001" && refusal.message.contains("~$"), "{refusal:?}");
}

/// A workbook as Excel 5 and 95 kept it: one stream `Book`, one sheet, texts in the cells in the code page of the machine.
#[test]
fn a_workbook_of_excel_5_is_read() {
    let (text, ..) = encoding_rs::GBK.encode("工程名称");
    let bof = |kind: u16| {
        record(
            0x0809,
            &[0x0500_u16.to_le_bytes(), kind.to_le_bytes(), [0, 0], [0, 0]].concat(),
        )
    };
    let code_page = record(0x0042, &936_u16.to_le_bytes());
    let label = |row: u16, column: u16, text: &[u8]| {
        let length = u16::try_from(text.len()).unwrap();
        let head = [row, column, 0, length].map(u16::to_le_bytes).concat();
        record(0x0204, &[&head, text].concat())
    };
    let number = |row: u16, column: u16, number: f64| {
        let head = [row, column, 0].map(u16::to_le_bytes).concat();
        record(0x0203, &[&head[..], &number.to_le_bytes()].concat())
    };
    let sheet = [bof(0x0010), label(0, 0, &text), number(1, 0, 12.5), record(0x000a, &[])].concat();
    let bound = |start: usize| {
        let start = u32::try_from(start).unwrap().to_le_bytes();
        record(0x0085, &[&start[..], &[0, 0, 6], b"Sheet1"].concat())
    };
    let globals = |start: usize| [bof(0x0005), code_page.clone(), bound(start), record(0x000a, &[])].concat();
    let start = globals(0).len();
    let book = read_bytes(&compound(&[("Book", &[globals(start), sheet].concat())])).unwrap();
    assert_eq!(book.format, Some(Format::Xls { macros: false }));
    assert_eq!(book.content(0, 0, 0), Some(&Content::Text("工程名称".into())));
    assert_eq!(book.content(0, 1, 0), Some(&Content::Number("12.5".into())));
}

#[test]
fn a_roster_saved_as_a_web_page_or_as_xml_is_checked_like_any_other() {
    let cells = |line: &str, open: &str, close: &str| {
        let cells: Vec<String> = line.split(',').map(|cell| format!("{open}{cell}{close}")).collect();
        cells.concat()
    };
    let lines = [header(), row("第一中学教学楼")];
    let html = lines
        .each_ref()
        .map(|line| format!("<tr>{}</tr>", cells(line, "<td>", "</td>")));
    let html = format!("<html><body><table>{}</table></body></html>", html.concat());
    let data = |line: &String| {
        format!(
            "<Row>{}</Row>",
            cells(line, "<Cell><Data ss:Type=\"String\">", "</Data></Cell>")
        )
    };
    let space = "urn:schemas-microsoft-com:office:spreadsheet";
    let xml = format!(
        "<?xml version=\"1.0\"?><Workbook xmlns=\"{space}\" xmlns:ss=\"{space}\"><Worksheet ss:Name=\"S\"><Table>{}</Table></Worksheet></Workbook>",
        lines.each_ref().map(data).concat()
    );
    let plain = check_csv(&lines.join("\n")).1[0].record.values();
    for text in [html, xml] {
        let (summary, rows) = check_bytes(text.as_bytes());
        assert_eq!((rows.len(), summary.rows), (1, 1), "{:?}", summary.findings);
        assert_eq!(rows[0].record.values(), plain);
    }
}

#[test]
fn what_takes_a_value_back_or_leaves_a_unit_out_is_not_read() {
    let header = format!("{},计划总投资,层数,地下层数,是否严重隐患", header());
    let read = |place: usize, text: &str, field: Field| {
        let plain = format!("{},,,,", row("第一中学教学楼"));
        let mut cells: Vec<&str> = plain.split(',').collect();
        cells[place] = text;
        let (_, rows) = check_csv(&format!("{header}\n{}\n", cells.join(",")));
        value(&rows[0], field)
    };
    for (place, text, field, wanted) in [
        (13, "一百二", Field::InvestmentPlanned, None),
        (13, "三千五", Field::InvestmentPlanned, None),
        (13, "一百零二", Field::InvestmentPlanned, Some("102")),
        (13, "一百二十", Field::InvestmentPlanned, Some("120")),
        (13, "二十五", Field::InvestmentPlanned, Some("25")),
        (13, "一千万", Field::InvestmentPlanned, Some("1000")),
        (14, "地下1层", Field::FloorsAbove, None),
        (14, "地上3层", Field::FloorsAbove, Some("3")),
        (15, "地下1层", Field::FloorsBelow, Some("1")),
        (12, "在建（停工）", Field::Stage, None),
        (12, "已完工（主体）", Field::Stage, None),
        (12, "计划加固（未开工）", Field::Stage, Some("10")),
        (8, "砖混（局部框架）", Field::StructureType, None),
        (8, "框架（2层砖混）", Field::StructureType, None),
        (8, "框架（钢筋混凝土）", Field::StructureType, Some("03")),
        (16, "是（待鉴定）", Field::SevereHazard, None),
        (16, "是（D级）", Field::SevereHazard, Some("1")),
    ] {
        assert_eq!(read(place, text, field).as_deref(), wanted, "{text}");
    }
}
