//! Office Open XML: cells from calamine's streaming reader, what it does not tell from the sheet's part.

use std::io::Cursor;

use calamine::{Reader as _, SheetType, SheetVisible, Style, Xlsx, XlsxError};

use super::cells::{Content, Format};
use super::child::{Sink, Stop};
use super::limits::Limits;
use super::package::Package;
use super::sheet_part::{self, SheetPart};
use super::value;
use super::wire::Refused;
use super::xml;

/// Reads a package whose workbook is the part `workbook`.
pub(super) fn read(bytes: &[u8], package: &mut Package, workbook: &str, sink: &mut Sink) -> Result<(), Stop> {
    check_strings(package, sink.limits())?;
    let parts = sheet_parts(package, workbook)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let macros = package.paths().any(|path| path.ends_with("vbaproject.bin"));
    sink.format(Format::Xlsx { macros })?;
    let sheets = book.sheets_metadata().to_vec();
    for (sheet, part) in sheets.into_iter().zip(parts) {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let areas = sink.limits().areas;
        let Some(part) = package.part(&part)? else { continue };
        let SheetPart {
            mut head,
            mut new_errors,
        } = sheet_part::read(part, areas)?;
        head.name.clone_from(&sheet.name);
        head.hidden = sheet.visible != SheetVisible::Visible;
        sink.sheet(head)?;
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(broken)?;
        let percents: Vec<bool> = cells.styles().iter().map(is_percent).collect();
        loop {
            match cells.next_cell_with_style_id() {
                Ok(Some((cell, style))) => {
                    let (row, column) = cell.get_position();
                    if let Some(content) = value::content(cell.get_value(), percents.get(style) == Some(&true)) {
                        sink.cell(row, column, content)?;
                    }
                }
                Ok(None) => break,
                // The reader goes on behind the cell, and does not say which it was.
                Err(XlsxError::CellError(text)) => {
                    let (at, error) = new_errors.pop_front().ok_or_else(|| xml::broken(text))?;
                    sink.cell(at.row, at.column, Content::Error(error.into()))?;
                }
                Err(error) => return Err(broken(error).into()),
            }
        }
    }
    Ok(())
}

fn is_percent(style: &Style) -> bool {
    style
        .number_format
        .as_ref()
        .is_some_and(|format| value::is_percent_format(&format.format_code))
}

/// The reader reserves memory for as many strings as their part announces, before it has read one.
pub(super) fn check_strings(package: &mut Package, limits: &Limits) -> Result<(), Stop> {
    let paths: Vec<String> = package
        .paths()
        .filter(|path| path.ends_with("sharedstrings.xml"))
        .map(str::to_owned)
        .collect();
    for path in paths {
        let room = package.size(&path).unwrap_or_default() / "<si/>".len() as u64;
        let Some(part) = package.part(&path)? else { continue };
        let mut announced = String::new();
        xml::each_element(xml::reader(part), |element| {
            announced = xml::attribute(element, "uniqueCount").unwrap_or_default();
            false
        })?;
        // A number too long to be read is too large; one that is no number is not believed by the reader either.
        let digits = !announced.is_empty() && announced.bytes().all(|byte| byte.is_ascii_digit());
        let announced = if digits {
            announced.parse().unwrap_or(u64::MAX)
        } else {
            0
        };
        if announced > limits.announced_strings.max(room) {
            let message = format!(
                "文件声称有{announced}个字符串，实际放不下这么多，已停止读取。请用 Excel 或 WPS 另存后再报送。"
            );
            return Err(Refused::over(message).into());
        }
    }
    Ok(())
}

/// The paths of the sheets' parts, in the order of the workbook; empty for a sheet without one.
fn sheet_parts(package: &mut Package, workbook: &str) -> Result<Vec<String>, Refused> {
    let relationships = package.relationships(workbook)?;
    let Some(part) = package.part(workbook)? else {
        return Ok(Vec::new());
    };
    let mut paths = Vec::new();
    xml::each_element(xml::reader(part), |element| {
        if element.local_name().as_ref() == "sheet" {
            let id = xml::attribute(element, "id").unwrap_or_default();
            let found = relationships.iter().find(|relationship| relationship.id == id);
            paths.push(found.map(|found| found.path.clone()).unwrap_or_default());
        }
        true
    })?;
    Ok(paths)
}

fn broken(error: XlsxError) -> Refused {
    match error {
        XlsxError::Password => super::sniff::protected("password"),
        error => xml::broken(error),
    }
}
