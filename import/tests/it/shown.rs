//! What a cell shows decides what it means, in every format: the month of 2023.10, and a formula without a result.

use retrofit_import::catalogue::Field;
use retrofit_import::workbook::Content;

use crate::layout::{check_bytes, check_csv, header, row, value};
use crate::workbook::read_bytes;
use crate::workbook_hostile::{compound, record, xlsx, zip};

fn number(text: &str) -> Content {
    Content::Number(text.into())
}

fn no_result() -> Content {
    Content::Error("#公式无结果".into())
}

/// A workbook as Excel 97 keeps it, with these cells on its one sheet; its formats have none, two decimals, a unit and four digits.
fn xls(cells: &[Vec<u8>]) -> Vec<u8> {
    let bof = |kind: u16| record(0x0809, &[0x0600, kind, 0, 0, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
    let format = |code: u16| record(0x00e0, &[&[0, 0][..], &code.to_le_bytes(), &[0; 16]].concat());
    let code = |number: u16, flags: u8, length: u16, text: &[u8]| {
        let head = [number, length].map(u16::to_le_bytes).concat();
        record(0x041e, &[&head[..], &[flags], text].concat())
    };
    let yuan: Vec<u8> = "0.00\"元\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let codes = [code(164, 1, 7, &yuan), code(165, 0, 4, b"0000")].concat();
    let sheet = [bof(0x0010), cells.concat(), record(0x000a, &[])].concat();
    let globals = |start: usize| {
        let start = u32::try_from(start).unwrap().to_le_bytes();
        let bound = record(0x0085, &[&start[..], &[0, 0, 1, 0], b"S"].concat());
        [
            bof(0x0005),
            codes.clone(),
            format(0),
            format(2),
            format(164),
            format(165),
            bound,
            record(0x000a, &[]),
        ]
        .concat()
    };
    let start = globals(0).len();
    compound(&[("Workbook", &[globals(start), sheet].concat())])
}

#[test]
fn an_xls_shows_october_in_each_kind_of_number() {
    let head = |column: u16, style: u16| [0, column, style].map(u16::to_le_bytes).concat();
    let real = |column, style, value: f64| record(0x0203, &[&head(column, style)[..], &value.to_le_bytes()].concat());
    let rk = |hundredths: u32| (hundredths << 2 | 3).to_le_bytes();
    let formula = [&head(4, 1)[..], &2023.1_f64.to_le_bytes(), &[0; 8]].concat();
    let several = [
        &[0, 5].map(u16::to_le_bytes).concat()[..],
        &[1, 0],
        &rk(202_310),
        &[0, 0],
        &rk(202_310),
        &[1, 0],
        &rk(202_350),
        &7_u16.to_le_bytes(),
    ];
    let book = read_bytes(&xls(&[
        real(0, 1, 2023.1),
        real(1, 0, 2023.1),
        real(2, 1, 2023.11),
        record(0x027e, &[&head(3, 1)[..], &rk(202_310)].concat()),
        record(0x0006, &formula),
        real(8, 2, 120_000.0),
        real(9, 3, 7.0),
        record(0x00bd, &several.concat()),
    ]))
    .unwrap();
    let shown: Vec<Option<Content>> = (0..8).map(|column| book.content(0, 0, column).cloned()).collect();
    let wanted = [
        "2023.10", "2023.1", "2023.11", "2023.10", "2023.10", "2023.10", "2023.1", "2023.5",
    ];
    assert_eq!(shown, wanted.map(|text| Some(number(text))));
    assert_eq!(book.content(0, 0, 8), Some(&Content::Text("120000元".into())));
    assert_eq!(book.content(0, 0, 9), Some(&Content::Text("0007".into())));
}

#[test]
fn an_ods_and_the_xml_of_2003_show_zeros_and_units() {
    let ods = zip(&[(
        "content.xml",
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"A\"><table:table-row>\
         <table:table-cell office:value-type=\"float\" office:value=\"7\"><text:p>0007</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"currency\" office:value=\"120000\"><text:p>120,000.00元</text:p></table:table-cell>\
         </table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
            .as_bytes(),
    )]);
    let xml = r#"<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
        <Styles><Style ss:ID="a"><NumberFormat ss:Format="0000"/></Style><Style ss:ID="b"><NumberFormat ss:Format="0.00&quot;元&quot;"/></Style></Styles>
        <Worksheet ss:Name="A"><Table><Row><Cell ss:StyleID="a"><Data ss:Type="Number">7</Data></Cell>
        <Cell ss:StyleID="b"><Data ss:Type="Number">120000</Data></Cell></Row></Table></Worksheet></Workbook>"#;
    for bytes in [&ods[..], xml.as_bytes()] {
        let book = read_bytes(bytes).unwrap();
        assert_eq!(book.content(0, 0, 0), Some(&Content::Text("0007".into())));
        assert_eq!(book.content(0, 0, 1), Some(&Content::Text("120000元".into())));
    }
}

#[test]
fn a_roster_s_numbers_are_read_as_their_formats_show_them() {
    for (name, format, written, field, wanted) in [
        ("工程编号", "0000", 7.0, Field::ProjectNo, Some("0007")),
        ("工程编号", "\"WJ\"000", 7.0, Field::ProjectNo, Some("WJ007")),
        (
            "计划总投资",
            "#,##0.00\"元\"",
            120_000.0,
            Field::InvestmentPlanned,
            Some("12"),
        ),
        (
            "计划总投资（万元）",
            "#,##0.00\"元\"",
            120_000.0,
            Field::InvestmentPlanned,
            Some("12"),
        ),
        (
            "计划总投资",
            "0.00\"亿元\"",
            1.2,
            Field::InvestmentPlanned,
            Some("12000"),
        ),
        (
            "计划总投资",
            "¥#,##0.00",
            120_000.0,
            Field::InvestmentPlanned,
            Some("12"),
        ),
        (
            "计划总投资",
            "[$¥-804]#,##0.00",
            120_000.0,
            Field::InvestmentPlanned,
            Some("12"),
        ),
        (
            "计划总投资（万元）",
            "_ ¥* #,##0.00_ ",
            12.0,
            Field::InvestmentPlanned,
            Some("12"),
        ),
        (
            "计划总投资",
            "0!.0,\"万\"",
            1_200_000.0,
            Field::InvestmentPlanned,
            Some("120"),
        ),
        ("建筑面积", "0.00\"万㎡\"", 0.1197, Field::FloorAreaM2, Some("1197")),
        ("建筑面积", "0.0\"亩\"", 2.0, Field::FloorAreaM2, None),
        ("开工日期", "0000\"年\"", 2023.0, Field::StartDate, Some("2023")),
    ] {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let lines = [format!("{name},{}", header()), format!(",{}", row("第一中学教学楼"))];
        for (at, line) in (0..).zip(&lines) {
            for (column, text) in (0..).zip(line.split(',')) {
                sheet.write_string(at, column, text).unwrap();
            }
        }
        let style = rust_xlsxwriter::Format::new().set_num_format(format);
        sheet.write_number_with_format(1, 0, written, &style).unwrap();
        let (_, rows) = check_bytes(&book.save_to_buffer().unwrap());
        assert_eq!(value(&rows[0], field).as_deref(), wanted, "{name} {format}");
    }
}

#[test]
fn an_ods_and_the_xml_of_2003_show_october_and_tell_of_formulas_without_a_result() {
    let cell = |value: &str, shown: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"{value}\"><text:p>{shown}</text:p></table:table-cell>"
        )
    };
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"A\"><table:table-row>{}{}{}{}{}\
         </table:table-row></table:table></office:spreadsheet></office:body></office:document-content>",
        cell("2023.1", "2023.10"),
        cell("2023.1", "2023.1"),
        cell("2023.5", "2023.50"),
        "<table:table-cell table:formula=\"of:=[.A1]\"/>",
        "<table:table-cell table:formula=\"of:=&quot;&quot;\" office:value-type=\"string\" office:string-value=\"\"/>",
    );
    let ods = read_bytes(&zip(&[("content.xml", content.as_bytes())])).unwrap();
    let xml = read_bytes(
        br#"<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
        <Styles><Style ss:ID="a"><NumberFormat ss:Format="0.00"/></Style><Style ss:ID="b"><NumberFormat ss:Format="Fixed"/></Style></Styles>
        <Worksheet ss:Name="A"><Table><Row><Cell ss:StyleID="a"><Data ss:Type="Number">2023.1</Data></Cell>
        <Cell><Data ss:Type="Number">2023.1</Data></Cell><Cell ss:StyleID="b"><Data ss:Type="Number">2023.5</Data></Cell>
        <Cell ss:Formula="=RC[-1]"/><Cell ss:Formula="=&quot;&quot;"><Data ss:Type="String"></Data></Cell></Row></Table></Worksheet></Workbook>"#,
    )
    .unwrap();
    for book in [ods, xml] {
        let shown: Vec<Option<Content>> = (0..5).map(|column| book.content(0, 0, column).cloned()).collect();
        assert_eq!(
            shown,
            [
                Some(number("2023.10")),
                Some(number("2023.1")),
                Some(number("2023.5")),
                Some(no_result()),
                None
            ]
        );
    }
}

