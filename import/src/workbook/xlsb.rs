//! Excel binary workbooks: cells from calamine. Merged areas, hidden rows and columns, and percentages are not told.

use std::io::Cursor;

use calamine::{Reader as _, SheetType, SheetVisible, Xlsb};

use super::cells::{Format, SheetHead};
use super::child::{Sink, Stop};
use super::value;
use super::xml;

/// Reads a package whose workbook is a binary part.
pub(super) fn read(bytes: &[u8], macros: bool, sink: &mut Sink) -> Result<(), Stop> {
    let mut book = Xlsb::new(Cursor::new(bytes)).map_err(xml::broken)?;
    sink.format(Format::Xlsb { macros })?;
    for sheet in book.sheets_metadata().to_vec() {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let hidden = sheet.visible != SheetVisible::Visible;
        sink.sheet(SheetHead {
            name: sheet.name.clone(),
            hidden,
            ..SheetHead::default()
        })?;
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(xml::broken)?;
        while let Some(cell) = cells.next_cell().map_err(xml::broken)? {
            let (row, column) = cell.get_position();
            if let Some(content) = value::content(cell.get_value(), false) {
                sink.cell(row, column, content)?;
            }
        }
    }
    Ok(())
}
