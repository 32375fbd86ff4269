//! Sheet to table: header rows, column to field, and which rows are data.
//!
//! A sheet is read in one pass from the top. Rows are looked at as a header until one is found; a header is believed only when a data
//! row follows, and the few questions that its first data rows answer (does a county heading stand in for a column? do the intensity
//! cells carry the acceleration?) are settled by holding those rows back.

mod block;
mod counties;
mod header;
mod headings;
mod heads;
mod levels;
mod matter;
mod merged;
mod rows;
mod seek;
mod table;
mod understood;
mod units;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use block::{Block, LEAST_FIELDS, cell_text};
pub(crate) use block::{Column, Unread};
use counties::Counties;
pub(crate) use counties::CountyHeading;
pub(crate) use header::HeaderIndex;
use header::LONGEST;
pub use header::column_key;
pub(crate) use merged::{Line, Merged};
pub(crate) use rows::EXAMPLE;
use rows::Kind;
pub(crate) use table::{DataRow, Part, Table};
use understood::Understood;
pub use understood::{ColumnReading, Corrections, HeaderReading};
pub(crate) use units::{column_unit, contradicts};

use crate::catalogue::{Catalogue, Field};
use crate::values::{Reader, clean, written};
use crate::workbook::{Address, Row, SheetHead};

/// A header has at most so many rows of names, and one more that numbers the columns.
const HEADER_ROWS: usize = 4;
/// Texts that are known to name no field.
const STRANGE: usize = 10_000;
/// So many data rows are held back while it is not known whether the intensity cells carry the acceleration.
const HELD_BACK: usize = 500;
/// So many cells, and lines, of a project's further lines are told of.
const FURTHER: usize = 64;
/// So many empty rows part what follows from the table.
const GAP: u32 = 3;

/// What the layout needs besides the sheet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// The catalogue in force.
    pub(crate) catalogue: &'a Catalogue,
    /// The names of the fields.
    pub(crate) headers: &'a HeaderIndex,
    /// The reader of cells.
    pub(crate) reader: &'a Reader,
}

/// A table's header.
#[derive(Debug)]
struct Header {
    lines: Vec<Line>,
    block: Block,
    /// Whether a row under it was no part of it.
    ended: bool,
}

/// Reads one sheet from the top.
#[derive(Debug)]
pub(crate) struct SheetReader<'a> {
    known: Known<'a>,
    /// Whether the sheet's name says that it only explains.
    explains: bool,
    merged: Merged,
    /// The rows last seen that are no data, for a header of several rows.
    above: VecDeque<Line>,
    /// The fields that rows without a table begin with.
    rows_of: BTreeSet<Field>,
    /// Texts that name no field, the first so many: a long sheet without a header repeats itself.
    strange: HashSet<String>,
    /// The texts that stand alone in their rows above the tables: printed pages repeat them.
    titles: Vec<String>,
    /// The units that lines above the tables name, the nearest first.
    line_units: Vec<String>,
    /// The last line between the rows of the table that names other units than those above it: its row, from 0, and these.
    unit_line: Option<(u32, Arc<[String]>)>,
    /// The header in force, or the one that is being put together.
    header: Option<Header>,
    /// The table, once it is certain.
    table: Option<Arc<Table>>,
    waiting: Vec<DataRow>,
    /// The last data row of a sound table: the next row may be a further line of its project.
    latest: Option<DataRow>,
    /// Rows with few cells: projects with nearly all missing, or titles of a header that follows.
    sparse: Vec<DataRow>,
    counties: Counties,
    /// Rows without a name under the last project.
    further: Vec<Line>,
    /// The last row that belonged to the table, from 0.
    last: u32,
    after_footer: bool,
    /// A template's example row stands under the header: an empty template is a table without rows.
    example: bool,
    understood: Understood,
}

impl<'a> SheetReader<'a> {
    /// A reader of the sheet with this head; `units` were named on the sheets before.
    pub(crate) fn new(known: Known<'a>, head: &SheetHead, units: Vec<String>) -> Self {
        Self {
            known,
            explains: headings::explains(&head.name),
            merged: Merged::new(&head.merged),
            above: VecDeque::new(),
            rows_of: BTreeSet::new(),
            strange: HashSet::new(),
            titles: Vec::new(),
            line_units: units,
            unit_line: None,
            header: None,
            table: None,
            waiting: Vec::new(),
            latest: None,
            sparse: Vec::new(),
            counties: Counties::of_sheet(&head.name, known.reader),
            further: Vec::new(),
            last: 0,
            after_footer: false,
            example: false,
            understood: Understood::default(),
        }
    }

    /// Whether the sheet's name says that it only explains.
    pub(crate) const fn explains(&self) -> bool {
        self.explains
    }

    /// Whether the sheet is a form about one project: it names the fields on the left, each in a row of its own.
    pub(crate) fn is_form(&self) -> bool {
        self.rows_of.len() >= LEAST_FIELDS && self.rows_of.contains(&Field::Name)
    }

