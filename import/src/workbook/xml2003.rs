//! The XML of Excel 2003 ("XML Spreadsheet"), which many systems export under the name .xls.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::cells::{Content, Format, NO_RESULT};
use super::child::{Sink, Stop};
use super::spanned::{self, OnPart, Part, SpannedCell, SpannedRow};
use super::value::{self, Shown};
use super::wire::Refused;
use super::xml;

/// Reads the decoded text.
pub(super) fn read(text: &str, sink: &mut Sink) -> Result<(), Stop> {
    spanned::read(Format::Xml2003, sink, |on_part| {
        let reader = xml::configured(Reader::from_str(text));
        let walk = Walk {
            reader,
            buffer: Vec::new(),
        };
        walk.book(on_part)
    })
}

struct Walk<'t> {
    reader: Reader<&'t [u8]>,
    buffer: Vec<u8>,
}

impl Walk<'_> {
    fn next(&mut self) -> Result<Event<'_>, Refused> {
        self.buffer.clear();
        self.reader.read_event_into(&mut self.buffer).map_err(xml::broken)
    }

    fn book(mut self, on_part: &mut OnPart) -> Result<(), Stop> {
        // How the numbers of a style are shown.
        let mut styles = HashMap::new();
        let mut style = String::new();
        let (mut row, mut column) = (0_u32, 0_u32);
        loop {
            match self.next()? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "Style" => style = xml::attribute(&element, "ID").unwrap_or_default(),
                    "NumberFormat" => {
                        let format = xml::attribute(&element, "Format").unwrap_or_default();
                        let shown = match format.as_str() {
                            "Percent" => Shown::Percent,
                            "Fixed" | "Standard" => Shown::TwoDecimals,
                            code => Shown::of_code(code),
                        };
                        styles.insert(style.clone(), shown);
                    }
                    "Worksheet" => {
                        (row, column) = (0, 0);
                        on_part(Part::Sheet {
                            name: xml::attribute(&element, "Name").unwrap_or_default(),
                        })?;
                    }
                    "Column" => {
                        let first = start(&element, column);
                        column = first.saturating_add(span(&element, "Span"));
                        if xml::flag(&element, "Hidden") {
                            on_part(Part::HiddenColumns(first.min(EXCEL_COLUMNS)..column.min(EXCEL_COLUMNS)))?;
                        }
                    }
                    "Row" => {
                        let index = start(&element, row);
                        let (repeat, hidden) = (span(&element, "Span"), xml::flag(&element, "Hidden"));
                        let cells = self.row(&styles)?;
                        if !cells.is_empty() {
                            // Only the height of a row repeats.
                            on_part(Part::Row(SpannedRow {
                                index,
                                repeat: 1,
                                hidden,
                                cells,
                            }))?;
                        }
                        row = index.saturating_add(repeat);
                    }
                    // SheetHidden or SheetVeryHidden.
                    "Visible" => {
                        let hidden = self.text("Visible")?.ends_with("Hidden");
                        if hidden {
                            on_part(Part::HiddenSheet)?;
                        }
                    }
                    _ => {}
                },
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// The cells up to the row's end that hold something or span several.
    fn row(&mut self, styles: &HashMap<String, Shown>) -> Result<Vec<SpannedCell>, Stop> {
        let mut cells = Vec::new();
        let mut column = 0_u32;
        // The cell under way: its place, its spans, how it shows a number, and what it holds.
        let mut cell: Option<(SpannedCell, Shown)> = None;
        loop {
            match self.next()? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "Cell" => {
                        let (rows, columns) = (span(&element, "MergeDown"), span(&element, "MergeAcross"));
                        let style = xml::attribute(&element, "StyleID");
                        let shown = style.and_then(|style| styles.get(&style).cloned()).unwrap_or_default();
                        let first = start(&element, column);
                        column = first.saturating_add(columns);
                        // Until its value comes.
                        let formula = xml::attribute(&element, "Formula").is_some();
                        cell = Some((
                            SpannedCell {
                                column: first,
                                repeat: 1,
                                rows,
                                columns,
                                content: formula.then(|| Content::Error(NO_RESULT.into())),
                            },
                            shown,
                        ));
                    }
                    "Data" => {
                        let kind = xml::attribute(&element, "Type").unwrap_or_default();
                        let text = self.text("Data")?;
                        if let Some((cell, shown)) = &mut cell {
                            cell.content = content(&kind, text, shown);
                        }
                    }
                    // A note's text is in an element of the same name.
                    "Comment" => {
                        self.text("Comment")?;
                    }
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "Cell" => {
                        let ended = cell.take().map(|(cell, _)| cell);
                        cells.extend(ended.filter(|cell| cell.content.is_some() || cell.rows > 1 || cell.columns > 1));
                    }
                    "Row" => return Ok(cells),
                    _ => {}
                },
                Event::Eof => return Err(xml::broken("row without end").into()),
                _ => {}
            }
        }
    }

    /// The text up to the end of an element, whatever marks it up.
    fn text(&mut self, end: &str) -> Result<String, Refused> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Event::End(element) if element.local_name().as_ref() == end => return Ok(text),
                Event::Eof => return Err(xml::broken("element without end")),
                event => xml::push_text(&event, &mut text),
            }
        }
    }
}

/// Columns of Excel.
const EXCEL_COLUMNS: u32 = 16_384;

/// Where an element stands: after the one before, or where its 1-based index says.
fn start(element: &BytesStart, next: u32) -> u32 {
    xml::count(element, "Index").map_or(next, |index| index.saturating_sub(1).max(next))
}

/// How many there are of it: one, and those that it spans besides.
fn span(element: &BytesStart, name: &str) -> u32 {
    xml::count(element, name).unwrap_or_default().saturating_add(1)
}

fn content(kind: &str, text: String, shown: &Shown) -> Option<Content> {
    Some(match (kind, text.parse::<f64>()) {
        (_, _) if text.is_empty() => return None,
        ("Number", Ok(number)) => value::shown_number(number, shown),
        ("DateTime", _) => Content::Date(value::whole_day(text.trim_end_matches(".000")).into()),
        ("Boolean", _) => Content::Bool(text == "1"),
        ("Error", _) => Content::Error(text.into()),
        _ => Content::Text(text.into()),
    })
}
