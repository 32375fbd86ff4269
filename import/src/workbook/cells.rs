//! Sheets of addressed cells: what the child process turns foreign bytes into, and nothing more.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A cell's place, 0-based; shown as Excel shows it (`U15`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub column: u32,
}

impl Address {
    /// The place in row and column, both from 0.
    pub const fn new(row: u32, column: u32) -> Self {
        Self { row, column }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", column_name(self.column), u64::from(self.row) + 1)
    }
}

/// The letters of a column, from 0: `A`, `Z`, `AA`.
pub fn column_name(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// What stands for the value of a formula whose result the file does not have; whoever reads it again knows it by its text.
pub(crate) const NO_RESULT: &str = "#公式无结果";

/// What a cell holds, before it means anything.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text as stored, untrimmed.
    Text(Box<str>),
    /// A number, in the shortest decimal text that Excel shows for it (15 significant digits, plain or with an exponent); money and
    /// measures never pass through a float after this point.
    Number(Box<str>),
    /// A number that the workbook formats as a percentage, already as shown: `45` for 0.45 shown as 45%.
    Percent(Box<str>),
    /// A number that the workbook formats as a date: an ISO text (`2023-05-12`, or with `T00:00:00`).
    Date(Box<str>),
    /// True or false.
    Bool(bool),
    /// An Excel error value such as `#REF!`.
    Error(Box<str>),
}

/// What a cell holds, as a reader shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentRef<'a> {
    Text(&'a str),
    Number(&'a str),
    Percent(&'a str),
    Date(&'a str),
    Bool(bool),
    Error(&'a str),
}

impl Content {
    /// Takes the text out, as it stands; of a truth value there is none.
    pub(crate) fn take_text(&mut self) -> Box<str> {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Percent(text) | Self::Date(text) | Self::Error(text) => {
                std::mem::take(text)
            }
            Self::Bool(_) => Box::default(),
        }
    }

    pub(super) fn borrowed(&self) -> ContentRef<'_> {
        match self {
            Self::Text(text) => ContentRef::Text(text),
            Self::Number(digits) => ContentRef::Number(digits),
            Self::Percent(digits) => ContentRef::Percent(digits),
            Self::Date(iso) => ContentRef::Date(iso),
            Self::Bool(yes) => ContentRef::Bool(*yes),
            Self::Error(error) => ContentRef::Error(error),
        }
    }
}

/// One cell that holds something.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Column, from 0.
    pub column: u32,
    /// What it holds.
    pub content: Content,
}

/// One row with at least one cell, cells in order of their columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Row, from 0 as in the sheet (for csv: the record's number).
    pub index: u32,
    /// Its cells, by column.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The content of a column.
    pub fn content(&self, column: u32) -> Option<&Content> {
        self.cells
            .binary_search_by_key(&column, |cell| cell.column)
            .ok()
            .map(|at| &self.cells[at].content)
    }

    /// The same, to change it.
    pub(crate) fn content_mut(&mut self, column: u32) -> Option<&mut Content> {
        let at = self.cells.binary_search_by_key(&column, |cell| cell.column);
        at.ok().map(|at| &mut self.cells[at].content)
    }
}

/// A merged area, all bounds from 0 and inclusive. Only its first cell holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// The first row.
    pub first_row: u32,
    /// The first column.
    pub first_column: u32,
    /// The last row.
    pub last_row: u32,
    /// The last column.
    pub last_column: u32,
}

/// What is known of a sheet before its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetHead {
    /// Its name; of a csv the empty text.
    pub name: String,
    /// A hidden sheet is skipped, and said so.
    pub hidden: bool,
    /// Merged areas.
    pub merged: Vec<Area>,
    /// Hidden rows, from 0.
    pub hidden_rows: Vec<u32>,
    /// Hidden columns, from 0.
    pub hidden_columns: Vec<u32>,
}

/// What the child tells of a workbook, in this order: for each sheet its head and then its rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// What kind of file it is; first of all.
    Format(Format),
    /// A sheet begins.
    Sheet(SheetHead),
    /// The next row of the sheet.
    Row(Row),
}

/// The kind of a workbook, told from its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Office Open XML; `macros` when it carries a VBA project, which is never run.
    Xlsx {
        /// Whether the workbook carries macros.
        macros: bool,
    },
    /// Excel 97-2003 binary (and older, and WPS .et).
    Xls {
        /// Whether the workbook carries macros.
        macros: bool,
    },
    /// Excel binary workbook.
    Xlsb {
        /// Whether the workbook carries macros.
        macros: bool,
    },
    /// OpenDocument.
    Ods,
    /// Comma- or tab-separated text.
    Csv,
    /// Tables of a web page, which many systems export under the name .xls.
    Html,
    /// The XML of Excel 2003, also exported under the name .xls.
    Xml2003,
}

impl Format {
    /// Whether the workbook carries macros. They are looked for where Excel and WPS keep theirs.
    pub const fn has_macros(self) -> bool {
        match self {
            Self::Xlsx { macros } | Self::Xls { macros } | Self::Xlsb { macros } => macros,
            Self::Ods | Self::Csv | Self::Html | Self::Xml2003 => false,
        }
    }
}