    /// Takes the sheet's next row.
    pub(crate) fn push(&mut self, row: Row, out: &mut dyn FnMut(Part)) {
        if self.explains {
            return;
        }
        let mut line = self.merged.fill(row);
        // A row that only merged areas begun above reach into is the lower part of the row above.
        if line.own_cells().next().is_none() {
            return;
        }
        if self.continue_header(&line) {
            return;
        }
        let Some(Header { block, .. }) = &self.header else {
            return self.seek_header(line);
        };
        let explanation = block.feedback.and_then(|feedback| feedback.take(&mut line.row));
        if line.own_cells().next().is_none() {
            return;
        }
        let has_county = block.column(Field::County).is_some();
        let apart = self.after_footer || line.row.index.saturating_sub(self.last) > GAP;
        let kind = rows::kind(&line, block, self.known.reader, self.known.headers, apart);
        if kind != Kind::Data {
            if self.repeats_title(&line) {
                self.take_title(&line);
                return self.remember(line);
            }
            if self.begins_other_table(&line) {
                self.drop_titles(Some(line.row.index), out);
                self.end_table(out);
                return self.seek_header(line);
            }
        }
        if !apart {
            self.last = line.row.index;
        }
        if !matches!(kind, Kind::Data | Kind::Sparse | Kind::Further) {
            self.end_further(false);
        }
        if matches!(kind, Kind::Sparse | Kind::Other { .. } | Kind::Example) {
            self.counties.leave(&line, self.known.reader);
        }
        match kind {
            Kind::Data | Kind::Sparse => {
                let data = DataRow {
                    line,
                    heading: self.counties.heading(has_county).cloned(),
                    explanation,
                    below: Vec::new(),
                    unit_line: self.unit_line.clone(),
                };
                if kind == Kind::Sparse {
                    self.sparse.push(data);
                } else {
                    self.take_sparse(out);
                    self.end_further(true);
                    self.take_data(data, out);
                }
            }
            Kind::County { county, written } => {
                self.take_sparse(out);
                let row = Some(line.row.index);
                self.counties.head(CountyHeading { county, written, row });
            }
            Kind::Continued => self.add_below(&line),
            Kind::Further if self.further.len() < FURTHER => self.further.push(line),
            Kind::Further => {}
            Kind::Header => {
                self.drop_titles(None, out);
                self.after_footer = false;
                self.remember(line);
            }
            Kind::Example => self.example = true,
            Kind::OtherHeader | Kind::Other { .. } => {
                self.take_title(&line);
                self.note_unit_line(&line);
                self.after_footer |= kind != Kind::Other { footer: false };
                self.remember(line);
            }
        }
    }

    /// Ends the sheet: the readings of its headers, and of the one that may be another, with too few known fields; and the units that its lines, and
    /// those of the sheets before, name.
    pub(crate) fn finish(
        mut self,
        sheet: &str,
        out: &mut dyn FnMut(Part),
    ) -> (Vec<HeaderReading>, Option<HeaderReading>, Vec<String>) {
        self.take_sparse(out);
        self.end_table(out);
        while let Some(line) = self.above.pop_front() {
            self.note_line(&line);
        }
        let (headers, half_known) = self.understood.finish(sheet);
        (headers, half_known, self.line_units)
    }

    fn repeats_title(&self, line: &Line) -> bool {
        let mut texts = line.own_cells().filter_map(cell_text);
        line.row.cells.len() <= 3 && texts.all(|(_, text)| self.titles.contains(&text))
    }

    /// Keeps a row for the header that may follow it; what stands above any header is noted.
    fn remember(&mut self, line: Line) {
        if self.above.len() == HEADER_ROWS
            && let Some(first) = self.above.pop_front()
        {
            self.note_line(&first);
        }
        self.above.push_back(line);
    }

    /// Notes what a line above a table says: its title, `单位：万元`.
    fn note_line(&mut self, line: &Line) {
        if self.header.is_some() {
            return;
        }
        self.take_title(line);
        let texts = || line.own_cells().filter_map(cell_text).map(|(_, text)| text);
        units::note_line(&mut self.line_units, texts());
        for text in texts() {
            if !self.titles.contains(&text) && self.titles.len() < 20 {
                self.titles.push(text);
            }
        }
    }

    /// Notes a line between the rows of a table, or under them, that names other units than those above it. A remark may be about the rows above, of
    /// which the last has not been let go yet.
    fn note_unit_line(&mut self, line: &Line) {
        let texts = || line.own_cells().filter_map(cell_text).map(|(_, text)| text);
        let units = units::in_line(texts());
        if self.table.is_none() || units.iter().all(|unit| self.line_units.contains(unit)) {
            return;
        }
        self.unit_line = Some((line.row.index, units.into()));
        let is_remark = texts().any(|text| ["注", "附注", "备注", "说明"].iter().any(|word| text.starts_with(word)));
        if let Some(row) = self.latest.as_mut().filter(|_| is_remark) {
            row.unit_line.clone_from(&self.unit_line);
        }
    }

