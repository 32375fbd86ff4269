//! The pipeline: bytes to checked records and findings.

use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::catalogue::{Catalogue, Field};
use crate::feedback::{self, Feedback};
use crate::finding::{Finding, Severity};
pub use crate::layout::{ColumnReading, Corrections, HeaderReading, column_key};
use crate::layout::{DataRow, EXAMPLE, HeaderIndex, Known, Part, SheetReader, Table};
use crate::normalisation::{self, Normalisation};
pub use crate::read::KeptReader;
use crate::read::RowReader;
use crate::record::Record;
use crate::rules::{Incident, RosterJudge};
use crate::sheet_findings;
use crate::stamp;
use crate::values::Reader;
use crate::workbook::{Event, Format, Limits, Refusal, Row, SheetHead, Worker};

/// What a check needs besides the file.
#[derive(Clone, Debug)]
pub struct Checker {
    /// The catalogue in force.
    pub catalogue: Arc<Catalogue>,
    /// The child process that opens foreign bytes.
    pub worker: Worker,
    /// What a file may be at most.
    pub limits: Limits,
    /// What officers of the sending department said of its columns.
    pub corrections: Corrections,
}

/// One data row and what the rules say of it.
#[derive(Clone, Debug)]
pub struct CheckedRow {
    /// The row, read.
    pub record: Record,
    /// Its findings, by column.
    pub findings: Vec<Finding>,
    /// What the officer wrote of them in the column 情况说明 of an annotated workbook.
    pub explanation: Option<Arc<str>>,
}

impl CheckedRow {
    /// The gravest severity among its findings.
    pub fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// A sheet that holds a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetSummary {
    /// Its name; of a csv the empty text.
    pub name: String,
    /// The first header row, 1-based.
    pub first_header_row: u32,
    /// The last header row, 1-based.
    pub header_row: u32,
    /// The data rows, 1-based.
    pub data_rows: Vec<u32>,
    /// The rows that head counties, 1-based.
    pub heading_rows: Vec<u32>,
    /// The column, from 0, of the registry's codes.
    pub code_column: Option<u32>,
    /// The columns that an annotated workbook added, where it came back.
    pub feedback: Option<Feedback>,
}

/// What is known of every sheet, roster or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetOutline {
    /// Its name.
    pub name: String,
    /// Columns up to the last that holds something or lies in a merged area, those of an annotated workbook left out.
    pub width: u32,
    /// Whether it is the 检查结果 of an annotated workbook.
    pub is_result: bool,
}

/// What a check says of a file besides its rows.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The kind of file, where it could be told.
    pub format: Option<Format>,
    /// The sheets that hold a roster, in order.
    pub sheets: Vec<SheetSummary>,
    /// All sheets, in order.
    pub outlines: Vec<SheetOutline>,
    /// What the reading changed, by sheet and column.
    pub normalised: Vec<Normalisation>,
    /// How the headers of its tables were understood; where there is no table, what may be a header of one.
    pub headers: Vec<HeaderReading>,
    /// Whether the file says of itself that it lists only some of the rows that were sent before: what it does not list is not missing.
    pub supplement: bool,
    /// Findings on the file, its sheets and their headers. Those on rows stand with the rows.
    pub findings: Vec<Finding>,
    /// Data rows: `sound + held + to_confirm`.
    pub rows: usize,
    /// Rows with neither errors nor findings to confirm.
    pub sound: usize,
    /// Rows with an error.
    pub held: usize,
    /// Rows without an error and with at least one finding to confirm.
    pub to_confirm: usize,
    /// Why the file was not read, where it was not: rows that had come before are void.
    pub refusal: Option<Refusal>,
    /// Rules that broke down on a row: our fault; all other findings stand.
    pub incidents: Vec<Incident>,
}

impl Summary {
    /// Whether rows were read that can be worked with.
    pub fn is_readable(&self) -> bool {
        self.refusal.is_none() && !self.sheets.is_empty()
    }
}

impl Checker {
    /// Checks a file on the business day `today` and hands each data row to `sink`, in order.
    ///
    /// A file that cannot be read is no error of ours: the summary then carries F001 to F005 or F008, and what the sink was given before
    /// a refusal is void.
    ///
    /// # Errors
    /// The file could not be opened, or the child process could not be run at all.
    pub fn check(&self, file: &Path, today: NaiveDate, sink: &mut dyn FnMut(CheckedRow)) -> io::Result<Summary> {
        let headers = HeaderIndex::new(&self.catalogue, &self.corrections);
        let reader = Reader::new(self.catalogue.clone());
        let known = Known {
            catalogue: &self.catalogue,
            headers: &headers,
            reader: &reader,
        };
        let mut check = Check {
            known,
            judge: RosterJudge::new(&self.catalogue, today),
            summary: Summary::default(),
            sheet: None,
            half_known: Vec::new(),
            form: None,
            explained: None,
            units: Vec::new(),
            latest: None,
            sink,
        };
        let read = self.worker.read(file, &self.limits, &mut |event| check.take(event))?;
        let mut summary = match read {
            Ok(()) => check.finish(),
            Err(refusal) => Summary {
                format: check.summary.format,
                findings: vec![sheet_findings::refused(&refusal)],
                refusal: Some(refusal),
                ..Summary::default()
            },
        };
        let settings = self.catalogue.rule_settings();
        let findings = summary.findings.into_iter();
        summary.findings = findings.filter_map(|finding| settings.settle_read(finding)).collect();
        Ok(summary)
    }
}

