//! The import crate through its public surface.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod annotated;
mod catalogue;
mod corrections;
mod feedback;
mod kept;
mod layout;
mod layout_lines;
mod layout_tables;
mod layout_xlsx;
mod phrases;
mod property;
mod report;
mod rosters;
mod rules;
mod shown;
mod template;
mod values;
mod workbook;
mod workbook_bombs;
mod workbook_damaged;
mod workbook_hostile;
mod workbook_xlsb;
