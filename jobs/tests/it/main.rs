//! The delivery against the real simulator, over a store in memory; and the schedule.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod delivery;
#[cfg(feature = "faults")]
mod killed;
mod memory;
mod model;
mod packages;
mod photos;
mod province;
mod schedule;
mod trouble;
mod wire;
mod world;
