//! What a sheet turns out to hold: tables and their rows.

use std::sync::Arc;

use super::block::Block;
use super::{Column, CountyHeading, Line, Unread, matter};
use crate::catalogue::Field;
use crate::feedback::Feedback;
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

/// What a sheet turns out to hold, in order.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A table begins; rows follow only when it is sound.
    Table(Arc<Table>),
    /// A row of the table begun last.
    Row(DataRow),
}
