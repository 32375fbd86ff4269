//! Rosters in, rosters out: workbook bytes to checked records. No database, no network, no clock.

pub mod catalogue;
pub mod check;
pub mod finding;
pub mod record;
pub mod rules;
pub mod values;
pub mod workbook;
