//! Office Open XML, read by ourselves: calamine's reader of its cells, which `against_calamine.rs` holds ours to, takes several times as
//! long, and rosters come this way.

#[cfg(test)]
mod against_calamine;
mod cells;
mod formats;
mod strings;
mod tags;

use std::sync::mpsc;
use std::thread;

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
    let (sheets, parts) = open(package, workbook)?;
    let areas = sink.limits().areas;
    thread::scope(|scope| {
        let (to, heads) = mpsc::sync_channel(1);
        let (sheets, mut looking) = (&sheets, package.clone());
        // What is needed of a sheet before its cells stands behind them: while the strings or the cells before are read, it is looked for. Should that
        // break down, the end of the scope does too.
        let look = move || {
            let heads = sheets.iter().map(|sheet| match looking.part(&sheet.path)? {
                Some(part) => sheet_part::read(part, areas).map(Some),
                None => Ok(None),
            });
            // Nobody listens any more where the file is refused.
            let _ = heads.map(|head| to.send(head)).find(Result::is_err);
        };
        if thread::Builder::new().spawn_scoped(scope, look).is_err() {
            return Err(Refused::over(
                "系统资源不足，没有读成。请稍后再报送；还是不行的，请告诉系统管理员。".to_owned(),
            )
            .into());
        }
        let book = parts.read(package)?;
        let macros = package.has_macros();
        sink.format(Format::Xlsx { macros })?;
        for (Sheet { name, hidden, path }, head) in sheets.iter().zip(heads) {
            let (Some(head), Some(part)) = (head?, package.part(path)?) else {
                continue;
            };
            let (name, hidden) = (name.clone(), *hidden);
            sink.sheet(SheetHead { name, hidden, ..head })?;
            cells::read(part, &book, sink)?;
        }
        Ok(())
    })
}

/// A sheet of cells, as the workbook lists it.
struct Sheet {
    name: String,
    hidden: bool,
    path: String,
}

/// What the cells of a workbook refer to.
struct Parts {
    from_1904: bool,
    strings: String,
    styles: String,
}

impl Parts {
    fn read(&self, package: &mut Package) -> Result<Book, Refused> {
        let mut book = Book {
            from_1904: self.from_1904,
            ..Book::default()
        };
        if let Some(part) = package.part(&self.strings)? {
            book.strings = Strings::read(part)?;
        }
        if let Some(part) = package.part(&self.styles)? {
            book.formats = formats::read(part)?;
        }
        Ok(book)
    }
}

/// The sheets in order, and what their cells refer to.
fn open(package: &mut Package, workbook: &str) -> Result<(Vec<Sheet>, Parts), Refused> {
    let relationships = package.relationships(workbook)?;
    let (mut sheets, mut from_1904, mut lost) = (Vec::new(), false, false);
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
                "workbookPr" => from_1904 |= xml::flag(element, "date1904"),
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
    let parts = Parts {
        from_1904,
        strings: path_of("sharedStrings"),
        styles: path_of("styles"),
    };
    Ok((sheets, parts))
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
