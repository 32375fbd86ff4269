//! Merged areas of a sheet: which cells show another cell's value.

use crate::workbook::{Address, Area, Cell, Content, Row};

/// Areas that begin further right are let go: no sheet holds anything there.
const COLUMNS: u32 = 512;

/// The merged areas of a sheet that its rows, from the top down, pass through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merged {
    /// Those still to come, the next one last.
    to_come: Vec<Area>,
    /// Those that the last row was under, with the value of their first cell; one for each first column.
    open: Vec<(Area, Option<Content>)>,
}

impl Merged {
    pub(crate) fn new(areas: &[Area]) -> Self {
        let mut to_come: Vec<Area> = areas
            .iter()
            .filter(|area| area.first_column < COLUMNS)
            .copied()
            .collect();
        to_come.sort_unstable_by_key(|area| std::cmp::Reverse((area.first_row, area.first_column)));
        Self {
            to_come,
            open: Vec::new(),
        }
    }

    /// Gives the sheet's next row the values of the merged areas that it lies in. What the cells hold that they cover is shown to nobody, and let go.
    pub(crate) fn fill(&mut self, mut row: Row) -> Line {
        self.open.retain(|(area, _)| area.last_row >= row.index);
        while let Some(area) = self.to_come.pop_if(|area| area.first_row <= row.index) {
            if area.last_row >= row.index {
                let content = row.content(area.first_column).filter(|_| area.first_row == row.index);
                self.open.retain(|(open, _)| open.first_column != area.first_column);
                self.open.push((area, content.cloned()));
            }
        }
        for (area, content) in &self.open {
            let first = Address::new(area.first_row, area.first_column);
            let columns = area.first_column..=area.last_column;
            row.cells
                .retain(|cell| !columns.contains(&cell.column) || Address::new(row.index, cell.column) == first);
            if area.first_row < row.index
                && let Some(content) = content
            {
                let column = area.first_column;
                let place = row.cells.partition_point(|cell| cell.column < column);
                let content = content.clone();
                row.cells.insert(place, Cell { column, content });
            }
        }
        let areas = self.open.iter().map(|(area, _)| *area).collect();
        Line { row, areas }
    }
}

/// A row with the merged areas that it lies in, their values filled in.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The row.
    pub(crate) row: Row,
    /// The areas, begun here or above.
    pub(crate) areas: Vec<Area>,
}

impl Line {
    /// The address of the cell that Excel shows at a column: in a merged area its first one.
    pub(crate) fn address(&self, column: u32) -> Address {
        let over = self
            .areas
            .iter()
            .find(|area| (area.first_column..=area.last_column).contains(&column));
        over.map_or(Address::new(self.row.index, column), |area| {
            Address::new(area.first_row, area.first_column)
        })
    }

    /// The cells that were written in this row, not in a merged area begun above.
    pub(crate) fn own_cells(&self) -> impl Iterator<Item = &Cell> {
        let above = |cell: &Cell| {
            let mut areas = self.areas.iter();
            areas.any(|area| area.first_column == cell.column && area.first_row < self.row.index)
        };
        self.row.cells.iter().filter(move |cell| !above(cell))
    }
}
