//! OpenDocument spreadsheets (ODF 1.3 part 3, chapter 9).

use std::collections::HashSet;
use std::io::{BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::cells::{Content, Format, NO_RESULT};
use super::child::{Sink, Stop};
use super::format_code::Frame;
use super::limits::Limits;
use super::package::Package;
use super::sniff;
use super::spanned::{self, OnPart, Part, SpannedCell, SpannedRow};
use super::value;
use super::wire::Refused;
use super::xml;

/// Reads a package with a part `content.xml`.
pub(super) fn read(package: &mut Package, sink: &mut Sink) -> Result<(), Stop> {
    if text_of(package, "META-INF/manifest.xml")?.contains("encryption-data") {
        return Err(sniff::protected("encryption-data").into());
    }
    let kind = text_of(package, "mimetype")?;
    if !kind.is_empty() && !kind.contains("spreadsheet") {
        return Err(sniff::other_package(std::iter::once("word")).into());
    }
    let limits = sink.limits().clone();
    spanned::read(Format::Ods, sink, |on_part| {
        let part = package
            .part("content.xml")?
            .ok_or_else(|| xml::broken("no content.xml"))?;
        Walk {
            reader: xml::reader(part),
            buffer: Vec::new(),
            limits: &limits,
        }
        .sheets(on_part)
    })
}

/// The beginning of a small part; empty where there is none.
fn text_of(package: &mut Package, path: &str) -> Result<String, Refused> {
    let mut text = Vec::new();
    if let Some(part) = package.part(path)? {
        part.take(1 << 20).read_to_end(&mut text).map_err(xml::broken)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

struct Walk<'a, R: BufRead> {
    reader: Reader<R>,
    buffer: Vec<u8>,
    limits: &'a Limits,
}

impl<R: BufRead> Walk<'_, R> {
    fn next(&mut self) -> Result<Event<'_>, Refused> {
        self.buffer.clear();
        self.reader.read_event_into(&mut self.buffer).map_err(xml::broken)
    }

    fn sheets(&mut self, on_part: &mut OnPart) -> Result<(), Stop> {
        let mut hidden_styles = HashSet::new();
        let mut style = String::new();
        let (mut row, mut column) = (0_u32, 0_u32);
        loop {
            match self.next()? {
                Event::Start(element) => match element.name().as_ref() {
                    "style:style" => style = attribute(&element, "style:name").unwrap_or_default(),
                    "style:table-properties" if attribute(&element, "table:display").as_deref() == Some("false") => {
                        hidden_styles.insert(style.clone());
                    }
                    "table:table" => {
                        (row, column) = (0, 0);
                        let hidden =
                            attribute(&element, "table:style-name").is_some_and(|name| hidden_styles.contains(&name));
                        on_part(Part::Sheet {
                            name: attribute(&element, "table:name").unwrap_or_default(),
                        })?;
                        if hidden {
                            on_part(Part::HiddenSheet)?;
                        }
                    }
                    "table:table-column" => {
                        let next = column.saturating_add(number(&element, "table:number-columns-repeated"));
                        if is_hidden(&element) {
                            on_part(Part::HiddenColumns(column.min(EXCEL_COLUMNS)..next.min(EXCEL_COLUMNS)))?;
                        }
                        column = next;
                    }
                    "table:table-row" => {
                        let (repeat, hidden) = (number(&element, "table:number-rows-repeated"), is_hidden(&element));
                        let cells = self.row(row)?;
                        if !cells.is_empty() {
                            on_part(Part::Row(SpannedRow {
                                index: row,
                                repeat,
                                hidden,
                                cells,
                            }))?;
                        }
                        row = row.saturating_add(repeat);
                    }
                    _ => {}
                },
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// The cells up to the row's end that hold something or span several.
    fn row(&mut self, row: u32) -> Result<Vec<SpannedCell>, Stop> {
        let mut cells = Vec::new();
        let mut column = 0_u32;
        loop {
            match self.next()? {
                Event::Start(element) if element.name().as_ref() == "table:table-cell" => {
                    let repeat = number(&element, "table:number-columns-repeated");
                    let (rows, columns) = (
                        number(&element, "table:number-rows-spanned"),
                        number(&element, "table:number-columns-spanned"),
                    );
                    let stated = Stated::of(&element);
                    let content = stated.content(self.text("table:table-cell")?);
                    if content.is_some() || rows > 1 || columns > 1 {
                        cells.push(SpannedCell {
                            column,
                            repeat,
                            rows,
                            columns,
                            content,
                        });
                        if cells.len() > self.limits.columns as usize {
                            let most = self.limits.columns;
                            return Err(Refused::over(format!(
                                "第{}行有内容的单元格超过{most}个。",
                                u64::from(row) + 1
                            ))
                            .into());
                        }
                    }
                    column = column.saturating_add(repeat);
                }
                // What a merged area covers is not shown, whatever it holds.
                Event::Start(element) if element.name().as_ref() == "table:covered-table-cell" => {
                    let repeat = number(&element, "table:number-columns-repeated");
                    self.text("table:covered-table-cell")?;
                    column = column.saturating_add(repeat);
                }
                Event::End(element) if element.name().as_ref() == "table:table-row" => return Ok(cells),
                Event::Eof => return Err(xml::broken("row without end").into()),
                _ => {}
            }
        }
    }

    /// A cell's text up to its end: paragraphs as lines, without notes and drawings.
    fn text(&mut self, cell: &str) -> Result<String, Stop> {
        // One past the limit, to be refused with its address.
        let most = self.limits.cell_chars.saturating_mul(4).saturating_add(1);
        let mut text = String::new();
        let mut paragraphs = 0;
        let mut skipped = 0_usize;
        loop {
            let event = self.next()?;
            match &event {
                Event::Start(element) if skipped > 0 || is_aside(element.name().as_ref()) => skipped += 1,
                Event::End(element) if element.name().as_ref() == cell => return Ok(text),
                Event::End(_) if skipped > 0 => skipped -= 1,
                Event::Eof => return Err(xml::broken("cell without end").into()),
                _ if skipped > 0 || text.len() > most => {}
                Event::Start(element) => match element.name().as_ref() {
                    "text:p" => {
                        paragraphs += 1;
                        if paragraphs > 1 {
                            text.push('\n');
                        }
                    }
                    "text:s" => text.extend(std::iter::repeat_n(' ', number(element, "text:c").min(1_000) as usize)),
                    "text:tab" => text.push('\t'),
                    "text:line-break" => text.push('\n'),
                    _ => {}
                },
                // Between paragraphs stands only the layout of the XML.
                event if paragraphs > 0 => xml::push_text(event, &mut text),
                _ => {}
            }
        }
    }
}

/// Columns of Excel.
const EXCEL_COLUMNS: u32 = 16_384;

/// Notes and drawings hold text of their own.
fn is_aside(name: &str) -> bool {
    name == "office:annotation" || name.starts_with("draw:")
}

/// What a cell's attributes say of its value.
struct Stated {
    kind: String,
    value: Option<String>,
    error: bool,
    formula: bool,
}

impl Stated {
    fn of(element: &BytesStart) -> Self {
        let kind = attribute(element, "office:value-type").unwrap_or_default();
        let value = match kind.as_str() {
            "float" | "currency" | "percentage" => attribute(element, "office:value"),
            "date" => attribute(element, "office:date-value"),
            "boolean" => attribute(element, "office:boolean-value"),
            "string" => attribute(element, "office:string-value"),
            _ => None,
        };
        Self {
            kind,
            value,
            error: attribute(element, "calcext:value-type").as_deref() == Some("error"),
            formula: attribute(element, "table:formula").is_some(),
        }
    }

    fn content(self, shown: String) -> Option<Content> {
        if self.error {
            return Some(Content::Error(shown.into()));
        }
        if self.formula && self.kind.is_empty() && shown.is_empty() {
            return Some(Content::Error(NO_RESULT.into()));
        }
        let text = |text: String| (!text.is_empty()).then(|| Content::Text(text.into()));
        let Some(value) = self.value else { return text(shown) };
        match (self.kind.as_str(), value.parse::<f64>()) {
            ("percentage", Ok(number)) => Some(value::percent(number)),
            ("float" | "currency", Ok(number)) => {
                let framed = Frame::of_shown(&shown, number).and_then(|frame| value::framed(number, &frame));
                Some(framed.unwrap_or_else(|| value::number(number)))
            }
            ("date", _) => Some(Content::Date(value::whole_day(&value).into())),
            ("boolean", _) => Some(Content::Bool(value == "true")),
            ("string", _) => text(value),
            _ => text(shown),
        }
    }
}

/// An attribute by its whole name: `office:value-type` and `calcext:value-type` differ.
fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    xml::attribute_where(element, |key| key.as_ref() == name)
}

/// A count of at least 1.
fn number(element: &BytesStart, name: &str) -> u32 {
    attribute(element, name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
        .max(1)
}

fn is_hidden(element: &BytesStart) -> bool {
    matches!(
        attribute(element, "table:visibility").as_deref(),
        Some("collapse" | "filter")
    )
}
