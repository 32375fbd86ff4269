//! Cells to typed values: numbers with units, dates with their precision, codes and synonyms.

mod types;

pub use types::{Canonical, PartialDate, Value};
