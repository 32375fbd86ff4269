//! The simulator through its wire, with a client that signs by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod batches;
mod client;
mod data;
mod envelope;
mod faults;
mod listing;
mod signing;