/// So many rows of a sheet tell whether it goes on with the table of the sheet before: it may begin with a title.
const FIRST_ROWS: usize = 5;
/// A row that has so many codes where a table's columns ask for them is one of its projects.
const CODES: usize = 5;

/// Notes that a column holds something; one further right than any roster reaches is let go.
fn use_column(used: &mut Vec<bool>, column: u32) {
    const MOST: usize = 512;
    let column = column as usize;
    if column < MOST {
        used.resize(used.len().max(column + 1), false);
        used[column] = true;
    }
}

/// A check under way.
struct Check<'a, 's> {
    known: Known<'a>,
    judge: RosterJudge<'a>,
    summary: Summary,
    sheet: Option<Sheet<'a>>,
    /// Headers with too few known fields.
    half_known: Vec<HeaderReading>,
    /// The first sheet that is a form about one project.
    form: Option<String>,
    /// The first sheet that only explains, by its name.
    explained: Option<String>,
    /// The units that the sheets before name above their tables, or on a cover.
    units: Vec<String>,
    /// The last table that was read, and its sheet.
    latest: Option<(Arc<Table>, Arc<str>)>,
    sink: &'s mut dyn FnMut(CheckedRow),
}

/// The sheet being read.
struct Sheet<'a> {
    head: SheetHead,
    name: Arc<str>,
    layout: SheetReader<'a>,
    /// The place of its first table in the summary.
    first: usize,
    /// The table under way: what reads its rows, and its place in the summary. An unsound table has no rows.
    table: Option<(RowReader<'a>, usize)>,
    any_row: bool,
    /// Its first rows, while no table is found in it.
    first_rows: Vec<Row>,
    /// The version of the template, where the sheet is the hidden one of a template.
    template: Option<u32>,
    /// Whether the sheet is the 检查结果 of an annotated workbook.
    is_result: bool,
    tables: Vec<Arc<Table>>,
    /// Whether a column holds something.
    used: Vec<bool>,
}

