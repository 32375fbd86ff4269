//! Sheet to table: header rows, column to field, and which rows are data.
//!
//! A sheet is read in one pass from the top. Rows are looked at as a header until one is found; a header is believed only when a data
//! row follows, and the few questions that its first data rows answer (does a county heading stand in for a column? do the intensity
//! cells carry the acceleration?) are settled by holding those rows back.

mod block;
mod header;
mod merged;
mod rows;

use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) use block::Column;
use block::{Block, cell_texts};
pub(crate) use header::HeaderIndex;
use merged::Merged;
pub(crate) use rows::EXAMPLE;
use rows::Kind;

use crate::catalogue::{Catalogue, Field};
use crate::values::{Quantity, Reader, fold, quantity, unit};
use crate::workbook::{Row, SheetHead};

/// Header rows are looked for in so many rows at a time.
const HEADER_ROWS: usize = 4;
/// So many data rows are held back while it is not known whether the intensity cells carry the acceleration.
const HELD_BACK: usize = 500;

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

/// A roster's table, its header understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The first header row, from 0.
    pub(crate) first_header_row: u32,
    /// The last header row, from 0.
    pub(crate) header_row: u32,
    /// The columns of known fields.
    pub(crate) columns: Vec<Column>,
    /// The other columns, with their headers.
    pub(crate) unknown: Vec<(u32, String)>,
    /// The folded money unit of a 单位 line above the table.
    pub(crate) money_unit: Option<String>,
    /// Required fields that neither a column nor anything else gives.
    pub(crate) missing: Vec<Field>,
    /// Columns that claim a field that another column has claimed before.
    pub(crate) repeated: Vec<Column>,
}

impl Table {
    /// Whether its rows can be read.
    pub(crate) fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.repeated.is_empty()
    }

    /// Whether a column gives this field.
    pub(crate) fn has(&self, field: Field) -> bool {
        self.columns.iter().any(|column| column.field == field)
    }
}

/// A data row, merged areas filled in.
#[derive(Clone, Debug)]
pub(crate) struct DataRow {
    /// Its cells.
    pub(crate) row: Row,
    /// Cells that a merged area begun above filled: column and first row of the area.
    pub(crate) filled: Vec<(u32, u32)>,
    /// The county of the heading above it.
    pub(crate) county: Option<Arc<str>>,
}

/// What a sheet turns out to hold, in order.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A table begins; rows follow only when it is sound.
    Table(Arc<Table>),
    /// A row of the table begun last.
    Row(DataRow),
}

/// Reads one sheet from the top.
#[derive(Debug)]
pub(crate) struct SheetReader<'a> {
    known: Known<'a>,
    merged: Merged,
    /// The rows last seen that are no data, for a header of several rows.
    above: VecDeque<Row>,
    money_unit: Option<String>,
    /// The header in force, or the one that is being put together.
    header: Option<(Vec<Row>, Block)>,
    /// Whether the header has ended: a row under it was no part of it.
    header_ended: bool,
    /// The table, once it is certain.
    table: Option<Arc<Table>>,
    waiting: Vec<DataRow>,
    /// A row with nothing but a name: a project with all else missing, or the title of a header that follows.
    lone: Option<DataRow>,
    county: Option<Arc<str>>,
    after_footer: bool,
    /// A template's example row stands under the header: an empty template is a table without rows.
    example: bool,
}

impl<'a> SheetReader<'a> {
    pub(crate) fn new(known: Known<'a>, head: &SheetHead) -> Self {
        Self {
            known,
            merged: Merged::new(head.merged.clone()),
            above: VecDeque::new(),
            money_unit: None,
            header: None,
            header_ended: false,
            table: None,
            waiting: Vec::new(),
            lone: None,
            county: None,
            after_footer: false,
            example: false,
        }
    }

    /// Takes the sheet's next row.
    pub(crate) fn push(&mut self, mut row: Row, out: &mut dyn FnMut(Part)) {
        let filled = self.merged.fill(&mut row);
        if self.header.is_some() && !self.header_ended {
            if self.continue_header(&row) {
                return;
            }
            self.header_ended = true;
        }
        let Some((_, block)) = &self.header else {
            return self.seek_header(row);
        };
        let kind = rows::kind(&row, block, self.known.reader, self.after_footer);
        let other_table = kind == Kind::Data && self.begins_other_table(&row);
        if let Some(lone) = self.lone.take() {
            if other_table || kind == Kind::Header {
                self.remember(lone.row);
            } else {
                self.take_data(lone, out);
            }
        }
        match kind {
            Kind::Data if other_table => {
                self.end_table(out);
                self.seek_header(row);
            }
            Kind::Data => {
                let data = DataRow {
                    row,
                    filled,
                    county: self.county.clone(),
                };
                if cell_texts(&data.row).nth(1).is_none() {
                    self.lone = Some(data);
                } else {
                    self.take_data(data, out);
                }
            }
            Kind::County(county) => self.county = Some(county),
            Kind::Header => self.remember(row),
            Kind::Example => self.example = true,
            Kind::Other { footer } => {
                self.after_footer |= footer;
                self.remember(row);
            }
        }
    }

    /// Ends the sheet.
    pub(crate) fn finish(mut self, out: &mut dyn FnMut(Part)) {
        self.end_table(out);
    }

