//! Workbooks out.

mod annotated;
mod cell;
mod checks;
mod copy;
mod draft;
mod example;
mod help;
mod lists;
mod mark;
mod project_cell;
mod result_sheet;
mod roster;
mod sheet_names;
mod style;
mod supplement;

pub use annotated::{AnnotateError, annotated, only_held};
pub use roster::{Values, roster, template};
pub use rust_xlsxwriter::XlsxError;
