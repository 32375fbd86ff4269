//! Formats whose cells carry their own spans and repeats. A sheet's merged areas are then known only at its end, and are needed at its
//! start: the text is walked twice.

use std::ops::Range;

use super::cells::{Area, Content, Format, SheetHead};
use super::child::{Sink, Stop};

/// What a walk over the text meets.
pub(super) enum Part {
    /// A sheet begins.
    Sheet {
        /// Its name.
        name: String,
    },
    /// The sheet is hidden.
    HiddenSheet,
    /// Columns of the sheet are hidden.
    HiddenColumns(Range<u32>),
    /// The next row that holds something.
    Row(SpannedRow),
}

/// A row with cells that hold something or span several.
pub(super) struct SpannedRow {
    /// From 0.
    pub(super) index: u32,
    /// How many rows are the same, itself among them.
    pub(super) repeat: u32,
    /// Whether it is hidden.
    pub(super) hidden: bool,
    /// By column.
    pub(super) cells: Vec<SpannedCell>,
}

/// A cell that holds something or spans several.
pub(super) struct SpannedCell {
    /// From 0.
    pub(super) column: u32,
    /// How many cells to the right are the same, itself among them.
    pub(super) repeat: u32,
    /// Rows that it spans.
    pub(super) rows: u32,
    /// Columns that it spans.
    pub(super) columns: u32,
    /// What it holds.
    pub(super) content: Option<Content>,
}

/// Takes a part.
pub(super) type OnPart<'a> = dyn FnMut(Part) -> Result<(), Stop> + 'a;

/// Reads a workbook by walking it twice.
pub(super) fn read(
    format: Format,
    sink: &mut Sink,
    mut walk: impl FnMut(&mut OnPart) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut heads = Vec::new();
    let areas = sink.limits().areas;
    walk(&mut |part| {
        note(part, &mut heads, areas);
        Ok(())
    })?;
    sink.format(format)?;
    let mut heads = heads.into_iter();
    walk(&mut |part| match part {
        Part::Sheet { .. } => sink.sheet(heads.next().unwrap_or_default()),
        Part::Row(row) => send(&row, sink),
        Part::HiddenSheet | Part::HiddenColumns(_) => Ok(()),
    })
}

fn note(part: Part, heads: &mut Vec<SheetHead>, areas: usize) {
    let name = match part {
        Part::Sheet { name } => name,
        part => {
            let Some(head) = heads.last_mut() else { return };
            match part {
                Part::HiddenSheet => head.hidden = true,
                Part::HiddenColumns(columns) => head.hidden_columns.extend(columns),
                Part::Row(row) => note_row(&row, head, areas),
                Part::Sheet { .. } => {}
            }
            return;
        }
    };
    heads.push(SheetHead {
        name,
        ..SheetHead::default()
    });
}

/// Lists end one past `areas`: enough to be refused.
fn note_row(row: &SpannedRow, head: &mut SheetHead, areas: usize) {
    let last = row.index.saturating_add(row.repeat - 1);
    if row.hidden {
        let room = (areas + 1).saturating_sub(head.hidden_rows.len());
        head.hidden_rows.extend((row.index..=last).take(room));
    }
    for cell in &row.cells {
        if (cell.rows > 1 || cell.columns > 1) && head.merged.len() <= areas {
            head.merged.push(Area {
                first_row: row.index,
                first_column: cell.column,
                last_row: row.index.saturating_add(cell.rows - 1),
                last_column: cell.column.saturating_add(cell.columns - 1),
            });
        }
    }
}

/// The sink ends a repeat that goes too far.
fn send(row: &SpannedRow, sink: &mut Sink) -> Result<(), Stop> {
    for index in row.index..row.index.saturating_add(row.repeat) {
        for cell in &row.cells {
            let Some(content) = &cell.content else { continue };
            for column in cell.column..cell.column.saturating_add(cell.repeat) {
                sink.cell(index, column, content.clone())?;
            }
        }
    }
    Ok(())
}
