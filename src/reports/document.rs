//! A document of the joint meeting, as plain content: the page, the Word file and the workbook are made from the same one.

/// An official document: title, addressee, body, signature and date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The title.
    pub title: String,
    /// To whom, without the colon.
    pub addressee: String,
    /// The body.
    pub parts: Vec<Part>,
    /// Who signs.
    pub sender: String,
    /// The date under the signature, as it is written: `2026年11月26日`.
    pub date: String,
}

/// A part of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A heading of the first level, with its number: `一、总体进展`.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A table.
    Table(Table),
}

/// A table. All rows have a cell for each head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The heads of its columns.
    pub heads: Vec<String>,
    /// The text of its cells.
    pub rows: Vec<Vec<String>>,
    /// How many columns from the left are words; those after them are figures.
    pub words: usize,
}

impl Document {
    /// Its tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.parts.iter().filter_map(|part| match part {
            Part::Table(table) => Some(table),
            Part::Heading(_) | Part::Text(_) => None,
        })
    }
}
