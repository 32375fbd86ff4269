//! Workbooks out.

mod annotated;
mod cell;
mod checks;
mod example;
mod help;
mod lists;
mod project_cell;
mod result_sheet;
mod roster;
mod sheet_names;
mod style;

pub use annotated::{AnnotateError, annotated};
pub use roster::{Values, roster, template};
pub use rust_xlsxwriter::XlsxError;
