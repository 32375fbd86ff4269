//! What a sheet turns out to hold: tables and their rows.

use std::sync::Arc;

use super::block::{Block, cell_text};
use super::headings::{Saying, titled_county};
use super::{Column, Line, Unread, matter};
use crate::catalogue::Field;
use crate::feedback::Feedback;
use crate::values::{Reader, fold};
use crate::workbook::{Address, Row};

/// A roster's table, its header understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The first header row, from 0.
    pub(crate) first_header_row: u32,
    /// The last header row, from 0.
    pub(crate) header_row: u32,
    /// The columns of known fields.
    pub(crate) columns: Vec<Column>,
    /// Columns whose amounts are added to those of the column of their field: 其他资金 beside 自筹.
    pub(crate) added: Vec<Column>,
    /// The other columns.
    pub(crate) unknown: Vec<Unread>,
    /// The columns that an annotated workbook added.
    pub(crate) feedback: Option<Feedback>,
    /// The folded units of a 单位 line above the table.
    pub(crate) line_units: Vec<String>,
    /// Required fields that neither a column nor anything else gives.
    pub(crate) missing: Vec<Field>,
    /// Columns that claim a field that another column has claimed before.
    pub(crate) repeated: Vec<Column>,
}

impl Table {
    /// The table under a header, with the units of the lines above it and the required fields that nothing gives.
    pub(super) fn new(block: &Block, line_units: Vec<String>, missing: Vec<Field>) -> Self {
        let mut table = Self {
            first_header_row: block.rows.0,
            header_row: block.rows.1,
            unknown: block.unknown.clone(),
            feedback: block.feedback,
            line_units,
            missing,
            ..Self::default()
        };
        for column in &block.columns {
            let own = (column.at, &*column.header);
            let is_part = |known: &&Column| matter::is_part_beside(column.field, (known.at, &known.header), own);
            let known = table.columns.iter().chain(&table.added);
            let same: Vec<&Column> = known.filter(|known| known.field == column.field).collect();
            let columns = match same.iter().copied().filter(is_part).count() {
                _ if same.is_empty() => &mut table.columns,
                parts if parts == same.len() => &mut table.added,
                _ => &mut table.repeated,
            };
            columns.push(column.clone());
        }
        table
    }

    /// Whether its rows can be read.
    pub(crate) fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.repeated.is_empty()
    }

    /// Whether a column gives this field.
    pub(crate) fn has(&self, field: Field) -> bool {
        self.column(field).is_some()
    }

    /// The column, from 0, that gives this field.
    pub(crate) fn column(&self, field: Field) -> Option<u32> {
        let column = self.columns.iter().find(|column| column.field == field);
        column.map(|column| column.at)
    }
}

/// A data row, merged areas filled in.
#[derive(Clone, Debug)]
pub(crate) struct DataRow {
    /// The row.
    pub(crate) line: Line,
    /// The county heading above it.
    pub(crate) heading: Option<CountyHeading>,
    /// What stands in the column 情况说明 of an annotated workbook.
    pub(crate) explanation: Option<Arc<str>>,
    /// What stands in further lines of the project: row and column, from 0, and text.
    pub(crate) below: Vec<(Address, String)>,
    /// A line between it and its header that names other units: its row, from 0, and these.
    pub(crate) unit_line: Option<(u32, Arc<[String]>)>,
}

impl DataRow {
    /// A row by itself, without merged areas and headings.
    pub(crate) const fn alone(row: Row) -> Self {
        Self {
            line: Line { row, areas: Vec::new() },
            heading: None,
            explanation: None,
            below: Vec::new(),
            unit_line: None,
        }
    }
}

/// What heads rows with their county: a row above them, a line above their table, or the name of their sheet.
#[derive(Clone, Debug)]
pub(crate) struct CountyHeading {
    /// The county's code; none where the city's own projects follow, of which each is in some county.
    pub(crate) county: Option<Arc<str>>,
    /// The county as written, folded.
    pub(crate) written: Arc<str>,
    /// The heading's row, from 0, where it stands between the rows of the table.
    pub(crate) row: Option<u32>,
}

/// The county that a line above a table says of the whole of it, or the name of its sheet.
#[derive(Debug)]
pub(super) struct Titled {
    heading: Option<CountyHeading>,
    /// How the lines above the sheet's first table name its county: only such lines are about the next ones, others may be those under the tables before.
    by: Option<Saying>,
}

impl Titled {
    /// By the name of a sheet.
    pub(super) fn by_sheet(name: &str, reader: &Reader) -> Self {
        let folded = fold(name);
        let county = reader.county(&folded);
        Self {
            heading: county.map(|county| CountyHeading::above(Some(county), &folded)),
            by: None,
        }
    }

    /// What is said of the rows that come.
    pub(super) const fn heading(&self) -> Option<&CountyHeading> {
        self.heading.as_ref()
    }

    /// Takes in and gives what a line says; `any_table` where a table stands above it.
    pub(super) fn take(&mut self, line: &Line, reader: &Reader, any_table: bool) -> Option<CountyHeading> {
        let said = line.own_cells().filter_map(cell_text).filter_map(|(_, text)| {
            let folded = fold(&text);
            let (saying, county) = titled_county(&folded, reader)?;
            Some((saying, CountyHeading::above(county, &folded)))
        });
        for (saying, heading) in said {
            if !any_table && heading.county.is_some() {
                self.by = Some(saying);
            }
            if self.by == Some(saying) {
                self.heading = Some(heading.clone());
                return Some(heading);
            }
        }
        None
    }
}

impl CountyHeading {
    /// One that stands above a table.
    fn above(county: Option<Arc<str>>, written: &str) -> Self {
        Self {
            county,
            written: written.into(),
            row: None,
        }
    }
}

/// What a sheet turns out to hold, in order.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A table begins; rows follow only when it is sound.
    Table(Arc<Table>),
    /// A row of the table begun last.
    Row(DataRow),
}
