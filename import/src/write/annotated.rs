//! The annotated workbook: what the officer sent, with each finding at its cell.
//!
//! The original is read once more through the child process and written as it comes, so that memory is bounded by one row and the findings.
//! Every text is written as a string: none can become a formula.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use rust_xlsxwriter::{Note, Workbook, Worksheet, XlsxError};
use thiserror::Error;

use super::cell::{clipped, write_cell};
use super::result_sheet;
use super::sheet_names::SheetNames;
use super::style::{self, Place, Shown, Style, Styles};
use crate::check::Checker;
use crate::feedback::{self, EXPLANATION, PROBLEMS, RESULT};
use crate::finding::{Finding, Severity};
use crate::report::Report;
use crate::workbook::{Address, Area, Content, Event, Refusal, Row, SheetHead};

/// Notes on a sheet: each is a drawing, and Excel grows slow with more. What has none stands in the row's column of problems.
const MOST_NOTES: usize = 5_000;

/// Cells in merged areas of a sheet: the writer keeps each in memory.
const MOST_MERGED: u64 = 200_000;

/// Width of the original's columns, in characters.
const WIDTH: f64 = 14.0;

/// The columns to the right of a roster, with their widths.
const ADDED: [(&str, f64); 3] = [(RESULT, 9.0), (PROBLEMS, 60.0), (EXPLANATION, 36.0)];

/// Why an annotated workbook was not written.
#[derive(Debug, Error)]
pub enum AnnotateError {
    /// The original could not be opened, or its reader not be started.
    #[error("cannot read the original")]
    Read(#[from] io::Error),
    /// The original was read before and is refused now: it has changed, or the machine is short of something.
    #[error("the original is refused on second reading: {}", .0.message)]
    Refused(Refusal),
    /// The workbook could not be written.
    #[error("cannot write the annotated workbook")]
    Write(#[from] XlsxError),
}

/// Writes to `out` what `report` found in `original`, marked at its cells. Of a file that could not be read only the first sheet is written.
///
/// # Errors
/// The original is no longer readable, or `out` cannot be written.
pub fn annotated(checker: &Checker, original: &Path, report: &Report, out: &Path) -> Result<(), AnnotateError> {
    let readable = report.summary.refusal.is_none();
    let outlines = if readable {
        outline(checker, original)?
    } else {
        Vec::new()
    };
    let mut names = SheetNames::default();
    let result_name = names.name(feedback::SHEET);
    let outlines: Vec<Outline> = outlines
        .into_iter()
        .map(|outline| Outline {
            written: names.name(&outline.name),
            ..outline
        })
        .collect();

    let mut book = Workbook::new();
    let first = book.add_worksheet().set_name(result_name)?;
    let written = |name: &str| {
        outlines
            .iter()
            .find(|outline| outline.name == name)
            .map(|outline| outline.written.clone())
    };
    result_sheet::write(first, &checker.catalogue, report, &written)?;
    if readable {
        let mut copy = Copy::new(&mut book, report, outlines.iter());
        let read = checker
            .worker
            .read(original, &checker.limits, &mut |event| copy.take(event))?;
        copy.finish()?;
        read.map_err(AnnotateError::Refused)?;
    }
    book.save(out)?;
    Ok(())
}

/// A sheet of the original, known before its rows are written.
#[derive(Default)]
struct Outline {
    name: String,
    /// Its name in the annotated workbook.
    written: String,
    /// Columns up to the last that holds something.
    width: u32,
}

/// Reads the sheets' names and widths: the added columns stand to the right of everything.
fn outline(checker: &Checker, original: &Path) -> Result<Vec<Outline>, AnnotateError> {
    let mut outlines: Vec<Outline> = Vec::new();
    let read = checker
        .worker
        .read(original, &checker.limits, &mut |event| match event {
            Event::Format(_) => {}
            Event::Sheet(head) => outlines.push(Outline {
                name: head.name,
                ..Outline::default()
            }),
            Event::Row(row) => {
                if let (Some(outline), Some(last)) = (outlines.last_mut(), row.cells.last()) {
                    outline.width = outline.width.max(last.column + 1);
                }
            }
        })?;
    read.map_err(AnnotateError::Refused)?;
    Ok(outlines)
}

/// The findings of a sheet: by cell, and by data row.
#[derive(Default)]
struct Marks<'a> {
    cells: BTreeMap<Address, Vec<&'a Finding>>,
    /// By 1-based row.
    rows: HashMap<u32, Vec<&'a Finding>>,
}

/// The copy under way.
struct Copy<'a, 'b> {
    book: &'b mut Workbook,
    report: &'a Report,
    outlines: std::slice::Iter<'a, Outline>,
    marks: HashMap<&'a str, Marks<'a>>,
    styles: Styles,
    sheet: Option<Sheet<'a>>,
    failed: Option<XlsxError>,
}

/// The sheet being written; the last of the workbook.
struct Sheet<'a> {
    at: usize,
    marks: Marks<'a>,
    /// Merged areas to come, the next one last.
    merged: Vec<Area>,
    merged_cells: u64,
    notes: usize,
    /// The first of the added columns; none where the sheet holds no roster.
    added: Option<u16>,
    /// The header rows of its tables, 1-based.
    headers: Vec<u32>,
    /// Its data rows, 1-based, in order.
    data_rows: Vec<u32>,
    /// Rows before this one are written.
    next_row: u32,
}