    /// Gives rows without a name to the project above them, where the next row is a project's too or they say more than a sum or a signature does.
    fn end_further(&mut self, project_follows: bool) {
        for line in std::mem::take(&mut self.further) {
            if project_follows || rows::says_words(&line) {
                self.add_below(&line);
            }
        }
    }

    /// Takes what a line above a table, or above one of its pages, says of its county.
    fn take_title(&mut self, line: &Line) {
        let (any_table, in_table) = (self.understood.any_table(), self.table.is_some());
        self.counties.take_title(line, self.known.reader, any_table, in_table);
    }

    fn take_sparse(&mut self, out: &mut dyn FnMut(Part)) {
        for row in std::mem::take(&mut self.sparse) {
            self.take_data(row, out);
        }
    }

    /// A header comes: sparse rows that stand alone, or right above another table's header, were titles and groups of it.
    fn drop_titles(&mut self, other_table: Option<u32>, out: &mut dyn FnMut(Part)) {
        for row in std::mem::take(&mut self.sparse) {
            let touches = other_table == Some(row.line.row.index + 1);
            if touches || row.line.own_cells().nth(1).is_none() {
                self.take_title(&row.line);
                self.remember(row.line);
            } else {
                self.take_data(row, out);
            }
        }
    }

    fn take_data(&mut self, row: DataRow, out: &mut dyn FnMut(Part)) {
        self.after_footer = false;
        self.last = row.line.row.index;
        self.above.clear();
        if self.table.is_some() {
            self.understood.look_at(&row.line);
        }
        if let Some(table) = &self.table {
            if table.is_sound() {
                self.let_go(Some(row), out);
            }
            return;
        }
        let Some(Header { block, .. }) = &self.header else {
            return;
        };
        let carries = block.column(Field::AccelerationG).is_some() || self.carries_acceleration(block, &row);
        self.waiting.push(row);
        if (carries && self.any_name()) || self.waiting.len() >= HELD_BACK {
            self.settle(carries, out);
        }
    }

    /// Lets go of the last data row, in whose place the next one comes.
    fn let_go(&mut self, next: Option<DataRow>, out: &mut dyn FnMut(Part)) {
        if let Some(row) = std::mem::replace(&mut self.latest, next) {
            out(Part::Row(row));
        }
    }

    /// Adds a further line to the project above it.
    fn add_below(&mut self, line: &Line) {
        let Some(row) = self.latest.as_mut().or(self.waiting.last_mut()) else {
            return;
        };
        let texts = line.own_cells().filter_map(cell_text);
        let further = texts.map(|(column, text)| (Address::new(line.row.index, column), text));
        row.below.extend(further.take(FURTHER.saturating_sub(row.below.len())));
    }

    /// Whether a row held back has a name: lists of the values that fields may have give none.
    fn any_name(&self) -> bool {
        let name = self.header.as_ref().and_then(|header| header.block.column(Field::Name));
        name.is_some_and(|name| self.waiting.iter().any(|row| row.line.row.content(name.at).is_some()))
    }

    /// Whether the row's intensity cell says the acceleration too.
    fn carries_acceleration(&self, block: &Block, row: &DataRow) -> bool {
        let content = block
            .column(Field::Intensity)
            .and_then(|column| row.line.row.content(column.at));
        content.is_some_and(|content| {
            let reading = self
                .known
                .reader
                .read(Field::Intensity, content, &clean(&written(content)), None, None);
            reading.also.iter().any(|(field, _)| *field == Field::AccelerationG)
        })
    }

    /// Settles what the table is and lets go of the rows held back.
    fn settle(&mut self, carries_acceleration: bool, out: &mut dyn FnMut(Part)) {
        let Some(Header { block, .. }) = &self.header else {
            return;
        };
        let given = |field: Field| {
            block.column(field).is_some()
                || (field == Field::AccelerationG && carries_acceleration)
                || (field == Field::County && self.waiting.first().is_some_and(|row| row.heading.is_some()))
        };
        let required = self
            .known
            .catalogue
            .fields()
            .iter()
            .filter(|info| info.required)
            .map(|info| info.field);
        let missing = required.filter(|field| !given(*field)).collect();
        let table = Table::new(block, self.line_units.clone(), missing);
        self.understood.begin(block, table.missing.clone());
        for row in &self.waiting {
            self.understood.look_at(&row.line);
        }
        let table = Arc::new(table);
        self.table = Some(table.clone());
        let sound = table.is_sound();
        out(Part::Table(table));
        for row in std::mem::take(&mut self.waiting).into_iter().filter(|_| sound) {
            self.let_go(Some(row), out);
        }
    }

    fn end_table(&mut self, out: &mut dyn FnMut(Part)) {
        self.end_further(false);
        self.unit_line = None;
        if self.table.is_none() && (self.any_name() || self.example) {
            self.settle(false, out);
        }
        self.let_go(None, out);
        self.waiting.clear();
        self.header = None;
        self.table = None;
        self.counties.end_table();
        self.after_footer = false;
        self.example = false;
    }
}
