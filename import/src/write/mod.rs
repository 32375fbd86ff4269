//! Workbooks out.

mod annotated;
mod cell;
mod result_sheet;
mod sheet_names;
mod style;

pub use annotated::{AnnotateError, annotated};
