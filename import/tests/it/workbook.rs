//! Files to cells, through the child process.

use std::path::{Path, PathBuf};

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

/// Reads bytes under the usual limits.
pub(crate) fn read_bytes(bytes: &[u8]) -> Result<Book, Refusal> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    read_with(file.path(), &Limits::default())
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

#[test]
fn csv_rows_are_records() {
    let book =
        read_bytes("名称,面积,备注\r\n\r\n\"甲\r\n乙\",1,\r\n,,\r\n\r\n丙,2,x\r\n\r\n丁,3,\"\"".as_bytes()).unwrap();
    assert_eq!(book.format, Some(Format::Csv));
    assert_eq!(book.sheets[0].0, SheetHead::default());
    let cells = |list: &[(u32, &str)]| {
        list.iter()
            .map(|(column, text)| (*column, (*text).to_owned()))
            .collect::<Vec<_>>()
    };
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
    assert_eq!(xls.format, Some(Format::Xls));
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
