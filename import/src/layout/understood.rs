//! How headers were understood, column by column: for an officer to look at and to correct.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::block::{Block, LEAST_FIELDS, cell_text};
use super::heads::Heads;
use super::matter;
use super::merged::Line;
use crate::catalogue::Field;
use crate::values::written;
use crate::workbook::Cell;

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
    /// The columns with a header, and those without one that hold something, from the left.
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
    /// Whether it has no header of its own.
    #[serde(default)]
    pub blank: bool,
    /// What a correction knows it by: the header without its decorations, its groups before it. Of several columns with the same, all but
    /// the first are numbered: `建筑面积#2`. One without a header is known by its place between those beside it: `用途|空1/1|县区`.
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

impl ColumnReading {
    /// Whether this column and another one, both of this field, each hold a part of its amount, which are added: 其他资金 beside 自筹.
    pub fn is_part_beside(&self, other: &Self, field: Field) -> bool {
        matter::is_part_beside(field, (self.column, &self.header), (other.column, &other.header))
    }
}

impl HeaderReading {
    /// Whether an officer should look at a column: it was not recognised, or another one claims its field too.
    pub fn is_doubtful(&self, column: &ColumnReading) -> bool {
        match column.field {
            Some(field) => {
                let others = self.columns.iter().filter(|other| other.column != column.column);
                let mut same = others.filter(|other| other.field == Some(field));
                same.any(|other| !column.is_part_beside(other, field))
            }
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
    tables: Vec<Reading>,
    /// What could be a table's header if more of its columns were known.
    half: Option<Reading>,
    /// Rows seen under the last of them.
    seen: usize,
}

/// A header's reading under way.
#[derive(Debug)]
struct Reading {
    shown: HeaderReading,
    heads: Heads,
    /// By column, whether it is among those shown.
    noted: Vec<bool>,
}

impl Understood {
    /// Whether a table has begun.
    pub(super) const fn any_table(&self) -> bool {
        !self.tables.is_empty()
    }

    /// A table begins.
    pub(super) fn begin(&mut self, block: &Block, missing: Vec<Field>) {
        self.seen = 0;
        self.tables.push(Reading::new(block, missing));
    }

    /// Takes examples from one of the first rows of the table begun last, and notes what stands in columns without a header.
    pub(super) fn look_at(&mut self, line: &Line) {
        if let Some(table) = self.tables.last_mut() {
            table.look_at(line, &mut self.seen);
        }
    }

    /// Keeps a header in which too few fields are known, where it is the best of its sheet so far.
    pub(super) fn offer(&mut self, block: &Block) {
        let known = |columns: &[ColumnReading]| {
            let fields: BTreeSet<Field> = columns.iter().filter_map(|column| column.field).collect();
            fields.len()
        };
        let best = self.half.as_ref();
        let best = best.map_or(HALF_KNOWN - 1, |half| known(&half.shown.columns));
        if !self.tables.is_empty() || block.readings.len() < LEAST_FIELDS || known(&block.readings) <= best {
            return;
        }
        self.seen = 0;
        let missing = block.column(Field::Name).is_none().then_some(Field::Name);
        self.half = Some(Reading::new(block, missing.into_iter().collect()));
    }

    /// Takes examples from a row that may stand under such a header.
    pub(super) fn look_below(&mut self, line: &Line) {
        if let Some(half) = self.half.as_mut().filter(|half| half.shown.row <= line.row.index) {
            half.look_at(line, &mut self.seen);
        }
    }

    /// The readings of the sheet's tables, and what may be one.
    pub(super) fn finish(self, sheet: &str) -> (Vec<HeaderReading>, Option<HeaderReading>) {
        let done = |reading: Reading| reading.finish(sheet);
        (self.tables.into_iter().map(done).collect(), self.half.map(done))
    }
}

impl Reading {
    fn new(block: &Block, missing: Vec<Field>) -> Self {
        Self {
            shown: HeaderReading {
                row: block.rows.1 + 1,
                columns: block.readings.clone(),
                missing,
                ..HeaderReading::default()
            },
            heads: block.heads.clone(),
            noted: Vec::new(),
        }
    }

    /// Looks at a row; `seen` counts those that examples were taken from.
    fn look_at(&mut self, line: &Line, seen: &mut usize) {
        let is_new = |cell: &&Cell| self.noted.get(cell.column as usize) != Some(&true);
        let new: Vec<u32> = line.row.cells.iter().filter(is_new).map(|cell| cell.column).collect();
        let more = self.note(&new, line);
        if *seen < LOOKED_AT {
            *seen += 1;
            take_examples(&mut self.shown, line);
        } else if more {
            take_examples(&mut self.shown, line);
        }
    }

    /// Notes columns in which something stands for the first time; says whether one of them has no header.
    fn note(&mut self, columns: &[u32], line: &Line) -> bool {
        let mut any = false;
        for &column in columns {
            let at = column as usize;
            let shown = self.shown.columns.partition_point(|known| known.column < column);
            let is_shown = self
                .shown
                .columns
                .get(shown)
                .is_some_and(|known| known.column == column);
            let key = self.heads.blank_key(column).filter(|_| !is_shown);
            if let Some(key) = key {
                let content = line.row.content(column);
                // Strokes and blanks say nothing.
                if !content.is_some_and(|content| written(content).contains(char::is_alphanumeric)) {
                    continue;
                }
                let reading = ColumnReading {
                    column,
                    key,
                    blank: true,
                    ..ColumnReading::default()
                };
                self.shown.columns.insert(shown, reading);
                any = true;
            }
            self.noted.resize(self.noted.len().max(at + 1), false);
            self.noted[at] = true;
        }
        any
    }

    fn finish(mut self, sheet: &str) -> HeaderReading {
        let known = self.shown.columns.iter().find(|column| column.field.is_some());
        let first = known.map_or(u32::MAX, |known| known.column);
        // The rows' numbers often have no header.
        for column in self.shown.columns.iter_mut().filter(|column| column.blank) {
            let numbered = (1..).zip(&column.examples).all(|(row, text)| *text == row.to_string());
            column.serial = column.field.is_none() && column.column < first && numbered;
        }
        sheet.clone_into(&mut self.shown.sheet);
        self.shown
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
