//! Merged areas of a sheet: which cells show another cell's value.

use std::collections::HashMap;

use crate::workbook::{Area, Cell, Content, Row};

/// The merged areas of a sheet, and the values of those that reach further down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merged {
    /// By first row.
    areas: Vec<Area>,
    /// The first cells of areas of several rows that the rows so far have begun, by their place in `areas`.
    values: HashMap<usize, Content>,
    /// The first area that a later row may still be under.
    open: usize,
}

impl Merged {
    pub(crate) fn new(mut areas: Vec<Area>) -> Self {
        areas.sort_unstable_by_key(|area| (area.first_row, area.first_column));
        Self {
            areas,
            ..Self::default()
        }
    }

    /// The areas that span a row.
    pub(crate) fn over_row(&self, row: u32) -> impl Iterator<Item = &Area> {
        let spans = move |area: &&Area| (area.first_row..=area.last_row).contains(&row);
        self.areas
            .iter()
            .take_while(move |area| area.first_row <= row)
            .filter(spans)
    }

    /// Whether an area that begins within `rows`, in a column that `known` takes, reaches down to `row`.
    pub(crate) fn reaches(&self, rows: (u32, u32), row: u32, known: impl Fn(u32) -> bool) -> bool {
        self.over_row(row)
            .any(|area| (rows.0..=rows.1).contains(&area.first_row) && known(area.first_column))
    }

    /// Fills the row's cells that lie in the first column of a merged area begun above, and says which (column and first row).
    ///
    /// Rows must come from the top down.
    pub(crate) fn fill(&mut self, row: &mut Row) -> Vec<(u32, u32)> {
        while self.areas.get(self.open).is_some_and(|area| area.last_row < row.index) {
            self.values.remove(&self.open);
            self.open += 1;
        }
        let mut filled = Vec::new();
        for at in self.open..self.areas.len() {
            let area = self.areas[at];
            if area.first_row > row.index {
                break;
            }
            if area.first_row == area.last_row || row.index > area.last_row {
                continue;
            }
            if area.first_row == row.index {
                if let Some(content) = row.content(area.first_column) {
                    self.values.insert(at, content.clone());
                }
            } else if let Some(content) = self.values.get(&at)
                && let Err(place) = row.cells.binary_search_by_key(&area.first_column, |cell| cell.column)
            {
                row.cells.insert(
                    place,
                    Cell {
                        column: area.first_column,
                        content: content.clone(),
                    },
                );
                filled.push((area.first_column, area.first_row));
            }
        }
        filled
    }
}
