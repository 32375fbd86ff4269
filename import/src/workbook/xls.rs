//! Excel 97-2003 (and older, and WPS .et): cells from calamine, what it does not tell from the records of the workbook's stream.

use std::io::{Cursor, Read};

use calamine::{Data, DataRef, Reader as _, SheetType, SheetVisible, Xls};
use cfb::CompoundFile;

use super::cells::{Area, Format, SheetHead};
use super::child::{Sink, Stop};
use super::sniff;
use super::value::{self, Shown};
use super::wire::Refused;
use super::xls_part;
use super::xml;

/// Reads a compound file.
pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    let (stream, macros) = workbook_stream(bytes)?;
    let parts = xls_part::parts(&stream)?;
    drop(stream);
    let mut book = Xls::new(Cursor::new(bytes)).map_err(xml::broken)?;
    sink.format(Format::Xls { macros })?;
    let sheets = book.sheets_metadata().to_vec();
    for (sheet, part) in sheets.into_iter().zip(parts) {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let merged = book.merge_cells_by_sheet_name(&sheet.name).map_err(xml::broken)?;
        let merged = merged.into_iter().map(|area| Area {
            first_row: area.start.0,
            first_column: area.start.1,
            last_row: area.end.0,
            last_column: area.end.1,
        });
        sink.sheet(SheetHead {
            hidden: sheet.visible != SheetVisible::Visible,
            merged: merged.collect(),
            hidden_rows: part.hidden_rows,
            hidden_columns: part.hidden_columns,
            name: sheet.name.clone(),
        })?;
        let range = book.worksheet_range(&sheet.name).map_err(xml::broken)?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, cells) in (first_row..).zip(range.rows()) {
            for (column, cell) in (first_column..).zip(cells) {
                let shown = part.shown.get(&(row, column)).unwrap_or(&Shown::Plain);
                if let Some(content) = value::content(&borrowed(cell), shown) {
                    sink.cell(row, column, content)?;
                }
            }
        }
    }
    Ok(())
}

/// The stream that holds the workbook and whether there are macros beside it, or what the file is instead.
fn workbook_stream(bytes: &[u8]) -> Result<(Vec<u8>, bool), Refused> {
    let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(|error| {
        Refused::unreadable(
            "文件不完整或已损坏，可能没有传完。请重新保存或重新下载后再报送。",
            error,
        )
    })?;
    if file.exists("EncryptedPackage") {
        return Err(sniff::protected("EncryptedPackage"));
    }
    let Some(name) = ["Workbook", "Book"].into_iter().find(|name| file.is_stream(name)) else {
        let names: Vec<String> = file.read_root_storage().map(|entry| entry.name().to_owned()).collect();
        return Err(sniff::other_package(names.iter().map(String::as_str)));
    };
    let mut stream = Vec::new();
    file.open_stream(name)
        .and_then(|mut from| from.read_to_end(&mut stream))
        .map_err(xml::broken)?;
    // The record that every workbook begins with.
    if !stream.starts_with(&[0x09, 0x08]) {
        return Err(xml::broken("no beginning of a workbook"));
    }
    Ok((stream, file.exists("_VBA_PROJECT_CUR")))
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(value) => DataRef::DateTime(*value),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}
