//! Integration tests: the registry on both databases, through what pages and commands call, and the binary itself.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api;
mod browser;
mod check;
mod cli;
mod registry;
mod reports;
mod rules;
mod support;
mod web;