impl<'a> Check<'a, '_> {
    fn take(&mut self, event: Event) {
        match event {
            Event::Format(format) => self.summary.format = Some(format),
            Event::Sheet(head) => {
                self.end_sheet();
                let mut used = Vec::new();
                for area in &head.merged {
                    use_column(&mut used, area.last_column);
                }
                self.sheet = Some(Sheet {
                    used,
                    name: head.name.as_str().into(),
                    layout: SheetReader::new(self.known, &head, self.units.clone()),
                    head,
                    first: self.summary.sheets.len(),
                    table: None,
                    any_row: false,
                    first_rows: Vec::new(),
                    template: None,
                    is_result: false,
                    tables: Vec::new(),
                });
            }
            Event::Row(row) => self.take_row(row),
        }
    }

    fn take_row(&mut self, row: Row) {
        let Some(mut sheet) = self.sheet.take() else { return };
        if !sheet.any_row {
            sheet.template = stamp::version(&sheet.head, &row);
            let supplement = feedback::supplement(&row);
            sheet.is_result = supplement.is_some();
            self.summary.supplement |= supplement == Some(true);
        }
        sheet.any_row = true;
        for cell in &row.cells {
            use_column(&mut sheet.used, cell.column);
        }
        if !sheet.head.hidden && sheet.template.is_none() && !sheet.is_result {
            if sheet.tables.is_empty() && self.latest.is_some() && sheet.first_rows.len() < FIRST_ROWS {
                sheet.first_rows.push(row.clone());
            }
            let mut parts = Vec::new();
            sheet.layout.push(row, &mut |part| parts.push(part));
            for part in parts {
                self.take_part(&mut sheet, part);
            }
        }
        self.sheet = Some(sheet);
    }

    fn take_part(&mut self, sheet: &mut Sheet<'a>, part: Part) {
        match part {
            Part::Table(table) => {
                self.summary
                    .findings
                    .extend(sheet_findings::of_table(self.known, &sheet.name, &table));
                sheet.tables.push(table.clone());
                self.latest = table.is_sound().then(|| (table.clone(), sheet.name.clone()));
                sheet.table = table.is_sound().then(|| {
                    self.summary.sheets.push(SheetSummary {
                        name: sheet.name.to_string(),
                        first_header_row: table.first_header_row + 1,
                        header_row: table.header_row + 1,
                        data_rows: Vec::new(),
                        heading_rows: Vec::new(),
                        code_column: table.column(Field::RegistryCode),
                        feedback: table.feedback,
                    });
                    let rows = RowReader::new(self.known.catalogue, self.known.reader, table);
                    (rows, self.summary.sheets.len() - 1)
                });
            }
            Part::Row(mut data) => {
                let Some((rows, place)) = &mut sheet.table else { return };
                let (record, mut findings) = rows.read(&sheet.name, &mut data);
                self.summary.incidents.append(&mut rows.incidents);
                normalisation::note(&mut self.summary.normalised, &record);
                findings.extend(self.judge.judge_record(&record));
                findings.sort_by_key(|finding| (finding.address, finding.code));
                let summary = &mut self.summary.sheets[*place];
                summary.data_rows.push(record.row);
                let heading = data.heading.and_then(|heading| Some(heading.row? + 1));
                if summary.heading_rows.last() != heading.as_ref() {
                    summary.heading_rows.extend(heading);
                }
                self.count(CheckedRow {
                    record,
                    findings,
                    explanation: data.explanation,
                });
            }
        }
    }

    fn count(&mut self, row: CheckedRow) {
        self.summary.rows += 1;
        match row.gravest() {
            Some(Severity::Error) => self.summary.held += 1,
            Some(Severity::Confirm) => self.summary.to_confirm += 1,
            Some(Severity::Hint) | None => self.summary.sound += 1,
        }
        (self.sink)(row);
    }

    fn end_sheet(&mut self) {
        let Some(mut sheet) = self.sheet.take() else { return };
        let mut parts = Vec::new();
        let none = SheetReader::new(self.known, &SheetHead::default(), Vec::new());
        let layout = std::mem::replace(&mut sheet.layout, none);
        let explains = layout.explains();
        if layout.is_form() {
            self.form.get_or_insert_with(|| sheet.head.name.clone());
        }
        if explains && sheet.any_row && !sheet.head.hidden {
            self.explained.get_or_insert_with(|| sheet.head.name.clone());
        }
        let (headers, half_known, units) = layout.finish(&sheet.name, &mut |part| parts.push(part));
        self.units = units;
        let headless = !explains && half_known.is_none();
        self.half_known.extend(half_known);
        for part in parts {
            self.take_part(&mut sheet, part);
        }
        let unread = headers.iter().flat_map(sheet_findings::of_blank_headers);
        self.summary.findings.extend(unread);
        self.summary.headers.extend(headers);
        let feedback = sheet.tables.iter().find_map(|table| table.feedback);
        let own = |column: &u32| !feedback.is_some_and(|feedback| feedback.has(*column));
        let used = (0..).zip(&sheet.used).filter(|(column, used)| **used && own(column));
        self.summary.outlines.push(SheetOutline {
            name: sheet.head.name.clone(),
            width: used.map(|(column, _)| column + 1).last().unwrap_or_default(),
            is_result: sheet.is_result,
        });
        let tables = &self.summary.sheets[sheet.first..];
        let read = |row: u32| {
            tables
                .iter()
                .any(|table| table.data_rows.binary_search(&(row + 1)).is_ok())
        };
        let finding = match sheet.template {
            Some(version) => sheet_findings::of_template(version),
            None if sheet.is_result => None,
            None if headless && sheet.tables.is_empty() && self.is_continued_by(&sheet) => {
                let upper = self.latest.as_ref().map_or("", |(_, name)| name);
                Some(sheet_findings::of_continuation(&sheet.name, upper))
            }
            None => sheet_findings::of_sheet(&sheet.head, &sheet.tables, sheet.any_row, read),
        };
        self.summary.findings.extend(finding);
    }

    /// Whether a sheet without a header goes on with the last table: one of its first rows is a project in that one's columns.
    fn is_continued_by(&self, sheet: &Sheet<'_>) -> bool {
        let Some((table, _)) = &self.latest else { return false };
        let mut rows = RowReader::new(self.known.catalogue, self.known.reader, table.clone());
        sheet.first_rows.iter().any(|row| {
            let (record, _) = rows.read(&sheet.name, &mut DataRow::alone(row.clone()));
            let codes = Field::ALL.iter().filter(|field| record.code(**field).is_some()).count();
            let name = record.text(Field::Name).filter(|name| !name.contains(EXAMPLE));
            name.is_some() && codes >= CODES
        })
    }

    fn finish(mut self) -> Summary {
        self.end_sheet();
        let told = |code: &str| self.summary.findings.iter().any(|finding| finding.code == code);
        if self.summary.sheets.is_empty() && !told("F005") && !told("F008") {
            let (form, explained) = (self.form.as_deref(), self.explained.as_deref());
            let no_roster = sheet_findings::no_roster(self.known.catalogue, &self.half_known, form, explained);
            self.summary.findings.push(no_roster);
            self.summary.headers = std::mem::take(&mut self.half_known);
        }
        self.summary
            .findings
            .extend(self.summary.format.and_then(sheet_findings::of_format));
        // By sheet, which stays as it is, and column.
        let outlines = &self.summary.outlines;
        let sheet = |name: &str| outlines.iter().position(|outline| outline.name == name);
        let normalised = &mut self.summary.normalised;
        normalised.sort_by_key(|of| (sheet(&of.sheet), of.first.column, of.field));
        self.summary.incidents.extend_from_slice(self.judge.incidents());
        self.summary
    }
}
