//! Which county the rows of a sheet are in, where they do not say so themselves: by headings between them, a line above their table, or the sheet's name.

use std::sync::Arc;

use super::block::cell_text;
use super::headings::{self, Saying};
use super::merged::Line;
use crate::values::{Reader, fold};

/// So many lines of a sheet are looked through for counties: it takes a while, and no sheet has so many.
const LOOKED_THROUGH: usize = 2_000;

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

/// The counties of a sheet's rows, from the top down.
#[derive(Debug)]
pub(super) struct Counties {
    /// The last heading between the rows of the table.
    heading: Option<CountyHeading>,
    /// What is said above the table of the whole of it.
    titled: Option<CountyHeading>,
    /// How the lines above the sheet's first table name its county: only such lines are about the next ones, others may be those under the tables before.
    by: Option<Saying>,
    /// Lines that were looked through for counties.
    looked_through: usize,
}

impl Counties {
    /// Those of the sheet with this name.
    pub(super) fn of_sheet(name: &str, reader: &Reader) -> Self {
        let folded = fold(name);
        let county = reader.county(&folded);
        Self {
            heading: None,
            titled: county.map(|county| CountyHeading::above(Some(county), &folded)),
            by: None,
            looked_through: 0,
        }
    }

    /// What heads the next row. Where the table has a column of counties, only headings between its rows do.
    pub(super) fn heading(&self, has_column: bool) -> Option<&CountyHeading> {
        let titled = self.titled.as_ref().filter(|_| !has_column);
        self.heading.as_ref().or(titled)
    }

    /// A heading between the rows.
    pub(super) fn head(&mut self, heading: CountyHeading) {
        self.heading = Some(heading);
    }

    /// Ends the county in force where a line between the rows speaks of another place; if it is a heading that is understood, it says which.
    pub(super) fn leave(&mut self, line: &Line, reader: &Reader) {
        let Some(county) = self.heading(false).and_then(|heading| heading.county.clone()) else {
            return;
        };
        // A heading stands alone, or with its number and figures.
        let texts = line.own_cells().filter_map(cell_text).map(|(_, text)| text);
        let words: Vec<String> = texts.filter(|text| text.contains(char::is_alphabetic)).collect();
        if !(1..=2).contains(&words.len()) {
            return;
        }
        let leaves = |text: &String| headings::leaves_county(&fold(text), &county, reader);
        if !self.may_look() || words.iter().any(leaves) {
            self.heading = Some(CountyHeading {
                row: Some(line.row.index),
                ..CountyHeading::above(None, "")
            });
        }
    }

    /// Takes what a line above a table, or above one of its pages, says of its county; `any_table` where a table stands above it in the sheet, and
    /// `in_table` where that one has not ended.
    pub(super) fn take_title(&mut self, line: &Line, reader: &Reader, any_table: bool, in_table: bool) {
        let texts = line.own_cells().filter_map(cell_text).map(|(_, text)| fold(&text));
        let lines: Vec<String> = texts
            .filter(|text| headings::is_title(text) || text.contains(':'))
            .collect();
        if lines.is_empty() || !self.may_look() {
            return;
        }
        for text in lines {
            let Some((saying, county)) = headings::titled_county(&text, reader) else {
                continue;
            };
            if !any_table && county.is_some() {
                self.by = Some(saying);
            }
            if self.by == Some(saying) {
                let titled = CountyHeading::above(county, &text);
                let row = Some(line.row.index).filter(|_| in_table);
                self.heading = row.map(|_| CountyHeading { row, ..titled.clone() });
                self.titled = Some(titled);
                return;
            }
        }
    }

    /// Headings are those of one table.
    pub(super) fn end_table(&mut self) {
        self.heading = None;
    }

    /// Whether one more line may be looked through.
    const fn may_look(&mut self) -> bool {
        self.looked_through += 1;
        self.looked_through <= LOOKED_THROUGH
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
