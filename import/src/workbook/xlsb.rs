//! Excel binary workbooks: cells from calamine, what it does not tell from the records of the parts.

use std::io::Cursor;

use calamine::{Reader as _, SheetType, SheetVisible, Xlsb};

use super::cells::{Content, Format, SheetHead};
use super::child::{Sink, Stop};
use super::package::Package;
use super::value::{self, Shown};
use super::xlsb_part::{self, Errors};
use super::xml;

/// Reads a package whose workbook is the binary part at this path.
pub(super) fn read(package: &mut Package<'_>, workbook: &str, bytes: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    let mut book = Xlsb::new(Cursor::new(bytes)).map_err(xml::broken)?;
    let macros = package.has_macros();
    sink.format(Format::Xlsb { macros })?;
    let areas = sink.limits().areas;
    let paths = xlsb_part::sheets(package, workbook)?;
    let relationships = package.relationships(workbook)?;
    let styles = relationships.iter().find(|relationship| relationship.kind == "styles");
    let styles = styles.map(|styles| xlsb_part::styles(package, &styles.path));
    let styles = styles.transpose()?.unwrap_or_default();
    let sheets = book.sheets_metadata().to_vec();
    for (sheet, path) in sheets.into_iter().zip(paths) {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let mut part = xlsb_part::part(package, &path, &styles, areas)?;
        sink.sheet(SheetHead {
            hidden: sheet.visible != SheetVisible::Visible,
            merged: part.merged,
            hidden_rows: part.hidden_rows,
            hidden_columns: part.hidden_columns,
            name: sheet.name.clone(),
        })?;
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(xml::broken)?;
        while let Some(cell) = cells.next_cell().map_err(xml::broken)? {
            let (row, column) = cell.get_position();
            errors_before((row, column), &mut part.errors, sink)?;
            let shown = part.shown.get(&(row, column)).unwrap_or(&Shown::Plain);
            if let Some(content) = value::content(cell.get_value(), shown) {
                sink.cell(row, column, content)?;
            }
        }
        errors_before((u32::MAX, u32::MAX), &mut part.errors, sink)?;
    }
    Ok(())
}

/// Hands over the errors that stand before a place.
fn errors_before(place: (u32, u32), errors: &mut Errors, sink: &mut Sink) -> Result<(), Stop> {
    while let Some(((row, column), error)) = errors.pop_front_if(|(at, _)| *at < place) {
        sink.cell(row, column, Content::Error(error.into()))?;
    }
    Ok(())
}
