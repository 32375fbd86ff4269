//! Excel binary workbooks, put together record by record: [MS-XLSB] 2.4.

use retrofit_import::workbook::{Area, Content, Format, SheetHead};

use crate::workbook::read_bytes;
use crate::workbook_hostile::{with_macros, zip};

/// A record: its number and the length of its data, seven bits a byte.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let seven = |number: usize| u8::try_from(number & 0x7f).unwrap();
    let mut bytes = match usize::from(kind) {
        kind @ 0..0x80 => vec![seven(kind)],
        kind => vec![seven(kind) | 0x80, seven(kind >> 7)],
    };
    bytes.extend([seven(data.len()) | 0x80, seven(data.len() >> 7)]);
    [bytes, data.to_vec()].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let length = u32::try_from(units.len()).unwrap().to_le_bytes();
    units
        .iter()
        .flat_map(|unit| unit.to_le_bytes())
        .fold(length.to_vec(), |mut bytes, byte| {
            bytes.push(byte);
            bytes
        })
}

/// A sheet in the list of sheets.
fn bundle(state: u32, id: u32, name: &str) -> Vec<u8> {
    record(
        156,
        &[numbers(&[state, id]), wide(&format!("rId{id}")), wide(name)].concat(),
    )
}

/// A row, hidden or not, and its cells.
fn row(index: u32, hidden: bool, cells: &[Vec<u8>]) -> Vec<u8> {
    let flags = [0, u8::from(hidden) << 4, 0];
    let spans = numbers(&[0]);
    let head = record(0, &[&numbers(&[index, 0])[..], &[0, 0], &flags, &spans].concat());
    [head, cells.concat()].concat()
}

fn text(column: u32, text: &str) -> Vec<u8> {
    record(6, &[numbers(&[column, 0]), wide(text)].concat())
}

fn real(column: u32, style: u32, number: f64) -> Vec<u8> {
    record(5, &[&numbers(&[column, style])[..], &number.to_le_bytes()].concat())
}

/// A number of hundredths, in few bits.
fn rk(column: u32, style: u32, hundredths: u32) -> Vec<u8> {
    record(2, &numbers(&[column, style, hundredths << 2 | 3]))
}

/// A formula that comes to an error.
fn error(column: u32, code: u8) -> Vec<u8> {
    record(11, &[&numbers(&[column, 0])[..], &[code], &[0; 10]].concat())
}

fn sheet(columns: &[Vec<u8>], rows: &[Vec<u8>], merged: &[[u32; 4]]) -> Vec<u8> {
    let merged: Vec<Vec<u8>> = merged.iter().map(|area| record(176, &numbers(area))).collect();
    let begin = |kind| record(kind, &[]);
    [
        begin(129),
        record(148, &numbers(&[0, 99, 0, 99])),
        begin(390),
        columns.concat(),
        begin(391),
        begin(145),
        rows.concat(),
        begin(146),
        record(177, &numbers(&[1])),
        merged.concat(),
        begin(178),
        begin(130),
    ]
    .concat()
}

/// A package of these sheets, the second hidden; format 1 shows `0.0%`, format 2 the built-in `0%`, format 3 the built-in `0.00`.
fn package(first: &[u8], second: &[u8]) -> Vec<u8> {
    let book = [
        record(131, &[]),
        record(153, &numbers(&[0, 0, 0])),
        record(143, &[]),
        bundle(0, 1, "台账"),
        bundle(1, 2, "旧表"),
        record(144, &[]),
        record(157, &[0; 26]),
        record(132, &[]),
    ]
    .concat();
    let format = |code: u16| [&[0, 0][..], &code.to_le_bytes(), &[0; 12]].concat();
    let styles = [
        record(278, &[]),
        record(615, &numbers(&[2])),
        record(44, &[&164_u16.to_le_bytes()[..], &wide("0.0%")].concat()),
        record(44, &[&165_u16.to_le_bytes()[..], &wide("#,##0.00\"元\"")].concat()),
        record(616, &[]),
        record(626, &numbers(&[1])),
        record(47, &format(9)),
        record(627, &[]),
        record(617, &numbers(&[5])),
        record(47, &format(0)),
        record(47, &format(164)),
        record(47, &format(9)),
        record(47, &format(2)),
        record(47, &format(165)),
        record(618, &[]),
        record(279, &[]),
    ]
    .concat();
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let one = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{office}/{kind}" Target="{target}"/>"#)
    };
    let of_package = format!(
        "<Relationships>{}</Relationships>",
        one("r1", "officeDocument", "xl/workbook.bin")
    );
    let of_book = [
        one("rId1", "worksheet", "worksheets/sheet1.bin"),
        one("rId2", "worksheet", "worksheets/sheet2.bin"),
        one("rId3", "styles", "styles.bin"),
    ];
    let of_book = format!("<Relationships>{}</Relationships>", of_book.concat());
    zip(&[
        ("_rels/.rels", of_package.as_bytes()),
        ("xl/workbook.bin", &book),
        ("xl/_rels/workbook.bin.rels", of_book.as_bytes()),
        ("xl/styles.bin", &styles),
        ("xl/worksheets/sheet1.bin", first),
        ("xl/worksheets/sheet2.bin", second),
    ])
}

