//! Cells to typed values: numbers with units, dates with their precision, codes and synonyms.

mod codes;
mod coordinate;
mod date;
mod fold;
mod measure;
mod number;
mod reader;
mod reading;
mod text;
mod types;
mod unit;

pub(crate) use codes::nearest;
pub(crate) use fold::clean;
pub use fold::fold;
pub(crate) use reader::{Reader, written};
pub(crate) use reading::{Fault, Reading, unread_code};
pub use types::{Canonical, PartialDate, Value};
pub(crate) use unit::{Quantity, Unit, named_unit, quantity, unit};
