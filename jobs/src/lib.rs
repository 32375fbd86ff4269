//! The clock and the delivery: when the jobs are due, and how approved records reach the platform.
//!
//! Knows no SQL and no spreadsheets. It talks to the registry through [`store`], and to the platform over HTTP.

pub mod clock;
pub mod delivery;
pub mod faults;
pub mod platform;
pub mod schedule;
pub mod store;