#[test]
fn xlsb_cells_areas_and_hidden_parts() {
    let column = |first, last, hidden: u16| {
        record(
            60,
            &[&numbers(&[first, last, 2_048, 0])[..], &hidden.to_le_bytes()].concat(),
        )
    };
    let first = sheet(
        &[column(0, 0, 0), column(2, 3, 1)],
        &[
            row(1, false, &[text(0, "县区"), text(1, "进度")]),
            row(2, false, &[text(0, "莘县"), real(1, 1, 0.455)]),
            row(3, true, &[real(1, 2, 0.5), real(2, 0, 0.5)]),
            row(
                4,
                false,
                &[
                    error(0, 0x17),
                    real(1, 3, 2023.1),
                    error(2, 0x1d),
                    rk(3, 3, 202_310),
                    rk(4, 0, 202_310),
                ],
            ),
            row(5, false, &[error(1, 0x2a), real(2, 4, 120_000.0)]),
        ],
        &[[2, 3, 0, 0]],
    );
    let bytes = package(&first, &sheet(&[], &[row(0, false, &[text(0, "x")])], &[]));
    let book = read_bytes(&bytes).unwrap();
    assert_eq!(book.format, Some(Format::Xlsb { macros: false }));
    let macros = read_bytes(&with_macros(bytes)).unwrap().format;
    assert_eq!(macros, Some(Format::Xlsb { macros: true }));
    let area = Area {
        first_row: 2,
        first_column: 0,
        last_row: 3,
        last_column: 0,
    };
    let head = SheetHead {
        name: "台账".to_owned(),
        hidden: false,
        merged: vec![area],
        hidden_rows: vec![3],
        hidden_columns: vec![2, 3],
    };
    assert_eq!(book.sheets[0].0, head);
    assert_eq!((&*book.sheets[1].0.name, book.sheets[1].0.hidden), ("旧表", true));
    assert_eq!(book.content(0, 2, 0), Some(&Content::Text("莘县".into())));
    assert_eq!(book.content(0, 2, 1), Some(&Content::Percent("45.5".into())));
    assert_eq!(book.content(0, 3, 1), Some(&Content::Percent("50".into())));
    assert_eq!(book.content(0, 3, 2), Some(&Content::Number("0.5".into())));
    // Formulas that come to an error, and 2023.1 that is shown as 2023.10.
    let error = |text: &str| Content::Error(text.into());
    let number = |text: &str| Content::Number(text.into());
    let shown: Vec<Content> = (0..5)
        .filter_map(|column| book.content(0, 4, column).cloned())
        .collect();
    assert_eq!(
        shown,
        [
            error("#REF!"),
            number("2023.10"),
            error("#NAME?"),
            number("2023.10"),
            number("2023.1")
        ]
    );
    assert_eq!(book.content(0, 5, 1), Some(&error("#N/A")));
    assert_eq!(book.content(0, 5, 2), Some(&Content::Text("120000元".into())));
}

#[test]
fn xlsb_parts_that_lie_about_their_records_are_refused_or_read() {
    let sound = sheet(&[], &[row(0, false, &[text(0, "x")])], &[[0, 0, 0, 1]]);
    for cut in 0..sound.len() {
        // Whether it is read or refused, the child comes to its end with an answer.
        if let Err(refusal) = read_bytes(&package(&sound[..cut], &sound)) {
            assert_eq!((refusal.code, refusal.incident), ("F001", None), "cut at {cut}");
        }
    }
    // A record that announces more than the part has, columns and areas beyond any sheet.
    let long = [vec![0xb0, 0x01, 0xff, 0xff, 0xff, 0x7f], vec![0; 64]].concat();
    let wide = record(60, &[&numbers(&[0, u32::MAX, 0, 0])[..], &[1, 0]].concat());
    let hidden = sheet(
        &[wide],
        &[row(0, false, &[text(0, "x")])],
        &[[0, u32::MAX, 0, u32::MAX]],
    );
    for bytes in [long, hidden] {
        if let Err(refusal) = read_bytes(&package(&bytes, &sound)) {
            assert!(refusal.incident.is_none(), "{refusal:?}");
        }
    }
}
