//! How headers were understood, column by column: for an officer to look at and to correct.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::block::{Block, LEAST_FIELDS, cell_text};
use super::merged::Line;
use crate::catalogue::Field;

/// So many values of a column are shown as examples.
const EXAMPLES: usize = 3;
/// Characters of an example that are shown.
const EXAMPLE_CHARS: usize = 24;
/// Rows that are looked at for examples: some of them have blanks.
const LOOKED_AT: usize = 20;
/// A header that is no roster's yet names at least so many fields.
const HALF_KNOWN: usize = 2;

/// What officers said of columns, by [`ColumnReading::key`]: the field it is, or none where it is not to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corrections(pub BTreeMap<String, Option<Field>>);

/// How a table's header was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderReading {
    /// The sheet; of a csv the empty text.
    pub sheet: String,
    /// The last header row, 1-based.
    pub row: u32,
    /// The columns with a header, from the left.
    pub columns: Vec<ColumnReading>,
    /// Required fields that nothing gives. Where 工程名称 is among them, the table was not read as a roster.
    pub missing: Vec<Field>,
}

/// How a column was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnReading {
    /// Its place, from 0.
    pub column: u32,
    /// Its header as written, the headers of its groups before it.
    pub header: String,
    /// What a correction knows it by: the header without its decorations, its groups before it. Of several columns with the same, all but
    /// the first are numbered: `建筑面积#2`.
    pub key: String,
    /// The field that the header says.
    pub guess: Option<Field>,
    /// The field that it was read as.
    pub field: Option<Field>,
    /// Whether a correction says so.
    pub corrected: bool,
    /// Whether it only numbers the rows.
    pub serial: bool,
    /// Its first values, as written.
    pub examples: Vec<String>,
}

impl HeaderReading {
    /// Whether an officer should look at a column: it was not recognised, or another one claims its field too.
    pub fn is_doubtful(&self, column: &ColumnReading) -> bool {
        match column.field {
            Some(field) => self.columns.iter().filter(|other| other.field == Some(field)).count() > 1,
            None => !column.serial && !column.corrected,
        }
    }

    /// Whether an officer should look at it.
    pub fn is_uncertain(&self) -> bool {
        !self.missing.is_empty() || self.columns.iter().any(|column| self.is_doubtful(column))
    }
}

/// The readings of a sheet's headers.
#[derive(Debug, Default)]
pub(super) struct Understood {
    /// Those of its tables.
    tables: Vec<HeaderReading>,
    /// What could be a table's header if more of its columns were known.
    half: Option<HeaderReading>,
    /// Rows seen under the last of them.
    seen: usize,
}

impl Understood {
    /// A table begins.
    pub(super) fn begin(&mut self, block: &Block, missing: Vec<Field>) {
        self.seen = 0;
        self.tables.push(HeaderReading {
            row: block.rows.1 + 1,
            columns: block.readings.clone(),
            missing,
            ..HeaderReading::default()
        });
    }

    /// Takes examples from one of the first rows of the table begun last.
    pub(super) fn look_at(&mut self, line: &Line) {
        if self.seen < LOOKED_AT
            && let Some(table) = self.tables.last_mut()
        {
            self.seen += 1;
            take_examples(table, line);
        }
    }

    /// Keeps a header in which too few fields are known, where it is the best of its sheet so far.
    pub(super) fn offer(&mut self, block: &Block) {
        let known = |columns: &[ColumnReading]| {
            let fields: BTreeSet<Field> = columns.iter().filter_map(|column| column.field).collect();
            fields.len()
        };
        let best = self.half.as_ref().map_or(HALF_KNOWN - 1, |half| known(&half.columns));
        if !self.tables.is_empty() || block.readings.len() < LEAST_FIELDS || known(&block.readings) <= best {
            return;
        }
        self.seen = 0;
        self.half = Some(HeaderReading {
            row: block.rows.1 + 1,
            columns: block.readings.clone(),
            missing: block
                .column(Field::Name)
                .is_none()
                .then_some(Field::Name)
                .into_iter()
                .collect(),
            ..HeaderReading::default()
        });
    }

    /// Takes examples from a row that may stand under such a header.
    pub(super) fn look_below(&mut self, line: &Line) {
        if self.seen < LOOKED_AT
            && let Some(half) = self.half.as_mut().filter(|half| half.row <= line.row.index)
        {
            self.seen += 1;
            take_examples(half, line);
        }
    }

    /// The readings of the sheet's tables, and what may be one.
    pub(super) fn finish(self, sheet: &str) -> (Vec<HeaderReading>, Option<HeaderReading>) {
        let named = |reading| HeaderReading {
            sheet: sheet.to_owned(),
            ..reading
        };
        (self.tables.into_iter().map(named).collect(), self.half.map(named))
    }
}

fn take_examples(reading: &mut HeaderReading, line: &Line) {
    for column in reading
        .columns
        .iter_mut()
        .filter(|column| column.examples.len() < EXAMPLES)
    {
        let cell = line.row.cells.iter().find(|cell| cell.column == column.column);
        let Some((_, text)) = cell.and_then(cell_text) else {
            continue;
        };
        let mut short: String = text.chars().take(EXAMPLE_CHARS).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        if !column.examples.contains(&short) {
            column.examples.push(short);
        }
    }
}
