//! A sheet's part with its marks: styles of flagged cells, and the added columns. All other bytes stay.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};

use super::styles::{Own, Styles};
use super::{RELATIONSHIPS, Splice, escaped, parts, unsuited, with_attributes};
use crate::finding::Severity;
use crate::workbook::cells::Address;
use crate::workbook::marks::{Look, SheetMarks};
use crate::workbook::sheet_part::parse_cell;
use crate::workbook::wire::Refused;
use crate::workbook::xml;

/// The height of a line of a row's problems, in points, and the lines that a row grows to at most.
const LINE: f64 = 14.5;
const MOST_LINES: usize = 7;

/// What stands behind a sheet's link to its notes.
const BEHIND_NOTES: [&str; 9] = [
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
    "worksheet",
];

/// What becomes of a cell.
enum Put<'m> {
    /// It keeps what it holds and its format, under a colour.
    Tint(Severity),
    /// It holds this text.
    Text(&'m str, usize),
    /// It holds this text where it was blank.
    Fill(&'m str),
    /// It keeps what it holds, in this format.
    Format(usize),
}

/// What becomes of a row.
#[derive(Default)]
struct RowEdit<'m> {
    cells: BTreeMap<u32, Put<'m>>,
    lines: usize,
}

/// The part with the marks; `legacy` is the relationship of its notes where it had none.
pub(super) fn edited(
    text: &str,
    marks: Option<&SheetMarks>,
    styles: &mut Styles<'_>,
    legacy: Option<&str>,
) -> Result<String, Refused> {
    let rows = marks.map(|marks| row_edits(marks, styles)).unwrap_or_default();
    let mut edit = Edit {
        splice: Splice::new(text),
        rows,
        styles,
        row: 0,
        column: 0,
        row_style: None,
    };
    let mut columns = marks.filter(|marks| !marks.columns.is_empty());
    let mut legacy = legacy;
    let mut parts = parts(text);
    let mut is_first = true;
    while let Some(part) = parts.next() {
        let (event, start, end) = part?;
        let empty = matches!(event, Event::Empty(_));
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.name();
                let name = name.as_ref();
                if is_first && !matches!(name, "worksheet" | "chartsheet" | "dialogsheet") {
                    return Err(unsuited("a sheet with a prefix"));
                }
                is_first = false;
                match name {
                    "sheetView" => {
                        let tag = with_attributes(element, empty, &[("tabSelected", None)]);
                        edit.splice.replace(start, end, &tag);
                    }
                    "dimension" if marks.is_some() && empty => edit.splice.replace(start, end, ""),
                    "cols" if !empty => {
                        if let Some(marks) = columns.take() {
                            let last = cols(&mut parts, marks)?;
                            edit.splice.replace(start, last.1, &last.0);
                        }
                    }
                    "sheetData" => {
                        if let Some(marks) = columns.take() {
                            edit.splice.insert(start, &format!("<cols>{}</cols>", own_cols(marks)));
                        }
                        if empty && !edit.rows.is_empty() {
                            return Err(unsuited("no rows"));
                        }
                    }
                    "row" if marks.is_some() => edit.start_row(element, empty, start, end)?,
                    "c" if marks.is_some() => {
                        let last = if empty { end } else { end_of_cell(&mut parts)? };
                        edit.cell(element, empty, &text[end..last], (start, end, last))?;
                    }
                    name if BEHIND_NOTES.contains(&name) && name != "worksheet" => {
                        if let Some(id) = legacy.take() {
                            edit.splice.insert(start, &legacy_drawing(id));
                        }
                    }
                    _ => {}
                }
            }
            Event::End(element) => match element.name().as_ref() {
                "row" if marks.is_some() => edit.end_row(start),
                "sheetData" if marks.is_some() => edit.rows_before(u32::MAX, start),
                "worksheet" => {
                    if let Some(id) = legacy.take() {
                        edit.splice.insert(start, &legacy_drawing(id));
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    Ok(edit.splice.finish())
}

fn legacy_drawing(id: &str) -> String {
    format!("<legacyDrawing xmlns:r=\"{RELATIONSHIPS}\" r:id=\"{id}\"/>")
}

fn row_edits<'m>(marks: &'m SheetMarks, styles: &mut Styles<'_>) -> BTreeMap<u32, RowEdit<'m>> {
    let mut rows: BTreeMap<u32, RowEdit<'m>> = BTreeMap::new();
    for mark in &marks.cells {
        let row = rows.entry(mark.at.row).or_default();
        row.cells.insert(mark.at.column, Put::Tint(mark.severity));
    }
    for (at, text) in &marks.fills {
        rows.entry(at.row).or_default().cells.insert(at.column, Put::Fill(text));
    }
    let header = styles.own(Own::Draft(Look::Header));
    for (first, last) in &marks.headers {
        for row in *first..=*last {
            for (column, (heading, _)) in (marks.first..).zip(&marks.columns) {
                let heading = if row == *first { heading } else { "" };
                rows.entry(row)
                    .or_default()
                    .cells
                    .insert(column, Put::Text(heading, header));
            }
        }
    }
    for mark in &marks.rows {
        let row = rows.entry(mark.row).or_default();
        row.lines = mark.lines;
        for (column, cell) in (marks.first..).zip(&mark.cells) {
            let put = match (&cell.text, cell.severity) {
                (Some(text), Some(severity)) => Put::Text(text, styles.own(Own::Draft(Look::Coloured(severity)))),
                (Some(text), None) => Put::Text(text, styles.own(Own::Draft(Look::Body))),
                (None, severity) => Put::Format(styles.own(Own::Room(severity))),
            };
            row.cells.insert(column, put);
        }
    }
    rows
}

/// The sheet under way.
struct Edit<'t, 'm, 's, 'x> {
    splice: Splice<'t>,
    /// The rows still to come.
    rows: BTreeMap<u32, RowEdit<'m>>,
    styles: &'s mut Styles<'x>,
    /// The row under way and its next column, from 0.
    row: u32,
    column: u32,
    row_style: Option<usize>,
}

impl Edit<'_, '_, '_, '_> {
    fn start_row(&mut self, element: &BytesStart<'_>, empty: bool, start: usize, end: usize) -> Result<(), Refused> {
        let index = match xml::count(element, "r") {
            Some(number) => number.checked_sub(1).ok_or_else(|| unsuited("row 0"))?,
            None => self.row,
        };
        self.rows_before(index, start);
        (self.row, self.column) = (index + 1, 0);
        self.row_style = xml::flag(element, "customFormat")
            .then(|| xml::count(element, "s"))
            .flatten()
            .map(|style| style as usize);
        let Some(edit) = self.rows.get(&index) else {
            return Ok(());
        };
        let height = needed_height(edit.lines);
        let own: f64 = xml::attribute(element, "ht")
            .and_then(|ht| ht.parse().ok())
            .unwrap_or(0.0);
        let mut set = vec![("spans", None)];
        if edit.lines > 1 && own < height {
            set.extend([("ht", Some(height.to_string())), ("customHeight", Some("1".to_owned()))]);
        }
        let tag = with_attributes(element, false, &set);
        self.splice.replace(start, end, &tag);
        if empty {
            self.end_row(end);
            self.splice.insert(end, "</row>");
        }
        Ok(())
    }

    /// Cells of the row under way that its marks still ask for.
    fn end_row(&mut self, at: usize) {
        let Some(index) = self.row.checked_sub(1) else { return };
        if let Some(edit) = self.rows.remove(&index) {
            let cells = self.new_cells(index, edit.cells);
            self.splice.insert(at, &cells);
        }
    }

    /// Rows that the sheet has not.
    fn rows_before(&mut self, end: u32, at: usize) {
        while let Some(entry) = self.rows.first_entry().filter(|entry| *entry.key() < end) {
            let (index, edit) = entry.remove_entry();
            self.row_style = None;
            let cells = self.new_cells(index, edit.cells);
            self.splice
                .insert(at, &format!("<row r=\"{}\">{cells}</row>", index + 1));
        }
    }

    fn new_cells(&mut self, row: u32, cells: BTreeMap<u32, Put<'_>>) -> String {
        cells
            .into_iter()
            .map(|(column, put)| self.new_cell(row, column, &put))
            .collect()
    }

    fn new_cell(&mut self, row: u32, column: u32, put: &Put<'_>) -> String {
        let base = self.row_style.unwrap_or(0);
        let (text, style) = match *put {
            // A format that cannot be made leaves the cell as it was.
            Put::Tint(severity) => ("", self.styles.tinted(base, Some(severity)).unwrap_or(base)),
            Put::Text(text, style) => (text, style),
            Put::Fill(text) => (text, base),
            Put::Format(style) => ("", style),
        };
        text_cell(Address::new(row, column), text, style)
    }

    fn cell(
        &mut self,
        element: &BytesStart<'_>,
        empty: bool,
        body: &str,
        (start, end, last): (usize, usize, usize),
    ) -> Result<(), Refused> {
        let row = self.row.checked_sub(1).ok_or_else(|| unsuited("a cell outside rows"))?;
        let column = match xml::attribute(element, "r") {
            Some(at) => parse_cell(&at).ok_or_else(|| unsuited("a cell's place"))?.1,
            None => self.column,
        };
        self.column = column + 1;
        let style = xml::count(element, "s").unwrap_or_default() as usize;
        let restyled = |style: usize| with_attributes(element, empty, &[("s", Some(style.to_string()))]);
        let mut put = None;
        if self.rows.contains_key(&row) {
            while let Some((at, before)) = self.rows.get_mut(&row).and_then(|edit| {
                let first = edit.cells.first_entry().filter(|entry| *entry.key() <= column)?;
                Some(first.remove_entry())
            }) {
                if at == column {
                    put = Some(before);
                } else {
                    let cell = self.new_cell(row, at, &before);
                    self.splice.insert(start, &cell);
                }
            }
        }
        match put {
            Some(Put::Tint(severity)) => {
                let style = self.styles.tinted(style, Some(severity))?;
                self.splice.replace(start, end, &restyled(style));
            }
            Some(Put::Format(style)) => self.splice.replace(start, end, &restyled(style)),
            Some(Put::Text(text, style)) => {
                let cell = text_cell(Address::new(row, column), text, style);
                self.splice.replace(start, last, &cell);
            }
            Some(Put::Fill(text)) if body.is_empty() => {
                let cell = text_cell(Address::new(row, column), text, style);
                self.splice.replace(start, last, &cell);
            }
            None if self.styles.is_marked(style) => {
                let style = self.styles.tinted(style, None)?;
                self.splice.replace(start, end, &restyled(style));
            }
            Some(Put::Fill(_)) | None => {}
        }
        Ok(())
    }
}

fn needed_height(lines: usize) -> f64 {
    let lines = u32::try_from(lines.min(MOST_LINES)).unwrap_or(1);
    f64::from(lines).mul_add(LINE, 4.0)
}

/// A cell with a text, which can never be a formula.
pub(super) fn text_cell(at: Address, text: &str, style: usize) -> String {
    if text.is_empty() {
        return format!("<c r=\"{at}\" s=\"{style}\"/>");
    }
    format!(
        "<c r=\"{at}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
        escaped(text)
    )
}

/// Reads on to the end of a cell.
fn end_of_cell<'t>(
    parts: &mut impl Iterator<Item = Result<(Event<'t>, usize, usize), Refused>>,
) -> Result<usize, Refused> {
    for part in parts {
        if let (Event::End(element), _, end) = part?
            && element.name().as_ref() == "c"
        {
            return Ok(end);
        }
    }
    Err(unsuited("a cell without an end"))
}

/// The widths with those of the added columns: what spans these is cut.
fn cols<'t>(
    parts: &mut impl Iterator<Item = Result<(Event<'t>, usize, usize), Refused>>,
    marks: &SheetMarks,
) -> Result<(String, usize), Refused> {
    let added = marks.first + 1..=marks.first + u32::try_from(marks.columns.len()).unwrap_or_default();
    let (mut before, mut after) = (String::new(), String::new());
    for part in parts {
        match part? {
            (Event::Start(element) | Event::Empty(element), ..) if element.name().as_ref() == "col" => {
                let bound = |name| xml::count(&element, name).ok_or_else(|| unsuited("a column without bounds"));
                let (min, max) = (bound("min")?, bound("max")?);
                let col = |min: u32, max: u32| {
                    with_attributes(
                        &element,
                        true,
                        &[("min", Some(min.to_string())), ("max", Some(max.to_string()))],
                    )
                };
                if min < *added.start() {
                    before.push_str(&col(min, max.min(added.start() - 1)));
                }
                if max > *added.end() {
                    after.push_str(&col(min.max(added.end() + 1), max));
                }
            }
            (Event::End(element), _, end) if element.name().as_ref() == "cols" => {
                return Ok((format!("<cols>{before}{}{after}</cols>", own_cols(marks)), end));
            }
            _ => {}
        }
    }
    Err(unsuited("columns without an end"))
}

fn own_cols(marks: &SheetMarks) -> String {
    let col = |(at, (_, width)): (u32, &(String, f64))| {
        format!("<col min=\"{at}\" max=\"{at}\" width=\"{width}\" customWidth=\"1\"/>")
    };
    (marks.first + 1..).zip(&marks.columns).map(col).collect()
}
