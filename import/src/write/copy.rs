//! A roster rebuilt with its marks, sheet by sheet and row by row as the child process reads it.
//!
//! Every text is written as a string: none can become a formula.

use std::collections::HashMap;

use rust_xlsxwriter::{Note, Workbook, Worksheet, XlsxError};

use super::cell::{clipped, write_cell};
use super::style::{self, Place, Shown, Style, Styles};
use super::supplement::{Rows, Supplement};
use crate::check::SheetSummary;
use crate::feedback::Feedback;
use crate::finding::Severity;
use crate::report::Report;
use crate::workbook::marks::{CellMark, SheetMarks};
use crate::workbook::{Address, Area, Content, Event, Row, SheetHead};

/// Cells in merged areas of a sheet: the writer keeps each in memory.
const MOST_MERGED: u64 = 200_000;

/// Width of the original's columns, in characters.
const WIDTH: f64 = 14.0;

/// The copy under way.
pub(super) struct Copy<'a, 'b> {
    book: &'b mut Workbook,
    report: &'a Report,
    /// The sheets that are copied, each with its name here.
    names: &'a [(&'a str, String)],
    marks: HashMap<String, SheetMarks>,
    part: Option<&'a Supplement>,
    styles: Styles,
    sheet: Option<Sheet<'a>>,
    failed: Option<XlsxError>,
}

/// The sheet being written; the last of the workbook.
struct Sheet<'a> {
    at: usize,
    marks: SheetMarks,
    /// Where the flagged cells, the rows and the texts for blank cells go on.
    next: (usize, usize, usize),
    /// Merged areas to come, the next one last.
    merged: Vec<Area>,
    merged_cells: u64,
    feedback: Option<Feedback>,
    part: Option<Rows<'a>>,
    /// Rows before this one are written.
    next_row: u32,
}

impl<'a, 'b> Copy<'a, 'b> {
    pub(super) fn new(
        book: &'b mut Workbook,
        report: &'a Report,
        names: &'a [(&'a str, String)],
        marks: Vec<SheetMarks>,
        part: Option<&'a Supplement>,
    ) -> Self {
        Self {
            book,
            report,
            names,
            marks: marks.into_iter().map(|marks| (marks.name.clone(), marks)).collect(),
            part,
            styles: Styles::default(),
            sheet: None,
            failed: None,
        }
    }

    /// After a failure the rest of the original is passed over.
    pub(super) fn take(&mut self, event: Event) {
        if self.failed.is_none() {
            self.failed = match event {
                Event::Format(_) => Ok(()),
                Event::Sheet(head) => self.start_sheet(head),
                Event::Row(row) => self.write_row(row),
            }
            .err();
        }
    }

    pub(super) fn finish(mut self) -> Result<(), XlsxError> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.end_sheet(),
        }
    }

    fn start_sheet(&mut self, mut head: SheetHead) -> Result<(), XlsxError> {
        self.end_sheet()?;
        let Some((_, name)) = self.names.iter().find(|(original, _)| *original == head.name) else {
            return Ok(());
        };
        let part = self.part.and_then(|part| part.sheet(&mut head));
        let outline = self
            .report
            .summary
            .outlines
            .iter()
            .find(|outline| outline.name == head.name);
        let width = outline.map_or(0, |outline| outline.width);
        let tables = self
            .report
            .summary
            .sheets
            .iter()
            .filter(|table| table.name == head.name);
        let tables: Vec<&SheetSummary> = tables.collect();
        let marks = self.marks.remove(&head.name).unwrap_or_default();
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_hidden(head.hidden);
        for column in 0..short(width) {
            sheet.set_column_width(column, WIDTH)?;
        }
        for column in head.hidden_columns.iter().filter(|column| **column < width) {
            sheet.set_column_hidden(short(*column))?;
        }
        for row in &head.hidden_rows {
            sheet.set_row_hidden(*row)?;
        }
        if let Some(table) = tables.first() {
            sheet.set_freeze_panes(table.header_row, 0)?;
        }
        for (column, (_, width)) in (marks.first..).zip(&marks.columns) {
            sheet.set_column_width(short(column), *width)?;
        }
        let mut merged = head.merged;
        merged.sort_unstable_by_key(|area| std::cmp::Reverse((area.first_row, area.first_column)));
        self.sheet = Some(Sheet {
            at: self.book.worksheets().len() - 1,
            marks,
            next: (0, 0, 0),
            merged,
            merged_cells: 0,
            feedback: tables.iter().find_map(|table| table.feedback),
            part,
            next_row: 0,
        });
        Ok(())
    }

    fn write_row(&mut self, row: Row) -> Result<(), XlsxError> {
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
        let row = match &mut sheet.part {
            Some(part) => part.take(row),
            None => Some(row),
        };
        let Some(row) = row else { return Ok(()) };
        let to = self.book.worksheet_from_index(sheet.at)?;
        sheet.blank_rows_before(row.index, to, &mut self.styles)?;
        sheet.row(row, to, &mut self.styles)
    }

    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let Some(mut sheet) = self.sheet.take() else {
            return Ok(());
        };
        let to = self.book.worksheet_from_index(sheet.at)?;
        sheet.blank_rows_before(u32::MAX, to, &mut self.styles)
    }
}

