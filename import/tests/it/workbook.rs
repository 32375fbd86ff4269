//! Files to cells, through the child process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use retrofit_import::workbook::{Area, Cell, Content, Event, Format, Limits, Refusal, Row, SheetHead, Worker};

/// The child process by itself.
pub(crate) fn worker() -> Worker {
    Worker {
        program: env!("CARGO_BIN_EXE_retrofit-import-worker").into(),
        args: Vec::new(),
    }
}

/// A sample roster.
pub(crate) fn roster(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rosters").join(name)
}

/// A whole workbook.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) format: Option<Format>,
    pub(crate) sheets: Vec<(SheetHead, Vec<Row>)>,
}

impl Book {
    /// The content of a cell, by sheet and 0-based place.
    pub(crate) fn content(&self, sheet: usize, row: u32, column: u32) -> Option<&Content> {
        self.sheets[sheet]
            .1
            .iter()
            .find(|found| found.index == row)?
            .content(column)
    }
}

/// Reads a file to its end.
pub(crate) fn read_with(file: &Path, limits: &Limits) -> Result<Book, Refusal> {
    let mut book = Book::default();
    let read = worker().read(file, limits, &mut |event| match event {
        Event::Format(format) => book.format = Some(format),
        Event::Sheet(head) => book.sheets.push((head, Vec::new())),
        Event::Row(row) => book.sheets.last_mut().unwrap().1.push(row),
    });
    read.unwrap().map(|()| book)
}

/// Reads bytes under the usual limits, within ten seconds of processor time, however busy the machine is.
#[track_caller]
pub(crate) fn read_bytes(bytes: &[u8]) -> Result<Book, Refusal> {
    let limits = Limits {
        cpu: Duration::from_secs(10),
        ..Limits::default()
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let read = read_with(file.path(), &limits);
    if let Err(refusal) = &read {
        assert!(!refusal.message.contains("处理器时间"), "{refusal:?}");
    }
    read
}

fn text(text: &str) -> Content {
    Content::Text(text.into())
}

fn rows(book: &Book) -> Vec<(u32, Vec<(u32, String)>)> {
    let shown = |cell: &Cell| match &cell.content {
        Content::Text(text) => (cell.column, text.to_string()),
        other => (cell.column, format!("{other:?}")),
    };
    book.sheets[0]
        .1
        .iter()
        .map(|row| (row.index, row.cells.iter().map(shown).collect()))
        .collect()
}

fn cells(list: &[(u32, &str)]) -> Vec<(u32, String)> {
    list.iter()
        .map(|(column, text)| (*column, (*text).to_owned()))
        .collect()
}

#[test]
fn csv_rows_are_records() {
    let book =
        read_bytes("名称,面积,备注\r\n\r\n\"甲\r\n乙\",1,\r\n,,\r\n\r\n丙,2,x\r\n\r\n丁,3,\"\"".as_bytes()).unwrap();
    assert_eq!(book.format, Some(Format::Csv));
    assert_eq!(book.sheets[0].0, SheetHead::default());
    assert_eq!(
        rows(&book),
        [
            (0, cells(&[(0, "名称"), (1, "面积"), (2, "备注")])),
            (2, cells(&[(0, "甲\n乙"), (1, "1")])),
            (5, cells(&[(0, "丙"), (1, "2"), (2, "x")])),
            (7, cells(&[(0, "丁"), (1, "3")])),
        ]
    );
}

#[test]
fn csv_in_every_encoding_and_separator() {
    let plain = "名称\t面积\t备注\n甲\t1\t㐀\n";
    let utf16 = |big: bool, mark: bool| {
        let units = mark.then_some(0xfeff).into_iter().chain(plain.encode_utf16());
        units
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect::<Vec<u8>>()
    };
    let (gb18030, _, faulty) = encoding_rs::GB18030.encode(plain);
    assert!(!faulty);
    for bytes in [
        plain.as_bytes().to_vec(),
        ["\u{feff}", plain].concat().into_bytes(),
        gb18030.into_owned(),
        utf16(false, true),
        utf16(true, true),
        utf16(false, false),
        utf16(true, false),
        plain.replace('\t', ",").into_bytes(),
        plain.replace('\t', ";").into_bytes(),
    ] {
        let book = read_bytes(&bytes).unwrap();
        assert_eq!(book.content(0, 1, 2), Some(&text("㐀")), "{bytes:02x?}");
        assert_eq!(book.content(0, 0, 0), Some(&text("名称")));
    }
}

#[test]
fn xlsx_cells_areas_and_hidden_parts() {
    let book = read_with(&roster("05-jyj-bridges-yuan.xlsx"), &Limits::default()).unwrap();
    assert_eq!(book.format, Some(Format::Xlsx { macros: false }));
    let (head, rows) = &book.sheets[0];
    assert_eq!(head.name, "Sheet1");
    assert_eq!(head.hidden_rows, [8, 10, 65, 80, 96]);
    assert_eq!(head.hidden_columns, [55]);
    assert_eq!(head.merged.len(), 2);
    assert_eq!(
        head.merged[1],
        Area {
            first_row: 112,
            first_column: 0,
            last_row: 112,
            last_column: 55
        }
    );
    assert!(
        rows.iter()
            .flat_map(|row| &row.cells)
            .any(|cell| matches!(cell.content, Content::Percent(_)))
    );

    let book = read_with(&roster("09-mzj-other-late-start.xlsx"), &Limits::default()).unwrap();
    let hidden: Vec<_> = book
        .sheets
        .iter()
        .map(|(head, _)| (head.name.as_str(), head.hidden))
        .collect();
    assert_eq!(
        hidden,
        [
            ("历史数据", true),
            ("填表说明", false),
            ("Sheet1", false),
            ("字典", false)
        ]
    );
}

#[test]
fn files_that_are_no_workbook_are_named() {
    for (name, said) in [
        ("80-image.xlsx", "图片"),
        ("81-empty.xlsx", "空的"),
        ("82-truncated.xlsx", "不完整"),
    ] {
        let refusal = read_with(&roster(name), &Limits::default()).unwrap_err();
        assert_eq!(refusal.code, "F001", "{name}");
        assert!(refusal.message.contains(said), "{name}: {}", refusal.message);
        assert_eq!(refusal.incident, None);
    }
}

#[test]
fn xls_and_ods_cells_and_areas() {
    let xls = read_with(&roster("06-slj-reservoirs.xls"), &Limits::default()).unwrap();
    assert_eq!(xls.format, Some(Format::Xls { macros: false }));
    assert!(xls.sheets[0].0.merged.contains(&Area {
        first_row: 4,
        first_column: 54,
        last_row: 6,
        last_column: 54
    }));
    let ods = read_with(&roster("07-yjj-depots-shelters.ods"), &Limits::default()).unwrap();
    assert_eq!(ods.format, Some(Format::Ods));
    assert!(ods.sheets[0].0.merged.contains(&Area {
        first_row: 4,
        first_column: 8,
        last_row: 13,
        last_column: 8
    }));
    assert_eq!(ods.content(0, 0, 0), Some(&text("聊城市房屋设施抗震加固工程台账")));
}

/// The bridges as LibreOffice saves them in other formats.
#[test]
fn the_same_workbook_in_other_formats_reads_the_same() {
    let original = read_with(&roster("05-jyj-bridges-yuan.xlsx"), &Limits::default()).unwrap();
    for (name, format) in [
        ("bridges-saved-as.xls", Format::Xls { macros: false }),
        ("bridges-saved-as.ods", Format::Ods),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name);
        let book = read_with(&path, &Limits::default()).unwrap();
        assert_eq!(book.format, Some(format));
        let (head, rows) = &book.sheets[0];
        let (expected, expected_rows) = &original.sheets[0];
        assert_eq!(rows, expected_rows, "{name}");
        assert_eq!(
            (&head.hidden_rows, &head.hidden_columns),
            (&expected.hidden_rows, &expected.hidden_columns)
        );
        assert_eq!(head.merged.len(), expected.merged.len());
    }
}