impl<'a, 'b> Copy<'a, 'b> {
    fn new(book: &'b mut Workbook, report: &'a Report, outlines: std::slice::Iter<'a, Outline>) -> Self {
        let mut marks: HashMap<&str, Marks> = HashMap::new();
        for finding in &report.findings {
            let Some(sheet) = finding.sheet.as_deref() else {
                continue;
            };
            let marks = marks.entry(sheet).or_default();
            if let Some(address) = finding.address {
                marks.cells.entry(address).or_default().push(finding);
            }
            if let Some(row) = finding.row {
                marks.rows.entry(row).or_default().push(finding);
            }
        }
        Self {
            book,
            report,
            outlines,
            marks,
            styles: Styles::default(),
            sheet: None,
            failed: None,
        }
    }

    /// After a failure the rest of the original is passed over.
    fn take(&mut self, event: Event) {
        if self.failed.is_none() {
            self.failed = match event {
                Event::Format(_) => Ok(()),
                Event::Sheet(head) => self.start_sheet(head),
                Event::Row(row) => self.write_row(&row),
            }
            .err();
        }
    }

    fn finish(mut self) -> Result<(), XlsxError> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.end_sheet(),
        }
    }

    fn start_sheet(&mut self, head: SheetHead) -> Result<(), XlsxError> {
        self.end_sheet()?;
        let Some(outline) = self.outlines.next() else {
            return Ok(());
        };
        let tables: Vec<_> = self
            .report
            .summary
            .sheets
            .iter()
            .filter(|sheet| sheet.name == head.name)
            .collect();
        let width = u16::try_from(outline.width).unwrap_or(u16::MAX);
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(&outline.written)?.set_hidden(head.hidden);
        for column in 0..width {
            sheet.set_column_width(column, WIDTH)?;
        }
        for column in head.hidden_columns.iter().filter(|column| **column < outline.width) {
            sheet.set_column_hidden(u16::try_from(*column).unwrap_or(u16::MAX))?;
        }
        for row in &head.hidden_rows {
            sheet.set_row_hidden(*row)?;
        }
        if let Some(table) = tables.first() {
            sheet.set_freeze_panes(table.header_row, 0)?;
            for (column, (_, width)) in (width..).zip(ADDED) {
                sheet.set_column_width(column, width)?;
            }
        }
        let mut data_rows: Vec<u32> = tables
            .iter()
            .flat_map(|table| table.data_rows.iter().copied())
            .collect();
        data_rows.sort_unstable();
        let mut merged = head.merged;
        merged.sort_unstable_by_key(|area| std::cmp::Reverse((area.first_row, area.first_column)));
        self.sheet = Some(Sheet {
            at: self.book.worksheets().len() - 1,
            marks: self.marks.remove(outline.name.as_str()).unwrap_or_default(),
            merged,
            merged_cells: 0,
            notes: 0,
            added: (!tables.is_empty()).then_some(width),
            headers: tables.iter().map(|table| table.header_row).collect(),
            data_rows,
            next_row: 0,
        });
        Ok(())
    }

    fn write_row(&mut self, row: &Row) -> Result<(), XlsxError> {
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
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

impl Sheet<'_> {
    /// Rows that hold nothing and yet are flagged, or begin a merged area.
    fn blank_rows_before(&mut self, end: u32, to: &mut Worksheet, styles: &mut Styles) -> Result<(), XlsxError> {
        while self.next_row < end {
            let flagged = self
                .marks
                .cells
                .range(Address::new(self.next_row, 0)..)
                .next()
                .map(|(address, _)| address.row);
            let merged = self.merged.last().map(|area| area.first_row);
            match flagged.into_iter().chain(merged).min() {
                Some(index) if index < end => self.row(
                    &Row {
                        index,
                        cells: Vec::new(),
                    },
                    to,
                    styles,
                )?,
                _ => break,
            }
        }
        Ok(())
    }

    fn row(&mut self, row: &Row, to: &mut Worksheet, styles: &mut Styles) -> Result<(), XlsxError> {
        self.next_row = row.index + 1;
        let place = self.place(row.index + 1);
        self.merge(row.index, place, to, styles)?;
        let flagged = self
            .marks
            .cells
            .range(Address::new(row.index, 0)..=Address::new(row.index, u32::MAX));
        let flagged: Vec<(u32, &Vec<&Finding>)> =
            flagged.map(|(address, findings)| (address.column, findings)).collect();
        let severity = |column: u32| {
            let findings = flagged
                .iter()
                .find(|(at, _)| *at == column)
                .map(|(_, findings)| findings)?;
            findings.iter().map(|finding| finding.severity).max()
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
        for (column, findings) in &flagged {
            let at = u16::try_from(*column).unwrap_or(u16::MAX);
            if row.content(*column).is_none() {
                let style = Style {
                    place,
                    severity: severity(*column),
                    shown: Shown::General,
                };
                to.write_blank(row.index, at, styles.format(style))?;
            }
            if self.notes < MOST_NOTES {
                to.insert_note(row.index, at, &note(findings))?;
                self.notes += 1;
            }
        }
        lines = lines.max(self.added_columns(row.index, to, styles)?);
        if lines > 1 {
            to.set_row_height(row.index, style::height(lines))?;
        }
        Ok(())
    }

    /// Where a 1-based row stands.
    fn place(&self, row: u32) -> Place {
        match self.headers.iter().min() {
            _ if self.headers.contains(&row) => Place::Header,
            Some(first) if row > *first => Place::Body,
            _ => Place::Outside,
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
            let format = styles.format(Style {
                place,
                severity: None,
                shown: Shown::Lines,
            });
            match to.merge_range(row, first, area.last_row, last, "", format) {
                // A single cell, or one over another: no program shows these as merged.
                Ok(_) | Err(XlsxError::MergeRangeSingleCell | XlsxError::MergeRangeOverlaps(..)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Result, problems and room for an explanation, at the right of header and data rows; gives the lines that the problems take.
    fn added_columns(&mut self, index: u32, to: &mut Worksheet, styles: &mut Styles) -> Result<usize, XlsxError> {
        let Some(first) = self.added else { return Ok(1) };
        let row = index + 1;
        if self.headers.contains(&row) {
            let format = styles.format(Style {
                place: Place::Header,
                severity: None,
                shown: Shown::Lines,
            });
            for (column, (heading, _)) in (first..).zip(ADDED) {
                to.write_string_with_format(index, column, heading, format)?;
            }
        } else if self.data_rows.binary_search(&row).is_ok() {
            let findings = self.marks.rows.remove(&row).unwrap_or_default();
            let gravest = findings.iter().map(|finding| finding.severity).max();
            let (result, asked) = match gravest {
                Some(Severity::Error) => ("需更正", gravest),
                Some(Severity::Confirm) => ("需说明", gravest),
                Some(Severity::Hint) | None => ("合格", None),
            };
            let lines: Vec<String> = findings.iter().map(|finding| line(finding)).collect();
            let look = |severity| Style {
                place: Place::Body,
                severity,
                shown: Shown::Lines,
            };
            to.write_string_with_format(index, first, result, styles.format(look(asked)))?;
            let problems = lines.join("\n");
            to.write_string_with_format(index, first + 1, clipped(&problems), styles.format(look(None)))?;
            // Coloured where an explanation is waited for.
            let waits = findings.iter().any(|finding| finding.severity == Severity::Confirm);
            let room = look(waits.then_some(Severity::Confirm));
            to.write_blank(index, first + 2, styles.format(room))?;
            return Ok(style::lines(&problems, ADDED[1].1));
        }
        Ok(1)
    }
}

/// A finding in the row's column of problems.
fn line(finding: &Finding) -> String {
    let place = finding.address.map(|address| format!("{address} ")).unwrap_or_default();
    let suggestion = finding.suggestion.as_deref().unwrap_or_default();
    format!(
        "【{}】{place}{}{suggestion}（{}）",
        finding.severity.label(),
        finding.message,
        finding.code
    )
}

/// What is wrong with a cell, what to write, on what basis, by which rule.
fn note(findings: &[&Finding]) -> Note {
    let mut texts: Vec<String> = Vec::new();
    for finding in findings {
        let mut lines = vec![format!("【{}】{}", finding.severity.label(), finding.message)];
        lines.extend(
            finding
                .suggestion
                .as_ref()
                .map(|suggestion| format!("改法：{suggestion}")),
        );
        lines.extend(finding.basis.as_ref().map(|basis| format!("依据：{basis}")));
        lines.push(format!("规则：{}", finding.code));
        let text = lines.join("\n");
        // Rows that share a merged cell say the same of it.
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let text = texts.join("\n\n");
    // Some 22 characters to a line of 17 pixels.
    let lines: usize = text.lines().map(|line| line.chars().count() / 22 + 1).sum();
    let height = u32::try_from(lines.min(30)).unwrap_or(30) * 17 + 12;
    Note::new(clipped(&text))
        .add_author_prefix(false)
        .set_width(300)
        .set_height(height)
}