    /// Looks whether the rows last seen, this one below them, are a header.
    fn seek_header(&mut self, row: Row) {
        self.note_money_unit(&row);
        self.remember(row);
        let rows: Vec<&Row> = self.above.iter().collect();
        let Some((bottom, uppers)) = rows.split_last() else {
            return;
        };
        let alone = Block::read(&[*bottom], &self.merged, self.known.headers);
        if !alone.is_roster() {
            return;
        }
        let mut block = vec![(*bottom).clone()];
        for upper in uppers.iter().rev() {
            let below = block.last().map_or(0, |row| row.index);
            if upper.index + 1 != below || !is_group_row(upper) {
                break;
            }
            block.push((*upper).clone());
        }
        block.reverse();
        self.set_header(block);
    }

    fn set_header(&mut self, rows: Vec<Row>) {
        let refs: Vec<&Row> = rows.iter().collect();
        let block = Block::read(&refs, &self.merged, self.known.headers);
        self.header = Some((rows, block));
        self.header_ended = false;
    }

    /// Whether the row still belongs to the header that is being put together; takes it in if so.
    fn continue_header(&mut self, row: &Row) -> bool {
        let Some((rows, block)) = &self.header else {
            return false;
        };
        let room = rows.len() < HEADER_ROWS + 1;
        if !room || !block.is_continued_by(row, &self.merged, self.known.headers) {
            return false;
        }
        let mut rows = rows.clone();
        rows.push(row.clone());
        self.set_header(rows);
        true
    }

    /// Whether a row under a table is the header of another one.
    fn begins_other_table(&self, row: &Row) -> bool {
        Block::read(&[row], &self.merged, self.known.headers).is_roster()
    }

    fn remember(&mut self, row: Row) {
        if self.above.len() == HEADER_ROWS {
            self.above.pop_front();
        }
        self.above.push_back(row);
    }

    /// `单位：万元`, alone or within a line of its own above the table.
    fn note_money_unit(&mut self, row: &Row) {
        for (_, text) in cell_texts(row) {
            let folded = fold(&text);
            let Some((_, after)) = folded.split_once("单位:") else {
                continue;
            };
            let word = after
                .split(['、', ',', ';', ')', '/'])
                .find(|word| unit(Quantity::Money, word).is_some());
            if let Some(word) = word {
                self.money_unit = Some(word.to_owned());
            }
        }
    }

    fn take_data(&mut self, row: DataRow, out: &mut dyn FnMut(Part)) {
        self.after_footer = false;
        self.above.clear();
        if let Some(table) = &self.table {
            if table.is_sound() {
                out(Part::Row(row));
            }
            return;
        }
        let Some((_, block)) = &self.header else { return };
        let carries = block.column(Field::AccelerationG).is_some() || self.carries_acceleration(block, &row);
        self.waiting.push(row);
        if carries || self.waiting.len() >= HELD_BACK {
            self.settle(carries, out);
        }
    }

    /// Whether the row's intensity cell says the acceleration too.
    fn carries_acceleration(&self, block: &Block, row: &DataRow) -> bool {
        let content = block
            .column(Field::Intensity)
            .and_then(|column| row.row.content(column.at));
        content.is_some_and(|content| {
            self.known
                .reader
                .read(Field::Intensity, content, None, None)
                .also
                .is_some()
        })
    }

    /// Settles what the table is and lets go of the rows held back.
    fn settle(&mut self, carries_acceleration: bool, out: &mut dyn FnMut(Part)) {
        let Some((_, block)) = &self.header else { return };
        let given = |field: Field| {
            block.column(field).is_some()
                || (field == Field::AccelerationG && carries_acceleration)
                || (field == Field::County && self.waiting.first().is_some_and(|row| row.county.is_some()))
        };
        let required = self
            .known
            .catalogue
            .fields()
            .iter()
            .filter(|info| info.required)
            .map(|info| info.field);
        let mut table = Table {
            first_header_row: block.rows.0,
            header_row: block.rows.1,
            unknown: block.unknown.clone(),
            money_unit: self.money_unit.clone(),
            missing: required.filter(|field| !given(*field)).collect(),
            ..Table::default()
        };
        for column in &block.columns {
            let columns = if table.has(column.field) {
                &mut table.repeated
            } else {
                &mut table.columns
            };
            columns.push(column.clone());
        }
        let table = Arc::new(table);
        self.table = Some(table.clone());
        let sound = table.is_sound();
        out(Part::Table(table));
        for row in self.waiting.drain(..).filter(|_| sound) {
            out(Part::Row(row));
        }
    }

    fn end_table(&mut self, out: &mut dyn FnMut(Part)) {
        if let Some(lone) = self.lone.take() {
            self.take_data(lone, out);
        }
        if self.table.is_none() && (!self.waiting.is_empty() || self.example) {
            self.settle(false, out);
        }
        self.header = None;
        self.header_ended = false;
        self.table = None;
        self.county = None;
        self.after_footer = false;
        self.example = false;
    }
}

/// Whether a row above a header groups its columns: several cells, none of them a line such as 填报单位：….
fn is_group_row(row: &Row) -> bool {
    let texts: Vec<String> = cell_texts(row).map(|(_, text)| fold(&text)).collect();
    texts.len() >= 2
        && !texts
            .iter()
            .any(|text| text.contains("单位:") || text.contains("日期:"))
}

/// The unit of a column for numbers without one of their own: of the header, else of the line above the table.
pub(crate) fn column_unit<'a>(reader: &Reader, table: &'a Table, column: &'a Column) -> Option<&'a str> {
    let own = column
        .units
        .iter()
        .find(|word| reader.is_unit(column.field, word))
        .map(String::as_str);
    let is_money = quantity(column.field) == Some(Quantity::Money);
    own.or_else(|| table.money_unit.as_deref().filter(|_| is_money))
}