/// A column as the writer counts them; none of a roster reaches further.
fn short(column: u32) -> u16 {
    u16::try_from(column).unwrap_or(u16::MAX)
}

impl Sheet<'_> {
    /// Rows that hold nothing and yet are flagged, or begin a merged area.
    fn blank_rows_before(&mut self, end: u32, to: &mut Worksheet, styles: &mut Styles) -> Result<(), XlsxError> {
        while self.next_row < end {
            let flagged = self.marks.cells.get(self.next.0).map(|mark| mark.at.row);
            let merged = self.merged.last().map(|area| area.first_row);
            match flagged.into_iter().chain(merged).min() {
                Some(index) if index < end => {
                    let cells = Vec::new();
                    self.row(Row { index, cells }, to, styles)?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    fn row(&mut self, mut row: Row, to: &mut Worksheet, styles: &mut Styles) -> Result<(), XlsxError> {
        self.next_row = row.index + 1;
        let place = self.place(row.index);
        let explanation = self.feedback.and_then(|feedback| {
            let explanation = feedback.take(&mut row);
            row.cells.retain(|cell| !feedback.has(cell.column));
            explanation
        });
        self.merge(row.index, place, to, styles)?;
        let flagged = self.flagged(row.index);
        let severity = |column: u32| {
            let mark = flagged.iter().find(|mark| mark.at.column == column);
            mark.map(|mark| mark.severity)
        };
        let mut lines = 1;
        for cell in &row.cells {
            write_cell(to, row.index, cell, place, severity(cell.column), styles)?;
            if let Content::Text(text) = &cell.content
                && (place == Place::Header || text.contains('\n'))
            {
                lines = lines.max(style::lines(text, WIDTH));
            }
        }
        for mark in &flagged {
            let column = short(mark.at.column);
            if row.content(mark.at.column).is_none() {
                let shown = Shown::General;
                let severity = Some(mark.severity);
                let style = Style { place, severity, shown };
                to.write_blank(row.index, column, styles.format(style))?;
            }
            if let Some(text) = &mark.note {
                to.insert_note(row.index, column, &note(text))?;
            }
        }
        while let Some((at, text)) = self.marks.fills.get(self.next.2).filter(|(at, _)| at.row <= row.index) {
            if at.row == row.index && row.content(at.column).is_none() {
                to.write_string_with_format(at.row, short(at.column), text, styles.format(plain(place)))?;
            }
            self.next.2 += 1;
        }
        lines = lines.max(self.added_columns(row.index, explanation.as_deref(), to, styles)?);
        if lines > 1 {
            to.set_row_height(row.index, style::height(lines))?;
        }
        Ok(())
    }

    /// The flagged cells of the next row.
    fn flagged(&mut self, row: u32) -> Vec<CellMark> {
        let from = self.next.0;
        let rest = &self.marks.cells[from..];
        let end = from + rest.partition_point(|mark| mark.at <= Address::new(row, u32::MAX));
        self.next.0 = end;
        let here = self.marks.cells[from..end].iter().filter(|mark| mark.at.row == row);
        here.cloned().collect()
    }

    /// Where a row stands.
    fn place(&self, row: u32) -> Place {
        let headers = &self.marks.headers;
        if headers.iter().any(|(top, last)| (*top..=*last).contains(&row)) {
            Place::Header
        } else if headers.iter().any(|(_, last)| row > *last) {
            Place::Body
        } else {
            Place::Outside
        }
    }

    fn merge(&mut self, row: u32, place: Place, to: &mut Worksheet, styles: &mut Styles) -> Result<(), XlsxError> {
        while let Some(area) = self.merged.pop_if(|area| area.first_row <= row) {
            let (rows, columns) = (
                area.last_row - area.first_row + 1,
                area.last_column - area.first_column + 1,
            );
            self.merged_cells = self.merged_cells.saturating_add(u64::from(rows) * u64::from(columns));
            let columns = u16::try_from(area.first_column)
                .ok()
                .zip(u16::try_from(area.last_column).ok());
            let Some((first, last)) = columns else { continue };
            if area.first_row < row || self.merged_cells > MOST_MERGED {
                continue;
            }
            match to.merge_range(row, first, area.last_row, last, "", styles.format(plain(place))) {
                // A single cell, or one over another: no program shows these as merged.
                Ok(_) | Err(XlsxError::MergeRangeSingleCell | XlsxError::MergeRangeOverlaps(..)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The added columns at the right of header and data rows; gives the lines that the longest text takes.
    fn added_columns(
        &mut self,
        index: u32,
        explanation: Option<&str>,
        to: &mut Worksheet,
        styles: &mut Styles,
    ) -> Result<usize, XlsxError> {
        let first = self.marks.first;
        if let Some((top, _)) = self
            .marks
            .headers
            .iter()
            .find(|(top, last)| (*top..=*last).contains(&index))
        {
            let format = styles.format(plain(Place::Header));
            for (column, (heading, _)) in (first..).zip(&self.marks.columns) {
                if *top == index {
                    to.write_string_with_format(index, short(column), heading, format)?;
                } else {
                    to.write_blank(index, short(column), format)?;
                }
            }
            return Ok(1);
        }
        while self.marks.rows.get(self.next.1).is_some_and(|mark| mark.row < index) {
            self.next.1 += 1;
        }
        let Some(mark) = self.marks.rows.get(self.next.1).filter(|mark| mark.row == index) else {
            return Ok(1);
        };
        for (column, cell) in (first..).zip(&mark.cells) {
            let text = cell.text.as_deref().or(explanation).unwrap_or_default();
            let format = styles.format(Style {
                severity: cell.severity,
                ..plain(Place::Body)
            });
            if text.is_empty() {
                to.write_blank(index, short(column), format)?;
            } else {
                to.write_string_with_format(index, short(column), clipped(text), format)?;
            }
        }
        Ok(mark.lines)
    }
}

/// Text in lines, in no colour.
const fn plain(place: Place) -> Style {
    Style {
        place,
        severity: None::<Severity>,
        shown: Shown::Lines,
    }
}

fn note(text: &str) -> Note {
    // Some 22 characters to a line of 17 pixels.
    let lines: usize = text.lines().map(|line| line.chars().count() / 22 + 1).sum();
    let height = u32::try_from(lines.min(30)).unwrap_or(30) * 17 + 12;
    Note::new(clipped(text))
        .add_author_prefix(false)
        .set_width(300)
        .set_height(height)
}
