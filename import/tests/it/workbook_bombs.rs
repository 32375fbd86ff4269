//! Small files that ask for a great deal, in every format: refused or read, soon, within the child's memory, and never at the cost of the
//! parent.

use std::fmt::Write as _;
use std::time::Duration;

use retrofit_import::workbook::Limits;

use crate::workbook::read_with;
use crate::workbook_hostile::{compound, record, xlsx, xlsx_of, xlsx_with, zip};

/// What a file came to: read, or the code that it is refused with.
const READ: &str = "read";

/// A file's name for the test, its bytes, and what may become of it.
type Bomb = (&'static str, Vec<u8>, &'static [&'static str]);

#[track_caller]
fn assert_contained(bombs: Vec<Bomb>) {
    // The child is held to both, as `memory_and_time_have_their_limits` shows; ten seconds of its own, however busy the machine is.
    let limits = Limits {
        cpu: Duration::from_secs(10),
        ..Limits::default()
    };
    assert_eq!(limits.memory_bytes, 2 << 30);
    for (name, bytes, wanted) in bombs {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let read = read_with(file.path(), &limits);
        let came_to = match &read {
            Ok(_) => READ,
            Err(refusal) => {
                assert!(
                    !refusal.message.is_empty() && !refusal.message.contains("处理器时间"),
                    "{name}"
                );
                refusal.code
            }
        };
        assert!(wanted.contains(&came_to), "{name}: {came_to}, {:?}", read.err());
    }
}

/// Entities that hold ten of the one before, ten times over.
fn laughs(root: &str) -> String {
    let mut entities = "<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..10 {
        let ten = format!("&l{};", level - 1).repeat(10);
        write!(entities, "<!ENTITY l{level} \"{ten}\">").unwrap();
    }
    format!("<?xml version=\"1.0\"?><!DOCTYPE {root} [{entities}]>")
}

#[test]
fn packages() {
    let one = r#"<row r="1"><c r="A1"><v>1</v></c></row>"#;
    let sheet = |before: &str, after: &str| {
        let text = format!("<worksheet>{before}<sheetData>{one}</sheetData>{after}</worksheet>");
        xlsx_of(&text, "<sst/>", &[])
    };
    let strings = format!("{}<sst><si><t>&l9;</t></si></sst>", laughs("sst"));
    let areas = |area: &str, count: usize| format!("<mergeCells>{}</mergeCells>", area.repeat(count));
    assert_contained(vec![
        (
            "entities that multiply",
            xlsx_with(r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#, &strings, &[]),
            &["F001"],
        ),
        (
            "many attributes",
            xlsx(&format!("<row {}/>", "a=\"1\" ".repeat(200_000))),
            &[READ, "F001"],
        ),
        (
            "a long tag",
            xlsx(&format!("<row r=\"{}\"/>", "1".repeat(5 << 20))),
            &[READ, "F001", "F003"],
        ),
        (
            "a number of a million digits",
            xlsx(&format!(
                "<row r=\"1\"><c r=\"A1\"><v>{}</v></c></row>",
                "9".repeat(1 << 20)
            )),
            &[READ, "F003"],
        ),
        (
            "a comment without an end",
            xlsx(&format!("{one}<!--{}", "-".repeat(1 << 20))),
            &["F001"],
        ),
        (
            "dimensions that lie",
            sheet(r#"<dimension ref="A1:XFD1048576"/>"#, ""),
            &[READ],
        ),
        (
            "dimensions the wrong way round",
            sheet(r#"<dimension ref="C3:A1"/>"#, ""),
            &[READ],
        ),
        (
            "columns beyond any sheet",
            sheet(r#"<cols><col min="1" max="4294967295" hidden="1"/></cols>"#, ""),
            &[READ, "F001"],
        ),
        (
            "an area over everything",
            sheet("", &areas(r#"<mergeCell ref="A1:XFD1048576"/>"#, 1)),
            &[READ],
        ),
        (
            "areas over one another",
            sheet("", &areas(r#"<mergeCell ref="A1:C9"/>"#, 50_000)),
            &[READ],
        ),
        (
            "paths out of the folder",
            zip(&[("../../etc/passwd", b"x"), ("/xl/workbook.xml", b"<x/>")]),
            &["F001"],
        ),
        (
            "a package in a package",
            zip(&[("a.zip", &zip(&[("b.zip", &zip(&[("c", b"x")]))]))]),
            &["F001"],
        ),
        ("no part at all", zip(&[]), &["F001"]),
    ]);
}

#[test]
fn open_documents() {
    let ods = |table: &str| {
        let content = format!(
            "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"A\">{table}\
             </table:table></office:spreadsheet></office:body></office:document-content>"
        );
        zip(&[("content.xml", content.as_bytes())])
    };
    let cell = "<table:table-cell office:value-type=\"string\"><text:p>x</text:p></table:table-cell>";
    let wide = cell.replace(" office", " table:number-columns-repeated=\"16384\" office");
    let spanned = cell.replace(
        " office",
        " table:number-columns-spanned=\"4294967295\" table:number-rows-spanned=\"4294967295\" office",
    );
    let within = |inside: &str| cell.replace(">x<", &format!(">{inside}<"));
    let rows = |repeat: &str, cell: &str| {
        format!("<table:table-row table:number-rows-repeated=\"{repeat}\">{cell}</table:table-row>")
    };
    let deep = format!("{}{}", "<text:span>".repeat(200_000), "</text:span>".repeat(200_000));
    let laughing = format!(
        "{}<office:document-content><table:table><table:table-row><table:table-cell office:value-type=\"string\"><text:p>&l9;\
         </text:p></table:table-cell></table:table-row></table:table></office:document-content>",
        laughs("office:document-content")
    );
    assert_contained(vec![
        ("a row repeated", ods(&rows("4294967295", cell)), &["F003"]),
        ("a cell repeated", ods(&rows("1", &wide)), &["F003"]),
        ("both", ods(&rows("1048576", &wide)), &["F003"]),
        (
            "spans without bounds",
            ods(&rows("1", &spanned.repeat(100))),
            &[READ, "F003"],
        ),
        ("spans repeated", ods(&rows("100000", &spanned)), &[READ, "F003"]),
        ("deep text", ods(&rows("1", &within(&deep))), &[READ, "F001", "F003"]),
        (
            "counts that are none",
            ods(&rows("-1", &cell.replace("string", "float"))),
            &[READ],
        ),
        (
            "entities that multiply",
            zip(&[("content.xml", laughing.as_bytes())]),
            &["F001", READ],
        ),
        (
            "a million spaces a tag",
            ods(&rows("1", &within(&"<text:s text:c=\"4294967295\"/>".repeat(1_000)))),
            &[READ, "F003"],
        ),
    ]);
}

#[test]
fn pages_and_xml_of_2003() {
    let page = |inside: &str| format!("<html><body><table>{inside}</table></body></html>").into_bytes();
    let space = "urn:schemas-microsoft-com:office:spreadsheet";
    let book = |inside: &str| {
        format!(
            "<?xml version=\"1.0\"?><Workbook xmlns=\"{space}\" xmlns:ss=\"{space}\"><Worksheet ss:Name=\"S\"><Table>{inside}</Table>\
             </Worksheet></Workbook>"
        )
        .into_bytes()
    };
    let data = "<Data ss:Type=\"String\">x</Data>";
    let laughing = format!(
        "{}<Workbook xmlns=\"{space}\"><Worksheet><Table><Row><Cell><Data>&l9;</Data></Cell></Row></Table></Worksheet></Workbook>",
        laughs("Workbook")
    );
    assert_contained(vec![
        (
            "spans of a page",
            page(&"<tr><td rowspan=4294967295 colspan=4294967295>x</td></tr>".repeat(500)),
            &[READ, "F003"],
        ),
        (
            "rows that reach down",
            page(&"<tr><td rowspan=65534>x</td></tr>".repeat(3_000)),
            &[READ, "F003"],
        ),
        (
            "tables in tables",
            page(&"<tr><td><table>".repeat(100_000)),
            &[READ, "F001", "F003"],
        ),
        (
            "tags without an end",
            page(&"<td".repeat(500_000)),
            &[READ, "F001", "F003"],
        ),
        (
            "references by the hundred thousand",
            page(&format!("<tr><td>{}", "&#x10FFFF;&amp".repeat(100_000))),
            &[READ, "F003"],
        ),
        (
            "a far row",
            book(&format!("<Row ss:Index=\"4294967295\"><Cell>{data}</Cell></Row>")),
            &["F003"],
        ),
        (
            "a far cell",
            book(&format!("<Row><Cell ss:Index=\"4294967295\">{data}</Cell></Row>")),
            &["F003"],
        ),
        (
            "spans of the xml",
            book(
                &format!("<Row><Cell ss:MergeAcross=\"4294967295\" ss:MergeDown=\"4294967295\">{data}</Cell></Row>")
                    .repeat(200),
            ),
            &[READ, "F003"],
        ),
        (
            "hidden columns without bounds",
            book("<Column ss:Hidden=\"1\" ss:Span=\"4294967295\"/><Row/>"),
            &[READ],
        ),
        ("entities that multiply", laughing.into_bytes(), &["F001", READ]),
    ]);
}

#[test]
fn binary_workbooks_and_text() {
    let bof = |kind: u16| record(0x0809, &[0x0600, kind, 0, 0, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
    let number = |row: u16, column: u16| {
        let head = [row, column, 0].map(u16::to_le_bytes).concat();
        record(0x0203, &[&head[..], &1.0_f64.to_le_bytes()].concat())
    };
    let book = |globals: &[u8], cells: &[u8]| {
        let globals = |start: usize| {
            let start = u32::try_from(start).unwrap().to_le_bytes();
            let bound = record(0x0085, &[&start[..], &[0, 0, 1, 0], b"S"].concat());
            [&bof(0x0005), globals, &bound, &record(0x000a, &[])].concat()
        };
        let start = globals(0).len();
        let sheet = [&bof(0x0010), cells, &record(0x000a, &[])].concat();
        compound(&[("Workbook", &[globals(start), sheet].concat())])
    };
    let announced = record(0x00fc, &[&u32::MAX.to_le_bytes()[..], &u32::MAX.to_le_bytes()].concat());
    let columns = record(0x007d, &[0, 0xffff, 0, 0, 1, 0].map(u16::to_le_bytes).concat()).repeat(5_000);
    let rows = record(0x0208, &[0, 0, 0, 0, 0, 0, 0x20, 0].map(u16::to_le_bytes).concat()).repeat(100_000);
    let field = |text: &str, times: usize| format!("a,b,c\n{}\n", text.repeat(times)).into_bytes();
    assert_contained(vec![
        (
            "the corners of an old sheet",
            book(&[], &[number(0, 0), number(65_535, 255)].concat()),
            &[READ],
        ),
        (
            "corners beyond it",
            book(&[], &[number(0, 0), number(65_535, 65_535)].concat()),
            &["F003"],
        ),
        (
            "strings announced",
            book(&announced, &number(0, 0)),
            &[READ, "F001", "F003"],
        ),
        (
            "columns hidden again and again",
            book(&[], &[columns, number(0, 0)].concat()),
            &[READ, "F003"],
        ),
        (
            "rows hidden again and again",
            book(&[], &[rows, number(0, 0)].concat()),
            &[READ, "F003"],
        ),
        (
            "a stream of zeros",
            compound(&[("Workbook", &vec![0; 1 << 20])]),
            &["F001"],
        ),
        ("a text of ten megabytes", field("长", 3 << 20), &["F003"]),
        ("columns by the million", field(",x", 1 << 20), &["F003"]),
        ("blanks by the million", field(",", 4 << 20), &[READ]),
        ("quotes without an end", field("\"a,", 1 << 20), &[READ, "F003"]),
        (
            "half a character of sixteen bits",
            [&b"\xff\xfe"[..], &b"a\0,\0b\0,\0c\0\n\0\0\xd8"[..]].concat(),
            &["F001", READ],
        ),
    ]);
}
