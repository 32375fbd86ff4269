//! What is to be marked in a workbook: for the child process, which alone opens the original.

use serde::{Deserialize, Serialize};

use super::cells::Address;
use crate::finding::Severity;

/// Marks for a whole workbook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// The sheet that comes first.
    pub(crate) front: Draft,
    /// Its name.
    pub(crate) front_name: String,
    /// The sheet, if any, that came with the original and that it takes the place of.
    pub(crate) replaces: Option<String>,
    /// The marks of sheets.
    pub(crate) sheets: Vec<SheetMarks>,
}

/// Marks on a sheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SheetMarks {
    /// Its name.
    pub(crate) name: String,
    /// The flagged cells, in order.
    pub(crate) cells: Vec<CellMark>,
    /// Texts for cells that are blank.
    pub(crate) fills: Vec<(Address, String)>,
    /// The first of the added columns, from 0.
    pub(crate) first: u32,
    /// Their headings and widths in characters.
    pub(crate) columns: Vec<(String, f64)>,
    /// The header rows of each table, from 0, first and last.
    pub(crate) headers: Vec<(u32, u32)>,
    /// What stands in the added columns of rows, in order.
    pub(crate) rows: Vec<RowMark>,
}

/// A flagged cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CellMark {
    pub(crate) at: Address,
    /// Its colour.
    pub(crate) severity: Severity,
    /// Its note.
    pub(crate) note: Option<String>,
}

/// The added cells of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowMark {
    /// From 0.
    pub(crate) row: u32,
    /// One for each added column.
    pub(crate) cells: Vec<AddedCell>,
    /// Lines that its longest text takes.
    pub(crate) lines: usize,
}

/// A cell of an added column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AddedCell {
    /// Its text; none where what the officer wrote there stays.
    pub(crate) text: Option<String>,
    /// Its colour.
    pub(crate) severity: Option<Severity>,
}

/// A sheet of texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The widths of its columns, in characters.
    pub(crate) widths: Vec<f64>,
    /// Its rows, from the top; none of them is left out.
    pub(crate) rows: Vec<DraftRow>,
}

/// A row of a draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DraftRow {
    /// In points.
    pub(crate) height: Option<f64>,
    /// By column, from 0.
    pub(crate) cells: Vec<DraftCell>,
}

/// A cell of a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DraftCell {
    pub(crate) column: u16,
    pub(crate) text: String,
    pub(crate) look: Look,
    /// The sheet and cell that it leads to.
    pub(crate) link: Option<(String, Address)>,
}

/// How a draft's cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Look {
    /// The title of the sheet.
    Title,
    /// The sentence that matters most.
    Lead,
    /// A line of text.
    Plain,
    /// The head of a column.
    Header,
    /// A cell of a table.
    Body,
    /// A cell of a table that leads somewhere.
    Link,
    /// A cell in the colour of a severity.
    Coloured(Severity),
}