#[test]
fn a_web_page_is_one_sheet() {
    let page = "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><head><style>td{a>b}</style><xml><x:Name>S</x:Name></xml></head><body>\
        <table border=1><tr><td colspan=3>台账 &amp; 汇总&nbsp;</td></tr>\
        <TR><TD rowspan='2'>东昌府区<TD>甲<br>乙<TD>1 &lt; 2</TR><tr><td> 丙\n  丁 <td title=\"a>b\">&#20013;&#x6587;</table>\
        <!-- <td>no</td> --><table><tr><td><td>次表</table>";
    let book = read_bytes(page.as_bytes()).unwrap();
    assert_eq!(book.format, Some(Format::Html));
    let area = |first_row, first_column, last_row, last_column| Area {
        first_row,
        first_column,
        last_row,
        last_column,
    };
    assert_eq!(book.sheets[0].0.merged, [area(0, 0, 0, 2), area(1, 0, 2, 0)]);
    assert_eq!(
        rows(&book),
        [
            (0, cells(&[(0, "台账 & 汇总\u{a0}")])),
            (1, cells(&[(0, "东昌府区"), (1, "甲\n乙"), (2, "1 < 2")])),
            (2, cells(&[(1, "丙 丁"), (2, "中文")])),
            (3, cells(&[(1, "次表")])),
        ]
    );
    let (gbk, ..) = encoding_rs::GB18030.encode(page);
    assert_eq!(rows(&read_bytes(&gbk).unwrap()), rows(&book));
}