#[test]
fn a_formula_without_a_result_is_told_apart_from_one_that_shows_nothing() {
    let cells = [
        "<c r=\"A1\"><f>B1</f></c>",
        "<c r=\"B1\"><f>C1</f><v></v></c>",
        "<c r=\"C1\"><f t=\"shared\" si=\"0\"/></c>",
        "<c r=\"D1\" t=\"n\"><f>1/3</f><v/></c>",
        "<c r=\"E1\" t=\"str\"><f>IF(1,\"\")</f><v></v></c>",
        "<c r=\"F1\"><f>1+1</f><v>2</v></c>",
        "<c r=\"G1\"><v></v></c>",
        "<c r=\"H1\" t=\"str\"><f>\"a\"</f></c>",
    ];
    let book = read_bytes(&xlsx(&format!("<row r=\"1\">{}</row>", cells.concat()))).unwrap();
    let shown: Vec<Option<Content>> = (0..8).map(|column| book.content(0, 0, column).cloned()).collect();
    let missing = || Some(no_result());
    let two = Some(number("2"));
    assert_eq!(
        shown,
        [missing(), missing(), missing(), missing(), None, two, None, None]
    );
    // The officer is told what to do, also where the cell comes back as a text from a workbook that was rebuilt.
    let text = format!("{},建筑面积\n{},#公式无结果\n", header(), row("第一中学教学楼"));
    let (_, rows) = check_csv(&text);
    let found = rows[0].findings.iter().find(|finding| finding.code == "V007").unwrap();
    assert_eq!(value(&rows[0], Field::FloorAreaM2), None);
    assert!(found.message.contains("没有它的计算结果"), "{found:?}");
    assert!(found.suggestion.as_deref().unwrap().contains("保存一次"), "{found:?}");
}
