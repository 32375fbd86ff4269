//! Our reader of cells beside calamine's, over every roster of the tests and over parts that are written in every way that XML allows.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use calamine::{Reader as _, SheetType, Xlsx};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::workbook::cells::{Content, Event};
use crate::workbook::child::{Sink, Stop};
use crate::workbook::limits::Limits;
use crate::workbook::package::Package;
use crate::workbook::value::{self, Shown};
use crate::workbook::wire::{self, Answer};

/// Sheet, row and column of each cell, and what it holds.
type Cells = Vec<(usize, u32, u32, Content)>;

fn ours(bytes: &[u8]) -> Result<Cells, String> {
    let mut frames = Vec::new();
    let mut sink = Sink::new(&mut frames, Limits::default());
    let limits = Limits::default();
    let mut package = Package::open(bytes, &limits).map_err(|refused| refused.detail)?;
    super::read(&mut package, "xl/workbook.xml", &mut sink).map_err(|stop| match stop {
        Stop::Refused(refused) => refused.detail,
        Stop::Unheard(error) => error.to_string(),
    })?;
    sink.end(&wire::Word::Done).unwrap();
    let (mut cells, mut sheets) = (Cells::new(), 0);
    let mut rest = frames.as_slice();
    while let Some(frame) = wire::read_frame(&mut rest).unwrap() {
        let mut answers = frame.as_slice();
        while !answers.is_empty() {
            match wire::take_answer(&mut answers).unwrap() {
                Answer::Event(Event::Sheet(_)) => sheets += 1,
                Answer::Event(Event::Row(row)) => cells.extend(
                    row.cells
                        .into_iter()
                        .map(|cell| (sheets, row.index, cell.column, cell.content)),
                ),
                _ => {}
            }
        }
    }
    Ok(cells)
}

/// What calamine reads, as the child turned it into contents before it read cells itself.
fn calamines(bytes: &[u8]) -> Result<Cells, String> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let (mut cells, mut sheets) = (Cells::new(), 0);
    for sheet in book.sheets_metadata().to_vec() {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        sheets += 1;
        let mut reader = book
            .worksheet_cells_reader(&sheet.name)
            .map_err(|error| error.to_string())?;
        let shown = |style: &calamine::Style| {
            let format = style.number_format.as_ref();
            format.map_or(Shown::Plain, |format| Shown::of_code(&format.format_code))
        };
        let shown: Vec<Shown> = reader.styles().iter().map(shown).collect();
        while let Some((cell, style)) = reader.next_cell_with_style_id().map_err(|error| error.to_string())? {
            let (row, column) = cell.get_position();
            let content = value::content(cell.get_value(), shown.get(style).unwrap_or(&Shown::Plain));
            // Blank text is no content.
            let blank = |content: &Content| matches!(content, Content::Text(text) if text.trim().is_empty());
            cells.extend(
                content
                    .filter(|content| !blank(content))
                    .map(|content| (sheets, row, column, content)),
            );
        }
    }
    Ok(cells)
}

fn rosters() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rosters");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let workbooks = files.filter(|file| file.extension().is_some_and(|extension| extension == "xlsx"));
    workbooks.map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn every_roster_of_the_tests() {
    let mut compared = 0;
    for bytes in rosters() {
        let (Ok(ours), Ok(calamines)) = (ours(&bytes), calamines(&bytes)) else {
            continue;
        };
        assert!(
            ours == calamines,
            "{:?}",
            ours.iter().zip(&calamines).find(|(one, other)| one != other)
        );
        compared += ours.len();
    }
    assert!(compared > 10_000, "{compared} cells");
}