#[test]
fn the_xml_of_excel_2003() {
    let book = read_bytes(
        br#"<?xml version="1.0" encoding="gb2312"?><?mso-application progid="Excel.Sheet"?>
        <Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
        <Styles><Style ss:ID="s1"><NumberFormat ss:Format="0%"/></Style></Styles>
        <Worksheet ss:Name="A&amp;B"><Table><Column/><Column ss:Index="3" ss:Hidden="1" ss:Span="1"/>
        <Row><Cell ss:MergeAcross="1" ss:MergeDown="1"><Data ss:Type="String">t &#20013;<B>b</B></Data></Cell>
          <Cell ss:StyleID="s1"><Data ss:Type="Number">0.45</Data></Cell></Row>
        <Row ss:Index="4" ss:Hidden="1"><Cell ss:Index="2"><Data ss:Type="DateTime">2023-05-12T00:00:00.000</Data>
          <Comment><Data>note</Data></Comment></Cell><Cell><Data ss:Type="Number">0.30000000000000004</Data></Cell>
          <Cell><Data ss:Type="Error">#REF!</Data></Cell><Cell><Data ss:Type="Boolean">1</Data></Cell></Row>
        </Table></Worksheet><Worksheet ss:Name="C"><Table/>
        <WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet></Workbook>"#,
    )
    .unwrap();
    assert_eq!(book.format, Some(Format::Xml2003));
    let (head, rows) = &book.sheets[0];
    assert_eq!(head.name, "A&B");
    assert_eq!(
        head.merged,
        [Area {
            first_row: 0,
            first_column: 0,
            last_row: 1,
            last_column: 1
        }]
    );
    assert_eq!(
        (&head.hidden_rows[..], &head.hidden_columns[..]),
        (&[3][..], &[2, 3][..])
    );
    assert_eq!(rows.len(), 2);
    assert_eq!(book.content(0, 0, 0), Some(&text("t 中b")));
    assert_eq!(book.content(0, 0, 2), Some(&Content::Percent("45".into())));
    assert_eq!(book.content(0, 3, 1), Some(&Content::Date("2023-05-12".into())));
    assert_eq!(book.content(0, 3, 2), Some(&Content::Number("0.3".into())));
    assert_eq!(book.content(0, 3, 3), Some(&Content::Error("#REF!".into())));
    assert_eq!(book.content(0, 3, 4), Some(&Content::Bool(true)));
    assert!(book.sheets[1].0.hidden && !head.hidden);
}

#[test]
fn an_ods_with_repeats_and_hidden_parts() {
    let content = r#"<office:document-content><office:automatic-styles>
        <style:style style:name="h"><style:table-properties table:display="false"/></style:style></office:automatic-styles>
        <office:body><office:spreadsheet><table:table table:name="A">
        <table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>
        <table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>
        <table:table-row table:visibility="collapse" table:number-rows-repeated="2"><table:table-cell/>
          <table:table-cell office:value-type="percentage" office:value="0.285" table:number-columns-repeated="2"><text:p>28.5%</text:p></table:table-cell>
          <table:table-cell office:value-type="date" office:date-value="2023-05-12T00:00:00"><text:p>x</text:p></table:table-cell></table:table-row>
        <table:table-row><table:table-cell table:number-columns-spanned="2" office:value-type="string"><office:annotation><text:p>note</text:p></office:annotation>
          <text:p>a<text:s text:c="2"/>b &amp; c</text:p><text:p>d</text:p></table:table-cell><table:covered-table-cell/>
          <table:table-cell office:value-type="string" calcext:value-type="error" office:string-value=""><text:p>#REF!</text:p></table:table-cell>
          <table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>TRUE</text:p></table:table-cell></table:table-row>
        <table:table-row table:number-rows-repeated="1048569"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>
        </table:table><table:table table:name="B" table:style-name="h"/></office:spreadsheet></office:body></office:document-content>"#;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("content.xml", zip::write::SimpleFileOptions::default())
        .unwrap();
    std::io::Write::write_all(&mut zip, content.as_bytes()).unwrap();
    let book = read_bytes(&zip.finish().unwrap().into_inner()).unwrap();
    let (head, rows) = &book.sheets[0];
    assert_eq!(
        head.merged,
        [Area {
            first_row: 5,
            first_column: 0,
            last_row: 5,
            last_column: 1
        }]
    );
    assert_eq!(
        (&head.hidden_rows[..], &head.hidden_columns[..]),
        (&[3, 4][..], &[2][..])
    );
    assert_eq!(rows.iter().map(|row| row.index).collect::<Vec<_>>(), [3, 4, 5]);
    for (row, column) in [(3, 1), (3, 2), (4, 1), (4, 2)] {
        assert_eq!(book.content(0, row, column), Some(&Content::Percent("28.5".into())));
    }
    assert_eq!(book.content(0, 3, 3), Some(&Content::Date("2023-05-12".into())));
    assert_eq!(book.content(0, 5, 0), Some(&text("a  b & c\nd")));
    assert_eq!(book.content(0, 5, 2), Some(&Content::Error("#REF!".into())));
    assert_eq!(book.content(0, 5, 3), Some(&Content::Bool(true)));
    assert!(book.sheets[1].0.hidden);
}
