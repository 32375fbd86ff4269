//! Office Open XML, read by ourselves: calamine's reader of its cells, which `against_calamine.rs` holds ours to, takes several times as
//! long, and rosters come this way.

#[cfg(test)]
mod against_calamine;
mod cells;
mod formats;
mod strings;
mod tags;

use cells::Book;
use strings::Strings;

use super::cells::{Format, SheetHead};
use super::child::{Sink, Stop};
use super::limits::Limits;
use super::package::Package;
use super::sheet_part;
use super::wire::Refused;
use super::xml;

/// Reads a package whose workbook is the part `workbook`.
pub(super) fn read(package: &mut Package, workbook: &str, sink: &mut Sink) -> Result<(), Stop> {
    check_strings(package, sink.limits())?;
    let (sheets, book) = open(package, workbook)?;
    let macros = package.has_macros();
    sink.format(Format::Xlsx { macros })?;
    for Sheet { name, hidden, path } in sheets {
        let areas = sink.limits().areas;
        let Some(part) = package.part(&path)? else { continue };
        let head = sheet_part::read(part, areas)?;
        sink.sheet(SheetHead { name, hidden, ..head })?;
        let Some(part) = package.part(&path)? else { continue };
        cells::read(part, &book, sink)?;
    }
    Ok(())
}

/// A sheet of cells, as the workbook lists it.
struct Sheet {
    name: String,
    hidden: bool,
    path: String,
}

/// The sheets in order, and what their cells refer to.
fn open(package: &mut Package, workbook: &str) -> Result<(Vec<Sheet>, Book), Refused> {
    let relationships = package.relationships(workbook)?;
    let (mut sheets, mut book, mut lost) = (Vec::new(), Book::default(), false);
    if let Some(part) = package.part(workbook)? {
        xml::each_element(xml::reader(part), |element| {
            match element.local_name().as_ref() {
                "sheet" => {
                    let id = xml::attribute(element, "id").unwrap_or_default();
                    match relationships.iter().find(|relationship| relationship.id == id) {
                        Some(found) if found.kind == "worksheet" => sheets.push(Sheet {
                            name: xml::attribute(element, "name").unwrap_or_default(),
                            hidden: xml::attribute(element, "state").is_some_and(|state| state != "visible"),
                            path: found.path.clone(),
                        }),
                        // A sheet that is a chart.
                        Some(_) => {}
                        // A module of Excel 5's macros, which has a name and nothing else.
                        None if id.is_empty() => {}
                        None => lost = true,
                    }
                }
                "workbookPr" => book.from_1904 |= xml::flag(element, "date1904"),
                _ => {}
            }
            true
        })?;
    }
    if lost {
        return Err(xml::broken("a sheet without a part"));
    }
    let path_of = |kind: &str| {
        let named = relationships.iter().find(|relationship| relationship.kind == kind);
        let beside = || match workbook.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{kind}.xml"),
            None => format!("{kind}.xml"),
        };
        named.map_or_else(beside, |named| named.path.clone())
    };
    if let Some(part) = package.part(&path_of("sharedStrings"))? {
        book.strings = Strings::read(part)?;
    }
    if let Some(part) = package.part(&path_of("styles"))? {
        book.formats = formats::read(part)?;
    }
    Ok((sheets, book))
}

/// A part that announces more strings than it has room for is made to exhaust its reader.
fn check_strings(package: &mut Package, limits: &Limits) -> Result<(), Stop> {
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
