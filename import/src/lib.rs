//! Rosters in, rosters out: workbook bytes to checked records. No database, no network, no clock.

mod amounts;
pub mod catalogue;
pub mod check;
pub mod feedback;
pub mod finding;
#[cfg(fuzzing)]
pub mod fuzzing;
mod layout;
pub mod normalisation;
mod read;
pub mod record;
pub mod report;
pub mod rules;
mod sheet_findings;
mod stamp;
pub mod values;
pub mod workbook;
pub mod write;
