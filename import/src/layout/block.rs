//! A block of header rows: which column is which field.

use std::collections::BTreeMap;

use super::header::{HeaderIndex, Heading, undecorated};
use super::merged::Merged;
use crate::catalogue::Field;
use crate::values::{clean, written};
use crate::workbook::{Content, Row};

/// A header has at least so many known fields, 工程名称 among them; fewer, and it is a list or a note that happens to name some.
const LEAST_FIELDS: usize = 5;

/// A column that was understood as a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its place, from 0.
    pub(crate) at: u32,
    /// Its field.
    pub(crate) field: Field,
    /// Folded texts that may be its unit, nearest first.
    pub(crate) units: Vec<String>,
    /// The header as written, cleaned.
    pub(crate) header: String,
}

/// Header rows, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first and the last row, from 0.
    pub(crate) rows: (u32, u32),
    /// The known columns, by column.
    pub(crate) columns: Vec<Column>,
    /// Columns that no field is known for: column and header as written.
    pub(crate) unknown: Vec<(u32, String)>,
    /// The texts of each row of the block, undecorated, by column; to know the header when it is repeated.
    texts: Vec<BTreeMap<u32, String>>,
}

impl Block {
    /// Understands rows as a header; a merged area gives its text to every cell it spans.
    pub(crate) fn read(rows: &[&Row], merged: &Merged, index: &HeaderIndex) -> Self {
        let levels: Vec<BTreeMap<u32, String>> = rows.iter().map(|row| row_texts(row, rows, merged)).collect();
        let mut paths: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        // A row that numbers the columns belongs to the header and names nothing.
        for (level, _) in levels.iter().zip(rows).filter(|(_, row)| !numbers_columns(row)) {
            for (column, text) in level {
                let path = paths.entry(*column).or_default();
                if path.last() != Some(text) {
                    path.push(text.clone());
                }
            }
        }
        let bounds = (
            rows.first().map_or(0, |row| row.index),
            rows.last().map_or(0, |row| row.index),
        );
        let mut block = Self {
            rows: bounds,
            ..Self::default()
        };
        for (column, path) in paths {
            let header = path.last().cloned().unwrap_or_default();
            match index.heading(&path) {
                Heading::Field(field, units) => block.columns.push(Column {
                    at: column,
                    field,
                    units,
                    header,
                }),
                Heading::Serial => {}
                Heading::Unknown => block.unknown.push((column, header)),
            }
        }
        block.texts = levels
            .into_iter()
            .map(|level| {
                level
                    .into_iter()
                    .map(|(column, text)| (column, undecorated(&text)))
                    .collect()
            })
            .collect();
        block
    }

    /// Whether the rows are a roster's header.
    pub(crate) fn is_roster(&self) -> bool {
        let mut fields: Vec<Field> = self.columns.iter().map(|column| column.field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields.len() >= LEAST_FIELDS && fields.contains(&Field::Name)
    }

    /// The first column of a field.
    pub(crate) fn column(&self, field: Field) -> Option<&Column> {
        self.columns.iter().find(|column| column.field == field)
    }

    /// Whether a row repeats one of the header's rows, as on printed pages.
    pub(crate) fn is_repeated_by(&self, row: &Row) -> bool {
        let texts: Vec<(u32, String)> = cell_texts(row)
            .map(|(column, text)| (column, undecorated(&text)))
            .collect();
        texts.len() >= 2
            && self.texts.iter().any(|level| {
                let same = texts
                    .iter()
                    .filter(|(column, text)| level.get(column) == Some(text))
                    .count();
                same * 5 >= texts.len() * 4
            })
    }

    /// Whether a row under the block still belongs to it: a merged area reaches down into it, it numbers the columns, or it names fields.
    pub(crate) fn is_continued_by(&self, row: &Row, merged: &Merged, index: &HeaderIndex) -> bool {
        let known = |column: u32| self.columns.iter().any(|known| known.at == column);
        if merged.reaches(self.rows, row.index, known) || numbers_columns(row) {
            return true;
        }
        let texts: Vec<(u32, String)> = cell_texts(row).collect();
        let named = texts.iter().filter(|(_, text)| index.single(text).is_some()).count();
        let name_is_free = self
            .column(Field::Name)
            .is_none_or(|name| row.content(name.at).is_none());
        name_is_free && named >= 2 && named * 2 > texts.len()
    }
}

/// The cleaned texts of a row's text cells.
pub(crate) fn cell_texts(row: &Row) -> impl Iterator<Item = (u32, String)> {
    row.cells.iter().filter_map(|cell| {
        let text = clean(&written(&cell.content)).into_owned();
        (!text.is_empty() && !matches!(cell.content, Content::Error(_))).then_some((cell.column, text))
    })
}

/// The texts of a header row, those of merged areas at every column they span.
fn row_texts(row: &Row, block: &[&Row], merged: &Merged) -> BTreeMap<u32, String> {
    let mut texts: BTreeMap<u32, String> = cell_texts(row).collect();
    for area in merged.over_row(row.index) {
        let first = block.iter().find(|candidate| candidate.index == area.first_row);
        let text = first
            .and_then(|row| row.content(area.first_column))
            .map(|content| clean(&written(content)).into_owned());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            for column in area.first_column..=area.last_column {
                texts.entry(column).or_insert_with(|| text.clone());
            }
        }
    }
    texts
}

/// Whether a row only numbers or letters the columns: 甲, 乙, 1, 2 …
fn numbers_columns(row: &Row) -> bool {
    let is_number = |text: &str| {
        let bare = text.trim_matches(['(', ')', '（', '）']);
        "甲乙丙丁戊己庚辛壬癸".contains(bare)
            || (bare.len() == 1 && bare.bytes().all(|byte| byte.is_ascii_uppercase()))
            || bare.parse::<u16>().is_ok_and(|number| (1..=300).contains(&number))
    };
    let texts: Vec<(u32, String)> = cell_texts(row).collect();
    let mut distinct: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    texts.len() >= LEAST_FIELDS && distinct.len() == texts.len() && texts.iter().all(|(_, text)| is_number(text))
}