/// A package of these rows, shared strings and styles.
fn package(rows: &str, strings: &str) -> Vec<u8> {
    const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relationship = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>"#)
    };
    let of_book = [
        relationship("a", "worksheet", "worksheets/sheet1.xml"),
        relationship("b", "sharedStrings", "sharedStrings.xml"),
        relationship("c", "styles", "styles.xml"),
    ];
    let parts = [
        (
            "_rels/.rels",
            format!(
                "<Relationships>{}</Relationships>",
                relationship("r", "officeDocument", "xl/workbook.xml")
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!("<Relationships>{}</Relationships>", of_book.concat()),
        ),
        (
            "xl/workbook.xml",
            r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>"#.to_owned(),
        ),
        ("xl/sharedStrings.xml", format!("<sst>{strings}</sst>")),
        ("xl/styles.xml", STYLES.to_owned()),
        (
            "xl/worksheets/sheet1.xml",
            format!("<?xml version=\"1.0\"?>\n<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in parts {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Eight styles: plain, a percentage, a date, a time, a span of time, and three of the file's own.
const STYLES: &str = r#"<styleSheet><numFmts count="3"><numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>
    <numFmt numFmtId="177" formatCode="0.0%;[Red]-0.0%"/><numFmt numFmtId="178" formatCode="0.00_ &quot;d&quot;"/></numFmts>
    <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="14"/><xf numFmtId="22"/>
    <xf numFmtId="46"/><xf numFmtId="176"/><xf numFmtId="177"/><xf numFmtId="178"/></cellXfs></styleSheet>"#;

/// How many shared strings a generated package has.
const STRINGS: usize = 6;

/// A text as XML writes it: with references, in runs, with spaces.
fn written() -> impl Strategy<Value = String> + Clone {
    let piece = prop_oneof![
        "[a-z甲-癸0-9 ]{0,6}",
        Just("&amp;".to_owned()),
        Just("&lt;&gt;&quot;&apos;".to_owned()),
        Just("&#10;&#x4e00;".to_owned()),
        Just("_x000D_".to_owned()),
        Just("_x005F_x0041_".to_owned()),
        Just("_x00_".to_owned()),
        Just("\n \t".to_owned()),
        Just("\u{a0}\u{3000}".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// A shared or inline string's inside.
fn string() -> impl Strategy<Value = String> {
    let plain = (written(), any::<bool>()).prop_map(|(text, keeps)| {
        let space = if keeps { " xml:space=\"preserve\"" } else { "" };
        format!("<t{space}>{text}</t>")
    });
    let run = plain
        .clone()
        .prop_map(|text| format!("<r><rPr><sz val='9'/></rPr>{text}</r>"));
    let runs = prop::collection::vec(run, 1..3).prop_map(|runs| runs.concat());
    prop_oneof![
        4 => plain.clone(),
        2 => (runs, any::<bool>()).prop_map(|(runs, aid)| if aid { runs + "<rPh sb='0'><t>yin</t></rPh>" } else { runs }),
        1 => Just("<t/>".to_owned()),
        1 => Just(String::new()),
        1 => written().prop_map(|text| format!("<t><![CDATA[<{}>]]></t>", text.replace('&', ""))),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        (0..3_000_000_u32, 0..4_u32)
            .prop_map(|(number, places)| { (f64::from(number) / f64::from(10_u32.pow(places))).to_string() }),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        (0.0..60_000.0).prop_map(|number: f64| number.to_string()),
        "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,17})?",
        Just("0.1e-3".to_owned()),
        Just("-0".to_owned()),
        Just("1E+20".to_owned()),
    ]
}

/// A cell: its attributes but for the place, and its inside.
fn cell() -> impl Strategy<Value = (String, String)> {
    let value = |kind: &'static str| {
        move |text: String| {
            let kind = if kind.is_empty() {
                String::new()
            } else {
                format!(" t=\"{kind}\"")
            };
            (kind, format!("<v>{text}</v>"))
        }
    };
    let of_number = prop_oneof![number().prop_map(value("")), number().prop_map(value("n"))];
    prop_oneof![
        6 => of_number,
        4 => (0..STRINGS).prop_map(|at| at.to_string()).prop_map(value("s")),
        2 => written().prop_map(value("str")),
        2 => string().prop_map(|inside| (" t=\"inlineStr\"".to_owned(), format!("<is>{inside}</is>"))),
        1 => prop::sample::select(vec!["0", "1", "true"]).prop_map(move |yes| value("b")(yes.to_owned())),
        1 => prop::sample::select(vec!["#REF!", "#N/A", "#DIV/0!"]).prop_map(move |error| value("e")(error.to_owned())),
        1 => Just((" t='d'".to_owned(), "<v>2023-05-12T00:00:00</v>".to_owned())),
        1 => Just((String::new(), String::new())),
        1 => Just((String::new(), "<v></v>".to_owned())),
        1 => number().prop_map(|number| (String::new(), format!("<f>A1&gt;2</f><v>{number}</v>"))),
        1 => written().prop_map(|text| (" t=\"str\"".to_owned(), format!("\n<f t=\"shared\" si='0'/><v>{text}</v>\n"))),
    ]
}

/// A sheet's rows: cells with and without places, gaps, prefixes, comments, attributes in any order.
fn rows() -> impl Strategy<Value = String> {
    let dressed = (cell(), 0..8_u32, 0..4_u32, any::<(bool, bool, bool)>());
    let row = (prop::collection::vec(dressed, 0..6), any::<(bool, bool)>(), 0..3_u32);
    prop::collection::vec(row, 0..6).prop_map(|rows| {
        let mut text = String::new();
        let mut index = 0;
        for (cells, (placed, prefixed), gap) in rows {
            let prefix = if prefixed { "x:" } else { "" };
            if placed {
                index += gap;
                write!(text, "<{prefix}row spans='1:9' r=\"{}\" ht='15'>", index + 1).unwrap();
            } else {
                write!(text, "<{prefix}row>").unwrap();
            }
            let mut column = 0;
            for ((kind, inside), style, gap, (placed, first, comment)) in cells {
                let mut attributes = format!("{kind} s=\"{style}\"");
                if placed {
                    column += gap;
                    let place = format!(" r=\"{}{}\"", crate::workbook::column_name(column), index + 1);
                    attributes = if first {
                        place + &attributes
                    } else {
                        attributes + &place
                    };
                }
                column += 1;
                let inside = if prefixed {
                    inside.replace("<v>", "<x:v>").replace("</v>", "</x:v>")
                } else {
                    inside
                };
                if inside.is_empty() {
                    write!(text, "<{prefix}c{attributes}/>").unwrap();
                } else {
                    write!(text, "<{prefix}c{attributes}>{inside}</{prefix}c>").unwrap();
                }
                if comment {
                    text.push_str(" <!-- <c r=\"A1\"><v>1</v></c> -->\n");
                }
            }
            write!(text, "</{prefix}row>").unwrap();
            index += 1;
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_part_that_can_be_written(rows in rows(), strings in prop::collection::vec(string(), STRINGS)) {
        let strings = format!("<si>{}</si>", strings.join("</si><si>"));
        let bytes = package(&rows, &strings);
        prop_assert_eq!(ours(&bytes), calamines(&bytes), "{}", rows);
    }
}
